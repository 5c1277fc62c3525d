"""Veins and arteries of the upper abdomen; radii in the last column. [mm]"""

from __future__ import annotations

from imaging.phantom.part import Part, parts
from imaging.phantom.shapes import Shape, tube, union

Course = list[tuple[float, float, float, float]]

#: Portal vein: trunk from the confluence to the bifurcation, then its branches.
MAIN_PORTAL: Course = [(-6, 2, -24, 7.5), (-16, 0, -13, 7.5), (-30, -3, -3, 8), (-44, -6, 6, 8.5)]
RIGHT_PORTAL: Course = [(-44, -6, 6, 8.5), (-60, -5, 9, 8.5), (-78, -2, 12, 8)]
LEFT_PORTAL: Course = [
    (-44, -6, 6, 7),
    (-28, -22, 14, 6.5),
    (-8, -34, 20, 6),
    (2, -48, 21, 5.5),
    (3, -60, 18, 4.5),
]
_PORTAL_BRANCHES: tuple[Course, ...] = (
    [(-66, -5, 10, 5.5), (-76, -30, 16, 5), (-84, -52, 24, 3.8), (-90, -66, 34, 2.5)],
    [(-72, -3, 11, 5.5), (-84, 26, 8, 4.8), (-98, 46, 2, 3.4), (-108, 56, -6, 2.2)],
    [(-78, 14, 9, 4), (-90, 34, -22, 3.5), (-100, 36, -48, 2.5), (-106, 36, -62, 1.8)],
    [(-76, -32, 17, 3.5), (-86, -34, -14, 3), (-92, -30, -40, 2)],
    [(-78, -2, 12, 3.5), (-84, 10, 34, 3.4), (-92, 20, 54, 2)],
    [(3, -52, 20, 4), (24, -50, 28, 3.4), (46, -50, 34, 2.4), (64, -54, 38, 1.6)],
    [(3, -58, 18, 3.5), (20, -62, 14, 2.8), (36, -60, 12, 1.8)],
    [(2, -56, 19, 3.2), (-14, -62, 14, 2.8), (-28, -64, 6, 2)],
)
_SPLENIC: Course = [(-6, 2, -24, 6), (16, 8, -13, 5.5), (44, 16, -5, 5), (72, 28, 4, 4.5), (84, 32, 8, 3.5)]
_MESENTERIC: Course = [(-6, 2, -24, 7), (-8, -3, -45, 6.5), (-7, -8, -75, 6), (-5, -12, -130, 5.5)]

_HEPATIC_VEINS: tuple[Course, ...] = (
    [(-27, 10, 56, 6), (-48, 16, 50, 5.8), (-76, 26, 38, 5), (-100, 34, 18, 3.8), (-114, 30, -8, 2.2)],
    [(-25, 4, 57, 6), (-36, -14, 50, 5.5), (-46, -36, 36, 4.6), (-54, -52, 14, 3.6), (-60, -58, -14, 2)],
    [(-21, 4, 57, 6), (-8, -14, 54, 5.2), (14, -30, 47, 4.2), (36, -40, 40, 3), (54, -46, 36, 1.8)],
    [(-80, 28, 36, 3.6), (-96, 12, 44, 3), (-112, 4, 44, 2)],
    [(-40, -24, 44, 3.6), (-60, -32, 46, 3), (-80, -38, 48, 2)],
    [(8, -26, 49, 3), (4, -46, 44, 2.6), (-4, -60, 36, 1.8)],
)
_IVC: Course = [
    (-22, 24, -130, 12),
    (-23, 26, -60, 12.5),
    (-26, 24, 0, 13),
    (-28, 18, 36, 13),
    (-24, 9, 60, 14),
    (-14, -8, 84, 16),
]
_ARTERIES: tuple[Course, ...] = (
    [
        (9, 26, 2, 4.5),
        (8, 12, 3, 4),
        (0, 4, 4, 3.2),
        (-14, -6, -4, 2.8),
        (-28, -14, -1, 2.6),
        (-38, -17, 6, 2.2),
    ],
    [(8, 12, 3, 3.6), (24, 4, 6, 3), (46, 12, 4, 2.8), (70, 24, 8, 2.5), (82, 28, 12, 2)],
    [(7, 24, -14, 4.5), (6, 8, -24, 4), (6, -4, -48, 3.8), (5, -12, -130, 3.4)],
    [(10, 28, -34, 3.4), (26, 38, -38, 3), (44, 42, -44, 2.6)],
    [(3, 28, -36, 3.4), (-16, 42, -42, 3), (-40, 42, -52, 2.6)],
)
_RENAL_VEINS: tuple[Course, ...] = (
    [(46, 36, -46, 4), (26, 22, -38, 4.5), (6, 16, -36, 4.5), (-16, 22, -38, 5)],
    [(-42, 36, -56, 4), (-32, 30, -50, 5)],
)


def _all(courses: tuple[Course, ...]) -> list[Shape]:
    return [piece for course in courses for piece in tube(course)]


def veins() -> tuple[Part, ...]:
    """IVC, renal and hepatic veins, then the portal vein with its branches and roots."""
    portal = (MAIN_PORTAL, LEFT_PORTAL, RIGHT_PORTAL, *_PORTAL_BRANCHES)
    return (
        *parts("renal_veins", "renal_vein", _all(_RENAL_VEINS)),
        *parts("ivc", "ivc", tube(_IVC)),
        *parts("hepatic_veins", "hepatic_vein", _all(_HEPATIC_VEINS)),
        *parts("splenic_vein", "portal_vein", tube(_SPLENIC)),
        *parts("superior_mesenteric_vein", "portal_vein", tube(_MESENTERIC)),
        *parts("portal_vein", "portal_vein", _all(portal)),
    )


def arteries() -> tuple[Part, ...]:
    """Celiac, hepatic, splenic, superior mesenteric and renal arteries."""
    return parts("arteries", "aorta", _all(_ARTERIES))


def thrombus(kind: str, whole_trunk: bool) -> tuple[Part, ...]:
    """Clot from the right portal vein into the main trunk.

    It fills and widens the right branch and its sectoral roots wholly, and reaches into the trunk
    along its upper wall (or fills it down to the confluence).
    """
    right: Course = [(x, y, z, r + 1.5) for x, y, z, r in RIGHT_PORTAL]
    sectoral = [course[:3] for course in _PORTAL_BRANCHES[:3]]
    if whole_trunk:
        trunk: Course = [(x, y, z, r + 1.2) for x, y, z, r in MAIN_PORTAL]
    else:
        trunk = [(-27, -3.5, -1.5, 4), (-35, -5, 2.5, 6), (-46, -6, 7, 10)]
    shapes = _all((trunk, right, *sectoral))
    return parts("thrombus", f"{kind}_thrombus", [union([s]) for s in shapes])
