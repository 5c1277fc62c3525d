"""Where the time of one full assessment goes: 4 phases of 200 slices of 512 x 512, with regions.

    python benchmarks/assess.py [--slices 200] [--rounds 3] [--profile]

The study is that of ``load.py``, with a liver, a tumor, a filling defect and a vein drawn on it and the
record of the sample case. Bar: all of it at most twice its load time plus registration (``assess`` registers
nothing: a region is brought to another phase when it is drawn). CPU time, which others disturb less.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import load

from imaging.dicom.study_files import load_study
from imaging.phases.decision import name_phases
from imaging.phases.phase import Phase
from imaging.regions.region import Region, RegionMask, RegionRole, Vessel
from imaging.volume import Study
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case import Case
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report
from workup.report.rendering import html

#: Of a whole assessment, in load times.
BAR = 2.0
#: Role, vessel, center and half axes [slices at 200, rows, columns].
DRAWN = {
    "liver": (RegionRole.REFERENCE_LIVER, None, (110, 250, 170), (6, 14, 14)),
    "tumor": (RegionRole.PRIMARY_TUMOR, None, (100, 230, 190), (24, 45, 45)),
    "vein": (RegionRole.PORTAL_VEIN, None, (100, 250, 290), (4, 9, 22)),
    "defect": (RegionRole.FILLING_DEFECT, Vessel.PORTAL_VEIN, (100, 240, 255), (7, 10, 20)),
}
RECORD = Path(__file__).resolve().parent.parent / "sample_dicom" / "record.json"
PHASES = (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED)


def regions_on(study: Study) -> tuple[Region, ...]:
    """The same ellipsoids on every phase."""
    regions = []
    for name, (role, vessel, center, half) in DRAWN.items():
        masks = {a.key: _ellipsoid(a.volume.geometry, center, half) for a in study.acquisitions}
        regions.append(Region(name, role, masks, vessel))
    return tuple(regions)


def _ellipsoid(geometry, center: tuple[int, ...], half: tuple[int, ...]) -> RegionMask:
    shape = geometry.shape
    scale = (shape[0] / 200, 1.0, 1.0)
    middle = [round(c * s) for c, s in zip(center, scale, strict=True)]
    size = [max(2, round(h * s)) for h, s in zip(half, scale, strict=True)]
    axes = np.ogrid[tuple(slice(-n, n + 1) for n in size)]
    inside = sum((axis / n) ** 2 for axis, n in zip(axes, size, strict=True)) <= 1
    full = np.zeros(shape, bool)
    full[tuple(slice(m - n, m + n + 1) for m, n in zip(middle, size, strict=True))] = inside
    return RegionMask.from_full(full, geometry)


class Clock:
    """Wall and CPU seconds of named steps."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall.setdefault(name, []).append(time.perf_counter() - wall)
        self.cpu.setdefault(name, []).append(time.process_time() - cpu)


def one_round(folder: Path, clock: Clock, regions: Callable[[Study], tuple[Region, ...]]) -> None:
    """Load, name the phases, assess, write the report."""
    with clock.step("load"):
        study = load_study(folder)
    drawn = regions(study)
    labels = {a.key: phase for a, phase in zip(study.acquisitions, PHASES, strict=True)}
    with clock.step("name phases from the images"):
        named = name_phases(study, reader_labels=labels)
    case = Case(study, drawn, phase_labels=labels, record=json.loads(RECORD.read_text()))
    with clock.step("read the protocol"):
        protocol = read_protocol()
    with clock.step("assess, phases named"):
        assessment = assess(case, protocol, decisions=named)
    with clock.step("document"):
        assessment_document(assessment)
    with clock.step("report with pictures"):
        html(assessment_report(assessment))
    lengths = [lesion.measurement.lesion.long_axis_mm for lesion in assessment.lesions]
    assert lengths and all(lengths), "the lesions were not measured"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="print where the time of one round goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        folder.mkdir()
        load.generate(folder, given.slices)
        one_round(folder, Clock(), regions_on)  # imports and page cache
        clock = Clock()
        for _ in range(given.rounds):
            one_round(folder, clock, regions_on)
        _print(clock, given)
        if given.profile:
            profile = cProfile.Profile(time.process_time)
            profile.runcall(one_round, folder, Clock(), regions_on)
            ours = "(imaging|recist|eligibility|workup)/"
            pstats.Stats(profile).sort_stats("cumtime").print_stats(ours, 60)


def _print(clock: Clock, given: argparse.Namespace) -> None:
    wall = {name: statistics.median(times) for name, times in clock.wall.items()}
    cpu = {name: statistics.median(times) for name, times in clock.cpu.items()}
    print(f"4 x {given.slices} slices, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    print("| step | s | CPU s | x load (CPU) |\n|---|---|---|---|")
    for name, seconds in wall.items():
        print(f"| {name} | {seconds:.2f} | {cpu[name]:.2f} | {cpu[name] / cpu['load']:.2f} |")
    pictures = "report with pictures"
    for name, left_out in (("to the JSON result", {pictures}), ("all, with the HTML report", set())):
        total, spent = (sum(t for step, t in each.items() if step not in left_out) for each in (wall, cpu))
        bar = "met" if spent <= BAR * cpu["load"] else "missed"
        print(f"| {name}: bar of {BAR:g} {bar} | {total:.2f} | {spent:.2f} | {spent / cpu['load']:.2f} |")


if __name__ == "__main__":
    main()
