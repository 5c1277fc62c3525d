"""What a pass measures at the landmarks: plain numbers, in Hounsfield units."""

from __future__ import annotations

from dataclasses import dataclass

#: Blood without contrast is darker than this (D.3). [HU]
UNENHANCED_BLOOD_HU = 70.0


@dataclass(frozen=True, slots=True)
class PassNumbers:
    """What one pass measures; None where the landmark was not found. [HU]

    Attributes
    ----------
    aorta, liver, spleen, portal : float or None
        Medians of aorta, liver, spleen, and the veins of the portal system outside of the liver.
    mottling : float or None
        Robust SD of the smoothed spleen, which is streaked in the first minute only.
    mottled : bool
        Whether that is much compared with the other passes of the study.
    cortex_minus_medulla : float or None
        Outer minus inner part of the kidneys.
    urine_above_kidney : float or None
        Brightest piece inside of the kidneys' outline minus the kidneys: urine after two minutes or more.
    """

    aorta: float | None = None
    liver: float | None = None
    spleen: float | None = None
    portal: float | None = None
    mottling: float | None = None
    mottled: bool = False
    cortex_minus_medulla: float | None = None
    urine_above_kidney: float | None = None

    def words(self) -> str:
        """The numbers as they are printed."""
        named = (
            ("aorta", self.aorta),
            ("portal system", self.portal),
            ("liver", self.liver),
            ("spleen", self.spleen),
        )
        parts = [f"{name} {round(value)} HU" for name, value in named if value is not None]
        if self.mottling is not None:
            parts.append(f"spleen SD {round(self.mottling)} HU")
        if self.cortex_minus_medulla is not None:
            parts.append(f"kidney cortex - medulla {round(self.cortex_minus_medulla)} HU")
        if self.urine_above_kidney is not None:
            parts.append(f"brightest in kidney {round(self.urine_above_kidney):+d} HU")
        return ", ".join(parts) or "no landmark found"
