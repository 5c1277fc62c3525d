"""``veinvasion import``: regions and measurements of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from imaging.volume import Study
    from workup.exchange.imported import Imported


def import_(
    file: Annotated[
        Path, typer.Argument(help="DICOM SEG, RTSTRUCT or SR; .seg.nrrd, .nrrd, .nii or .nii.gz.")
    ],
    study: Annotated[Path, typer.Option(help="Folder of the DICOM images it belongs to.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for regions.json and reading.json.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="LABEL=ROLE[:VESSEL[:LEVEL]] or LABEL=skip; may be repeated."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="ITK-SNAP label description or JSON sidecar of a label map.")
    ] = None,
    series: Annotated[
        str | None, typer.Option(help="Series number or UID it was drawn on, if it does not tell.")
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Carry masks of another grid over (nearest neighbor).")
    ] = False,
    verified: Annotated[
        bool, typer.Option("--verified", help="A reader looked at these outlines and accepts them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Take regions and lines of another program over into regions.json and reading.json.

    Example: veinvasion import seg.dcm --study ./dicom -o imported --role Tumor=primary_tumor
    """
    from imaging.dicom.study_files import load_study
    from workup.command_line import loading_progress, print_json
    from workup.exchange.import_files import import_file, write_import

    with loading_progress("reading images") as progress:
        images = load_study(study, progress=progress)
    imported = import_file(
        file,
        images,
        roles=_roles(role or []),
        label_list=labels,
        series=series,
        resample=resample,
        verified=verified,
    )
    written = write_import(imported, images, output)
    document = {**import_json(imported, images), "files": [str(path) for path in written]}
    if as_json:
        print_json(document)
    else:
        _print(document)


def import_json(imported: Imported, study: Study) -> dict[str, Any]:
    """What was taken over, as the interface has it."""
    return {
        "kind": imported.kind,
        "regions": [
            {
                "id": r.id,
                "role": r.role.value,
                "vessel": r.vessel.value if r.vessel else None,
                "note": r.note,
                "masks": [
                    {
                        "acquisition": key,
                        "series_number": study[key].header.series_number,
                        "voxels": mask.count,
                        "volume_ml": mask.count * mask.geometry.voxel_volume_mm3 / 1000,
                        "provenance": mask.provenance.value,
                        "verified": mask.verified,
                    }
                    for key, mask in r.masks.items()
                ],
            }
            for r in imported.regions
        ],
        "lines": [
            {
                "region": x.line.region_id,
                "axis": x.line.axis,
                "length_mm": x.stated_mm,
                "acquisition": x.line.acquisition_key,
                "slice": x.slice_index,
                "ends_lps_mm": [list(end) for end in x.line.ends_lps_mm],
            }
            for x in imported.lines
        ],
        "left_out": [{"what": x.what, "reason": x.reason} for x in imported.left_out],
    }


def _roles(given: list[str]) -> dict[str, str]:
    roles = {}
    for each in given:
        label, sign, role = each.rpartition("=")
        if not sign or not label:
            raise typer.BadParameter(f"{each!r} is not of the form LABEL=ROLE", param_hint="--role")
        roles[label.strip()] = role.strip()
    return roles


def _print(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("region", "role", "series", "size", "standing", title=document["kind"])
    for region in document["regions"]:
        for mask in region["masks"]:
            standing = mask["provenance"] + ("" if mask["verified"] else ", unverified")
            size = f"{mask['voxels']} voxels, {mask['volume_ml']:.2f} ml"
            table.add_row(escape(region["id"]), region["role"], str(mask["series_number"]), size, standing)
    for line in document["lines"]:
        table.add_row(
            escape(line["region"]), f"{line['axis']} axis", "", f"{line['length_mm']:.2f} mm", "line"
        )
    console = Console()
    console.print(table)
    for each in document["left_out"]:
        console.print(f"left out: {each['what']}: {each['reason']}", markup=False, highlight=False)
    for path in document["files"]:
        console.print(f"[dim]written[/] {path}", highlight=False, soft_wrap=True)
