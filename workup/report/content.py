"""What a report says, without markup: sections, tables, figures, sentences.

Every format (HTML, PDF, Markdown, XLSX, CSV) renders this one value, so the same number cannot
differ between two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imaging.findings.printed_numbers import shown


class Tone(StrEnum):
    """How an answer should look; never the only carrier of its meaning."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that the first page answers."""

    question: str
    answer: str
    why: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; ``number`` keeps the exact value for spreadsheets, ``href`` leads to a file beside."""

    text: str
    tone: Tone = Tone.PLAIN
    number: float | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. ``name`` is short and stable: it titles sheets and CSV files."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture (PNG bytes) with its caption."""

    name: str
    png: bytes
    caption: str
    alt: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; ``folded`` sections open on a click."""

    title: str
    paragraphs: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    ``facts`` are the short name-value pairs under the title (case, study date, reader, ...).
    """

    title: str
    language: str
    facts: tuple[tuple[str, str], ...]
    answers: tuple[Answer, ...]
    sections: tuple[Section, ...]
    limits: tuple[str, ...]
    footer: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table in order."""
        return tuple(table for section in self.sections for table in section.tables)


def text(value: object, tone: Tone = Tone.PLAIN) -> Cell:
    """Cell of a word; None becomes an em dash, which means "not recorded"."""
    return Cell("—" if value is None or value == "" else str(value), tone)


def number(value: float | None, digits: int = 1, unit: str = "", tone: Tone = Tone.PLAIN) -> Cell:
    """Cell of a number printed with ``digits`` decimals; the exact value stays for spreadsheets."""
    if value is None:
        return Cell("—", tone)
    printed = f"{shown(value, decimals=digits)} {unit}".strip()
    return Cell(printed, tone, value if isinstance(value, int) else float(value))


def as_written(value: float | None) -> Cell:
    """Cell of a limit or of a number from a header, printed as the reasons print it.

    Rounded, a limit of 10.04 mm would read "10.0" beside a length of 10.0 mm that lies below it:

    >>> as_written(10.04).text, as_written(15.0).text
    ('10.04', '15')
    """
    return text(None) if value is None else Cell(f"{value:g}", number=float(value))
