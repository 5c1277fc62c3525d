"""From scanned files to a plan: which stacks to load, what is refused, what is set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from imaging.dicom import tags
from imaging.dicom.cautions import completeness, maybe_incomplete
from imaging.dicom.failures import caution, refusal
from imaging.dicom.frames import ImageFile, frames_of
from imaging.dicom.headers import acquisition_header
from imaging.dicom.series import Stack, set_aside, stacks_of
from imaging.errors import DicomError
from imaging.volume import AcquisitionHeader, Caution, Refused, Skipped

#: Modalities whose images are loaded; the rest is listed as skipped.
MODALITIES = ("CT", "MR")
#: Secondary capture, and its multi-frame kin.
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
#: Names of files in the examples of one reason.
MAX_EXAMPLES = 5

#: Whether two files hold the same bytes; given by who can read them.
SameBytes = Callable[[ImageFile, ImageFile], bool]


@dataclass(frozen=True, eq=False)
class Planned:
    """One stack that passed every check of its headers.

    Attributes
    ----------
    key : str
        Of the acquisition it will be.
    stack : Stack
    header : AcquisitionHeader
    unreadable : tuple of int
        Tags whose text or number could not be read.
    cautions : tuple of Caution
        What is to be said of the series as a whole.
    """

    key: str
    stack: Stack
    header: AcquisitionHeader
    unreadable: tuple[int, ...]
    cautions: tuple[Caution, ...]

    @property
    def folders(self) -> set[str]:
        """Folders of its files, relative to what was opened."""
        return {name.rpartition("/")[0] for name in self.stack.files}


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


def plan_study(
    images: Sequence[ImageFile], tally: Tally, same_bytes: SameBytes, *, resample: bool = False
) -> tuple[list[Planned], list[Refused]]:
    """Sort images into series and each series into stacks.

    Parameters
    ----------
    images : sequence of ImageFile
        Headers of every file.
    tally : Tally
        Receives what is set aside.
    same_bytes : callable
        Compares two files that claim one identity.
    resample : bool
        Plan tilted and unevenly spaced stacks as well, marked with their defect.
    """
    series: dict[tuple[str, str], list[ImageFile]] = defaultdict(list)
    for image in images:
        reason = not_an_image(image)
        if reason:
            tally.add(reason, [image.name])
        else:
            series[_series_of(image)].append(image)
    claimed = _claimed_twice(series)
    planned: list[Planned] = []
    refused: list[Refused] = []
    for members in series.values():
        try:
            planned.extend(_plan_series(members, tally, same_bytes, claimed, resample))
        except DicomError as error:
            refused.append(refused_series(error, members))
    return planned, refused


def _series_of(image: ImageFile) -> tuple[str, str]:
    uid = image.elements.ascii(tags.SERIES_UID)
    if uid:
        return uid, ""
    folder = image.name.rpartition("/")[0]
    return f"{image.elements.ascii(tags.SERIES_NUMBER)}", folder


def not_an_image(image: ImageFile) -> str | None:
    """Why a file is not a CT or MR image; None if it is one."""
    modality = image.elements.ascii(tags.MODALITY)
    sop_class = image.elements.ascii(tags.SOP_CLASS_UID) or ""
    if sop_class.startswith(SECONDARY_CAPTURE):
        return "secondary capture (screen save)"
    if modality not in MODALITIES:
        return f"modality {modality or 'missing'}"
    return None


def _claimed_twice(series: dict[tuple[str, str], list[ImageFile]]) -> set[str]:
    """SOPInstanceUIDs that occur in more than one series."""
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for key, members in series.items():
        for image in members:
            owners[image.sop_instance_uid].add(key)
    return {uid for uid, keys in owners.items() if uid and len(keys) > 1}


def _plan_series(
    members: Sequence[ImageFile], tally: Tally, same_bytes: SameBytes, claimed: set[str], resample: bool
) -> list[Planned]:
    disputed = [m.name for m in members if m.sop_instance_uid in claimed]
    if disputed:
        raise refusal("DUPLICATE_CONFLICT", "identifiers also used by another series", files=disputed)
    members, repeated = _each_once(members, same_bytes)
    frames = [frame for image in members for frame in frames_of(image)]
    kept, aside = set_aside(frames)
    for part in aside:
        tally.add(part.reason, (f.image.name for f in part.frames))
    if not kept:
        return []
    stacks = stacks_of(kept, resample=resample)
    said = maybe_incomplete(completeness(frames, stacks))
    cautions = (
        *((said,) if said else ()),
        *((caution("DUPLICATE_IDENTICAL", f"{repeated} files"),) if repeated else ()),
    )
    return [_planned(stack, len(stacks) > 1, cautions) for stack in stacks]


def _each_once(members: Sequence[ImageFile], same_bytes: SameBytes) -> tuple[list[ImageFile], int]:
    """Files without their identical copies, and how many copies there were."""
    seen: dict[str, ImageFile] = {}
    kept: list[ImageFile] = []
    for image in members:
        uid = image.sop_instance_uid
        other = seen.setdefault(uid, image) if uid else image
        if other is image:
            kept.append(image)
        elif not same_bytes(other, image):
            found = "one identifier, different files"
            raise refusal("DUPLICATE_CONFLICT", found, files=[other.name, image.name])
    return kept, len(members) - len(kept)


def _planned(stack: Stack, several: bool, cautions: tuple[Caution, ...]) -> Planned:
    header, unreadable = acquisition_header(stack)
    key = f"{header.series_uid}#{stack.label}" if several else header.series_uid
    return Planned(key, stack, header, unreadable, cautions)


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


def unique_keys(planned: Sequence[Planned]) -> dict[int, str]:
    """A key for each plan, by its place; a number is added where two would be the same."""
    taken: dict[str, int] = defaultdict(int)
    keys = {}
    for place, plan in enumerate(planned):
        taken[plan.key] += 1
        keys[place] = plan.key if taken[plan.key] == 1 else f"{plan.key}~{taken[plan.key]}"
    return keys
