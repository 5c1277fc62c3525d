"""Studies that differ as real ones do: timing, dose, circulation, breathing, words.

For judging phase recognition: the true phase of each scan is known, its description may lie.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imaging.phantom.lesions import PRIMARY
from imaging.phantom.spec import DYNAMIC_CT, PhantomSpec, Scan, Thrombus
from imaging.phases.phase import Phase

#: Seconds after injection from which a scan of each phase is drawn, inside the windows in which
#: radiologists accept it for a circulation of normal speed. [s]
_WINDOWS_S = {
    Phase.EARLY_ARTERIAL: (16.0, 23.0),
    Phase.LATE_ARTERIAL: (31.0, 43.0),
    Phase.PORTAL_VENOUS: (60.0, 90.0),
    Phase.DELAYED: (140.0, 300.0),
}
#: Ways in which technologists name the phases.
_WORDS = {
    Phase.UNENHANCED: ("Abdomen non-con 5.0", "PRE", "Liver w/o contrast", "Unenhanced 5mm", "조영전"),
    Phase.EARLY_ARTERIAL: ("LIVER EARLY ART", "Early arterial 20s", "EAP 5.0"),
    Phase.LATE_ARTERIAL: ("LIVER ART 35s 5.0", "Late arterial", "A-phase 5mm", "HAP", "동맥기"),
    Phase.PORTAL_VENOUS: ("PORTAL VENOUS 70s 5.0", "PVP 5mm", "Portal phase", "Venous 70s", "문맥기"),
    Phase.DELAYED: ("DELAYED 3min 5.0", "Equilibrium", "Delay 180s", "지연기"),
}
_DOSE, _CARDIAC_OUTPUT = (0.75, 1.25), (0.85, 1.2)
#: Half of the patients have a tumor thrombus.
_THROMBI: tuple[Thrombus, ...] = ("tumor", "tumor", "bland", "none")
_BREATHING_MM = (1.0, 1.0, 3.5)


def random_spec(
    random: np.random.Generator, *, swapped: bool = False, early_share: float = 0.2
) -> PhantomSpec:
    """A small study with random timing, dose, circulation, breathing and thrombus.

    Parameters
    ----------
    random
        Source of everything that varies.
    swapped
        Exchange the descriptions of two contrast phases, as happens at the console.
    early_share
        How often the arterial scan comes too early.
    """
    early = random.random() < early_share
    scans = [_scan(random, _kind(scan.phase, early)) for scan in DYNAMIC_CT]
    if swapped:
        a, b = random.choice([1, 2, 3], size=2, replace=False)
        words = scans[a].description, scans[b].description
        scans[a], scans[b] = replace(scans[a], description=words[1]), replace(scans[b], description=words[0])
    long = float(random.uniform(30, 58))
    lesion = replace(PRIMARY, diameters_mm=(long, long * float(random.uniform(0.7, 0.95)), long * 0.85))
    return replace(
        PhantomSpec().small(),
        seed=int(random.integers(2**31)),
        scans=tuple(scans),
        noise_sd=float(random.uniform(8, 16)),
        dose=float(random.uniform(*_DOSE)),
        cardiac_output=float(random.uniform(*_CARDIAC_OUTPUT)),
        thrombus=_THROMBI[int(random.integers(len(_THROMBI)))],
        thrombosed_main_portal=bool(random.random() < 0.25),
        primary=lesion,
    )


def _kind(phase: Phase, early: bool) -> Phase:
    return Phase.EARLY_ARTERIAL if early and phase == Phase.LATE_ARTERIAL else phase


def _scan(random: np.random.Generator, phase: Phase) -> Scan:
    time_s = None if phase == Phase.UNENHANCED else float(random.uniform(*_WINDOWS_S[phase]))
    left, posterior, superior = (float(random.uniform(-reach, reach)) for reach in _BREATHING_MM)
    words = _WORDS[phase]
    return Scan(phase, time_s, words[int(random.integers(len(words)))], (left, posterior, superior))
