"""How long a cohort of 10,000 records takes to screen: reading, every criterion, every reading, tables.

Run: python benchmarks/screen.py [records] [workers]
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.eligibility_records import record
from workup.cohort_screening_files import screen_folder
from workup.protocol_files import read_protocol

CHANGES = {
    "performance.ecog": (0, 1, 2, None),
    "liver.ascites": ("none", "mild", "moderate", None),
    "labs[inr].uln": ("1.15", None),
    "labs[albumin].date": ("2025-03-05", "2025-01-02", None),
    "vitals.weight_kg": ("71.5", None),
    "imaging.thrombi[0].washout_portal": (True, False, None),
    "treatments.systemic": ([], None, [{"drugs": ["sorafenib"], "setting": "advanced", "line": 1}]),
    "comorbidity.unstable_angina": (False, None),
}


def main(count: int, workers: int) -> None:
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        records.mkdir()
        for number in range(count):
            changes = {path: rng.choice(values) for path, values in CHANGES.items() if rng.random() < 0.5}
            (records / f"{number:05d}.json").write_text(json.dumps(record(changes)), encoding="utf-8")
        began = time.perf_counter()
        cohort = screen_folder(records, read_protocol(), workers=workers, out=Path(folder) / "out")
        seconds = time.perf_counter() - began
    refused = sum(row.error is not None for row in cohort.rows)
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    processor = sum(sum(resource.getrusage(who)[:2]) for who in whose)
    each = 1000 * processor / count
    print(f"{count} records, {workers} processes: {seconds:.1f} s, {refused} refused")
    print(
        f"{processor:.1f} s of processor time, {each:.2f} ms per record (writing the test records included)"
    )


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["10000", "2"][len(sys.argv) - 1 :])))
