"""A folder that only grows: one writer, a log, and numbered folders that never change again.

A commit writes a folder under a temporary name, syncs its files and itself, renames it, and syncs the
parent. An act is then appended to the log, the log synced, the head moved; only then is it done.
``recover`` finishes or clears what a crash left in between.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workup.case.disk_files import Disk, told
from workup.case.lock_files import PATIENCE_S, WriterLock
from workup.case.log import LogEntry, ParsedLog, head_of, next_entry, parse_head, parse_log, sha256
from workup.case.state_codec import decode_state
from workup.case.strict_json import parse
from workup.errors import CaseError

TEMPORARY = ".tmp-"

#: Who speaks where the program itself acts.
PROGRAM = "veinvasion"

#: Acts that a version folder stands behind.
VERSION_ACTS = ("saved", "recovered", "set_aside")


class Journal:
    """The log, its head, its lock and the numbered folders of one case folder."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self.disk = disk
        self._lock = WriterLock(folder / "lock")
        self._known: tuple[bytes, tuple[LogEntry, ...]] = (b"", ())  # a log that was read, and its entries

    @contextlib.contextmanager
    def held(self, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Hold the writer's lock; may be entered again inside itself."""
        with self._lock.held(patience_s):
            yield

    def read(self, name: str) -> bytes:
        """Bytes of a file of the folder."""
        return told((self.folder / name).read_bytes, f"reading {name}")

    def entries(self) -> tuple[LogEntry, ...]:
        """Every sound entry of the log, oldest first."""
        return self._parsed().entries

    def _parsed(self) -> ParsedLog:
        """The log as it stands on the disk; lines that were read before are compared, not parsed again."""
        data = self.read("log.jsonl")
        known, entries = self._known
        if not data.startswith(known):
            known, entries = b"", ()
        parsed = parse_log(data[len(known) :], entries)
        sound_bytes = len(known) + parsed.sound_bytes
        self._known = (data[:sound_bytes], parsed.entries)
        return ParsedLog(parsed.entries, sound_bytes, parsed.rest)

    def numbers(self, room: str) -> list[int]:
        """Numbers of the finished folders of ``versions`` or ``signed``."""
        return sorted(int(p.name) for p in (self.folder / room).iterdir() if p.name.isdigit())

    def checked(self, folder: str, name: str, files: Mapping[str, str]) -> bytes:
        """Bytes of a committed file, after comparing them with the log's hash.

        Raises
        ------
        CaseError
            ``VERSION_DAMAGED`` if they differ.
        """
        data = self.read(f"{folder}/{name}")
        if sha256(data) != files[name]:
            raise CaseError(
                "VERSION_DAMAGED",
                f"{folder}/{name} is not what was saved",
                advice="Run `veinvasion case verify`; restore the case from an export or a backup",
            )
        return data

    # -- writing; the lock is held -----------------------------------------------------------------

    def commit(self, room: str, number: int, files: Mapping[str, bytes]) -> None:
        """Make ``room/number`` appear with all its files, or not at all."""
        parent = self.folder / room
        temporary = parent / f"{TEMPORARY}{os.getpid()}-{number:06d}"

        def write() -> None:
            try:
                write_folder(self.disk, temporary, files)
                self.disk.rename(temporary, parent / f"{number:06d}")
            except OSError:
                with contextlib.suppress(OSError):
                    self.disk.remove(temporary)
                raise
            self.disk.sync_folder(parent)

        told(write, "saving")

    def append(self, *, who: str, what: str, why: str = "", data: Mapping[str, Any]) -> LogEntry:
        """Write one act into the log; it is on the disk when this returns."""
        entries = self.entries()
        entry = next_entry(entries, when=self.disk.now(), who=who, what=what, why=why, data=data)
        path = self.folder / "log.jsonl"

        def write() -> None:
            self.disk.append(path, entry.line())
            self.disk.sync_file(path)
            self._move_head((*entries, entry))

        told(write, "writing the log")
        return entry

    def _move_head(self, entries: Sequence[LogEntry]) -> None:
        self.disk.replace_synced(self.folder / "head.json", head_of(entries).encode())

    # -- recovery; the lock is held ----------------------------------------------------------------

    def recover(self) -> tuple[LogEntry, ...]:
        """Finish what a crash left half done; the log's entries.

        Raises
        ------
        CaseError
            ``LOG_DAMAGED`` if acknowledged lines are missing or changed; nothing is touched then.
        """
        return told(self._recover, "recovering the case")

    def _recover(self) -> tuple[LogEntry, ...]:
        parsed = self._parsed()
        acknowledged = check_head(parsed.entries, self.read("head.json"))
        self._clear_temporaries()
        if parsed.rest:
            self._set_torn_tail_aside(parsed.sound_bytes, parsed.rest)
        elif acknowledged < len(parsed.entries):
            self.disk.sync_file(self.folder / "log.jsonl")
            self._move_head(parsed.entries)
        self._log_orphans()
        return self.entries()

    def _clear_temporaries(self) -> None:
        for room in (".", "versions", "signed", "autosave"):
            for path in (self.folder / room).glob(f"{TEMPORARY}*"):
                self.disk.remove(path)

    def _set_torn_tail_aside(self, sound_bytes: int, torn: bytes) -> None:
        name, log = f"torn-{sha256(torn)[:16]}.bin", self.folder / "log.jsonl"
        self.disk.replace_synced(self.folder / name, torn)
        self.disk.truncate(log, sound_bytes)
        self.disk.sync_file(log)
        facts = {"file": name, "bytes": len(torn), "sha256": sha256(torn)}
        why = "a log line was cut off by a crash; it had not been acknowledged"
        self.append(who=PROGRAM, what="torn_log_line", why=why, data=facts)

    def _log_orphans(self) -> None:
        entries = self.entries()
        known = {e.data["version"] for e in entries if e.what in VERSION_ACTS}
        for number in set(self.numbers("versions")) - known:
            self._log_version(number)
        known = {e.data["folder"] for e in entries if e.what == "signed"}
        for number in set(self.numbers("signed")) - known:
            self._log_signature(number)

    def _log_version(self, number: int) -> None:
        files = folder_bytes(self.folder / "versions" / f"{number:06d}")
        meta = parse(files["meta.json"])
        decode_state(meta["state"], files["masks.bin"])
        what = "set_aside" if meta["what"] == "set_aside" else "recovered"
        why = f"finished before a crash, not acknowledged: {meta['why']}".rstrip(": ")
        reader, when = meta["reader"], meta["when"]
        facts = {"version": number, "reader": reader, "files": hashes(files), "saved_when": when}
        self.append(who=reader, what=what, why=why, data=facts)

    def _log_signature(self, number: int) -> None:
        files = folder_bytes(self.folder / "signed" / f"{number:06d}")
        act = parse(files["read.json"])
        facts = {**act["read"], "folder": number, "files": hashes(files), "signed_when": act["when"]}
        self.append(who=act["who"], what="signed", why=act["why"], data=facts)


def write_folder(disk: Disk, folder: Path, files: Mapping[str, bytes]) -> None:
    """A new folder with these files, all of it on the disk; its own name is not yet."""
    disk.make_folder(folder)
    for name, data in files.items():
        disk.write_synced(folder / name, data)
    disk.sync_folder(folder)


def check_head(entries: Sequence[LogEntry], head_bytes: bytes) -> int:
    """Number of acknowledged entries, after making sure that the log still holds them.

    Raises
    ------
    CaseError
        ``LOG_DAMAGED`` if lines are missing or changed.
    """
    head = parse_head(head_bytes)
    if head.n > len(entries) or (head.n and entries[head.n - 1].sha256 != head.sha256):
        raise CaseError(
            "LOG_DAMAGED",
            f"the log holds {len(entries)} sound lines",
            expected=f"{head.n}, as head.json says",
            advice="Nothing was changed. Run `veinvasion case verify`, and restore from an export",
        )
    return head.n


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """sha256 of each file's bytes, by name."""
    return {name: sha256(data) for name, data in files.items()}


def folder_bytes(folder: Path) -> dict[str, bytes]:
    """Bytes of each file of a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
