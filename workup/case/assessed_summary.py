"""What a reader signs: the assessment's diameters, measurability and answers, made of their own state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imaging.regions.region import RegionRole
from workup.case.read_summary import summary_of
from workup.case.reads import ReadSummary
from workup.case.state import state_of

if TYPE_CHECKING:
    from workup.assessment import Assessment


def assessed_summary(assessment: Assessment) -> ReadSummary:
    """The summary of an assessment, for signing and for comparison with another reader's."""
    diameters, axes, measurable = {}, {}, {}
    for lesion in assessment.lesions:
        found = lesion.measurement.lesion
        axes[lesion.region.id] = (found.long_axis_mm, found.short_axis_mm)
        node = lesion.region.role is RegionRole.LYMPH_NODE
        length = found.short_axis_mm if node else found.long_axis_mm
        if length is not None:
            diameters[lesion.region.id] = length
        measurable[lesion.region.id] = lesion.measurement.judged.status.value
    return summary_of(
        state_of(assessment.case),
        diameters_mm=diameters,
        axes_mm=axes,
        measurable=measurable,
        targets={lesion.region.id for lesion in assessment.lesions if lesion.role == "target"},
        verdicts={
            "vascular_invasion": assessment.vascular_invasion.status.value,
            "measurable_lesion": assessment.measurable_lesion.status.value,
        },
    )
