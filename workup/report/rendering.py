"""A report's content as HTML or Markdown text, CSV text, or spreadsheet bytes."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from workup.report.content import Answer, Report, Section, Table
from workup.safe_text import csv_cell, csv_text

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # autoescape is on for every name: select_autoescape() would leave *.html.j2 raw
    environment = Environment(
        loader=PackageLoader("workup.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    return environment.get_template("report.html.j2")


def html(report: Report, *, printing: bool = False) -> str:
    """One self-contained page; with ``printing`` nothing is folded away."""
    return _template().render(report=report, printing=printing)


def markdown(report: Report) -> str:
    """The report as Markdown; pictures are named, not embedded."""
    lines = [f"# {_escape(report.title)}", ""]
    lines += [f"- {_escape(name)}: {_escape(value)}" for name, value in report.facts]
    lines += ["", "| | | |", "|---|---|---|"]
    lines += [f"| {_pipe(a.question)} | **{_pipe(a.answer)}** | {_pipe(a.why)} |" for a in report.answers]
    for section in report.sections:
        lines += _markdown_section(section)
    lines += (
        ["", "---", ""] + [_escape(sentence) for sentence in report.limits] + ["", _escape(report.footer), ""]
    )
    return "\n".join(lines)


def _markdown_section(section: Section) -> list[str]:
    lines = ["", f"## {_escape(section.title)}", ""]
    for paragraph in section.paragraphs:
        lines += [_escape(paragraph), ""]
    lines += [f"- {_escape(a.question)}: **{_escape(a.answer)}** {_escape(a.why)}" for a in section.answers]
    lines += [f"- {_escape(figure.name)}: {_escape(figure.caption)}" for figure in section.figures]
    for table in section.tables:
        lines += ["", f"### {_escape(table.title)}", ""]
        lines += [
            "| " + " | ".join(_pipe(c) for c in table.columns) + " |",
            "|---" * len(table.columns) + "|",
        ]
        lines += ["| " + " | ".join(_pipe(c.text) for c in row) + " |" for row in table.rows]
        lines += ["", _escape(table.note)] if table.note else []
    return lines


def _escape(text: str) -> str:
    for mark in "\\`*_<>[]#":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def _pipe(text: str) -> str:
    return _escape(text).replace("|", "\\|")


def table_csv(table: Table) -> str:
    """One table as CSV with exact numbers and cells that no spreadsheet runs."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([csv_cell(c) for c in table.columns])
    for row in table.rows:
        writer.writerow([repr(c.number) if c.number is not None else csv_cell(c.text) for c in row])
    return stream.getvalue()


def sentences_csv(report: Report) -> str:
    """Everything that stands in no table, as CSV: a length is not read without its caution."""
    return csv_text(_sentence_rows(report))


def _sentence_rows(report: Report) -> list[tuple[str, ...]]:
    """Facts, answers, each section's answers and sentences, the tables' notes, limits and footer."""
    rows: list[tuple[str, ...]] = [(report.title,), *report.facts, (), *_answer_rows(report.answers)]
    for section in report.sections:
        notes = [(table.title, table.note) for table in section.tables if table.note]
        said = [*_answer_rows(section.answers), *((paragraph,) for paragraph in section.paragraphs), *notes]
        rows += [(), (section.title,), *said] if said else []
    return [*rows, (), *((sentence,) for sentence in report.limits), (report.footer,)]


def _answer_rows(answers: Iterable[Answer]) -> list[tuple[str, ...]]:
    return [(answer.question, answer.answer, answer.why) for answer in answers]


def workbook(report: Report) -> bytes:
    """An XLSX file: the answers and all sentences first, then one sheet for each table."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    sheet.title = "Answers"
    for row in _sentence_rows(report):
        sheet.append([csv_cell(value) for value in row])
    used = {"Answers"}
    for table in report.tables:
        page = book.create_sheet(_sheet_name(table.name, used))
        page.append([csv_cell(c) for c in table.columns])
        for row_cells in table.rows:
            page.append([c.number if c.number is not None else csv_cell(c.text) for c in row_cells])
        page.freeze_panes = "A2"
    for page in book.worksheets:
        for cell in page[1]:
            cell.font = Font(bold=True)
        for column in page.columns:
            width = max((len(str(cell.value)) for cell in column if cell.value is not None), default=8)
            page.column_dimensions[column[0].column_letter].width = min(60, width + 2)
            for cell in column:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sheet_name(name: str, used: set[str]) -> str:
    """A sheet name of at most 31 characters that was not used yet."""
    plain = "".join(c for c in name if c not in "[]:*?/\\")[:28] or "Table"
    chosen, count = plain, 2
    while chosen in used:
        chosen, count = f"{plain} {count}", count + 1
    used.add(chosen)
    return chosen
