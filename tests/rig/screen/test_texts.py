"""Every word comes from the catalogue, and nothing that the rig may say is missing from it."""

from __future__ import annotations

import ast
import html
import logging
import re
from pathlib import Path

import pytest

import rig.screen
from rig.agent.snapshot import AdviceKind
from rig.agent.states import AgentPhase
from rig.outbox.states import State
from rig.preflight.report import CheckName
from rig.screen.pages import WAIVER_REASONS
from rig.screen.texts import FOR_SCRIPTS, load_texts
from shared.detections import Part
from shared.faults import FAULTS
from shared.grimace import Fau
from shared.manifest import CheckStatus

SCREEN = Path(rig.screen.__file__).parent
TEMPLATES = sorted((SCREEN / "templates").rglob("*.html"))
SCRIPTS = sorted((SCREEN / "static" / "js").glob("*.js"))
TEXTS = load_texts("en")


def matching(pattern: str) -> bool:
    return any(re.fullmatch(pattern, key) for key in TEXTS.keys())  # noqa: SIM118 (Texts is no mapping)


def used_in_templates() -> set[str]:
    """Keys as patterns: what is put together while the page is made matches anything."""
    found: set[str] = set()
    for template in TEMPLATES:
        for key, more in re.findall(r"\bt\(\"([^\"]+)\"( ~ \w+)?", template.read_text()):
            found.add(re.escape(key) + (".+" if more else ""))
    return found


def used_in_modules() -> set[str]:
    found: set[str] = set()
    for module in SCREEN.glob("*.py"):
        for call in (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in {"texts", "t"} and call.args:
                found |= {key_pattern(given) for given in alternatives(call.args[0])}
    return found - {""}


def alternatives(given: ast.expr) -> list[ast.expr]:
    if isinstance(given, ast.IfExp):
        return alternatives(given.body) + alternatives(given.orelse)
    return [given]


def key_pattern(given: ast.expr) -> str:
    if isinstance(given, ast.Constant):
        return re.escape(str(given.value))
    if isinstance(given, ast.JoinedStr):
        return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[^.]+" for part in given.values)
    return ""


def used_in_scripts() -> set[str]:
    found: set[str] = set()
    for script in SCRIPTS:
        for key in re.findall(r"\btext\([\"`]([^\"`]+)[\"`]", script.read_text()):
            found.add(re.escape(FOR_SCRIPTS) + re.sub(r"\\\$\\\{[^}]+\\\}", ".+", re.escape(key)))
    return found


def test_every_key_that_is_used_has_words():
    used = used_in_templates() | used_in_modules() | used_in_scripts()
    assert len(used) > 100
    assert sorted(pattern for pattern in used if not matching(pattern)) == []


def test_no_words_are_left_that_nobody_uses():
    patterns = used_in_templates() | used_in_modules() | used_in_scripts()
    # chosen by a condition, or handed on by name
    by_name = re.compile(r"(about|plan|faults)\..+|verdict\..+\.(title|next)|script\.(needed|empty)|new\..+")
    unused = {key for key in TEXTS.keys() if not any(re.fullmatch(pattern, key) for pattern in patterns)}  # noqa: SIM118
    assert sorted(key for key in unused if not by_name.fullmatch(key)) == []


@pytest.mark.parametrize(
    ("section", "members"),
    [
        ("phase", AgentPhase),
        ("advice", AdviceKind),
        ("check", CheckName),
        ("status", CheckStatus),
        ("outbox", State),
        ("fau", Fau),
        ("part", Part),
    ],
)
def test_everything_that_the_rig_may_tell_has_words(section, members):
    assert [member for member in members if f"{section}.{member.value}" not in TEXTS] == []


@pytest.mark.parametrize("reason", WAIVER_REASONS)
def test_every_reason_for_a_waiver_has_words(reason):
    assert f"waive.{reason}" in TEXTS


def test_every_fault_has_a_text_a_remedy_and_a_page(client):
    for code in FAULTS:
        page = html.unescape(client.get(f"/faults/{code}").text)
        words = TEXTS.fault(code)
        assert words.text
        assert words.remedy
        assert all(shown in page for shown in (code, words.text, words.remedy)), code


def test_the_catalogue_may_say_a_fault_in_other_words(tmp_path):
    (tmp_path / "en.toml").write_text('[fault.E_DISK_FULL]\ntext = "No room"\n')
    words = load_texts("en", tmp_path).fault("E_DISK_FULL")
    assert (words.text, words.remedy) == ("No room", FAULTS["E_DISK_FULL"].remedy)


def test_what_a_language_lacks_is_english_and_the_log_says_so(tmp_path, caplog):
    (tmp_path / "en.toml").write_text('[idle]\nnew = "New recording"\nsettings = "Settings"\n')
    (tmp_path / "de.toml").write_text('[idle]\nnew = "Neue Aufnahme"\n')
    with caplog.at_level(logging.WARNING):
        german = load_texts("de", tmp_path)
    assert (german("idle.new"), german("idle.settings")) == ("Neue Aufnahme", "Settings")
    assert "idle.settings" in caplog.text


def test_a_language_without_a_catalogue_is_english(tmp_path):
    (tmp_path / "en.toml").write_text('[idle]\nnew = "New recording"\n')
    assert load_texts("fr", tmp_path)("idle.new") == "New recording"


SENTENCE = re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_words_of_its_own(template):
    text = re.sub(r"\{% block (page|script|back) %\}.*?\{% endblock %\}", "", template.read_text())  # names and addresses
    text = re.sub(r"\{[{%#].*?[}%#]\}", "", text, flags=re.DOTALL)
    attributes = re.findall(r"(?:aria-label|title|alt|placeholder)=\"([^\"]*)\"", text)
    between = re.sub(r"<[^>]*>", "\n", re.sub(r"<(script|svg).*?</\1>", "", text, flags=re.DOTALL))
    assert [words for words in (*attributes, *between.split("\n")) if re.search(r"[A-Za-z]{2,}", words)] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_holds_a_sentence(script):
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", script.read_text(), flags=re.DOTALL)
    shown = re.findall(r"(?:textContent|title|aria-label|placeholder)[\"']?\s*[=,]\s*[\"'`]([^\"'`]*)", code)
    assert [words for words in shown if SENTENCE.search(words)] == []
