"""A trial's lesion table, one row for each lesion and visit, into patients over time.

Columns: ``subject, visit, date, lesion, organ, kind, diameter, status``, and optional ``markers`` and
``viable_diameter`` (of the arterially enhancing part, for mRECIST only).
A row that cannot be accepted is named with its reason and counts as "not evaluated"; it is never
repaired. If it stood at baseline, the patient's sums are unknown, and so are responses that need them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from recist.errors import LesionError, RecistError
from recist.follow_up import follow_up
from recist.lesion import LesionKind
from recist.lesion_words import Words, date_of, lengths_of, words_of
from recist.measurability import LONG_AXIS_MM, NODE_TARGET_MM
from recist.organs import LYMPH_NODES, NOT_RECORDED, organ_of
from recist.targets import limits_broken
from recist.visits import FollowedLesion, Reading, Role, Seen, Visit, VisitResponse

COLUMNS = ("subject", "visit", "date", "lesion", "organ", "kind", "diameter", "status")
_NEEDED = ("subject", "visit", "date", "lesion", "diameter", "status")
_BASELINE_NAMES = {"baseline", "bl", "screening", "screen"}
#: A visit's images may be taken on several days; more than this is worth a question. [days]
LONGEST_VISIT_DAYS = 28
#: Kinds that are never targets (rules X1, B2, H1, H2).
_NEVER_TARGETS = frozenset(LesionKind) - {
    LesionKind.SOLID,
    LesionKind.NODE,
    LesionKind.BONE_SOFT_TISSUE,
    LesionKind.CYSTIC,
}


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not accepted; ``row`` counts from 0 without the header."""

    row: int
    message: str
    subject: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """One subject of the table, ready for :func:`recist.follow_up.follow_up`."""

    subject: str
    lesions: tuple[FollowedLesion, ...]
    visits: tuple[Visit, ...]
    unknown_at_baseline: frozenset[Role] = frozenset()
    notes: tuple[str, ...] = ()

    def responses(self) -> tuple[VisitResponse, ...]:
        """Sum and responses of every visit."""
        return follow_up(self.lesions, self.visits, unknown_at_baseline=self.unknown_at_baseline)


@dataclass(frozen=True, slots=True)
class LesionTable:
    """What a table held: patients in order of first appearance, and the rows that were refused."""

    patients: tuple[Patient, ...]
    rejected: tuple[RejectedRow, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row whose cells could be read."""

    number: int
    visit: str
    on: date
    lesion: str
    organ: str
    words: Words
    parts: tuple[int, ...]
    markers: bool | None
    viable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unread:
    """A row that was refused before it could be filed."""

    number: int
    visit: str
    status: str  # as written, with the kind


@dataclass(slots=True)
class _Draft:
    """A patient while the rows are read."""

    lesions: dict[str, FollowedLesion] = field(default_factory=dict)
    dates: dict[str, date] = field(default_factory=dict)
    readings: dict[str, dict[str, Reading]] = field(default_factory=dict)
    markers: dict[str, bool] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)
    unread: list[_Unread] = field(default_factory=list)
    unread_new: set[str] = field(default_factory=set)  # visits
    unknown: set[Role] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def read_lesion_table(rows: Iterable[Mapping[str, str]]) -> LesionTable:
    """Sort the rows of a table into patients.

    Parameters
    ----------
    rows : iterable of mapping
        One for each lesion and visit, keyed by column name; cells are text.

    Raises
    ------
    LesionError
        ``TABLE_COLUMNS`` if a needed column is missing.
    """
    drafts: dict[str, _Draft] = {}
    rejected: list[RejectedRow] = []
    for number, raw in enumerate(rows):
        cells = {
            str(k).strip().lower(): (v or "").strip() for k, v in raw.items() if isinstance(v, str | None)
        }
        if number == 0:
            _check_columns(cells)
        _accept(number, cells, drafts, rejected)
    for subject, draft in drafts.items():
        _settle(subject, draft, rejected)
    patients = tuple(_patient(subject, draft) for subject, draft in drafts.items() if draft.dates)
    return LesionTable(patients, tuple(sorted(rejected, key=lambda r: r.row)))


def _check_columns(cells: Mapping[str, str]) -> None:
    missing = [name for name in _NEEDED if name not in cells]
    if missing:
        raise LesionError(
            "TABLE_COLUMNS",
            f"the table has no column {', '.join(missing)}",
            expected="the columns " + ", ".join(COLUMNS),
            details={"missing": missing, "found": sorted(cells)},
        )


def _accept(
    number: int, cells: Mapping[str, str], drafts: dict[str, _Draft], rejected: list[RejectedRow]
) -> None:
    """Read one row's cells, or say why not; a subject and visit that can be read are kept anyway."""
    subject, visit = cells["subject"], cells["visit"]
    draft = drafts.setdefault(subject, _Draft()) if subject else _Draft()
    try:
        for name in ("subject", "visit", "lesion"):
            if not cells[name]:
                raise LesionError("MISSING_CELL", f"no {name}", expected="a name")
        on = date_of(cells["date"])
        draft.dates[visit] = min(on, draft.dates.get(visit, on))
        words = words_of(cells["status"], cells.get("kind", ""))
        parts, viable = lengths_of(cells["diameter"]), lengths_of(cells.get("viable_diameter", ""))
        organ, markers = cells.get("organ", ""), _markers(cells)
        draft.rows.append(_Row(number, visit, on, cells["lesion"], organ, words, parts, markers, viable))
    except RecistError as error:
        draft.unread.append(_Unread(number, visit, f"{cells['status']} {cells.get('kind', '')}".lower()))
        rejected.append(RejectedRow(number, str(error), subject, error.code))


def _markers(cells: Mapping[str, str]) -> bool | None:
    said = cells.get("markers", "").lower()
    if said not in ("", "normal", "elevated"):
        raise LesionError("UNKNOWN_MARKERS", f"markers {said!r}", expected="normal, elevated or nothing")
    return None if not said else said == "elevated"


def _settle(subject: str, draft: _Draft, rejected: list[RejectedRow]) -> None:
    """Give every lesion its role at baseline, then file the readings visit by visit."""
    baseline = _baseline_of(draft)
    if baseline is None:
        return
    _order_visits(draft, baseline)
    repeated = _contradicting(draft.rows)
    for row in sorted(draft.rows, key=lambda r: (draft.dates[r.visit], r.visit != baseline, r.number)):
        try:
            if (row.visit, row.lesion) in repeated:
                message = f"{row.lesion} has two different rows at visit {row.visit}"
                raise LesionError("REPEATED_ROW", message, expected="one row, or two that agree")
            _file(row, draft, at_baseline=row.visit == baseline)
        except RecistError as error:
            rejected.append(RejectedRow(row.number, str(error), subject, error.code))
            if row.visit == baseline:
                draft.unknown |= _roles_possible(row.words.role, measured=bool(row.parts))
            elif row.words.role is Role.NEW or row.lesion not in draft.lesions:
                draft.unread_new.add(row.visit)
    _weigh_unread(draft, baseline)
    _check_targets(draft, baseline)


def _order_visits(draft: _Draft, baseline: str) -> None:
    """Baseline first; what was imaged before it is not used."""
    start = draft.dates[baseline]
    for visit in [v for v, on in draft.dates.items() if on < start]:
        draft.notes.append(f"visit {visit} lies before baseline and is not used")
    kept = {visit: on for visit, on in draft.dates.items() if on >= start and visit != baseline}
    draft.dates = {baseline: start, **kept}
    draft.rows = [row for row in draft.rows if row.visit in draft.dates]


def _weigh_unread(draft: _Draft, baseline: str) -> None:
    """What the refused rows leave unknown: roles at baseline, new lesions later."""
    for unread in draft.unread:
        if unread.visit == baseline:
            draft.unknown |= _roles_possible(_role_written(unread.status), measured=True)
        elif unread.visit not in draft.dates and baseline.lower() not in _BASELINE_NAMES:
            draft.unknown |= {Role.TARGET, Role.NON_TARGET}  # it may have been the baseline
        elif re.search(r"\bnew\b", unread.status):
            draft.unread_new.add(unread.visit)
    if draft.unknown:
        draft.notes.append("a baseline row was not accepted: sums and responses that need it are unknown")


def _baseline_of(draft: _Draft) -> str | None:
    named = [visit for visit in draft.dates if visit.lower() in _BASELINE_NAMES]
    return min(named or draft.dates, key=lambda visit: draft.dates[visit], default=None)


def _contradicting(rows: list[_Row]) -> set[tuple[str, str]]:
    """Visits and lesions with more than one row that do not say the same."""
    said: dict[tuple[str, str], set[tuple[Words, tuple[int, ...], tuple[int, ...]]]] = {}
    for row in rows:
        said.setdefault((row.visit, row.lesion), set()).add((row.words, row.parts, row.viable))
    return {key for key, statements in said.items() if len(statements) > 1}


def _roles_possible(role: Role | None, *, measured: bool) -> set[Role]:
    if role is not None:
        return {role} - {Role.NEW}
    return {Role.TARGET, Role.NON_TARGET} if measured else {Role.NON_TARGET}


def _role_written(text: str) -> Role | None:
    plain = text.replace("-", " ").replace("_", " ")
    if "non target" in plain or "nontarget" in plain:
        return Role.NON_TARGET
    return Role.TARGET if "target" in plain else None


def _file(row: _Row, draft: _Draft, *, at_baseline: bool) -> None:
    lesion = draft.lesions.get(row.lesion)
    if lesion is None:
        lesion = _first_seen(row, at_baseline=at_baseline)
    elif row.words.role not in (None, lesion.role):
        raise LesionError(
            "CHANGED_ROLE",
            f"{row.lesion} is called {row.words.role.value if row.words.role else ''}",
            expected=f"{lesion.role.value}, as before: a lesion keeps its role",
        )
    reading = _reading(row, lesion)
    if reading.merged_into is not None and reading.merged_into not in draft.lesions:
        raise LesionError(
            "UNKNOWN_CARRIER", f"merged into {reading.merged_into}", expected="a lesion of baseline"
        )
    draft.lesions[row.lesion] = lesion
    draft.readings.setdefault(row.visit, {})[row.lesion] = reading
    if row.markers is not None:
        draft.markers[row.visit] = draft.markers.get(row.visit, False) or row.markers


def _first_seen(row: _Row, *, at_baseline: bool) -> FollowedLesion:
    """The lesion as its first row describes it."""
    role = row.words.role
    if not at_baseline and role is not Role.NEW:
        raise LesionError(
            "NOT_AT_BASELINE",
            f"{row.lesion} is not among the baseline lesions",
            expected="a lesion of the baseline visit, or the status new",
        )
    if at_baseline and role is Role.NEW:
        raise LesionError(
            "NEW_AT_BASELINE", f"{row.lesion} is called new at baseline", expected="target or non-target"
        )
    if role is None:
        role = Role.TARGET if row.parts else Role.NON_TARGET
    kind = row.words.kind
    organ = organ_of(row.organ, kind)
    if kind is None:
        if organ == NOT_RECORDED and role is Role.TARGET:
            raise LesionError(
                "KIND_UNKNOWN", "neither kind nor organ", expected="one of both: nodes count differently"
            )
        kind = LesionKind.NODE if organ == LYMPH_NODES else LesionKind.SOLID
    if role is Role.TARGET and kind in _NEVER_TARGETS:
        raise LesionError("NEVER_A_TARGET", f"a target of kind {kind.value}", expected="a measurable lesion")
    if role is Role.TARGET and not sum(row.parts):
        raise LesionError(
            "NO_DIAMETER", f"target {row.lesion} has no diameter at baseline", expected="millimeters"
        )
    return FollowedLesion(row.lesion, role, organ, kind)


def _reading(row: _Row, lesion: FollowedLesion) -> Reading:
    """What the row says was seen, if status and diameter agree."""
    seen, total = row.words.seen, sum(row.parts)
    if seen in (Seen.ABSENT, Seen.NOT_EVALUATED, Seen.MERGED) and total:
        raise LesionError(
            "CONTRADICTION", f"status {seen.value} with a diameter", expected="only one of both"
        )
    if seen is None and not row.parts and row.words.role in (Role.NEW, Role.NON_TARGET):
        seen = Seen.PRESENT
    if seen is None and not row.parts:
        raise LesionError("EMPTY_ROW", "neither diameter nor status", expected="one of both")
    if seen in (None, Seen.MEASURED, Seen.PRESENT) and row.parts:
        seen = Seen.MEASURED if total else Seen.ABSENT
    if lesion.role is Role.TARGET and seen in (Seen.MEASURED, Seen.PRESENT) and not row.parts:
        raise LesionError(
            "NO_DIAMETER",
            f"target {lesion.id} is present without a diameter",
            expected="millimeters, or too small",
        )
    if lesion.role is Role.TARGET and seen in (Seen.PROGRESSED, Seen.EQUIVOCAL):
        raise LesionError(
            "NOT_FOR_TARGETS", f"target {lesion.id} is called {seen.value}", expected="a diameter"
        )
    viable = sum(row.viable) if row.viable else None
    if total and viable is not None and viable > total:
        raise LesionError(
            "CONTRADICTION", "the enhancing part is longer than the lesion", expected="at most as long"
        )
    return Reading(seen or Seen.MEASURED, row.parts if total else (), row.words.merged_into, viable)


def _check_targets(draft: _Draft, baseline: str) -> None:
    """Say what the table's targets break; they are counted all the same."""
    targets = [lesion for lesion in draft.lesions.values() if lesion.role is Role.TARGET]
    draft.notes += limits_broken([lesion.organ for lesion in targets])
    for lesion in targets:
        reading = draft.readings.get(baseline, {}).get(lesion.id)
        limit = NODE_TARGET_MM if lesion.is_node else LONG_AXIS_MM
        if reading is not None and sum(reading.parts_tenths) < limit * 10:
            draft.notes.append(f"target {lesion.id} is below {limit:g} mm at baseline")
    if len(set(draft.dates.values())) < len(draft.dates):
        draft.notes.append("two visits share a date: their order is that of the table")
    for visit in draft.dates:
        days = [row.on for row in draft.rows if row.visit == visit]
        if days and (max(days) - min(days)).days > LONGEST_VISIT_DAYS:
            draft.notes.append(f"visit {visit} spans {min(days)} to {max(days)}; the first day counts")


def _patient(subject: str, draft: _Draft) -> Patient:
    visits = tuple(
        Visit(name, on, draft.readings.get(name, {}), draft.markers.get(name), name in draft.unread_new)
        for name, on in sorted(draft.dates.items(), key=lambda pair: pair[1])
    )
    lesions = tuple(draft.lesions.values())
    return Patient(subject, lesions, visits, frozenset(draft.unknown), tuple(draft.notes))
