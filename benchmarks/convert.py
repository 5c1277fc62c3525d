"""Convert a whole study to NIfTI: ``veinvasion convert`` against dcm2niix, as processes.

``python benchmarks/convert.py [--dicom FOLDER]`` converts the large phantom, 4 x 200 slices of 512 x 512.
dcm2niix names no phases, so our loading and writing alone are timed as well, and what starting Python and
importing the parts costs.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dcm2niix import bin as dcm2niix
from large_patient import large_patient

from imaging.phantom import make_phantom
from imaging.phantom_files import write_study

IMPORTS = """
import sys, pathlib, nibabel
from imaging.dicom.nifti_files import write_nifti
from imaging.dicom.study_files import load_study
"""
LOAD_AND_WRITE = """
out = pathlib.Path(sys.argv[2])
for number, acquisition in enumerate(load_study(sys.argv[1])):
    write_nifti(acquisition.volume, out / f"{number}.nii")
"""


def seconds(command: list[str]) -> tuple[float, float]:
    """Wall and processor time of one process. [s]"""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dicom", type=Path, help="a study made before; made there if absent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        study, out = options.dicom or Path(place) / "study", Path(place) / "out"
        if not study.is_dir():
            write_study(make_phantom(large_patient(options.slices)), study)
        paths = [str(study), str(out)]
        ways = {
            "dcm2niix": [dcm2niix, "-b", "n", "-z", "n", "-o", paths[1], paths[0]],
            "ours": [sys.executable, "-m", "workup", "convert", *paths],
            "ours, loading and writing alone": [sys.executable, "-c", IMPORTS + LOAD_AND_WRITE, *paths],
            "ours, its imports alone": [sys.executable, "-c", IMPORTS],
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(options.rounds + 1):  # the first warms up
            for name, command in ways.items():
                out.mkdir()
                times[name].append(seconds(command))
                shutil.rmtree(out)
    print(f"4 x {options.slices} slices, load average {os.getloadavg()[0]:.1f}, {options.rounds} rounds")
    print("| way | wall s | processor s | to dcm2niix, processor |\n|---|---|---|---|")
    base = statistics.median(t[1] for t in times["dcm2niix"][1:])
    for name, pairs in times.items():
        wall, busy = (statistics.median(t[i] for t in pairs[1:]) for i in (0, 1))
        print(f"| {name} | {wall:.2f} | {busy:.2f} | {busy / base:.2f} |")


if __name__ == "__main__":
    main()
