"""Two signed reads that differ: what was decided answers for the case, not whoever saved last."""

from __future__ import annotations

import json

import pydicom
import pytest

from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from tests.small_case import small_study, state
from workup.case.adjudication import adjudicate
from workup.case.reads import ReadPlan, ReadSummary
from workup.case.standing import standing
from workup.case.store_files import CaseStore
from workup.command_line import main
from workup.errors import CaseError
from workup.exchange.seg_files import person_name

PLAN = ReadPlan(("A", "B"), "C")
PASS, UNKNOWN = ({"vascular_invasion": word} for word in ("PASS", "UNKNOWN"))
#: Differs from PASS in two items.
NEITHER = {"vascular_invasion": "UNKNOWN", "measurable_lesion": "FAIL"}


def case_of_two(folder, first, second, plan=PLAN):
    store = CaseStore.create(folder / "case", small_study(), "case-1", "Office", plan=plan)
    sign(store, "B", second)
    sign(store, "A", first)  # A saves and signs last
    return store


def sign(store, who, verdicts, why=""):
    store.save(state(1, who), who)
    store.sign(who, {"report.json": b"{}"}, summary=ReadSummary(verdicts=verdicts), why=why)


def decide(store, *choices):
    for item, choice in zip(adjudicate(store.history()).discordances, choices, strict=True):
        store.adjudicate("C", item.id, choice, "seen on the delayed phase")


def refusal(store):
    with pytest.raises(CaseError) as caught:
        standing(store.history())
    return caught.value


def test_nobody_answers_while_something_is_open(tmp_path):
    store = case_of_two(tmp_path, PASS, UNKNOWN)

    assert refusal(store).code == "READS_DISAGREE"
    assert len(refusal(store).details["open"]) == 1


@pytest.mark.parametrize(("choice", "reader"), [("first", "A"), ("second", "B"), ("UNKNOWN", "B")])
def test_the_read_that_was_decided_for_answers_whoever_saved_last(choice, reader, tmp_path):
    store = case_of_two(tmp_path, PASS, UNKNOWN)
    decide(store, choice)
    store.save(state(2, "A"), "A")  # later and unsigned
    found = standing(store.history())

    assert (found.version.reader, found.signed.reader) == (reader, reader)
    assert "vascular_invasion: PASS | UNKNOWN, decided" in found.words


@pytest.mark.parametrize("choices", [("first", "second"), ("FAIL", "FAIL")], ids=str)
def test_decisions_that_no_read_holds_need_a_read_of_the_third_reader(choices, tmp_path):
    store = case_of_two(tmp_path, PASS, NEITHER)
    decide(store, *choices)
    assert refusal(store).details["open"] == []

    sign(store, "C", {"vascular_invasion": "FAIL"})
    assert standing(store.history()).signed.reader == "C"

    sign(store, "A", {"vascular_invasion": "FAIL"}, why="looked again")  # C did not know this read
    assert refusal(store).code == "READS_DISAGREE"


def test_a_read_that_was_decided_against_is_no_signature_of_the_case(tmp_path):
    store = case_of_two(tmp_path, PASS, UNKNOWN)
    for _ in ("open", "decided for B"):
        asked = standing(store.history(), "A")
        assert (asked.version.reader, asked.signed) == ("A", None)
        decide(store, "second")
    assert standing(store.history(), "B").signed.reader == "B"


def test_reads_that_agree_answer_by_the_newest_of_them_and_no_adjudicators_draft(tmp_path):
    store = case_of_two(tmp_path, PASS, PASS)
    store.save(state(3, "C"), "C")

    assert standing(store.history()).signed.reader == "A"
    store.save(state(4, "B"), "B")
    assert (standing(store.history()).version.reader, standing(store.history()).signed) == ("B", None)


def test_a_third_signature_that_differs_withholds_the_verification_of_unplanned_reads(tmp_path):
    store = case_of_two(tmp_path, PASS, PASS, plan=ReadPlan())
    sign(store, "D", UNKNOWN)

    assert standing(store.history()).signed is None


def test_a_reader_who_saved_nothing_is_refused(tmp_path):
    with pytest.raises(CaseError, match="no version"):
        standing(case_of_two(tmp_path, PASS, PASS).history(), "Z")


# -- the same by command -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def disagreeing(tmp_path_factory):
    """A says that the thrombus enhances, B that it does not; both signed."""
    root = tmp_path_factory.mktemp("two")
    write_case(TWINS["plain"].small(), plain := root / "plain")
    reading = json.loads((plain / "reading.json").read_text())
    case = str(root / "case")
    run("case", "new", case, "--dicom", str(plain / "dicom"), "--who", "O", "--reader", "A", "--reader", "B")
    for who, answer in (("B", "no"), ("A", "yes")):
        reading["reader"] = who
        reading["defects"]["defect1"]["arterial_enhancement"] = answer
        (root / f"{who}.json").write_text(json.dumps(reading))
        given = [f"--regions={plain / 'regions.json'}", f"--reading={root / who}.json"]
        run("case", "read", case, "--who", who, *given)
        run("case", "sign", case, "--who", who)
    return root / "case"


def run(*line, code=0):
    with pytest.raises(SystemExit) as ended:
        main(list(line))
    assert ended.value.code == code


def test_assess_and_export_follow_the_adjudicator(disagreeing, tmp_path, capsys):
    case = str(disagreeing)
    run("assess", case, code=1)
    run("export", case, "-o", str(tmp_path / "open"), code=1)
    assert capsys.readouterr().err.count("READS_DISAGREE") == 2
    assert not (tmp_path / "open").exists()

    run("export", case, "--who", "A", "-o", str(tmp_path / "a"), "--format", "sr")
    assert pydicom.dcmread(tmp_path / "a" / "sr.dcm").VerificationFlag == "UNVERIFIED"

    items = adjudicate(CaseStore.open(disagreeing).history()).discordances
    for item in items:
        run(
            "case", "adjudicate", case, "--who", "C", "--item", item.id, "--choice", "second", "--why", "dark"
        )
    capsys.readouterr()
    run("assess", case, "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["vascular_invasion"]["status"] == "UNKNOWN"
    assert document["trace"]["author"] == "B"
    assert "decided UNKNOWN by C" in document["trace"]["reads"]

    run("export", case, "-o", str(tmp_path / "b"), "--format", "sr")
    assert "by B" in capsys.readouterr().out
    report = pydicom.dcmread(tmp_path / "b" / "sr.dcm")
    assert report.VerificationFlag == "VERIFIED"
    assert report.VerifyingObserverSequence[0].VerifyingObserverName == person_name("B")
