"""A region with a mask or a reader's lines becomes a lesion that RECIST can judge.

A reader's line outranks the mask. Among masks the reader's own comes before one that was carried over
from another phase, and a phase with clear margins before the arterial phase, in which perfusion around a
tumor enlarges it. A diameter is only ever taken on the grid of acquisition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imaging.findings.diameters import (
    Diameters,
    LineLength,
    Point,
    measure_bidirectional,
    measure_line,
    measure_mask,
)
from imaging.geometry import OBLIQUE_AXIAL_MAX_DEGREES
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole
from imaging.volume import Acquisition, Study
from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.measurability import Measurability, judge, judge_size
from recist.organs import kind_of_organ, organ_of
from workup.case.case import LesionStatement, Line, Statement
from workup.errors import CaseError
from workup.line_cautions import line_cautions, other_lines_caution

#: Regions that are lesions. A filling defect is none: tumor thrombus is never measured as one.
LESION_ROLES = frozenset(
    {RegionRole.PRIMARY_TUMOR, RegionRole.TARGET_LESION, RegionRole.NON_TARGET_LESION, RegionRole.LYMPH_NODE}
)

#: Phases by how well a liver lesion's margin is seen; the arterial ones enlarge it (G7).
_CLEAREST_MARGIN = (
    Phase.PORTAL_VENOUS,
    Phase.DELAYED,
    Phase.TRANSITIONAL,
    Phase.HEPATOBILIARY,
    Phase.UNENHANCED,
    Phase.CONTRAST_UNSPECIFIED,
    Phase.UNDETERMINED,
    Phase.MULTIPLE,
    Phase.LATE_ARTERIAL,
    Phase.ARTERIAL,
    Phase.EARLY_ARTERIAL,
)
#: DICOM Modality -> how the lesion was seen; anything else is not known.
MODALITIES = {"CT": Modality.CT, "MR": Modality.MR, "PT": Modality.PET, "US": Modality.ULTRASOUND}
#: Provenances from the reader's own work to a machine's guess.
_TRUSTED = (Provenance.DRAWN, Provenance.IMPORTED, Provenance.PROPAGATED, Provenance.SUGGESTED)


@dataclass(frozen=True, eq=False, kw_only=True)
class LesionMeasurement:
    """A lesion as measured, where, how, and what RECIST says of it.

    Attributes
    ----------
    lesion : MeasuredLesion
    judged : Measurability
        With the reader's facts: margins, earlier treatment.
    by_size : Measurability
        By kind, size, slices and plane alone.
    method : str
        ``line``, the estimator of the mask, or ``not measured``.
    acquisition_key, slice_index : str, int or None
        Where the axes lie; None if nothing was measured.
    long_ends_lps_mm, short_ends_lps_mm : two points or None
        In patient coordinates. [mm]
    diameters : Diameters or None
        Everything that the mask gave, even where a line outranks it.
    sop_instance_uid : str or None
        The image that holds the axes.
    confirmed : bool
        Whether a reader stands for the length: a line, or an outline that a reader drew or accepted.
    cautions : tuple of str
        Where a reader's line does not fit the outline, and lines that were not used.
    """

    lesion: MeasuredLesion
    judged: Measurability
    by_size: Measurability
    method: str
    acquisition_key: str | None = None
    slice_index: int | None = None
    long_ends_lps_mm: tuple[Point, Point] | None = None
    short_ends_lps_mm: tuple[Point, Point] | None = None
    diameters: Diameters | None = None
    sop_instance_uid: str | None = None
    confirmed: bool = True
    cautions: tuple[str, ...] = ()

    @property
    def interval_mm(self) -> tuple[float, float] | None:
        """Long axis from pixel centers and from pixel corners; None where a line outranks the mask. [mm]"""
        return self.diameters.interval_mm if self.diameters and self.method != "line" else None


def measure_lesion(
    region: Region,
    study: Study,
    decisions: Mapping[str, PhaseDecision],
    statement: LesionStatement,
    lines: Iterable[Line] = (),
    *,
    hcc_overlay: bool = True,
) -> LesionMeasurement:
    """Measure one region and judge it.

    Parameters
    ----------
    region : Region
        What was outlined.
    study : Study
        The acquisitions it was outlined on.
    decisions : mapping of acquisition key to PhaseDecision
        Phase and role of each acquisition.
    statement : LesionStatement
        What the reader says of it.
    lines : iterable of Line
        Every line of the case; those of this region are used.
    hcc_overlay : bool
        Apply the HCC rules H1..H6.

    Raises
    ------
    imaging.errors.MeasurementError
        If a line leaves its slice or the volume, or two lines are not perpendicular.
    CaseError
        ``UNKNOWN_LESION_KIND``.
    """
    own = [line for line in lines if line.region_id == region.id]
    acquisition = _measured_on(region, own, study, decisions)
    there = [line for line in own if acquisition is not None and line.acquisition_key == acquisition.key]
    mask = region.masks.get(acquisition.key) if acquisition is not None else None
    kind = _kind(region, statement)
    diameters = _of_mask(mask, acquisition, kind)
    found = _of_lines(there, acquisition) if there and acquisition else _Axes.of_mask(diameters)
    decision = decisions.get(acquisition.key) if acquisition is not None else None
    cautions = (
        *(line_cautions(there, mask, diameters, found.long_mm) if there else ()),
        *other_lines_caution(own, acquisition.key if acquisition is not None else None, decisions),
    )
    lesion = _lesion(region, statement, kind, acquisition, decision, diameters, found)
    return LesionMeasurement(
        lesion=lesion,
        judged=judge(lesion, hcc_overlay=hcc_overlay),
        by_size=judge_size(lesion, hcc_overlay=hcc_overlay),
        method=found.method,
        acquisition_key=acquisition.key if acquisition is not None and found.slice is not None else None,
        slice_index=found.slice,
        long_ends_lps_mm=found.long_ends,
        short_ends_lps_mm=found.short_ends,
        diameters=diameters,
        sop_instance_uid=_image(acquisition, found.slice),
        confirmed=found.method == "line" or mask is None or mask.verified,
        cautions=cautions,
    )


@dataclass(frozen=True, slots=True)
class _Axes:
    """Long and short axis, from whatever was at hand."""

    method: str = "not measured"
    slice: int | None = None
    long_mm: float | None = None
    short_mm: float | None = None
    long_ends: tuple[Point, Point] | None = None
    short_ends: tuple[Point, Point] | None = None

    @classmethod
    def of_mask(cls, found: Diameters | None) -> _Axes:
        """The axes of a measured mask."""
        if found is None:
            return cls()
        return cls(
            method=found.estimator,
            slice=found.slice,
            long_mm=found.long_axis_mm,
            short_mm=found.short_axis_mm,
            long_ends=found.long_ends_lps_mm,
            short_ends=found.short_ends_lps_mm,
        )

    @classmethod
    def of_lines(cls, long: LineLength | None, short: LineLength | None) -> _Axes:
        """The axes that a reader drew."""
        drawn = long or short
        return cls(
            method="line",
            slice=drawn.slice if drawn else None,
            long_mm=long.length_mm if long else None,
            short_mm=short.length_mm if short else None,
            long_ends=long.ends_lps_mm if long else None,
            short_ends=short.ends_lps_mm if short else None,
        )


def _of_lines(lines: list[Line], acquisition: Acquisition) -> _Axes:
    """The longest long axis that was drawn, and the short axis on its slice."""
    geometry = acquisition.volume.geometry
    drawn = [(line, measure_line(line.ends_lps_mm, geometry)) for line in lines]
    long_ones = [pair for pair in drawn if pair[0].axis == "long"] or drawn
    line, longest = max(long_ones, key=lambda pair: pair[1].length_mm)
    across = [x for x, measured in drawn if x.axis != line.axis and measured.slice == longest.slice]
    if across:
        both = measure_bidirectional(line.ends_lps_mm, across[-1].ends_lps_mm, geometry)
        return _Axes.of_lines(both.long, both.short)
    return _Axes.of_lines(longest, None) if line.axis == "long" else _Axes.of_lines(None, longest)


def _measured_on(
    region: Region, lines: list[Line], study: Study, decisions: Mapping[str, PhaseDecision]
) -> Acquisition | None:
    """The acquisition to measure on, on its native grid.

    With lines, else the reader's own mask; an acquired image before a reformat, axial before any other plane
    (G1, G8); then the phase with clear margins (G7), the thinner slice, and the key, so that no order counts.
    """
    with_lines = {line.acquisition_key for line in lines}

    def preference(acquisition: Acquisition) -> tuple[bool | int | float | str, ...]:
        mask, decision = region.masks.get(acquisition.key), decisions.get(acquisition.key)
        phase = decision.phase if decision else Phase.UNDETERMINED
        trust = _TRUSTED.index(mask.provenance) if mask is not None else len(_TRUSTED)
        unverified = mask is None or not mask.verified
        without_line = acquisition.key not in with_lines
        geometry = acquisition.volume.geometry
        reformatted = decision is None or decision.role is not Role.IMAGE
        across = geometry.degrees_from_axial > OBLIQUE_AXIAL_MAX_DEGREES  # rule G8
        plane = reformatted, across, _CLEAREST_MARGIN.index(phase), geometry.spacing_mm[0]
        return without_line, unverified, trust, *plane, acquisition.key

    marked = {*region.masks, *with_lines}
    usable = [a for a in study if a.key in marked and not a.volume.resampled]
    return min(usable, key=preference, default=None)


def _of_mask(
    mask: RegionMask | None, acquisition: Acquisition | None, kind: LesionKind | None
) -> Diameters | None:
    if mask is None or acquisition is None or acquisition.volume.resampled:
        return None
    return measure_mask(mask, every_slice=kind is LesionKind.NODE)


def _kind(region: Region, statement: LesionStatement) -> LesionKind | None:
    """What the reader calls it; else what its place or its outline's role say; None where both leave it open.

    A primary tumor is solid whatever its segment is called; another place that is not understood may be bone.
    """
    place = kind_of_organ(statement.organ)
    if statement.kind is not None:
        try:
            named = LesionKind(statement.kind)
        except ValueError:
            raise CaseError(
                "UNKNOWN_LESION_KIND",
                f"lesion {region.id} is called {statement.kind!r}",
                expected=", ".join(LesionKind),
            ) from None
        in_a_vein = place is LesionKind.THROMBUS and named is LesionKind.SOLID
        return LesionKind.THROMBUS if in_a_vein else named
    if region.role is RegionRole.FILLING_DEFECT or place is LesionKind.THROMBUS:
        return LesionKind.THROMBUS
    if region.role is RegionRole.LYMPH_NODE or place is LesionKind.NODE:
        return LesionKind.NODE
    in_liver = region.role is RegionRole.PRIMARY_TUMOR and organ_of(statement.organ) != "bone"
    return LesionKind.SOLID if place is not None or not statement.organ or in_liver else None


def _lesion(
    region: Region,
    statement: LesionStatement,
    kind: LesionKind | None,
    acquisition: Acquisition | None,
    decision: PhaseDecision | None,
    diameters: Diameters | None,
    found: _Axes,
) -> MeasuredLesion:
    by_mask = diameters if found.method != "line" else None
    spacing = acquisition.volume.geometry.spacing_mm if acquisition else None
    return MeasuredLesion(
        id=region.id,
        kind=kind,
        organ=_organ(region, statement),
        modality=MODALITIES.get(acquisition.header.modality) if acquisition else None,
        long_axis_mm=found.long_mm,
        short_axis_mm=found.short_mm,
        interval_mm=by_mask.interval_mm if by_mask and kind is not LesionKind.NODE else None,
        largest_short_axis_mm=by_mask.max_short_axis_mm if by_mask else None,
        slice_thickness_mm=acquisition.header.slice_thickness_mm if acquisition else None,
        spacing_mm=spacing[0] if spacing else None,
        plane_degrees_from_axial=acquisition.volume.geometry.degrees_from_axial if acquisition else None,
        plane_acquired=None if decision is None else decision.role is not Role.REFORMAT,
        voxel_anisotropy=max(spacing) / min(spacing) if spacing else None,
        margins_measurable=_said(statement.margins_measurable),
        truncated=by_mask is not None and "truncated" in by_mask.flags,
        previously_treated=_said(statement.locoregional_treated),
        progressed=_said(statement.progressed_after_locoregional),
    )


def _organ(region: Region, statement: LesionStatement) -> str | None:
    """Where the reader says it lies; the primary tumor of an HCC lies in the liver."""
    named = (statement.organ or "").strip()
    return named or ("liver" if region.role is RegionRole.PRIMARY_TUMOR else None)


def _said(statement: Statement | None) -> bool | None:
    return {Statement.YES: True, Statement.NO: False}.get(statement) if statement else None


def _image(acquisition: Acquisition | None, slice_index: int | None) -> str | None:
    if acquisition is None or slice_index is None:
        return None
    uids = acquisition.header.sop_instance_uids
    if len(uids) == 1:
        return uids[0]
    return uids[slice_index] if slice_index < len(uids) else None
