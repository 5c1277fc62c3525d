"""Maps of the region in hand, compared as ``assess`` compares: with the reader's phases and reasons."""

from __future__ import annotations

from collections.abc import Mapping

from imaging.findings.guards import by_headers, without_overridable
from imaging.findings.reference_liver import pooled_liver
from imaging.findings.region_maps import RegionMap, region_maps
from imaging.phases.phase import PhaseDecision
from imaging.regions.region import RegionRole
from workup.case.case import Case


def maps_of(case: Case, region_id: str, decisions: Mapping[str, PhaseDecision]) -> tuple[RegionMap, ...]:
    """Every map of one region, and the reasons for those that cannot be made; none without an outline.

    Parameters
    ----------
    case : Case
        As it stands.
    region_id : str
        The region in hand.
    decisions : mapping of acquisition key to PhaseDecision
        Phases with the reader's labels.
    """
    region = next((r for r in case.regions if r.id == region_id), None)
    if region is None or not region.masks:
        return ()
    overridden = bool(case.reader and case.comparable_override)
    return region_maps(
        region,
        pooled_liver(case.regions),
        case.study,
        decisions,
        control=next((r for r in case.regions if r.role is RegionRole.MUSCLE), None),
        not_comparable_reasons=without_overridable() if overridden else by_headers,
    )
