"""Agreement of two readers over case folders: published numbers, signed reads alone, no case dropped."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace

import pytest

from tests.small_case import small_study, state
from workup.case.agreement import icc_2_1
from workup.case.agreement_files import read_agreement
from workup.case.cohort_agreement import CohortAgreement
from workup.case.reads import DefectRead, LesionRead, ReadPlan, ReadSummary
from workup.case.store_files import CaseStore
from workup.cohort.item import REFUSED, CaseResult, CohortItem
from workup.cohort.page import cohort_report
from workup.cohort.worklist_files import find_items
from workup.command_line import main
from workup.report.agreement_report import agreement_document, agreement_report
from workup.report.rendering import html

PLAN = ReadPlan(("Reader A", "Reader B"), "Reader C")
REPORT = {"report.json": b"{}"}

#: Peak expiratory flow of 17 people by two meters, table 1 of Bland and Altman 1986 (here read as mm):
#: mean difference -2.1, SD 38.8, 95 % interval of the bias -22.0 to 17.8.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]

#: 85 xeromammograms by two radiologists, table 14.3 of Altman 1991: kappa 0.47.
MAMMOGRAMS = [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]]
CELLS = [(i, j, n) for i, row in enumerate(MAMMOGRAMS) for j, n in enumerate(row)]
ANSWERS = [(f"grade {i}", f"grade {j}") for i, j, n in CELLS for _ in range(n)]


def place(n):
    """Far from every other place."""
    return (1000.0 * n, 0.0, 0.0)


def summaries(numbers, verdicts=("PASS", "PASS")):
    """Reads of one case of the published cohort: every third lesion and answer from ``numbers`` on."""
    reads = []
    for reader, verdict in enumerate(verdicts):
        lengths = (WRIGHT, MINI)[reader]
        lesions = tuple(
            LesionRead(f"{'ab'[reader]}{i}", place(i), None, "MEASURABLE", False, 10 * lengths[i], None)
            for i in range(numbers, 17, 3)
        )
        defects = tuple(
            DefectRead(f"{'ab'[reader]}d{i}", place(i), None, {"washout_portal": ANSWERS[i][reader]})
            for i in range(numbers, 85, 3)
        )
        reads.append(ReadSummary(lesions, defects, {"vascular_invasion": verdict}))
    return reads


def signed_case(folder, reads, plan=PLAN):
    """A case folder whose readers signed these summaries; None for a reader who has only saved."""
    store = CaseStore.create(folder, small_study(), folder.name, "Office", plan=plan)
    for reader, summary in zip(("Reader A", "Reader B"), reads, strict=True):
        store.save(state(1, reader), reader)
        if summary is not None:
            store.sign(reader, REPORT, summary=summary)
    return store


VERDICTS = (("PASS", "PASS"), ("FAIL", "FAIL"), ("PASS", "UNKNOWN"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three compared cases, and one of each kind that cannot be compared."""
    root = tmp_path_factory.mktemp("registry")
    for n, verdicts in enumerate(VERDICTS):
        turned = ReadPlan(("Reader B", "Reader A"), "Reader C") if n == 1 else PLAN
        signed_case(root / "site" / f"compared{n}", summaries(n, verdicts), turned)
    secret = ReadSummary((), (), {"vascular_invasion": "SECRET"})
    signed_case(root / "site" / "one signed", (secret, None))
    signed_case(root / "site" / "none signed", (None, None))
    shutil.copytree(root / "site" / "compared0", root / "site" / "cut log")
    log = root / "site" / "cut log" / "log.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    shutil.copytree(root / "site" / "compared0", root / "site" / "no source")
    (root / "site" / "no source" / "source.json").unlink()
    (root / "site" / "plain" / "dicom").mkdir(parents=True)
    return root


@pytest.fixture(scope="module")
def found(root):
    return read_agreement((item.case_id, item.path) for item in find_items(root))


def answers_to(found, question):
    (pair,) = found.pairs
    return next(a for a in pair.answers if a.question == question)


def test_published_numbers_come_out_of_case_folders(found):
    (pair,) = found.pairs
    long_axis, short_axis = pair.lengths

    assert (pair.readers, pair.cases) == (("Reader A", "Reader B"), 3)
    assert len(long_axis.pairs) == 17
    assert round(long_axis.limits.bias, 1) == -2.1
    assert round(long_axis.limits.sd, 1) == 38.8
    assert [round(x, 1) for x in long_axis.limits.bias_interval_95] == [-22.0, 17.8]
    # mean squares of the table by a two-way analysis of variance: 25572.265, 38.118, 751.368
    between, raters, error = 25572.265, 38.118, 751.368
    by_hand = (between - error) / (between + error + 2 * (raters - error) / 17)
    assert long_axis.icc.value == pytest.approx(by_hand, abs=1e-6)
    washout = answers_to(found, "defect: washout portal")
    assert (washout.n, round(washout.kappa.value, 2)) == (85, 0.47)
    assert washout.kappa.interval_95 is not None
    assert (short_axis.limits, short_axis.not_measured) == (None, 17)


def test_verdicts_of_the_cases_are_compared(found):
    invasion = answers_to(found, "vascular invasion (I4.a)")

    assert dict(invasion.counts) == {("FAIL", "FAIL"): 1, ("PASS", "PASS"): 1, ("PASS", "UNKNOWN"): 1}
    # by hand: observed 2/3; by chance 2/3 * 1/3 + 1/3 * 1/3 = 1/3
    assert invasion.kappa.value == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    assert invasion.kappa.interval_95 is None
    assert invasion.why == "3 pairs: too few for an interval, which needs 20"


def test_what_has_no_number_says_why(found):
    assert answers_to(found, "measurable lesion (I5)").why == "pairs: 0; at least 2 are needed"
    assert answers_to(found, "measurable lesion (I5)").not_answered == 3
    assert answers_to(found, "lesion: measurable").why == "both gave one and the same answer throughout"


def test_every_case_is_compared_or_named_with_its_reason(root, found):
    reasons = {case.case_id: case.code for case in found.not_compared}

    assert reasons == {
        "site/cut log": "LOG_DAMAGED",
        "site/no source": "CASE_DAMAGED",
        "site/none signed": "READS_MISSING",
        "site/one signed": "READS_MISSING",
        "site/plain": "NO_CASE_FOLDER",
    }
    assert {case.case_id for case in found.compared} | set(reasons) == {i.case_id for i in find_items(root)}


def test_the_order_of_the_plan_changes_no_number(found):
    turned = next(case for case in found.compared if case.case_id == "site/compared1")

    assert turned.readers == ("Reader A", "Reader B")
    assert turned.planned_order == ("Reader B", "Reader A")
    assert turned.first.lesions[0].long_axis_tenths_mm == 10 * WRIGHT[1]


def said(verdict):
    return ReadSummary((), (), {"vascular_invasion": verdict})


def test_a_read_changed_before_the_other_was_signed_counts(tmp_path):
    """A later save changes nothing until it is signed; then the superseding read counts."""
    store = signed_case(tmp_path / "c", (said("PASS"), None))
    store.save(state(2, "Reader A"), "Reader A")
    store.sign("Reader A", REPORT, summary=said("FAIL"), why="looked again")
    store.save(state(3, "Reader A"), "Reader A")
    store.sign("Reader B", REPORT, summary=said("PASS"))
    (case,) = read_agreement([("c", tmp_path / "c")]).compared

    assert (case.first, case.second, case.later) == (said("FAIL"), said("PASS"), ())


def test_a_read_changed_after_seeing_the_others_is_listed_and_does_not_count(tmp_path):
    verdicts = (("FAIL", "PASS"), ("PASS", "FAIL"), ("PASS", "PASS"))
    cases = [(f"c{n}", tmp_path / f"c{n}") for n in range(3)]
    stores = [
        signed_case(path, [said(v) for v in pair]) for (_, path), pair in zip(cases, verdicts, strict=True)
    ]
    before = read_agreement(cases)
    for store, (_, other) in zip(stores[:2], verdicts, strict=False):
        store.sign("Reader A", REPORT, summary=said(other), why="saw B's read")
    after = read_agreement(cases)
    document, page = agreement_document(after), html(agreement_report(after, title="x", footer="x"))

    assert after.pairs == before.pairs
    assert answers_to(after, "vascular invasion (I4.a)").kappa.value == pytest.approx(-0.5)
    assert [len(case.later) for case in after.compared] == [1, 1, 0]
    assert [case.discordances for case in after.compared] == [(), (), ()]  # what is adjudicated stands now
    assert document["compared"][0]["signed_after_opening"][0]["why"] == "saw B's read"
    assert "after the reads were open, which does not count: saw B" in page


def test_readers_without_a_plan_are_said_not_to_be_blinded(tmp_path, capsys):
    signed_case(tmp_path / "c", summaries(0), ReadPlan())
    found = read_agreement([("c", tmp_path / "c")])

    assert (found.pairs[0].not_blinded, found.compared[0].blinded) == (1, False)
    assert "1 of 1 cases of Reader A / Reader B had no reading plan" in html(
        agreement_report(found, title="x", footer="x")
    )
    signed_case(tmp_path / "planned", summaries(0))
    for cases, words in (
        (["c", "planned"], "1 of 2 compared cases had no reading plan"),
        (["planned"], None),
    ):
        with pytest.raises(SystemExit):
            main(["case", "agreement", *(str(tmp_path / case) for case in cases)])
        printed = " ".join(capsys.readouterr().out.split())
        assert "had no reading plan" not in printed if words is None else words in printed


def test_an_error_of_nothing_is_no_interval(tmp_path):
    """One reader always says PASS: kappa is 0 and its large-sample error, too."""
    lesions = [(LesionRead(f"l{n}", place(n), long_axis_tenths_mm=200 + 100 * n),) for n in range(2)]
    cases = [(f"c{n}", tmp_path / f"c{n}") for n in range(2)]
    for (_, path), lesion, second in zip(cases, lesions, ("PASS", "FAIL"), strict=True):
        signed_case(path, [replace(said(verdict), lesions=lesion) for verdict in ("PASS", second)])
    found = read_agreement(cases)
    invasion, (long_axis, _) = answers_to(found, "vascular invasion (I4.a)"), found.pairs[0].lengths
    document = agreement_document(found)["readers"][0]
    html(agreement_report(found, title="x", footer="x"))

    assert (invasion.kappa.value, invasion.kappa.interval_95) == (0.0, None)
    assert invasion.why == "one reader gave one answer throughout; the large-sample error gives no interval"
    assert (long_axis.limits.sd, long_axis.limits.bias_interval_95) == (0.0, None)
    assert long_axis.why == "all differences are equal: no interval"
    assert (document["answers"][0]["ci95"], document["lengths"][0]["bias_ci95"]) == (None, None)


def test_other_people_are_a_pair_of_their_own(tmp_path):
    cases = []
    for name, second in (("c", "Reader B"), ("d", "Reader D")):
        plan = ReadPlan(("Reader A", second))
        store = CaseStore.create(tmp_path / name, small_study(), name, "Office", plan=plan)
        for reader, summary in zip(plan.readers, summaries(0), strict=True):
            store.save(state(1, reader), reader)
            store.sign(reader, REPORT, summary=summary)
        cases.append((name, tmp_path / name))
    pairs = read_agreement(cases).pairs

    assert [(p.readers, p.cases) for p in pairs] == [
        (("Reader A", "Reader B"), 1),
        (("Reader A", "Reader D"), 1),
    ]


def test_the_command_writes_page_tables_and_plot_and_nothing_of_a_read_still_closed(root, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["case", "agreement", str(root), "-o", str(tmp_path), "--json"])
    printed = capsys.readouterr().out
    document = json.loads(printed)
    page = (tmp_path / "report.html").read_text()

    assert ended.value.code == 0
    assert (document["cases"], len(document["compared"]), len(document["not_compared"])) == (8, 3, 5)
    assert round(document["readers"][0]["lengths"][0]["bias_mm"], 1) == -2.1
    assert page.count("data:image/png") == 1 and "Bland-Altman" in page
    rows = list(csv.DictReader((tmp_path / "agreement not compared.csv").open()))
    assert len(rows) == 5 and all(row["why"] for row in rows)
    assert len(list(csv.DictReader((tmp_path / "agreement cases.csv").open()))) == 3
    assert len(list(csv.DictReader((tmp_path / "agreement length pairs.csv").open()))) == 17
    everything = printed + "".join(p.read_text(errors="replace") for p in tmp_path.iterdir())
    assert "SECRET" not in everything


def test_the_command_names_a_case_once_and_prints_tables(root, capsys):
    one = str(root / "site" / "compared0")
    with pytest.raises(SystemExit):
        main(["case", "agreement", one, one, str(root / "site" / "one signed")])
    printed = capsys.readouterr().out

    assert "1 cases compared, 1 not compared" in printed
    assert "READS_MISSING" in printed


def test_the_cohort_page_holds_the_same_section(root, found, tmp_path):
    from workup.commands.cohort import _write

    items = [CohortItem(i.case_id, i.path) for i in find_items(root)]
    results = [CaseResult.without_assessment(i.case_id, REFUSED, "X", "x") for i in items]
    _write(results, items, tmp_path, "0")
    page = (tmp_path / "report.html").read_text()
    alone = html(cohort_report(results, title="Cohort", footer="veinvasion 0"))

    assert "Agreement of two signed reads" in page
    assert re.search(r"site/one signed</td><td[^>]*>READS_MISSING", page)
    assert 'site/plain</td><td class="plain">NO_CASE_FOLDER' not in page  # a plain case holds no reads
    assert "Agreement of two signed reads" not in alone


def test_a_cohort_without_reads_is_empty_not_an_error():
    assert read_agreement([]) == CohortAgreement((), (), ())


@pytest.mark.parametrize("apart_mm", [0.0, 0.3], ids=["never differ", "always differ alike"])
def test_readers_who_leave_no_error_but_rounding_get_no_interval_of_their_icc(apart_mm):
    lengths = [54.4, 54.1, 54.1, 37.3, 22.7]
    found = icc_2_1([(mm, mm + apart_mm) for mm in lengths])
    assert found.value is not None
    assert found.interval_95 is None
