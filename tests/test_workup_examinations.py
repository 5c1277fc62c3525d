# ruff: noqa: E501 - tables are read across
"""Both bullets of I4.a in one examination: what two examinations, or two patients, in one folder give."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from eligibility.vascular_invasion import GADOXETATE_NAMES
from eligibility.verdict import Status
from imaging.findings.finding import Finding
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.phases.agent import Agent, named_agent
from imaging.phases.phase import Phase, PhaseDecision, Role
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case import Statement
from workup.case.case_files import read_case
from workup.errors import CaseError, ExchangeError
from workup.exchange.export_files import export_cases
from workup.exchange.sdtm import sdtm
from workup.imaging_facts import imaging_facts
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
    assert {e["contrast_agent"] for e in assessment_document(result)["examinations"]} >= {
        "gadoxetate (Primovist)"
    }


def test_images_of_two_patients_are_refused(plain):
    mixed = with_headers(plain, {P: {"patient_id_hash": "another"}})

    with pytest.raises(CaseError) as refused:
        assess(mixed, PROTOCOL, search=False)

    assert refused.value.code == "TWO_PATIENTS"


# fmt: off
AGENTS = {
    # modality and agent (first and last series) in the headers, last phase by the reader        verdict where only the delayed phase washes out
    "delayed washout on CT counts":                                 ("CT", None,            Phase.DELAYED,      Status.PASS),
    "delayed washout under gadobutrol counts":                      ("MR", "Gadovist",      Phase.DELAYED,      Status.PASS),
    "under gadoxetate it may be uptake":                            ("MR", "GADOXETATE",    Phase.DELAYED,      Status.UNKNOWN),
    "gadoxetate is known as Gd-EOB-DTPA":                           ("MR", "Gd-EOB-DTPA",   Phase.DELAYED,      Status.UNKNOWN),
    "gadoxetate is known by its Korean trade name":                 ("MR", "프리모비스트",     Phase.DELAYED,      Status.UNKNOWN),
    "a transitional phase proves gadoxetate without a name":        ("MR", None,            Phase.TRANSITIONAL, Status.UNKNOWN),
    "on MR without an agent's name it may be gadoxetate":           ("MR", None,            Phase.DELAYED,      Status.UNKNOWN),
    "gadolinium names no agent":                                    ("MR", "GADOLINIUM",    Phase.DELAYED,      Status.UNKNOWN),
    "nor does non-ionic gadolinium, which is no iodine":            ("MR", "Gd, non-ionic", Phase.DELAYED,      Status.UNKNOWN),
    "an agent of CT was not given for MR":                          ("MR", "OMNIPAQUE",     Phase.DELAYED,      Status.UNKNOWN),
    "gadoxetate in one header goes before others":                  ("MR", ("Gadovist", "Primovist"), Phase.DELAYED, Status.UNKNOWN),
    "gadobutrol has no hepatobiliary phase":                        ("MR", "Gadovist",      Phase.HEPATOBILIARY, Status.UNKNOWN),
}
# fmt: on


@pytest.mark.parametrize(("modality", "agents", "late", "status"), AGENTS.values(), ids=AGENTS)
def test_washout_on_the_delayed_phase_alone(plain, modality, agents, late, status):
    """Reader and agent alone: nothing is outlined but the verdict, so that no number speaks."""
    first, last = agents if isinstance(agents, tuple) else (agents, agents)
    header = {"modality": modality, "contrast_agent": first, "contrast_ingredient": None}
    case = with_headers(plain, {**dict.fromkeys((U, A, P), header), D: {**header, "contrast_agent": last}})
    order = (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, late)
    labels = {a.key: phase for a, phase in zip(case.study, order, strict=True)}
    said = replace(case.defects["defect1"], washout_portal=Statement.NO, washout_delayed=Statement.YES)
    decisions = {key: PhaseDecision(Role.IMAGE, phase, 1.0) for key, phase in labels.items()}
    unclear = tuple(replace(r, masks=unconfirmed(r.masks)) for r in case.regions)

    result = assess(
        replace(case, regions=unclear, defects={"defect1": said}), PROTOCOL, decisions=decisions, search=False
    )

    assert result.vascular_invasion.status is status


def unconfirmed(masks):
    return {key: replace(mask, verified=False) for key, mask in masks.items()}


def with_second_tumor(case, *, first):
    """A second primary tumor 100 mm away from the one that touches the defect, before or after it."""
    tumor = next(r for r in case.regions if r.id == "hcc1")
    shift = round(100 / next(iter(tumor.masks.values())).geometry.spacing_mm[1])
    away = {
        k: replace(m, offset=(m.offset[0], m.offset[1] + shift, m.offset[2])) for k, m in tumor.masks.items()
    }
    other = replace(tumor, id="hcc0", masks=away)
    return replace(case, regions=(other, *case.regions) if first else (*case.regions, other))


@pytest.mark.parametrize("first", [True, False], ids=["the far one first", "the far one last"])
def test_the_distance_is_that_to_the_nearest_primary_tumor_wherever_it_stands(plain, first):
    result = assess(with_second_tumor(plain, first=first), PROTOCOL, search=False)

    (defect,) = result.defects
    assert (defect.nearest_tumor, defect.adjacency.contact) == ("hcc1", True)
    assert result.vascular_invasion.status is Status.PASS


def test_a_distance_within_a_micrometer_of_the_limit_is_the_limit_for_the_trial_as_well(plain):
    result = assess(plain, PROTOCOL, search=False)
    (defect,) = result.defects

    def told(distance_mm):
        near = replace(defect.adjacency, distance_mm=distance_mm, contact=False)
        facts = imaging_facts(plain, result.decisions, [replace(defect, adjacency=near)], result.lesions)
        return facts.thrombi[0].distance_to_primary_mm

    assert (told(20.0008), told(20.002)) == (Decimal(20), Decimal("20.002"))


def test_a_far_tumor_says_nothing_while_a_nearer_one_is_not_confirmed(plain):
    case = with_second_tumor(plain, first=True)
    open_ = tuple(replace(r, masks=unconfirmed(r.masks)) if r.id == "hcc1" else r for r in case.regions)

    result = assess(replace(case, regions=open_), PROTOCOL, search=False)

    (defect,) = result.defects
    answer = assessment_report(result).sections[0].answers[2]
    assert (defect.nearest_tumor, defect.tumors_not_measured) == ("hcc0", ("hcc1",))
    assert "confirmed outlines" in answer.why and "hcc1" in answer.why
    assert not re.search(r"mm (from|apart)", result.vascular_invasion.message)


def test_an_unconfirmed_tumor_is_not_called_missing(plain):
    open_ = tuple(replace(r, masks=unconfirmed(r.masks)) if r.id == "hcc1" else r for r in plain.regions)

    answer = (
        assessment_report(assess(replace(plain, regions=open_), PROTOCOL, search=False))
        .sections[0]
        .answers[2]
    )

    assert answer.answer == "—"
    assert answer.why.endswith("hcc1")


NAMES = (
    "gadoxetate disodium",
    "Gadoxetic acid",
    "Primovist 10 ml",
    "EOVIST",
    "Gd-EOB-DTPA",
    "GD EOB",
    "EOB",
    "普美显",
)
OTHERS = ("Gd-DTPA", "gadobutrol", "MultiHance", "Gd-BOPTA", "iohexol", "web obtained")


def test_images_and_records_know_gadoxetate_by_the_same_names():
    for name in (*NAMES, *OTHERS):
        expected = name in NAMES
        assert (named_agent(name) is Agent.GADOXETATE) is expected, name
        assert bool(GADOXETATE_NAMES.search(name)) is expected, name


RECORDED = {
    "studies": [{"id": "ct1", "date": "2025-06-20", "modality": "CT", "dynamic": True, "slice_thickness_mm": "5"}],
    "thrombi": [
        {
            "id": "d1", "study": "ct1", "vessel": "portal_vein", "level": "Vp4", "filling_defect": True,
            "adjacent_to_primary": True, "arterial_enhancement": True, "washout_portal": True,
            "evidence": {"source": "reader", "reader": "Dr A"},
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("complete", "status"), [(False, Status.PASS), (True, Status.UNKNOWN)], ids=["open", "contradicted"]
)
def test_where_nothing_is_outlined_the_record_stands_unless_the_reader_calls_it_complete(
    plain, complete, status
):
    case = replace(
        plain,
        regions=(),
        defects={},
        lesions={},
        complete=complete,
        record={**plain.record, "imaging": RECORDED},
    )

    result = assess(case, PROTOCOL, search=False)

    assert result.vascular_invasion.status is status
    said = " ".join(assessment_report(result).sections[0].paragraphs)
    assert ("what the record says" in said) is not complete
    assert complete is ("contradict" in result.vascular_invasion.message)


def test_a_phase_label_that_clock_and_text_contradict_stands_beside_the_number(plain):
    unenhanced, arterial = (a.key for a in plain.study.acquisitions[:2])
    swapped = {unenhanced: Phase.LATE_ARTERIAL, arterial: Phase.UNENHANCED}

    findings = assess(replace(plain, phase_labels=swapped), PROTOCOL, search=False).defects[0].findings

    said = [r.message for r in findings.enhancement.reasons if r.code == "PHASE_LABEL_CONTRADICTED"]
    assert len(said) == 2
    assert all("by the reader's word alone" in message for message in said)
    assert any(r.code == "PHASE_LABEL_CONTRADICTED" for r in findings.washout.reasons)


def test_an_export_is_dated_by_the_examination_that_was_measured(plain):
    """Unmeasured images of another day come first in the folder."""
    other = [replace(a, key=f"{a.key}0") for a in with_headers(plain, dict.fromkeys((U, A), OCTOBER)).study][
        :2
    ]
    folder = replace(plain, study=replace(plain.study, acquisitions=(*other, *plain.study.acquisitions)))

    tables = sdtm([assess(folder, PROTOCOL, search=False)])

    assert {r[f"{t.name}DTC"] for t in tables for r in t.records} == {"2025-06-20"}


def test_measurements_of_two_examinations_make_no_single_record(plain, tmp_path):
    """The thrombus was outlined in June, the tumor in October."""
    june = {a.key for a in plain.study if any(w in a.header.series_description.upper() for w in (U, A))}
    keys = {"defect1": june, "hcc1": {a.key for a in plain.study} - june}
    regions = tuple(
        replace(r, masks={k: m for k, m in r.masks.items() if k in keys[r.id]})
        for r in plain.regions
        if r.id in keys
    )
    case = replace(with_headers(plain, {P: OCTOBER, D: OCTOBER}), regions=regions)
    result = assess(case, PROTOCOL, search=False)
    assert result.defects[0].findings.phases and result.lesions[0].measurement.acquisition_key not in june

    with pytest.raises(ExchangeError) as refused:
        export_cases([result], tmp_path / "out", ["seg", "sr"], version="0")

    assert refused.value.code == "SEVERAL_EXAMINATIONS"
    assert "CT of 2025-06-20, CT of 2025-10-01" in refused.value.found
    assert not (tmp_path / "out").exists()
