# ruff: noqa: E501 - tables are read across
"""Both bullets of I4.a in one examination: what two examinations, or two patients, in one folder give."""

from dataclasses import replace

import pytest

from eligibility.verdict import Status
from imaging.findings.finding import Finding
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.phases.phase import Phase
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case_files import read_case
from workup.errors import CaseError
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report

PROTOCOL = read_protocol("NCT06828380")
U, A, P, D = "NON-CON", "LIVER ART", "PORTAL", "DELAYED"
OCTOBER = {"study_date": "20251001", "study_uid": "9.9"}
POS, NOT, OPEN = Finding.POSITIVE, Finding.NOT_COMPUTABLE, Finding.INDETERMINATE


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "plain"
    write_case(TWINS["plain"].small(), folder)
    return read_case(folder)


def with_headers(case, changes):
    """The case with headers changed by the phase that their descriptions name."""

    def changed(a):
        words = [w for w in changes if w in (a.header.series_description or "").upper()]
        return replace(a, header=replace(a.header, **changes[words[0]])) if words else a

    return replace(case, study=replace(case.study, acquisitions=tuple(map(changed, case.study))))


# fmt: off
FOLDERS = {
    # what headers say                                                                 verdict I4.a, enhancement, washout, examinations
    "one examination passes":                                         ({},                                        Status.PASS,    POS, POS, 1),
    "late phases of another examination are no dynamic CT":           ({P: OCTOBER, D: OCTOBER},                  Status.UNKNOWN, NOT, OPEN, 2),
    "late phases of another date under one study UID are none":       ({P: {"study_date": "20251001"}, D: {"study_date": "20251001"}}, Status.UNKNOWN, NOT, OPEN, 2),
    "two study UIDs of one day on one table are one examination":     ({P: {"study_uid": "9.9"}, D: {"study_uid": "9.9"}}, Status.PASS, POS, POS, 1),
    "an unenhanced phase of another date does not prove enhancement": ({U: OCTOBER},                              Status.PASS,    NOT, OPEN, 2),
    "a delayed phase of another date leaves the rest as it is":       ({D: OCTOBER},                              Status.PASS,    POS, POS, 2),
}
# fmt: on


@pytest.mark.parametrize(
    ("headers", "status", "enhancement", "washout", "count"), FOLDERS.values(), ids=FOLDERS
)
def test_phases_count_within_one_examination(plain, headers, status, enhancement, washout, count):
    result = assess(with_headers(plain, headers), PROTOCOL, search=False)
    findings = result.defects[0].findings
    document = assessment_document(result)

    assert result.vascular_invasion.status is status
    assert (findings.enhancement.finding, findings.washout.finding) == (enhancement, washout)
    assert len(document["examinations"]) == count
    reasons = {r.code for r in (*findings.enhancement.reasons, *findings.washout.reasons)}
    assert ("DIFFERENT_EXAM" in reasons) is (count > 1)


def test_the_head_of_the_report_names_every_examination(plain):
    result = assess(with_headers(plain, {P: OCTOBER, D: OCTOBER}), PROTOCOL, search=False)

    facts = dict(assessment_report(result).facts)

    assert facts["Study date"] == "2025-06-20, 2025-10-01"
    assert "CT of 2025-06-20 (not dynamic: unenhanced, late arterial)" in facts["Examinations"]
    assert "CT of 2025-10-01 (not dynamic: portal venous, delayed)" in facts["Examinations"]


def test_a_defect_read_in_two_dynamic_examinations_belongs_to_neither(plain):
    """The reader's answers may be of either, and both bullets must hold in one."""
    earlier = with_headers(plain, dict.fromkeys((U, A, P, D), OCTOBER))
    renamed = [replace(a, key=f"{a.key}9") for a in earlier.study]
    both = replace(
        plain,
        study=replace(plain.study, acquisitions=(*plain.study.acquisitions, *renamed)),
        regions=tuple(
            replace(r, masks={**r.masks, **{f"{k}9": m for k, m in r.masks.items()}}) for r in plain.regions
        ),
    )

    result = assess(both, PROTOCOL, search=False)

    assert result.vascular_invasion.status is Status.UNKNOWN
    assert "examination of the filling defect" in result.vascular_invasion.message
    assert {m.acquisition_key for m in result.defects[0].findings.phases} <= {a.key for a in renamed}


def test_phases_of_another_modality_are_neither_compared_nor_named_by_its_agent(plain):
    """An MR's gadoxetate made the CT's delayed phase transitional, and MR plus CT a dynamic study."""
    mr = {"modality": "MR", "contrast_agent": "Primovist"}
    result = assess(with_headers(plain, {U: mr, A: mr}), PROTOCOL, search=False)

    phases = {result.decisions[a.key].phase for a in result.case.study if a.header.modality == "CT"}

    assert phases == {Phase.PORTAL_VENOUS, Phase.DELAYED}
    assert result.vascular_invasion.status is Status.UNKNOWN
    assert {e["contrast_agent"] for e in assessment_document(result)["examinations"]} >= {"gadoxetate"}


def test_images_of_two_patients_are_refused(plain):
    mixed = with_headers(plain, {P: {"patient_id_hash": "another"}})

    with pytest.raises(CaseError) as refused:
        assess(mixed, PROTOCOL, search=False)

    assert refused.value.code == "TWO_PATIENTS"
