"""``veinvasion measure``: diameters and measurability of each label of a label map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from workup.label_lesions import LabelLesion
    from workup.label_map_files import LabelMap
    from workup.lesions import LesionMeasurement


def measure(
    labels: Annotated[Path, typer.Argument(help="Label map (.nii, .nii.gz); each label is one lesion.")],
    reference: Annotated[
        Path | None,
        typer.Option(help="DICOM folder with the series the labels were drawn on: thickness, modality."),
    ] = None,
    nodes: Annotated[str, typer.Option(help="Labels that are lymph nodes, such as 3,4.")] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the report, or a .csv, .xlsx, .json or .html file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Long and short axis of each label by RECIST 1.1, and whether it is measurable.

    Example: veinvasion measure lesions.nii.gz --reference ./dicom -o out
    """
    from workup.command_line import loading_progress, print_json
    from workup.label_lesions import measure_labels
    from workup.label_map_files import read_label_map

    with loading_progress("reading images") as progress:
        label_map = read_label_map(labels, reference, progress)
    lesions = measure_labels(label_map, nodes=_numbers(nodes, label_map))
    document = {
        "lesions": [
            {"label": lesion.label, "id": lesion.measurement.lesion.id, **lesion_json(lesion.measurement)}
            for lesion in lesions
        ]
    }
    if output is not None:
        _write(lesions, label_map, document, output)
    if as_json:
        print_json(document)
    else:
        _print(lesions)


def lesion_json(measurement: LesionMeasurement) -> dict[str, Any]:
    """One measured lesion as the interface has it."""
    lesion, judged, found = measurement.lesion, measurement.judged, measurement.diameters
    by_mask = found if measurement.method != "line" else None
    return {
        "long_axis_mm": lesion.long_axis_mm,
        "short_axis_mm": lesion.short_axis_mm,
        "interval_mm": list(measurement.interval_mm) if measurement.interval_mm else None,
        "estimator": measurement.method,
        "slice": measurement.slice_index,
        "end_points_lps_mm": {
            "long": _points(measurement.long_ends_lps_mm),
            "short": _points(measurement.short_ends_lps_mm),
        },
        "area_mm2": found.area_mm2 if found else None,
        "volume_ml": found.volume_ml if found else None,
        "chord_inside_fraction": by_mask.chord_inside_fraction if by_mask else None,
        "flags": [
            *(found.flags if found else ()),
            *(() if measurement.confirmed else ("outline_unverified",)),
        ],
        "cautions": list(measurement.cautions),
        "kind": lesion.kind.value if lesion.kind else None,
        "modality": lesion.modality.value if lesion.modality else None,
        "measurability": {
            "status": judged.status.value,
            "rule": judged.rule,
            "threshold_mm": judged.threshold_mm,
            "effective_slice_mm": judged.effective_slice_mm,
            "message": judged.message,
            "value_mm": judged.value_mm,
            "borderline": judged.borderline,
            "says": judged.says,
            "source": judged.source,
            "overlay": list(judged.overlay),
            "notes": list(judged.notes),
        },
    }


def _points(ends: tuple[tuple[float, float, float], tuple[float, float, float]] | None) -> Any:
    return None if ends is None else [list(end) for end in ends]


def _numbers(text: str, label_map: LabelMap) -> set[int]:
    try:
        numbers = {int(word) for word in text.replace(",", " ").split()}
    except ValueError:
        raise typer.BadParameter(f"--nodes {text!r} is not a list of labels") from None
    absent = sorted(n for n in numbers if not (label_map.labels == n).any())
    if absent:
        raise typer.BadParameter(f"--nodes names label {absent[0]}, which the label map does not hold")
    return numbers


def _write(
    lesions: tuple[LabelLesion, ...], label_map: LabelMap, document: dict[str, Any], output: Path
) -> None:
    from workup.command_line import SCHEMA_VERSION, version
    from workup.report.lesion_table import measurable_lesion_report
    from workup.report.lesion_table_files import write_anywhere

    report = measurable_lesion_report(lesions, label_map.reference, footer=f"veinvasion {version()}")
    head = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
    write_anywhere(report, {**head, **document}, output)


def _print(lesions: tuple[LabelLesion, ...]) -> None:
    from workup.label_lesions import NOT_JUDGED
    from workup.report.lesion_table import measurable_lesion_table
    from workup.report.lesion_table_files import print_table

    shown = ("lesion", "long axis mm", "short axis mm", "threshold mm", "rule", "measurability", "why")
    print_table(measurable_lesion_table(lesions), note=NOT_JUDGED, columns=shown)
    for lesion in lesions:
        for note in (*lesion_flags(lesion), *lesion.measurement.judged.notes):
            typer.echo(f"lesion {lesion.label}: {note}")


def lesion_flags(lesion: LabelLesion) -> tuple[str, ...]:
    """What the measurement itself raises."""
    found = lesion.measurement.diameters
    return found.flags if found is not None else ()
