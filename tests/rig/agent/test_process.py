"""The agent as a process: killed, started on broken settings, and left alone by its supervisor."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import Any

import psutil
import pytest
import requests

from rig.agent.process import EXIT_RESTART
from rig.agent.snapshot import RigSnapshot
from rig.agent.states import AgentPhase
from rig.camera.states import Phase
from rig.settings_file import SettingsFile, change_settings
from rig.supervisor import EXIT_FOR_GOOD
from shared.manifest import SealState
from tests.processes import until
from tests.rig.agent.agent_rig import ABOUT, PACED, SCREEN_ONLY, wait_until_shown
from tests.rig.bench import CLIP
from tests.rig.rig_process import RigProcess

pytestmark = pytest.mark.system

BROKEN = 'rig_id = "rig-1"\ndata_folder = "data"\n[screen]\nport = 0\n[camera]\nwidht_px = 160\n'


def children_of(process: subprocess.Popen[Any]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_a_killed_agent_leaves_the_recording_alone_and_takes_it_up_again(rig_process: RigProcess):
    rig_process.configure(PACED, SCREEN_ONLY)
    rig_process.start("camera")
    agent = rig_process.start("agent")
    wait_until_shown(rig_process, lambda shown: shown.phase is AgentPhase.IDLE)
    rig_process.control.start(60, ABOUT)
    before = wait_until_shown(rig_process, lambda shown: shown.phase is AgentPhase.RECORDING)
    agent.send_signal(signal.SIGKILL)
    agent.wait()
    (rig_process.data_folder / "screen.url").unlink()
    rig_process.start("agent")
    after = wait_until_shown(rig_process, lambda shown: shown.phase is AgentPhase.RECORDING)
    assert before.recording is not None
    assert after.recording is not None
    assert (after.recording.session_id, after.recording.part) == (before.recording.session_id, 1)
    assert after.seq > before.seq
    rig_process.control.stop()
    wait_until_shown(rig_process, lambda shown: shown.verdict is not None)


def test_the_agent_starts_again_when_its_own_settings_change(rig_process: RigProcess):
    rig_process.configure(PACED, SCREEN_ONLY)
    agent = rig_process.launch("agent")
    until(SettingsFile(rig_process.config).last_good.exists)
    change_settings(rig_process.config, {"face_check.rate_hz": 0.5})
    assert agent.wait(20) == EXIT_RESTART


def test_without_any_good_settings_the_screen_says_which_line_is_wrong_and_the_rig_starts_once_it_is_mended(
    rig_process: RigProcess,
):
    rig_process.configure(PACED, SCREEN_ONLY)
    good = rig_process.config.read_text(encoding="utf-8")
    rig_process.config.write_text(BROKEN, encoding="utf-8")
    argv = [sys.executable, "-m", "rig.cli", "run", "--config", str(rig_process.config)]
    with subprocess.Popen(argv, start_new_session=True, stderr=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stderr is not None
        try:
            url = next(found[0] for line in supervisor.stderr if (found := re.search(r"http://127[0-9.:]+", line)))
            shown = RigSnapshot.model_validate_json(requests.get(f"{url}/state", timeout=10).content)
            assert (shown.phase, shown.rig_id) == (AgentPhase.SAFE_MODE, "rig-1")
            assert shown.settings_trouble is not None
            assert "line 6: camera.widht_px: there is no such setting; did you mean width_px?" in shown.settings_trouble.detail
            assert len(children_of(supervisor)) == 3, "nobody is restarted again and again"
            rig_process.config.write_text(good, encoding="utf-8")
            until(rig_process.state)
            assert wait_until_shown(rig_process, lambda shown: shown.phase is AgentPhase.IDLE).settings_trouble is None
        finally:
            supervisor.terminate()
            supervisor.stderr.read()


def test_with_a_last_good_copy_the_rig_starts_into_safe_mode(rig_process: RigProcess):
    rig_process.configure(PACED, SCREEN_ONLY)
    SettingsFile(rig_process.config).keep_last_good()
    rig_process.config.write_text(BROKEN, encoding="utf-8")
    rig_process.start("run")
    shown = wait_until_shown(rig_process, lambda shown: shown.phase is AgentPhase.SAFE_MODE)
    assert shown.settings_trouble is not None
    assert "line 6" in shown.settings_trouble.detail
    assert rig_process.wait_for_phase(Phase.IDLE), "the camera works on with the last good copy"


@pytest.mark.parametrize("arguments", [("--strict",), ("--config", "none.toml")])
def test_a_strict_rig_and_one_that_was_never_set_up_end_at_once(rig_process: RigProcess, arguments: tuple[str, ...]):
    rig_process.config.write_text(BROKEN, encoding="utf-8")
    argv = [sys.executable, "-m", "rig.cli", "run", "--config", str(rig_process.config), *arguments]
    done = subprocess.run(argv, cwd=rig_process.folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == EXIT_FOR_GOOD
    assert "E_SETTINGS" in done.stderr


def test_nothing_of_a_rig_survives_its_supervisor_and_the_recording_goes_on_with_the_next(rig_process: RigProcess):
    rig_process.configure(PACED, SCREEN_ONLY)
    supervisor = rig_process.start("run")
    rig_process.wait_for_phase(Phase.IDLE)
    session = rig_process.control.start(60, ABOUT).recording
    assert session is not None
    rig_process.wait_for_frames(30)
    children = children_of(supervisor)
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    assert not psutil.wait_procs(children, timeout=20)[1]
    rig_process.start("run")
    state = rig_process.wait_for_frames(10)
    assert state.recording is not None
    assert (state.recording.session_id, state.recording.part) == (session.session_id, 2)
    rig_process.control.stop()
    rig_process.wait_until_finished(session.session_id)
    assert rig_process.manifest(session.session_id).state is SealState.RECOVERED


def test_a_camera_that_cannot_be_opened_is_named_on_the_screen_until_it_can(rig_process: RigProcess):
    film = rig_process.folder / "film.mp4"
    rig_process.configure(f'source = "{film}"\nwidth_px = 160\nheight_px = 90', SCREEN_ONLY)
    rig_process.launch("run")
    wait_until_shown(rig_process, lambda shown: "E_CAM_SOURCE" in codes(shown))
    film.symlink_to(CLIP)
    wait_until_shown(rig_process, lambda shown: shown.phase is AgentPhase.IDLE and "E_CAM_SOURCE" not in codes(shown))


def codes(shown: RigSnapshot) -> set[str]:
    return {alert.code for alert in shown.alerts}
