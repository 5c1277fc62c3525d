"""Two blinded readers, three disagreements, one adjudicator, and a history that the log alone tells."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.regions.region import Region, RegionMask, RegionRole
from tests.small_case import small_study, state
from workup.case.adjudication import AgreedLimits, Kind, adjudicate, discordances
from workup.case.agreement import bland_altman, cohen_kappa, icc_2_1
from workup.case.case import Case, Line, Statement
from workup.case.case_files import read_case
from workup.case.log import parse_log
from workup.case.read_summary import summary_of
from workup.case.reads import LesionRead, ReadPlan, ReadSummary, replay
from workup.case.state import CaseState, case_of, state_of
from workup.case.state_codec import mask_sha256
from workup.case.store_files import CaseStore, read_store_case
from workup.case.trace import trace_region
from workup.case.unsaved_work import take_up
from workup.command_line import main
from workup.errors import CaseError

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_dicom"
PLAN = ReadPlan(("Reader A", "Reader B"), "Reader C")
REPORT = {"report.json": b'{"vascular_invasion":"PASS"}'}


@pytest.fixture
def store(tmp_path):
    return CaseStore.create(tmp_path / "case", small_study(), "case-1", "Office", plan=PLAN)


def code_of(action, *arguments, **named):
    with pytest.raises(CaseError) as caught:
        action(*arguments, **named)
    return caught.value.code


def signed(store, reader, token=1, **named):
    store.save(state(token, reader), reader)
    return store.sign(reader, REPORT, **named)


# -- reads -----------------------------------------------------------------------------------------


def test_neither_reader_sees_the_other_until_both_have_signed(store):
    signed(store, "Reader A")
    store.autosave(state(9, "Reader A"))

    assert code_of(store.load, 1, who="Reader B") == "READ_BLINDED"
    assert code_of(store.load, 1) == "READ_BLINDED"
    assert store.load(who="Reader B").regions == ()
    assert store.pending_autosave("Reader B") is None
    assert store.load(1, who="Reader A").reader == "Reader A"
    assert code_of(adjudicate, store.history()) == "READS_MISSING"

    signed(store, "Reader B", 2)
    assert store.load(1, who="Reader B").reader == "Reader A"


def test_the_log_as_shown_keeps_a_blinded_read_closed(store, capsys):
    signed(store, "Reader A")
    with pytest.raises(SystemExit):
        main(["case", "log", str(store.folder), "--who", "Reader B", "--json"])
    entries = json.loads(capsys.readouterr().out)["entries"]

    assert "summary" not in entries[-1]["data"]


def test_a_signature_binds_report_version_source_and_software(store):
    signed(store, "Reader A")
    (read,) = store.history().signed

    assert set(read.bound) == {"reports", "version", "source.json", "software"}
    assert read.bound["version"] == dict(store.history().versions[0].files)
    assert len(read.bound["software"]["code_sha256"]) == 64
    assert store.signed_files(1)["report.json"] == REPORT["report.json"]


def test_a_changed_read_supersedes_and_the_first_stays(store):
    first = signed(store, "Reader A")
    store.save(state(2, "Reader A"), "Reader A")

    assert code_of(store.sign, "Reader A", REPORT) == "REASON_NEEDED"
    second = store.sign("Reader A", REPORT, why="the line was on the wrong slice")

    history = store.history()
    assert [(r.n, r.supersedes) for r in history.signed] == [(first, None), (second, first)]
    assert history.current_read("Reader A").n == second
    assert store.load(1, who="Reader A").notes["token"] == 1


def test_nobody_signs_for_another(store):
    store.save(state(1, "Reader A"), "Reader A")

    assert code_of(store.sign, "Reader B", REPORT, version=1) == "NOT_YOUR_READ"
    assert code_of(store.sign, "Reader B", REPORT) == "NO_VERSION"


@pytest.mark.parametrize("who", ["reader a", "Reader A ", "Visitor", "Office"])
def test_work_under_a_name_that_was_not_planned_is_refused_and_nobody_elses_is_seen(who, store):
    signed(store, "Reader A")

    assert code_of(store.save, state(2, who), who) == "READER_NOT_PLANNED"
    assert code_of(store.load, 1, who=who) == "READ_BLINDED"
    store.autosave(state(2, who), who)  # what was drawn under a slip of the pen is not lost,
    assert store.pending_autosave("Reader B") is None  # and is shown to nobody
    again = CaseStore.open(store.folder)
    assert code_of(again.save, take_up(again, who)[-1].kept.state, who) == "READER_NOT_PLANNED"
    assert [v.reader for v in store.history().versions] == ["Reader A"]
    store.save(state(3, "Reader C"), "Reader C")  # the adjudicator is planned


def test_what_was_saved_under_an_unplanned_name_before_the_plan_stays_closed(tmp_path):
    store = CaseStore.create(tmp_path / "case", small_study(), "case-1", "Office")
    store.save(state(1, "Visitor"), "Visitor", why="the thrombus is bland")
    store.plan_reads(PLAN, "Office")

    assert code_of(store.load, who=None) == "READ_BLINDED"
    assert code_of(store.load, 1, who="Reader B") == "READ_BLINDED"


def test_a_reason_of_a_blinded_read_is_shown_by_no_command(store, capsys):
    signed(store, "Reader A")
    signed(store, "Reader A", 2, why="SECRET thrombus is bland", meaning="SECRET: I see no thrombus")
    for command in ("show", "log"):
        with pytest.raises(SystemExit):
            main(["case", command, str(store.folder), "--json"])
    assert "SECRET" not in capsys.readouterr().out

    signed(store, "Reader B", 3)
    with pytest.raises(SystemExit):
        main(["case", "show", str(store.folder), "--json"])
    assert "SECRET" in capsys.readouterr().out


def test_a_blinded_case_takes_over_no_third_persons_reading(tmp_path, capsys):
    new = ["case", "new", str(tmp_path / "c"), "--dicom", str(SAMPLE), "--who", "Office"]
    with pytest.raises(SystemExit) as ended:
        main([*new, "--reader", "A", "--reader", "B"])

    assert ended.value.code == 1
    assert "READER_NOT_PLANNED" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


BAD_PLANS = {
    "one reader": ReadPlan(("A",)),
    "the same reader twice": ReadPlan(("A", "A"), "C"),
    "a reader adjudicates": ReadPlan(("A", "B"), "A"),
    "three readers": ReadPlan(("A", "B", "C")),
}


@pytest.mark.parametrize("plan", BAD_PLANS.values(), ids=BAD_PLANS)
def test_a_plan_that_cannot_be_blind_is_refused(plan, tmp_path):
    assert code_of(CaseStore.create, tmp_path / "x", small_study(), "x", "me", plan=plan) == "BAD_READ_PLAN"


@pytest.mark.parametrize("name", ["../escape.html", "read.json", ".hidden", "a/b", ""])
def test_a_report_cannot_be_written_elsewhere(store, name):
    store.save(state(1, "Reader A"), "Reader A")

    assert code_of(store.sign, "Reader A", {name: b"x"}) == "BAD_FILE_NAME"


def test_every_field_of_a_case_is_kept_by_a_state():
    """A field that is added to Case and forgotten here would be lost on the first save."""
    kept = {f.name for f in dataclasses.fields(CaseState)} - {"notes"}
    there = {f.name for f in dataclasses.fields(Case)} - {"study", "case_id"}
    study = small_study()
    case = dataclasses.replace(case_of(state(3), study, "c"), complete=True)
    again = case_of(state_of(case), study, "c")

    assert kept == there
    assert all(getattr(again, name) == getattr(case, name) for name in there)


# -- the scripted readers on the sample ------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return read_case(SAMPLE)


def two_reads(case):
    """Reader A as the sample says with a second lesion; Reader B with exactly three disagreements."""
    tumor = next(r for r in case.regions if r.role is RegionRole.PRIMARY_TUMOR)
    key = next(iter(tumor.masks))
    second = Region("hcc2", RegionRole.NON_TARGET_LESION, {key: block_like(tumor.masks[key])})
    ends = ((0.0, 0.0, 0.0), (30.0, 0.0, 0.0))
    base = dataclasses.replace(state_of(case), regions=(*case.regions, second))
    said = {**case.lesions, "hcc1": dataclasses.replace(case.lesions["hcc1"], target=Statement.YES)}
    said["hcc2"] = dataclasses.replace(case.lesions["hcc1"], target=Statement.NO)
    a = dataclasses.replace(
        base,
        reader="Reader A",
        lesions=said,
        lines=(Line("hcc1", key, "long", ends), Line("hcc2", key, "long", ends)),
    )
    longer = ((0.0, 0.0, 0.0), (38.0, 0.0, 0.0))
    b = dataclasses.replace(
        a,
        reader="Reader B",
        regions=tuple(dataclasses.replace(r, id=f"b-{r.id}") for r in a.regions),  # ids of their own
        lesions={
            "b-hcc1": said["hcc1"],
            "b-hcc2": dataclasses.replace(said["hcc2"], target=Statement.YES),  # 1: different target
        },
        lines=(Line("b-hcc1", key, "long", longer), Line("b-hcc2", key, "long", ends)),  # 2: 30 against 38 mm
        defects={
            "b-defect1": dataclasses.replace(case.defects["defect1"], washout_portal=Statement.UNCERTAIN)
        },  # 3: different verdict
    )
    return a, b


def block_like(mask):
    """A box of the same size, far from the mask."""
    full = np.zeros(mask.geometry.shape, bool)
    full[2:5, 10:20, 10:20] = True
    return RegionMask.from_full(full, mask.geometry)


def test_three_disagreements_on_the_sample_are_three_discordances_and_replay_from_the_log(sample, tmp_path):
    store = CaseStore.create(
        tmp_path / "case", sample.study, "sample", "Office", dicom_folder=SAMPLE / "dicom", plan=PLAN
    )
    for reader, read in zip(PLAN.readers, two_reads(sample), strict=True):
        store.save(read, reader, why="scripted read")
        store.sign(reader, REPORT)

    found = adjudicate(store.history())
    assert sorted(d.kind for d in found.discordances) == sorted([Kind.TARGET, Kind.DIAMETER, Kind.VERDICT])
    assert (found.settled, len(found.open)) == (False, 3)
    diameter = next(d for d in found.discordances if d.kind is Kind.DIAMETER)
    assert (diameter.subject, diameter.first, diameter.second) == ("hcc1 / b-hcc1", "30.0 mm", "38.0 mm")

    assert code_of(store.adjudicate, "Reader A", diameter.id, "first", "mine") == "NOT_THE_ADJUDICATOR"
    assert code_of(store.adjudicate, "Reader C", diameter.id, "first", "") == "REASON_NEEDED"
    for item, choice in zip(found.discordances, ("first", "second", "no"), strict=True):
        store.adjudicate("Reader C", item.id, choice, f"seen again: {item.kind}")

    settled = adjudicate(store.history())
    assert settled.settled and len(settled.decisions) == 3
    assert {d.value for d in settled.decisions.values()} >= {"no"}

    alone = replay(parse_log((store.folder / "log.jsonl").read_bytes()).entries)
    assert alone == store.history()
    assert adjudicate(alone) == settled
    assert store.verify() == []


def test_a_superseding_read_opens_only_what_it_changed(sample, tmp_path):
    store = CaseStore.create(tmp_path / "case", sample.study, "sample", "Office", plan=PLAN)
    a, b = two_reads(sample)
    for reader, read in (("Reader A", a), ("Reader B", b)):
        store.save(read, reader)
        store.sign(reader, REPORT)
    for item in adjudicate(store.history()).discordances:
        store.adjudicate("Reader C", item.id, "first", "seen")

    key = b.lines[0].acquisition_key
    changed = (Line("b-hcc1", key, "long", ((0.0, 0.0, 0.0), (39.0, 0.0, 0.0))), b.lines[1])
    store.save(dataclasses.replace(b, lines=changed), "Reader B")
    store.sign("Reader B", REPORT, why="remeasured")

    assert [d.kind for d in adjudicate(store.history()).open] == [Kind.DIAMETER]


def test_a_stored_sample_comes_back_as_the_case_that_assess_takes(sample, tmp_path):
    store = CaseStore.create(tmp_path / "c", sample.study, "s", "me", dicom_folder=SAMPLE / "dicom")
    store.save(state_of(sample, "me"))
    again = read_store_case(store.folder)

    assert [r.id for r in again.regions] == [r.id for r in sample.regions]
    assert {r.id: {k: mask_sha256(m) for k, m in r.masks.items()} for r in again.regions} == {
        r.id: {k: mask_sha256(m) for k, m in r.masks.items()} for r in sample.regions
    }
    assert (again.defects, again.lesions, again.record) == (sample.defects, sample.lesions, sample.record)


def test_a_number_leads_back_to_slices_files_pixels_and_code(sample, tmp_path):
    from workup.case.source import voxels_sha256

    store = CaseStore.create(tmp_path / "c", sample.study, "s", "me", dicom_folder=SAMPLE / "dicom")
    number = store.save(state_of(sample, "me"))
    region = next(r for r in sample.regions if r.id == "hcc1")
    key, mask = next(iter(region.masks.items()))
    traced = trace_region(store.source(), store.version_meta(number), "hcc1", key, {"method": "g0.7"})
    volume = sample.study[key].volume.voxels

    assert traced["region"]["mask_sha256"] == mask_sha256(mask)
    slices = traced["images"]["slices"]
    assert [s["index"] for s in slices] == list(range(mask.offset[0], mask.offset[0] + mask.voxels.shape[0]))
    assert all(s["voxels_sha256"] == voxels_sha256(volume[s["index"]]) for s in slices)
    uids = sample.study[key].header.sop_instance_uids
    assert all(s["sop_instance_uid"] == uids[s["index"]] and len(s["file_sha256"]) == 64 for s in slices)
    assert len(traced["code"]["measured_with"]["code_sha256"]) == 64
    assert code_of(trace_region, store.source(), store.version_meta(number), "nothing", key) == "NO_REGION"


def test_other_pixels_than_those_that_were_read_on_are_refused(sample, tmp_path):
    store = CaseStore.create(
        tmp_path / "c", sample.study, "s", "me", dicom_folder=SAMPLE / "dicom", copy_images=True
    )
    assert store.verify() == []
    path = next(iter(sorted((store.folder / "images").iterdir())))
    data = path.read_bytes()
    place = len(data) - 2000  # in the pixels
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])

    assert {p.code for p in store.verify()} == {"IMAGE_CHANGED"}
    assert code_of(read_store_case, store.folder) == "IMAGES_CHANGED"


# -- discordance rules -----------------------------------------------------------------------------

LIMITS = [
    (100, 125, False),  # 25 % but only 2.5 mm
    (100, 150, True),  # 50 % and 5 mm: both limits met exactly
    (300, 350, False),  # 5 mm but 16.7 %
    (300, 360, True),  # 20 % and 6 mm
    (250, 299, False),  # 19.6 %, 4.9 mm
    (250, 300, True),  # exactly 20 % and 5 mm
]


@pytest.mark.parametrize(("a", "b", "beyond"), LIMITS)
def test_diameters_are_adjudicated_beyond_20_percent_and_5_mm(a, b, beyond):
    assert AgreedLimits().exceeded(a, b) is AgreedLimits().exceeded(b, a) is beyond


lesions = st.lists(
    st.builds(
        LesionRead,
        id=st.sampled_from("abcdef"),
        center_lps_mm=st.tuples(*[st.floats(-200, 200)] * 3) | st.none(),
        diameter_tenths_mm=st.integers(30, 1500) | st.none(),
        measurable=st.sampled_from(["yes", "no", None]),
        target=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda lesion: lesion.id,
)


@given(lesions)
def test_a_read_never_differs_from_itself(found):
    summary = ReadSummary(tuple(found), (), {"vascular_invasion": "PASS"})

    assert discordances(summary, ReadSummary.from_document(summary.document())) == ()


@given(lesions, lesions)
def test_it_does_not_matter_who_is_called_first(one, other):
    a, b = ReadSummary(tuple(one)), ReadSummary(tuple(other))
    kinds = sorted(d.kind for d in discordances(a, b))

    assert kinds == sorted(d.kind for d in discordances(b, a))


def test_a_lesion_of_one_reader_alone_counts_if_it_is_target_or_measurable():
    place = (10.0, 20.0, 30.0)
    cases = {
        (True, "yes"): [Kind.TARGET],
        (False, "yes"): [Kind.MEASURABILITY],
        (False, "MEASURABLE"): [Kind.MEASURABILITY],
        (False, "no"): [],
    }
    for (target, measurable), kinds in cases.items():
        alone = ReadSummary((LesionRead("a", place, 150, measurable, target),))
        assert [d.kind for d in discordances(alone, ReadSummary())] == kinds


def test_a_recorded_length_is_a_tenth_of_a_millimeter_of_the_readers_line():
    lesion = summary_of(state(0)).lesions[0]

    assert lesion.diameter_tenths_mm == round(np.linalg.norm([10.1 + 1 / 3, 0, 0]) * 10)
    assert lesion.target is True


def test_a_read_holds_the_targets_that_its_assessment_settled_or_the_readers_own_words():
    said = state(0)
    silent = dataclasses.replace(said, lesions={})

    assert [summary_of(s).lesions[0].target for s in (said, silent)] == [True, False]
    assert summary_of(silent, targets={"lesion-1"}).lesions[0].target is True
    assert summary_of(said, targets=()).lesions[0].target is False


# -- agreement against published examples ----------------------------------------------------------

#: Six targets, four judges: table 2 of Shrout and Fleiss 1979; ICC(2,1) = .29 in their table 4.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

#: Peak expiratory flow of 17 people [l/min], first measurements, large and mini Wright meter:
#: table 1 of Bland and Altman 1986; mean difference -2.1, SD 38.8, limits -79.7 and 75.5.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]

#: 85 xeromammograms by two radiologists (Boyd 1982), table 14.3 of Altman, Practical Statistics for
#: Medical Research, 1991: kappa 0.47, weighted 0.57.
MAMMOGRAMS = [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]]


def test_icc_of_shrout_and_fleiss():
    icc = icc_2_1(SHROUT_FLEISS)

    assert round(icc.value, 2) == 0.29
    assert [round(x, 2) for x in icc.interval_95] == [0.02, 0.76]


def test_limits_of_bland_and_altman():
    limits = bland_altman(WRIGHT, MINI)

    assert [round(x, 1) for x in (limits.bias, limits.sd)] == [-2.1, 38.8]
    # The paper multiplies the rounded SD by 2; we by 1.96: -78.1 and 73.9.
    assert limits.bias - 2 * limits.sd == pytest.approx(-79.7, abs=0.1)
    assert limits.bias + 2 * limits.sd == pytest.approx(75.5, abs=0.1)
    assert [round(x, 1) for x in limits.bias_interval_95] == [-22.0, 17.8]  # the paper: -22.0 to 17.8


def test_kappa_of_the_xeromammograms():
    pairs = [(i, j) for i, row in enumerate(MAMMOGRAMS) for j, n in enumerate(row) for _ in range(n)]
    first, second = zip(*pairs, strict=True)

    assert round(cohen_kappa(first, second).value, 2) == 0.47
    assert round(cohen_kappa(first, second, order=range(4)).value, 2) == 0.57


@pytest.mark.parametrize(
    ("n", "answers", "told"), [(19, 2, False), (20, 2, True), (31, 4, False), (32, 4, True)]
)
def test_few_pairs_give_no_interval_of_kappa(n, answers, told):
    """Five pairs of which the readers share one answer gave -0.18 to 0.41: no such certainty is stated."""
    first = [i % answers for i in range(n)]
    found = cohen_kappa(first, [1 - first[0], *first[1:]])

    assert (found.interval_95 is not None) is told
    assert found.fewest_for_interval == max(20, 2 * answers**2)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=40))
def test_kappa_is_symmetric_and_at_most_one(pairs):
    first, second = zip(*pairs, strict=True)
    one, other = cohen_kappa(first, second).value, cohen_kappa(second, first).value

    assert (one is None) == (other is None)
    if one is not None:
        assert one == pytest.approx(other) and -1 - 1e-9 <= one <= 1 + 1e-9


def test_what_cannot_be_computed_is_not_a_number_but_none_or_a_refusal():
    assert cohen_kappa(["a", "a"], ["a", "a"]).value is None
    assert (cohen_kappa("abab", "abab").value, cohen_kappa("abab", "abab").interval_95) == (1.0, None)
    assert icc_2_1([[1, 1], [1, 1]]).value is None
    assert code_of(bland_altman, [1.0], [2.0]) == "NOT_COMPUTABLE"
    assert code_of(bland_altman, [1.0, float("nan")], [2.0, 3.0]) == "NOT_COMPUTABLE"
    assert code_of(cohen_kappa, ["a"], ["a", "b"]) == "NOT_COMPUTABLE"


# -- export and restore ----------------------------------------------------------------------------


def test_an_export_restores_byte_for_byte(store, tmp_path):
    from workup.case.archive_files import export_case, restore_case

    signed(store, "Reader A")
    export_case(store.folder, tmp_path / "case.zip")
    restore_case(tmp_path / "case.zip", tmp_path / "again")

    files = [p.relative_to(store.folder) for p in store.folder.rglob("*") if p.is_file()]
    assert all((tmp_path / "again" / f).read_bytes() == (store.folder / f).read_bytes() for f in files)
    assert code_of(restore_case, tmp_path / "case.zip", tmp_path / "again") == "CASE_EXISTS"


HOSTILE_ARCHIVES = {
    "a file above the folder": ("../evil.txt", b"x"),
    "an absolute path": ("/evil.txt", b"x"),
    "a Windows path": ("C:\\evil.txt", b"x"),
    "a bomb": ("log.jsonl", b"\0" * 20_000_000),
    "no case": ("readme.txt", b"x"),
}


@pytest.mark.parametrize(("name", "data"), HOSTILE_ARCHIVES.values(), ids=HOSTILE_ARCHIVES)
def test_a_hostile_archive_leaves_nothing(name, data, tmp_path):
    import zipfile

    from workup.case.archive_files import restore_case

    room = tmp_path / "room"
    room.mkdir()
    with zipfile.ZipFile(room / "x.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)

    assert code_of(restore_case, room / "x.zip", room / "case") in ("BAD_ARCHIVE", "CASE_DAMAGED")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["room", "x.zip"]


def test_a_damaged_case_is_neither_exported_nor_restored(store, tmp_path):
    from workup.case.archive_files import export_case

    signed(store, "Reader A")
    path = store.folder / "versions" / "000001" / "meta.json"
    path.write_bytes(path.read_bytes().replace(b"segment", b"Segment"))

    assert code_of(export_case, store.folder, tmp_path / "case.zip") == "CASE_DAMAGED"
    assert not (tmp_path / "case.zip").exists()
