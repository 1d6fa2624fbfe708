"""The technician's command waits for a session's end, also when the camera process is not the same any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rig.camera.states import Phase
from rig.control import CameraState, FinishedSession, RecordingState
from rig.recording.salvage import set_aside
from rig.recording.sealing import seal
from rig.waiting import record_and_wait
from shared.manifest import StudyMetadata
from tests.rig.bench import Bench, tiny_camera


class RestartedCamera:
    """Answers a start as the process that died then, and afterwards as the one that came up in its place."""

    def __init__(self, session_id: str, folder: Path, **now: object) -> None:
        recording = RecordingState(
            session_id=session_id,
            folder=folder,
            planned_s=1,
            elapsed_s=0,
            part=1,
            part_frames_captured=0,
            part_frames_written=0,
            part_bytes=0,
            last_write_age_s=0,
        )
        self._before = CameraState(rig_id="rig-1", phase=Phase.OPENING, last_frame_age_s=0, recording=recording)
        self._now = CameraState.model_validate({"rig_id": "rig-1", "phase": Phase.IDLE, "last_frame_age_s": 0, **now})

    def start(self, _planned_s: float, _study: StudyMetadata) -> CameraState:
        return self._before

    def status(self) -> CameraState:
        return self._now


def waited_for(camera: RestartedCamera) -> FinishedSession:
    return record_and_wait(camera, 1, StudyMetadata(), console=None)  # type: ignore[arg-type]  # what it asks is all there


@pytest.mark.parametrize(("end", "outcome"), [(seal, "sealed"), (set_aside, "empty")])
def test_a_process_that_died_after_the_end_of_a_session_is_not_waited_for(bench: Bench, end: Callable[..., object], outcome):
    folder = bench.record(tiny_camera(), seconds=1)
    end(folder)
    finished = waited_for(RestartedCamera(folder.session_id, folder.path))
    assert (finished.session_id, finished.outcome) == (folder.session_id, outcome)
    assert finished.folder.is_dir()


def test_a_session_that_cannot_be_repaired_is_not_waited_for(bench: Bench):
    folder = bench.record(tiny_camera(), seconds=1)
    finished = waited_for(RestartedCamera(folder.session_id, folder.path, unrepaired=(folder.session_id,)))
    assert finished.outcome == "unsealed"
