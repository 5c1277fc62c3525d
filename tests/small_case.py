"""A tiny study and readers' states with known content, for tests of the case folder."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from imaging.phases.phase import Phase
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole, Vessel, VesselLevel
from tests.reading_studies import SHAPE, block, geometry, study
from workup.case.case import DefectStatement, LesionStatement, Line, Statement
from workup.case.state import CaseState

KEYS = ("U", "A", "P", "D")


def small_study():
    return study(KEYS)


def state(token=0, reader="Reader A"):
    """Two overlapping regions, lines, statements, a record with decimals; ``token`` tells states apart."""
    grid = geometry()
    lesion = Region(
        "lesion-1",
        RegionRole.TARGET_LESION,
        {"A": block(grid, (1, 3, 4), (3, 8, 9)), "P": block(grid, (1, 3, 5 + token % 5), (2, 7, 9))},
        note="segment VIII",
    )
    defect = Region(
        "defect-1",
        RegionRole.FILLING_DEFECT,
        {"A": block(grid, (2, 5, 8), (2, 6, 9))},
        Vessel.PORTAL_VEIN,
        VesselLevel.VP3,
    )
    return CaseState(
        regions=(lesion, defect),
        phase_labels={"A": Phase.LATE_ARTERIAL},
        lines=(Line("lesion-1", "A", "long", ((-10.1, -4.0, 45.0), (1.0 / 3.0, -4.0, 45.0))),),
        defects={"defect-1": DefectStatement(Statement.YES, Statement.NO, comment=f"reading {token}")},
        lesions={"lesion-1": LesionStatement(Statement.YES, kind="solid", target=Statement.YES)},
        reader=reader,
        record={"labs": [{"code": "albumin", "value": Decimal("3.50")}], "$date": "a user's key"},
        notes={"token": token},
    )


def same_state(one, other):
    """Whether two states hold the same, voxel for voxel and bit for bit."""
    plain = ("phase_labels", "lines", "defects", "lesions", "reader", "record", "notes")
    if any(getattr(one, name) != getattr(other, name) for name in plain):
        return False
    if len(one.regions) != len(other.regions):
        return False
    return all(_same_region(a, b) for a, b in zip(one.regions, other.regions, strict=True))


def _same_region(a, b):
    if (a.id, a.role, a.vessel, a.level, a.note) != (b.id, b.role, b.vessel, b.level, b.note):
        return False
    return list(a.masks) == list(b.masks) and all(_same_mask(a.masks[k], b.masks[k]) for k in a.masks)


def _same_mask(a, b):
    facts = ("offset", "provenance", "verified", "residual_mm")
    return (
        all(getattr(a, f) == getattr(b, f) for f in facts)
        and np.array_equal(a.voxels, b.voxels)
        and a.geometry.shape == b.geometry.shape
        and np.array_equal(a.geometry.index_to_patient_mm, b.geometry.index_to_patient_mm)
    )


def random_region(random, name):
    """A region of random voxels somewhere on a grid with an oblique, long-digit matrix."""
    matrix = np.array(geometry().index_to_patient_mm)
    matrix[:3, :3] += random.normal(0, 0.01, (3, 3))
    grid = type(geometry())(SHAPE, matrix)
    full = random.random(SHAPE) < random.uniform(0.001, 0.9)
    full[tuple(random.integers(0, n) for n in SHAPE)] = True
    provenance = random.choice(list(Provenance))
    return Region(
        name, RegionRole.LYMPH_NODE, {"A": RegionMask.from_full(full, grid, Provenance(provenance))}
    )
