"""What supports a verdict is shown and decides nothing; a reader's reason makes phases comparable."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from imaging.findings.features import supporting_features
from imaging.findings.finding import Finding
from imaging.geometry import VolumeGeometry
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.phases.phase import Phase
from imaging.regions.region import Region, RegionMask, RegionRole, Vessel
from imaging.volume import Study
from tests.small_case import small_study, state
from workup.assess import assess
from workup.assessment import Assessment
from workup.assessment_json import assessment_document
from workup.case.case import Case, DefectStatement, Statement
from workup.case.case_files import read_case
from workup.case.reading_codec import parse_reading, reading_document
from workup.case.state import case_of, state_of
from workup.case.state_codec import decode_state, encode_state
from workup.errors import CaseError
from workup.protocol_files import read_protocol
from workup.reading import Reading
from workup.report.assessment_report import assessment_report

PROTOCOL = read_protocol("NCT06828380")
WHY = "kernels B30f and B31f differ by name only at this scanner"


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Case:
    folder = tmp_path_factory.mktemp("case")
    write_case(TWINS["plain"].small(), folder)
    return read_case(folder)


@pytest.fixture(scope="module")
def assessed(case) -> Assessment:
    return assess(case, PROTOCOL, stability=True)


GRID = VolumeGeometry((8, 60, 60), np.diag([2.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])


def disk(radius_mm: float, slices: slice = slice(0, 8), *, center: int = 30) -> RegionMask:
    rows, columns = np.indices((60, 60))
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[slices] = np.hypot(rows - 30, columns - center) <= radius_mm
    return RegionMask.from_full(mask, GRID)


DEFECT = Region("d", RegionRole.FILLING_DEFECT, {"P": disk(5)}, Vessel.PORTAL_VEIN)
VEINS = {
    "a wide portal vein is expanded": (RegionRole.PORTAL_VEIN, disk(13), "VEIN_EXPANDED", True),
    "a narrow one may be expanded for its place": (
        RegionRole.PORTAL_VEIN,
        disk(8),
        "VEIN_NOT_EXPANDED",
        None,
    ),
    "23 mm is of the portal vein alone": (RegionRole.IVC, disk(13), "VEIN_EXPANDED", None),
    "another stretch of the vein has no width": (
        RegionRole.PORTAL_VEIN,
        disk(6, center=50),
        "VEIN_WITHOUT_DEFECT",
        None,
    ),
}


@pytest.mark.parametrize("name", VEINS)
def test_the_vein_of_a_defect(name: str) -> None:
    role, mask, code, expanded = VEINS[name]

    found = supporting_features(DEFECT, Region("v", role, {"P": mask}), "P")

    assert found.vein.code == code
    assert found.avena.venous_expansion is expanded
    assert (found.vein_diameter_mm is None) == (code == "VEIN_WITHOUT_DEFECT")


SHARES = {
    "the whole of it lies in the vein": (disk(8), 1.0, "INTRALUMINAL"),
    "half of its slices": (disk(8, slice(0, 4)), 0.5, "NOT_SURELY_INTRALUMINAL"),
    "an outline that leaves it out says nothing, not 0 %": (disk(6, center=50), None, "VEIN_WITHOUT_DEFECT"),
}


@pytest.mark.parametrize("name", SHARES)
def test_the_share_inside_of_the_vein(name: str) -> None:
    mask, share, code = SHARES[name]

    found = supporting_features(DEFECT, Region("v", RegionRole.PORTAL_VEIN, {"P": mask}), "P")

    assert (found.intraluminal_share, found.intraluminal.code) == (share, code)


def test_without_an_outlined_vein_nothing_is_known_of_it() -> None:
    found = supporting_features(DEFECT, None, None, enhances=True)

    assert (found.vein_diameter_mm, found.intraluminal_share) == (None, None)
    assert found.vein.code == found.intraluminal.code == "NO_VEIN"
    assert found.avena.known == (1, 0, 4)


def test_features_stand_in_json_and_report_and_say_that_they_decide_nothing(assessed) -> None:
    defect = assessment_document(assessed)["vascular_invasion"]["defects"][0]
    report = assessment_report(assessed)

    avena = defect["features"]["avena"]
    assert (avena["thrombus_enhancement"], avena["adjacent_to_tumor"], avena["afp_above_1000"]) == (
        True,
        True,
        None,
    )
    assert avena["finding"] == "INDETERMINATE"
    (table,) = [t for t in report.tables if t.name == "features defect1"]
    assert table.title == "Supporting features (they decide nothing)"
    assert any(
        row[0].text == "A-VENA" and "AFP above 1000 ng/mL unknown" in row[2].text for row in table.rows
    )


def test_a_reader_and_a_number_that_contradict_leave_the_feature_open(case, assessed) -> None:
    said = {"defect1": DefectStatement(filling_defect=Statement.YES, arterial_enhancement=Statement.NO)}

    found = assess(replace(case, defects=said), PROTOCOL, decisions=assessed.decisions)

    assert found.defects[0].features.avena.thrombus_enhancement is None


def test_stability_is_told_where_it_was_asked_for(case, assessed) -> None:
    told = assessment_document(assessed)["vascular_invasion"]["defects"][0]["stability"]
    quick = assess(case, PROTOCOL, decisions=assessed.decisions)

    flips = len(told["enhancement"]["flips"])
    assert told["enhancement"]["stable"] + flips == told["enhancement"]["cases"] > 20
    assert any(
        "stable in" in r[2].text for t in assessment_report(assessed).tables for r in t.rows if len(r) == 3
    )
    assert quick.defects[0].stability is None
    assert assessment_document(quick)["vascular_invasion"]["defects"][0]["stability"] is None
    assert quick.vascular_invasion == assessed.vascular_invasion


def differing(case: Case, decisions, **fields: object) -> Case:
    """The case with another header on the late arterial phase."""
    images = tuple(
        replace(a, header=replace(a.header, **fields)) if decisions[a.key].phase is Phase.LATE_ARTERIAL else a
        for a in case.study
    )
    return replace(case, study=Study(images))


OVERRIDES = {
    "another kernel waits for a reader": ({"convolution_kernel": "B70f"}, "", "Reader One", "INDETERMINATE"),
    "a reason compares kernels": ({"convolution_kernel": "B70f"}, WHY, "Reader One", "POSITIVE"),
    "a reason compares thicknesses": ({"slice_thickness_mm": 3.0}, WHY, "Reader One", "POSITIVE"),
    "a reason of nobody counts for nothing": ({"convolution_kernel": "B70f"}, WHY, None, "INDETERMINATE"),
    "no reason compares tube voltages": ({"kvp": 80.0}, WHY, "Reader One", "NOT_COMPUTABLE"),
    "no reason compares scanners": ({"scanner": "other"}, WHY, "Reader One", "NOT_COMPUTABLE"),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_what_a_reader_may_override(case, assessed, name: str) -> None:
    fields, why, reader, finding = OVERRIDES[name]
    given = replace(differing(case, assessed.decisions, **fields), comparable_override=why, reader=reader)

    found = assess(given, PROTOCOL, decisions=assessed.decisions)

    assert found.defects[0].findings.enhancement.finding is Finding(finding)
    stands = bool(why and reader)
    assert assessment_document(found)["comparable_override"] == (why if stands else None)
    assert (("Phases compared nonetheless", why) in assessment_report(found).facts) == stands


def test_the_reason_survives_every_form_of_a_case() -> None:
    kept = replace(state(), comparable_override=WHY)

    decoded = decode_state(*encode_state(kept))
    reading = Reading.from_case(case_of(decoded, small_study(), "c"))

    assert decoded.comparable_override == WHY
    assert state_of(reading.to_case()).comparable_override == WHY
    assert parse_reading(json.loads(json.dumps(encode_state(kept)[0]["reading"]))).comparable_override == WHY


def test_a_reading_without_a_reason_is_written_as_before_and_a_reason_must_be_text() -> None:
    assert "comparable_override" not in reading_document(parse_reading({"complete": True}))
    with pytest.raises(CaseError, match="comparable_override"):
        parse_reading({"comparable_override": True})
