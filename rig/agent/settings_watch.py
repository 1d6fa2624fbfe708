"""Notices changes of the settings file: takes what can be taken in a running rig, restarts what cannot, and tells of mistakes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from rig.agent.board import Board
from rig.agent.facts import PLANNING_PHASES, Facts, with_settings_trouble
from rig.agent.snapshot import SettingsTrouble
from rig.agent.states import AgentPhase
from rig.control import CameraControl
from rig.settings import RigSettings
from rig.settings_file import SettingsFile, UsableSettings
from shared.faults import RIG_NOT_RUNNING, GrimaceError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0

OF_THE_CAMERA_PROCESS = ("rig_id", "data_folder", "camera")
OF_THE_AGENT = ("rig_id", "data_folder", "face_check", "screen", "mqtt")
"""Sections that are read at the start only. All others count from their change on; the uploader looks for itself."""

BETWEEN_RECORDINGS = PLANNING_PHASES | {AgentPhase.IDLE}


class SettingsWatch:
    """See the module. `restart_agent` is called when the agent has to be started again; one thread calls `look`."""

    def __init__(
        self, file: SettingsFile, usable: UsableSettings, board: Board, control: CameraControl, restart_agent: Callable[[], None]
    ) -> None:
        self._file = file
        self._in_use = usable.settings
        self._board = board
        self._control = control
        self._restart_agent = restart_agent
        self._looked_at: str | None = None
        self._camera_waits = False
        self._agent_waits = False

    def settings(self) -> RigSettings:
        """Those that count now."""
        return self._in_use

    def look(self) -> None:
        """Look at the file, and do what has become possible since."""
        text = self._text()
        if text != self._looked_at:
            self._looked_at = text
            self._take()
        phase = self._board.snapshot().phase
        if self._camera_waits and phase in BETWEEN_RECORDINGS:
            self._restart_camera()
        if self._agent_waits and phase in {*BETWEEN_RECORDINGS, AgentPhase.SAFE_MODE, AgentPhase.STARTING} - PLANNING_PHASES:
            log.info("the settings changed: starting again")
            self._restart_agent()

    def _text(self) -> str:
        """What stands in the file; a file that cannot be read is a mistake like any other, told by its reason."""
        try:
            return self._file.text()
        except GrimaceError as error:
            return str(error)

    def _take(self) -> None:
        try:
            fresh = self._file.load()
        except GrimaceError as mistake:
            log.warning("%s", mistake)
            self._tell(trouble_of(self._file, mistake))
            return
        self._tell(None)
        self._keep()
        self._camera_waits |= _differ(self._in_use, fresh, OF_THE_CAMERA_PROCESS)
        self._agent_waits |= _differ(self._in_use, fresh, OF_THE_AGENT)
        if not self._agent_waits:
            self._in_use = fresh

    def _tell(self, trouble: SettingsTrouble | None) -> None:
        self._board.update(partial(_told, trouble=trouble))

    def _keep(self) -> None:
        try:
            self._file.keep_last_good()
        except (OSError, GrimaceError) as error:
            log.warning("no copy of the good settings can be kept: %s", error)

    def _restart_camera(self) -> None:
        try:
            self._control.restart()
        except GrimaceError as error:
            if error.fault is not RIG_NOT_RUNNING:  # a recording was just begun: after it
                return
        self._camera_waits = False


def trouble_of(file: SettingsFile, mistake: GrimaceError) -> SettingsTrouble:
    """What people are told of a settings file with a mistake in it."""
    return SettingsTrouble(detail=mistake.detail, last_good_at=file.last_good_at(), changed=file.changes_since_last_good())


def _told(facts: Facts, trouble: SettingsTrouble | None) -> Facts:
    """Whoever accepted the last good copy in view of this very mistake need not do it again."""
    known = facts.settings_trouble
    if known is not None and trouble is not None and known.detail == trouble.detail:
        return facts
    return with_settings_trouble(facts, trouble)


def _differ(before: RigSettings, after: RigSettings, names: tuple[str, ...]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in names)
