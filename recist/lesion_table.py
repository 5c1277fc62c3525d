"""A trial's lesion table, one row for each lesion and visit, into patients over time.

Columns: ``subject, visit, date, lesion, organ, kind, diameter, status``, and optional ``markers`` and
``viable_diameter`` (of the arterially enhancing part, for mRECIST only).
A row that cannot be accepted is named with its reason and counts as "not evaluated"; it is never
repaired. If it stood at baseline, or may have, the patient's sums are unknown, and so are responses that
need them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from recist.errors import LesionError, RecistError
from recist.follow_up import follow_up
from recist.lesion_drafts import Draft, Row, Unread
from recist.lesion_gaps import adopt
from recist.lesion_settling import settle
from recist.lesion_words import date_of, lengths_of, words_of
from recist.visits import FollowedLesion, Role, Visit, VisitResponse

COLUMNS = ("subject", "visit", "date", "lesion", "organ", "kind", "diameter", "status")
_NEEDED = ("subject", "visit", "date", "lesion", "diameter", "status")


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


def read_lesion_table(rows: Iterable[Mapping[Any, Any]]) -> LesionTable:
    """Sort the rows of a table into patients.

    Parameters
    ----------
    rows : iterable of mapping
        One for each lesion and visit, keyed by column name; cells are text. Cells beyond the last column
        stand under the key None, as ``csv.DictReader`` has them. Rows without any word are passed over.

    Raises
    ------
    LesionError
        ``TABLE_COLUMNS`` if a needed column is missing, or one stands twice.
    """
    drafts: dict[str, Draft] = {}
    orphans: list[Unread] = []
    rejected: list[RejectedRow] = []
    for number, raw in enumerate(rows):
        if number == 0:
            check_columns([str(name) for name in raw if name is not None])
        if not any(_cells(raw).values()) and not any(raw.get(None) or ()):
            continue  # spreadsheets save the empty rows below a table with it
        try:
            _accept(number, raw, drafts, orphans)
        except RecistError as error:
            subject = _cells(raw)["subject"]
            rejected.append(RejectedRow(number, str(error), subject, error.code))
    for draft in drafts.values():
        adopt(draft, orphans)
    _note_alike(drafts)
    for subject, draft in drafts.items():
        rejected += [RejectedRow(n, str(e), subject, e.code) for n, e in settle(draft)]
    patients = tuple(_patient(subject, draft) for subject, draft in drafts.items() if draft.dates)
    return LesionTable(patients, tuple(sorted(rejected, key=lambda r: r.row)))


def check_columns(names: Sequence[str]) -> None:
    """Refuse a header without a needed column, or with one that stands twice.

    Raises
    ------
    LesionError
        ``TABLE_COLUMNS``.
    """
    found = [name.strip().lower() for name in names]
    missing = [name for name in _NEEDED if name not in found]
    twice = sorted(name for name, count in Counter(found).items() if count > 1 and name)
    if missing or twice:
        what = f"no column {', '.join(missing)}" if missing else f"two columns {', '.join(twice)}"
        raise LesionError(
            "TABLE_COLUMNS",
            f"the table has {what}",
            expected="the columns " + ", ".join(COLUMNS) + ", each once",
            advice="The first line names the columns: delete titles above it.",
            details={"missing": missing, "twice": twice, "found": sorted(found)},
        )


def _cells(raw: Mapping[Any, Any]) -> dict[str, str]:
    return {
        str(k).strip().lower(): (v or "").strip()
        for k, v in raw.items()
        if k is not None and isinstance(v, str | None)
    }


def _accept(number: int, raw: Mapping[Any, Any], drafts: dict[str, Draft], orphans: list[Unread]) -> None:
    """File one row's cells, or keep what can be told of it (whose, which visit) and say why not."""
    cells = _cells(raw)
    subject = cells["subject"]
    draft = drafts.setdefault(subject, Draft()) if subject else None
    on = _date_or_none(cells["date"])
    surplus = any(str(cell or "").strip() for cell in raw.get(None) or ())
    visit = "" if surplus and on is None else cells["visit"]  # cells before a readable date stand in place
    try:
        row = _row(number, cells, draft.called(visit) if draft else visit, surplus=surplus)
        if draft is not None:
            draft.add(row)
    except RecistError:
        written = f"{cells['status']} {cells.get('kind', '')}".lower()
        if draft is not None and on is not None and visit and cells["lesion"]:
            draft.seen_on(draft.called(visit), on)
        unread = Unread(number, draft.called(visit) if draft else visit, written, on, cells["lesion"])
        (orphans if draft is None else draft.unread).append(unread)
        raise


def _row(number: int, cells: Mapping[str, str], visit: str, *, surplus: bool) -> Row:
    if surplus:
        raise LesionError(
            "SURPLUS_CELLS",
            "the row has more cells than the table has columns",
            expected="one cell for each column",
            advice="Write a decimal point, not a comma; put text that holds a separator in quotes.",
        )
    for name in ("subject", "visit", "lesion"):
        if not cells[name]:
            raise LesionError("MISSING_CELL", f"no {name}", expected="a name")
    return Row(
        number=number,
        visit=visit,
        on=date_of(cells["date"]),
        lesion=cells["lesion"],
        organ=cells.get("organ", ""),
        words=words_of(cells["status"], cells.get("kind", "")),
        parts=lengths_of(cells["diameter"]),
        markers=_markers(cells),
        viable=lengths_of(cells.get("viable_diameter", "")),
    )


def _date_or_none(text: str) -> date | None:
    try:
        return date_of(text)
    except LesionError:
        return None


def _markers(cells: Mapping[str, str]) -> bool | None:
    said = cells.get("markers", "").lower()
    if said not in ("", "normal", "elevated"):
        raise LesionError("UNKNOWN_MARKERS", f"markers {said!r}", expected="normal, elevated or nothing")
    return None if not said else said == "elevated"


def _note_alike(drafts: Mapping[str, Draft]) -> None:
    """Say where two subjects differ in capitals only."""
    alike = Counter(subject.casefold() for subject in drafts)
    for subject, draft in drafts.items():
        if alike[subject.casefold()] > 1:
            draft.notes.append(f"another subject differs from {subject} in capitals only")


def _patient(subject: str, draft: Draft) -> Patient:
    visits = tuple(
        Visit(
            name,
            on,
            draft.readings.get(name, {}),
            draft.markers.get(name),
            unread_new=name in draft.unread_new,
            unread_nadir=name in draft.unread_nadir,
        )
        for name, on in sorted(draft.dates.items(), key=lambda pair: pair[1])
    )
    lesions = tuple(draft.lesions.values())
    return Patient(subject, lesions, visits, frozenset(draft.unknown), tuple(draft.notes))
