"""The key images of an assessment: each defect through the phases, each lesion with its diameters."""

from __future__ import annotations

from imaging.findings.assess_region import RegionFindings
from imaging.findings.noise import Z95
from imaging.findings.printed_numbers import shown
from imaging.regions.region import Region, RegionMask, RegionRole
from recist.lengths import shown_mm
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.report.content import Figure
from workup.report.figures import (
    LONG_AXIS_COLOR,
    OUTLINE_COLORS,
    SHORT_AXIS_COLOR,
    Caliper,
    Curve,
    Outline,
    Panel,
    curves_image,
    key_image,
    middle_slice,
)

#: Side of the square shown around a filling defect. [mm]
DEFECT_FIELD_MM = 150.0
#: Phases shown beside each other at the most.
MOST_PANELS = 4


def defect_figures(defect: DefectAssessment, assessment: Assessment) -> tuple[Figure, ...]:
    """The defect outlined on each phase, and its curve beside liver and aorta."""
    tumors = [r for r in assessment.case.regions if r.role is RegionRole.PRIMARY_TUMOR]
    tumor = next((r for r in tumors if r.id == defect.nearest_tumor), tumors[0] if tumors else None)
    panels = []
    for measured in defect.findings.phases[:MOST_PANELS]:
        mask = defect.region.masks[measured.acquisition_key]
        outlines = [Outline(mask, defect.region.id)]
        if tumor is not None and measured.acquisition_key in tumor.masks:
            outlines.append(Outline(tumor.masks[measured.acquisition_key], tumor.id, OUTLINE_COLORS[1]))
        panels.append(
            Panel(
                acquisition=assessment.case.study[measured.acquisition_key],
                slice_index=middle_slice(mask),
                title=_panel_title(measured.phase.value, measured.statistics.mean, defect.findings.unit),
                outlines=tuple(outlines),
                field_mm=DEFECT_FIELD_MM,
            )
        )
    if not panels:
        return ()
    caption = f"{defect.region.id} on each phase, on that phase's own slice; patient's right is on the left."
    strip = Figure(
        f"key image {defect.region.id}", key_image(panels), caption, f"{defect.region.id} outlined", wide=True
    )
    return strip, _curve(defect.findings, assessment)


def lesion_figures(lesion: LesionAssessment, assessment: Assessment) -> tuple[Figure, ...]:
    """The slice of the long axis with both diameters drawn, whole and close."""
    measurement = lesion.measurement
    if measurement.acquisition_key is None or measurement.slice_index is None:
        return ()
    acquisition = assessment.case.study[measurement.acquisition_key]
    calipers = tuple(
        Caliper(ends, f"{name} {shown_mm(length, measurement.judged.threshold_mm)} mm", color)
        for name, ends, length, color in (
            ("long axis", measurement.long_ends_lps_mm, measurement.lesion.long_axis_mm, LONG_AXIS_COLOR),
            ("short axis", measurement.short_ends_lps_mm, measurement.lesion.short_axis_mm, SHORT_AXIS_COLOR),
        )
        if ends is not None and length is not None
    )
    mask: RegionMask | None = lesion.region.masks.get(measurement.acquisition_key)
    outlines = (Outline(mask, lesion.region.id),) if mask is not None else ()
    phase = assessment.decisions[measurement.acquisition_key].phase.replace("_", " ")
    close = max(80.0, 2.2 * (measurement.lesion.long_axis_mm or 0.0))
    panels = [
        Panel(acquisition, measurement.slice_index, phase, outlines),
        Panel(acquisition, measurement.slice_index, "diameters", outlines, calipers, close),
    ]
    caption = f"{lesion.region.id}: {measurement.method}, {phase}, slice {measurement.slice_index}."
    picture = key_image(panels, height_inches=3.8)
    return (
        Figure(
            f"key image {lesion.region.id}", picture, caption, f"{lesion.region.id} with diameters", wide=True
        ),
    )


def _panel_title(phase: str, mean: float | None, unit: str) -> str:
    named = phase.replace("_", " ")
    printed = "" if mean is None else f"   {shown(mean, decimals=0)} {unit if unit == 'HU' else ''}"
    return f"{named}{printed}".rstrip()


def _curve(findings: RegionFindings, assessment: Assessment) -> Figure:
    keys = [m.acquisition_key for m in findings.phases]
    regions = {r.id: r for r in assessment.case.regions}
    beside = [
        r
        for r in assessment.case.regions
        if r.role in (RegionRole.REFERENCE_LIVER, RegionRole.PORTAL_VEIN) and r.id != findings.region_id
    ]
    curves = [_region_curve(regions[findings.region_id], keys, assessment)]
    curves += [_region_curve(r, keys, assessment) for r in beside[:3]]
    picture = curves_image([m.phase.value for m in findings.phases], curves, findings.unit)
    caption = "Mean of each region; bars are 95 % intervals of the mean from its own spread and N_eff."
    return Figure(f"curve {findings.region_id}", picture, caption, f"curve of {findings.region_id}")


def _region_curve(region: Region, keys: list[str], assessment: Assessment) -> Curve:
    found = [assessment.statistics.get((region.id, key)) for key in keys]
    return Curve(
        label=region.id.replace("_", " "),
        means=tuple(None if s is None else s.mean for s in found),
        half_widths=tuple(None if s is None or s.sd is None else Z95 * s.sd / s.n_eff**0.5 for s in found),
    )
