"""What a read still lacks before it is complete: a list, never a pop-up."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.phases.phase import DEFINITE, Role
from imaging.regions.region import RegionRole
from workup.case.case import DefectStatement, LesionStatement
from workup.lesions import LESION_ROLES
from workup.reading import Reading
from workup.reading_answers import DEFECT_QUESTIONS, LESION_QUESTIONS
from workup.reading_state import RegionEntry

#: Questions that only matter after another answer.
_ONLY_IF_TREATED = "progressed_after_locoregional"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing, and where to go for it."""

    says: str
    region_id: str | None = None
    acquisition_key: str | None = None


def missing(reading: Reading) -> tuple[Missing, ...]:
    """Everything that keeps the read from being complete, in the order of working."""
    return (*_reader(reading), *_phases(reading), *_regions(reading), *_completeness(reading))


def _reader(reading: Reading) -> tuple[Missing, ...]:
    return () if reading.reader else (Missing("The reader's name"),)


def _phases(reading: Reading) -> tuple[Missing, ...]:
    found = []
    for acquisition in reading.study:
        decision = reading.decisions.get(acquisition.key)
        if decision is not None and decision.role is not Role.IMAGE:
            continue
        if reading.phase(acquisition.key) not in DEFINITE:
            number = acquisition.header.series_number
            found.append(Missing(f"The phase of series {number or '?'}", acquisition_key=acquisition.key))
    return tuple(found)


def _regions(reading: Reading) -> tuple[Missing, ...]:
    entries = reading.state.regions.values()
    found = [] if entries else [Missing("An outline of the filling defect or the lesion")]
    compared = any(e.role is RegionRole.FILLING_DEFECT or e.role in LESION_ROLES for e in entries)
    if compared and not any(e.role is RegionRole.REFERENCE_LIVER for e in entries):
        found.append(Missing("Reference liver: without it there is no washout"))
    for entry in entries:
        found += _outline(reading, entry)
        found += _statements(reading, entry)
    return tuple(found)


def _outline(reading: Reading, entry: RegionEntry) -> list[Missing]:
    found = []
    measured = any(line.region_id == entry.id for line in reading.state.lines)
    if not entry.masks and not measured:
        found.append(Missing(f"{entry.id}: its outline", entry.id))
    waiting = [key for key, how in entry.masks.items() if not how.verified]
    if waiting:
        phases = "phase" if len(waiting) == 1 else "phases"
        text = f"{entry.id}: confirm the outline on {len(waiting)} {phases}"
        found.append(Missing(text, entry.id, waiting[0]))
    if entry.role is RegionRole.FILLING_DEFECT and (entry.vessel is None or entry.level is None):
        found.append(Missing(f"{entry.id}: vessel and level", entry.id))
    return found


def _statements(reading: Reading, entry: RegionEntry) -> list[Missing]:
    if entry.role is RegionRole.FILLING_DEFECT:
        defect = reading.state.defects.get(entry.id, DefectStatement())
        open_ = [text for name, text in DEFECT_QUESTIONS if getattr(defect, name) is None]
    elif entry.role in LESION_ROLES:
        lesion = reading.state.lesions.get(entry.id, LesionStatement())
        asked = [(n, t) for n, t in LESION_QUESTIONS if n not in (_ONLY_IF_TREATED, "target")]
        if lesion.locoregional_treated == "yes":
            asked += [(n, t) for n, t in LESION_QUESTIONS if n == _ONLY_IF_TREATED]
        open_ = [text for name, text in asked if getattr(lesion, name) is None]
    else:
        return []
    return [Missing(f"{entry.id}: {text.lower()}?", entry.id) for text in open_]


def _completeness(reading: Reading) -> tuple[Missing, ...]:
    if reading.state.complete:
        return ()
    return (Missing("Your word that every filling defect and candidate lesion is outlined"),)
