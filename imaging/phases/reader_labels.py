"""A reader's own phase names, matched to the acquisitions of a study."""

from __future__ import annotations

from collections.abc import Mapping

from imaging.errors import ImagingError
from imaging.phases.phase import Phase
from imaging.volume import Study


def match_labels(stated: Mapping[str, str], study: Study) -> dict[str, Phase]:
    """Phases by acquisition key from what a reader stated by key, SeriesInstanceUID or SeriesNumber.

    Parameters
    ----------
    stated : mapping of str to str
        Name of the acquisition to name of the phase, e.g. ``{"4": "late_arterial"}``.
    study : Study
        The acquisitions that may be named.

    Raises
    ------
    ImagingError
        ``READER_LABEL_UNKNOWN`` if a phase or an acquisition is unknown, a name fits several acquisitions, or
        one acquisition gets two phases: a label that is silently dropped would leave the reader believing
        it was heard.
    """
    labels: dict[str, Phase] = {}
    for name, phase in stated.items():
        if phase not in {str(p) for p in Phase}:
            raise _unknown(f"phase {phase!r} of {name!r}", ", ".join(sorted(str(p) for p in Phase)))
        fits = [
            a.key
            for a in study.acquisitions
            if name in {a.key, a.header.series_uid, str(a.header.series_number)}
        ]
        if len(fits) != 1:
            raise _unknown(f"{len(fits)} acquisitions fit {name!r}", "one acquisition of this study")
        if labels.setdefault(fits[0], Phase(phase)) is not Phase(phase):
            raise _unknown(f"a second phase of one acquisition, called {name!r}", "one phase each")
    return labels


def _unknown(found: str, expected: str) -> ImagingError:
    return ImagingError(
        "READER_LABEL_UNKNOWN", found, expected=expected, advice="Correct the list of reader's labels."
    )
