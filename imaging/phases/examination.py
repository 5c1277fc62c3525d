"""Which acquisitions were taken in one examination.

A folder may hold last year's CT beside today's, a CT beside an MR, even two patients. Phases are named,
"dynamic" is judged, and values are compared within one examination only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from imaging.dicom.times import day
from imaging.phases.phase import DEFINITE, Phase, PhaseDecision, Role
from imaging.volume import Acquisition, AcquisitionHeader, Caution

#: Acquisitions of one examination on two dates lie this close, across midnight. The longest dynamic one is
#: with gadobenate, whose hepatobiliary phase comes after one to three hours. [s]
LONGEST_EXAMINATION_S = 6 * 3600.0
_DAY_S = 86400.0
#: Dates further apart than this have no midnight in common.
_NEIGHBORING_DAYS = 1

_ARTERIAL = frozenset({Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL, Phase.ARTERIAL})
_LATE = frozenset({Phase.PORTAL_VENOUS, Phase.DELAYED, Phase.TRANSITIONAL})

SPLIT_STUDY = (
    "its phases carry {count} study UIDs; one date, one modality and one frame of reference make them one "
    "examination"
)


@dataclass(frozen=True, eq=False)
class Examination:
    """Acquisitions of one patient in one session on one machine."""

    acquisitions: tuple[Acquisition, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of its acquisitions."""
        return tuple(a.key for a in self.acquisitions)

    @property
    def modality(self) -> str:
        """DICOM modality; empty where no header says it."""
        return next((a.header.modality for a in self.acquisitions if a.header.modality), "")

    @property
    def day(self) -> date | None:
        """The first study date that can be read."""
        return next((d for a in self.acquisitions if (d := study_day(a.header))), None)

    @property
    def study_uids(self) -> tuple[str, ...]:
        """StudyInstanceUIDs, each once."""
        return tuple(dict.fromkeys(a.header.study_uid for a in self.acquisitions if a.header.study_uid))

    @property
    def name(self) -> str:
        """Modality and date, as people name it: ``CT of 2025-06-20``."""
        return f"{self.modality or 'examination'} of {self.day or 'unknown date'}"

    @property
    def note(self) -> str:
        """Why more than one StudyInstanceUID counts as one examination; empty where there is one."""
        count = len(self.study_uids)
        return SPLIT_STUDY.format(count=count) if count > 1 else ""


def examinations(acquisitions: Sequence[Acquisition]) -> tuple[Examination, ...]:
    """Acquisitions grouped into examinations, in the order in which each first occurs.

    Every two acquisitions of a group go together by ``why_apart``; what a header does not record keeps
    nothing apart.
    """
    groups: list[list[Acquisition]] = []
    for a in acquisitions:
        fitting = [group for group in groups if not any(why_apart(a.header, b.header) for b in group)]
        uid = a.header.study_uid
        same_uid = [group for group in fitting if any(b.header.study_uid == uid for b in group)]
        chosen = next(iter(same_uid or fitting), None)
        if chosen is None:
            groups.append([a])
        else:
            chosen.append(a)
    return tuple(Examination(tuple(group)) for group in groups)


def why_apart(one: AcquisitionHeader, other: AcquisitionHeader) -> Caution | None:
    """Why two acquisitions do not belong to one examination; None where nothing recorded speaks against it.

    Patient, modality and date must be the same. Two StudyInstanceUIDs still are one examination where the
    date and the frame of reference are known and the same: some sites order the phases apart, and a frame
    of reference is only kept while the patient stays on the table.

    Examples
    --------
    >>> june = AcquisitionHeader(series_uid="1.2", modality="CT", study_date="20250620")
    >>> october = AcquisitionHeader(series_uid="1.3", modality="CT", study_date="20251001")
    >>> why_apart(june, october).message
    'two examinations: 2025-06-20 and 2025-10-01'
    """
    if _both_differ(one.patient_id_hash, other.patient_id_hash):
        return Caution("TWO_PATIENTS", "the images carry different patient identifiers")
    if _both_differ(one.modality, other.modality):
        return _apart(f"{one.modality} and {other.modality}")
    dates = _dates_apart(one, other)
    if dates:
        return _apart(dates)
    frame = one.frame_of_reference_uid
    one_session = study_day(one) and study_day(other) and frame and frame == other.frame_of_reference_uid
    if _both_differ(one.study_uid, other.study_uid) and (not one_session or _too_long(_gap_s(one, other))):
        return _apart("different StudyInstanceUIDs")
    return None


def is_dynamic(decisions: Mapping[str, PhaseDecision], examination: Examination) -> bool | None:
    """Whether an examination shows an arterial and a later phase; None while phases are undetermined."""
    named = [decisions[key] for key in examination.keys if key in decisions]
    images = [d for d in named if d.role is Role.IMAGE]
    phases = {d.phase for d in images}
    if phases & _ARTERIAL and phases & _LATE:
        return True
    if any(d.phase not in DEFINITE for d in images):
        return None
    return False


def study_day(header: AcquisitionHeader) -> date | None:
    """The study date, None where it is not recorded or no date."""
    return day(header.study_date)


def _apart(what: str) -> Caution:
    return Caution("DIFFERENT_EXAM", f"two examinations: {what}")


def _both_differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _dates_apart(one: AcquisitionHeader, other: AcquisitionHeader) -> str:
    """The two dates that no examination spans; empty where they are one, or neighbors across midnight."""
    days = study_day(one), study_day(other)
    apart = abs((days[0] - days[1]).days) if days[0] and days[1] else 0
    gap = _gap_s(one, other)
    if apart > _NEIGHBORING_DAYS or (apart and (gap is None or gap > LONGEST_EXAMINATION_S)):
        return f"{days[0]} and {days[1]}"
    taken = one.acquisition_datetime, other.acquisition_datetime
    if taken[0] and taken[1] and taken[0].date() != taken[1].date():
        return f"acquired on {taken[0].date()} and {taken[1].date()}" if _too_long(gap) else ""
    return ""


def _too_long(gap_s: float | None) -> bool:
    return gap_s is not None and gap_s > LONGEST_EXAMINATION_S


def _gap_s(one: AcquisitionHeader, other: AcquisitionHeader) -> float | None:
    """Time between two acquisitions; without dates the shorter way around midnight. [s]"""
    a, b = one.acquisition_datetime, other.acquisition_datetime
    if a is not None and b is not None and (a.tzinfo is None) is (b.tzinfo is None):
        return abs((a - b).total_seconds())
    if one.acquisition_time_s is None or other.acquisition_time_s is None:
        return None
    gap = abs(one.acquisition_time_s - other.acquisition_time_s)
    return min(gap, _DAY_S - gap)
