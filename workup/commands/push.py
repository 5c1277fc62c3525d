"""``veinvasion push``: images and results to a PACS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workup.commands.pull import SERVER, address_of


def push(
    server: Annotated[str, typer.Argument(help=SERVER)],
    sources: Annotated[list[Path], typer.Argument(help="DICOM files or folders of them.")],
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Fetch each object back and compare.")
    ] = True,
    user: Annotated[
        str | None, typer.Option(help="User name; the password is read from VEINVASION_PACS_SECRET.")
    ] = None,
    calling: Annotated[str, typer.Option(help="Our application entity title (DIMSE).")] = "VEINVASION",
    certificates: Annotated[
        Path | None, typer.Option(help="PEM file of the authorities to trust (TLS).")
    ] = None,
    client_certificate: Annotated[
        Path | None, typer.Option(help="PEM file with our certificate and key (TLS).")
    ] = None,
    allow_plain: Annotated[
        bool, typer.Option("--allow-plain", help="Send the password over unencrypted http.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Send objects, compare each with what the server then holds; run again after a break, it goes on.

    Example: veinvasion push https://pacs.example/dicom-web exported --user reader
    """
    from workup.command_line import loading_progress, print_json
    from workup.exchange.pacs import connect
    from workup.exchange.transfer_files import push as run

    pacs = connect(
        address_of(server, user, calling, certificates, client_certificate, allow_plain=allow_plain)
    )
    try:
        with loading_progress("sending") as progress:
            done = run(pacs, sources, progress, verify=verify)
    finally:
        pacs.close()
    document = {
        "instances": done.instances,
        "sent": done.transferred,
        "present": done.present,
        "verified": verify,
    }
    if as_json:
        print_json(document)
    else:
        typer.echo(", ".join(f"{key} {value}" for key, value in document.items()))
