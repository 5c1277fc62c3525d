"""Roles and phases from a list of series alone, as a trial office gets it from a PACS query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from imaging.errors import ImagingError
from imaging.phases.agent import named_agent
from imaging.phases.arterial_injection import arterial_injection
from imaging.phases.decision import decide, text_reading
from imaging.phases.phase import Evidence, Phase, PhaseDecision, Role
from imaging.phases.roles import read_role

#: Columns that must be there, and those that help.
REQUIRED_COLUMNS = ("Modality", "SeriesDescription")
OPTIONAL_COLUMNS = ("StudyInstanceUID", "StudyDescription", "SeriesNumber", "ProtocolName")


def check_columns(columns: Iterable[str]) -> None:
    """Refuse a table without the columns that the text is read from.

    Raises
    ------
    ImagingError
        ``SERIES_TABLE_COLUMNS`` naming what is missing.
    """
    given = list(columns)
    missing = [name for name in REQUIRED_COLUMNS if name not in given]
    if missing:
        raise ImagingError(
            "SERIES_TABLE_COLUMNS",
            f"columns {', '.join(given) or 'none'}",
            expected=f"the columns {' and '.join(REQUIRED_COLUMNS)}",
            advice=f"Add {', '.join(missing)}; {', '.join(OPTIONAL_COLUMNS)} help where they are known.",
            details={"missing": missing},
        )


def refuse_encoding(byte: int) -> ImagingError:
    """The refusal of a table that is no UTF-8: guessing would turn 문맥기 into another word."""
    return ImagingError(
        "SERIES_TABLE_ENCODING",
        f"byte {byte} of the table is not UTF-8",
        expected="UTF-8 text",
        advice='Save it as "CSV UTF-8".',
        details={"byte": byte},
    )


@dataclass(frozen=True, slots=True)
class NamedRow:
    """The decision on one row of the table, counted from 0 without the header."""

    row: int
    decision: PhaseDecision


def name_rows(rows: Iterable[Mapping[str, str | None]]) -> list[NamedRow]:
    """Name the role and phase of every row.

    Parameters
    ----------
    rows : iterable of mappings
        One per series: column name to value; missing columns count as empty.
    """
    table = [{name: (value or "").strip() for name, value in row.items() if name} for row in rows]
    texts = _texts_by_study(table)
    return [NamedRow(i, _name(row, texts[_study(i, row)])) for i, row in enumerate(table)]


def _study(i: int, row: Mapping[str, str]) -> tuple[str, str]:
    """One study and modality; a row without a StudyInstanceUID is a study of its own."""
    return row.get("StudyInstanceUID") or f"row {i}", row.get("Modality", "").upper()


def _texts_by_study(table: list[dict[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Every description of a study, which may name its contrast agent, or the artery it went into."""
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for i, row in enumerate(table):
        names = ("StudyDescription", "SeriesDescription", "ProtocolName")
        texts[_study(i, row)] += [row.get(name, "") for name in names]
    return texts


def _name(row: Mapping[str, str], study_texts: Sequence[str]) -> PhaseDecision:
    modality, description = row.get("Modality", "").upper(), row.get("SeriesDescription", "")
    protocol = row.get("ProtocolName", "")
    role = read_role(description or protocol, modality).role
    if role in (Role.LOCALIZER, Role.BOLUS_TRACKING, Role.OTHER_SEQUENCE):
        return decide(role, (Evidence("text", f'SeriesDescription "{description}"', Phase.UNDETERMINED),))
    agent = named_agent(*study_texts, modality=modality)
    reading, recorded = text_reading(description, protocol, modality, agent)
    evidence = (Evidence("text", recorded, reading.phase),) if recorded else ()
    bare = modality == "MR" or reading.phase is Phase.UNENHANCED
    injection = "" if bare else arterial_injection(*study_texts)
    return decide(role, evidence, tuple(filter(None, (reading.conflict, injection))))
