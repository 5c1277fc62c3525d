"""``veinvasion assess``: one case from images to report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from workup.assessment import Assessment
    from workup.case.trace import Origin


_FORMATS = "html,json"


def assess(
    case: Annotated[Path, typer.Argument(help="A case folder, a plain case, or a folder of DICOM files.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the report; made if it is not there.")
    ] = None,
    regions: Annotated[
        Path | None, typer.Option(help="regions.json, label map with sidecar, roi_seeds.json, SEG.")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Patient record (JSON or YAML).")] = None,
    reading: Annotated[Path | None, typer.Option(help="The reader's answers (reading.json).")] = None,
    protocol: Annotated[str, typer.Option(help="Protocol name or rule file.")] = "NCT06828380",
    policy: Annotated[
        list[str] | None, typer.Option(help="A reading of the protocol, NAME=VARIANT; may be repeated.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="Comma-separated: html, json, md, csv, xlsx, pdf.")
    ] = _FORMATS,
    language: Annotated[str, typer.Option(help="Language of the report: en or ko.")] = "en",
    who: Annotated[
        str | None, typer.Option(help="The reader of a case folder whose own read is wanted.")
    ] = None,
    stability: Annotated[
        bool, typer.Option("--stability", help="Recompute each defect under redrawing and other thresholds.")
    ] = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="Name every slice with the hashes of its file and pixels.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Phases, enhancement, diameters, measurability and trial criteria of one case, with a report.

    Example: veinvasion assess sample_dicom -o out

    Example: veinvasion assess ./study --regions regions.json --record record.json -o out
    """
    if output is None and formats != _FORMATS:
        raise typer.BadParameter("files need a folder: give --output", param_hint="--format")
    from eligibility.policies import choices_of
    from workup.case.origin_files import read_case_with_origin
    from workup.command_line import loading_progress
    from workup.protocol_files import read_protocol

    trial = read_protocol(protocol)
    if policy:
        trial = trial.with_policies(choices_of(policy))
    with loading_progress("reading images") as progress:
        given, origin = read_case_with_origin(
            case,
            regions=regions,
            record=record,
            reading=reading,
            who=who,
            instances=trace,
            progress=progress,
        )
    from workup.assess import assess as run

    assessment = run(given, trial, stability=stability)
    present(assessment, output, [name.strip() for name in formats.split(",")], language, as_json, origin)


def present(
    assessment: Assessment,
    output: Path | None,
    formats: list[str],
    language: str,
    as_json: bool,
    origin: Origin | None = None,
) -> None:
    """Write the report where asked, then print the document or the verdict table."""
    from workup.assessment_json import assessment_document
    from workup.case.software_files import software_lock
    from workup.case.trace import trace_document
    from workup.command_line import SCHEMA_VERSION, print_json, version
    from workup.report.assessment_report import assessment_report
    from workup.report.report_files import write_report

    traced = trace_document(assessment, origin, software_lock())
    document: dict[str, Any] = {**assessment_document(assessment), "trace": traced}
    written: list[Path] = []
    if output is not None:
        footer = f"veinvasion {version()}"
        report = assessment_report(assessment, language=language, footer=footer, trace=traced)
        head = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
        written = write_report(report, {**head, **document}, output, formats)
    document["files"] = [str(path) for path in written]
    if as_json:
        print_json(document)
    else:
        _print_verdicts(assessment, written, origin.reads if origin else "")


_STYLES = {"PASS": "green", "FAIL": "red", "UNKNOWN": "yellow", "NA": "dim"}


def _print_verdicts(assessment: Assessment, written: list[Path], reads: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from workup.report.assessment_report import ANSWERED, enhancement_words, washout_words
    from workup.report.assessment_tables import message_and_notes
    from workup.report.screen_report import what_decides
    from workup.report.wording import words
    from workup.safe_text import without_controls

    console = Console()
    answers = Table(show_header=False, title=escape(f"Case {assessment.case.case_id}"), title_style="bold")
    for question, verdict in (
        ("Vascular invasion (I4.a)", assessment.vascular_invasion),
        ("Measurable lesion (I5)", assessment.measurable_lesion),
    ):
        style = _STYLES[verdict.status.value]
        answers.add_row(
            question, f"[bold {style}]{verdict.status.value}[/]", escape(message_and_notes(verdict))
        )
    overall = words("en")[assessment.screen.overall]
    why = what_decides(assessment.screen, ANSWERED) or "none fails, none is open"
    answers.add_row("Trial criteria", f"[bold]{overall}[/]", escape(why))
    console.print(answers)
    if caution := assessment.patient_caution:
        console.print(f"[yellow]{caution}[/]", soft_wrap=True)
    if reads:
        console.print(without_controls(reads), markup=False, highlight=False)
    findings = Table("region", "finding", "numbers and reasons")
    for defect in assessment.defects:
        f = defect.findings
        findings.add_row(
            escape(defect.region.id),
            f"enhancement {f.enhancement.finding.value}",
            escape(enhancement_words(f)),
        )
        findings.add_row("", f"washout {f.washout.finding.value}", escape(washout_words(f)))
    for lesion in assessment.lesions:
        judged = lesion.measurement.judged
        findings.add_row(
            escape(lesion.region.id), judged.status.value.replace("_", " "), escape(judged.message)
        )
    if assessment.defects or assessment.lesions:
        console.print(findings)
    for series in assessment.case.study.refused:
        console.print(
            escape(f"series {series.series_number} was not used [{series.code}]: {series.message}"),
            soft_wrap=True,
        )
    for path in written:
        console.print(f"[dim]written[/] {path}", highlight=False, soft_wrap=True)
