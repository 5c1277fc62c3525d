"""``veinvasion record``: write, check and describe patient records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Patient records: template, check, JSON Schema.")


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="File to write; must not exist.")] = Path("record.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Write a commented template in which everything is unknown.

    Example: veinvasion record init patient-07.yaml
    """
    from workup.command_line import print_json
    from workup.record.template_files import write_template

    write_template(path)
    if as_json:
        print_json({"files": [str(path)]})
        return
    typer.echo(f"wrote {path}: fill in what is known, leave null what is not")


@app.command()
def check(
    record: Annotated[Path, typer.Argument(help="Patient record (JSON, YAML or FHIR bundle).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Explain every fault of a record with its path and the nearest known name; exit 1 if there is one.

    Example: veinvasion record check record.json
    """
    from recist.counted import counted
    from workup.command_line import print_json
    from workup.record.record_files import check_record_file

    found = check_record_file(record)
    faults, remarks = found.faults, found.remarks
    if as_json:
        document: dict[str, Any] = {"faults": faults, "remarks": list(remarks), "valid": not faults}
        print_json(document)
    else:
        for fault in faults:
            typer.echo(f"{fault['path'] or 'record'}: {fault['message']} [{fault['code']}]")
        for remark in remarks:
            typer.echo(f"note: {remark}")
        typer.echo("no faults" if not faults else counted(len(faults), "fault"))
    if faults:
        raise typer.Exit(1)


@app.command()
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write instead of printing.")
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="The printed schema is JSON anyhow; with -o: say what was written as JSON."
        ),
    ] = False,
) -> None:
    """Print the JSON Schema of a record, for editors that complete and check.

    Example: veinvasion record schema -o record.schema.json
    """
    import json

    from workup.command_line import print_json
    from workup.record.record import json_schema

    text = json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"files": [str(out)]})
        return
    typer.echo(f"wrote {out}")
