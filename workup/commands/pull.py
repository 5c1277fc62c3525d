"""``veinvasion pull``: a study from a PACS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from workup.exchange.pacs import Address, FoundStudy

SERVER = "https://host/dicom-web, dimse://CALLED@host:port or dimses://CALLED@host:port."


def pull(
    server: Annotated[str, typer.Argument(help=SERVER)],
    study: Annotated[str | None, typer.Option(help="StudyInstanceUID.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the files.")] = None,
    name: Annotated[str | None, typer.Option(help="Patient name, with * and ? as wildcards.")] = None,
    patient_id: Annotated[str | None, typer.Option(help="Patient ID.")] = None,
    date: Annotated[str | None, typer.Option(help="Study date, 20250601 or 20250601-20250630.")] = None,
    move_to: Annotated[
        str | None, typer.Option(help="Have the server send it to this application entity (C-MOVE).")
    ] = None,
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
    """Find studies, or fetch one with every object verified; run again after a break, it goes on.

    Example: veinvasion pull https://pacs.example/dicom-web --user reader --patient-id 123

    Example: veinvasion pull dimse://ORTHANC@localhost:4242 --study 1.2.3 -o study
    """
    from workup.command_line import loading_progress, print_json
    from workup.errors import ExchangeError
    from workup.exchange.pacs import check_dates, connect
    from workup.exchange.transfer_files import pull as run

    given = {"PatientName": name, "PatientID": patient_id, "StudyDate": date, "StudyInstanceUID": study}
    filters = {keyword: value for keyword, value in given.items() if value}
    check_dates(filters)
    pacs = connect(
        address_of(server, user, calling, certificates, client_certificate, allow_plain=allow_plain)
    )
    try:
        if output is None and move_to is None:
            found = pacs.find(filters)
            _print_found(found, as_json=as_json)
            return
        if study is None:
            raise typer.BadParameter("--study names what is to be fetched", param_hint="--study")
        if move_to is not None:
            from workup.exchange.dimse import DimsePacs

            if not isinstance(pacs, DimsePacs):
                raise ExchangeError("BAD_ADDRESS", "C-MOVE needs DIMSE", expected="dimse://CALLED@host:port")
            document: dict[str, Any] = {"study_uid": study, "moved": pacs.move(study, move_to)}
        else:
            assert output is not None
            with loading_progress("fetching") as progress:
                done = run(pacs, study, output, progress)
            document = {
                "study_uid": study,
                "instances": done.instances,
                "fetched": done.transferred,
                "present": done.present,
            }
    finally:
        pacs.close()
    if as_json:
        print_json(document)
    else:
        typer.echo(", ".join(f"{key} {value}" for key, value in document.items()))


def address_of(
    server: str,
    user: str | None,
    calling: str,
    certificates: Path | None,
    client_certificate: Path | None,
    *,
    allow_plain: bool,
) -> Address:
    """The server's address; the secret comes from the environment and from nowhere else."""
    import os

    from workup.exchange.pacs import parse_address

    return parse_address(
        server,
        calling=calling,
        user=user,
        secret=os.environ.get("VEINVASION_PACS_SECRET"),
        certificates=str(certificates) if certificates else None,
        client_certificate=str(client_certificate) if client_certificate else None,
        allow_plain=allow_plain,
    )


def _print_found(found: list[FoundStudy], *, as_json: bool) -> None:
    from workup.command_line import print_json

    if as_json:
        print_json(
            {
                "studies": [
                    {
                        "study_uid": s.study_uid,
                        "study_date": s.study_date,
                        "description": s.description,
                        "modalities": list(s.modalities),
                    }
                    for s in found
                ]
            }
        )
        return
    for s in found:
        typer.echo(f"{s.study_uid}  {s.study_date}  {'/'.join(s.modalities)}  {s.description}")
    typer.echo(f"{len(found)} studies; --study UID -o FOLDER fetches one", err=True)
