"""The examination that a region belongs to: the one that holds its masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imaging.findings.finding import Reason
from imaging.phases.examination import Examination, examinations, is_dynamic
from imaging.phases.phase import PhaseDecision
from imaging.regions.region import Provenance, Region
from imaging.volume import Study

#: Whether an examination is dynamic, from what serves best.
_BY_DYNAMIC = (True, None, False)


def region_examinations(region: Region, study: Study) -> tuple[Examination, ...]:
    """Examinations that hold the region's masks, counting those alone that are trusted most.

    A mask that a reader confirmed says where the region was read. Where none is confirmed, one that was
    drawn, suggested or imported outranks one that was carried over, which may land in any examination.
    """
    held = {a.key for a in study} & region.masks.keys()
    confirmed = {key for key in held if region.masks[key].verified}
    own = {key for key in held if region.masks[key].provenance is not Provenance.PROPAGATED}
    keys = confirmed or own or held
    return tuple(e for e in examinations(study.acquisitions) if keys & set(e.keys))


def region_examination(
    region: Region, study: Study, decisions: Mapping[str, PhaseDecision]
) -> Examination | None:
    """The examination that a region is measured in; None for a region without masks.

    Among several: a dynamic one (or one that may be), the one with most of its masks, the latest, the first.
    """

    def preference(examination: Examination) -> tuple[int, int, int]:
        masks = region.masks.keys() & set(examination.keys)
        day = examination.day.toordinal() if examination.day else 0
        return _BY_DYNAMIC.index(is_dynamic(decisions, examination)), -len(masks), -day

    return min(region_examinations(region, study), key=preference, default=None)


def measured_study(region: Region, study: Study, decisions: Mapping[str, PhaseDecision]) -> Study:
    """The part of a study that is the region's examination; all of it for a region without masks."""
    examination = region_examination(region, study, decisions)
    return study if examination is None else replace(study, acquisitions=examination.acquisitions)


def other_examinations(
    region: Region, study: Study, decisions: Mapping[str, PhaseDecision]
) -> tuple[Reason, ...]:
    """That a region is outlined in other examinations, too, whose phases are not compared."""
    examination = region_examination(region, study, decisions)
    others = [e for e in region_examinations(region, study) if examination and e.keys != examination.keys]
    if examination is None or not others:
        return ()
    names = " and the ".join(e.name for e in others)
    text = (
        f"{region.id} is outlined in the {names}, too; phases of different examinations are never compared, "
        f"and only those of the {examination.name} are measured"
    )
    return (Reason("DIFFERENT_EXAM", text),)
