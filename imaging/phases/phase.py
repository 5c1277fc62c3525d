"""What an acquisition is for, which contrast phase it shows, and the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What an acquisition is for."""

    IMAGE = "image"
    REFORMAT = "reformat"
    DERIVED = "derived"
    LOCALIZER = "localizer"
    BOLUS_TRACKING = "bolus_tracking"
    OTHER_SEQUENCE = "other_sequence"


class Phase(StrEnum):
    """Contrast phase of a dynamic liver image."""

    UNENHANCED = "unenhanced"
    EARLY_ARTERIAL = "early_arterial"
    LATE_ARTERIAL = "late_arterial"
    ARTERIAL = "arterial"  # not told early from late
    PORTAL_VENOUS = "portal_venous"
    DELAYED = "delayed"
    TRANSITIONAL = "transitional"
    HEPATOBILIARY = "hepatobiliary"
    CONTRAST_UNSPECIFIED = "contrast_unspecified"
    MULTIPLE = "multiple"
    UNDETERMINED = "undetermined"


#: Phases that name one moment after injection (or before it).
DEFINITE = frozenset(Phase) - {Phase.CONTRAST_UNSPECIFIED, Phase.MULTIPLE, Phase.UNDETERMINED}

Source = Literal["reader", "agent_phase", "timing", "trigger", "text", "order", "image"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a phase."""

    source: Source
    value: str  # what was read or measured, as recorded
    says: Phase


@dataclass(frozen=True, slots=True)
class PhaseDecision:
    """The role and phase of one acquisition, and how we know.

    Attributes
    ----------
    confidence : float
        0 (nothing is known) to 1 (the reader said so).
    conflicts : tuple of str
        One sentence for each disagreement; with any, the phase is ``undetermined`` until the
        reader decides.
    """

    role: Role
    phase: Phase
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    conflicts: tuple[str, ...] = ()
