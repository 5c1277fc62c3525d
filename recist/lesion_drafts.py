"""A patient of a lesion table while the rows are read: accepted rows, refused ones, visits by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from recist.lesion_words import Words
from recist.visits import FollowedLesion, Reading, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
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
class Unread:
    """A row that was refused before it could be filed; ``on`` is None where its date cannot be read."""

    number: int
    visit: str
    status: str  # as written, with the kind
    on: date | None
    lesion: str


@dataclass(slots=True)
class Draft:
    """A patient while the rows are read."""

    lesions: dict[str, FollowedLesion] = field(default_factory=dict)
    dates: dict[str, date] = field(default_factory=dict)
    readings: dict[str, dict[str, Reading]] = field(default_factory=dict)
    markers: dict[str, bool] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    unread_new: set[str] = field(default_factory=set)  # visits
    unread_nadir: set[str] = field(default_factory=set)  # visits
    unknown: set[Role] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    spellings: dict[str, str] = field(default_factory=dict)

    def called(self, visit: str) -> str:
        """The visit as it was first spelled: capitals and blanks make no other visit."""
        return self.spellings.setdefault(" ".join(visit.casefold().split()), visit)

    def seen_on(self, visit: str, on: date) -> None:
        """Take note of a day of a visit; the first one dates it."""
        self.dates[visit] = min(on, self.dates.get(visit, on))

    def add(self, row: Row) -> None:
        """Take an accepted row."""
        self.seen_on(row.visit, row.on)
        self.rows.append(row)
