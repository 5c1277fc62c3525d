"""RTSTRUCT contours as masks: closed planar contours, filled even-odd on the slices they lie on.

Contours are drawn by planning systems on the slices of one series. A contour between slices has no voxel to
fill, so it is refused rather than moved. Where contours of one structure nest or cross on a slice, a pixel
is inside if an odd number of them hold its center: that makes holes holes and islands islands, and is
what the keyhole technique expects too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from imaging.errors import RegionError
from imaging.geometry import VolumeGeometry
from imaging.regions.named_acquisitions import acquisition_named, same_frame, series_told
from imaging.regions.region import Provenance, RegionMask
from imaging.regions.segment_roles import SKIP, SegmentIdentity, regions_of
from imaging.volume import Acquisition, Study
from workup.exchange.imported import Imported, LeftOut

#: A contour this far from its slice plane is on it: coordinates are often written in tenths. [mm]
PLANE_TOLERANCE_MM = 0.1

#: Closed planar contours, the second kind with the even-odd rule in its name.
_CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})

Contours = list[NDArray[np.float64]]


def read_rtstruct(
    path: Path | str,
    study: Study,
    *,
    roles: Mapping[str, str] | None = None,
    acquisition_key: str | None = None,
    verified: bool = False,
) -> Imported:
    """Structures of an RTSTRUCT as regions of the series that they were drawn on.

    Raises
    ------
    imaging.errors.RegionError
        ``REGIONS_FORMAT``, ``UNKNOWN_ROLE``, ``UNKNOWN_SERIES``, ``AMBIGUOUS_SERIES``,
        ``FRAME_OF_REFERENCE``, ``CONTOUR_OFF_SLICE``, ``GRID_MISMATCH`` or ``EMPTY_REGION``.
    """
    try:
        plan = pydicom.dcmread(path)
        contours, left = _contours(plan)
        names = {
            int(r.ROINumber): str(r.get("ROIName", "")) or f"roi-{r.ROINumber}"
            for r in plan.StructureSetROISequence
        }
    except (InvalidDicomError, OSError, EOFError, AttributeError, KeyError, ValueError, TypeError) as error:
        raise RegionError(
            "REGIONS_FORMAT",
            f"{Path(path).name} cannot be read: {error}",
            expected="an RTSTRUCT with contours",
        ) from error
    asked = dict(roles or {})
    unseen = [n for n, name in names.items() if n not in contours and asked.get(name) != SKIP]
    left += [LeftOut(names[n], "has no closed planar contour") for n in unseen]
    identities = [SegmentIdentity(n, names.get(n, f"roi-{n}")) for n in contours]
    kinds = regions_of(identities, asked)
    if not kinds:
        raise RegionError("EMPTY_REGION", "no structure that is to be read has a closed planar contour")
    acquisition = _acquisition(plan, study, acquisition_key)
    regions = []
    for number, region in kinds.items():
        mask, gaps = contour_mask(contours[number], acquisition.volume.geometry, region.id, verified)
        note = f"no contour on {gaps} slices between its ends" if gaps else ""
        regions.append(replace(region, masks={acquisition.key: mask}, note=note))
    return Imported("RTSTRUCT", tuple(regions), left_out=tuple(left))


def contour_mask(
    contours: Contours, geometry: VolumeGeometry, name: str, verified: bool
) -> tuple[RegionMask, int]:
    """The mask of one structure, and the number of slices without a contour between its first and last.

    Parameters
    ----------
    contours : list of (n, 3) arrays
        Corners of closed planar contours in patient coordinates. [mm]
    geometry : VolumeGeometry
        The grid to fill.
    name, verified
        For messages; whether a reader accepted the outline on this series.

    Raises
    ------
    imaging.errors.RegionError
        ``CONTOUR_OFF_SLICE``, ``GRID_MISMATCH`` or ``EMPTY_REGION``.
    """
    full = np.zeros(geometry.shape, dtype=bool)
    seen: set[int] = set()
    for contour in contours:
        corners = geometry.index(contour)
        index = int(np.rint(corners[:, 0].mean()))
        off_mm = float(np.abs(corners[:, 0] - index).max()) * geometry.spacing_mm[0]
        if off_mm > PLANE_TOLERANCE_MM:
            raise RegionError(
                "CONTOUR_OFF_SLICE",
                f"a contour of {name} lies {off_mm:.2f} mm off the nearest slice",
                expected=f"contours on slices of the series, within {PLANE_TOLERANCE_MM} mm",
                advice="Name the series it was drawn on (--series), or export it as DICOM SEG.",
                details={"off_mm": off_mm},
            )
        low, high = corners[:, 1:].min(axis=0), corners[:, 1:].max(axis=0)
        if (
            not 0 <= index < geometry.shape[0]
            or (low < -0.5).any()
            or (high > np.array(geometry.shape[1:]) - 0.5).any()
        ):
            raise RegionError(
                "GRID_MISMATCH",
                f"a contour of {name} reaches outside of the acquisition",
                expected=f"contours inside of {geometry!r}",
            )
        full[index] ^= even_odd(corners[:, 1:], (geometry.shape[1], geometry.shape[2]))
        seen.add(index)
    mask = RegionMask.from_full(full, geometry, Provenance.IMPORTED, verified)
    return mask, max(seen) - min(seen) + 1 - len(seen)


def even_odd(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels (rows, columns) whose centers lie in a closed polygon of (row, column) corners.

    Every edge toggles all pixels right of where it crosses their row; what is toggled an odd number of
    times is inside. Each edge holds its upper end but not its lower one, so that no corner counts twice.
    """
    rows, columns = shape
    toggles = np.zeros((rows, columns + 1), dtype=np.int64)
    for (r0, c0), (r1, c1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if r0 == r1:
            continue
        low, high = min(r0, r1), max(r0, r1)
        crossed = np.arange(max(int(np.ceil(low)), 0), min(int(np.ceil(high)), rows))
        at = c0 + (crossed - r0) * (c1 - c0) / (r1 - r0)
        np.add.at(toggles, (crossed, np.clip(np.ceil(at).astype(int), 0, columns)), 1)
    return np.asarray(np.cumsum(toggles[:, :columns], axis=1) % 2 == 1)


def _contours(plan: Dataset) -> tuple[dict[int, Contours], list[LeftOut]]:
    """Closed contours by ROI number; everything else is left out by name."""
    found: dict[int, Contours] = {}
    left: list[LeftOut] = []
    for roi in plan.ROIContourSequence:
        number = int(roi.ReferencedROINumber)
        for contour in roi.get("ContourSequence") or ():
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            kind = str(contour.get("ContourGeometricType", ""))
            if kind in _CLOSED and len(points) >= 3:
                found.setdefault(number, []).append(points)
            else:
                left.append(
                    LeftOut(f"roi {number}", f"{kind} contour of {len(points)} points encloses nothing")
                )
    return found, left


def _acquisition(plan: Dataset, study: Study, key: str | None) -> Acquisition:
    frames = plan.get("ReferencedFrameOfReferenceSequence") or ()
    frame = next((str(f.get("FrameOfReferenceUID", "")) for f in frames), "") or None
    if key is not None:
        return same_frame(acquisition_named(study, key), frame)
    series = {
        str(s.SeriesInstanceUID)
        for f in frames
        for st in f.get("RTReferencedStudySequence") or ()
        for s in st.get("RTReferencedSeriesSequence") or ()
    }
    named = [a for a in study if a.header.series_uid in series]
    named = named or [a for a in study if frame is not None and a.header.frame_of_reference_uid == frame]
    if len(named) == 1:
        return same_frame(named[0], frame)
    raise RegionError(
        "AMBIGUOUS_SERIES" if named else "UNKNOWN_SERIES",
        f"{len(named)} acquisitions of the study are those that the structures were drawn on"
        + (f": {series_told(named)}" if named else study.refusals(series)),
        expected="exactly one",
        advice="Name it: --series with a number that only one has, or the key."
        if named
        else "Check that the series loaded.",
        details={"acquisition_keys": [a.key for a in named]},
    )
