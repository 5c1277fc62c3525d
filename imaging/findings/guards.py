"""What forbids a comparison between phases, and what a reader must confirm before it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from imaging.dicom.comparability import not_comparable_reasons, not_recorded
from imaging.findings.enhancement import LOSS
from imaging.findings.finding import Reason
from imaging.findings.policy import EnhancementPolicy
from imaging.findings.printed_numbers import shown, shown_beside, side
from imaging.phases.examination import why_apart
from imaging.regions.region import Provenance, RegionMask
from imaging.regions.statistics import MAXIMUM_PADDING, RegionSample, RegionStatistics
from imaging.volume import Acquisition

#: Says why two acquisitions must not be compared: texts, or things with ``code`` and ``message``.
Comparability = Callable[[Acquisition, Acquisition], Iterable[object]]

#: A propagated region may be off by no more than this. [mm]
MAXIMUM_RESIDUAL_MM = 3.0
#: Nor by more than this share of its shortest half-width.
MAXIMUM_RESIDUAL_SHARE = 0.5


#: Beginnings of the differences that a reader may override: they change noise and edges, not the mean
#: of a region well inside of the lesion. Another voltage or scanner changes the mean itself. (Row 25 of
#: the failure catalogue excludes both from eligibility; here the first stay open, the others are refused.)
OVERRIDABLE = ("kernel", "slice thickness", "tube voltage not recorded")


def by_headers(a: Acquisition, b: Acquisition) -> tuple[object, ...]:
    """Differences that headers record, and a tube voltage that they do not record, which may differ."""
    recorded = not_comparable_reasons(a, b)
    if "tube voltage" not in not_recorded(a.header, b.header):
        return recorded
    text = "iodine is brighter at a lower voltage, and nobody knows if it differs: tube voltage not recorded"
    return (*recorded, Reason("TUBE_VOLTAGE_UNKNOWN", text))


def pair_blocks(
    a: Acquisition | None, b: Acquisition | None, comparability: Comparability = by_headers
) -> tuple[Reason, ...]:
    """Why values of two acquisitions must not be compared; empty where they may."""
    if a is None or b is None or a.key == b.key:
        return ()
    blocks = []
    apart = why_apart(a.header, b.header)
    if apart is not None:
        blocks.append(Reason(apart.code, f"the phases do not belong together: {apart.message}"))
    blocks += [Reason("RESAMPLED_IMAGE", f"{x.key} was interpolated") for x in (a, b) if x.volume.resampled]
    blocks += [r for r in _differences(a, b, comparability) if not _overridable(r)]
    return tuple(blocks)


def pair_doubts(
    a: Acquisition | None, b: Acquisition | None, comparability: Comparability = by_headers
) -> tuple[Reason, ...]:
    """Differences between two acquisitions that a reader may override."""
    if a is None or b is None or a.key == b.key:
        return ()
    return tuple(r for r in _differences(a, b, comparability) if _overridable(r))


def without_overridable(comparability: Comparability = by_headers) -> Comparability:
    """The same comparison once a reader has overridden, with a reason, what a reader may override."""

    def still(a: Acquisition, b: Acquisition) -> list[Reason]:
        return [r for r in _differences(a, b, comparability) if not _overridable(r)]

    return still


def _differences(a: Acquisition, b: Acquisition, comparability: Comparability) -> list[Reason]:
    return [_as_reason(said) for said in comparability(a, b)]


def _overridable(reason: Reason) -> bool:
    """Whether the difference, which ends the sentence, is one of those."""
    return reason.message.rsplit(": ", 1)[-1].startswith(OVERRIDABLE)


def _as_reason(said: object) -> Reason:
    code, message = getattr(said, "code", None), getattr(said, "message", None)
    if isinstance(code, str) and isinstance(message, str):
        return Reason(code, message)
    return Reason("PHASES_NOT_COMPARABLE", str(said))


def region_blocks(
    name: str, statistics: RegionStatistics | None, mask: RegionMask | None
) -> tuple[Reason, ...]:
    """Why a region must not be measured on one acquisition; ``name`` is used in the sentences."""
    blocks = []
    if statistics is not None and side(statistics.padding_fraction, MAXIMUM_PADDING) > 0:
        percent = shown(100 * statistics.padding_fraction, 100 * MAXIMUM_PADDING, decimals=0)
        text = f"{percent}% of {name} is padding, more than {MAXIMUM_PADDING:.0%}"
        blocks.append(Reason("REGION_PADDING", text))
    if mask is not None and not mask.verified and mask.residual_mm is not None:
        limit = residual_limit_mm(mask)
        if side(mask.residual_mm, limit) > 0:
            left, allowed = shown_beside(mask.residual_mm, limit)
            text = f"{name} was propagated with {left} mm left, more than {allowed} mm"
            blocks.append(Reason("MISREGISTERED", text))
    return tuple(blocks)


def residual_limit_mm(mask: RegionMask) -> float:
    """Largest registration error that a region of this size bears: 3 mm, or half its half-width. [mm]"""
    sides = [n * s for n, s in zip(mask.voxels.shape, mask.geometry.spacing_mm, strict=True)]
    return float(min(MAXIMUM_RESIDUAL_MM, MAXIMUM_RESIDUAL_SHARE * min(sides) / 2))


def below_unenhanced(
    name: str, before: RegionSample, late: RegionSample, phase: str, policy: EnhancementPolicy
) -> tuple[Reason, ...]:
    """That a region is darker in a late phase than before contrast: nothing washes out that far. [HU]"""
    fall = before.mean - late.mean
    if side(fall, policy.t_neg) <= 0:
        return ()
    said = f"{name} is {shown(fall, policy.t_neg)} HU below its unenhanced value in the {phase} phase"
    return (Reason("REGION_BELOW_UNENHANCED", f"{said}: {LOSS}"),)


def region_doubts(name: str, phase: str, mask: RegionMask | None) -> tuple[Reason, ...]:
    """What a reader must confirm of a region on one acquisition."""
    if mask is None or mask.verified:
        return ()
    how = {
        Provenance.PROPAGATED: "was carried over from another phase",
        Provenance.SUGGESTED: "was suggested by software",
        Provenance.IMPORTED: "was imported",
        Provenance.DRAWN: "was drawn",
    }[mask.provenance]
    left = "" if mask.residual_mm is None else f" ({mask.residual_mm:.1f} mm registration error measured)"
    text = f"{name} {how}{left} and no reader has confirmed it in the {phase} phase"
    return (Reason("REGION_UNCONFIRMED", text),)
