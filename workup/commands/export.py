"""``veinvasion export``: an assessment in the formats of other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    cases: Annotated[list[Path], typer.Argument(help="Cases, as for assess; many give one set of tables.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write into; nothing in it is overwritten.")
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--format", help="Comma-separated: seg, sr, pdf, sdtm, sdtm-csv, sdtm-json, sdtm-xpt, fhir."
        ),
    ] = "seg,sr",
    protocol: Annotated[str, typer.Option(help="Protocol name or rule file.")] = "NCT06828380",
    language: Annotated[str, typer.Option(help="Language of the PDF: en or ko.")] = "en",
    replaces: Annotated[
        list[Path] | None, typer.Option(help="An earlier SR that the new one supersedes; may be repeated.")
    ] = None,
    who: Annotated[
        str | None, typer.Option(help="The reader of a case folder whose own read is wanted.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """DICOM SEG, SR TID 1500 and Encapsulated PDF, SDTM TU/TR/RS, FHIR R4; read back before it counts.

    Example: veinvasion export sample_dicom -o exported --format seg,sr,sdtm,fhir
    """
    from workup.assess import assess
    from workup.case.case_files import read_case
    from workup.case.signature_files import signed_as_assessed, standing_of
    from workup.command_line import loading_progress, print_json, version
    from workup.exchange.export_files import export_cases
    from workup.protocol_files import read_protocol
    from workup.safe_text import without_controls

    trial = read_protocol(protocol)
    assessments, signatures, reads = [], [], []
    for case in cases:
        with loading_progress("reading images") as progress:
            given = read_case(case, who=who, progress=progress)
        assessments.append(assess(given, trial))
        signatures.append(signed_as_assessed(case, assessments[-1], who))
        reads.append(standing_of(case, who).words)
    written = export_cases(
        assessments,
        output,
        [name.strip() for name in formats.split(",")],
        version=version(),
        language=language,
        replaces=replaces or (),
        signatures=signatures,
    )
    if as_json:
        document = {"cases": [a.case.case_id for a in assessments], "files": [str(p) for p in written]}
        print_json({**document, "reads": [words or None for words in reads]})
    else:
        for words in filter(None, reads):
            typer.echo(without_controls(words))
        for path in written:
            typer.echo(f"written {path}")
