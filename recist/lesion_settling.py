"""Rows of one patient into lesions and readings: roles from baseline, then visit by visit."""

from __future__ import annotations

from dataclasses import replace

from recist.errors import LesionError, RecistError
from recist.lesion import LesionKind
from recist.lesion_drafts import Draft, Row, Unread
from recist.lesion_gaps import LONGEST_VISIT_DAYS, baseline_rank, roles_possible, weigh
from recist.lesion_words import Words
from recist.measurability import LONG_AXIS_MM, NODE_TARGET_MM
from recist.organs import kind_of_organ, organ_of
from recist.response import NORMAL_NODE_TENTHS
from recist.targets import NEVER_TARGETS, limits_broken
from recist.visits import FollowedLesion, Reading, Role, Seen


def settle(draft: Draft) -> list[tuple[int, RecistError]]:
    """Give every lesion its role at baseline, then file the readings; the rows that were refused, and why."""
    baseline = _baseline_of(draft)
    if baseline is None:
        return []
    refused: list[tuple[int, RecistError]] = []
    rows = [_described(row, draft.rows) for row in _joined(draft.rows)]
    _order_visits(draft, baseline)
    draft.rows = [row for row in rows if row.visit in draft.dates]
    repeated = _contradicting(draft.rows)
    for row in sorted(draft.rows, key=lambda r: (draft.dates[r.visit], r.visit != baseline, r.number)):
        try:
            if (row.visit, row.lesion) in repeated:
                message = f"{row.lesion} has two different rows at visit {row.visit}"
                raise LesionError("REPEATED_ROW", message, expected="one row, or two that agree")
            _file(row, draft, at_baseline=row.visit == baseline)
        except RecistError as error:
            refused.append((row.number, error))
            if row.visit == baseline:
                draft.unknown |= roles_possible(row.words.role, measured=bool(row.parts))
                continue
            draft.unread.append(_unread(row))
            if row.lesion not in draft.lesions:
                draft.unread_new.add(row.visit)
    weigh(draft, baseline)
    _check_targets(draft, baseline)
    return refused


def _unread(row: Row) -> Unread:
    role = row.words.role.value.replace("_", " ") if row.words.role else ""
    return Unread(row.number, row.visit, role, row.on, row.lesion)


def _baseline_of(draft: Draft) -> str | None:
    """The visit called baseline, else screening, else the first; two of one name leave it unknown."""
    if not draft.dates:
        return None
    ranks = {visit: baseline_rank(visit) for visit in draft.dates}
    best = min(ranks.values())
    named = [visit for visit, rank in ranks.items() if rank == best]
    chosen = min(named, key=lambda visit: draft.dates[visit])
    if baseline_rank(chosen) < baseline_rank("") and len(named) > 1:
        draft.unknown |= {Role.TARGET, Role.NON_TARGET}
        draft.notes.append(f"visits {' and '.join(named)} are all called baseline: which one is, is unknown")
    odd = [v for v, rank in ranks.items() if rank > best and "baseline" in v.casefold()]
    if sum(rank < baseline_rank("") for rank in ranks.values()) > 1 or odd:
        draft.notes.append(f"visit {chosen} is used as baseline")
    return chosen


def _order_visits(draft: Draft, baseline: str) -> None:
    """Baseline first; what was imaged before it is not used."""
    start = draft.dates[baseline]
    for visit in [v for v, on in draft.dates.items() if on < start]:
        draft.notes.append(f"visit {visit} lies before baseline and is not used")
    kept = {visit: on for visit, on in draft.dates.items() if on >= start and visit != baseline}
    draft.dates = {baseline: start, **kept}


def _joined(rows: list[Row]) -> list[Row]:
    """Rows that each hold one part of a lesion that split, as one row."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.visit, row.lesion), []).append(row)
    joined = []
    for group in groups.values():
        fragments = len(group) > 1 and all(row.words.split and len(row.parts) == 1 for row in group)
        joined += [_one_of(group)] if fragments else group
    return joined


def _one_of(fragments: list[Row]) -> Row:
    parts = tuple(part for row in fragments for part in row.parts)
    viable = tuple(part for row in fragments for part in row.viable)
    whole = all(row.viable for row in fragments)
    said = [row.markers for row in fragments if row.markers is not None]
    return replace(
        fragments[0], parts=parts, viable=viable if whole else (), markers=any(said) if said else None
    )


def _described(row: Row, rows: list[Row]) -> Row:
    """The row with organ and kind of the lesion's other rows, where it names neither."""
    same = [other for other in rows if other.lesion == row.lesion]
    kinds = {other.words.kind for other in same if other.words.kind is not None}
    organs = [other.organ for other in sorted(same, key=lambda r: (r.on, r.number)) if other.organ]
    kind = row.words.kind or (kinds.pop() if len(kinds) == 1 else None)
    return replace(row, organ=row.organ or (organs[0] if organs else ""), words=replace(row.words, kind=kind))


def _contradicting(rows: list[Row]) -> set[tuple[str, str]]:
    """Visits and lesions with more than one row that do not say the same, or that speak of parts."""
    said: dict[tuple[str, str], list[tuple[Words, tuple[int, ...], tuple[int, ...]]]] = {}
    for row in rows:
        said.setdefault((row.visit, row.lesion), []).append((row.words, row.parts, row.viable))
    return {
        key
        for key, statements in said.items()
        if len(set(statements)) > 1 or (len(statements) > 1 and statements[0][0].split)
    }


def _file(row: Row, draft: Draft, *, at_baseline: bool) -> None:
    lesion = draft.lesions.get(row.lesion)
    if lesion is None:
        lesion = _first_seen(row, at_baseline=at_baseline)
    elif row.words.role not in (None, lesion.role):
        raise LesionError(
            "CHANGED_ROLE",
            f"{row.lesion} is called {row.words.role.value if row.words.role else ''}",
            expected=f"{lesion.role.value}, as before: a lesion keeps its role",
        )
    if row.words.kind not in (None, lesion.kind):
        raise LesionError(
            "CHANGED_KIND",
            f"{row.lesion} is of kind {row.words.kind.value if row.words.kind else ''}",
            expected=f"{lesion.kind.value}, as before: a lesion keeps its kind",
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


def _first_seen(row: Row, *, at_baseline: bool) -> FollowedLesion:
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
    kind = _kind(row, role)
    if role is Role.TARGET and kind in NEVER_TARGETS:
        raise LesionError("NEVER_A_TARGET", f"a target of kind {kind.value}", expected="a measurable lesion")
    if role is Role.TARGET and not sum(row.parts):
        raise LesionError(
            "NO_DIAMETER", f"target {row.lesion} has no diameter at baseline", expected="millimeters"
        )
    return FollowedLesion(row.lesion, role, organ_of(row.organ, kind), kind)


def _kind(row: Row, role: Role) -> LesionKind:
    """What the lesion is, by its kind or else its organ; never guessed where a node would count otherwise."""
    named, place = row.words.kind, kind_of_organ(row.organ)
    if named is not None:
        if place in (LesionKind.THROMBUS, LesionKind.NODE) and named is not place:
            raise LesionError(
                "CONTRADICTION", f"organ {row.organ!r} of kind {named.value}", expected=f"kind {place.value}"
            )
        return named
    if place is not None:
        return place
    perhaps_a_normal_node = role is Role.NEW and 0 < sum(row.parts) < NORMAL_NODE_TENTHS
    if role is Role.TARGET or perhaps_a_normal_node:
        found = f"no kind, and organ {row.organ!r} leaves it open" if row.organ else "neither kind nor organ"
        raise LesionError("KIND_UNKNOWN", found, expected="a kind: nodes and bone count differently")
    return LesionKind.SOLID


def _reading(row: Row, lesion: FollowedLesion) -> Reading:
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


def _check_targets(draft: Draft, baseline: str) -> None:
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
