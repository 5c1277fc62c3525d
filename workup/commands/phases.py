"""``veinvasion phases``: which series is which phase, and how we know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from imaging.phases.phase import Phase, PhaseDecision
    from imaging.volume import Acquisition, Study


def phases(
    folder: Annotated[Path | None, typer.Argument(help="DICOM folder of one study.")] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="CSV of series (Modality, SeriesDescription, ...) instead of a folder."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV or JSON of a reader's phases: series_uid (or key), phase.")
    ] = None,
    overlay: Annotated[Path | None, typer.Option(help="Write pictures of what was measured here.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --table: write CSV or JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Name role and contrast phase of every acquisition, with evidence, confidence and conflicts.

    Example: veinvasion phases ./study --overlay ./pictures

    Example: veinvasion phases --table series.csv -o phases.csv
    """
    if (folder is None) == (table is None):
        raise typer.BadParameter("give either a DICOM folder or --table")
    if table is not None:
        _phases_of_table(table, output, as_json)
    else:
        assert folder is not None
        _phases_of_folder(folder, labels, overlay, as_json)


def decision_json(decision: PhaseDecision) -> dict[str, Any]:
    """Role, phase, confidence, evidence and conflicts as the interface has them."""
    return {
        "role": str(decision.role),
        "phase": str(decision.phase),
        "confidence": decision.confidence,
        "evidence": [{"source": e.source, "value": e.value, "says": str(e.says)} for e in decision.evidence],
        "conflicts": list(decision.conflicts),
    }


def acquisition_json(acquisition: Acquisition, decision: PhaseDecision) -> dict[str, Any]:
    """One acquisition as the interface has it."""
    header, geometry = acquisition.header, acquisition.volume.geometry
    return {
        "series_uid": header.series_uid,
        "series_number": header.series_number,
        "series_description": header.series_description,
        "acquisition": header.acquisition,
        "modality": header.modality,
        "slices": geometry.shape[0],
        "shape": list(geometry.shape),
        "spacing_mm": list(geometry.spacing_mm),
        "thickness_mm": header.slice_thickness_mm,
        **decision_json(decision),
        "warnings": [{"code": c.code, "message": c.message} for c in acquisition.cautions],
    }


def _phases_of_folder(folder: Path, labels: Path | None, overlay: Path | None, as_json: bool) -> None:
    from imaging.dicom.study_files import load_study
    from imaging.phases.decision import name_phases
    from workup.command_line import print_json

    study = load_study(folder)
    decisions = name_phases(study, reader_labels=_read_labels(labels, study) if labels else {})
    if not as_json:
        _print_study(study, decisions)
        return
    print_json(
        {
            "acquisitions": [acquisition_json(a, decisions[a.key]) for a in study.acquisitions],
            "refused": [
                {"code": r.code, "message": r.message, "files": list(r.files)} for r in study.refused
            ],
            "skipped": [
                {"reason": s.reason, "count": s.count, "examples": list(s.examples)} for s in study.skipped
            ],
        }
    )


def _read_labels(path: Path, study: Study) -> dict[str, Phase]:
    import csv
    import json

    from imaging.phases.phase import Phase

    if path.suffix == ".json":
        pairs = dict(json.loads(path.read_text(encoding="utf-8")))
    else:
        with path.open(newline="", encoding="utf-8-sig") as file:
            pairs = {row.get("key") or row["series_uid"]: row["phase"] for row in csv.DictReader(file)}
    return {
        a.key: Phase(pairs[name]) for a in study for name in (a.key, a.header.series_uid) if name in pairs
    }


def _print_study(study: Study, decisions: dict[str, PhaseDecision]) -> None:
    from rich.console import Console
    from rich.table import Table

    grid = Table(title=f"{len(study.acquisitions)} acquisitions")
    for column in ("series", "description", "role", "phase", "confidence", "evidence and conflicts"):
        grid.add_column(column)
    for acquisition in study.acquisitions:
        decision = decisions[acquisition.key]
        header = acquisition.header
        lines = [f"{e.source}: {e.value} -> {e.says}" for e in decision.evidence]
        lines += [f"CONFLICT: {sentence}" for sentence in decision.conflicts]
        grid.add_row(
            str(header.series_number), header.series_description or "-", str(decision.role),
            str(decision.phase), f"{decision.confidence:.2f}", "\n".join(lines),
        )  # fmt: skip
    Console().print(grid)


def _phases_of_table(table: Path, output: Path | None, as_json: bool) -> None:
    import csv

    from imaging.phases.series_table import name_rows
    from workup.command_line import print_json

    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    named = [{"row": n.row, **decision_json(n.decision)} for n in name_rows(rows)]
    if output is not None:
        _write_rows(output, rows, named)
    if as_json:
        print_json({"rows": named})


def _write_rows(output: Path, rows: list[dict[str, Any]], named: list[dict[str, Any]]) -> None:
    import csv
    import json

    if output.suffix == ".json":
        output.write_text(json.dumps({"rows": named}, indent=1, ensure_ascii=False), encoding="utf-8")
        return
    with output.open("w", newline="", encoding="utf-8") as file:
        columns = ["row", *(rows[0] if rows else ()), "role", "phase", "confidence", "evidence"]
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for row, answer in zip(rows, named, strict=True):
            words = "; ".join(f"{e['source']}: {e['value']} -> {e['says']}" for e in answer["evidence"])
            conflicts = "".join(f"; CONFLICT: {sentence}" for sentence in answer["conflicts"])
            writer.writerow({**row, **answer, "evidence": words + conflicts})
