"""What supports a verdict on a filling defect and decides nothing, as one table of the report."""

from __future__ import annotations

from collections.abc import Mapping

from imaging.findings.features import (
    AVENA_MINIMUM,
    EXPANDED_VEIN_MM,
    INTRALUMINAL_SHARE,
    Avena,
    SupportingFeatures,
)
from imaging.findings.printed_numbers import EPSILON_MM, shown
from workup.assessment import DefectAssessment
from workup.report.content import Cell, Table, Tone, text

#: The five features of A-VENA in words, in the order of its letters.
AVENA_WORDS = {
    "afp_above_1000": "AFP above 1000 ng/mL",
    "venous_expansion": "venous expansion",
    "thrombus_enhancement": "thrombus enhancement",
    "neovascularity": "neovascularity",
    "adjacent_to_tumor": "adjacent to the tumor",
}


def features_table(defect: DefectAssessment, w: Mapping[str, str]) -> Table:
    """Vein, intraluminal share, A-VENA and, where it was asked for, stability of one defect."""
    found = defect.features
    rows = [
        (text("vein diameter [mm]"), _width(found.vein_diameter_mm), text(found.vein.message)),
        (
            text("inside of the outlined vein [%]"),
            _share(found.intraluminal_share),
            text(found.intraluminal.message),
        ),
        (text("A-VENA"), text(found.avena.finding.value), text(avena_words(found.avena))),
    ]
    if defect.stability is not None:
        for question, one in (
            ("enhancement", defect.stability.enhancement),
            ("washout", defect.stability.washout),
        ):
            stable = text(f"{one.stable} of {one.cases}", Tone.OPEN if one.flips else Tone.PLAIN)
            rows.append((text(f"stability of {question}"), stable, text(one.sentence)))
    return Table(f"features {defect.region.id}", w["features"], ("", w["number"], w["why"]), tuple(rows))


def _width(width_mm: float | None) -> Cell:
    if width_mm is None:
        return text("unknown", Tone.OPEN)
    return Cell(shown(width_mm, EXPANDED_VEIN_MM, epsilon=EPSILON_MM), number=float(width_mm))


def _share(share: float | None) -> Cell:
    if share is None:
        return text("unknown", Tone.OPEN)
    return Cell(shown(100 * share, 100 * INTRALUMINAL_SHARE, decimals=0), number=100 * share)


def avena_words(avena: Avena) -> str:
    """The count, then each feature with what is known of it."""
    shown = {True: "yes", False: "no", None: "unknown"}
    each = ", ".join(f"{words} {shown[getattr(avena, name)]}" for name, words in AVENA_WORDS.items())
    return f"{avena.reason.message}: {each}"


def features_json(found: SupportingFeatures) -> dict[str, object]:
    """The same for machines; null is unknown."""
    return {
        "vein_diameter_mm": found.vein_diameter_mm,
        "intraluminal_share": found.intraluminal_share,
        "avena": {
            "finding": found.avena.finding.value,
            "malignant_from": AVENA_MINIMUM,
            **{name: getattr(found.avena, name) for name in AVENA_WORDS},
        },
        "reasons": [
            {"code": r.code, "message": r.message}
            for r in (found.vein, found.intraluminal, found.avena.reason)
        ],
        "decides": False,
    }
