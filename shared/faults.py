"""Faults: what can go wrong, under a stable code, in words that say what to do.

The code is the same on the screen, in MQTT, in the API's problem answers, in the manifest and in the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a fault matters to the recording at hand."""

    WARNING = "warning"  # the work goes on, its result carries the warning
    ERROR = "error"  # this piece of work ends here; the rest goes on


@dataclass(frozen=True)
class Fault:
    """A kind of failure: stable code, one line that says what it is, one that says how to mend it."""

    code: str
    text: str
    remedy: str
    severity: Severity = Severity.ERROR


class GrimaceError(Exception):
    """Base of our errors that a person may see: a fault and what exactly was observed."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault.code}: {fault.text}" + (f" ({detail})" if detail else ""))
        self.fault = fault
        self.detail = detail


def _warning(code: str, text: str, remedy: str) -> Fault:
    return Fault(code, text, remedy, Severity.WARNING)


# The camera and the recorder
CAMERA_STALLED = Fault(
    "E_CAM_STALLED",
    "The camera stopped delivering frames",
    "The rig restarts it and goes on by itself. If this repeats, check the camera cable and the power supply.",
)
CAMERA_SOURCE = Fault(
    "E_CAM_SOURCE",
    "The camera cannot be opened",
    "Check that the camera (or the video file that is replayed) is there and is not used by another program.",
)
CAMERA_SETTINGS = Fault(
    "E_CAM_SETTINGS",
    "The camera does not film with the settings that were asked for",
    "The rig restarts the camera and sets them again. If this repeats, restart the rig, then check the camera cable.",
)
CAMERA_CALLBACK = _warning(
    "W_CAM_CALLBACK",
    "A program's mistake was met while a frame was handled",
    "The recording goes on; frames concerned are in the ledger. Send the rig's log to support.",
)
DISK_READ_ONLY = Fault(
    "E_DISK_READ_ONLY",
    "The disk cannot be written to",
    "A disk that met an error is made read-only. Restart the rig; if it repeats, replace the disk. Sealed sessions are safe.",
)
ENCODER_STALLED = Fault(
    "E_ENC_STALLED",
    "The encoder stopped producing video",
    "The rig restarts it and goes on by itself. If this repeats, check the processor's temperature.",
)
DISK_STALLED = Fault(
    "E_DISK_STALLED",
    "The disk does not take the video any more",
    "Check the disk; the session goes on as a new part when it answers again.",
)
DISK_FULL = Fault(
    "E_DISK_FULL",
    "The disk is full",
    "Free space (uploaded sessions can be deleted) and start again. What was recorded so far is safe.",
)
RECORDING_BUSY = Fault("E_REC_BUSY", "A recording is already running", "Stop it first, or wait until it ends.")
RIG_ALREADY_RUNS = Fault(
    "E_RIG_RUNS",
    "Another camera process already works on this data folder",
    "Use that one, or end it first. Each rig on a machine needs a data folder of its own.",
)
RECORDING_IDLE = Fault("E_REC_IDLE", "No recording is running", "Start one first.")
FRAMES_DROPPED = _warning(
    "W_FRAMES_DROPPED",
    "Frames are missing from the video",
    "The gaps are in the session's ledger and are left out of the scores. If this repeats, give the rig less else to do.",
)
SESSION_TORN = _warning(
    "W_SESSION_TORN",
    "The recording was interrupted and has been recovered",
    "Nothing to do; at most the last second before the interruption is missing.",
)
SESSION_EMPTY = Fault(
    "E_SESSION_EMPTY", "No frame of this session reached the disk", "Record again. The empty folder is kept aside for inspection."
)

FACE_CHECK_DOWN = _warning(
    "W_FACE_CHECK",
    "The face check is not running",
    "The recording goes on without it: watch the preview, and check the score at the hub. Restart the rig after the recording.",
)
CLOCK_UNSYNCED = _warning(
    "W_CLOCK",
    "The rig's clock is not set by a time server",
    "Recording works; the dates on it may be wrong. Check the network: the rig asks a time server through it.",
)
CLOCK_JUMPED = _warning(
    "W_CLOCK_JUMPED",
    "The rig's clock was set during the recording",
    "Nothing to do: the video's times come from the camera and did not jump. The start's date may be wrong.",
)

# The pre-flight checks
LIGHT_WRONG = _warning(
    "W_LIGHT",
    "The picture is too dark or too bright",
    "Switch the chamber's lights on and check both; then compare the exposure in the settings.",
)
FLICKER = _warning(
    "W_FLICKER",
    "The light flickers",
    "Choose an exposure that is a multiple of half the mains period, or use the chamber's own lights.",
)
NOT_FOCUSED = _warning(
    "W_FOCUS",
    "The picture is not as sharp as this rig's reference",
    "Clean the lens and the window, then use the focus aid in the settings.",
)
FRAMING_CHANGED = _warning(
    "W_FRAMING",
    "The chamber does not stand where it stood in the reference picture",
    "Push chamber and camera back into place, or take a new reference picture of the empty chamber.",
)
DATA_ON_OVERLAY = Fault(
    "E_DATA_FOLDER",
    "Recordings would be written to memory and be lost at the next power cut",
    "Mount the data disk and name a folder on it as data_folder in the settings.",
)
PROCESSOR_HOT = _warning(
    "W_HOT", "The processor is hot or slowed down", "Check the fan, the air around the rig and its power supply."
)
BROKER_UNREACHABLE = _warning(
    "W_BROKER",
    "The MQTT broker cannot be reached, or refuses this rig",
    "Recording works. The lab cannot watch this rig; check the network, the broker and this rig's account there.",
)
CHECK_BROKEN = Fault(
    "E_CHECK",
    "A check before the recording could not be carried out",
    "Run the checks again. If this repeats, restart the rig, then send its log to support.",
)
PREFLIGHT_MISSING = Fault(
    "E_PREFLIGHT", "The checks before the recording have not passed", "Mend what they name, or waive the warnings with a reason."
)

# The agent and the touchscreen
SCREEN_PORT = Fault(
    "E_SCREEN_PORT",
    "The touchscreen's port is taken",
    "End the other program, or choose another port under [screen] in the settings.",
)
NOT_NOW = Fault("E_NOT_NOW", "This cannot be done at the moment", "Wait until the rig is ready, and try again.")
PIN_NEEDED = Fault("E_PIN_NEEDED", "The settings are locked", "Enter the PIN, and try again.")
WRONG_PIN = Fault("E_PIN", "The PIN is wrong", "Try again, or have the lab's administrator reset it: `grimace-rig reset-pin`.")
SCAN_UNREADABLE = Fault(
    "E_SCAN",
    "This code cannot be used",
    "Scan the animal's own code, or choose the animal from the list; docs/run-a-recording.md says what a code may hold.",
)
NOT_ENROLLED = _warning(
    "W_NOT_ENROLLED",
    "This rig is not enrolled with its hub: nothing is sent",
    "Enter the six digits that the lab's supervisor makes, in the settings under Enrolment. Recordings are kept here meanwhile.",
)
CODE_REFUSED = Fault(
    "E_CODE",
    "The hub does not accept this code",
    "A code works once and for 15 minutes. Have the lab's supervisor make a new one.",
)
TOO_MANY_TRIES = Fault(
    "E_TRIES",
    "Too many wrong codes came from here",
    "Wait a minute; then have the lab's supervisor make a new code, and enter it with care.",
)
COMMAND_IGNORED = _warning(
    "W_COMMAND",
    "A command from the network was not carried out",
    "Send it anew: it was old, repeated, kept by the broker, or not allowed.",
)

SPACE_LOW = _warning(
    "W_DISK_LOW",
    "The disk has little room left",
    "Sessions that the hub has confirmed are deleted by themselves: see that uploads go through, or record shorter sessions.",
)
SESSION_UNREPAIRED = Fault(
    "E_UNREPAIRED",
    "An interrupted recording cannot be repaired yet",
    "The rig tries again every ten minutes. Check the disk, and delete nothing of it.",
)
UPLOADER_DOWN = _warning(
    "W_UPLOADER",
    "The uploader is not running",
    "Recording goes on and nothing is lost. It is restarted by itself; if this lasts, restart the rig after the recording.",
)
SETTINGS_INVALID = Fault(
    "E_SETTINGS", "The settings cannot be used", "Mend the line that is named; rig/grimace-rig.toml explains every key."
)
RIG_NOT_RUNNING = Fault(
    "E_RIG_DOWN",
    "The camera process does not answer",
    "A running rig restarts it by itself, and a recording goes on as its next part. Else: `grimace-rig run --config FILE`.",
)

# The demonstration
PROCESS_ENDED = Fault(
    "E_PROCESS_ENDED",
    "A command ended that should have gone on, or failed",
    "The end of its log says why. Mend that and start again; if it says nothing of use, send the log to support.",
)
RECORDING_FAILED = Fault(
    "E_RECORDING", "The rig could not make the recording", "The end of its log says why. Mend that and start again."
)
NO_PROGRESS = Fault(
    "E_NO_PROGRESS",
    "Nothing has moved for minutes",
    "Look at the logs in the folder `logs`. On a very slow machine record fewer seconds.",
)

# The outbox and the uploader
FILE_CHANGED = Fault(
    "E_FILE_CHANGED",
    "A file of a sealed session changed on the disk",
    "The session is quarantined and not uploaded. Check the disk; ask for support before deleting anything.",
)
HUB_UNREACHABLE = _warning(
    "W_HUB_UNREACHABLE",
    "The hub cannot be reached",
    "Recording goes on; the upload is tried again by itself. Check the network if this lasts.",
)
OUTBOX_UNREADABLE = Fault(
    "E_OUTBOX",
    "The outbox's journal cannot be read",
    "The uploader puts it aside and builds it anew from the session folders; nothing is lost. Check the disk if this repeats.",
)
DISK_FAILED = Fault(
    "E_DISK",
    "A file of the session cannot be read or written",
    "It is tried again by itself. Check the disk: copy its sessions elsewhere if this repeats.",
)
RECEIPT_MISMATCH = Fault(
    "E_RECEIPT",
    "The hub's receipt does not name the files that were sent",
    "The local copy is kept. Ask the hub's administrator; do not delete anything.",
)
OUTBOX_BUSY = Fault("E_OUTBOX_BUSY", "Another uploader is already at work here", "Stop it first; one is enough.")
UPLOAD_FAILED = Fault(
    "E_UPLOAD",
    "The upload failed for a reason that was not foreseen",
    "It is tried again by itself. If it lasts, send the uploader's log to support.",
)
UPLOAD_NOT_NEEDED = Fault("E_UPLOADED", "This session needs no other try", "The hub has it, and its receipt is here.")
HUB_REFUSED = Fault("E_HUB_REFUSED", "The hub refused the session", "Read the reason; the local copy is kept.")
TOKEN_REFUSED = Fault(
    "E_TOKEN_REFUSED",
    "The hub does not accept the token",
    "Ask the lab's supervisor for a new token and enter it on the rig or worker.",
)

# What the hub answers
NOT_FOUND = Fault(
    "E_NOT_FOUND", "There is no such thing here", "Check the address; it may belong to another lab or have been deleted."
)
NOT_ALLOWED = Fault("E_NOT_ALLOWED", "Your role does not allow this", "Ask a supervisor of the lab.")
NOT_VALID = Fault("E_NOT_VALID", "The request is not valid", "Mend the fields that are named.")
SESSION_CONFLICT = Fault(
    "E_SESSION_CONFLICT",
    "This session was announced before with other content",
    "A session's files never change; use a new session id.",
)
UPLOAD_CONFLICT = Fault("E_UPLOAD_CONFLICT", "The upload is at another offset", "Ask for the offset (HEAD) and go on from there.")
UPLOAD_BUSY = Fault("E_UPLOAD_BUSY", "Another connection holds this upload", "Try again in a few seconds.")
UPLOAD_INTERRUPTED = Fault(
    "E_UPLOAD_INTERRUPTED",
    "The transfer was interrupted; what arrived is kept",
    "It goes on by itself: ask for the offset (HEAD) and resume from there.",
)
UPLOAD_CHECKSUM = Fault("E_UPLOAD_CHECKSUM", "The bytes that arrived do not have the checksum that was sent", "Send them again.")
UPLOAD_TOO_LARGE = Fault(
    "E_UPLOAD_TOO_LARGE",
    "More bytes than announced, or than the hub accepts",
    "Announce the true size; ask the hub's administrator about the limit.",
)
UPLOAD_GONE = Fault("E_UPLOAD_GONE", "The upload expired or was terminated", "Create a new upload.")
HUB_FAILED = Fault(
    "E_HUB", "The hub failed to answer", "Try again. If this repeats, give the request's number to the hub's administrator."
)
HUB_DISK_FULL = Fault(
    "E_HUB_DISK_FULL", "The hub has no space left", "The upload resumes when the hub's administrator has freed space."
)
FILE_HASH = Fault(
    "E_FILE_HASH",
    "The stored file does not have the announced SHA-256",
    "The file is sent again by itself. If this repeats, check memory and disk of rig and hub.",
)
LEDGER_MISMATCH = Fault(
    "E_LEDGER", "The frame ledger does not fit the video", "The session is kept but not scored; ask for support with its id."
)
MANIFEST_MISMATCH = Fault(
    "E_MANIFEST",
    "The session's manifest cannot be read or does not fit its files",
    "The session is kept but not scored; ask for support with its id.",
)

# Videos
VIDEO_EMPTY = Fault("E_VIDEO_EMPTY", "The video is empty", "Record or export it again.")
VIDEO_UNREADABLE = Fault("E_VIDEO_UNREADABLE", "This is not a video that can be read", "Export it as MP4 (H.264) and try again.")
VIDEO_NO_FRAMES = Fault("E_VIDEO_NO_FRAMES", "The video holds no frame that can be decoded", "Record or export it again.")
VIDEO_TRUNCATED = _warning(
    "W_VIDEO_TRUNCATED",
    "The video ends early: its file is cut short",
    "The frames up to there are scored. Copy the file again if the original is whole.",
)
VIDEO_NO_KEY_FRAME = _warning(
    "W_VIDEO_NO_KEY_FRAME",
    "The video does not begin with a key frame",
    "Frames before the first key frame cannot be decoded and are left out.",
)
VIDEO_FRAME_RATE = _warning(
    "W_VIDEO_FRAME_RATE",
    "The video is not recorded at 30 frames/s",
    "It is scored; motion blur and sampling differ from the standard recording.",
)
VIDEO_SIZE = _warning(
    "W_VIDEO_SIZE",
    "The video is not 1920x1080",
    "It is scored; the face may be smaller or larger than what the build was trained on.",
)
VIDEO_SHORT = _warning(
    "W_VIDEO_SHORT", "The video is shorter than a minute", "It is scored, but the mean of so few frames says little."
)
VIDEO_DAMAGED = _warning("W_VIDEO_DAMAGED", "Some frames cannot be decoded", "They are left out of the scores and counted.")

# Analyses and builds
BUILD_UNKNOWN = Fault(
    "E_BUILD_UNKNOWN", "No build of this name is installed", "Install the build on the worker, or choose one of those listed."
)
BUILD_CHANGED = Fault(
    "E_BUILD_CHANGED",
    "A file of the build does not have the SHA-256 of its manifest",
    "Install the build again: its scores could not be defended.",
)
BUILD_INVALID = Fault("E_BUILD_INVALID", "The build's manifest cannot be read", "Install the build again.")
SUBJECT_TYPE_UNSUPPORTED = Fault(
    "E_SUBJECT_TYPE", "The build cannot score this subject type", "Choose a build that was made for it."
)
LEASE_LOST = Fault(
    "E_LEASE_LOST", "The analysis was given to another worker", "Nothing to do; this worker's result is discarded."
)
ANALYSIS_CANCELLED = Fault("E_CANCELLED", "The analysis was cancelled", "Start it again if it is wanted.")
WORKER_CRASHED = Fault(
    "E_WORKER_CRASHED",
    "The worker died during the analysis",
    "It is tried again by itself, three times at most. If it failed then, look at the worker's log.",
)
SCORING_FAILED = Fault(
    "E_SCORING",
    "Scoring failed",
    "It is tried again by itself, three times at most. If it failed then, send the reason to support.",
)
SCORES_PLACEHOLDER = _warning(
    "W_PLACEHOLDER",
    "These scores are placeholders",
    "The build was trained on computer-generated mice only. Use a build that was trained and validated on real animals.",
)

FAULTS: Mapping[str, Fault] = {fault.code: fault for fault in list(globals().values()) if isinstance(fault, Fault)}
"""Every fault by its code."""
