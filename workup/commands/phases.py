"""``veinvasion phases``: which series is which phase, and how we know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from imaging.phases.image import OrganMasks
    from imaging.phases.phase import PhaseDecision
    from imaging.volume import Acquisition, Study


def phases(
    folder: Annotated[Path | None, typer.Argument(help="DICOM folder of one study.", exists=True)] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            help="CSV of series (Modality, SeriesDescription, ...) instead of a folder.", exists=True
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV or JSON of a reader's phases: series_number or series_uid, phase.", exists=True
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            help="Organ masks to measure instead: <series UID or number>/aorta.nii.gz, liver.nii.gz, ..."
        ),
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
        _phases_of_folder(folder, labels, masks, overlay, as_json)


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


def _read_masks(folder: Path, study: Study) -> OrganMasks:
    from imaging.phases.organ_mask_files import read_organ_masks

    return read_organ_masks(folder, study)


def _phases_of_folder(
    folder: Path, labels: Path | None, masks: Path | None, overlay: Path | None, as_json: bool
) -> None:
    from imaging.dicom.study_files import load_study
    from imaging.phases.decision import name_phases
    from workup.command_line import print_json

    with _progress() as step:
        step("reading")
        study = load_study(folder)
        reader = _read_labels(labels) if labels else {}
        step("naming phases")
        organs = _read_masks(masks, study) if masks else None
        decisions = name_phases(study, reader_labels=reader, organ_masks=organs, progress=step)
        if overlay is not None:
            step("drawing")
            _write_overlay(study, decisions, overlay)
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


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being done."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what: bar.update(task, description=what)


def _write_overlay(study: Study, decisions: dict[str, PhaseDecision], folder: Path) -> None:
    from imaging.phases.image import look
    from imaging.phases.phase import Role
    from imaging.phases.picture_files import write_pictures

    passes = [a for a in study.acquisitions if decisions[a.key].role is Role.IMAGE]
    titles = {a.key: f"series {a.header.series_number}: {decisions[a.key].phase}" for a in passes}
    write_pictures(look(passes), titles, folder)


_NAMES_OF_A_SERIES = ("key", "series_uid", "series_number")


def _read_labels(path: Path) -> dict[str, str]:
    """Phases by a reader: a JSON object, or a CSV with series_uid (or series_number, or key) and phase."""
    from workup.case.case_files import read_json_object
    from workup.errors import WorkupError
    from workup.spreadsheet_rows import spreadsheet_rows

    if path.suffix.lower() == ".json":
        return {name: str(phase) for name, phase in read_json_object(path).items()}
    table = spreadsheet_rows(_table_text(path))
    rows = list(table)
    columns = set(table.fieldnames or ())
    if "phase" not in columns or not columns & set(_NAMES_OF_A_SERIES):
        raise WorkupError(
            "LABEL_COLUMNS",
            f"{path.name} has the columns {', '.join(table.fieldnames or ()) or 'none'}",
            expected=f"phase, and one of {', '.join(_NAMES_OF_A_SERIES)}",
        )
    stated: dict[str, str] = {}
    for line, row in enumerate(rows, 2):
        name = next(filter(None, (row.get(c) for c in _NAMES_OF_A_SERIES)), "")
        if name in stated:
            raise WorkupError(
                "LABEL_TWICE",
                f"{path.name} line {line}: a series stands twice",
                expected="one phase for each series",
            )
        stated[name] = row.get("phase") or ""
    return stated


def _print_study(study: Study, decisions: dict[str, PhaseDecision]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    grid = Table(title=f"{len(study.acquisitions)} acquisitions")
    for column in ("series", "description", "slices", "role", "phase", "confidence", "conflicts"):
        grid.add_column(column)
    for acquisition in study.acquisitions:
        header, decision = acquisition.header, decisions[acquisition.key]
        confidence, conflicts = f"{decision.confidence:.2f}", str(len(decision.conflicts) or "")
        description, slices = (
            escape(header.series_description or "-"),
            str(acquisition.volume.geometry.shape[0]),
        )
        grid.add_row(
            str(header.series_number),
            description,
            slices,
            decision.role,
            decision.phase,
            confidence,
            conflicts,
        )
    console.print(grid)
    for acquisition in study.acquisitions:
        decision = decisions[acquisition.key]
        console.print(f"series {acquisition.header.series_number}: [bold]{decision.phase}[/bold]")
        for e in decision.evidence:
            console.print(f"  {e.source}: {escape(e.value)} -> {e.says}", soft_wrap=True, highlight=False)
        for sentence in decision.conflicts:
            console.print(f"  [red]conflict[/red]: {escape(sentence)}", soft_wrap=True, highlight=False)
    for refused in study.refused:
        console.print(f"refused [{refused.code}]: {escape(refused.message)}", soft_wrap=True, markup=False)
    if any(decision.conflicts for decision in decisions.values()):
        console.print("Conflicts are for a reader: state the phases with --labels.")


def _phases_of_table(table: Path, output: Path | None, as_json: bool) -> None:
    from imaging.phases.series_table import check_columns, name_rows
    from workup.command_line import print_json

    columns, rows = _read_table(table)
    check_columns(columns)
    named = [{"row": n.row, **decision_json(n.decision)} for n in name_rows(rows)]
    if output is not None:
        _write_rows(output, rows, named)
    if as_json:
        print_json({"rows": named})
    elif output is None:
        _print_rows(rows, named)


def _read_table(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of a CSV with commas, semicolons or tabs."""
    from workup.spreadsheet_rows import spreadsheet_rows

    reader = spreadsheet_rows(_table_text(path))
    rows = list(reader)
    return list(reader.fieldnames or ()), rows


def _table_text(path: Path) -> str:
    from imaging.phases.series_table import refuse_encoding

    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse_encoding(error.start) from error


def _print_rows(rows: list[dict[str, Any]], named: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    grid = Table(title=f"{len(rows)} series")
    for column in ("row", "description", "role", "phase", "confidence", "conflicts"):
        grid.add_column(column)
    for row, answer in zip(rows, named, strict=True):
        description = escape(row.get("SeriesDescription") or "-")
        conflicts = escape("; ".join(answer["conflicts"]))
        values = (answer["role"], answer["phase"], f"{answer['confidence']:.2f}", conflicts)
        grid.add_row(str(answer["row"]), description, *values)
    Console().print(grid)


def _write_rows(output: Path, rows: list[dict[str, Any]], named: list[dict[str, Any]]) -> None:
    import csv
    import json

    output.parent.mkdir(parents=True, exist_ok=True)
    if output.suffix.lower() == ".json":
        output.write_text(json.dumps({"rows": named}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    given = [name for name in (rows[0] if rows else ()) if name and name not in _ANSWERS]
    with output.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*given, *_ANSWERS], extrasaction="ignore")
        writer.writeheader()
        for row, answer in zip(rows, named, strict=True):
            words = "; ".join(f"{e['source']}: {e['value']} -> {e['says']}" for e in answer["evidence"])
            writer.writerow({**row, **answer, "evidence": words, "conflicts": "; ".join(answer["conflicts"])})


#: Columns that ``--table`` adds.
_ANSWERS = ("row", "role", "phase", "confidence", "evidence", "conflicts")
