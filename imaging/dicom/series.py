"""From the frames of one series to its stacks: set aside, split, check, order.

A series is what a scanner stored under one SeriesInstanceUID. It may hold a localizer, several kinds
of image (in-phase and opposed-phase, two echoes), several passes over the patient (all contrast
phases), or images that do not belong together. A ``Stack`` is one pass of one kind: a whole regular
volume. What does not resolve into stacks without doubt is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imaging.dicom import tags
from imaging.dicom.agreement import check_agreement
from imaging.dicom.failures import refusal
from imaging.dicom.frames import Frame
from imaging.dicom.stack import SAME_PLACE_MM, Plane, check_regular, measure, plane
from imaging.dicom.times import moment, moment_of, seconds
from imaging.errors import DicomError

#: Frames whose orientations agree to this lie in parallel planes. [direction cosine]
SAME_ORIENTATION = 1e-4
#: A part of a series with fewer places than this is a leftover, not a stack of its own.
MIN_SLICES_OF_A_PART = 3
#: In fewer slices than this one number out of order is no sign of anything.
MIN_NUMBERED_SLICES = 4
#: What resampling can mend. Missing slices are not among them: nobody may invent them.
RESAMPLABLE = frozenset(("GANTRY_TILT", "VARIABLE_SPACING"))


@dataclass(frozen=True, eq=False)
class Stack:
    """One pass of one kind of image, in slice order.

    Attributes
    ----------
    frames : tuple of Frame
        In order along the normal.
    positions_mm : (n, 3) array
        ImagePositionPatient of each frame. [mm]
    plane : Plane
    label : str
        What tells this stack apart inside its series; empty if it is the only one.
    defect : str
        Why the stack is not regular and has to be resampled; empty if it is regular.
    """

    frames: tuple[Frame, ...]
    positions_mm: NDArray[np.float64]
    plane: Plane
    label: str = ""
    defect: str = ""

    @property
    def files(self) -> list[str]:
        """Names of the files, in slice order, each once."""
        return list(dict.fromkeys(f.image.name for f in self.frames))


@dataclass(frozen=True, eq=False)
class SetAside:
    """Frames of a series that are not part of its stacks."""

    reason: str
    frames: tuple[Frame, ...]


def is_localizer(frame: Frame) -> bool:
    """Whether an image is a scout for planning."""
    return any(word.upper() in ("LOCALIZER", "SCOUT", "SURVIEW", "TOPOGRAM") for word in frame.image_type)


def is_derived(frame: Frame) -> bool:
    """Whether an image was computed from others."""
    return frame.image_type[:1] == ("DERIVED",)


def set_aside(frames: Sequence[Frame]) -> tuple[list[Frame], list[SetAside]]:
    """Separate localizers, and secondary images that came along with acquired ones."""
    aside: list[SetAside] = []
    scouts = [f for f in frames if is_localizer(f)]
    kept = [f for f in frames if not is_localizer(f)]
    if scouts:
        aside.append(SetAside("localizer", tuple(scouts)))
    secondary = [f for f in kept if f.image_type[:2] == ("DERIVED", "SECONDARY")]
    if secondary and len(secondary) < len(kept):
        aside.append(SetAside("secondary image inside an acquired series", tuple(secondary)))
        kept = [f for f in kept if f.image_type[:2] != ("DERIVED", "SECONDARY")]
    return kept, aside


def stacks_of(frames: Sequence[Frame], *, resample: bool = False) -> tuple[Stack, ...]:
    """Resolve the frames of one series into whole regular stacks.

    Parameters
    ----------
    frames : sequence of Frame
        Of one series, nothing set aside among them.
    resample : bool
        Accept stacks that resampling can make regular, with their ``defect`` named.

    Raises
    ------
    DicomError
        With the code of the first row of the catalogue that applies.
    """
    if any("MOSAIC" in frame.image_type for frame in frames):
        raise refusal("MOSAIC_UNSUPPORTED", files=[frames[0].image.name])
    kinds = _kinds(frames)
    for kind in kinds:
        check_agreement(kind.frames)
    if len(kinds) > 1:
        _check_parts(kinds)
    stacks = [stack for kind in kinds for stack in _passes(kind)]
    stacks = [_checked(stack, resample) for stack in stacks]
    return tuple(stacks) if len(stacks) > 1 else (replace(stacks[0], label=""),)


def _checked(stack: Stack, resample: bool) -> Stack:
    _check_ends(stack)
    try:
        check_regular(measure(stack.positions_mm, stack.plane.normal), stack.files)
    except DicomError as error:
        if not resample or error.code not in RESAMPLABLE:
            raise
        return replace(stack, defect=f"{error.code}, {error.found}")
    return stack


def _check_ends(stack: Stack) -> None:
    """Refuse a stack whose slices are numbered evenly but for one, at the wrong end.

    Numbers order nothing: scanners and archives give them freely. But a slice whose position was
    damaged leaves a gap, unless it moved from one end to just behind the other: that stack is regular,
    and only its numbers (2, 3, ... n, 1) tell.
    """
    frames = stack.frames
    if len(frames) < MIN_NUMBERED_SLICES or frames[0].is_multiframe:
        return
    numbers = [_number(frame) for frame in frames]
    if None in numbers:
        return
    along = np.array(numbers, float)
    for odd, rest, name in ((along[-1], along[:-1], frames[-1]), (along[0], along[:0:-1], frames[0])):
        steps = np.diff(rest)
        if steps[0] != 0 and (steps == steps[0]).all() and odd == rest[0] - steps[0]:
            raise refusal("SLICE_MISPLACED", f"number {odd:g}", files=[name.image.name])


def _number(frame: Frame) -> int | None:
    try:
        return frame.integer(tags.INSTANCE_NUMBER)
    except DicomError:
        return None


def _kinds(frames: Sequence[Frame]) -> list[Stack]:
    """Groups of frames of one orientation, matrix, image type, echo and diffusion weighting."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    orientations = np.array([f.vector(tags.ORIENTATION, 6) for f in frames])
    positions = np.array([f.vector(tags.POSITION, 3) for f in frames])
    representatives: list[NDArray[np.float64]] = []
    for index, frame in enumerate(frames):
        which = _same_orientation(orientations[index], representatives)
        groups[(which, *_kind(frame))].append(index)
    kinds = []
    for key, members in groups.items():
        plane_ = plane(representatives[key[0]])  # type: ignore[index]
        order = sorted(members, key=lambda i: (float(positions[i] @ plane_.normal), frames[i].index))
        kinds.append(Stack(tuple(frames[i] for i in order), positions[order], plane_, _label(key, groups)))
    return kinds


def _same_orientation(orientation: NDArray[np.float64], seen: list[NDArray[np.float64]]) -> int:
    for number, other in enumerate(seen):
        if np.abs(orientation - other).max() <= SAME_ORIENTATION:
            return number
    seen.append(orientation)
    return len(seen) - 1


def _kind(frame: Frame) -> tuple[Hashable, ...]:
    echo = frame.decimal(tags.EFFECTIVE_ECHO_TIME) or frame.decimal(tags.ECHO_TIME)
    size = frame.raw(tags.ROWS), frame.raw(tags.COLUMNS)
    return (frame.image_type, echo, frame.decimal(tags.DIFFUSION_B_VALUE), size, frame.ascii(tags.STACK_ID))


def _label(key: Hashable, groups: dict[Hashable, list[int]]) -> str:
    """What differs between the kinds, in words."""
    if len(groups) == 1:
        return ""
    names = ("orientation", "", "echo ", "b ", "matrix", "stack ")
    parts = []
    for column, name in enumerate(names):
        values = {k[column] for k in groups}  # type: ignore[index]
        if len(values) > 1:
            value = key[column]  # type: ignore[index]
            shown = "/".join(value) if column == 1 else value
            number = sorted(map(repr, values)).index(repr(value)) + 1
            parts.append(f"{name}{number}" if column in (0, 4) else f"{name}{shown}")
    return ", ".join(parts)


def _check_parts(kinds: Sequence[Stack]) -> None:
    """Several kinds in one series: parallel ones must cover the same places, others be whole stacks."""
    for kind in kinds:
        if len(_places(kind)) < MIN_SLICES_OF_A_PART:
            _mixed(kinds)
        for other in kinds:
            parallel = abs(float(kind.plane.normal @ other.plane.normal)) > 1 - 1e-4
            if parallel and not _same_places(kind, other) and not _separate_stacks(kind, other):
                _mixed(kinds)


def _mixed(kinds: Sequence[Stack]) -> None:
    counts = ", ".join(str(len(kind.frames)) for kind in kinds)
    files = [kind.files[0] for kind in kinds]
    raise refusal("MIXED_GEOMETRY", f"{len(kinds)} kinds of image ({counts})", files=files)


def _separate_stacks(kind: Stack, other: Stack) -> bool:
    """Whether an enhanced object itself says that these are different stacks."""
    names = kind.frames[0].ascii(tags.STACK_ID), other.frames[0].ascii(tags.STACK_ID)
    return None not in names and names[0] != names[1]


def _same_places(kind: Stack, other: Stack) -> bool:
    ours, theirs = _places(kind), _places(other)
    if len(ours) != len(theirs):
        return False
    shift = (other.positions_mm[0] - kind.positions_mm[0]) @ kind.plane.normal
    return bool(np.abs(ours - theirs - shift).max() <= 1.0) if abs(shift) <= 1.0 else False


def _places(kind: Stack) -> NDArray[np.float64]:
    """Distinct places along the normal, from the first. [mm]"""
    along = (kind.positions_mm - kind.positions_mm[0]) @ kind.plane.normal
    keep = np.concatenate([[True], np.diff(along) > SAME_PLACE_MM])
    return np.asarray(along[keep])


def _acquired_at(frame: Frame) -> float | None:
    at = moment_of(frame.ascii(tags.FRAME_ACQUISITION_DATETIME)) or moment_of(
        frame.ascii(tags.ACQUISITION_DATETIME)
    )
    at = at or moment(frame.ascii(tags.ACQUISITION_DATE), frame.ascii(tags.ACQUISITION_TIME))
    return at.timestamp() if at else seconds(frame.ascii(tags.ACQUISITION_TIME))


def _content_at(frame: Frame) -> float | None:
    at = moment(frame.ascii(tags.CONTENT_DATE), frame.ascii(tags.CONTENT_TIME))
    return at.timestamp() if at else seconds(frame.ascii(tags.CONTENT_TIME))


#: How passes are told apart, first that works wins; each gives a sortable value or None.
PASS_KEYS: tuple[tuple[str, Callable[[Frame], float | None]], ...] = (
    (
        "temporal position",
        lambda f: f.decimal(tags.TEMPORAL_POSITION_INDEX) or f.decimal(tags.TEMPORAL_POSITION),
    ),
    ("acquisition", lambda f: f.decimal(tags.FRAME_ACQUISITION_NUMBER) or f.decimal(tags.ACQUISITION_NUMBER)),
    ("acquired at", _acquired_at),
    ("trigger time", lambda f: f.decimal(tags.TRIGGER_DELAY) or f.decimal(tags.TRIGGER_TIME)),
    ("content time", _content_at),
)


def _passes(kind: Stack) -> list[Stack]:
    """One stack per pass over the patient."""
    places = _places(kind)
    repeats, rest = divmod(len(kind.frames), len(places))
    if repeats == 1 and not rest:
        return _interleaved(kind)
    along = (kind.positions_mm - kind.positions_mm[0]) @ kind.plane.normal
    place = np.cumsum(np.concatenate([[0], np.diff(along) > SAME_PLACE_MM]))
    counts = np.bincount(place)
    if len(places) == 1:
        raise refusal("NOT_A_VOLUME", f"{len(kind.frames)} images at one position", files=kind.files)
    if counts.min() != counts.max():
        _refuse_uneven(kind, counts)
    for name, key in PASS_KEYS:
        parts = _split(kind, key, len(places), place)
        if parts and len(parts) == repeats:
            return [_part(kind, m, name, n) for n, m in enumerate(parts, 1)]
    found = f"{repeats} images at each of {len(places)} positions"
    raise refusal("AMBIGUOUS_4D", found, files=kind.files)


def _refuse_uneven(kind: Stack, counts: NDArray[np.int64]) -> None:
    found = f"{int(counts.min())} to {int(counts.max())} images at each of {len(counts)} positions"
    few = np.count_nonzero(counts > 1) <= len(counts) // 2
    raise refusal("DUPLICATE_CONFLICT" if few else "AMBIGUOUS_4D", found, files=kind.files)


def _split(
    kind: Stack, key: Callable[[Frame], float | None], places: int, place: NDArray[np.int64]
) -> list[list[int]] | None:
    """Members of each pass in order of the key; None unless each pass visits each place once."""
    groups: dict[float, list[int]] = defaultdict(list)
    for index, frame in enumerate(kind.frames):
        try:
            value = key(frame)
        except DicomError:
            return None
        if value is None:
            return None
        groups[value].append(index)
    whole = all(len(m) == places and len(set(place[m])) == places for m in groups.values())
    return [groups[value] for value in sorted(groups)] if whole else None


def _part(kind: Stack, members: list[int], name: str, number: int) -> Stack:
    label = ", ".join(filter(None, (kind.label, f"{name} {number}")))
    return replace(
        kind,
        frames=tuple(kind.frames[i] for i in members),
        positions_mm=kind.positions_mm[members],
        label=label,
    )


def _interleaved(kind: Stack) -> list[Stack]:
    """A kind with one image per place: one pass, or several passes at places that interlock.

    Two passes offset by half a slice would look like one regular stack of alternating phases.
    """
    for name, key in PASS_KEYS[:2]:
        groups: dict[float | None, list[int]] = defaultdict(list)
        for index, frame in enumerate(kind.frames):
            groups[key(frame)].append(index)
        if len(groups) == 1 or None in groups:
            continue
        runs = 1 + sum(a != b for a, b in zip(map(key, kind.frames), map(key, kind.frames[1:]), strict=False))
        if runs == len(groups):
            continue
        if min(map(len, groups.values())) < MIN_SLICES_OF_A_PART:
            raise refusal("AMBIGUOUS_4D", f"{name} alternates between neighboring slices", files=kind.files)
        ordered = sorted(groups, key=float)  # type: ignore[arg-type]
        return [_part(kind, groups[value], name, n) for n, value in enumerate(ordered, 1)]
    return [kind]
