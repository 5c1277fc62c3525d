"""The measurable-lesion report: one row a lesion, one picture a lesion with its diameters drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imaging.regions.grids import onto_grid
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition, AcquisitionHeader, Volume
from recist.lengths import shown_mm
from recist.measurability import Status
from workup.label_lesions import NOT_JUDGED, LabelLesion
from workup.report.content import Answer, Cell, Figure, Report, Section, Table, Tone, as_written, number, text
from workup.report.figures import (
    LONG_AXIS_COLOR,
    SHORT_AXIS_COLOR,
    Caliper,
    Outline,
    Panel,
    key_image,
)

TONES = {
    Status.MEASURABLE: Tone.GOOD,
    Status.NOT_MEASURABLE: Tone.BAD,
    Status.UNKNOWN: Tone.OPEN,
    Status.EXCLUDED: Tone.PLAIN,
}
COLUMNS = (
    "lesion",
    "kind",
    "modality",
    "long axis mm",
    "short axis mm",
    "low mm",
    "high mm",
    "estimator",
    "slice",
    "effective slice mm",
    "area mm2",
    "volume ml",
    "threshold mm",
    "rule",
    "measurability",
    "borderline",
    "why",
    "flags and notes",
)
#: Shown brightness of a label where no images were given.
_LABEL_SHADE = 120
#: A key image shows at least this much around a lesion. [mm]
_FIELD_MM = 80.0


def measurable_lesion_table(lesions: Sequence[LabelLesion]) -> Table:
    """Every number of the report, one row a lesion."""
    return Table("lesions", "Lesions", COLUMNS, tuple(_row(lesion) for lesion in lesions))


def _row(lesion: LabelLesion) -> tuple[Cell, ...]:
    measured, judged = lesion.measurement.lesion, lesion.measurement.judged
    found = lesion.measurement.diameters
    low, high = lesion.measurement.interval_mm or (None, None)
    flags = (*(found.flags if found else ()), *judged.overlay, *judged.notes)
    return (
        text(lesion.measurement.lesion.id),
        text(measured.kind.value if measured.kind else None),
        text(measured.modality.value if measured.modality else None),
        _length(measured.long_axis_mm, judged.threshold_mm),
        _length(measured.short_axis_mm, judged.threshold_mm),
        _length(low, judged.threshold_mm),
        _length(high, judged.threshold_mm),
        text(lesion.measurement.method),
        number(lesion.measurement.slice_index, 0),
        as_written(judged.effective_slice_mm),
        number(found.area_mm2 if found else None, 1),
        number(found.volume_ml if found else None, 2),
        as_written(judged.threshold_mm),
        text(judged.rule),
        text(judged.status.value, TONES[judged.status]),
        text("yes" if judged.borderline else "no"),
        text(judged.message),
        text("; ".join(flags)),
    )


def _length(value_mm: float | None, threshold_mm: float | None) -> Cell:
    """A length as printed everywhere: tenths, never on the wrong side of its threshold."""
    return (
        number(None) if value_mm is None else Cell(shown_mm(value_mm, threshold_mm), number=float(value_mm))
    )


def measurable_lesion_report(
    lesions: Sequence[LabelLesion], reference: Acquisition | None, *, footer: str = ""
) -> Report:
    """The report of one label map.

    Parameters
    ----------
    lesions : sequence of LabelLesion
        As measured.
    reference : Acquisition or None
        The images the labels were drawn on; without them the labels themselves are shown.
    footer : str
        Software and version.
    """
    measurable = [lesion for lesion in lesions if lesion.measurement.judged.status is Status.MEASURABLE]
    open_ = [lesion for lesion in lesions if lesion.measurement.judged.status is Status.UNKNOWN]
    answer = Answer(
        question="Measurable lesion (RECIST 1.1)",
        answer="yes" if measurable else "unknown" if open_ else "no",
        why=f"{len(measurable)} of {len(lesions)} measurable, {len(open_)} cannot be judged",
        tone=Tone.GOOD if measurable else Tone.OPEN if open_ else Tone.BAD,
    )
    header = reference.header if reference else None
    thickness = header.slice_thickness_mm if header else None
    facts = (
        ("lesions", str(len(lesions))),
        ("series", header.series_description or "-" if header else "not given"),
        ("slice thickness", f"{thickness:g} mm" if thickness else "not known"),
    )
    pictures = tuple(_picture(lesion, reference) for lesion in lesions)
    return Report(
        title="Measurable lesions",
        language="en",
        facts=facts,
        answers=(answer,),
        sections=(
            Section("Lesions", tables=(measurable_lesion_table(lesions),)),
            Section("Key images", figures=pictures),
        ),
        limits=(
            f"Measured {NOT_JUDGED}.",
            "Diameters from masks: smoothed outline (g0.7) with the interval [pixel centers, pixel corners].",
            "Research use only.",
        ),
        footer=footer,
    )


def _picture(lesion: LabelLesion, reference: Acquisition | None) -> Figure:
    """The slice of the long axis with outline and both axes."""
    measured = lesion.measurement
    drawn = (
        ("long axis", measured.long_ends_lps_mm, measured.lesion.long_axis_mm, LONG_AXIS_COLOR),
        ("short axis", measured.short_ends_lps_mm, measured.lesion.short_axis_mm, SHORT_AXIS_COLOR),
    )
    calipers = tuple(
        Caliper(ends, f"{name} {shown_mm(length, measured.judged.threshold_mm)} mm", color)
        for name, ends, length, color in drawn
        if ends is not None and length is not None
    )
    panel = Panel(
        acquisition=reference or _of_label(lesion),
        slice_index=_slice_in(lesion, reference),
        title=f"lesion {measured.lesion.id}",
        outlines=_outlines(lesion, reference),
        calipers=calipers,
        field_mm=max(_FIELD_MM, 2.2 * (measured.lesion.long_axis_mm or 0.0)),
    )
    what = "the label itself: no images were given" if reference is None else "on the images it was drawn on"
    caption = f"Lesion {measured.lesion.id}, {measured.method}, {what}."
    return Figure(
        f"key image {lesion.label}", key_image([panel]), caption, f"lesion {lesion.label} with axes"
    )


def _outlines(lesion: LabelLesion, reference: Acquisition | None) -> tuple[Outline, ...]:
    """The label on the grid that is shown; its file may count axes in another order."""
    mask, name = lesion.mask, lesion.measurement.lesion.id
    if reference is None:
        return (Outline(mask, name),)
    grid = reference.volume.geometry
    voxels = onto_grid(mask.full(), mask.geometry, grid)
    return () if voxels is None else (Outline(RegionMask.from_full(voxels, grid), name),)


def _slice_in(lesion: LabelLesion, reference: Acquisition | None) -> int:
    """The slice of the axes in the volume that is shown; label map and images may count from both ends."""
    index, ends = lesion.measurement.slice_index or 0, lesion.measurement.long_ends_lps_mm
    if reference is None or ends is None:
        return index
    return int(np.rint(reference.volume.geometry.index(ends[0])[0]))


def _of_label(lesion: LabelLesion) -> Acquisition:
    voxels = np.where(lesion.mask.full(), np.int16(_LABEL_SHADE), np.int16(0)).astype(np.int16)
    header = AcquisitionHeader(series_uid="label", series_description="label map")
    return Acquisition("label", header, Volume(voxels, lesion.mask.geometry, "HU"))
