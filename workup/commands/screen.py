"""``veinvasion screen``: one patient record, or a folder of them, against a protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from eligibility.patient import PatientFacts
    from eligibility.protocol import Protocol
    from eligibility.screening import ScreenResult
    from workup.record.lab_table_files import LabTable
    from workup.record.record_files import RecordFile


def screen(
    record: Annotated[
        Path, typer.Argument(help="Patient record (JSON, YAML or FHIR bundle), or a folder of them.")
    ],
    case: Annotated[
        Path | None,
        typer.Option(help="Case whose images are assessed as well; what contradicts the record is UNKNOWN."),
    ] = None,
    labs: Annotated[
        list[Path] | None, typer.Option(help="CSV of laboratory values to add; may be repeated.")
    ] = None,
    protocol: Annotated[str, typer.Option(help="Protocol name or rule file.")] = "NCT06828380",
    policy: Annotated[
        list[str] | None, typer.Option(help="A reading of the protocol, NAME=VARIANT; may be repeated.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Planned start of treatment, YYYY-MM-DD.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the report (HTML, Markdown, JSON; cohort tables)."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes for a folder of records.")] = 2,
    full: Annotated[bool, typer.Option(help="Also show what passes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Decide every criterion of a trial, with the reason of each; exit 0 whatever the verdict.

    Example: veinvasion screen record.json --policy prior_liver_rt=overlap_only --start 2025-07-15

    Example: veinvasion screen records/ --out cohort/
    """
    from eligibility.policies import choices_of
    from workup.protocol_files import read_protocol
    from workup.record.lab_table_files import read_lab_table, with_lab_tables
    from workup.record.record_files import read_record_file
    from workup.record.reference_dates import with_start

    trial = read_protocol(protocol).with_policies(choices_of(policy or []))
    if record.is_dir():
        _refuse_of_one_patient({"--labs": labs, "--case": case})
        _cohort(record, trial, start, out, workers, as_json)
        return
    given, tables = read_record_file(record), [read_lab_table(table) for table in labs or ()]
    facts = with_start(with_lab_tables(given.facts, tables), start)
    result, caution = _result(facts, trial, case)
    _present(result, given, tables, caution, out, full, as_json)


def _refuse_of_one_patient(options: dict[str, object]) -> None:
    """What belongs to one patient cannot be asked of a folder of records."""
    from workup.errors import RecordError

    for name, value in options.items():
        if value:
            raise RecordError(
                "ONE_PATIENT_ONLY", f"{name} belongs to one record", expected="a record, no folder"
            )


def _result(facts: PatientFacts, trial: Protocol, case: Path | None) -> tuple[ScreenResult, str | None]:
    from eligibility.screening import screen as run

    if case is None:
        return run(facts, trial), None
    from dataclasses import replace

    from workup.assess import assess
    from workup.case.case_files import read_case
    from workup.record.record import record_mapping

    assessment = assess(replace(read_case(case), record=record_mapping(facts)), trial)
    return assessment.screen, assessment.patient_caution


def _present(
    result: ScreenResult,
    given: RecordFile,
    tables: list[LabTable],
    caution: str | None,
    out: Path | None,
    full: bool,
    as_json: bool,
) -> None:
    from workup.command_line import print_json
    from workup.report.screen_json import screen_json
    from workup.report.screen_report import screen_report

    warnings = [
        *([caution] if caution else []),
        *given.warnings,
        *(w for table in tables for w in table.warnings),
    ]
    document = screen_json(result, record_sha256=given.sha256)
    document["warnings"] = warnings
    document["lab_tables"] = [
        {"name": t.name, "sha256": t.sha256, "results": len(t.results), "left_out": list(t.ignored)}
        for t in tables
    ]
    report = screen_report(result, warnings)
    if out is not None:
        from workup.report.screen_report_files import write_screen_report

        document["files"] = write_screen_report(out, report, document)
    if as_json:
        print_json(document)
        return
    from rich.console import Console

    from workup.report.screen_terminal import print_screen

    console = Console()
    print_screen(report, console, full=full)
    for name in document.get("files", ()):
        console.print(f"[dim]written[/] {out}/{name}", highlight=False, soft_wrap=True)


def _cohort(
    folder: Path, trial: Protocol, start: str | None, out: Path | None, workers: int, as_json: bool
) -> None:
    from workup.cohort_screening_files import screen_folder
    from workup.command_line import print_json
    from workup.report.screen_cohort import cohort_json, cohort_lines

    cohort = screen_folder(folder, trial, start=start, workers=workers, out=out)
    if as_json:
        print_json(cohort_json(cohort))
        return
    from rich.console import Console

    console = Console()
    console.print("\n".join(cohort_lines(cohort)), markup=False, highlight=False, soft_wrap=True)
    for name in cohort.files:
        console.print(f"[dim]written[/] {out}/{name}", highlight=False, soft_wrap=True)
