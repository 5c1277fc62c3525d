"""Which phases the enhancement of vessels and organs allows, and which it proves.

Ratios of enhancements are compared, not Hounsfield units alone: dose, body weight and tube voltage
scale every gain alike, so the share of the aorta's gain that liver, spleen or portal vein have reached
tells the time. Where only Hounsfield units are at hand the limits are wide.

References
----------
Phase criteria: LI-RADS v2018 technical requirements. Liver gain of a good portal venous phase: Heiken
1995 Radiology 195:353. Curves of aorta, portal vein and liver: Bae 2010 Radiology 256:32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from imaging.phases.pass_numbers import UNENHANCED_BLOOD_HU, PassNumbers
from imaging.phases.phase import Phase

#: Aorta at or above this is enhanced, whoever the patient is. [HU]
ENHANCED_BLOOD_HU = 85.0
#: Alone in its study, a pass is called unenhanced only below this. [HU]
SURELY_UNENHANCED_HU = 62.0
#: ... or beside a pass whose aorta is brighter by this. [HU]
BESIDE_ENHANCED_HU = 60.0
#: Assumed where no unenhanced pass was taken; blood and spleen vary little, the liver (fat) too much. [HU]
PLAIN_BLOOD_HU, PLAIN_SPLEEN_HU = 42.0, 50.0
#: Liver's share of the aorta's gain: at most the first in arterial, at least the second in later phases;
#: a late arterial phase with strong arterial supply of the liver reaches 0.15.
LIVER_SHARE_ARTERIAL, LIVER_SHARE_LATER = 0.17, 0.27
#: The second, where the arterial pass, whose liver has gained already, stands for the one before contrast.
LIVER_SHARE_LATER_ESTIMATED = 0.12
#: A spleen this uneven, and this many times as uneven as in another pass, is in its first minute. [HU]
MOTTLED_HU, MOTTLED_TIMES = 12.0, 1.8
#: From this share of the aorta's gain on, the portal system is not that of an arterial phase.
PORTAL_SHARE_VENOUS = 0.7
#: Portal system's gain: D.3 tells early from late arterial at 20 HU; nearer than this nothing is told. [HU]
PORTAL_GAIN_EARLY_HU, PORTAL_GAIN_LATE_HU = 14.0, 30.0
#: The same by share of the aorta's gain, both must agree.
PORTAL_SHARE_EARLY, PORTAL_SHARE_LATE = 0.06, 0.12
#: Spleen's share of the aorta's gain where the portal system is not in view.
SPLEEN_SHARE_EARLY, SPLEEN_SHARE_LATE = 0.14, 0.24
#: Washout index: (aorta's gain / its arterial gain) / (liver's gain / aorta's gain). It falls with time;
#: portal venous from the first on, delayed below the second, in between not told (patients differ too much).
INDEX_PORTAL, INDEX_DELAYED = 0.9, 0.35
#: Below this a pass is more likely delayed than portal venous, though not surely.
INDEX_RATHER_DELAYED = 0.7
#: Spleen's share from which an early arterial aorta is near enough to its peak to serve in the index.
NEAR_PEAK_SPLEEN_SHARE = 0.125
#: A later pass whose aortic gain is at most this share of an earlier portal venous one is delayed.
PAIR_SHARE = 0.72
#: Two aortas that differ by less are the same. [HU]
SAME_AORTA_HU = 8.0
#: Urine this much brighter than the kidney around it: two minutes or more. [HU]
EXCRETION_HU = 80.0
#: A single pass is arterial if the aorta has this, and this much more than the liver. [HU]
ALONE_AORTA_HU, ALONE_ABOVE_LIVER_HU = 250.0, 170.0
#: Below this tube voltage iodine is so bright that a single pass says nothing. [kV]
ALONE_LEAST_KVP = 110.0

ARTERIAL = frozenset({Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL, Phase.ARTERIAL})
LATER = frozenset({Phase.PORTAL_VENOUS, Phase.DELAYED})
ENHANCED = ARTERIAL | LATER
ALL = ENHANCED | {Phase.UNENHANCED}


@dataclass(frozen=True, slots=True)
class ImageReading:
    """What the image of one pass says.

    Attributes
    ----------
    says : Phase
        A phase where the image proves one, else ``undetermined``.
    possible : frozenset of Phase
        Phases that the image does not exclude; empty if nothing was measured.
    written : str
        The numbers and the rule.
    aorta_hu : float or None
        Median of the aorta. [HU]
    rather_delayed : bool
        Whether portal venous and delayed are possible, but delayed is likelier.
    """

    says: Phase
    possible: frozenset[Phase]
    written: str
    aorta_hu: float | None = None
    rather_delayed: bool = False

    def excludes(self, phase: Phase) -> bool:
        """Whether the image speaks against a phase that another source names."""
        if not self.possible:
            return False
        if phase is Phase.CONTRAST_UNSPECIFIED:
            return self.possible == {Phase.UNENHANCED}
        if phase is Phase.ARTERIAL:
            return not self.possible & ARTERIAL
        return phase in ALL and phase not in self.possible


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Values before contrast; ``liver`` is None where it cannot be known."""

    aorta: float
    spleen: float
    portal: float
    liver: float | None
    measured: bool


def read_passes(
    numbers: Mapping[str, PassNumbers], kvp: Mapping[str, float | None] | None = None
) -> dict[str, ImageReading]:
    """Judge the passes of one patient position against each other.

    Parameters
    ----------
    numbers : acquisition key -> PassNumbers
        Passes whose places compare.
    kvp : acquisition key -> tube voltage, optional
        Without it a single pass is not judged by Hounsfield units. [kV]
    """
    aortas = {key: n.aorta for key, n in numbers.items() if n.aorta is not None}
    base = _baseline(numbers, aortas)
    possible: dict[str, frozenset[Phase]] = {}
    why: dict[str, str] = {}
    for key, n in with_mottling(numbers).items():
        possible[key], why[key] = _first_look(key, n, aortas, base, (kvp or {}).get(key))
    told = [k for k, p in possible.items() if p == ARTERIAL and len(aortas) > 1]
    for key in told:
        possible[key], why[key] = _early_or_late(numbers[key], base, why[key])
    rather_delayed = _tell_later_passes(numbers, aortas, base, possible, why)
    return {
        key: replace(_reading(numbers[key], possible[key], why[key]), rather_delayed=key in rather_delayed)
        for key in numbers
    }


def _reading(numbers: PassNumbers, possible: frozenset[Phase], why: str) -> ImageReading:
    definite = possible - {Phase.ARTERIAL}
    if len(definite) == 1:
        (says,) = definite
    elif possible == ARTERIAL:
        says = Phase.ARTERIAL
    else:
        says = Phase.UNDETERMINED
    return ImageReading(
        says, possible, f"{numbers.words()}: {why}" if why else numbers.words(), numbers.aorta
    )


def _baseline(numbers: Mapping[str, PassNumbers], aortas: Mapping[str, float]) -> _Baseline:
    plain = [k for k, a in aortas.items() if a < UNENHANCED_BLOOD_HU]
    if plain:
        n = numbers[min(plain, key=lambda k: aortas[k])]
        assert n.aorta is not None
        spleen = n.spleen if n.spleen is not None else PLAIN_SPLEEN_HU
        return _Baseline(n.aorta, spleen, n.portal if n.portal is not None else n.aorta, n.liver, True)
    liver = _liver_before_contrast(numbers, aortas)
    return _Baseline(PLAIN_BLOOD_HU, PLAIN_SPLEEN_HU, PLAIN_BLOOD_HU, liver, False)


def _liver_before_contrast(numbers: Mapping[str, PassNumbers], aortas: Mapping[str, float]) -> float | None:
    """Liver of the arterial pass: the aorta falls after it while the liver rises, as at no other time."""
    known = [k for k in aortas if numbers[k].liver is not None]
    for peak in sorted(known, key=lambda k: -aortas[k]):
        first = numbers[peak].liver or 0.0
        for other in known:
            falls = aortas[peak] - aortas[other] >= 35.0
            rises = (numbers[other].liver or 0.0) - first
            if falls and rises >= max(8.0, 0.06 * (aortas[peak] - PLAIN_BLOOD_HU)):
                return min(numbers[k].liver or first for k in known if aortas[k] > aortas[other])
    return None


def _first_look(
    key: str, n: PassNumbers, aortas: Mapping[str, float], base: _Baseline, kvp: float | None
) -> tuple[frozenset[Phase], str]:
    """Unenhanced, arterial, or later."""
    if n.aorta is None:
        return frozenset(), ""
    if n.aorta < UNENHANCED_BLOOD_HU:
        return _dark_blood(n, max(aortas.values()))
    if n.aorta < ENHANCED_BLOOD_HU:
        return ALL, f"aorta between {UNENHANCED_BLOOD_HU:.0f} and {ENHANCED_BLOOD_HU:.0f} HU"
    if base.liver is None or n.liver is None:
        return _alone(n, kvp)
    share = _liver_share(n, base) or 0.0
    said = f"liver has {round(100 * share)} % of the aorta's gain"
    fallen = _has_fallen(n.aorta, aortas)
    early_in_time = base.measured or not fallen or n.mottled
    if share <= LIVER_SHARE_ARTERIAL and not _venous(n, base) and early_in_time:
        return ARTERIAL, f"{said} (at most {100 * LIVER_SHARE_ARTERIAL:.0f} % is arterial)"
    least = LIVER_SHARE_LATER if base.measured else LIVER_SHARE_LATER_ESTIMATED
    if share >= least and (base.measured or fallen):
        return LATER, f"{said} (at least {100 * least:.0f} % is portal venous or later)"
    return ENHANCED, f"{said}, between the limits"


def _liver_share(n: PassNumbers, base: _Baseline) -> float | None:
    """Liver's share of the aorta's gain."""
    if n.liver is None or base.liver is None or n.aorta is None or n.aorta <= base.aorta:
        return None
    return (n.liver - base.liver) / (n.aorta - base.aorta)


def with_mottling(numbers: Mapping[str, PassNumbers]) -> dict[str, PassNumbers]:
    """Mark the passes whose spleen is streaked compared with the evenest pass of the study."""
    known = [n.mottling for n in numbers.values() if n.mottling is not None]
    limit = max(MOTTLED_HU, MOTTLED_TIMES * min(known, default=0.0))
    return {
        key: replace(n, mottled=len(known) > 1 and n.mottling is not None and n.mottling >= limit)
        for key, n in numbers.items()
    }


def _venous(n: PassNumbers, base: _Baseline) -> bool:
    """Whether the portal system is nearly as bright as the aorta, as it never is in an arterial phase."""
    if n.portal is None or n.aorta is None:
        return False
    return n.portal - base.portal >= PORTAL_SHARE_VENOUS * (n.aorta - base.aorta)


def _has_fallen(aorta: float, aortas: Mapping[str, float]) -> bool:
    return (aorta - PLAIN_BLOOD_HU) <= PAIR_SHARE * (max(aortas.values()) - PLAIN_BLOOD_HU)


def _dark_blood(n: PassNumbers, brightest: float) -> tuple[frozenset[Phase], str]:
    assert n.aorta is not None
    if n.urine_above_kidney is not None and n.urine_above_kidney >= EXCRETION_HU:
        return frozenset({Phase.DELAYED, Phase.UNENHANCED}), "dark blood, but contrast in the urine"
    torso = n.liver is not None  # without a liver in view it may be no aorta at all
    if (torso and n.aorta < SURELY_UNENHANCED_HU) or brightest - n.aorta >= BESIDE_ENHANCED_HU:
        return frozenset({Phase.UNENHANCED}), f"aorta below {UNENHANCED_BLOOD_HU:.0f} HU"
    return frozenset({Phase.UNENHANCED, Phase.DELAYED}), f"aorta below {UNENHANCED_BLOOD_HU:.0f} HU, alone"


def _alone(n: PassNumbers, kvp: float | None) -> tuple[frozenset[Phase], str]:
    assert n.aorta is not None
    above = None if n.liver is None else n.aorta - n.liver
    known = kvp is not None and kvp >= ALONE_LEAST_KVP
    if known and n.aorta >= ALONE_AORTA_HU and above is not None and above >= ALONE_ABOVE_LIVER_HU:
        return ARTERIAL, f"aorta {round(above)} HU above the liver"
    return ENHANCED, f"enhanced (aorta at least {ENHANCED_BLOOD_HU:.0f} HU), nothing to compare with"


def _early_or_late(n: PassNumbers, base: _Baseline, why: str) -> tuple[frozenset[Phase], str]:
    early = frozenset({Phase.EARLY_ARTERIAL, Phase.ARTERIAL})
    late = frozenset({Phase.LATE_ARTERIAL, Phase.ARTERIAL})
    gain = (n.aorta or 0.0) - base.aorta
    if n.portal is not None:
        portal = n.portal - base.portal
        said = f"{why}; portal system gained {round(portal)} HU"
        if portal < PORTAL_GAIN_EARLY_HU and portal < PORTAL_SHARE_EARLY * gain:
            return early, said
        if portal >= PORTAL_GAIN_LATE_HU and portal >= PORTAL_SHARE_LATE * gain:
            return late, said
        return ARTERIAL, f"{said}, early and late not told apart"
    if n.spleen is None:
        return ARTERIAL, why
    share = (n.spleen - base.spleen) / gain
    said = f"{why}; no portal vein in view, spleen has {round(100 * share)} % of the aorta's gain"
    if share <= SPLEEN_SHARE_EARLY:
        return early, said
    return (late, said) if share >= SPLEEN_SHARE_LATE else (ARTERIAL, said)


def _tell_later_passes(
    numbers: Mapping[str, PassNumbers],
    aortas: Mapping[str, float],
    base: _Baseline,
    possible: dict[str, frozenset[Phase]],
    why: dict[str, str],
) -> set[str]:
    """Portal venous or delayed, by urine, by the washout index and by the fall between two passes.

    Returns
    -------
    set of str
        Passes that stay open but are rather delayed.
    """
    rather: set[str] = set()
    later = [k for k, p in possible.items() if p == LATER]
    peak = _arterial_peak(numbers, base, possible)
    for key in later:
        n = numbers[key]
        if n.urine_above_kidney is not None and n.urine_above_kidney >= EXCRETION_HU:
            possible[key], why[key] = frozenset({Phase.DELAYED}), f"{why[key]}; contrast in the urine"
            continue
        index = _washout_index(n, base, peak)
        if index is None:
            continue
        said = f"{why[key]}; washout index {index:.2f}"
        why[key] = said
        if index >= INDEX_PORTAL:
            possible[key] = frozenset({Phase.PORTAL_VENOUS})
        elif index < INDEX_DELAYED:
            possible[key] = frozenset({Phase.DELAYED})
        elif index < INDEX_RATHER_DELAYED:
            rather.add(key)
    for one, other in combinations(later, 2):
        first, second = (one, other) if aortas[one] >= aortas[other] else (other, one)
        surely_later = (_liver_share(numbers[first], base) or 0.0) >= LIVER_SHARE_LATER
        if surely_later and aortas[second] - base.aorta <= PAIR_SHARE * (aortas[first] - base.aorta):
            possible[second] = frozenset({Phase.DELAYED})
            why[second] += (
                f"; aorta {aortas[first] - aortas[second]:.0f} HU below another pass after the arterial"
            )
    return rather


def _arterial_peak(
    numbers: Mapping[str, PassNumbers], base: _Baseline, possible: Mapping[str, frozenset[Phase]]
) -> float | None:
    """Aorta's gain near its peak; None without an arterial pass that is near it, or a liver to compare."""
    if not base.measured:
        return None
    gains = []
    for key, phases in possible.items():
        n = numbers[key]
        if not phases <= ARTERIAL or n.aorta is None or not phases:
            continue
        gain = n.aorta - base.aorta
        near = n.spleen is not None and n.spleen - base.spleen >= NEAR_PEAK_SPLEEN_SHARE * gain
        if near or Phase.EARLY_ARTERIAL not in phases:
            gains.append(gain)
    return max(gains, default=None)


def _washout_index(n: PassNumbers, base: _Baseline, peak: float | None) -> float | None:
    if peak is None or base.liver is None or n.liver is None or n.aorta is None or n.liver - base.liver < 8:
        return None
    gain = n.aorta - base.aorta
    return (gain / peak) / ((n.liver - base.liver) / gain)


def darker_before_brighter(aortas: Mapping[str, float], named: Mapping[str, Phase]) -> dict[str, str]:
    """A sentence where a pass called delayed has a brighter aorta than one called portal venous (D.3).

    Parameters
    ----------
    aortas : acquisition key -> float
        Aorta. [HU]
    named : acquisition key -> Phase
        As the other sources have it.
    """
    found: dict[str, str] = {}
    for delayed in (k for k, p in named.items() if p is Phase.DELAYED and k in aortas):
        for portal in (k for k, p in named.items() if p is Phase.PORTAL_VENOUS and k in aortas):
            if aortas[delayed] > aortas[portal] + SAME_AORTA_HU:
                sentence = (
                    f"the aorta has {aortas[delayed]:.0f} HU in the pass called delayed and only "
                    f"{aortas[portal]:.0f} HU in the one called portal venous"
                )
                found[delayed] = found[portal] = sentence
    return found
