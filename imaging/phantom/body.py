"""What does not move with breathing: wall, skeleton, lungs' space, aorta and the table under the back."""

from __future__ import annotations

import numpy as np

from imaging.phantom.part import Part, parts
from imaging.phantom.shapes import EVERYWHERE, Array, Box, Grid, Shape, cone, ellipsoid, trunk, tube, union

#: Layers of the wall, from outside inward.
SKIN = trunk((0, 7), (165, 116), 0.68)
SUBCUTANEOUS = trunk((0, 7), (163, 114), 0.68)
MUSCLE_WALL = trunk((0, 4), (150, 98), 0.68)
CAVITY = trunk((0, 1), (139, 88), 0.62)

#: Distance of two ribs along the spine, and how far a rib sinks on its way to the front.
_RIB_PITCH_MM, _RIB_SLOPE, _RIB_RADIUS_MM = 27.0, 0.55, 5.2
#: Height of one vertebra with its disc. [mm]
_VERTEBRA_MM, _DISC_HALF_MM = 32.0, 3.2
_VERTEBRAE = tuple(float(z) for z in np.arange(-127.5, 129, _VERTEBRA_MM))


def _below_groove(shape: Shape) -> Shape:
    """The back has a groove over the spine."""

    def distance(g: Grid) -> Array:
        groove = 5 / (1 + (g.left / 13) ** 2) * (g.posterior > 60)
        return np.asarray(shape.distance_mm(g) + groove)

    return Shape(distance)


def _ribs() -> Shape:
    middle = trunk((0, 2), (145, 93), 0.65)

    def distance(g: Grid) -> Array:
        height = g.superior + _RIB_SLOPE * (85 - g.posterior)
        off = height - _RIB_PITCH_MM * np.round(height / _RIB_PITCH_MM)
        across = middle.distance_mm(g)
        round_bar = np.sqrt(across * across + (0.8 * off) ** 2) - _RIB_RADIUS_MM
        costal_arch = (-70 + 1.4 * np.maximum(0, -g.posterior)) - g.superior
        beside_spine = np.where(g.posterior > 0, 30 - np.abs(g.left), -1e3)
        return np.asarray(np.maximum(np.maximum(round_bar, costal_arch), beside_spine))

    return Shape(distance)


def _cartilage_zone() -> Shape:
    return Shape(lambda g: np.asarray(g.posterior + 52 + 0 * g.left + 0 * g.superior))


def _slab(center_mm: float, half_mm: float) -> Shape:
    return Shape(lambda g: np.asarray(np.abs(g.superior - center_mm) - half_mm))


def _column(center: tuple[float, float], half_widths: tuple[float, float], squareness: float) -> Shape:
    """An upright cylinder of the spine, in its box."""
    box = (
        (center[0] - half_widths[0], center[1] - half_widths[1], EVERYWHERE[0][2]),
        (center[0] + half_widths[0], center[1] + half_widths[1], EVERYWHERE[1][2]),
    )
    straight = trunk(center, half_widths, squareness)
    return Shape(lambda g: straight.distance_mm(Grid(g.left, g.posterior, 0 * g.superior)), box)


def _spine() -> tuple[Part, ...]:
    body, canal = _column((0, 58), (23, 17), 0.45), _column((0, 82), (9.5, 8), 0.3)
    still = False
    found = [
        Part("disc", "disc", body.grown(-0.5), still),
        Part("spine", "cortical_bone", _column((0, 83), (14.5, 12.5), 0.4), still),
    ]
    for z in _VERTEBRAE:
        height = _slab(z, _VERTEBRA_MM / 2 - _DISC_HALF_MM)
        found.append(Part("spine", "cortical_bone", body & height, still))
        found.append(
            Part(
                "spine",
                "spongy_bone",
                body.grown(-2.2) & _slab(z, _VERTEBRA_MM / 2 - _DISC_HALF_MM + 0.8),
                still,
            )
        )
        found += _processes(z)
    found.append(Part("spinal_canal", "spinal_canal", canal, still))
    return tuple(found)


def _processes(z: float) -> list[Part]:
    """Transverse, spinous and articular processes of the vertebra at height ``z``."""
    bars = []
    for side in (-1, 1):
        bars.append(cone((side * 13, 84, z + 3), (side * 33, 92, z + 4), 5.2, 4.2))
        bars.append(cone((side * 14, 88, z - 12), (side * 15, 90, z + 14), 5.5, 5.0))
    bars.append(cone((0, 93, z - 2), (0, 107, z - 9), 4.2, 4.8))
    found = list(parts("spine", "cortical_bone", bars, moves=False))
    return found + list(parts("spine", "spongy_bone", (bar.grown(-2.0) for bar in bars), moves=False))


def _muscles() -> tuple[Part, ...]:
    found: list[Part] = []
    for side in (-1, 1):
        back = ellipsoid((side * 32, 96, 0), (27, 15.5, 400), 8 * side)
        psoas = cone((side * 26, 66, 10), (side * 44, 62, -130), 5, 24)
        crus = tube([(side * 13, 40, 70, 4.5), (side * 15, 45, 20, 5), (side * 13, 50, -45, 3.5)])
        found += parts("muscle", "muscle", (back, psoas, *crus), moves=False)
    return tuple(found)


def wall() -> tuple[Part, ...]:
    """Skin, fat, muscles and ribs around the cavity, whose fat is drawn last."""
    ribs = _ribs().kept()
    return (
        Part("table", "table", _table(), False),
        Part("skin", "skin", _below_groove(SKIN), False),
        Part("subcutaneous_fat", "fat", _below_groove(SUBCUTANEOUS), False),
        Part("muscle", "muscle", _below_groove(MUSCLE_WALL), False),
        Part("fat", "fat", CAVITY, False),
        Part("ribs", "cortical_bone", ribs, False),
        Part("ribs", "spongy_bone", ribs.grown(-2.2), False),
        Part("ribs", "cartilage", ribs & _cartilage_zone(), False),
    )


def _table() -> Shape:
    """The curved top of the examination table."""

    def distance(g: Grid) -> Array:
        below = np.sqrt(g.left * g.left + (g.posterior + 250) ** 2) - 373.5
        return np.asarray(np.maximum(np.abs(below) - 1.6, 84 - g.posterior) + 0 * g.superior)

    return Shape(distance)


#: The lungs end above this height. [mm]
_CHEST: Box = ((-150, -100, -30), (150, 100, EVERYWHERE[1][2]))

#: The space below the diaphragm; the lungs fill the rest of the chest.
BELOW_DIAPHRAGM = union(
    [
        ellipsoid((-63, -2, -80), (114, 108, 157)),
        ellipsoid((63, 6, -80), (108, 104, 148)),
        ellipsoid((0, -30, -80), (70, 75, 136)),
        Shape(lambda g: np.asarray(g.superior + 28 + 0 * g.left + 0 * g.posterior)),
    ],
    blend_mm=18,
).kept()
MEDIASTINUM = union(
    [ellipsoid((4, 50, 0), (27, 30, 400)), ellipsoid((14, -34, 108), (60, 48, 56))], blend_mm=20
)


def chest() -> tuple[Part, ...]:
    """Lungs and heart; they are drawn before the organs of the abdomen cover them."""
    lungs = CAVITY.grown(-1.5).without(BELOW_DIAPHRAGM).without(MEDIASTINUM)
    muscle = (BELOW_DIAPHRAGM.grown(0.9) & CAVITY).without(BELOW_DIAPHRAGM.grown(-1.2))
    heart = ellipsoid((16, -34, 108), (54, 42, 50), 20)
    return (
        Part("lung", "lung", lungs.within(_CHEST), texture="lung"),
        Part("diaphragm", "muscle", muscle.within(_CHEST)),
        Part("fat", "fat", (MEDIASTINUM & CAVITY & _slab(90, 70)).within(_CHEST)),
        Part("heart", "muscle", heart),
        Part("heart", "heart", heart.grown(-8)),
    )


def spine_and_muscles() -> tuple[Part, ...]:
    """Drawn over the lungs."""
    return (*_muscles(), *_spine())


def aorta() -> tuple[Part, ...]:
    """Aorta with esophagus beside it."""
    course = tube(
        [(17, 42, 130, 11.5), (14, 38, 60, 11.5), (9, 31, 0, 10.5), (6, 30, -60, 9.5), (5, 31, -130, 9)]
    )
    esophagus = tube([(10, 22, 130, 7), (14, 20, 70, 7), (24, 8, 48, 8)])
    lumen = tube([(10, 22, 130, 2.5), (14, 20, 70, 2.5)])
    return (
        *parts("esophagus", "gut_wall", esophagus),
        *parts("esophagus", "gut_content", lumen),
        *parts("aorta", "aorta", course, moves=False),
    )
