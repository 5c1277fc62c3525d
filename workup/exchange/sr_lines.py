"""Lines of a structured report on the acquisitions of a study.

A length is only taken over with its end points, and only if the distance between them is the stated number:
a number whose line says something else would enter the trial unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import dist

from imaging.errors import MeasurementError
from imaging.findings.diameters import measure_line
from imaging.regions.region import Region, RegionRole
from imaging.regions.segment_roles import SKIP, SegmentIdentity, regions_of
from imaging.volume import Acquisition, Study
from workup.case.case import Line
from workup.errors import ExchangeError
from workup.exchange.imported import Imported, ImportedLine, LeftOut
from workup.exchange.sr_measurements import AXES, Drawn, SrGroup, SrNumber

#: Stated length and distance of the end points may differ by this: reports round to tenths, and
#: coordinates have single precision. [mm]
LENGTH_TOLERANCE_MM = 0.1
#: Millimeters in the units that lengths come in (UCUM).
_MM = {"mm": 1.0, "cm": 10.0}
#: A line without a role measures something that a reader took for a lesion; whether it is a malignant
#: one is a question of its own, still unanswered.
_ROLE_OF_A_LINE = RegionRole.TARGET_LESION

Point = tuple[float, float, float]


def lines_of(
    groups: Sequence[SrGroup],
    study: Study,
    roles: Mapping[str, str] | None = None,
    series: Acquisition | None = None,
) -> Imported:
    """Long and short axes of a report's groups as lines, each tracked thing one region without a mask.

    Raises
    ------
    ExchangeError
        ``NUMBER_MISMATCH`` if a line is not as long as its number says; ``NO_MEASUREMENT`` if nothing
        could be taken over.
    imaging.errors.RegionError
        ``UNKNOWN_LABEL`` or ``UNKNOWN_ROLE`` for a role that is given wrongly.
    """
    names = _names(groups)
    regions = _regions(names, dict(roles or {}))
    lines: list[ImportedLine] = []
    left: list[LeftOut] = []
    for group, name in zip(groups, names, strict=True):
        region = regions.get(name)
        for number in group.numbers:
            axis = next((axis for code, axis in AXES if number.name == code), None)
            found: ImportedLine | str
            if region is None:
                found = "left out on request"
            elif axis is None or number.unit not in _MM:
                found = f"{number.value:g} {number.unit} is no diameter"
            else:
                found = _line(number, axis, region.id, study, series)
            if isinstance(found, str):
                left.append(LeftOut(f"{name}: {number.name.meaning}", found))
            else:
                lines.append(found)
    if not lines:
        reasons = "; ".join(f"{x.what}: {x.reason}" for x in left) or "it holds no number"
        raise ExchangeError(
            "NO_MEASUREMENT",
            f"nothing of the report can be taken over ({reasons})",
            expected="long axis, short axis, length or diameter with its end points on images of the study",
        )
    used = {x.line.region_id for x in lines}
    kept = tuple(r for r in regions.values() if r.id in used)
    return Imported("DICOM SR", kept, tuple(lines), tuple(left))


def _names(groups: Sequence[SrGroup]) -> list[str]:
    """A name for each group; groups of one tracking UID have the same."""
    by_uid: dict[str, str] = {}
    names: list[str] = []
    for number, group in enumerate(groups, 1):
        uid = group.tracking_uid or f"group {number}"
        if uid not in by_uid:
            # Cornerstone3DTools@^0.1.0:Bidirectional names the tool that drew
            base = group.tracking_identifier.rpartition(":")[2] or f"measurement-{number}"
            by_uid[uid] = base if base not in by_uid.values() else f"{base}-{number}"
        names.append(by_uid[uid])
    return names


def _regions(names: Sequence[str], roles: dict[str, str]) -> dict[str, Region]:
    unique = list(dict.fromkeys(names))
    told = {name: _ROLE_OF_A_LINE.value for name in unique if name not in roles}
    segments = [SegmentIdentity(number, name) for number, name in enumerate(unique, 1)]
    kept = [s for s in segments if roles.get(s.label) != SKIP]
    regions_of(segments, {**told, **roles})  # refuses a role for something that is not there
    found = regions_of(kept, {k: v for k, v in {**told, **roles}.items() if v != SKIP})
    return {s.label: replace(found[s.number], id=s.label) for s in kept}


def _line(
    number: SrNumber, axis: str, region_id: str, study: Study, series: Acquisition | None
) -> ImportedLine | str:
    """The line of one number, or why it cannot be had."""
    drawn = number.drawn
    if drawn is None:
        return "has no end points"
    if len(drawn.points) != 2:
        return f"{drawn.graphic_type} of {len(drawn.points)} points is no line"
    placed = _placed(drawn, study, series)
    if placed is None:
        return "lies on an image that is not in the study"
    acquisition, ends = placed
    stated_mm = number.value * _MM[number.unit]
    try:
        measured = measure_line(ends, acquisition.volume.geometry)
    except MeasurementError as error:
        return str(error)
    if abs(dist(*ends) - stated_mm) > LENGTH_TOLERANCE_MM:
        raise ExchangeError(
            "NUMBER_MISMATCH",
            f"{region_id}: the report states {stated_mm:.2f} mm, its ends are {dist(*ends):.2f} mm apart",
            expected=f"the same within {LENGTH_TOLERANCE_MM} mm",
            advice="Measure it again; a number that contradicts its line is not taken over.",
            details={"stated_mm": stated_mm, "measured_mm": dist(*ends)},
        )
    return ImportedLine(Line(region_id, acquisition.key, axis, ends), stated_mm, measured.slice)


def _placed(
    drawn: Drawn, study: Study, series: Acquisition | None
) -> tuple[Acquisition, tuple[Point, Point]] | None:
    """The acquisition of a line, and its ends in patient coordinates."""
    if drawn.image_uid is None:
        frame = drawn.frame_of_reference_uid
        there = [a for a in study if frame is not None and a.header.frame_of_reference_uid == frame]
        fit = [series] if series is not None else there
        (a, b) = drawn.points
        return (fit[0], (_point(a), _point(b))) if len(fit) == 1 and len(a) == 3 else None
    for acquisition in study:
        index = _slice_of(drawn, acquisition)
        if index is not None:
            geometry = acquisition.volume.geometry
            a, b = (
                geometry.patient_mm([index, row - 0.5, column - 0.5]).tolist() for column, row in drawn.points
            )
            return acquisition, (_point(a), _point(b))
    return None


def _slice_of(drawn: Drawn, acquisition: Acquisition) -> int | None:
    header = acquisition.header
    if drawn.image_uid not in header.sop_instance_uids:
        return None
    if header.frame_numbers:
        frame = drawn.frame or 1
        return header.frame_numbers.index(frame) if frame in header.frame_numbers else None
    return header.sop_instance_uids.index(drawn.image_uid)


def _point(values: Sequence[float]) -> Point:
    left, posterior, superior = (float(v) for v in values)
    return left, posterior, superior
