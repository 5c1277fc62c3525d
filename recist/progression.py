"""Has a treated lesion "subsequently progressed in accordance with RECIST 1.1" (inclusion 5.a)?

RECIST 1.1 defines +20 % and +5 mm on the sum of diameters. For one treated lesion the same limits
are applied to its own diameter, against its smallest diameter on any scan since the treatment
(policy ``lesion_level_pd``). Regrowth of enhancement without growth is mRECIST, not RECIST.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from recist.lengths import Length, change_percent, millimeters, recorded_tenths, shown_percent

#: Smallest relative growth over the nadir that is progression (RECIST 1.1, 4.3.1). [%]
PROGRESSION_PERCENT = 20
#: Smallest absolute growth over the nadir that is progression (RECIST 1.1, 4.3.1). [0.1 mm]
PROGRESSION_TENTHS = 50


@dataclass(frozen=True, slots=True)
class DatedLength:
    """A recorded diameter of one lesion: long axis, or short axis of a node. [mm]"""

    on: date
    length: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class Progression:
    """Whether a treated lesion progressed since, and the arithmetic.

    Attributes
    ----------
    progressed : bool or None
        None: cannot be told; ``reason`` names what is missing.
    recomputed : bool
        False where the answer rests on a reader's word alone.
    nadir_tenths, current_tenths : int or None
        Smallest diameter since treatment, and the present one. [0.1 mm]
    growth_percent : Fraction or None
        Exact growth over the nadir; None where it was 0 or is unknown. [%]
    """

    progressed: bool | None
    reason: str
    recomputed: bool = False
    nadir_tenths: int | None = None
    current_tenths: int | None = None
    growth_percent: Fraction | None = None
    notes: tuple[str, ...] = ()


def grew_enough(nadir_tenths: int, now_tenths: int) -> bool:
    """Whether a length or sum grew by at least 20 % and at least 5 mm, exactly.

    >>> grew_enough(249, 299), grew_enough(250, 299), grew_enough(150, 189)
    (True, False, False)
    """
    growth = now_tenths - nadir_tenths
    return growth >= PROGRESSION_TENTHS and 100 * growth >= PROGRESSION_PERCENT * nadir_tenths


def subsequently_progressed(
    scans: Iterable[DatedLength],
    *,
    treated_on: date | None,
    attested: bool | None = None,
    enhancement_regrew: bool | None = None,
) -> Progression:
    """Judge one treated lesion on its own diameters.

    Parameters
    ----------
    scans : iterable of DatedLength
        Every recorded diameter of the lesion, in any order; the latest is the present one.
    treated_on : date or None
        Day of the (last) locoregional treatment of this lesion.
    attested : bool or None
        A reader's word on progression by RECIST 1.1; decides only where nothing can be computed.
    enhancement_regrew : bool or None
        Whether enhancement came back inside the lesion; explains, never decides.

    Examples
    --------
    >>> scans = [DatedLength(date(2025, 3, 1), 22), DatedLength(date(2025, 6, 1), 27)]
    >>> subsequently_progressed(scans, treated_on=date(2025, 1, 10)).progressed
    True
    """
    notes: tuple[str, ...] = ()
    if enhancement_regrew:
        notes = ("enhancement regrew: that is mRECIST, not RECIST 1.1",)
    if treated_on is None:
        return _on_word("the date of treatment is not recorded", attested, notes)
    since = sorted((scan for scan in scans if scan.on >= treated_on), key=lambda scan: scan.on)
    earlier = [scan for scan in since if scan.on < since[-1].on]
    if not earlier:
        missing = "two dated measurements since the treatment are needed"
        return _on_word(f"{missing}, {len(since)} are recorded", attested, notes)
    nadir = min(recorded_tenths(scan.length) for scan in earlier)
    latest = sorted(recorded_tenths(scan.length) for scan in since if scan.on == since[-1].on)
    now, progressed = latest[-1], grew_enough(nadir, latest[-1])
    if grew_enough(nadir, latest[0]) is not progressed:
        shown = f"{millimeters(latest[0])} and {millimeters(now)} mm"
        reason = f"two diameters of the same day disagree on progression ({shown})"
        return Progression(progressed=None, reason=reason, nadir_tenths=nadir, notes=notes)
    if attested is not None and attested is not progressed:
        notes += (f"the reader says {'yes' if attested else 'no'}, the diameters say otherwise",)
    return Progression(
        progressed=progressed,
        reason=_arithmetic(nadir, now, progressed),
        recomputed=True,
        nadir_tenths=nadir,
        current_tenths=now,
        growth_percent=change_percent(nadir, now),
        notes=notes,
    )


def _on_word(missing: str, attested: bool | None, notes: tuple[str, ...]) -> Progression:
    if attested is None:
        return Progression(progressed=None, reason=missing, notes=notes)
    word = "progressed" if attested else "did not progress"
    reason = f"a reader attests that the lesion {word}; not recomputed ({missing})"
    return Progression(progressed=attested, reason=reason, notes=notes)


def _arithmetic(nadir: int, now: int, progressed: bool) -> str:
    percent = change_percent(nadir, now)
    relative = f"{shown_percent(percent, PROGRESSION_PERCENT)} %, " if percent is not None else ""
    verdict = "progressed" if progressed else "not progressed"
    return (
        f"nadir {millimeters(nadir)} mm, now {millimeters(now)} mm: {relative}"
        f"{millimeters(now - nadir):+} mm, {verdict} (limits +20 % and +5 mm)"
    )
