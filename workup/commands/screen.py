"""``veinvasion screen``: one patient record, or a folder of them, against a protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from eligibility.patient import PatientFacts
    from eligibility.protocol import Protocol
    from eligibility.screening import ScreenResult


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
    from workup.protocol_files import read_protocol

    trial = read_protocol(protocol).with_policies(_choices(policy or []))
    if record.is_dir():
        _cohort(record, trial, start, out, workers, as_json)
        return
    facts, sha256 = _facts(record, labs or [], start)
    _present(_result(facts, trial, case), sha256, out, full, as_json)


def _choices(policies: list[str]) -> dict[str, str]:
    from eligibility.errors import PolicyError

    choices = {}
    for each in policies:
        name, sign, variant = each.partition("=")
        if not sign:
            raise PolicyError("POLICY_FORM", f"{each!r} is not a policy choice", expected="NAME=VARIANT")
        choices[name] = variant
    return choices


def _facts(record: Path, labs: list[Path], start: str | None) -> tuple[PatientFacts, str]:
    from workup.record.lab_table_files import with_lab_tables
    from workup.record.record_files import read_record_file
    from workup.record.reference_dates import with_start

    given = read_record_file(record)
    return with_start(with_lab_tables(given.facts, labs), start), given.sha256


def _result(facts: PatientFacts, trial: Protocol, case: Path | None) -> ScreenResult:
    from eligibility.screening import screen as run

    if case is None:
        return run(facts, trial)
    from dataclasses import replace

    from workup.assess import assess
    from workup.case.case_files import read_case
    from workup.record.record import record_mapping

    return assess(replace(read_case(case), record=record_mapping(facts)), trial).screen


def _present(result: ScreenResult, sha256: str, out: Path | None, full: bool, as_json: bool) -> None:
    from workup.command_line import print_json
    from workup.report.screen_json import screen_json
    from workup.report.screen_report import screen_report

    document = screen_json(result, record_sha256=sha256)
    report = screen_report(result)
    if out is not None:
        from workup.report.screen_report_files import write_screen_report

        document["files"] = write_screen_report(out, report, document)
    if as_json:
        print_json(document)
        return
    from rich.console import Console

    from workup.report.screen_terminal import print_screen

    print_screen(report, Console(), full=full)


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

    Console().print("\n".join(cohort_lines(cohort)), markup=False, highlight=False)
