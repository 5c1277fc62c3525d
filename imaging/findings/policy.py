"""The thresholds of enhancement and washout, where each comes from, and the readings one may choose.

Nobody has validated a Hounsfield threshold for *arterial-phase enhancement of a thrombus*, nor the
washout cut-offs outside of nodules: they are conventions, and every report says so. What the
published presets disagree about is shown by ``imaging.findings.stability``.

References
----------
.. [1] Silverman SG et al. Bosniak classification of cystic renal masses, version 2019. Radiology
   2019;292:475-488 (20 HU enhances, 10-20 HU is equivocal).
.. [2] Liu YI et al. Quantitatively defining washout in hepatocellular carcinoma. AJR 2013;200:84-89
   (delayed phase CT, liver-to-lesion ratio >= 107 %).
.. [3] Kloeckner R et al. MRI-based quantification of washout. BMC Cancer 2016;16:758 (equilibrium
   and delayed phase MR, ratio 102 % and 101.5 %).
.. [4] Ascenti G et al. Dual-energy CT of portal vein thrombosis. Clin Radiol 2016;71:938.e1
   (0.9 mg iodine per mL, late arterial; about 22 HU at 120 kVp).
.. [5] Qian LJ et al. Differentiation of neoplastic from bland portal vein thrombi using dual-energy
   CT. Eur Radiol 2012;22:2178 (1.14 mg iodine per mL, portal venous; about 28 HU).
.. [6] Ho VB et al. Renal masses: quantitative assessment of enhancement with dynamic MR imaging.
   Radiology 2002;224:695-700 (15 %).
.. [7] Gawande R et al. Differentiating tumor and bland thrombus on MR. Eur J Radiol 2019;118:88
   (20 %).
.. [8] Chernyak V et al. LI-RADS version 2018. Radiology 2018;289:816-830 (washout is read by eye as
   darker than liver, and with gadoxetate in the portal venous phase only).
.. [9] KLCA-NCC Korea practice guidelines for hepatocellular carcinoma. Clin Mol Hepatol
   2022;28:583-705 (hepatobiliary agents: washout counts up to the hepatobiliary phase).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: A CT lesion at or below this value cannot carry a ratio to liver. [HU]
MINIMUM_LESION_HU = 20.0
#: Above this an unenhanced region holds Lipiodol, calcium or a coil, and enhancement is lost in it. [HU]
DENSE_UNENHANCED_HU = 100.0
#: The smallest region that published studies measured (Kloeckner 2016). [mm2]
MINIMUM_AREA_MM2 = 25.0
#: Fewer voxels say nothing about noise.
MINIMUM_VOXELS = 9
#: Recommended size of a region in a thrombus: at an SD of 12-14 HU a 25 mm2 region needs more than
#: 31 HU to be called enhancing. [mm2]
RECOMMENDED_AREA_MM2 = 100.0
#: Recommended size of the liver reference. [mm2]
RECOMMENDED_LIVER_AREA_MM2 = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnhancementPolicy:
    """One reading of "enhancement on arterial phase" and "washout on portal or delayed phase".

    Attributes
    ----------
    t_pos, t_neg : float
        At or above ``t_pos`` it enhances, at or below ``t_neg`` it does not. [HU on CT, % on MR]
    washout_ct, washout_mr : float
        Least ratio of liver to lesion in one phase (PAR on CT, PSR on MR) that is washout. [%]
    systematic_hu : float
        Uncertainty of placement, drift and partial volume between two regions. [HU]
    systematic_mr : float
        The same between two MR phases, relative.
    gadoxetate_washout : "LI-RADS" or "KLCA"
        Whether transitional-phase hypointensity after gadoxetate may count as washout.
    mr_proof : "control" or "headers"
        What proves that two MR series have one scale: a muscle region that stays the same beside
        equal headers, or equal headers alone. Phases of one series need equal headers only.
    """

    name: str = "default"
    source: str = "Silverman 2019 (20 / 10 HU); Gawande 2019 (20 %); Liu 2013 (107 %); Kloeckner 2016 (102 %)"
    t_pos: float = 20.0
    t_neg: float = 10.0
    washout_ct: float = 107.0
    washout_mr: float = 102.0
    systematic_hu: float = 3.0
    systematic_mr: float = 0.03
    gadoxetate_washout: Literal["LI-RADS", "KLCA"] = "LI-RADS"
    mr_proof: Literal["control", "headers"] = "control"


DEFAULT_POLICY = EnhancementPolicy()

#: Published alternatives on CT, for the stability of a verdict.
CT_PRESETS: tuple[EnhancementPolicy, ...] = (
    DEFAULT_POLICY,
    EnhancementPolicy(
        name="iodine 0.9 mg/mL",
        source="Ascenti 2016: 0.9 mg/mL is about 22 HU at 120 kVp",
        t_pos=22.0,
    ),
    EnhancementPolicy(
        name="iodine 1.14 mg/mL",
        source="Qian 2012: 1.14 mg/mL is about 28 HU at 120 kVp",
        t_pos=28.0,
    ),
    EnhancementPolicy(
        name="darker than liver",
        source="LI-RADS v2018: washout is read by eye as darker than liver (100 %)",
        washout_ct=100.0,
    ),
)

#: Published alternatives on MR.
MR_PRESETS: tuple[EnhancementPolicy, ...] = (
    DEFAULT_POLICY,
    EnhancementPolicy(name="15 %", source="Ho 2002, renal masses: 15 %", t_pos=15.0),
    EnhancementPolicy(name="PSR 101.5 %", source="Kloeckner 2016, delayed phase: 101.5 %", washout_mr=101.5),
    EnhancementPolicy(
        name="darker than liver",
        source="LI-RADS v2018: washout is read by eye as darker than liver (100 %)",
        washout_mr=100.0,
    ),
    EnhancementPolicy(
        name="KLCA-NCC", source="KLCA-NCC 2022: transitional phase counts", gadoxetate_washout="KLCA"
    ),
)
