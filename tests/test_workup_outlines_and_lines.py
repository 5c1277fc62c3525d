# ruff: noqa: E501 - tables are read across
"""What a file says of something that is not there is refused by name, never passed over."""

import json
from dataclasses import replace

import pytest

from imaging.errors import RegionError
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Provenance, RegionRole
from imaging.regions.region_files import read_regions
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case import Line
from workup.case.case_files import read_case
from workup.case.reading_codec import parse_reading
from workup.errors import CaseError, WorkupError
from workup.lesions import measure_lesion
from workup.protocol_files import read_protocol

PROTOCOL = read_protocol("NCT06828380")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cases") / "plain"
    write_case(TWINS["plain"].small(), made)
    return made


@pytest.fixture(scope="module")
def plain(folder):
    return read_case(folder)


LINE = {
    "region": "hcc1",
    "acquisition": "?",
    "axis": "long",
    "ends_lps_mm": [[-110, 0, 9.75], [-90, 0, 9.75]],
}
# fmt: off
MISTYPED = {
    # what a reading says that the case does not hold                                                         the name in the error
    "a line on an unknown acquisition":               ({"lines": [{**LINE, "acquisition": "1.2.99"}]},         "1.2.99"),
    "a line on an unknown region":                    ({"lines": [{**LINE, "region": "HCC1"}]},                "HCC1"),
    "a statement on an unknown filling defect":       ({"defects": {"Defect1": {}}},                           "Defect1"),
    "a defect's statement on a tumor":                ({"defects": {"hcc1": {}}},                              "hcc1"),
    "a statement on an unknown lesion":               ({"lesions": {"HCC1": {"malignant": "yes"}}},            "HCC1"),
    "a phase label of an unknown acquisition":        ({"phase_labels": {"1.2.99": "delayed"}},                "1.2.99"),
    "a reading of another schema":                    ({"schema_version": "2.0"},                              "2.0"),
}
# fmt: on


@pytest.mark.parametrize(("changed", "name"), MISTYPED.values(), ids=MISTYPED)
def test_a_reading_that_names_what_is_not_there_is_refused(folder, plain, tmp_path, changed, name):
    reading = json.loads((folder / "reading.json").read_text())
    key = plain.study.acquisitions[0].key
    for line in changed.get("lines", ()):
        line["acquisition"] = line["acquisition"].replace("?", key)
    (tmp_path / "reading.json").write_text(json.dumps({**reading, **changed}))

    with pytest.raises(CaseError) as refused:
        read_case(folder, reading=tmp_path / "reading.json")

    assert refused.value.code == "BAD_READING"
    assert name in refused.value.found


def test_a_lesion_that_is_gone_needs_no_outline(folder, tmp_path):
    reading = json.loads((folder / "reading.json").read_text())
    reading["lesions"]["gone"] = {"present": "no"}
    (tmp_path / "reading.json").write_text(json.dumps(reading))

    assert "gone" in read_case(folder, reading=tmp_path / "reading.json").lesions


@pytest.mark.parametrize("name", [" ", "", None, "\t"])
def test_a_blank_reader_is_no_reader(name):
    assert parse_reading({"reader": name}).reader is None


def masks_twice(document):
    document["masks"].append({**document["masks"][2], "provenance": "suggested", "verified": False})


REGIONS = {
    "a second outline of one region on one series": (masks_twice, "MASK_TWICE"),
    "a mistyped level": (lambda d: d["regions"][0].update(levle="Vp4"), "REGIONS_FORMAT"),
    "a mistyped flag of a mask": (lambda d: d["masks"][0].update(verifed=True), "REGIONS_FORMAT"),
    "an unknown part": (lambda d: d.update(region=[]), "REGIONS_FORMAT"),
    "another schema": (lambda d: d.update(schema_version="2.0"), "REGIONS_FORMAT"),
}


@pytest.mark.parametrize(("change", "code"), REGIONS.values(), ids=REGIONS)
def test_regions_that_cannot_be_read_whole_are_refused(folder, plain, change, code):
    document = json.loads((folder / "regions.json").read_text())
    change(document)
    (folder / "changed.json").write_text(json.dumps(document))

    with pytest.raises(RegionError) as refused:
        read_regions(folder / "changed.json", plain.study)

    assert refused.value.code == code


def with_masks(case, **changes):
    """The case with every outline of the tumor changed."""

    def changed(region):
        masks = {key: replace(mask, **changes) for key, mask in region.masks.items()}
        return replace(region, masks=masks) if region.role is RegionRole.PRIMARY_TUMOR else region

    return replace(case, regions=tuple(map(changed, case.regions)))


@pytest.mark.parametrize("provenance", [Provenance.SUGGESTED, Provenance.PROPAGATED, Provenance.IMPORTED])
def test_a_size_on_an_outline_that_no_reader_has_seen_decides_nothing(plain, provenance):
    result = assess(with_masks(plain, provenance=provenance, verified=False), PROTOCOL, search=False)

    lesion = assessment_document(result)["measurable_lesion"]["lesions"][0]
    assert result.measurable_lesion.status == "UNKNOWN"
    assert "no reader has confirmed" in result.measurable_lesion.message
    assert "outline_unverified" in lesion["flags"]


Z = 9.75
SPLEEN, SHORT, FIT = ((40, -20, Z), (140, 60, Z)), ((-110, 0, Z), (-90, 0, Z)), ((-120, -2, Z), (-78, -2, Z))
LINES = {
    # the line on the portal venous phase                                    what must be said of it
    "a line through the spleen lies outside and is too long": (
        (SPLEEN,),
        ("outside of the outline", "more than 25% apart"),
    ),
    "a line of less than half of the lesion differs": ((SHORT,), ("more than 25% apart",)),
    "a line that fits needs no word": ((FIT,), ()),
}


@pytest.mark.parametrize(("lines", "said"), LINES.values(), ids=LINES)
def test_a_line_that_does_not_fit_its_outline_says_so(plain, lines, said):
    portal = plain.study.acquisitions[2].key
    region = next(r for r in plain.regions if r.id == "hcc1")
    drawn = [Line("hcc1", portal, "long", ends) for ends in lines]
    decisions = assess(plain, PROTOCOL, search=False).decisions if said else {}

    measured = measure_lesion(region, plain.study, decisions, plain.lesions["hcc1"], drawn)

    assert measured.method == "line"
    assert len(measured.cautions) == len(said)
    assert all(word in text for word, text in zip(said, measured.cautions, strict=True))


def test_lines_on_another_phase_are_named_as_not_used(plain):
    arterial, portal = (plain.study.acquisitions[i].key for i in (1, 2))
    lines = (Line("hcc1", portal, "long", FIT), Line("hcc1", arterial, "long", SHORT))

    result = assess(replace(plain, lines=lines), PROTOCOL, search=False)

    (caution,) = assessment_document(result)["measurable_lesion"]["lesions"][0]["cautions"]
    assert "on the portal venous phase counts" in caution
    assert "not used: late arterial (20.0 mm)" in caution
    assert any("late arterial (20.0 mm)" in note for note in result.measurable_lesion.notes)


def test_errors_name_the_known_ids(folder, tmp_path):
    (tmp_path / "reading.json").write_text(json.dumps({"defects": {"x": {}}}))

    with pytest.raises(WorkupError, match="defect1"):
        read_case(folder, reading=tmp_path / "reading.json")


@pytest.mark.parametrize("key", ["0", "9.9"], ids=["before", "after"])
def test_a_reformat_never_gives_the_diameter_wherever_its_uid_sorts(plain, key):
    """The reader outlined the axial series and its coronal reformat: the axial one is measured."""
    portal = plain.study.acquisitions[2]
    reformat = replace(portal, key=key)
    region = next(r for r in plain.regions if r.id == "hcc1")
    both = replace(region, masks={**region.masks, key: region.masks[portal.key]})
    study = replace(plain.study, acquisitions=(reformat, *plain.study.acquisitions))
    decisions = {
        portal.key: PhaseDecision(Role.IMAGE, Phase.PORTAL_VENOUS, 1.0),
        key: PhaseDecision(Role.REFORMAT, Phase.PORTAL_VENOUS, 1.0),
    }

    assert measure_lesion(both, study, decisions, plain.lesions["hcc1"]).acquisition_key == portal.key
