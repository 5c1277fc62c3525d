"""How bright each tissue is, seconds after the injection began.

A tissue is described by its unenhanced value and its values in the three reference phases; in between
the gain follows a monotone cubic through knots, whose rise before the late arterial phase depends on
how blood reaches the tissue. At the reference times the table holds exactly.

The values of liver, thrombi, patent portal vein and aorta are those of the project's digital reference
object; the others are typical of a 120 kVp examination.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.interpolate import PchipInterpolator

#: Seconds after the start of injection at which the table's columns hold. [s]
LATE_ARTERIAL_S, PORTAL_VENOUS_S, DELAYED_S, HEPATOBILIARY_S = 35.0, 70.0, 180.0, 1200.0

Supply = Literal["artery", "tissue", "portal", "vein"]

#: Share of the late arterial gain that is reached at these seconds, by the way blood arrives.
_RISE_S = (0.0, 8.0, 14.0, 20.0, 28.0)
_RISE: Mapping[Supply, tuple[float, ...]] = {
    "artery": (0.0, 0.0, 0.22, 0.82, 1.06),
    "tissue": (0.0, 0.0, 0.06, 0.30, 0.72),
    "portal": (0.0, 0.0, 0.0, 0.05, 0.40),
    "vein": (0.0, 0.0, 0.0, 0.0, 0.30),
}
#: Share of the delayed gain that is left later, where the table says nothing. [s], fraction
_DECAY_S, _DECAY = (300.0, 600.0, 1200.0), (0.78, 0.55, 0.35)


@dataclass(frozen=True, slots=True)
class Tissue:
    """Brightness of one tissue: HU on CT, arbitrary units on MR.

    Attributes
    ----------
    unenhanced, arterial, portal, delayed : float
        Values before injection and 35, 70 and 180 s after its start.
    supply : how blood arrives.
    hepatobiliary : float or None
        Value 20 min after a hepatobiliary agent.
    """

    unenhanced: float
    arterial: float
    portal: float
    delayed: float
    supply: Supply = "tissue"
    hepatobiliary: float | None = None

    def value(self, time_s: float | None, dose: float = 1.0, cardiac_output: float = 1.0) -> float:
        """Brightness ``time_s`` after the start of injection; None: no contrast was given.

        ``dose`` scales the gain, ``cardiac_output`` the speed at which contrast arrives and leaves
        (both relative to the reference patient).
        """
        if time_s is None or time_s <= 0:
            return self.unenhanced
        times, gains = self._knots()
        at = min(time_s * cardiac_output, times[-1])
        return float(self.unenhanced + dose * PchipInterpolator(times, gains)(at))

    def _knots(self) -> tuple[tuple[float, ...], list[float]]:
        arterial, portal, delayed = (x - self.unenhanced for x in (self.arterial, self.portal, self.delayed))
        late = [delayed * share for share in _DECAY]
        if self.hepatobiliary is not None:
            end = self.hepatobiliary - self.unenhanced
            late = [delayed + (end - delayed) * share for share in (0.3, 0.7, 1.0)]
        gains = [arterial * share for share in _RISE[self.supply]]
        times = (*_RISE_S, LATE_ARTERIAL_S, PORTAL_VENOUS_S, DELAYED_S, *_DECAY_S)
        return times, [*gains, arterial, portal, delayed, *late]


def _same(value: float) -> Tissue:
    return Tissue(value, value, value, value)


#: Hounsfield units by tissue. [HU]
CT: Mapping[str, Tissue] = {
    "air": _same(-1000),
    "table": _same(-420),
    "lung": _same(-850),
    "fat": _same(-102),
    "skin": _same(20),
    "muscle": Tissue(52, 58, 66, 64),
    "cortical_bone": _same(560),
    "spongy_bone": Tissue(165, 172, 180, 178),
    "cartilage": _same(105),
    "disc": _same(82),
    "spinal_canal": _same(28),
    "heart": Tissue(42, 215, 155, 118, "artery"),
    "liver": Tissue(60, 75, 110, 100, "portal"),
    "spleen": Tissue(48, 122, 126, 102),
    "pancreas": Tissue(40, 104, 92, 78),
    "adrenal": Tissue(22, 66, 72, 58),
    "kidney_cortex": Tissue(34, 172, 184, 152),
    "kidney_medulla": Tissue(32, 72, 172, 164),
    "kidney_pelvis": Tissue(6, 7, 24, 290, "vein"),
    "gut_wall": Tissue(40, 74, 86, 78),
    "gut_fluid": _same(14),
    "gut_content": _same(42),
    "gas": _same(-940),
    "bile": _same(10),
    "gallbladder_wall": Tissue(38, 56, 78, 80),
    "aorta": Tissue(42, 300, 170, 120, "artery"),
    "portal_vein": Tissue(40, 110, 160, 115, "portal"),
    "hepatic_vein": Tissue(42, 54, 146, 112, "vein"),
    "ivc": Tissue(42, 98, 138, 112, "vein"),
    "renal_vein": Tissue(42, 150, 150, 114),
    "hcc": Tissue(48, 114, 95, 82),
    "capsule": Tissue(50, 66, 124, 134, "portal"),
    "necrosis": Tissue(30, 31, 32, 33),
    "tumor_thrombus": Tissue(45, 95, 85, 80),
    "bland_thrombus": Tissue(40, 42, 43, 42),
    "lymph_node": Tissue(44, 72, 94, 88),
}

#: T1-weighted gradient echo with fat suppression and gadoxetate. [arbitrary units]
GADOXETATE_MR: Mapping[str, Tissue] = {
    "air": _same(6),
    "table": _same(6),
    "lung": _same(22),
    "fat": _same(95),
    "skin": _same(150),
    "muscle": Tissue(205, 212, 224, 226, hepatobiliary=214),
    "cortical_bone": _same(30),
    "spongy_bone": Tissue(120, 126, 136, 136, hepatobiliary=128),
    "cartilage": _same(120),
    "disc": _same(150),
    "spinal_canal": _same(110),
    "heart": Tissue(170, 560, 430, 340, "artery", 225),
    "liver": Tissue(280, 318, 455, 500, "portal", 660),
    "spleen": Tissue(190, 470, 430, 355, hepatobiliary=235),
    "pancreas": Tissue(300, 500, 450, 400, hepatobiliary=325),
    "adrenal": Tissue(200, 330, 330, 290, hepatobiliary=225),
    "kidney_cortex": Tissue(230, 560, 560, 520, hepatobiliary=380),
    "kidney_medulla": Tissue(180, 300, 520, 540, hepatobiliary=400),
    "kidney_pelvis": Tissue(90, 92, 140, 220, "vein", 420),
    "gut_wall": Tissue(190, 300, 330, 310, hepatobiliary=225),
    "gut_fluid": _same(70),
    "gut_content": _same(180),
    "gas": _same(8),
    "bile": Tissue(120, 120, 120, 122, hepatobiliary=760),
    "gallbladder_wall": Tissue(180, 240, 290, 290, hepatobiliary=215),
    "aorta": Tissue(170, 820, 510, 380, "artery", 235),
    "portal_vein": Tissue(170, 400, 500, 380, "portal", 235),
    "hepatic_vein": Tissue(170, 195, 470, 375, "vein", 235),
    "ivc": Tissue(170, 330, 440, 370, "vein", 235),
    "renal_vein": Tissue(170, 460, 470, 375, hepatobiliary=235),
    "hcc": Tissue(235, 440, 390, 330, hepatobiliary=262),
    "capsule": Tissue(240, 290, 470, 480, "portal", 290),
    "necrosis": Tissue(150, 152, 154, 156, hepatobiliary=156),
    "tumor_thrombus": Tissue(230, 390, 360, 315, hepatobiliary=255),
    "bland_thrombus": Tissue(240, 244, 246, 245, hepatobiliary=244),
    "lymph_node": Tissue(190, 280, 340, 325, hepatobiliary=225),
}
