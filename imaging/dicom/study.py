"""From scanned files to a plan: which stacks to load, what is refused, what is set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from imaging.dicom import tags
from imaging.dicom.frames import ImageFile, frames_of
from imaging.dicom.headers import acquisition_header
from imaging.dicom.series import Stack, set_aside, stacks_of
from imaging.errors import DicomError
from imaging.volume import AcquisitionHeader, Refused, Skipped

#: Modalities whose images are loaded; the rest is listed as skipped.
MODALITIES = ("CT", "MR")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

#: Names of files in the examples of one reason.
MAX_EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class Planned:
    """One stack that passed every check of its headers."""

    key: str
    stack: Stack
    header: AcquisitionHeader
    unreadable: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a folder holds, by its headers."""

    stacks: tuple[Planned, ...]
    refused: tuple[Refused, ...]
    skipped: tuple[Skipped, ...]


@dataclass
class Tally:
    """Files set aside, by reason."""

    by_reason: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, names: Iterable[str]) -> None:
        """Note files under a reason."""
        self.by_reason[reason].extend(names)

    def skipped(self) -> tuple[Skipped, ...]:
        """One entry per reason."""
        entries = ((r, list(dict.fromkeys(names))) for r, names in self.by_reason.items() if names)
        return tuple(Skipped(r, len(names), tuple(names[:MAX_EXAMPLES])) for r, names in entries)


def plan_study(images: Sequence[ImageFile], tally: Tally) -> tuple[list[Planned], list[Refused]]:
    """Sort images into series and each series into stacks.

    Parameters
    ----------
    images : sequence of ImageFile
        Headers of every file.
    tally : Tally
        Receives what is set aside.
    """
    series: dict[tuple[str, str], list[ImageFile]] = defaultdict(list)
    for image in images:
        reason = _not_an_image(image)
        if reason:
            tally.add(reason, [image.name])
            continue
        series[_series_of(image)].append(image)
    planned: list[Planned] = []
    refused: list[Refused] = []
    for members in series.values():
        try:
            planned.extend(_plan_series(members, tally))
        except DicomError as error:
            refused.append(refused_series(error, members))
    return planned, refused


def _series_of(image: ImageFile) -> tuple[str, str]:
    uid = image.elements.ascii(tags.SERIES_UID)
    if uid:
        return uid, ""
    folder = image.name.rpartition("/")[0]
    return f"{image.elements.ascii(tags.SERIES_NUMBER)}", folder


def _not_an_image(image: ImageFile) -> str | None:
    """Why a file is not a CT or MR image; None if it is one."""
    modality = image.elements.ascii(tags.MODALITY)
    sop_class = image.elements.ascii(tags.SOP_CLASS_UID) or ""
    if sop_class.startswith(_SECONDARY_CAPTURE):
        return "secondary capture (screen save)"
    if modality not in MODALITIES:
        return f"modality {modality or 'missing'}"
    return None


def _plan_series(members: Sequence[ImageFile], tally: Tally) -> list[Planned]:
    frames = [frame for image in members for frame in frames_of(image)]
    kept, aside = set_aside(frames)
    for part in aside:
        tally.add(part.reason, (f.image.name for f in part.frames))
    if not kept:
        return []
    stacks = stacks_of(kept)
    return [_planned(stack, len(stacks) > 1) for stack in stacks]


def _planned(stack: Stack, several: bool) -> Planned:
    header, unreadable = acquisition_header(stack)
    key = f"{header.series_uid}#{stack.label}" if several else header.series_uid
    return Planned(key, stack, header, unreadable)


def refused_series(error: DicomError, members: Sequence[ImageFile]) -> Refused:
    """The entry for a series that was refused."""
    first = members[0].elements
    named = error.details.get("files") or [m.name for m in members]
    number = first.ascii(tags.SERIES_NUMBER)
    return Refused(
        error.code,
        str(error),
        tuple(dict.fromkeys(named)),
        first.ascii(tags.SERIES_UID),
        int(number) if number and number.lstrip("+-").isdigit() else None,
    )
