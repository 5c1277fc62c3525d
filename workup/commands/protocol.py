"""``veinvasion protocol``: what a protocol says, what an amendment changes, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Protocols: show, compare, rescreen after an amendment.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Protocol name or rule file.")] = "NCT06828380",
    as_json: Json = False,
) -> None:
    """Print every criterion with its rule and the readings in force.

    Example: veinvasion protocol show NCT06828380
    """
    from eligibility.policies import POLICIES
    from workup.command_line import print_json
    from workup.protocol_files import protocol_names, read_protocol

    protocol = read_protocol(name)
    every = [each for criterion in protocol.criteria for each in criterion.claimed()]
    if as_json:
        criteria = [
            {
                "id": c.id,
                "side": c.side,
                "kind": c.kind,
                "text": c.text,
                "rule": c.definition,
                "policies": c.policies,
            }
            for c in every
        ]
        head = {"id": protocol.id, "version": protocol.version, "sha256": protocol.sha256}
        print_json(
            {
                "protocol": head,
                "criteria": criteria,
                "policies": dict(protocol.readings),
                "ships": protocol_names(),
            }
        )
        return
    typer.echo(f"{protocol.id}, version {protocol.version}: {protocol.title}")
    for each in every:
        typer.echo(f"{each.id:<8}{each.side:<10}{each.text}")
    for policy, variant in protocol.readings.items():
        typer.echo(f"{policy} {POLICIES[policy].name}={variant}: {POLICIES[policy].variants[variant]}")


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="Protocol name or rule file.")],
    new: Annotated[str, typer.Argument(help="Protocol name or rule file.")],
    as_json: Json = False,
) -> None:
    """Print everything an amendment changes: version, criteria with text and rules, order, readings.

    Example: veinvasion protocol diff NCT06828380 amended.yaml
    """
    from dataclasses import asdict

    from eligibility.amendments import diff as changes_between
    from workup.command_line import print_json
    from workup.protocol_files import read_protocol

    changes = changes_between(read_protocol(old), read_protocol(new))
    if as_json:
        print_json({"changes": [asdict(change) for change in changes]})
        return
    for change in changes:
        typer.echo(f"{change.id} {change.what}\n  - {change.before}\n  + {change.after}")
    typer.echo(f"{len(changes)} change(s)")


@app.command()
def rescreen(
    old: Annotated[str, typer.Argument(help="Protocol name or rule file.")],
    new: Annotated[str, typer.Argument(help="Protocol name or rule file.")],
    folder: Annotated[Path, typer.Argument(help="Folder of patient records.")],
    as_json: Json = False,
) -> None:
    """List the patients whose verdicts an amendment changes.

    Example: veinvasion protocol rescreen NCT06828380 amended.yaml records/
    """
    from dataclasses import asdict

    from eligibility.amendments import rescreen as patients_changed
    from workup.command_line import print_json
    from workup.protocol_files import read_protocol
    from workup.record.record_files import read_folder

    patients, refused = read_folder(folder)
    changed = patients_changed(patients, read_protocol(old), read_protocol(new))
    if as_json:
        document: dict[str, Any] = {"changed": [asdict(each) for each in changed], "refused": refused}
        print_json(document)
        return
    for each in changed:
        verdicts = ", ".join(f"{id_} {a} -> {b}" for id_, (a, b) in each.changed.items())
        typer.echo(f"{each.name}: {each.overall[0]} -> {each.overall[1]} ({verdicts})")
    for record in refused:
        typer.echo(f"refused: {record['record']}: {record['error']}")
    typer.echo(f"{len(changed)} of {len(patients)} patient(s) change, {len(refused)} refused")
