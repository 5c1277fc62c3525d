"""Measurements of a DICOM structured report (TID 1500) of any maker, as plain values.

Read tolerantly: retired SRT codes, missing finding sites, numbers without a value ("not measured") and
groups without coordinates are all met in practice. Nothing is changed: a number is what the report states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from workup.exchange.codes import LONG_AXIS, SHORT_AXIS

LENGTH = Code("410668003", "SCT", "Length")
DIAMETER = Code("81827009", "SCT", "Diameter")
#: Numbers that are diameters -> the axis they are.
AXES: tuple[tuple[Code, str], ...] = (
    (LONG_AXIS, "long"),
    (LENGTH, "long"),
    (DIAMETER, "long"),
    (SHORT_AXIS, "short"),
)

_MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
_TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
_TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
_FINDING = Code("121071", "DCM", "Finding")
_FINDING_SITE = Code("363698007", "SCT", "Finding Site")
#: A report nested deeper than this is not one.
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a number was taken: points on an image (column, row) or in the patient.

    Attributes
    ----------
    points : tuple of points
        (column, row) with the first pixel's center at 0.5 [pixels], or (l, p, s). [mm]
    image_uid, frame : str, int or None
        The image, and the frame of a multi-frame one; None for points in the patient.
    frame_of_reference_uid : str or None
        For points in the patient.
    """

    graphic_type: str
    points: tuple[tuple[float, ...], ...]
    image_uid: str | None = None
    frame: int | None = None
    frame_of_reference_uid: str | None = None


@dataclass(frozen=True, slots=True)
class SrNumber:
    """One measured value as stated; ``modifiers`` are (name, value) meanings such as the phase."""

    name: Code
    value: float
    unit: str
    drawn: Drawn | None = None
    modifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SrGroup:
    """One measurement group."""

    tracking_identifier: str
    tracking_uid: str
    finding: Code | None
    site: Code | None
    numbers: tuple[SrNumber, ...]

    def number(self, name: Code) -> SrNumber | None:
        """The first number of that name."""
        return next((n for n in self.numbers if n.name == name), None)


def groups_of(report: Dataset) -> tuple[SrGroup, ...]:
    """Every measurement group that a report holds, in its order."""
    return tuple(_group(item) for item in _items(report) if _is(item, _MEASUREMENT_GROUP))


def numbers_of(report: Dataset) -> list[tuple[str, str, float, str, tuple[tuple[str, str], ...]]]:
    """Every number with the tracking UID of its group: what two copies of a report must agree on."""
    return [
        (group.tracking_uid, number.name.value, number.value, number.unit, number.modifiers)
        for group in groups_of(report)
        for number in group.numbers
    ]


def _items(root: Dataset) -> Iterator[Dataset]:
    """Content items in document order, without recursion."""
    stack = [(root, 0)]
    while stack:
        item, depth = stack.pop()
        yield item
        if depth < _DEEPEST:
            stack += [(child, depth + 1) for child in reversed(_children(item))]


def _children(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or ())


def _name(item: Dataset) -> Code | None:
    return code_of(item, "ConceptNameCodeSequence")


def _is(item: Dataset, name: Code) -> bool:
    own = _name(item)
    return own is not None and own == name


def code_of(item: Dataset, keyword: str) -> Code | None:
    """The first code of a sequence, None where there is none."""
    sequence: Any = item.get(keyword)
    if not sequence or "CodeValue" not in sequence[0]:
        return None
    code = sequence[0]
    return Code(
        str(code.CodeValue), str(code.get("CodingSchemeDesignator", "")), str(code.get("CodeMeaning", ""))
    )


def _group(container: Dataset) -> SrGroup:
    children = _children(container)
    return SrGroup(
        tracking_identifier=str(_first(children, _TRACKING_IDENTIFIER, "TextValue") or ""),
        tracking_uid=str(_first(children, _TRACKING_UID, "UID") or ""),
        finding=_coded(children, _FINDING),
        site=_coded(children, _FINDING_SITE),
        numbers=tuple(n for child in children if (n := _number(child)) is not None),
    )


def _first(children: Sequence[Dataset], name: Code, keyword: str) -> object:
    return next((c.get(keyword) for c in children if _is(c, name)), None)


def _coded(children: Sequence[Dataset], name: Code) -> Code | None:
    return next((code_of(c, "ConceptCodeSequence") for c in children if _is(c, name)), None)


def _number(item: Dataset) -> SrNumber | None:
    name, measured = _name(item), item.get("MeasuredValueSequence")
    if item.get("ValueType") != "NUM" or name is None or not measured:
        return None
    unit = code_of(measured[0], "MeasurementUnitsCodeSequence")
    children = _children(item)
    modifiers = [(_name(c), code_of(c, "ConceptCodeSequence")) for c in children]
    return SrNumber(
        name=name,
        value=float(measured[0].NumericValue),
        unit=unit.value if unit else "",
        drawn=next((d for c in children if (d := _drawn(c)) is not None), None),
        modifiers=tuple((n.meaning, v.meaning) for n, v in modifiers if n is not None and v is not None),
    )


def _drawn(item: Dataset) -> Drawn | None:
    kind = item.get("ValueType")
    if kind not in ("SCOORD", "SCOORD3D"):
        return None
    flat = [float(x) for x in item.get("GraphicData") or ()]
    width = 2 if kind == "SCOORD" else 3
    points = tuple(tuple(flat[i : i + width]) for i in range(0, len(flat), width))
    if kind == "SCOORD3D":
        frame = str(item.get("ReferencedFrameOfReferenceUID", "")) or None
        return Drawn(str(item.get("GraphicType", "")), points, frame_of_reference_uid=frame)
    references = [r for c in _children(item) for r in c.get("ReferencedSOPSequence") or ()]
    if not references:
        return Drawn(str(item.get("GraphicType", "")), points)
    frames = references[0].get("ReferencedFrameNumber")
    number = frames[0] if isinstance(frames, Sequence) and not isinstance(frames, str) and frames else frames
    return Drawn(
        str(item.get("GraphicType", "")),
        points,
        image_uid=str(references[0].get("ReferencedSOPInstanceUID", "")),
        frame=int(number) if number else None,
    )
