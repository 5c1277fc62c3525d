"""What a read says of lesions and defects, made from a reader's state and its assessment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from imaging.regions.region import Region, RegionRole
from workup.case.reads import DefectRead, LesionRead, Point, ReadSummary
from workup.case.state import CaseState
from workup.lesions import LESION_ROLES


def summary_of(
    state: CaseState,
    *,
    diameters_mm: Mapping[str, float] | None = None,
    axes_mm: Mapping[str, tuple[float | None, float | None]] | None = None,
    measurable: Mapping[str, str] | None = None,
    targets: Collection[str] | None = None,
    verdicts: Mapping[str, str] | None = None,
) -> ReadSummary:
    """The summary of a reader's state.

    Parameters
    ----------
    state
        What the reader saved.
    diameters_mm
        Diameters measured from masks, by region id; a reader's own line outranks them. [mm]
    axes_mm
        Long and short axis by region id as the assessment has them, lines included; without it, the
        reader's lines alone. [mm]
    measurable
        Measurability by region id as the assessment judged it; without it, what the reader stated.
    targets
        Ids of the final targets as the assessment settled them; without it, those the reader chose.
    verdicts
        The assessment's answers by name.
    """
    measured, axes, judged = diameters_mm or {}, axes_mm or {}, measurable or {}
    chosen = {i for i, said in state.lesions.items() if said.target == "yes"}
    final = chosen if targets is None else targets
    lesions = [
        _lesion(r, state, measured, axes, judged, target=r.id in final)
        for r in state.regions
        if r.role in LESION_ROLES or r.id in state.lesions
    ]
    defects = [
        DefectRead(
            r.id,
            center_lps_mm(r),
            _tenths(measured.get(r.id)),
            _statements(state, r.id),
        )
        for r in state.regions
        if r.role is RegionRole.FILLING_DEFECT
    ]
    return ReadSummary(tuple(lesions), tuple(defects), dict(verdicts or {}))


def center_lps_mm(region: Region) -> Point | None:
    """Mean patient position of a region's voxels on its first phase. [mm]"""
    for mask in region.masks.values():
        left, posterior, superior = mask.positions_mm().mean(axis=0)
        return round(float(left), 3), round(float(posterior), 3), round(float(superior), 3)
    return None


def _lesion(
    region: Region,
    state: CaseState,
    measured: Mapping[str, float],
    axes: Mapping[str, tuple[float | None, float | None]],
    judged: Mapping[str, str],
    *,
    target: bool,
) -> LesionRead:
    said = state.lesions.get(region.id)
    long_line, short_line = _line_mm(state, region.id, "long"), _line_mm(state, region.id, "short")
    length = short_line if region.role is RegionRole.LYMPH_NODE else long_line
    long_axis, short_axis = axes.get(region.id, (long_line, short_line))
    margins = said.margins_measurable if said else None
    return LesionRead(
        region.id,
        center_lps_mm(region),
        _tenths(measured.get(region.id) if length is None else length),
        judged.get(region.id, margins.value if margins else None),
        target,
        _tenths(long_axis),
        _tenths(short_axis),
    )


def _line_mm(state: CaseState, region_id: str, axis: str) -> float | None:
    for line in state.lines:
        if line.region_id == region_id and line.axis == axis:
            a, b = line.ends_lps_mm
            return float(np.linalg.norm(np.subtract(a, b)))
    return None


def _tenths(length_mm: float | None) -> int | None:
    if length_mm is None:
        return None
    return int((Decimal(repr(float(length_mm))) * 10).quantize(Decimal(1), ROUND_HALF_UP))


def _statements(state: CaseState, region_id: str) -> dict[str, str | None]:
    said = state.defects.get(region_id)
    if said is None:
        return {}
    answers = {k: v for k, v in asdict(said).items() if k != "comment"}
    return {name: None if value is None else str(value) for name, value in answers.items()}
