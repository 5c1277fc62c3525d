"""``veinvasion convert``: every acquisition of a study as NIfTI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from imaging.phases.phase import PhaseDecision
    from imaging.volume import Acquisition, Study


def convert(
    folder: Annotated[Path, typer.Argument(help="DICOM folder, file or zip.")],
    out: Annotated[Path, typer.Argument(help="Folder without an earlier export; made where absent.")],
    compress: Annotated[bool, typer.Option("--gzip", help="Write .nii.gz, smaller and slower.")] = False,
    resample: Annotated[
        bool, typer.Option("--resample", help="Interpolate tilted and unevenly spaced series, marked.")
    ] = False,
    untrusted: Annotated[
        bool, typer.Option("--untrusted", help="Read in a process with limited memory and time.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Write each acquisition as NIfTI: Hounsfield units or MR values, RAS affine, int16 or float32.

    Series that cannot be converted right are refused with their reason; the others are written.

    Example: veinvasion convert ./study ./nifti
    """
    from imaging.dicom.study_files import load_study
    from imaging.phases.decision import name_phases
    from workup.command_line import print_json

    _check_no_export(out)  # before the long work
    with _ReadingBar() as bar:
        study = load_study(folder, resample=resample, untrusted=untrusted, progress=bar)
    decisions = name_phases(study)
    volumes = _write(study, decisions, out, ".nii.gz" if compress else ".nii")
    if as_json:
        print_json({"volumes": volumes, **_left_out(study)})
    else:
        _print(volumes, study)


def _check_no_export(out: Path) -> None:
    """Files are named by number: over an earlier export, volumes of two studies would lie side by side."""
    from workup.errors import ExchangeError

    there = sorted(path.name for path in out.glob("acquisition_*.nii*"))
    if there:
        raise ExchangeError(
            "ALREADY_THERE",
            f"{there[0]} is there already" + (f", and {len(there) - 1} more" if there[1:] else ""),
            expected="a folder without an earlier export",
            advice="Exports are never overwritten; name another folder.",
        )


def _write(study: Study, decisions: Any, out: Path, suffix: str) -> list[dict[str, Any]]:
    """Write every volume under a number; names are never made from what a DICOM file says."""
    from imaging.dicom.nifti_files import write_nifti

    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, acquisition in enumerate(study, 1):
        path = out / f"acquisition_{number:03d}{suffix}"
        write_nifti(acquisition.volume, path)
        rows.append(_volume_json(acquisition, decisions[acquisition.key], path))
    return rows


def _volume_json(acquisition: Acquisition, decision: PhaseDecision, path: Path) -> dict[str, Any]:
    from imaging.dicom.nifti_files import affine_ras

    volume, header = acquisition.volume, acquisition.header
    return {
        "path": str(path),
        "series_uid": header.series_uid,
        "series_number": header.series_number,
        "acquisition": header.acquisition,
        "role": str(decision.role),
        "phase": str(decision.phase),
        "shape": list(volume.voxels.shape[::-1]),
        "dtype": str(volume.voxels.dtype),
        "affine_ras": affine_ras(volume.geometry).tolist(),
        "unit": volume.unit,
        "resampled": volume.resampled,
        "warnings": [{"code": c.code, "message": c.message} for c in acquisition.cautions],
    }


def _left_out(study: Study) -> dict[str, Any]:
    refused = [{"code": r.code, "message": r.message, "files": list(r.files)} for r in study.refused]
    skipped = [{"reason": s.reason, "count": s.count, "examples": list(s.examples)} for s in study.skipped]
    return {"refused": refused, "skipped": skipped}


class _ReadingBar:
    """A progress bar on standard error, to be called with (done, total)."""

    def __enter__(self) -> _ReadingBar:
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("reading", total=None)
        self._bar.start()
        return self

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _print(volumes: list[dict[str, Any]], study: Study) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("file", "series", "phase", "shape", "unit", "warnings")
    for row in volumes:
        said = ", ".join(w["code"] for w in row["warnings"])
        shape = " x ".join(map(str, row["shape"]))
        name, series = Path(row["path"]).name, str(row["series_number"])
        table.add_row(name, series, row["phase"], shape, row["unit"], said)
    console = Console()
    console.print(table)
    for refused in study.refused:
        console.print(f"refused: {refused.code}: {refused.message}", markup=False)
    for skipped in study.skipped:
        console.print(f"skipped: {skipped.count} files, {skipped.reason}", markup=False)
