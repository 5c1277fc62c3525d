"""A reader's work given as files, part by part."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from imaging.regions.region_files import read_regions
from imaging.volume import Study
from workup.case.case_files import read_reading, read_record
from workup.case.state import CaseState
from workup.errors import CaseError


def with_parts(
    state: CaseState,
    who: str,
    study: Study,
    regions: Path | None = None,
    reading: Path | None = None,
    record: Path | None = None,
) -> CaseState:
    """A state of ``who`` in which the given files take the place of what it held.

    Parameters
    ----------
    state
        What the reader saved last, or an empty one.
    who
        The reader who saves.
    study
        The images that regions are placed on.
    regions, reading, record
        Files; parts that are not given stay.

    Raises
    ------
    CaseError
        ``NOT_YOUR_READ`` if the reading names another reader, ``BAD_READING``, ``BAD_JSON``.
    imaging.errors.ImagingError
        If a region does not fit.
    """
    state = replace(state, reader=who)
    if regions:
        state = replace(state, regions=read_regions(regions, study))
    if reading:
        said = read_reading(reading)
        if said.reader not in (None, who):
            raise CaseError(
                "NOT_YOUR_READ",
                f"{reading.name} is by {said.reader!r}",
                expected=f"a reading by {who!r}, who saves it, or by nobody named",
            )
        state = replace(state, **{f.name: getattr(said, f.name) for f in fields(said) if f.name != "reader"})
    if record:
        state = replace(state, record=read_record(record))
    return state
