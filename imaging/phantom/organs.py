"""The organs of the abdomen, from back to front. They move with breathing."""

from __future__ import annotations

import numpy as np

from imaging.phantom.body import BELOW_DIAPHRAGM, CAVITY
from imaging.phantom.part import Part, parts
from imaging.phantom.shapes import Point, Shape, cone, ellipsoid, tube, union

_SPACE = Shape(lambda g: np.maximum(CAVITY.distance_mm(g), BELOW_DIAPHRAGM.distance_mm(g)))
#: Where the spine, its muscles and the retroperitoneal vessels leave no room for the liver.
_RETROPERITONEUM = union([ellipsoid((8, 66, 0), (44, 54, 600)), ellipsoid((12, 20, -70), (50, 50, 76))], 20)
_GALLBLADDER = ellipsoid((-50, -46, -36), (14, 19, 25), -15)
_RIGHT_KIDNEY_CENTER: Point = (-60, 46, -58)
_LEFT_KIDNEY_CENTER: Point = (64, 46, -48)


def _liver() -> Shape:
    lobes = union(
        [
            ellipsoid((-74, 4, 2), (84, 88, 82), 10),
            ellipsoid((-104, 14, -46), (34, 58, 46)),
            ellipsoid((-30, -46, 6), (44, 34, 46)),
            ellipsoid((20, -46, 30), (58, 28, 32), -14),
            ellipsoid((60, -52, 38), (34, 17, 20), -10),
        ],
        blend_mm=16,
    )
    kidney = ellipsoid(_RIGHT_KIDNEY_CENTER, (32, 36, 62))
    spared = union([_RETROPERITONEUM, kidney, _GALLBLADDER.grown(2)], blend_mm=8)
    main = (lobes & _SPACE.grown(-1.5)).without(spared)
    caudate = ellipsoid((-12, 2, 26), (17, 17, 30), 20)
    return Shape(union([main, caudate], 8).distance_mm, ((-140, -90, -100), (100, 90, 80)))


def liver() -> tuple[Part, ...]:
    """Liver with the fissure of the round ligament and the fat of its hilum."""
    return (
        Part("liver", "liver", _liver(), texture="liver"),
        Part("fat", "fat", ellipsoid((4, -72, -8), (4.5, 24, 26), 12)),
        Part("fat", "fat", ellipsoid((-24, -16, -2), (17, 10, 12), -15)),
    )


def gallbladder() -> tuple[Part, ...]:
    """Gallbladder with its thin wall."""
    return (
        Part("gallbladder", "gallbladder_wall", _GALLBLADDER),
        Part("gallbladder", "bile", _GALLBLADDER.grown(-2)),
    )


def spleen() -> tuple[Part, ...]:
    """Spleen along the left posterior wall."""
    outer = ellipsoid((104, 34, 16), (44, 58, 58), 20)
    hilum = ellipsoid((70, 6, 8), (25, 48, 74), 24)
    shape = (outer & _SPACE.grown(-2.0)).without(hilum)
    return (Part("spleen", "spleen", Shape(shape.distance_mm, outer.box), texture="spleen"),)


def _kidney(center: Point, side: int) -> tuple[Part, ...]:
    left, posterior, superior = center
    outer = ellipsoid(center, (26, 30, 54), 18 * side)
    sinus = ellipsoid((left - side * 17, posterior - 9, superior), (19, 11, 27), 25 * side)
    pelvis = ellipsoid((left - side * 17, posterior - 8, superior - 2), (13, 5, 14), 25 * side)
    pyramids = []
    for height in (-34.0, -20.0, -6.0, 8.0, 22.0, 36.0):
        reach = float(np.sqrt(1 - (height / 54) ** 2))
        for angle in (-100.0, -50.0, 0.0, 50.0, 100.0):
            turned = np.radians(angle + 0.4 * height)
            across, along = side * np.cos(turned), np.sin(turned)
            tip = (left + 6 * across, posterior + 9 * along, superior + 0.75 * height)
            base = (left + 15.5 * reach * across, posterior + 19 * reach * along, superior + height)
            pyramids.append(cone(tip, base, 2.5, 6.2 * reach))
    return (
        Part("kidneys", "kidney_cortex", outer),
        *parts("kidneys", "kidney_medulla", pyramids),
        Part("renal_sinus", "fat", Shape((sinus & outer.grown(3)).distance_mm, sinus.box)),
        Part("renal_pelvis", "kidney_pelvis", pelvis),
    )


def kidneys() -> tuple[Part, ...]:
    """Both kidneys and adrenals."""
    adrenals = [
        *tube([(34, 40, -4, 2.4), (36, 34, 4, 2.8), (44, 44, 2, 1.8)]),
        *tube([(36, 34, 4, 2.6), (30, 44, 2, 1.8)]),
        *tube([(-28, 40, 8, 2.2), (-36, 54, 10, 1.8)]),
    ]
    return (
        *_kidney(_RIGHT_KIDNEY_CENTER, -1),
        *_kidney(_LEFT_KIDNEY_CENTER, 1),
        *parts("adrenals", "adrenal", adrenals),
    )


def pancreas() -> tuple[Part, ...]:
    """Head beside the superior mesenteric vein, body over it, tail toward the spleen."""
    gland = tube(
        [
            (-20, 0, -42, 11),
            (-16, -2, -28, 11),
            (-2, -12, -16, 8),
            (22, -10, -8, 8.5),
            (48, 2, -2, 8.5),
            (78, 22, 6, 7),
        ],
        pieces=4,
    )
    return parts("pancreas", "pancreas", gland)


def _above(level_posterior_mm: float, box_of: Shape) -> Shape:
    """The part of a hollow organ in front of the fluid level (the patient lies on the back)."""
    return Shape(lambda g: np.maximum(box_of.distance_mm(g), g.posterior - level_posterior_mm), box_of.box)


def stomach() -> tuple[Part, ...]:
    """Fundus under the left dome, body, antrum across the midline; fluid below gas."""
    course: list[tuple[float, float, float, float]] = [
        (60, 12, 48, 29),
        (62, -2, 32, 31),
        (60, -24, 10, 27),
        (46, -44, -16, 22),
        (16, -52, -34, 17),
        (-14, -46, -36, 13),
    ]
    wall = union(tube(course, pieces=2), blend_mm=3).kept()
    inside = wall.grown(-4.5)
    return (
        Part("stomach", "gut_wall", wall),
        Part("stomach", "gut_fluid", inside),
        Part("stomach", "gas", _above(-22, inside)),
    )


def bowel() -> tuple[Part, ...]:
    """Duodenum, colon with gas and stool, and loops of small bowel."""
    found: list[Part] = []
    duodenum = [(-16, -44, -38, 11.0), (-36, -30, -40, 12.0), (-38, -8, -52, 12.0), (-30, 2, -90, 12.0)]
    loops: list[Point] = [
        (70, -8, -60), (44, -26, -64), (84, -36, -56), (26, -54, -80), (58, -60, -74), (10, -32, -92),
        (92, -6, -82), (66, -34, -76), (36, -4, -74), (94, -44, -88), (40, -40, -44), (74, -20, -40),
        (22, -22, -70), (56, 6, -92), (-16, -58, -92), (34, -64, -62),
    ]  # fmt: skip
    for shape in (
        union(tube(duodenum, pieces=2), 2),
        *(ellipsoid(middle, (17, 12.5, 15), 30 + 3 * middle[0]) for middle in loops),
    ):
        found += [Part("bowel", "gut_wall", shape), Part("bowel", "gut_content", shape.grown(-2.8))]
    flexures = [
        [(-112, -28, -100, 20.0), (-96, -46, -78, 20.0), (-64, -64, -72, 17.0), (0, -70, -84, 16.0)],
        [
            (70, -64, -50, 15.0),
            (100, -46, -30, 17.0),
            (116, -16, -24, 17.0),
            (118, 10, -60, 16.0),
            (116, 16, -110, 15.0),
        ],
    ]
    for course in flexures:
        colon = union(tube(course, pieces=2), 3).kept()
        inside = colon.grown(-2.5)
        found += [
            Part("bowel", "gut_wall", colon),
            Part("bowel", "gut_content", inside, texture="stool"),
            Part("bowel", "gas", _above(course[1][1] - 4, inside)),
        ]
    return tuple(found)
