"""Roles and phases from a list of series alone, as a trial office gets it from a PACS query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imaging.errors import ImagingError
from imaging.phases.agent import Agent, named_agent
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
    agents = _agents(table)
    return [
        NamedRow(i, _name(row, agents.get(row.get("StudyInstanceUID", ""), Agent.UNKNOWN)))
        for i, row in enumerate(table)
    ]


def _agents(table: list[dict[str, str]]) -> dict[str, Agent]:
    """Contrast agent that any row of a study names, by StudyInstanceUID."""
    texts: dict[str, list[str]] = defaultdict(list)
    for row in table:
        study = row.get("StudyInstanceUID", "")
        if study:
            texts[study] += [
                row.get(name, "") for name in ("StudyDescription", "SeriesDescription", "ProtocolName")
            ]
    return {study: named_agent(*words) for study, words in texts.items()}


def _name(row: Mapping[str, str], agent: Agent) -> PhaseDecision:
    modality, description = row.get("Modality", "").upper(), row.get("SeriesDescription", "")
    protocol = row.get("ProtocolName", "")
    if agent is Agent.UNKNOWN:
        agent = named_agent(row.get("StudyDescription"), description, protocol)
    role = read_role(description or protocol, modality).role
    if role in (Role.LOCALIZER, Role.BOLUS_TRACKING, Role.OTHER_SEQUENCE):
        return decide(role, (Evidence("text", f'SeriesDescription "{description}"', Phase.UNDETERMINED),))
    reading, recorded = text_reading(description, protocol, modality, agent)
    evidence = (Evidence("text", recorded, reading.phase),) if recorded else ()
    return decide(role, evidence, (reading.conflict,) if reading.conflict else ())
