"""A cohort: one row a case whatever happens, nothing finished is lost, nothing is counted twice."""

import csv
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import duckdb
import fsspec
import psutil
import pytest

import workup
from eligibility.errors import ProtocolError
from imaging.dicom.study_files import load_study
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from workup.case.store_files import CaseStore
from workup.cohort.dask_cluster import Engine
from workup.cohort.engine import run_cohort, still_to_do
from workup.cohort.item import ASSESSED, REFUSED, CohortItem
from workup.cohort.one_case_files import Settings, case_folder, read_result, run_case, settled
from workup.cohort.query_files import filters_of
from workup.cohort.table_files import tables_of, write_tables
from workup.cohort.worklist_files import find_items
from workup.command_line import version
from workup.errors import CaseError, ExchangeError, WorkupError

COMMAND = [sys.executable, "-m", "workup", "cohort"]
SHIPPED = Path(workup.__file__).parent / "protocols" / "NCT06828380.yaml"
TABLES = ("cases.csv", "lesions.csv", "defects.csv")


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """Four cases, one folder with nothing in it that is DICOM, and one damaged record."""
    root = tmp_path_factory.mktemp("registry")
    for number, twin in enumerate(("plain", "bland", "no_unenhanced", "early_arterial")):
        write_case(replace(TWINS[twin].small(), seed=700 + number), root / "site" / f"case{number}")
    (root / "nothing").mkdir()
    (root / "nothing" / "readme.txt").write_text("no images here")
    shutil.copytree(root / "site" / "case0", root / "site" / "typo")
    record = root / "site" / "typo" / "record.json"
    record.write_text(record.read_text().replace('"consent"', '"consnet"', 1))
    return root


@pytest.fixture(scope="module")
def undisturbed(registry, tmp_path_factory):
    """Tables of a run that nothing disturbed."""
    output = tmp_path_factory.mktemp("undisturbed")
    subprocess.run([*COMMAND, str(registry), "-o", str(output)], check=True, capture_output=True, timeout=300)
    return output


def tables(folder):
    """Bytes of the three tables."""
    return {name: (folder / name).read_bytes() for name in TABLES}


def test_every_case_has_one_row_that_says_how_it_ended(undisturbed):
    rows = list(csv.DictReader((undisturbed / "cases.csv").open()))

    assert {r["case_id"]: (r["status"], r["code"]) for r in rows} == {
        "nothing": ("refused", "NOTHING_USABLE"),
        "site/case0": ("assessed", ""),
        "site/case1": ("assessed", ""),
        "site/case2": ("assessed", ""),
        "site/case3": ("assessed", ""),
        "site/typo": ("refused", rows[-1]["code"]),
    }
    assert "consnet" in rows[-1]["message"]


def test_tables_are_on_the_disk_before_they_take_their_names(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    written = write_tables({"cases": [{"id": "a"}], "lesions": []}, tmp_path)

    assert [path.stat().st_size for path in written] == synced
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)


def test_a_second_run_does_only_what_changed(registry, undisturbed, tmp_path):
    output, cases = tmp_path / "out", tmp_path / "cases"
    shutil.copytree(undisturbed, output)
    shutil.copytree(registry, cases, copy_function=shutil.copy2)
    settings = settled(Settings(output=str(output), version=version()))
    items = find_items(cases)
    for item in items:
        run_case(item, settings)
    nothing_left, _ = still_to_do(items, settings)
    reading = cases / "site" / "case1" / "reading.json"
    reading.write_text(reading.read_text().replace('"yes"', '"no"'))

    todo, done = still_to_do(items, settings)

    assert nothing_left == []
    assert [item.case_id for item in todo] == ["site/case1"]
    assert len(done) == len(items) - 1


def test_the_same_bytes_elsewhere_in_time_are_not_assessed_again(registry, tmp_path):
    """A copied registry has new file times; the content key spares the work."""
    settings = Settings(output=str(tmp_path), version="x")
    item = CohortItem("one", str(registry / "site" / "case0"))
    first = run_case(item, settings)
    for path in (registry / "site" / "case0").rglob("*"):
        os.utime(path)

    again = run_case(item, settings)

    assert again.content_key == first.content_key
    assert again.seconds == first.seconds  # the stored result, not a new one
    assert again.quick_key != first.quick_key


def renamed_record(case, beside):
    """The record is withdrawn: its bytes stay, under a name that nobody reads."""
    (case / "record.json").rename(case / "record.json.bak")


def images_named_by_case_json(case, beside):
    """Images outside of a plain case are deleted."""
    shutil.rmtree(beside / "images")


def one_image_gone_behind_a_link(case, beside):
    """A case whose dicom folder is a link loses a slice."""
    next((beside / "images").rglob("*.dcm")).unlink()


def relabelled_sidecar(case, beside):
    """The sidecar of a label map that was named by itself says another role."""
    sidecar = beside / "labels.json"
    sidecar.write_text(sidecar.read_text().replace("filling_defect", "target_lesion"))


CHANGES = {
    "a record that was renamed": renamed_record,
    "images outside of the case": images_named_by_case_json,
    "images behind a link": one_image_gone_behind_a_link,
    "the sidecar of a label map": relabelled_sidecar,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_a_case_was_assessed_from_is_looked_at_again(registry, tmp_path, change):
    case, regions = tmp_path / "case", None
    shutil.copytree(registry / "site" / "case0", case)
    if change in (images_named_by_case_json, one_image_gone_behind_a_link):
        (case / "dicom").rename(tmp_path / "images")
    if change is images_named_by_case_json:
        (case / "case.json").write_text('{"dicom": "../images"}')
    if change is one_image_gone_behind_a_link:
        (case / "dicom").symlink_to(tmp_path / "images")
    if change is relabelled_sidecar:
        regions = str(tmp_path / "labels.nii.gz")
        Path(regions).write_bytes(b"a label map")
        (tmp_path / "labels.json").write_text('{"labels": {"1": "filling_defect"}}')
    item = CohortItem("one", str(case), regions=regions)
    settings = Settings(output=str(tmp_path / "out"))
    first = run_case(item, settings)
    same = still_to_do([item], settings)
    change(case, tmp_path)

    again = run_case(item, settings)

    assert same == ([], [first])
    assert again.quick_key != first.quick_key
    assert again.content_key != first.content_key


def test_replaced_images_of_a_case_folder_are_refused_by_the_next_run(tmp_path):
    """They lie where the case says, outside of it."""
    for n, seed in enumerate((701, 702)):
        write_case(replace(TWINS["plain"].small(), seed=seed), tmp_path / f"twin{n}")
    images = tmp_path / "images"
    (tmp_path / "twin0" / "dicom").rename(images)
    CaseStore.create(tmp_path / "case", load_study(images), "case", "Office")
    item, settings = CohortItem("one", str(tmp_path / "case")), Settings(output=str(tmp_path / "out"))
    first = run_case(item, settings)
    shutil.rmtree(images)
    (tmp_path / "twin1" / "dicom").rename(images)

    todo, _ = still_to_do([item], settings)
    again = run_case(item, settings)

    assert (first.status, first.code) == (ASSESSED, "")
    assert todo == [item]
    assert (again.status, again.code) == (REFUSED, "IMAGES_CHANGED")


def test_a_refused_rerun_leaves_no_report_of_the_earlier_verdict(registry, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(registry / "site" / "case0", case)
    item, settings = CohortItem("one", str(case)), Settings(output=str(tmp_path / "out"))
    run_case(item, settings)
    folder = case_folder(item, settings)
    before = sorted(path.name for path in folder.iterdir())
    (case / "reading.json").write_text("{")

    refused = run_case(item, settings)

    assert before == ["report.html", "report.json", "result.json"]
    assert (refused.status, refused.code) == (REFUSED, "BAD_JSON")
    assert [path.name for path in folder.iterdir()] == ["result.json"]
    assert read_result(item, settings) == refused


def test_a_study_beside_its_own_zip_file_is_not_counted_twice(tmp_path):
    (tmp_path / "p1").mkdir()
    (tmp_path / "p1.zip").write_bytes(b"")
    (tmp_path / "p2.zip").write_bytes(b"")

    with pytest.raises(CaseError, match=r"p1 and p1\.zip are both case 'p1'") as refused:
        find_items(tmp_path)
    (tmp_path / "p1.zip").unlink()

    assert refused.value.code == "CASE_TWICE"
    assert [item.case_id for item in find_items(tmp_path)] == ["p1", "p2"]


def killed_and_resumed(registry, output, victim):
    """Start a run, kill -9 a process once a case is finished, run again to the end."""
    run = subprocess.Popen(
        [*COMMAND, str(registry), "-o", str(output)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = output / "run.jsonl"
    deadline = time.monotonic() + 120
    while not (log.is_file() and log.read_text().count("\n")) and time.monotonic() < deadline:
        time.sleep(0.02)
    victims = victim(run.pid)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    if run.poll() is None and victim is not scheduler_of:
        assert run.wait(timeout=240) == 0
    run.wait(timeout=240)
    assert victims
    subprocess.run([*COMMAND, str(registry), "-o", str(output)], check=True, capture_output=True, timeout=300)


def scheduler_of(pid):
    """The process that holds scheduler and client."""
    return [pid]


def one_worker_of(pid):
    """One of the worker processes, which are forked from a child of the run."""
    below = psutil.Process(pid).children(recursive=True)
    return [process.pid for process in below if process.ppid() != pid][:1]


@pytest.mark.long
@pytest.mark.parametrize("victim", [scheduler_of, one_worker_of], ids=["scheduler", "worker"])
def test_killed_at_any_moment_the_tables_come_out_the_same(registry, undisturbed, tmp_path, victim):
    killed_and_resumed(registry, tmp_path, victim)

    assert tables(tmp_path) == tables(undisturbed)


@pytest.mark.long
def test_two_worker_hosts_of_a_foreign_scheduler_give_the_same_tables(registry, undisturbed, tmp_path):
    """A Dask scheduler and two workers started apart, as on SLURM or over SSH."""
    address_file = tmp_path / "scheduler.json"
    dask = [str(Path(sys.executable).with_name("dask"))]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                          "--scheduler-file", str(address_file)], **quiet)
    ]  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not address_file.is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        address = json.loads(address_file.read_text())["address"]
        started += [
            subprocess.Popen([*dask, "worker", address, "--host", "127.0.0.1", "--nthreads", "1",
                              "--no-dashboard"], cwd=tmp_path, **quiet)
            for _ in range(2)
        ]  # fmt: skip
        output = tmp_path / "out"
        command = [*COMMAND, str(registry), "-o", str(output), "--scheduler", address]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    finally:
        for process in started:
            process.kill()

    assert tables(output) == tables(undisturbed)


def test_a_study_larger_than_the_workers_memory_is_refused_before_it_is_loaded(registry, tmp_path):
    result = run_case(
        CohortItem("big", str(registry / "site" / "case0")),
        Settings(output=str(tmp_path), memory_limit_mb=1.0),
    )

    assert (result.status, result.code) == (REFUSED, "STUDY_TOO_LARGE")


def test_zip_files_and_urls_are_read_like_folders(registry, tmp_path):
    case = registry / "site" / "case0"
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        for path in sorted((case / "dicom").rglob("*.dcm")):
            archive.write(path, path.relative_to(case / "dicom"))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted(p for p in case.rglob("*") if p.is_file()):
            archive.write(path, Path("case7") / path.relative_to(case))
    fsspec.filesystem("memory").put(str(case), "/held", recursive=True)
    settings = Settings(output=str(tmp_path / "out"))
    items = [
        CohortItem("zip file", str(tmp_path / "study.zip")),
        CohortItem("file", case.resolve().as_uri()),
        CohortItem("memory", "memory://held"),
        CohortItem("in an archive", f"zip://case7::{(tmp_path / 'all.zip').as_uri()}"),
    ]

    results = [run_case(item, settings) for item in items]

    assert [r.status for r in results] == [ASSESSED] * 4
    assert results[0].case["vascular_invasion"] == "UNKNOWN"  # nobody outlined anything
    assert [r.case["vascular_invasion"] for r in results[1:]] == ["PASS"] * 3
    assert len({json.dumps(r.defects[0] | {"case_id": ""}) for r in results[1:]}) == 1


def test_a_zip_file_with_a_case_in_it_is_refused_and_not_read_for_its_images_alone(registry, tmp_path):
    shutil.make_archive(str(tmp_path / "whole"), "zip", registry / "site" / "case0")

    result = run_case(CohortItem("whole", str(tmp_path / "whole.zip")), Settings(output=str(tmp_path)))

    assert (result.status, result.code) == (REFUSED, "CASE_IN_ARCHIVE")
    assert "reading.json, record.json, regions.json" in result.message


def test_a_narrow_terminal_cuts_no_name_or_code_and_tells_why(registry, undisturbed):
    narrow = {**os.environ, "COLUMNS": "80"}
    command = [*COMMAND, str(registry), "-o", str(undisturbed)]
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, env=narrow).stdout

    assert "…" not in out
    for shown in ("site/case0", "INELIGIBLE", "NOTHING_USABLE", "FAIL: I4", "refused"):
        assert shown in out


def test_the_page_says_why_and_leads_to_the_report_of_each_assessed_case(undisturbed):
    page = (undisturbed / "report.html").read_text()

    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 4
    assert all((undisturbed / link).is_file() for link in links)
    assert "FAIL: I4" in page


ABSENT = {
    "a folder that is not there": "absent",
    "a URL of nothing": "memory://nothing",
    "a scheme that there is not": "carrier-pigeon://x",
}


@pytest.mark.parametrize("path", ABSENT.values(), ids=ABSENT)
def test_an_input_that_is_not_there_is_refused_and_tried_again(path, tmp_path):
    settings = Settings(output=str(tmp_path / "out"))
    item = CohortItem("one", str(tmp_path / path) if "://" not in path else path)

    result = run_case(item, settings)

    assert (result.status, result.code) == (REFUSED, "INPUT_ABSENT")
    assert still_to_do([item], settings) == ([item], [])


def test_a_change_of_rule_file_or_code_is_a_change(registry, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(SHIPPED.read_text())
    item = CohortItem("one", str(registry / "nothing"))
    before = settled(Settings(output=str(tmp_path / "out"), protocol=str(rules)))
    run_case(item, before)
    rules.write_text(SHIPPED.read_text().replace("title: ", "title: Amended ", 1))
    after = settled(Settings(output=str(tmp_path / "out"), protocol=str(rules)))

    other = run_case(item, replace(after, code="of another version", elsewhere=True))

    assert still_to_do([item], before)[0] == []
    assert still_to_do([item], after)[0] == [item]
    assert (other.status, other.code) == ("failed", "SOFTWARE_DIFFERS")


def test_a_protocol_that_is_not_there_ends_the_run_and_not_every_case(tmp_path):
    with pytest.raises(ProtocolError):
        settled(Settings(output=str(tmp_path), protocol="NCT00000000"))


def test_a_refusal_for_memory_is_asked_again_with_more(registry, tmp_path):
    item = CohortItem("big", str(registry / "site" / "case0"))
    run_case(item, Settings(output=str(tmp_path), memory_limit_mb=1.0))

    assert still_to_do([item], Settings(output=str(tmp_path)))[0] == [item]


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("workup.cohort.dask_cluster.TIMEOUT_S", 1)
    items = [CohortItem("one", str(tmp_path))]

    with pytest.raises(WorkupError) as refused:
        run_cohort(items, Settings(output=str(tmp_path)), Engine(scheduler="tcp://127.0.0.1:9"))
    assert refused.value.code == "NO_SCHEDULER"


WORKLISTS = {
    "an unknown column": ("case_id,path,colour\na,b,c\n", "colour"),
    "a row without a path": ("case_id,path\na,\n", "line 2"),
    "a case that stands twice": ("case_id,path\na,x\na,y\n", "twice"),
    "no row at all": ("case_id,path\n", "no case"),
}


@pytest.mark.parametrize(("text", "named"), WORKLISTS.values(), ids=WORKLISTS)
def test_a_bad_worklist_is_refused_with_its_place(tmp_path, text, named):
    (tmp_path / "list.csv").write_text(text)

    with pytest.raises(CaseError, match=named):
        find_items(tmp_path / "list.csv")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_worklist_as_a_spreadsheet_saves_it(tmp_path, mark):
    rows = (("case_id", "path", "record"), ("a", "x", ""), ("", "", ""), ("b", "y", ""))
    (tmp_path / "list.csv").write_text("\n".join(map(mark.join, rows)), encoding="utf-8-sig")

    assert [item.case_id for item in find_items(tmp_path / "list.csv")] == ["a", "b"]


def test_a_folder_that_may_not_be_looked_into_is_a_case_to_refuse(tmp_path, monkeypatch):
    (tmp_path / "open" / "dicom").mkdir(parents=True)
    (tmp_path / "closed").mkdir()
    is_file = Path.is_file

    def closed(path):
        if path.parent.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", closed)
    first, second = find_items(tmp_path)

    assert (first.case_id, second.case_id) == ("closed", "open")
    assert run_case(first, Settings(output=str(tmp_path / "out"))).code == "FILE_ACCESS"


def test_a_worklist_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "list.csv").write_bytes("case_id,dicom\n환자,images\n".encode("cp949"))

    with pytest.raises(CaseError, match="not UTF-8"):
        list(find_items(tmp_path / "list.csv"))


def test_a_worklist_names_the_parts_of_a_case(registry, tmp_path):
    case = registry / "site" / "case0"
    (tmp_path / "list.csv").write_text(
        f"case_id,path,record\nfirst,{case / 'dicom'},{case / 'record.json'}\n"
    )

    results = run_cohort(
        find_items(tmp_path / "list.csv"), Settings(output=str(tmp_path / "out")), Engine(workers=1)
    )

    assert [(r.case_id, r.status) for r in results] == [("first", ASSESSED)]
    assert results[0].case["criterion_I1"] == "PASS"


def test_the_tables_open_in_duckdb(undisturbed):
    count = duckdb.sql(f"select count(*) from '{undisturbed / 'cases.parquet'}'").fetchall()
    enhanced = duckdb.sql(
        f"select case_id from '{undisturbed / 'defects.parquet'}' where difference > 20 order by case_id"
    ).fetchall()

    assert count == [(6,)]
    assert ("site/case0",) in enhanced
    assert ("site/case1",) not in enhanced


def test_cells_of_the_csv_tables_are_never_formulas(tmp_path):
    result = run_case(
        CohortItem("=cmd|' /C calc'!A0", str(tmp_path / "absent")), Settings(output=str(tmp_path))
    )
    write_tables(tables_of([result]), tmp_path)

    assert next(csv.reader((tmp_path / "cases.csv").open().readlines()[1:]))[0].startswith("'=")


BAD_QUERIES = {
    "nothing to match": [],
    "a keyword that DICOM lacks": ["StudyDay=20250601"],
    "no value": ["StudyDate="],
    "a date with hyphens": ["StudyDate=2025-06-01"],
    "a month": ["StudyDate=202506"],
}


@pytest.mark.parametrize("query", BAD_QUERIES.values(), ids=BAD_QUERIES)
def test_a_query_that_would_match_every_study_or_none_is_refused(query):
    with pytest.raises((CaseError, ExchangeError)) as refused:
        filters_of(query)

    assert refused.value.code == "BAD_QUERY"
