"""The command line: documented, quick to start, errors that teach, JSON that is strict."""

import errno
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from workup.command_line import COMMANDS, GROUPS, build_app
from workup.replaced_files import new_file, replace_synced

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_dicom"
SHIPPED = (
    "demo", "phases", "convert", "enhancement", "measure", "recist", "screen", "assess", "record", "case",
    "import", "export", "deidentify", "pull", "push", "cohort", "view",
)  # fmt: skip


def run(*arguments, cwd=None):
    """Exit code, standard output, standard error of the installed command."""
    done = subprocess.run(
        [sys.executable, "-m", "workup", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def leaves(command, path=()):
    """Every command that does something, with its path."""
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    else:
        yield path, command


ALL = dict(leaves(typer.main.get_command(build_app())))


def test_every_command_of_the_interface_exists():
    assert set(SHIPPED) - set(COMMANDS) - set(GROUPS) == set()


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_shows_an_example(path):
    assert f"Example: veinvasion {' '.join(path)}" in (ALL[path].help or "")


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_says_what_it_is(path):
    silent = [p.name for p in ALL[path].params if not getattr(p, "help", None) and p.name != "help"]

    assert silent == []


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_speaks_json(path):
    assert "--json" in {option for p in ALL[path].params for option in p.opts} or path[0] in ("view",)


def modules_of(*arguments):
    """Modules that one run imports: top-level ones, and our commands."""
    code = (
        "import sys\n"
        "from workup.command_line import main\n"
        f"try:\n main({list(map(str, arguments))!r})\n"
        "except SystemExit: pass\n"
        "print('\\nMODULES', *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.rsplit("MODULES", 1)[1].split())


HEAVY = {
    "numpy", "scipy", "pydicom", "SimpleITK", "nibabel", "matplotlib", "highdicom", "pandas", "distributed",
    "skimage", "napari", "pydantic", "jinja2", "openpyxl", "yaml",
}  # fmt: skip
# fmt: off
TABLE = ROOT / "tests/tables/series.csv"
IMAGE_LIBRARIES = {"SimpleITK", "matplotlib", "nibabel", "highdicom"}
IMPORTS = {
    # command                                            what it must not import
    "help shows commands and imports nothing heavy":    (("--help",), HEAVY),
    "the version, too":                                 (("--version",), HEAVY),
    "screening a record needs no images":               (("screen", SAMPLE / "record.json"),
                                                         HEAVY - {"pydantic", "yaml", "jinja2"}),
    "naming a table of series needs no image library":  (("phases", "--table", TABLE), IMAGE_LIBRARIES),
    "naming a study needs no library of other formats": (("phases", SAMPLE / "dicom"),
                                                         IMAGE_LIBRARIES | {"pydicom"}),
}
# fmt: on


def test_a_command_does_not_pay_for_the_others():
    imported = modules_of("screen", SAMPLE / "record.json")

    assert {m for m in imported if m.startswith("workup.commands.")} == {"workup.commands.screen"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no name for their screen")
def test_the_viewer_without_a_screen_says_so(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    status, _, err = run("view", SAMPLE)

    assert status == 1
    assert "error[NO_SCREEN]" in err


def test_an_unknown_command_is_told_what_there_is():
    status, _, err = run("scren")

    assert status == 2
    assert "screen" in err


@pytest.mark.parametrize(("arguments", "forbidden"), IMPORTS.values(), ids=IMPORTS)
def test_a_command_pays_only_for_what_it_uses(arguments, forbidden):
    assert modules_of(*arguments) & forbidden == set()


REFUSALS = {
    "a folder that is not there": (("assess", "nowhere"), "NO_CASE"),
    "a folder without images": (("phases", ROOT / "docs"), "NOTHING_USABLE"),
    "a file where the report's folder should be": (
        ("screen", SAMPLE / "record.json", "--out", SAMPLE / "record.json"),
        "FILE_ACCESS",
    ),
    "a reader's phases in a table without their columns": (
        ("phases", SAMPLE / "dicom", "--labels", ROOT / "Makefile"),
        "LABEL_COLUMNS",
    ),
    "a date that no server matches": (
        ("pull", "https://127.0.0.1:1/dicom-web", "--date", "2025-06-01"),
        "BAD_QUERY",
    ),
    "a lesion table that is not there": (("recist", "nowhere.csv"), "NO_CASE"),
    "a protocol that is not there": (("assess", SAMPLE, "--protocol", "NCT00000000"), None),
}


@pytest.mark.parametrize(("arguments", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_has_a_code_and_exit_1(arguments, code):
    status, out, err = run(*arguments, "--json")

    found = re.search(r"error\[([A-Z_0-9]+)\]: \S", err)
    assert status == 1
    assert found
    assert "Traceback" not in err
    assert code in (None, found[1])
    assert json.loads(out)["error"]["code"] == found[1]


LESIONS = """subject,visit,date,lesion,organ,kind,diameter,status
P1,baseline,2025-01-01,T1,liver,solid,50.0,target
P1,week 8,2025-03-01,T1,liver,solid,30.0,
"""


def lesion_command(folder, *more):
    """``veinvasion recist`` of a small table, to be run by a shell or with another environment."""
    table = folder / "lesions.csv"
    table.write_text(LESIONS)
    return [sys.executable, "-m", "workup", "recist", str(table), *more]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["table", "json"])
def test_a_full_disk_is_a_refusal_with_advice(tmp_path, more):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            lesion_command(tmp_path, *more), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 1
    assert done.stderr.startswith("error[DISK_FULL]: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["table", "json"])
def test_a_reader_that_stops_reading_is_no_failure(tmp_path, more):
    command = " ".join(lesion_command(tmp_path, *more))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | true"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_letter_that_the_terminal_lacks_is_no_failure(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    table = subprocess.run(lesion_command(tmp_path), capture_output=True, check=True, env=environment).stdout
    (tmp_path / "lesions.csv").write_text(LESIONS.replace("P1", "홍"), encoding="utf-8")
    command = [sys.executable, "-m", "workup", "recist", str(tmp_path / "lesions.csv"), "--json"]
    document = subprocess.run(command, capture_output=True, check=True, env=environment).stdout

    assert b"50.0 \\u2014" in table
    assert "홍" in json.dumps(json.loads(document), ensure_ascii=False)


def test_a_narrow_terminal_breaks_no_number(tmp_path):
    environment = {**os.environ, "COLUMNS": "30", "NO_COLOR": "1"}
    done = subprocess.run(
        lesion_command(tmp_path), capture_output=True, check=True, text=True, env=environment
    )

    assert re.search(r"P1 +week 8 +30\.0 +-40\.0 +-40\.0 +PR", done.stdout)


def fill_up(stream):
    stream.write(b"half of ")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_that_could_not_be_written_whole_is_not_there(tmp_path, monkeypatch):
    old = replace_synced(tmp_path / "report.json", b"old")
    with pytest.raises(OSError, match="No space"), new_file(tmp_path / "sr.dcm") as stream:
        fill_up(stream)
    monkeypatch.setattr("workup.replaced_files.os.fsync", lambda _: fill_up(io.BytesIO()))
    with pytest.raises(OSError, match="No space"):
        replace_synced(old, b"new")

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"report.json": b"old"}


def test_wrong_usage_is_exit_2():
    status, out, _ = run("assess")

    assert (status, out) == (2, "")
    for arguments, found in (
        (("assess", "--json"), "Missing argument"),
        (("no", "--json"), "No such command"),
        (("assess", SAMPLE, "--format", "pdf", "--json"), "give --output"),
        (("case", "new", "c", "--dicom", SAMPLE, "--who", " ", "--json"), "a blank name"),
    ):
        status, out, err = run(*arguments)
        assert status == 2 and found in err
        assert json.loads(out)["error"]["code"] == "USAGE"
        assert found in json.loads(out)["error"]["message"]


def test_the_demo_prints_the_verdicts_and_writes_the_report(tmp_path):
    status, out, _ = run("demo", "-o", tmp_path)

    assert status == 0
    assert re.search(r"Vascular invasion \(I4\.a\)\W+PASS", out)
    assert "report.html" in out
    assert (tmp_path / "report.html").stat().st_size > 100_000


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    """Exit code, standard output and folder of one assessment of the sample."""
    folder = tmp_path_factory.mktemp("assessed")
    status, out, _ = run("assess", SAMPLE, "-o", folder, "--json")
    return status, out, folder


def test_assess_prints_one_strict_json_document(assessed):
    status, out, folder = assessed
    document = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} in the JSON"))

    assert status == 0
    assert document["vascular_invasion"]["status"] == "PASS"
    assert document["measurable_lesion"]["status"] == "PASS"
    assert [p["phase"] for p in document["phases"]] == [
        "unenhanced",
        "late_arterial",
        "portal_venous",
        "delayed",
    ]
    assert {"schema_version", "veinvasion_version", "screen", "files"} <= document.keys()
    assert json.loads((folder / "report.json").read_text())["screen"] == document["screen"]


def test_the_sample_measures_what_is_true_of_it(assessed):
    """HU within 2 HU and the noise's error, diameters within a pixel, of what the generator knows."""
    expected = json.loads((SAMPLE / "expected.json").read_text())
    document = json.loads(assessed[1])
    lesion = document["measurable_lesion"]["lesions"][0]
    truth = expected["lesions"][0] if isinstance(expected["lesions"], list) else expected["lesions"]["hcc1"]

    assert lesion["long_axis_mm"] == pytest.approx(truth["long_axis_mm"], abs=1.4)
    assert lesion["short_axis_mm"] == pytest.approx(truth["short_axis_mm"], abs=1.4)
    for phase in document["vascular_invasion"]["defects"][0]["phases"]:
        true_hu = expected["tissue"][expected["region_tissue"]["defect1"]][phase["phase"]]
        assert phase["mean"] == pytest.approx(true_hu, abs=2 + 4 * phase["sd"] / phase["n_eff"] ** 0.5)
