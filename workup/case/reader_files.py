"""Reading a case folder: no lock, nothing written, every byte compared with the log's hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workup.case.autosave_codec import Autosave, decode_autosave, view_name
from workup.case.disk_files import Disk
from workup.case.journal_files import Journal, check_head
from workup.case.log import LogEntry
from workup.case.reads import History, replay
from workup.case.state import CaseState
from workup.case.state_codec import decode_state
from workup.case.strict_json import parse
from workup.errors import CaseError

if TYPE_CHECKING:
    from workup.case.verify_files import Problem


#: Whose work it is where nobody gave a name.
ANONYMOUS = "unnamed reader"


class CaseReader:
    """The reading half of ``CaseStore``; works on a read-only or damaged folder too."""

    def __init__(self, folder: str | Path, *, disk: Disk | None = None) -> None:
        self.folder = Path(folder)
        self._journal = Journal(self.folder, disk or Disk())
        self._base: dict[str, int] = {}  # by reader: their newest version this session knows of

    def log(self) -> tuple[LogEntry, ...]:
        """Every sound entry of the log, oldest first."""
        return self._journal.entries()

    def check_log(self) -> None:
        """Make sure that no acknowledged line of the log is missing or changed.

        Raises
        ------
        CaseError
            ``LOG_DAMAGED``.
        """
        check_head(self.log(), self._journal.read("head.json"))

    def history(self) -> History:
        """What the log tells: versions, signed reads, decisions."""
        return replay(self.log())

    def source(self) -> Mapping[str, Any]:
        """Content of ``source.json``."""
        document: Mapping[str, Any] = parse(self._journal.read("source.json"))
        return document

    def load(self, version: int | None = None, *, who: str | None = None) -> CaseState:
        """A saved state: the one of that number, else the newest (of ``who``, in a blinded case).

        Raises
        ------
        CaseError
            ``NO_VERSION``, ``VERSION_DAMAGED``, or ``READ_BLINDED`` if another reader's work may not
            be seen yet.
        """
        history = self.history()
        if version is None:
            latest = history.latest_version(who if history.blinded else None)
            if latest is None:
                return CaseState(reader=who)
            version = latest.number
        saved = history.version(version)
        if not history.may_see(who, saved.reader):
            raise CaseError(
                "READ_BLINDED",
                f"version {version} belongs to a read that is not open yet",
                advice="It opens when both readers have signed"
                + ("; give your name to open your own read" if who is None else ""),
            )
        self._base[saved.reader] = max(v.number for v in history.versions if v.reader == saved.reader)
        return self._state(saved.number, saved.files)

    def version_meta(self, version: int) -> Mapping[str, Any]:
        """Content of a version's ``meta.json``, checked against the log."""
        files = self.history().version(version).files
        meta: Mapping[str, Any] = parse(self._journal.checked(f"versions/{version:06d}", "meta.json", files))
        return meta

    def signed_files(self, folder: int) -> dict[str, bytes]:
        """The reports of a signature as they were signed, checked against the log."""
        entry = next((e for e in self.log() if e.what == "signed" and e.data["folder"] == folder), None)
        if entry is None:
            raise CaseError("NO_READ", f"there is no signed/{folder:06d}")
        files = entry.data["files"]
        return {name: self._journal.checked(f"signed/{folder:06d}", name, files) for name in files}

    def verify(self, images: str | Path | None = None) -> list[Problem]:
        """Every problem of the folder; empty if each byte is what was written."""
        from workup.case.verify_files import verify_case

        return verify_case(self.folder, images=images)

    def pending_autosaves(self, who: str | None = None) -> tuple[Autosave, ...]:
        """Work of this reader (or of any, without a name) that its session did not save, newest last."""
        entries = self.log()
        history = replay(entries)
        found = (decode_autosave(p.read_bytes()) for p in (self.folder / "autosave").glob("*.autosave"))
        pending = (
            kept
            for kept in found
            if kept is not None
            and who in (None, kept.reader)
            and history.may_see(who, kept.reader)
            and not _settled(kept, entries)
        )
        return tuple(sorted(pending, key=lambda kept: (kept.log_n, datetime.fromisoformat(kept.when))))

    def pending_autosave(self, who: str | None = None) -> Autosave | None:
        """The newest of ``pending_autosaves``; None without."""
        return next(reversed(self.pending_autosaves(who)), None)

    def view(self, who: str | None) -> Mapping[str, Any]:
        """How this reader looked at the case when they left it; empty where that was not kept."""
        path = self.folder / "autosave" / view_name(who or ANONYMOUS)
        kept = decode_autosave(path.read_bytes()) if path.is_file() else None
        return {} if kept is None else kept.state.notes

    def _state(self, version: int, files: Mapping[str, str]) -> CaseState:
        folder = f"versions/{version:06d}"
        meta = parse(self._journal.checked(folder, "meta.json", files))
        return decode_state(meta["state"], self._journal.checked(folder, "masks.bin", files))


def _settled(kept: Autosave, entries: Sequence[LogEntry]) -> bool:
    """Whether its own session saved after it, or it was set aside: another window's save holds other work."""
    return any(
        e.what in ("saved", "set_aside")
        and e.who == kept.reader
        and e.data.get("session", "") == kept.session
        for e in entries[kept.log_n :]
    )
