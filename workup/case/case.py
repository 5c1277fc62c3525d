"""What goes into an assessment: images, regions, lines, a reader's statements, a patient record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from imaging.phases.phase import Phase
from imaging.regions.region import Region
from imaging.volume import Study
from workup.errors import CaseError


class Statement(StrEnum):
    """A reader's answer. Not asked is None, which is something else."""

    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class DefectStatement:
    """What the reader says of one filling defect; None where nothing was said."""

    filling_defect: Statement | None = None
    adjacent_to_primary: Statement | None = None
    arterial_enhancement: Statement | None = None
    washout_portal: Statement | None = None
    washout_delayed: Statement | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        _take_words(self)


@dataclass(frozen=True, slots=True)
class LesionStatement:
    """What the reader says of one lesion; None where nothing was said."""

    malignant: Statement | None = None
    margins_measurable: Statement | None = None
    locoregional_treated: Statement | None = None
    progressed_after_locoregional: Statement | None = None
    kind: str | None = (
        None  # "solid", "node", "bone_soft_tissue", "bone_blastic", "cystic", "simple_cyst", ...
    )
    target: Statement | None = None
    present: Statement | None = None  # at follow-up; NO: the lesion is gone
    unequivocal_progression: Statement | None = None  # at follow-up, of a non-target
    comment: str = ""
    organ: str | None = None  # in words; where none is named, a lesion counts for the liver

    def __post_init__(self) -> None:
        _take_words(self)


def _take_words(said: DefectStatement | LesionStatement) -> None:
    """Words become the answers they name: "no", compared with Statement.NO by `is`, would not be heard.

    Raises
    ------
    CaseError
        ``BAD_READING`` for a word that is no answer.
    """
    for each in fields(said):
        word = getattr(said, each.name)
        if each.type != "Statement | None" or word is None:
            continue
        if word not in set(Statement):
            raise CaseError("BAD_READING", f"{each.name} {word!r}", expected="yes, no or uncertain")
        object.__setattr__(said, each.name, Statement(word))


@dataclass(frozen=True, slots=True)
class Line:
    """A reader's caliper line on one slice, in patient coordinates.

    Attributes
    ----------
    region_id : str
        The lesion it measures.
    acquisition_key : str
        The acquisition it was drawn on; both ends lie on one of its slices.
    axis : "long" or "short"
    ends_lps_mm : ((l, p, s), (l, p, s))
        End points. [mm]
    """

    region_id: str
    acquisition_key: str
    axis: str
    ends_lps_mm: tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, eq=False)
class Case:
    """One patient's work-up as it goes into ``assess``. Unknown parts are empty or None."""

    study: Study
    regions: tuple[Region, ...] = ()
    phase_labels: Mapping[str, Phase] = field(default_factory=dict)  # reader's, by acquisition key
    lines: tuple[Line, ...] = ()
    defects: Mapping[str, DefectStatement] = field(default_factory=dict)  # by region id
    lesions: Mapping[str, LesionStatement] = field(default_factory=dict)  # by region id
    reader: str | None = None
    record: Mapping[str, Any] | None = None  # patient record, schema 1.0, as read (numbers as Decimal or str)
    case_id: str = ""
    complete: bool = False  # the reader states that every filling defect and candidate lesion is outlined
    comparable_override: str = ""  # why the reader compares phases of other kernel or slice thickness
