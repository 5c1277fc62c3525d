"""``veinvasion deidentify``: images that may leave the hospital."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def deidentify(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Folder of DICOM files.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the de-identified images.")],
    key: Annotated[
        Path,
        typer.Option(
            help="File with the project's secret: the same key gives the same pseudonyms. Made if new."
        ),
    ],
    keep_burned_in: Annotated[
        bool, typer.Option(help="Write images that may show text too, with a warning: you looked at them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Remove or replace all that tells who the patient is, and verify that none of it is left.

    DICOM PS3.15 Basic profile with modified dates, clean descriptors and safe
    private scaling: phases keep their names and delays, values their scale.
    Values of pixels are not changed; what is no pixel (overlay bits, comments)
    goes.

    Example: veinvasion deidentify ./from_pacs ./shareable --key project.key
    """
    from workup import redaction
    from workup.command_line import loading_progress
    from workup.deidentify.deidentify_files import deidentify_folder, project_key, source_files

    redaction.install()
    source_files(source, target)  # refused before a key is made for nothing
    secret, made = project_key(key)
    if made:
        sys.stderr.write("A new key was made. Keep it, and keep it secret.\n")
    with loading_progress("De-identifying") as progress:
        done = deidentify_folder(source, target, secret, keep_burned_in=keep_burned_in, progress=progress)
    document: dict[str, Any] = {
        "written": done.written,
        "patients": sorted(done.patients),
        "held_back": [{"reason": reason, "files": n} for reason, n in sorted(done.held_back.items())],
        "skipped": done.skipped,
        "damaged": [{"file": name, "reason": reason} for name, reason in done.damaged],
        "warnings": [{"code": "MAY_SHOW_TEXT", "message": message} for message in done.warnings],
        "verified": {"values_searched": done.values_searched, "found": 0},
        "key_made": made,
    }
    _show(document, as_json)


def _show(document: dict[str, Any], as_json: bool) -> None:
    from workup.command_line import print_json

    if as_json:
        print_json(document)
        return
    lines = [f"{document['written']} images of {len(document['patients'])} patients written and verified"]
    searched = document["verified"]["values_searched"]
    lines.append(f"{searched} values of the source were searched in them; none is left")
    lines += [f"held back: {item['files']} ({item['reason']})" for item in document["held_back"]]
    if document["skipped"]:
        lines.append(f"skipped: {document['skipped']} files that are not DICOM")
    lines += [f"damaged, left out: {item['file']} ({item['reason']})" for item in document["damaged"]]
    lines += [f"look at: {item['message']}" for item in document["warnings"]]
    sys.stdout.write("\n".join(lines) + "\n")
