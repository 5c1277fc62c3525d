"""Which organ a lesion counts for: at most two targets may come from one.

Paired organs are one organ, all lymph nodes together are one organ, and the liver is one organ
whatever the segment (EORTC clarifications of RECIST 1.1, "paired organs").
"""

from __future__ import annotations

import re

from recist.lesion import LesionKind

LYMPH_NODES = "lymph nodes"
NOT_RECORDED = "organ not recorded"

#: First word found in the text decides; the longer words stand first.
_ORGAN_WORDS = (
    ("lymph node", LYMPH_NODES),
    ("lymphnode", LYMPH_NODES),
    ("nodal", LYMPH_NODES),
    ("adrenal", "adrenal"),
    ("suprarenal", "adrenal"),
    ("hepatic", "liver"),
    ("liver", "liver"),
    ("lung", "lung"),
    ("pulmonary", "lung"),
    ("pleura", "pleura"),
    ("kidney", "kidney"),
    ("renal", "kidney"),
    ("ovar", "ovary"),
    ("breast", "breast"),
    ("periton", "peritoneum"),
    ("bone", "bone"),
    ("skelet", "bone"),
    ("vertebra", "bone"),
    ("muscle", "muscle"),
    ("skin", "skin"),
    ("spleen", "spleen"),
    ("pancrea", "pancreas"),
    ("brain", "brain"),
)


def organ_of(text: str | None, kind: LesionKind | None = None) -> str:
    """The organ that limits the number of targets.

    >>> organ_of("Left lung"), organ_of("liver S8"), organ_of("porta hepatis", LesionKind.NODE)
    ('lung', 'liver', 'lymph nodes')
    >>> organ_of("Thyroid, right"), organ_of(None)
    ('thyroid', 'organ not recorded')
    """
    if kind is LesionKind.NODE:
        return LYMPH_NODES
    words = " ".join((text or "").lower().replace("_", " ").split())
    if not words:
        return NOT_RECORDED
    for word, organ in _ORGAN_WORDS:
        if re.search(rf"\b{word}", words):
            return organ
    return re.sub(r"\b(left|right|bilateral|both)\b", " ", words).strip(" ,;") or words


def at_porta_hepatis(text: str | None) -> bool:
    """Whether a node lies where cirrhosis alone enlarges nodes (rule H3)."""
    words = (text or "").lower()
    return any(place in words for place in ("porta hepatis", "periportal", "portahepatis", "hilar liver"))
