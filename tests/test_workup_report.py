"""One content, many formats: the same numbers, nothing executed, readable in two languages."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pytest

from eligibility.verdict import Status
from imaging.geometry import VolumeGeometry
from imaging.phantom import TWINS
from imaging.phantom_files import write_case
from imaging.regions.region import RegionMask
from imaging.volume import Acquisition, AcquisitionHeader, Volume
from workup.assess import assess
from workup.case.case_files import read_case
from workup.errors import WorkupError
from workup.protocol_files import read_protocol
from workup.report.assessment_report import _limits, assessment_report
from workup.report.content import Answer, Cell, Figure, Report, Section, Table, Tone, number, text
from workup.report.figures import Caliper, Curve, Outline, Panel, _frame, curves_image, key_image
from workup.report.lesion_table_files import print_table
from workup.report.rendering import html, markdown, table_csv, workbook
from workup.report.report_files import write_report
from workup.report.wording import words

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="background:url(javascript:alert(1))',
    "</td></tr></table><h1>x</h1>",
    "<!-- x --><b>bold</b>",
    "{{ 7*7 }}{% for x in y %}",
    "&lt;script&gt;",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=//example></iframe>",
    "<style>*{display:none}</style>",
    "<base href=//example>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "＝1+1",
    '=HYPERLINK("http://x","y")',
    "홍길동 <b>",
)


def report_of(word, language="en"):
    """A report with the same word in every field that holds text."""
    table = Table(word, word, (word, word), ((Cell(word), number(12.345, 1, "mm")),), word)
    picture = Figure(word, b"\x89PNG", word, word)
    answer = Answer(word, word, word, Tone.OPEN)
    section = Section(word, (word,), (answer,), (picture,), (table,), folded=True)
    return Report(word, language, ((word, word),), (answer,), (section,), (word,), word)


class Skeleton(HTMLParser):
    """Every element with its attributes' names, which no content may change."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_adds_an_element_or_attribute(payload):
    assert Skeleton(html(report_of(payload))).elements == Skeleton(html(report_of("plain"))).elements


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_is_a_formula(payload):
    report = report_of(payload)
    from_csv = [cell for row in csv.reader(io.StringIO(table_csv(report.tables[0]))) for cell in row]
    book = openpyxl.load_workbook(io.BytesIO(workbook(report)))
    from_xlsx = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]

    starts = ("=", "+", "@", "\t", "＝")
    assert not [cell for cell in from_csv if cell.startswith(starts) or re.match(r"-\D", cell)]
    assert not [cell.value for cell in from_xlsx if cell.data_type == "f"]


def test_the_page_loads_nothing_from_outside():
    """Self-contained: no address of any kind, and a policy that forbids scripts."""
    page = html(report_of("plain"))

    assert not re.search(r"https?://|src=\"(?!data:)|<script|<link", page)
    assert "default-src 'none'" in page


def test_nothing_is_folded_away_on_paper():
    assert "<details>" in html(report_of("plain"))
    assert "<details>" not in html(report_of("plain"), printing=True)


def test_spreadsheets_and_csv_keep_the_exact_number():
    report = report_of("plain")
    rows = list(csv.reader(io.StringIO(table_csv(report.tables[0]))))
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(report))).worksheets[1]

    assert rows[1][1] == "12.345"
    assert sheet["B2"].value == 12.345
    assert "12.3 mm" in html(report)


def test_every_format_is_written_whole(tmp_path):
    written = write_report(report_of("plain"), {"a": 1}, tmp_path, ("html", "json", "md", "csv", "xlsx"))

    assert [p.name for p in written] == [
        "report.html",
        "report.json",
        "report.md",
        "answers.csv",
        "plain.csv",
        "report.xlsx",
    ]
    assert json.loads((tmp_path / "report.json").read_text()) == {"a": 1}
    assert not list(tmp_path.glob(".*"))


def test_a_document_with_nan_is_refused_and_the_old_report_stays(tmp_path):
    write_report(report_of("plain"), {"a": 1}, tmp_path, ("json",))

    with pytest.raises(ValueError, match="JSON"):
        write_report(report_of("plain"), {"a": float("nan")}, tmp_path, ("json",))
    assert json.loads((tmp_path / "report.json").read_text()) == {"a": 1}


def test_an_unknown_format_or_language_is_named():
    with pytest.raises(WorkupError, match="docx"):
        write_report(report_of("plain"), {}, "unused", ("docx",))
    with pytest.raises(WorkupError, match="'fr'"):
        words("fr")


def test_both_languages_say_the_same_things():
    english, korean = words("en"), words("ko")

    assert english.keys() == korean.keys()
    assert [k for k, v in korean.items() if not re.search("[가-힣]", v)] == []


def test_only_a_korean_report_says_why_its_reasons_are_in_english():
    english, korean = (_limits(words(language), "I4") for language in ("en", "ko"))

    assert len(korean) == len(english) + 1
    assert all(english)
    assert [line for line in korean if "영어" in line] == [words("ko")["limit_language"]]


def test_markdown_holds_every_answer_and_escapes_marks():
    text = markdown(report_of("a|b *c*"))

    assert "a\\|b \\*c\\*" in text


HOSTILE_PDF_WORDS = (
    *PAYLOADS,
    "https://example.org/x javascript:alert(1) mailto:x@example.org file:///etc/passwd",
    "(x) >> /OpenAction << /S /JavaScript /JS (app.alert(1)) >> endobj",
    "/AA << /O << /S /Launch /F (cmd.exe) >> >>",
)
#: Keys that make a PDF act, and kinds of action that leave the document (ISO 32000-1, 12.6.2 to 12.6.4).
PDF_KEYS_THAT_ACT = frozenset({"/JS", "/JavaScript", "/AA", "/EmbeddedFiles", "/AcroForm", "/XFA", "/URI"})
# fmt: off
PDF_ACTIONS = frozenset({
    "/URI", "/JavaScript", "/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/Rendition",
    "/Movie", "/Sound", "/Named",
})
# fmt: on


def pdf_objects(document):
    """Every dictionary of a PDF, reached through every reference."""
    pypdf = pytest.importorskip("pypdf")
    waiting, seen = [document.trailer], set()
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, pypdf.generic.IndirectObject):
            if (thing.idnum, thing.generation) in seen:
                continue
            seen.add((thing.idnum, thing.generation))
            thing = thing.get_object()
        if isinstance(thing, dict):
            yield thing
            waiting.extend(thing.raw_get(key) for key in thing)
        elif isinstance(thing, list):
            waiting.extend(list.__iter__(thing))


def pdf_actions(data):
    """Everything in a PDF that acts on opening or on a click."""
    pypdf = pytest.importorskip("pypdf")
    found = []
    for thing in pdf_objects(pypdf.PdfReader(io.BytesIO(data))):
        found += [key for key in thing if key in PDF_KEYS_THAT_ACT]
        found += [str(thing["/S"])] if thing.get("/S") in PDF_ACTIONS else []
    return found


def test_the_search_for_pdf_actions_finds_what_a_link_and_a_script_leave():
    weasyprint = pytest.importorskip("weasyprint")
    pypdf = pytest.importorskip("pypdf")
    linked = weasyprint.HTML(string="<a href='https://example.org/x'>x</a>").write_pdf()
    scripted, stream = pypdf.PdfWriter(io.BytesIO(linked)), io.BytesIO()
    name, text = pypdf.generic.NameObject, pypdf.generic.TextStringObject
    script = {name("/S"): name("/JavaScript"), name("/JS"): text("app.alert(1)")}
    scripted.root_object[name("/OpenAction")] = pypdf.generic.DictionaryObject(script)
    scripted.write(stream)

    assert "/URI" in pdf_actions(linked)
    assert "/JavaScript" in pdf_actions(stream.getvalue())


def test_no_text_makes_a_pdf_act():
    """All hostile words at once in every field, as one document; the words are there, as words."""
    pytest.importorskip("weasyprint")
    pypdf = pytest.importorskip("pypdf")
    from workup.report.report_files import pdf

    data = pdf(report_of(" ".join(HOSTILE_PDF_WORDS)))

    assert pdf_actions(data) == []
    shown = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    assert "alert(1)" in shown and "/OpenAction" in shown


def test_pdf_has_the_words():
    pytest.importorskip("weasyprint")
    pypdf = pytest.importorskip("pypdf")
    from workup.report.report_files import pdf

    document = pypdf.PdfReader(io.BytesIO(pdf(report_of("혈관 침범"))))

    assert "혈관 침범" in "".join(page.extract_text() for page in document.pages)


# ---------------------------------------------------------------------------- pictures

AXIAL = [[0, 0, 1.0, -10], [0, 1.0, 0, -10], [2.0, 0, 0, 0], [0, 0, 0, 1]]
FROM_BELOW = [[0, 0, -1.0, 10], [0, -1.0, 0, 10], [2.0, 0, 0, 0], [0, 0, 0, 1]]
CORONAL = [[0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, -1.0, 0, 40], [0, 0, 0, 1]]
SAGITTAL = [[1.0, 0, 0, 0], [0, 0, 1.0, 0], [0, -1.0, 0, 40], [0, 0, 0, 1]]
# fmt: off
ORIENTATIONS = {
    # how the slices were stored                       left right top bottom of the screen
    "axial, as radiologists see it":       (AXIAL,      ("R", "L", "A", "P")),
    "axial, stored back to front":         (FROM_BELOW, ("R", "L", "A", "P")),
    "coronal":                             (CORONAL,    ("R", "L", "H", "F")),
    "sagittal":                            (SAGITTAL,   ("A", "P", "H", "F")),
}
# fmt: on


@pytest.mark.parametrize(("matrix", "letters"), ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_pictures_are_shown_as_radiologists_see_them(matrix, letters):
    """A mark at the patient's most right, front (or head) corner ends at the top left of the screen."""
    geometry = VolumeGeometry((3, 40, 40), matrix)
    frame = _frame(geometry)
    pixels = np.zeros((40, 40))
    corners = geometry.patient_mm([[1, r, c] for r in (0, 39) for c in (0, 39)])
    wanted = [min if letter in "RA" else max for letter in (letters[0], letters[2])]
    axes = ["RLAPFH".index(letter) // 2 for letter in (letters[0], letters[2])]
    row, column = next(
        (r, c)
        for (r, c), p in zip([(r, c) for r in (0, 39) for c in (0, 39)], corners, strict=True)
        if all(p[a] == w(q[a] for q in corners) for a, w in zip(axes, wanted, strict=True))
    )
    pixels[row, column] = 1.0

    assert frame.letters == letters
    assert frame.image(pixels)[0, 0] == 1.0
    assert frame.place(row, column, (40, 40)) == (0.0, 0.0)


def test_key_images_and_curves_are_pictures():
    geometry = VolumeGeometry((4, 32, 32), AXIAL)
    voxels = np.full((4, 32, 32), 40, dtype=np.int16)
    acquisition = Acquisition("a", AcquisitionHeader(series_uid="1.2"), Volume(voxels, geometry))
    mask = np.zeros((4, 32, 32), dtype=bool)
    mask[2, 10:20, 12:18] = True
    outline = Outline(RegionMask.from_full(mask, geometry), "lesion")
    caliper = Caliper(((2.0, 0.0, 4.0), (8.0, 5.0, 4.0)), "long axis 7.8 mm", "yellow")

    picture = key_image([Panel(acquisition, 2, "portal", (outline,), (caliper,), 40.0)] * 2)
    curve = curves_image(["unenhanced", "arterial"], [Curve("lesion", (40.0, None), (2.0, None))], "HU")

    assert picture.startswith(b"\x89PNG")
    assert curve.startswith(b"\x89PNG")


def test_a_narrow_terminal_breaks_no_word_of_a_table_of_responses(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    columns = (
        "subject",
        "visit",
        "sum mm",
        "from baseline %",
        "from nadir %",
        "target",
        "non-target",
        "overall",
    )
    row = ("labs[anc]", "baseline", "70.0", "-57.1", "-28.6", "PR", "Non-CR/Non-PD", "PR")
    print_table(Table("visits", "Visits", columns, (tuple(text(word) for word in row),)))

    shown = capsys.readouterr().out
    assert all(word in shown for word in (*row, "overall", "baseline", "subject"))


@pytest.fixture(scope="module")
def contradicted(tmp_path_factory):
    """A case whose reader sees enhancement that the numbers do not show, and whose record lacks a grade."""
    folder = tmp_path_factory.mktemp("report") / "case"
    write_case(TWINS["early_arterial"].small(), folder)
    record = json.loads((folder / "record.json").read_text())
    record["liver"]["encephalopathy_grade"] = None
    (folder / "record.json").write_text(json.dumps(record))
    return assess(read_case(folder), read_protocol("NCT06828380"))


def test_the_first_answer_tells_that_numbers_do_not_bear_the_reader_out(contradicted):
    answer = assessment_report(contradicted).answers[0]

    assert answer.answer == "Yes"
    assert "arterial enhancement is not corroborated numerically" in answer.why


def test_every_verdict_shows_what_was_compared_and_what_is_missing(contradicted):
    report = assessment_report(contradicted)
    tables = {table.name: table for table in report.tables}
    why = {row[0].text: row[2].text for row in tables["criteria"].rows}
    compared = {row[0].text for row in tables["evidence"].rows}

    assert "missing: liver.encephalopathy_grade" in why["E12"]
    assert compared == set(why) - {"E12"}


def test_headings_of_a_korean_report_are_korean(contradicted):
    report = assessment_report(contradicted, language="ko")

    names = {"95 %", "SHA-256", "SeriesInstanceUID", "code", "n", ""}
    headings = {c for t in report.tables for c in t.columns} | {t.title for t in report.tables}
    assert {h for h in headings - names if not re.search("[가-힣]", h)} == set()


def test_a_korean_report_says_each_status_in_korean_beside_its_code(contradicted):
    def column(language):
        tables = assessment_report(contradicted, language=language).tables
        return [row[1].text for table in tables if table.name == "criteria" for row in table.rows]

    codes, both = column("en"), column("ko")
    assert set(codes) <= {str(status) for status in Status} and len(set(codes)) > 2
    assert [text.split(" (")[0] for text in both] == codes
    assert all(re.search("[가-힣]", text) for text in both)
