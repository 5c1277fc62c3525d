"""A patient's cases over time: what nobody vouches for never makes a response."""

# ruff: noqa: E501  (tables read as tables)

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from eligibility.dates import PartialDate
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole, Vessel
from imaging.volume import Study
from tests.reading_studies import acquisition, block, geometry
from workup.assess import assess
from workup.baseline_age import age_warnings
from workup.case.case import Case, DefectStatement, LesionStatement, Statement
from workup.case_series import patient_over_time
from workup.errors import CaseError
from workup.protocol_files import read_protocol

GRID = geometry((8, 60, 60), (3.0, 1.0, 1.0))
YES, NO = Statement.YES, Statement.NO
SAID = LesionStatement(malignant=YES, margins_measurable=YES, locoregional_treated=NO)
TUMOR = DefectStatement(YES, YES, YES, YES, YES)
BLAND = DefectStatement(YES, YES, NO, NO, NO)
FIRST, LATER, LAST = "20250101", "20250226", "20250420"


def lesion(edge, role=RegionRole.PRIMARY_TUMOR, *, at=4, verified=True, **said):
    mask = block(GRID, (2, at, at), (3, edge, edge))
    if not verified:
        mask = RegionMask(mask.offset, mask.voxels, GRID, Provenance.SUGGESTED, verified=False)
    return role, {"P": mask}, replace(SAID, **said)


def node(edge, **said):
    return lesion(edge, RegionRole.LYMPH_NODE, at=20, **said)


def vein(said=None, **more):
    """A filling defect with what its reader answers."""
    return RegionRole.FILLING_DEFECT, {"P": block(GRID, (2, 40, 40), (2, 8, 8))}, (said, more)


GONE = (RegionRole.PRIMARY_TUMOR, {}, replace(SAID, present=NO))


def case(day, modality="CT", series="portal venous", **lesions):
    study = Study((acquisition("P", np.zeros(GRID.shape, np.int16), GRID, study_date=day, modality=modality,
                               patient_id_hash="abc", series_description=series),))  # fmt: skip
    regions, said, defects = [], {}, {}
    for name, (role, masks, words) in lesions.items():
        is_vein = role is RegionRole.FILLING_DEFECT
        regions.append(Region(name, role, masks, Vessel.PORTAL_VEIN if is_vein else None))
        if not is_vein:
            said[name] = words
            continue
        defects |= {name: words[0]} if words[0] else {}
        said |= {name: LesionStatement(**words[1])} if words[1] else {}
    return Case(study=study, regions=tuple(regions), lesions=said, defects=defects, reader="Reader")


def course(*visits):
    """Responses after baseline of visits given as lesions by name."""
    days = (FIRST, LATER, LAST)
    cases = [(f"V{i}", case(days[i], **visit)) for i, visit in enumerate(visits)]
    return patient_over_time(cases).responses()[1:]


def responses(*visits):
    return [r.overall.value for r in course(*visits)]


A = {"a": lesion(40)}
# fmt: off
COURSES = {
    "a lesion cut off by the edge of the images is no response":    ([A, {"a": lesion(20, at=0)}],                                        ["NE"], "cut off by the edge of the images"),
    "a lower bound may still prove progression":                    ([{"a": lesion(30)}, {"a": lesion(45, at=0)}],                         ["PD"], "lower bound"),
    "an outline that nobody confirmed is no response":              ([A, {"a": lesion(20, verified=False)}],                              ["NE"], "no reader confirmed its outline"),
    "nor is one of baseline":                                       ([{"a": lesion(40, verified=False)}, {"a": lesion(20)}],              ["NE"], ""),
    "a lesion called gone and outlined is not evaluated":           ([A, {"a": lesion(20, present=NO)}],                                  ["NE"], "called gone, yet outlined"),
    "tumor in a vein that stays keeps a complete response away":    ([{**A, "v": vein(TUMOR)}, {"a": GONE, "v": vein(TUMOR)}],            ["PR"], ""),
    "so does one that the reader has not judged":                   ([{**A, "v": vein()}, {"a": GONE, "v": vein()}],                      ["PR"], "the reader has not said whether it is tumor in vein"),
    "tumor in a vein that is gone with the target is complete":     ([{**A, "v": vein(TUMOR)}, {"a": GONE, "v": vein(present=NO)}],       ["CR"], ""),
    "a bland clot is followed as nothing":                          ([{**A, "v": vein(BLAND)}, {"a": GONE, "v": vein(BLAND)}],            ["CR"], ""),
    "tumor in a vein that grew unequivocally is progression":       ([{**A, "v": vein(TUMOR)}, {**A, "v": vein(TUMOR, unequivocal_progression=YES)}], ["PD"], ""),
    "a new tumor in a vein is progression":                         ([A, {**A, "v": vein(TUMOR)}],                                        ["PD"], "new lesion v (thrombus)"),
    "a clot that becomes tumor is progression":                     ([{**A, "v": vein(BLAND)}, {**A, "v": vein(TUMOR)}],                  ["PD"], ""),
    "a new filling defect that nobody judged is equivocal":         ([A, {**A, "v": vein()}],                                             ["SD"], "v is equivocal: the reader has not said whether it is tumor in vein"),
    "a tumor in a vein that nobody looked for again is not gone":   ([{**A, "v": vein(TUMOR)}, {"a": GONE}],                              ["PR"], ""),
    "a normal node stays no lesion below 10 mm":                    ([{**A, "n": node(6)}, {**A, "n": node(7)}],                          ["SD"], "below 10 mm: normal, not new"),
    "a normal node that grew by less than 5 mm is equivocal":       ([{**A, "n": node(7)}, {**A, "n": node(8)}],                         ["SD"], "a normal node of"),
    "a normal node that grew to 20 mm is new":                      ([{**A, "n": node(6)}, {**A, "n": node(15)}],                         ["PD"], "new lesion n (node)"),
    "a node first seen below 10 mm is not new":                     ([A, {**A, "n": node(6)}],                                            ["SD"], ""),
    "a lesion once called benign is equivocal, not new":            ([{**A, "b": lesion(20, malignant=NO)}, {**A, "b": lesion(20)}],      ["SD"], "outlined at baseline: not called malignant"),
    "a new lesion counts until it is seen to be gone":              ([A, {"a": lesion(20), "x": lesion(12)}, {"a": lesion(20)}],          ["PD", "PD"], "was not evaluated: it counts until it is seen gone"),
}
# fmt: on


@pytest.mark.parametrize(("visits", "overall", "said"), COURSES.values(), ids=COURSES)
def test_a_course_of_cases(visits, overall, said):
    found = course(*visits)

    assert [r.overall.value for r in found] == overall
    assert not said or any(said in note for r in found for note in r.notes)


# fmt: off
TECHNIQUES = {
    "MR after CT is said aloud":             ({"modality": "MR", "series": "portal venous"}, "measured on MR, at baseline on CT: a"),
    "another phase is said aloud":           ({"series": "delayed"},                         "measured on the delayed phase, at baseline on the portal venous phase: a"),
    "the same technique needs no word":      ({},                                            None),
}
# fmt: on


@pytest.mark.parametrize(("technique", "said"), TECHNIQUES.values(), ids=TECHNIQUES)
def test_technique_over_time(technique, said):
    later = case(LATER, **technique, a=lesion(20))
    notes = patient_over_time([("V0", case(FIRST, **A)), ("V1", later)]).responses()[1].notes

    assert [note for note in notes if "G7" in note] == (
        [f"{said} (the same technique is asked for, G7)"] if said else []
    )


# fmt: off
AGES = {
    "28 days are not too old":                              ("2025-01-29", None),
    "29 days are":                                          ("2025-01-30", "29 days old"),
    "a start before the images is said aloud":              ("2024-12-31", "1 day after the start"),
    "years are":                                            ("2031-01-01", "2191 days old"),
    "a month of which every day is too late is too old":    ("2025-03",    "baseline imaging is 59 days old"),
    "a month of which one day is too late may be":          ("2025-01",    "the start is known as 2025-01 only"),
}
# fmt: on


@pytest.mark.parametrize(("start", "said"), AGES.values(), ids=AGES)
def test_images_too_old_for_the_start_of_treatment(start, said):
    found = age_warnings(date(2025, 1, 1), PartialDate.parse(start))

    assert found == () if said is None else said in found[0]


def test_nothing_is_said_where_the_start_or_the_day_is_not_recorded():
    assert age_warnings(date(2025, 1, 1), None) == age_warnings(None, PartialDate.parse("2025")) == ()


def test_assess_and_recist_warn_of_old_images():
    record = {"schema_version": "1.0", "reference_dates": {"treatment_start": "2031-01-01"}}
    old = replace(case(FIRST, **A), record=record)
    warning = "baseline imaging is 2191 days old at the start of treatment (at most 28)"

    assert warning in assess(old, read_protocol("NCT06828380"), search=False).targets.notes
    assert warning in patient_over_time([("V0", old)]).notes


def test_a_record_that_cannot_be_read_leaves_the_age_open():
    broken = replace(case(FIRST, **A), record={"schema_version": "1.0", "nonsense": 1})

    assert any(
        "whether the baseline images are too old is unknown" in n
        for n in patient_over_time([("V0", broken)]).notes
    )


def two_days(of_lesion):
    """A case whose folder also holds a later examination, with the lesion on either or both."""
    at = case(FIRST, t1=lesion(30))
    later = acquisition("L", np.zeros(GRID.shape, np.int16), GRID, study_date=LATER, modality="CT",
                        patient_id_hash="abc", series_description="portal venous")  # fmt: skip
    tumor = at.regions[0].masks["P"]
    return replace(
        at,
        study=Study((*at.study.acquisitions, later)),
        regions=tuple(Region(f"t{key}", RegionRole.PRIMARY_TUMOR, {key: tumor}) for key in of_lesion),
        lesions={},
    )


def test_a_time_point_has_the_day_of_the_examination_that_was_measured():
    patient = patient_over_time([("a", two_days("L")), ("b", case(LAST, tL=lesion(30)))])

    assert [visit.on for visit in patient.visits] == [date(2025, 2, 26), date(2025, 4, 20)]


def test_measurements_of_two_days_are_no_time_point():
    with pytest.raises(CaseError) as refused:
        patient_over_time([("a", two_days("PL")), ("b", case(LAST, tL=lesion(30)))])

    assert refused.value.code == "SEVERAL_EXAMINATIONS"
    assert "CT of 2025-01-01, CT of 2025-02-26" in refused.value.found


def test_words_of_a_reader_are_the_answers_they_name():
    assert LesionStatement(present="no", malignant="yes") == LesionStatement(present=NO, malignant=YES)
    assert LesionStatement(present="no").present is NO
    with pytest.raises(CaseError, match="target 'maybe'"):
        LesionStatement(target="maybe")
    with pytest.raises(CaseError, match="washout_portal True"):
        DefectStatement(washout_portal=True)
