"""The hash chain that tells who did what, when and why.

One line is one act. Each line holds the hash of the line before it, so that a changed, removed or
reordered line breaks the chain. The last line's hash is kept a second time in ``head.json``: without
it, lines cut from the end could not be missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workup.case.strict_json import canonical, parse
from workup.errors import CaseError

#: What the first line names as its predecessor.
GENESIS = "0" * 64


def sha256(data: bytes) -> str:
    """Hash of some bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class LogEntry:
    """One act.

    Attributes
    ----------
    n : int
        1, 2, 3, ... The order is told by this number, never by the clock.
    prev : str
        ``sha256`` of the entry before it.
    when : str
        What the computer's clock said, ISO 8601 with offset.
    what : str
        ``created``, ``saved``, ``recovered``, ``signed``, ``adjudicated``, ...
    data : mapping
        The act's facts: file hashes, versions, the summary of a signed read.
    """

    n: int
    prev: str
    when: str
    who: str
    what: str
    why: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """Everything that the hash covers."""
        return {
            "n": self.n,
            "prev": self.prev,
            "when": self.when,
            "who": self.who,
            "what": self.what,
            "why": self.why,
            "data": dict(self.data),
        }

    @property
    def sha256(self) -> str:
        """Hash of the canonical spelling of the body."""
        return sha256(canonical(self.body))

    def line(self) -> bytes:
        """The entry as it stands in ``log.jsonl``, with its newline."""
        return canonical({**self.body, "sha256": self.sha256}) + b"\n"


def next_entry(
    entries: Sequence[LogEntry],
    *,
    when: datetime,
    who: str,
    what: str,
    why: str = "",
    data: Mapping[str, Any] | None = None,
) -> LogEntry:
    """The entry that follows ``entries``.

    A clock that went backwards changes nothing about the order; it is noted in ``data``.
    """
    facts = dict(data or {})
    if entries:
        behind_s = (datetime.fromisoformat(entries[-1].when) - when).total_seconds()
        if behind_s > 0:
            facts["clock_behind_s"] = round(behind_s, 3)
    previous = entries[-1].sha256 if entries else GENESIS
    return LogEntry(len(entries) + 1, previous, when.isoformat(), who, what, why, facts)


def parse_line(line: bytes) -> LogEntry:
    """The entry of one line (without its newline).

    Raises
    ------
    CaseError
        ``LOG_DAMAGED`` if the line is not exactly what was written.
    """
    try:
        document = parse(line)
        claimed = document.pop("sha256")
        entry = LogEntry(**document)
        sound = entry.sha256 == claimed
    except (CaseError, TypeError, KeyError, AttributeError):
        sound = False
    if not sound:
        raise CaseError("LOG_DAMAGED", f"a log line of {len(line)} bytes does not match its own hash")
    return entry


@dataclass(frozen=True)
class ParsedLog:
    """What could be read of a log.

    Attributes
    ----------
    entries : tuple of LogEntry
        The unbroken chain from the beginning.
    sound_bytes : int
        Length of the file's part that holds them.
    rest : bytes
        What follows the chain: nothing, a line torn by a crash, or damage.
    """

    entries: tuple[LogEntry, ...]
    sound_bytes: int
    rest: bytes


def parse_log(data: bytes, before: Sequence[LogEntry] = ()) -> ParsedLog:
    """The longest sound chain at the beginning of a log file, and what is left.

    With ``before``, the data is what follows these entries, and only what is new comes back parsed:
    ``entries`` holds both, ``sound_bytes`` counts the new ones.
    """
    entries = list(before)
    start = 0
    while True:
        end = data.find(b"\n", start)
        if end < 0:
            break
        try:
            entry = parse_line(data[start:end])
        except CaseError:
            break
        if entry.n != len(entries) + 1 or entry.prev != (entries[-1].sha256 if entries else GENESIS):
            break
        entries.append(entry)
        start = end + 1
    return ParsedLog(tuple(entries), start, data[start:])


@dataclass(frozen=True)
class Head:
    """Number and hash of the last entry that a save was acknowledged with."""

    n: int
    sha256: str

    def encode(self) -> bytes:
        """Content of ``head.json``."""
        return canonical({"n": self.n, "sha256": self.sha256}) + b"\n"


def head_of(entries: Sequence[LogEntry]) -> Head:
    """The head that belongs to a chain."""
    return Head(len(entries), entries[-1].sha256 if entries else GENESIS)


def parse_head(data: bytes) -> Head:
    """The head held by ``head.json``.

    Raises
    ------
    CaseError
        ``LOG_DAMAGED`` if it is not exactly what was written.
    """
    try:
        head = Head(**parse(data.removesuffix(b"\n")))
        sound = head.encode() == data
    except (CaseError, TypeError):
        sound = False
    if not sound:
        raise CaseError("LOG_DAMAGED", "head.json is not what was written")
    return head
