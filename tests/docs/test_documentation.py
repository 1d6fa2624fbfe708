"""The documentation holds: generated pages are current, links lead somewhere, and every command that it shows exists."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest
import typer

import hub.cli
import hub.demo
import models.cli
import rig.cli
from shared.faults import FAULTS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = {
    name: typer.main.get_command(app)
    for name, app in (
        ("grimace-demo", hub.demo.app),
        ("grimace-hub", hub.cli.app),
        ("grimace-models", models.cli.app),
        ("grimace-rig", rig.cli.app),
    )
}


def shown_commands() -> list[str]:
    """Every command line of ours in a code block."""
    blocks = (block for page in PAGES for block in re.findall(r"```\w*\n(.*?)```", page.read_text(), re.DOTALL))
    lines = (line for block in blocks for line in block.replace("\\\n", " ").splitlines())
    found = (re.search(r"(?:^|\$ |\bdo )((?:grimace-\w+)\b[^|>#&;]*)", line.strip()) for line in lines)
    return sorted({match[1].strip() for match in found if match})


def test_the_guide_to_faults_is_current():
    guide = runpy.run_path(str(ROOT / "docs" / "fault_guide.py"))["guide"]
    page = ROOT / "docs" / "what-can-go-wrong.md"
    assert page.read_text() == guide(FAULTS.values()), "make it anew: python docs/fault_guide.py"


def test_the_table_of_checks_is_current():
    with_table = runpy.run_path(str(ROOT / "docs" / "check_guide.py"))["with_table"]
    page = (ROOT / "docs" / "before-a-recording.md").read_text()
    assert page == with_table(page), "make it anew: python docs/check_guide.py"


def test_the_drawing_of_the_rigs_states_is_current():
    drawn = runpy.run_path(str(ROOT / "docs" / "rig_states.py"))["page"]
    assert (ROOT / "docs" / "rig-states.md").read_text() == drawn(), "make it anew: python docs/rig_states.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", page.read_text())
    for target in filter(None, (markdown or html for markdown, html in targets)):
        assert target.startswith("http") or (page.parent / target).exists(), target


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_shown_exists_with_its_options(line):
    name, *arguments = shlex.split(line)
    command = COMMANDS[name]
    while arguments and (groups := getattr(command, "commands", None)):
        assert arguments[0] in groups, line
        command = groups[arguments.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {argument for argument in arguments if argument.startswith("--")} <= known
