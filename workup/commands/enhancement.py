"""``veinvasion enhancement``: means per region and phase, enhancement and washout with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from imaging.findings.assess_region import PhaseMeasurement, RegionFindings
    from imaging.findings.enhancement import EnhancementFinding
    from imaging.findings.finding import Reason
    from imaging.findings.noise import Interval
    from imaging.findings.region_maps import RegionMap
    from imaging.findings.stability import Stability
    from imaging.findings.washout import PhaseWashout, WashoutFinding
    from imaging.phases.phase import PhaseDecision
    from imaging.regions.region import Region
    from imaging.volume import Study, Unit


def enhancement(
    folder: Annotated[Path, typer.Argument(help="DICOM folder of one study.")],
    regions: Annotated[
        Path,
        typer.Option(help="Label map .nii.gz with .json sidecar, seed file, SEG, RTSTRUCT, or case folder."),
    ],
    labels: Annotated[
        Path | None, typer.Option(help="JSON of a reader's phases: series UID, number or key to phase.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the table of region and phase here.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write the curves with error bars as .png or .svg.")
    ] = None,
    maps: Annotated[
        Path | None, typer.Option(help="Folder for voxelwise maps around each lesion (.nii.gz), to look at.")
    ] = None,
    stability: Annotated[
        bool, typer.Option("--stability", help="Recompute under erosion, shifts and published thresholds.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Mean, SD, area and N_eff of each region in each phase; enhancement and washout with reasons.

    Example: veinvasion enhancement ./study --regions ./labels.nii.gz --plot curves.svg
    """
    from imaging.dicom.study_files import load_study
    from imaging.findings.assess_region import assess_regions
    from imaging.phases.decision import name_phases
    from workup.command_line import loading_progress, print_json

    if plot:  # before the long work
        from imaging.findings.curves_files import checked_picture

        checked_picture(plot)
    with loading_progress("Reading images") as progress:
        study = load_study(folder, progress=progress)
    drawn = _regions(regions, study)
    decisions = name_phases(study, reader_labels=_labels(labels) if labels else {})
    found = assess_regions(drawn, study, decisions)
    steadiness: dict[str, Stability] = {}
    if stability:
        from imaging.findings.stability import stability_of_regions

        with loading_progress("Recomputing") as progress:
            steadiness = stability_of_regions(drawn, study, decisions, progress=progress)
    if csv_file:
        _write_csv(csv_file, found)
    if plot:
        from imaging.findings.curves_files import write_curves

        write_curves(plot, found)
    written = _write_maps(maps, drawn, study, decisions) if maps else []
    if as_json:
        print_json({**_document(found, steadiness, study), "maps": [_map_json(m, p) for m, p in written]})
    else:
        _print(found, steadiness, study)
        _print_maps(written)


def findings_json(findings: RegionFindings) -> dict[str, Any]:
    """One region as the interface has it; ``li_rads`` is null unless it is a filling defect."""
    in_vein = findings.li_rads_tumor_in_vein
    return {
        "id": findings.region_id,
        "role": findings.role.value,
        "vessel": findings.vessel,
        "unit": findings.unit,
        "phases": [_phase_json(m) for m in findings.phases],
        "enhancement": _enhancement_json(findings.enhancement),
        "washout": _washout_json(findings.washout, findings.unit),
        "li_rads": None if in_vein is None else _reasons([in_vein])[0],
    }


def _document(
    found: Sequence[RegionFindings], steadiness: dict[str, Stability], study: Study
) -> dict[str, Any]:
    entries = []
    for one in found:
        entry = findings_json(one)
        if one.region_id in steadiness:
            entry["stability"] = stability_json(steadiness[one.region_id])
        entries.append(entry)
    return {
        "regions": entries,
        "refused": [{"code": r.code, "message": r.message, "files": list(r.files)} for r in study.refused],
    }


def _phase_json(measured: PhaseMeasurement) -> dict[str, Any]:
    statistics = measured.statistics
    return {
        "phase": measured.phase.value,
        "series_uid": measured.series_uid,
        "acquisition_key": measured.acquisition_key,
        "mean": statistics.mean,
        "sd": statistics.sd,
        "area_mm2": statistics.area_mm2,
        "voxels": statistics.voxels,
        "n_eff": statistics.n_eff,
        "minimum": statistics.minimum,
        "maximum": statistics.maximum,
        "padding_fraction": statistics.padding_fraction,
        "provenance": measured.provenance.value,
        "verified": measured.verified,
    }


def _enhancement_json(found: EnhancementFinding) -> dict[str, Any]:
    return {
        "finding": found.finding.value,
        "if_confirmed": found.if_confirmed.value,
        "difference": found.difference,
        "ci95": _interval(found.ci95),
        "unit": found.unit,
        "absolute_change": found.absolute_change,
        "thresholds": dict(found.thresholds),
        "policy": found.policy.name,
        "reasons": _reasons(found.reasons),
    }


def _washout_json(found: WashoutFinding, unit: Unit) -> dict[str, Any]:
    return {
        "finding": found.finding.value,
        "if_confirmed": found.if_confirmed.value,
        "by_phase": {p.phase.value: _phase_washout_json(p, unit) for p in found.by_phase},
        "policy": found.policy.name,
        "reasons": _reasons(found.reasons),
    }


def _phase_washout_json(found: PhaseWashout, unit: Unit) -> dict[str, Any]:
    from imaging.findings.washout import drop_unit

    return {
        "finding": found.finding.value,
        "if_confirmed": found.if_confirmed.value,
        "ratio_percent": found.ratio_percent,
        "ratio_ci95": _interval(found.ratio_ci95),
        "liver_minus_lesion": found.liver_minus_lesion,
        "liver_minus_lesion_ci95": _interval(found.liver_minus_lesion_ci95),
        "contrast_drop": found.contrast_drop,
        "contrast_drop_ci95": _interval(found.contrast_drop_ci95),
        "contrast_drop_unit": drop_unit(unit),
        "threshold_percent": found.threshold_percent,
        "reasons": _reasons(found.reasons),
    }


def stability_json(stability: Stability) -> dict[str, Any]:
    """How each answer of one region fares under all variations."""
    return {
        question: {
            "finding": one.finding.value,
            "stable": one.stable,
            "cases": one.cases,
            "flips": [{"case": f.case, "finding": f.finding.value} for f in one.flips],
        }
        for question, one in (("enhancement", stability.enhancement), ("washout", stability.washout))
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    return [{"code": r.code, "message": r.message} for r in reasons]


def _regions(path: Path, study: Study) -> tuple[Region, ...]:
    """Regions of a case folder, label map, seed file, or of another system's file (SEG, RTSTRUCT, NRRD).

    Each region of a foreign file that lies on one phase alone is carried to the others, unconfirmed.
    """
    from imaging.regions.label_map_files import NIFTI_ENDINGS
    from imaging.regions.placement import carry_over
    from imaging.regions.region_files import read_regions

    if path.is_dir() or path.name.endswith((".json", *NIFTI_ENDINGS)) or not path.exists():
        return read_regions(path, study)
    from workup.exchange.import_files import import_file

    found = import_file(path, study).regions
    return tuple(
        carry_over(region, study[next(iter(region.masks))], study) if len(region.masks) == 1 else region
        for region in found
    )


def _labels(path: Path) -> dict[str, str]:
    """A reader's phases as ``{"<series uid, number or key>": "portal_venous"}``."""
    from workup.case.case_files import read_json_object

    return {name: str(phase) for name, phase in read_json_object(path).items()}


def _write_csv(path: Path, found: Sequence[RegionFindings]) -> None:
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [
            {"region": one.region_id, "role": one.role.value, "unit": one.unit, **_phase_json(m)}
            for one in found
            for m in one.phases
        ]
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["region"])
        writer.writeheader()
        writer.writerows(rows)


def _write_maps(
    folder: Path, drawn: Sequence[Region], study: Study, decisions: Mapping[str, PhaseDecision]
) -> list[tuple[RegionMap, Path | None]]:
    """Every map with its file; None where there is only a reason."""
    from imaging.findings.maps_files import write_map
    from imaging.findings.region_maps import maps_of_regions
    from workup.safe_text import file_name

    folder.mkdir(parents=True, exist_ok=True)
    written: list[tuple[RegionMap, Path | None]] = []
    for number, made in enumerate(maps_of_regions(drawn, study, decisions), 1):
        if made.values is None or made.geometry is None:
            written.append((made, None))
            continue
        words = "_".join([f"{number:02d}", made.region_id, made.name, *made.phases])
        file = folder / f"{file_name(words)}.nii.gz"
        written.append((made, write_map(file, made.values, made.geometry, made.description)))
    return written


def _map_json(made: RegionMap, file: Path | None) -> dict[str, Any]:
    return {
        "region": made.region_id,
        "map": made.name,
        "phases": [phase.value for phase in made.phases],
        "unit": made.unit,
        "file": None if file is None else str(file),
        "shifts_lps_mm": {phase.value: list(shift) for phase, shift in made.shifts_mm.items()},
        "residual_mm": made.residual_mm,
        "reasons": _reasons(made.reasons),
    }


def _print_maps(written: Iterable[tuple[RegionMap, Path | None]]) -> None:
    from rich.console import Console

    console = Console()
    for made, file in written:
        words = f"map {made.name.replace('_', ' ')} of {made.region_id}"
        left = "" if made.residual_mm is None else f", {made.residual_mm:.1f} mm registration error left"
        why = "; ".join(r.message for r in made.reasons)
        said = f"{words}: none, {why}" if file is None else f"{words}: {file}{left}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)


def _print(found: Sequence[RegionFindings], steadiness: dict[str, Stability], study: Study) -> None:
    from rich.console import Console

    console = Console()
    console.print(_table(found, study))
    for one in found:
        if any(r.code == "REFERENCE_REGION" for r in one.enhancement.reasons):
            continue
        console.print(f"\n[bold]{one.region_id}[/bold]  ({one.role.value.replace('_', ' ')})")
        _print_answer(console, "enhancement", one.enhancement, one.enhancement.reasons)
        _print_answer(console, "washout", one.washout, one.washout.reasons)
        for late in one.washout.by_phase:
            _print_answer(console, f"  {late.phase.value.replace('_', ' ')}", late, late.reasons)
        if one.region_id in steadiness:
            _print_stability(console, steadiness[one.region_id])
    for refused in study.refused:
        console.print(f"[yellow]not used[/yellow] {refused.code}: {refused.message}")


def _print_answer(console: Any, name: str, found: Any, reasons: Iterable[Reason]) -> None:
    note = "" if found.if_confirmed == found.finding else f" (if confirmed: {found.if_confirmed.value})"
    console.print(f"{name}: [bold]{found.finding.value}[/bold]{note}{_numbers(found)}", highlight=False)
    for reason in reasons:
        console.print(f"    {reason.code}: {reason.message}", highlight=False, markup=False)


def _numbers(found: Any) -> str:
    """The numbers behind an answer, which are shown even where they decide nothing."""
    from imaging.findings.printed_numbers import shown

    if getattr(found, "difference", None) is not None:
        limits = [limit for _, limit in found.thresholds]
        return f"  {shown(found.difference, *limits)} {found.unit}{_interval_words(found.ci95, *limits)}"
    if getattr(found, "ratio_percent", None) is not None:
        limit = found.threshold_percent
        ratio, interval = shown(found.ratio_percent, limit), _interval_words(found.ratio_ci95, limit)
        return f"  liver / region {ratio} %{interval}"
    return ""


def _interval_words(interval: Interval | None, *limits: float) -> str:
    from imaging.findings.printed_numbers import shown

    return "" if interval is None else ", 95 % " + " to ".join(shown(end, *limits) for end in interval)


def _print_stability(console: Any, stability: Stability) -> None:
    for name, one in (("enhancement", stability.enhancement), ("washout", stability.washout)):
        console.print(f"{name} is {one.sentence}", highlight=False, markup=False)


def _table(found: Sequence[RegionFindings], study: Study) -> Any:
    from rich.table import Table

    units = " and ".join(dict.fromkeys("HU" if one.unit == "HU" else "MR units" for one in found))
    table = Table(title=f"Regions by phase (native grids, mean and SD in {units}, SD with n - 1)")
    for name in ("region", "phase", "series", "mean", "SD", "area mm²", "voxels", "N_eff", "mask"):
        table.add_column(name, justify="left" if name in ("region", "phase", "series", "mask") else "right")
    for one in found:
        for m in one.phases:
            s = m.statistics
            table.add_row(
                one.region_id, m.phase.value.replace("_", " "), _series(study, m.acquisition_key),
                "-" if s.mean is None else f"{s.mean:.1f}", "-" if s.sd is None else f"{s.sd:.1f}",
                f"{s.area_mm2:.0f}", str(s.voxels), f"{s.n_eff:.1f}",
                m.provenance.value + ("" if m.verified else ", unconfirmed"),
            )  # fmt: skip
    return table


def _series(study: Study, key: str) -> str:
    header = study[key].header
    return str(header.series_number if header.series_number is not None else header.series_uid[-8:])
