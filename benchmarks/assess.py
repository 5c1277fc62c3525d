"""Where the time of one full assessment goes: a patient of 4 phases of 200 slices of 512 x 512, with regions.

    python benchmarks/assess.py [--slices 200] [--rounds 7] [--profile] [--case FOLDER]

The patient is the phantom: every landmark that naming the phases looks for is there, regions, verdicts and
record are complete. Loading alone and the whole assessment run in processes of their own, in turn, twice in
each: first in new memory, as a command does it (what is imported on the way counts), then again, as a worker
of a cohort does it. Bar: all of it at most twice its load time plus registration (``assess`` registers
nothing: a region is brought to another phase when it is drawn).
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from large_patient import large_patient

from imaging.dicom.study_files import load_study
from imaging.phantom_files import write_case
from imaging.phases.decision import name_phases
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case_files import read_case
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report
from workup.report.rendering import html

#: Of a whole assessment, in load times.
BAR = 2.0
REPORT = "report with pictures"
READ = "read images, regions, reading and record"
Steps = dict[str, float]


@contextmanager
def step(name: str, spent: Steps) -> Iterator[None]:
    """Note the CPU seconds of a step, which others disturb less than seconds."""
    start = time.process_time()
    yield
    spent[name] = time.process_time() - start


def load_alone(folder: Path) -> Steps:
    """What the rest is compared with."""
    spent: Steps = {}
    with step("load", spent):
        study = load_study(folder / "dicom")
    assert len(study.acquisitions) == 4, study.refusals
    return spent


#: As a worker of a cohort keeps it.
protocol_of_run = cache(read_protocol)


def whole(folder: Path) -> Steps:
    """From files to the report."""
    spent: Steps = {}
    with step(READ, spent):
        case = read_case(folder)
    assert len(case.study.acquisitions) == 4, case.study.refusals
    with step("name the phases from the images", spent):
        named = name_phases(case.study, reader_labels=case.phase_labels)
    with step("read the protocol, once a process", spent):
        protocol = protocol_of_run()
    with step("assess, phases named", spent):
        assessment = assess(case, protocol, decisions=named)
    with step("document", spent):
        assessment_document(assessment)
    with step(REPORT, spent):
        html(assessment_report(assessment))
    seen = [any(evidence.source == "image" for evidence in d.evidence) for d in named.values()]
    assert seen == [True] * 4, "the images were not judged"
    assert all(lesion.measurement.lesion.long_axis_mm for lesion in assessment.lesions), "not measured"
    return spent


WORK = {"load": load_alone, "whole": whole}


def in_a_process(what: str, folder: Path) -> list[Steps]:
    """The steps of the first and of the second time in a new process."""
    command = [sys.executable, __file__, "--case", str(folder), "--work", what]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return list(json.loads(out))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", action="store_true", help="print where the time of one round goes")
    parser.add_argument("--case", type=Path, help="a case made before; made there if absent")
    parser.add_argument("--work", choices=tuple(WORK), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        print(json.dumps([WORK[given.work](given.case) for _ in range(2)]))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = given.case or Path(place) / "case"
        if not folder.is_dir():
            write_case(large_patient(given.slices), folder)
        in_a_process("load", folder)  # page cache
        rounds = [(in_a_process("load", folder), in_a_process("whole", folder)) for _ in range(given.rounds)]
        print(f"4 x {given.slices} slices, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
        for time_, name in enumerate(("in a new process", "again in the same process")):
            _print(name, [(load[time_], all_[time_]) for load, all_ in rounds])
        if given.profile:
            profile = cProfile.Profile()
            profile.runcall(whole, folder)
            ours = "(imaging|recist|eligibility|workup)/"
            pstats.Stats(profile).sort_stats("cumtime").print_stats(ours, 60)


def _print(name: str, rounds: list[tuple[Steps, Steps]]) -> None:
    load = statistics.median(alone["load"] for alone, _ in rounds)
    median = {step: statistics.median(all_[step] for _, all_ in rounds) for step in rounds[0][1]}
    print(f"\n| {name} | CPU s | x load |\n|---|---|---|\n| load alone | {load:.2f} | 1 |")
    for what, seconds in median.items():
        print(f"| {what} | {seconds:.2f} | {seconds / load:.2f} |")
    for what, left_out in (("to the JSON result", {REPORT}), ("all, with the HTML report", set())):
        for of, denominators in (
            ("loading the images alone", [alone["load"] for alone, _ in rounds]),
            ("reading all that is assessed", [all_[READ] for _, all_ in rounds]),
        ):
            totals = [
                sum(t for step, t in all_.items() if step not in left_out) / denominator
                for (_, all_), denominator in zip(rounds, denominators, strict=True)
            ]
            ratio = statistics.median(totals)
            spread = f"{min(totals):.2f} to {max(totals):.2f}"
            bar = f"bar of {BAR:g} {'met' if ratio <= BAR else 'missed'}"
            print(f"| {what}, of {of}: {bar} | | {ratio:.2f} ({spread}) |")


if __name__ == "__main__":
    main()
