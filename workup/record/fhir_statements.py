"""What the resources of a bundle say of the fields of a record, and which of several statements counts.

Of several results the latest counts. What cannot be ordered (one day, no day, a partial date that overlaps)
and differs leaves the field unknown; so does a latest result that is not understood. Performance status and
body size are those by the day of screening; of a hepatitis or pregnancy test a later result that differs can
neither overrule the one by screening nor be ignored. A result and a questionnaire must say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from eligibility.dates import PartialDate

SCREENING = "reference_dates.screening"
#: Fields a criterion reads as they are at screening: results of a later day do not count.
_AT_SCREENING = ("performance.ecog", "vitals.weight_kg", "vitals.height_cm")
#: Fields of which a later result that differs leaves the question open.
_TESTED = (
    *(f"virology.{name}" for name in ("hbsag", "anti_hbc", "hbv_dna", "anti_hcv", "hcv_rna")),
    "reproductive.pregnant",
)
#: A genome that is looked for and not understood contradicts, perhaps, the negative test beside it, on
#: which alone the rules would call a patient free of infection.
_NEGATIVE_BESIDE = {"virology.hbv_dna": "hbsag", "virology.hcv_rna": "anti_hcv"}


class Origin(Enum):
    """A result of its own day, or an answer to a questionnaire, whose day is that of writing."""

    OBSERVED = "results"
    ANSWERED = "questionnaires"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one resource says of one field.

    Attributes
    ----------
    path : str
        The field, such as ``performance.ecog``.
    value : object
        None where something is said that is not understood.
    day : PartialDate or None
        Day of the result, or on which a questionnaire was written.
    why : str
        Why the value is None.
    """

    path: str
    value: Any
    day: PartialDate | None = None
    origin: Origin = Origin.OBSERVED
    why: str = "the result is not understood"


@dataclass
class FhirRecord:
    """A record read from a bundle, with what was left out."""

    raw: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)


def settle(record: FhirRecord) -> None:
    """Write into the record what counts of every field, and say what was left unknown."""
    by_path: dict[str, list[Statement]] = {}
    for statement in record.statements:
        by_path.setdefault(statement.path, []).append(statement)
    dates = [s for s in by_path.get(SCREENING, []) if s.value is not None]
    screening = _day_of(_agreed(dates, None)) if dates else None
    for statements in by_path.values():
        chosen = _agreed(statements, screening)
        _write(record.raw, chosen)
        record.warnings += _left_out(statements, chosen, screening)
    for genome, name in _NEGATIVE_BESIDE.items():
        if genome in by_path:
            _open_beside(record, genome, name)


def _day_of(statement: Statement) -> PartialDate | None:
    try:
        return PartialDate.parse(str(statement.value))
    except ValueError:
        return None  # the record itself refuses it, with its place


def _agreed(statements: Sequence[Statement], screening: PartialDate | None) -> Statement:
    """Results first, for their day; questionnaires must say the same."""
    sides = [
        _counting(side, screening)
        for origin in Origin
        if (side := [s for s in statements if s.origin is origin])
    ]
    first, last = sides[0], sides[-1]
    if _same(first, last):
        return first
    unread = next((side for side in sides if side.value is None), None)
    return unread or _open(first.path, "a result and a questionnaire contradict each other")


def _counting(statements: Sequence[Statement], screening: PartialDate | None) -> Statement:
    path, origin = statements[0].path, statements[0].origin
    newest = _newest(statements, statements)
    if screening is None or path not in (*_AT_SCREENING, *_TESTED):
        return newest
    counted = [s for s in statements if not _is_after(s, screening)]
    if len(counted) == len(statements) and path in _TESTED:
        return newest
    certain = [s for s in counted if s.day is not None and s.day.last <= screening.first]
    if path in _AT_SCREENING and origin is Origin.OBSERVED:
        return (
            _newest(counted, certain) if counted else _open(path, "every result is of a day after screening")
        )
    if not counted:
        return newest
    then = _newest(counted, certain)
    if then.value is None or _same(then, newest):
        return then
    return _open(path, "a statement of a day after screening differs from the one before")


def _is_after(statement: Statement, screening: PartialDate) -> bool:
    return statement.day is not None and statement.day.first > screening.last


def _newest(statements: Sequence[Statement], certain: Sequence[Statement]) -> Statement:
    """The latest statement, if all that may be the latest say the same.

    ``certain`` are those that surely count, so that whatever lies before them is superseded.
    """
    floor = max((s.day.first for s in certain if s.day is not None), default=date.min)
    contenders = [s for s in statements if s.day is None or s.day.last >= floor]
    latest = max(contenders, key=lambda s: (s.day is not None, s.day.last if s.day else date.min))
    if all(_same(s, latest) for s in contenders):
        return latest
    unread = next((s for s in contenders if s.value is None), None)
    return unread or _open(latest.path, f"{latest.origin.value} contradict each other")


def _same(one: Statement, two: Statement) -> bool:
    """Equal values; true is not the number 1."""
    return one.value == two.value and isinstance(one.value, bool) is isinstance(two.value, bool)


def _open(path: str, why: str) -> Statement:
    return Statement(path, None, why=why)


def _write(raw: dict[str, Any], chosen: Statement) -> None:
    """Put a value in its place, with the day of the result where there is one."""
    *blocks, name = chosen.path.split(".")
    block = raw
    for step in blocks:
        block = block.setdefault(step, {})
    block[name] = chosen.value
    if chosen.origin is Origin.OBSERVED and chosen.day is not None and chosen.value is not None:
        block[name] = {"value": chosen.value, "recorded_on": str(chosen.day)}


def _left_out(
    statements: Sequence[Statement], chosen: Statement, screening: PartialDate | None
) -> Iterator[str]:
    if chosen.value is None:
        yield f"{chosen.path}: {chosen.why}; left unknown"
        return
    if any(s.value is None for s in statements):
        yield f"{chosen.path}: a result that is not understood is left out; a later one counts"
    if chosen.path in _AT_SCREENING and screening is not None:
        for statement in statements:
            if statement.origin is Origin.OBSERVED and _is_after(statement, screening):
                taken = f"the result of {statement.day} was taken after screening"
                yield f"{chosen.path}: {taken} and does not count"


def _open_beside(record: FhirRecord, genome: str, name: str) -> None:
    virology = record.raw["virology"]
    beside = virology.get(name)
    beside = beside["value"] if isinstance(beside, dict) else beside
    if virology[genome.removeprefix("virology.")] is None and beside == "negative":
        virology[name] = None
        record.warnings.append(f"virology.{name}: negative, but {genome} is not understood; left unknown")
