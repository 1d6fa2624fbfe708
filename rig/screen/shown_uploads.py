"""The queue of uploads in plain words and hours."""

from __future__ import annotations

from datetime import datetime

from rig.outbox.states import State
from rig.screen.quantities import percent, size, span
from rig.screen.texts import Texts
from rig.upload.commands import QueuedSession, QueueReport
from shared.documents import Document


class ShownUpload(Document):
    """A session that is not on the hub yet."""

    session_id: str
    recorded: str
    size: str
    state: str
    waited: str
    trouble: str
    remedy: str
    stopped: bool


class ShownUploads(Document):
    """`tone` and `line` are what the front page shows."""

    tone: str
    line: str
    detail: str
    hub: str
    hub_tone: str
    hub_remedy: str
    sessions: tuple[ShownUpload, ...]


def show_uploads(queue: QueueReport | None, now: datetime, texts: Texts) -> ShownUploads:
    """What a technician wants to know: is everything safe, how long has it waited, must somebody act."""
    if queue is None:
        return ShownUploads(
            tone="quiet", line=texts("uploads.unknown"), detail="", hub="", hub_tone="quiet", hub_remedy="", sessions=()
        )
    tone, line = _headline(queue, now, texts)
    hub_tone, hub = _hub(queue, now, texts)
    sessions = tuple(_upload(session, now, True, texts) for session in queue.stopped)
    sessions += tuple(_upload(session, now, False, texts) for session in queue.waiting)
    return ShownUploads(
        tone=tone,
        line=line,
        detail=texts("uploads.safe", n=queue.on_hub),
        hub=hub,
        hub_tone=hub_tone,
        hub_remedy=texts.fault(queue.hub_trouble.code).remedy if queue.hub_trouble else "",
        sessions=sessions,
    )


def _headline(queue: QueueReport, now: datetime, texts: Texts) -> tuple[str, str]:
    if queue.stopped:
        return "bad", texts("uploads.stopped", n=len(queue.stopped))
    if queue.hub_url is None:
        return "quiet", texts("uploads.no_hub")
    if not queue.waiting and queue.hub_trouble is not None:
        return "warn", texts.fault(queue.hub_trouble.code).text
    if not queue.waiting:
        return "good", texts("uploads.all_safe" if queue.on_hub else "uploads.nothing_waits")
    oldest_s = (now - min(session.since for session in queue.waiting)).total_seconds()
    troubled = queue.hub_trouble is not None or not queue.uploader_runs
    return ("warn" if troubled else "quiet"), texts("uploads.waiting", n=len(queue.waiting), time=span(texts, oldest_s))


def _hub(queue: QueueReport, now: datetime, texts: Texts) -> tuple[str, str]:
    if queue.hub_url is None:
        return "quiet", texts("uploads.no_hub")
    if not queue.uploader_runs:
        return "warn", texts("uploads.uploader_down")
    if queue.hub_trouble is not None:
        since_s = (now - queue.hub_trouble_since).total_seconds() if queue.hub_trouble_since else 0.0
        return "warn", texts("uploads.hub_trouble", text=texts.fault(queue.hub_trouble.code).text, time=span(texts, since_s))
    return "good", texts("uploads.hub_fine")


def _upload(session: QueuedSession, now: datetime, stopped: bool, texts: Texts) -> ShownUpload:
    trouble = texts.fault(session.trouble.code) if session.trouble else None
    state = texts(f"outbox.{session.state.value}")
    if session.state is State.UPLOADING and session.size_bytes:
        state = texts("uploads.share", state=state, share=percent(texts, session.sent_bytes / session.size_bytes))
    return ShownUpload(
        session_id=session.session_id,
        recorded=f"{session.recorded_at.astimezone():%Y-%m-%d %H:%M}",
        size=size(texts, session.size_bytes),
        state=state,
        waited=texts("uploads.for", time=span(texts, (now - session.since).total_seconds())),
        trouble=trouble.text if trouble else "",
        remedy=trouble.remedy if trouble else "",
        stopped=stopped,
    )
