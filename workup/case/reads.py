"""Reads: each belongs to one named reader, is blind until both are signed, and is never overwritten.

Everything here is computed from the log's entries alone, so that the history of a case replays from
``log.jsonl`` without any other file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workup.case.log import LogEntry
from workup.errors import CaseError

Point = tuple[float, float, float]


@dataclass(frozen=True)
class LesionRead:
    """What a signed read says of one lesion.

    Attributes
    ----------
    center_lps_mm : (l, p, s) or None
        Center of its mask, or of its line. [mm]
    diameter_tenths_mm : int or None
        Recorded diameter (long axis; short axis of a node). [0.1 mm]
    measurable : str or None
        The status that was signed, such as ``yes`` or ``no``; None where nothing was said.
    target : bool
        Whether the reader chose it as a target.
    long_axis_tenths_mm, short_axis_tenths_mm : int or None
        Both axes, whichever of them is the recorded diameter. [0.1 mm]
    """

    id: str
    center_lps_mm: Point | None = None
    diameter_tenths_mm: int | None = None
    measurable: str | None = None
    target: bool = False
    long_axis_tenths_mm: int | None = None
    short_axis_tenths_mm: int | None = None


@dataclass(frozen=True)
class DefectRead:
    """What a signed read says of one filling defect: its statements by name, None where unsaid."""

    id: str
    center_lps_mm: Point | None = None
    diameter_tenths_mm: int | None = None
    statements: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadSummary:
    """What a reader puts their name to: lesions, defects and the answers that follow from them.

    ``verdicts`` holds the assessment's answers by name, such as ``vascular_invasion: PASS``.
    """

    lesions: tuple[LesionRead, ...] = ()
    defects: tuple[DefectRead, ...] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As it stands in the log."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ReadSummary:
        """The inverse of ``document``."""
        return cls(
            tuple(LesionRead(**_with_point(item)) for item in document["lesions"]),
            tuple(DefectRead(**_with_point(item)) for item in document["defects"]),
            dict(document["verdicts"]),
        )


def _with_point(item: Mapping[str, Any]) -> dict[str, Any]:
    center = item["center_lps_mm"]
    return {**item, "center_lps_mm": None if center is None else tuple(center)}


@dataclass(frozen=True)
class SignedRead:
    """One signature: who put their name to which version, and to the hash of what they saw.

    Attributes
    ----------
    n : int
        Number of the log entry; names the read.
    bound : mapping
        sha256 of the reports, the version's files, the source and the software at signing.
    supersedes : int or None
        The same reader's earlier read that this one replaces; both stay.
    """

    n: int
    reader: str
    version: int
    when: str
    meaning: str
    summary: ReadSummary
    bound: Mapping[str, Any]
    supersedes: int | None = None
    why: str = ""


@dataclass(frozen=True)
class SavedVersion:
    """One saved version, as the log knows it."""

    number: int
    reader: str
    when: str
    why: str
    n: int
    files: Mapping[str, str]
    how: str = "saved"  # saved, recovered, set_aside


@dataclass(frozen=True)
class Decision:
    """An adjudicator's answer to one discordance."""

    n: int
    who: str
    when: str
    discordance: str
    choice: str
    value: str
    why: str


@dataclass(frozen=True)
class ReadPlan:
    """Who reads this case. Two readers are blind to each other; a third settles what they differ in."""

    readers: tuple[str, ...] = ()
    adjudicator: str | None = None


@dataclass(frozen=True)
class History:
    """Everything that happened to a case."""

    case_id: str = ""
    plan: ReadPlan = field(default_factory=ReadPlan)
    versions: tuple[SavedVersion, ...] = ()
    signed: tuple[SignedRead, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def version(self, number: int) -> SavedVersion:
        """The saved version of this number.

        Raises
        ------
        CaseError
            ``NO_VERSION`` if there is none.
        """
        for version in self.versions:
            if version.number == number:
                return version
        raise CaseError("NO_VERSION", f"version {number} is not in this case")

    def current_read(self, reader: str) -> SignedRead | None:
        """The reader's last signed read; the ones before it are superseded."""
        return next((s for s in reversed(self.signed) if s.reader == reader), None)

    @property
    def current_reads(self) -> tuple[SignedRead, ...]:
        """Each reader's last signed read, in the order of the plan or of first signing."""
        readers = self.plan.readers or tuple(dict.fromkeys(s.reader for s in self.signed))
        found = (self.current_read(reader) for reader in readers)
        return tuple(s for s in found if s is not None)

    @property
    def blinded(self) -> bool:
        """Whether a planned read is still missing, so that no reader may see another's."""
        return any(self.current_read(reader) is None for reader in self.plan.readers)

    def may_see(self, who: str | None, reader: str) -> bool:
        """Whether ``who`` may see the work of ``reader`` now; work under no planned name is as closed."""
        return not self.blinded or who == reader

    def latest_version(self, reader: str | None = None) -> SavedVersion | None:
        """The newest version that counts, of one reader or of anybody."""
        counted = (v for v in reversed(self.versions) if v.how != "set_aside")
        return next((v for v in counted if reader in (None, v.reader)), None)


def replay(entries: Sequence[LogEntry]) -> History:
    """The history that a log tells.

    Acts of other kinds (exports, recovered log tails) change nothing here.
    """
    case_id, plan = "", ReadPlan()
    versions: list[SavedVersion] = []
    signed: list[SignedRead] = []
    decisions: list[Decision] = []
    for entry in entries:
        data = entry.data
        match entry.what:
            case "created":
                case_id, plan = data["case_id"], _plan(data)
            case "reads_planned":
                plan = _plan(data)
            case "saved" | "recovered" | "set_aside":
                versions.append(
                    SavedVersion(
                        data["version"],
                        data["reader"],
                        entry.when,
                        entry.why,
                        entry.n,
                        data["files"],
                        entry.what,
                    )
                )
            case "signed":
                signed.append(_signed(entry))
            case "adjudicated":
                decisions.append(
                    Decision(
                        entry.n,
                        entry.who,
                        entry.when,
                        data["discordance"],
                        data["choice"],
                        data["value"],
                        entry.why,
                    )
                )
    return History(case_id, plan, tuple(versions), tuple(signed), tuple(decisions))


def _plan(data: Mapping[str, Any]) -> ReadPlan:
    return ReadPlan(tuple(data.get("readers") or ()), data.get("adjudicator"))


def _signed(entry: LogEntry) -> SignedRead:
    data = entry.data
    return SignedRead(
        entry.n,
        entry.who,
        data["version"],
        entry.when,
        data["meaning"],
        ReadSummary.from_document(data["summary"]),
        data["bound"],
        data["supersedes"],
        entry.why,
    )


def check_plan(plan: ReadPlan) -> None:
    """Refuse a plan that could not be blind.

    Raises
    ------
    CaseError
        ``BAD_READ_PLAN`` if the readers are not two different people, or one of them adjudicates.
    """
    names = [*plan.readers, *([plan.adjudicator] if plan.adjudicator else [])]
    if len(plan.readers) not in (0, 2) or len(set(names)) != len(names) or not all(names):
        raise CaseError(
            "BAD_READ_PLAN",
            f"{len(plan.readers)} readers, {len(set(names))} different people in all",
            expected="two different readers, and a third person to adjudicate",
        )


def check_reader(history: History, who: str) -> None:
    """Refuse work under a name that the plan does not hold: a slip of the pen is no third reader.

    Raises
    ------
    CaseError
        ``READER_NOT_PLANNED``.
    """
    planned = (*history.plan.readers, history.plan.adjudicator)
    if history.plan.readers and who not in planned:
        raise CaseError(
            "READER_NOT_PLANNED",
            f"{who!r} is not one of the readers of this case",
            expected=" or ".join(repr(name) for name in planned if name),
            advice="Names are compared letter by letter",
        )


def check_signature(history: History, version: int, who: str, why: str) -> int | None:
    """The read that a new signature would supersede.

    Raises
    ------
    CaseError
        ``NOT_YOUR_READ`` if the version is another reader's, ``NO_VERSION`` if there is none,
        ``READER_NOT_PLANNED`` if others were to read, ``REASON_NEEDED`` if a signed read is to be
        superseded without a reason.
    """
    if history.version(version).reader != who:
        raise CaseError(
            "NOT_YOUR_READ",
            f"version {version} is not the signer's own work",
            advice="Each reader signs what they saved themselves",
        )
    check_reader(history, who)
    earlier = history.current_read(who)
    if earlier is not None and not why.strip():
        raise CaseError(
            "REASON_NEEDED",
            f"read {earlier.n} is signed already",
            expected="a reason why it is superseded",
            advice="The signed read stays; the new one supersedes it and says why",
        )
    return earlier.n if earlier else None
