"""``veinvasion case agreement``: how well two readers agree over a cohort of case folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workup.case.cohort_agreement import CohortAgreement


def agreement(
    places: Annotated[
        list[Path], typer.Argument(metavar="ROOT|CASES…", help="A folder of cases, or the cases themselves.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the report and its tables.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Kappa of verdicts and features, limits of agreement and ICC of diameters; signed reads only.

    Example: veinvasion case agreement ./registry -o out
    """
    from workup.case.agreement_files import read_agreement
    from workup.command_line import SCHEMA_VERSION, print_json, version
    from workup.report.agreement_report import agreement_document, agreement_report
    from workup.report.report_files import write_report

    found = read_agreement(_cases(places))
    document = agreement_document(found)
    written: list[Path] = []
    if output is not None:
        report = agreement_report(found, title="Agreement of two readers", footer=f"veinvasion {version()}")
        head = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
        written = write_report(report, {**head, **document}, output, ("html", "json", "csv"))
    if as_json:
        print_json({**document, "files": [str(path) for path in written]})
        return
    _print(found, written)


def _cases(places: list[Path]) -> list[tuple[str, str]]:
    """Name and path of every case, each once; the path is the name where two cases share one."""
    from collections import Counter

    from workup.cohort.worklist_files import find_items

    items = {item.path: item.case_id for place in places for item in find_items(place)}
    by_place = {Path(path).resolve(): (name, path) for path, name in items.items()}
    times = Counter(name for name, _ in by_place.values())
    return [(name if times[name] == 1 else path, path) for name, path in by_place.values()]


def _print(found: CohortAgreement, written: list[Path]) -> None:
    from rich.console import Console

    from workup.report.agreement_report import agreement_sections
    from workup.safe_text import without_controls

    console = Console()
    tables = [
        table for section in agreement_sections(found) if not section.folded for table in section.tables
    ]
    for table in tables:
        console.print(f"[bold]{table.title}[/]")
        for row in table.rows:
            first, second, *others = (without_controls(cell.text) for cell in row)
            said = [f"{name} {value}".strip() for name, value in zip(table.columns[2:], others, strict=True)]
            known = [one for one, value in zip(said, others, strict=True) if value != "—"]
            console.print(f"- {first}, {second}: {', '.join(known)}", markup=False, highlight=False)
    console.print(f"{len(found.compared)} cases compared, {len(found.not_compared)} not compared")
    if open_reads := sum(pair.not_blinded for pair in found.pairs):
        many = len(found.compared)
        console.print(f"{open_reads} of {many} compared cases had no reading plan: nobody was blind")
    for path in written:
        console.print(f"[dim]written[/] {path}", highlight=False, soft_wrap=True)
