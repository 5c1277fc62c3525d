"""``veinvasion recist``: sums and responses over time, from a trial's table or from a patient's cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recist.lesion_table import LesionTable

_SHOWN = (
    "subject", "visit", "sum mm", "from baseline %", "from nadir %",
    "target", "non-target", "new lesion", "overall",
)  # fmt: skip


def recist(
    sources: Annotated[
        list[Path],
        typer.Argument(help="One lesion table (.csv), or the cases of a patient, one for each time point."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the report, or a .csv, .xlsx, .json or .html file."),
    ] = None,
    confirmation: Annotated[
        bool, typer.Option(help="Best response only if seen again after 28 days (non-randomized trials).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """RECIST 1.1 responses: sums, changes, target, non-target, new lesions, overall and best overall.

    A table has the columns subject, visit, date, lesion, organ, kind, diameter, status.

    Example: veinvasion recist lesions.csv -o out

    Example: veinvasion recist baseline_case week8_case week16_case
    """
    from workup.command_line import SCHEMA_VERSION, print_json, version
    from workup.report.lesion_table_files import print_table, write_anywhere
    from workup.report.lesion_table_follow_up import (
        follow_up_document,
        follow_up_report,
        followed,
        visit_table,
    )

    table = _read(sources)
    cohort = [followed(patient, confirmation=confirmation) for patient in table.patients]
    document = follow_up_document(cohort, table.rejected, confirmation=confirmation)
    written: list[Path] = []
    if output is not None:
        title = f"RECIST 1.1 over time: {sources[0].name if len(sources) == 1 else f'{len(sources)} cases'}"
        report = follow_up_report(
            cohort,
            table.rejected,
            title=title,
            confirmation=confirmation,
            footer=f"veinvasion {version()}",
        )
        head = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
        written = write_anywhere(report, {**head, **document}, output)
    if as_json:
        print_json(document)
        return
    print_table(visit_table(cohort), columns=_SHOWN)
    for each in cohort:
        for note in (*each.patient.notes, *(f"{r.visit}: {n}" for r in each.responses for n in r.notes)):
            typer.echo(f"{each.patient.subject}: {note}")
    for row in table.rejected:
        typer.echo(f"row {row.row} not accepted: {row.message}", err=True)
    for path in written:
        typer.echo(f"written {path}")


def _read(sources: list[Path]) -> LesionTable:
    """A table of rows, or the table that a series of cases makes."""
    from workup.command_line import loading_progress

    tables = [source for source in sources if source.is_file()]
    if not tables:
        from workup.case_series_files import read_case_series

        with loading_progress("reading cases") as progress:
            return read_case_series(sources, progress)
    if len(sources) > 1:
        raise typer.BadParameter("give one table, or cases, not both")
    from workup.lesion_table_files import read_table

    return read_table(tables[0])
