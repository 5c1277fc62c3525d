"""What a reader signs: the assessment's diameters, measurability and answers, made of their own state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imaging.regions.region import RegionRole
from workup.case.reads import ReadSummary, summary_of
from workup.case.state import state_of

if TYPE_CHECKING:
    from workup.assessment import Assessment


def assessed_summary(assessment: Assessment) -> ReadSummary:
    """The summary of an assessment, for signing and for comparison with another reader's."""
    diameters, measurable = {}, {}
    for lesion in assessment.lesions:
        axes = lesion.measurement.lesion
        node = lesion.region.role is RegionRole.LYMPH_NODE
        length = axes.short_axis_mm if node else axes.long_axis_mm
        if length is not None:
            diameters[lesion.region.id] = length
        measurable[lesion.region.id] = lesion.measurement.judged.status.value
    return summary_of(
        state_of(assessment.case),
        diameters_mm=diameters,
        measurable=measurable,
        verdicts={
            "vascular_invasion": assessment.vascular_invasion.status.value,
            "measurable_lesion": assessment.measurable_lesion.status.value,
        },
    )
