"""The way of one session to its receipt: a step for each state of the outbox, each of which may be repeated.

A step that cannot go on raises, and leaves the session where it can go on later; `uploader` decides what follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rig.outbox.enlist import examine_session
from rig.outbox.integrity import SealCheck
from rig.outbox.journal import Journal, OutboxSession
from rig.outbox.retention import RECEIPT_NAME, check_receipt
from rig.outbox.states import State
from rig.upload.pace import poll_after_s
from rig.upload.traffic import Traffic
from rig.upload.tus import Outgoing, SessionUnknown, TusUpload
from shared import faults
from shared.api import FileState, Receipt, SessionAnnouncement, SessionState, SessionView
from shared.client import Hub, HubRefused
from shared.clock import NANOSECONDS, Clock
from shared.faults import FAULTS, GrimaceError
from shared.manifest import MANIFEST_NAME, SessionManifest

NOTE_PROGRESS_EVERY_S = 5.0
"""How often the journal hears how far a file is: for people, and cheap for the disk that is being recorded to."""

ARRIVED = frozenset({FileState.RECEIVED, FileState.VERIFIED})


class SessionRefused(GrimaceError):
    """The hub has the session's files and will not score them; the fault is its reason."""


@dataclass
class Delivery:
    """What a session's steps work with."""

    journal: Journal
    hub: Hub
    seals: SealCheck
    traffic: Traffic
    sessions_folder: Path
    chunk_bytes: int
    clock: Clock
    pause: Callable[[float], None] = time.sleep

    def carry_on(self, session_id: str) -> None:
        """Take the session as far as it goes now. Raises GrimaceError, of the hub or of our own, OSError, and UploadPaused."""
        steps: dict[State, Callable[[OutboxSession], bool]] = {
            State.QUEUED: self._prove,
            State.ANNOUNCING: self._announce,
            State.UPLOADING: self._send,
            State.AWAITING_RECEIPT: self._ask_for_receipt,
        }
        goes_on = True
        while goes_on:
            session = self.journal.session(session_id)
            step = steps.get(session.state)
            goes_on = step is not None and step(session)

    def _prove(self, session: OutboxSession) -> bool:
        if not session.files:  # the disk did not let them be read when the session was found
            self.journal.examined(examine_session(self._folder(session), self.clock.now()))
            return True
        for file in session.files:
            self.seals.check(self._folder(session), file)
        self._move(session, State.ANNOUNCING)
        return True

    def _announce(self, session: OutboxSession) -> bool:
        self.seals.check(self._folder(session), next(file for file in session.files if file.name == MANIFEST_NAME))
        manifest = SessionManifest.read(self._folder(session) / MANIFEST_NAME)
        files = tuple(file.record for file in session.files)
        announcement = SessionAnnouncement(study=manifest.study, recorded_at=manifest.started_at, files=files)
        self._learn(session, self.hub.announce(session.session_id, announcement))
        self._move(session, State.UPLOADING)
        return True

    def _send(self, session: OutboxSession) -> bool:
        """Small files first: the hub then knows what the session is while its video is still on the way."""
        for file in sorted(session.files, key=lambda file: file.size_bytes):
            if file.sent:
                continue
            self.traffic.check()
            self.seals.check(self._folder(session), file)
            outgoing = Outgoing(session.session_id, self._folder(session) / file.name, file.record)
            note = self._progress_notes(session.session_id, file.name)
            upload = TusUpload(
                self.hub, outgoing, self.traffic, chunk_bytes=self.chunk_bytes, upload=file.upload, note=note, pause=self.pause
            )
            try:
                with self.traffic.sending(session.session_id):
                    upload.send()
            except SessionUnknown:
                self._move(session, State.ANNOUNCING)
                raise
            except HubRefused as error:
                if error.fault is faults.UPLOAD_CHECKSUM:
                    self.seals.doubt(self._folder(session))
                raise
            self.journal.note_sent(session.session_id, file.name)
        self._move(session, State.AWAITING_RECEIPT)
        return True

    def _ask_for_receipt(self, session: OutboxSession) -> bool:
        try:
            view = self.hub.session(session.session_id)
        except HubRefused as error:
            if error.fault is faults.NOT_FOUND:
                self._move(session, State.ANNOUNCING)
            raise
        match view.state:
            case SessionState.STORED:
                self._confirm(session, view.receipt)
            case SessionState.REFUSED:
                reason = view.fault
                known = FAULTS.get(reason.code, faults.HUB_REFUSED) if reason else faults.HUB_REFUSED
                raise SessionRefused(known, reason.detail if reason else "")
            case SessionState.OPEN if wanted := [file.name for file in view.files if file.state not in ARRIVED]:
                self.seals.doubt(self._folder(session))
                self._learn(session, view)
                self._move(session, State.UPLOADING)
                raise GrimaceError(faults.FILE_HASH, ", ".join(wanted))
            case _:
                waited_s = (self.clock.now() - session.state_since).total_seconds()
                at = self.clock.now() + timedelta(seconds=poll_after_s(waited_s))
                self.journal.look_again(session.session_id, at)
        return False

    def _confirm(self, session: OutboxSession, receipt: Receipt | None) -> None:
        """The receipt goes beside the files first: whoever finds it in the journal finds it there too."""
        if receipt is None:
            raise GrimaceError(faults.RECEIPT_MISMATCH, "the hub calls the session stored and gives no receipt")
        check_receipt(receipt, session.session_id, (file.record for file in session.files))
        receipt.write(self._folder(session) / RECEIPT_NAME)
        self.journal.confirm(session.session_id, receipt, self.clock.now())

    def _learn(self, session: OutboxSession, view: SessionView) -> None:
        """Take over what the hub has of each file."""
        ours = {file.name for file in session.files}
        for file in view.files:
            if file.name not in ours:
                continue
            if file.state in ARRIVED:
                self.journal.note_sent(session.session_id, file.name)
            else:
                self.journal.note_upload(session.session_id, file.name, file.upload, file.offset_bytes)

    def _progress_notes(self, session_id: str, name: str) -> Callable[[str, int], None]:
        """Notes a new upload at once, and how far it is now and then."""
        noted, noted_at_ns = "", 0

        def note(upload: str, sent_bytes: int) -> None:
            nonlocal noted, noted_at_ns
            now_ns = self.clock.monotonic_ns()
            if upload != noted or now_ns - noted_at_ns >= NOTE_PROGRESS_EVERY_S * NANOSECONDS:
                self.journal.note_upload(session_id, name, upload, sent_bytes)
                noted, noted_at_ns = upload, now_ns

        return note

    def _move(self, session: OutboxSession, to: State) -> None:
        self.journal.move(session.session_id, to, self.clock.now())

    def _folder(self, session: OutboxSession) -> Path:
        return self.sessions_folder / session.session_id
