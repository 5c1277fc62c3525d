"""Which acquisition of a study a name means, and whether positions of an imported object hold in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imaging.errors import RegionError
from imaging.volume import Acquisition, Study

#: So much of a series UID tells it from its neighbors. [characters]
UID_END = 8


def only_one(acquisitions: Sequence[Acquisition]) -> Acquisition:
    """The acquisition that an object belongs to, if there is one.

    Raises
    ------
    RegionError
        ``AMBIGUOUS_SERIES`` naming all of them.
    """
    if len(acquisitions) == 1:
        return acquisitions[0]
    raise RegionError(
        "AMBIGUOUS_SERIES",
        f"the object could belong to {len(acquisitions)} acquisitions: {series_told(acquisitions)}",
        expected="one of them",
        advice="Name it: --series with a number that only one has, or the key.",
        details={"acquisition_keys": [a.key for a in acquisitions]},
    )


def series_told(acquisitions: Iterable[Acquisition]) -> str:
    """Acquisitions as a reader can find and name them: series number, end of the series UID, key."""
    return ", ".join(
        f"{'no number' if a.header.series_number is None else f'series {a.header.series_number}'} "
        f"(UID …{a.header.series_uid[-UID_END:]}, key {a.key})"
        for a in acquisitions
    )


def acquisition_named(study: Study, name: str) -> Acquisition:
    """The acquisition called by its key, series UID or series number.

    Raises
    ------
    RegionError
        ``UNKNOWN_SERIES`` or ``AMBIGUOUS_SERIES``.
    """
    for called in (
        [a for a in study if a.key == name],
        [a for a in study if a.header.series_uid == name],
        [a for a in study if str(a.header.series_number) == name],
    ):
        if called:
            return only_one(called)
    raise RegionError(
        "UNKNOWN_SERIES",
        f"no acquisition is called {name!r}{study.refusals([name])}",
        expected="a series number, series UID or acquisition key of the study",
        details={"acquisition_keys": [a.key for a in study]},
    )


def same_frame(acquisition: Acquisition, frame_of_reference_uid: str | None) -> Acquisition:
    """The acquisition itself, if positions of the other object mean the same places in it.

    Raises
    ------
    RegionError
        ``FRAME_OF_REFERENCE`` if both say where they belong and differ.
    """
    own = acquisition.header.frame_of_reference_uid
    if own and frame_of_reference_uid and own != frame_of_reference_uid:
        raise RegionError(
            "FRAME_OF_REFERENCE",
            "the object lies in another frame of reference than the acquisition",
            expected="the same FrameOfReferenceUID: positions mean nothing across frames",
        )
    return acquisition
