"""What others write runs nowhere: not in HTML, a spreadsheet or a terminal; and names stay out of logs."""

from __future__ import annotations

import csv
import dataclasses
import io
import logging
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from imaging.dicom.study_files import load_study
from imaging.phases.decision import name_phases
from tests.test_workup_deidentify import canaries_in, hostile
from workup import redaction
from workup.case.strict_json import canonical
from workup.command_line import print_json
from workup.deidentify.deidentify_files import deidentify_folder
from workup.deidentify.pseudonyms import ProjectKey
from workup.report.content import Answer, Cell, Figure, Report, Section, Table, Tone
from workup.report.rendering import html, table_csv, workbook
from workup.safe_text import csv_cell, csv_text, file_name, without_controls

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_dicom"

PAYLOADS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>", "</td></tr></table><h1>PASS</h1>", "{{ 7*7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}", "<a href=javascript:alert(1)>x</a>",
    "\" onmouseover=\"alert(1)", "<style>*{display:none}</style>", "<!-- --><b>x</b>", "&lt;b&gt;",
    "=cmd|'/c calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1", "=HYPERLINK(\"http://evil\",\"x\")", "＝1+1", "<meta http-equiv=refresh content=0;url=//evil>",
)  # fmt: skip


class Elements(HTMLParser):
    """Every element with its attributes' names, in order."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, tuple(name for name, _ in attributes)))


def report(word, place=None):
    """A report with ``word`` in one text field, named by its number, and another plain word in each other."""
    count = iter(range(10_000))

    def w():
        number = next(count)
        return word if number == place else f"plain {number}"

    answer = Answer(w(), w(), w(), Tone.OPEN)
    table = Table("name", w(), (w(), w()), ((Cell(w()), Cell(w())),), w())
    section = Section(w(), (w(),), (answer,), (Figure("f", b"\x89PNG", w(), w()),), (table,), folded=True)
    made = Report(w(), "en", ((w(), w()),), (answer,), (section,), (w(),), w())
    return made, next(count)


FIELDS = report("x")[1]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_payload_in_any_report_field_makes_an_element_or_attribute(payload):
    expected = Elements(html(report("plain")[0])).found

    assert [p for p in range(FIELDS) if Elements(html(report(payload, p)[0])).found != expected] == []


def formulas(text, starts):
    """Cells of a CSV that a spreadsheet would run."""
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    return [cell for cell in cells if cell.lstrip().startswith(tuple(starts))]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_payload_is_a_formula_in_csv_or_a_workbook(payload):
    import openpyxl

    made = Table("t", "t", ("column", payload), ((Cell(payload), Cell("plain")),))
    assert not formulas(table_csv(made), "=+-@\t\r")
    assert not formulas(csv_text([["column", payload], [payload, "plain"]]), "=+-@\t\r＝＋－＠")
    one = dataclasses.replace(report("plain")[0], sections=(Section("s", tables=(made,)),))
    book = openpyxl.load_workbook(io.BytesIO(workbook(one)))
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


@given(st.text())
def test_a_safe_cell_is_safe_and_stays_so(text):
    cell = csv_cell(text)

    number = (cell[:1] in "+-" and cell[1:2].isdigit()) or cell[1:2] == "."
    assert not cell.startswith(("=", "@", "\t", "\r")) and (number or cell[:1] not in ("+", "-"))
    assert csv_cell(cell) == cell


@given(st.text())
def test_a_file_name_stays_in_its_folder(text):
    name = file_name(text)

    assert name == Path(name).name and not name.startswith(".") and 0 < len(name.encode()) <= 120


def test_a_terminal_is_not_steered():
    assert without_controls("a\x1b[2J\x1b]0;x\x07b\u202ec\u200bd") == "a[2J]0;xbcd"


def test_json_without_nan_only():
    for write in (canonical, print_json):
        with pytest.raises(Exception, match=r"cannot be written|Out of range float"):
            write({"value": float("nan")})


# -- names in logs and tracebacks ------------------------------------------------------------------


NUMBERS = ("800101-1234567", "8001011234567", "010-1234-5678", "01098765432", "+82-10-5555-1212",
           "1978-07-23", "HONG^GILDONG", "zeb@clinic.example")  # fmt: skip


@pytest.mark.parametrize("value", NUMBERS)
def test_what_looks_like_an_identity_goes(value):
    assert value not in redaction.redact(f"cannot read {value} here")


KEPT = (
    "version 7 is not in this case", "1.2.840.10008.5.1.4.1.1.2", "43 of 512 slices, 2.5 mm", "read 120.5 HU",
    "expected (0028,0030)",
)  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_what_a_user_needs_stays(text):
    assert redaction.redact(text) == text


SCRIPT = """
import logging, sys, threading, warnings
from pydicom import dcmread
from workup import redaction
redaction.install()
logging.getLogger("veinvasion").warning("cannot read %s", "Hong^Gildong")
ds = dcmread(sys.argv[1])
for element in ds.iterall():
    try:
        repr(element.value)
    except Exception as error:
        logging.getLogger("pydicom").error("bad", exc_info=error)
warnings.warn("Invalid value for VR CS: '홍길동'")
aside = threading.Thread(target=lambda: int("Hong^Gildong"))
aside.start()
aside.join()
try:
    raise ValueError("no such patient 'Kim Cheolsu'")
except ValueError as error:
    raise RuntimeError(f"cannot go on with {str(ds.PatientName)!r}") from error
"""


def test_no_canary_is_in_logs_warnings_or_tracebacks_of_a_hostile_file(tmp_path):
    path = tmp_path / "1.dcm"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hostile("\\ISO 2022 IR 149").save_as(path, enforce_file_format=True)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], cwd=ROOT, capture_output=True, check=False
    )

    assert done.returncode == 1 and b"RuntimeError" in done.stderr and b"UserWarning" in done.stderr
    assert b"ValueError: invalid literal" in done.stderr  # of the thread
    assert canaries_in(done.stdout + done.stderr) == set()


def test_a_log_record_is_cleaned_with_its_traceback(caplog):
    caplog.handler.addFilter(redaction.RedactingFilter())
    try:
        raise ValueError("'Hong Gildong' 800101-1234567")
    except ValueError:
        logging.getLogger("test").exception("while reading %s", "Hong^Gildong")

    assert canaries_in(caplog.text.encode()) == set()
    assert "ValueError" in caplog.text


# -- the sample, named and de-identified -----------------------------------------------------------


@pytest.fixture(scope="module")
def deidentified_sample(tmp_path_factory):
    """The sample as a hospital would send it, de-identified."""
    room = tmp_path_factory.mktemp("sample")
    (room / "named").mkdir()
    for path in sorted(p for p in (SAMPLE / "dicom").rglob("*") if p.is_file()):
        dataset = dcmread(path)
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName, dataset.PatientID = "HONG^GILDONG=洪^吉洞=홍길동", "SNUH-00481516"
        dataset.InstitutionName, dataset.AccessionNumber = "Samsung Medical Center", "ACC2342108"
        dataset.PatientComments = "tel 010-1234-5678, 800101-1234567"
        dataset.save_as(room / "named" / f"{dataset.SOPInstanceUID}.dcm")
    deidentify_folder(room / "named", room / "out", ProjectKey(b"a key of sixteen bytes or more"))
    return room / "out"


def test_phases_and_delays_of_the_sample_are_the_same_after_de_identification(deidentified_sample):
    before, after = load_study(SAMPLE / "dicom"), load_study(deidentified_sample)
    named = phases(after)

    assert named == phases(before)
    assert len(named) == len(before.acquisitions) > 3
    assert delays(before) == delays(after)


def phases(study):
    """Phases by series number."""
    return {study[key].header.series_number: str(d.phase) for key, d in name_phases(study).items()}


def delays(study):
    """Seconds from the first acquisition to each, by series number."""
    times = {a.header.series_number: a.header.acquisition_datetime for a in study.acquisitions}
    first = min(times.values())
    return {number: (time - first).total_seconds() for number, time in times.items()}


@pytest.mark.long
def test_no_canary_is_in_the_report_of_the_de_identified_sample(deidentified_sample, tmp_path):
    code = "import sys; from workup.command_line import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "assess", str(deidentified_sample), "-o", str(tmp_path / "report")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    written = b"".join(p.read_bytes() for p in (tmp_path / "report").rglob("*") if p.is_file())

    assert written and done.returncode == 0, done.stderr[-500:]
    assert canaries_in(done.stdout + done.stderr + written) == set()
