"""Where an acquisition is drawn, and the napari layers that draw it.

napari slices along the axes of its world, so an oblique series cannot be drawn by an affine without
ending up in the wrong place. Therefore a *display frame* is chosen: three perpendicular directions in
the patient, those of a reference acquisition. An acquisition whose own axes run along the frame is
placed in it by scale and translation, exactly. One that does not is refused with its angle; it can be
read in its own frame instead. World coordinates of the viewer are millimeters along the frame's axes
and are only LPS when the frame happens to be axial; this module converts between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.errors import GeometryError
from imaging.geometry import VolumeGeometry
from imaging.regions.label_volume import LabelVolume
from imaging.regions.region import RegionRole
from imaging.volume import Acquisition, Study
from workup.reading_state import ReadState

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer, Shapes

#: A drawn voxel may lie this share of a pixel from its true place: less than the eye resolves.
IN_PLACE_TOLERANCE_PIXELS = 0.25
#: A direction this far off an axis is named by two letters, as scanners do. [degrees]
TWO_LETTERS_FROM_DEGREES = 10.0
#: Layers of one acquisition, always in this order: image, labels, marks. napari's grid counts on it.
GROUP_LENGTH = 3

#: Of the border of an outline.
OUTLINE_OPACITY = 0.75
#: Of what is written into the cells.
FONT_SIZE = 11

#: Colors by role; regions of the same role are told apart by lightness.
ROLE_COLORS: Mapping[RegionRole, str] = {
    RegionRole.FILLING_DEFECT: "#ff4f6d",
    RegionRole.PRIMARY_TUMOR: "#ffb000",
    RegionRole.TARGET_LESION: "#ffd75e",
    RegionRole.NON_TARGET_LESION: "#c9a26b",
    RegionRole.LYMPH_NODE: "#8fd14f",
    RegionRole.REFERENCE_LIVER: "#4fa3ff",
    RegionRole.AORTA: "#ff7f50",
    RegionRole.PORTAL_VEIN: "#9b8cff",
    RegionRole.HEPATIC_VEIN: "#5ad1c9",
    RegionRole.IVC: "#3fb6b0",
    RegionRole.SPLEEN: "#c57bd6",
    RegionRole.MUSCLE: "#a0a8b0",
}


@dataclass(frozen=True, eq=False)
class DisplayFrame:
    """Directions in the patient along which the screen runs.

    Attributes
    ----------
    axes : (3, 3) array
        Rows are unit vectors in LPS: through the slices, down the screen, to the right of the screen.
    """

    axes: NDArray[np.float64]

    @property
    def letters(self) -> dict[str, str]:
        """Anatomical letters of the four screen edges: left, right, top, bottom."""
        through, down, right = self.axes
        del through
        return {
            "right": anatomical_letters(right),
            "left": anatomical_letters(-right),
            "bottom": anatomical_letters(down),
            "top": anatomical_letters(-down),
        }

    @property
    def slice_letter(self) -> str:
        """Where rising slice positions lead."""
        return anatomical_letters(self.axes[0])

    def to_display(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Viewer coordinates (..., 3) of patient positions (..., 3). [mm]"""
        return np.asarray(lps_mm, dtype=np.float64) @ self.axes.T

    def to_patient(self, display_mm: ArrayLike) -> NDArray[np.float64]:
        """Patient positions (..., 3) of viewer coordinates (..., 3). [mm]"""
        return np.asarray(display_mm, dtype=np.float64) @ self.axes


@dataclass(frozen=True)
class Placement:
    """Scale and translation of a layer; a negative scale turns an axis around. [mm]"""

    scale: tuple[float, float, float]
    translate: tuple[float, float, float]


def anatomical_letters(direction: ArrayLike) -> str:
    """Letters of the patient's side a direction points to: one, or two where it is oblique.

    Examples
    --------
    >>> anatomical_letters([1, 0, 0]), anatomical_letters([0.1, -0.9, 0.42])
    ('L', 'AS')
    """
    unit = np.asarray(direction, dtype=np.float64)
    unit = unit / np.linalg.norm(unit)
    order = np.argsort(-np.abs(unit), kind="stable")
    limit = np.sin(np.radians(TWO_LETTERS_FROM_DEGREES))
    names = [("R", "L"), ("A", "P"), ("I", "S")]
    kept = [i for n, i in enumerate(order[:2]) if n == 0 or abs(unit[i]) > limit]
    return "".join(names[i][int(unit[i] > 0)] for i in kept)


def frame_of(geometry: VolumeGeometry) -> DisplayFrame:
    """The frame in which an acquisition is drawn straight, patient's right on the left of the screen.

    Axial slices rise toward the head; coronal and sagittal ones show the head on top.
    """
    columns = geometry.index_to_patient_mm[:3, :3]
    right, down = columns[:, 2] / np.linalg.norm(columns[:, 2]), columns[:, 1]
    down = down - right * float(down @ right)
    down = down / np.linalg.norm(down)
    right, down = _toward(right, (1.0, 1.0, -1.0)), _toward(down, (1.0, 1.0, -1.0))
    through = _toward(np.cross(right, down), (1.0, 1.0, 1.0))
    return DisplayFrame(np.stack([through, down, right]))


def _toward(direction: NDArray[np.float64], signs: Sequence[float]) -> NDArray[np.float64]:
    main = int(np.argmax(np.abs(direction)))
    return direction if direction[main] * signs[main] > 0 else -direction


def placement(geometry: VolumeGeometry, frame: DisplayFrame) -> Placement:
    """How a layer is placed so that every voxel lies where it is in the patient.

    Raises
    ------
    GeometryError
        ``NOT_IN_FRAME`` if some corner would be drawn more than a quarter of a pixel off.
    """
    columns = frame.axes @ geometry.index_to_patient_mm[:3, :3]
    scale = np.diag(columns).copy()
    translate = frame.to_display(geometry.index_to_patient_mm[:3, 3])
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    corners = corners * (np.array(geometry.shape) - 1)
    off = np.linalg.norm(frame.to_display(geometry.corners_mm) - (corners * scale + translate), axis=1).max()
    allowed = IN_PLACE_TOLERANCE_PIXELS * min(geometry.spacing_mm[1:])
    if not off <= allowed:
        own = frame_of(geometry).axes[0]
        angle = float(np.degrees(np.arccos(min(1.0, abs(float(own @ frame.axes[0]))))))
        raise GeometryError(
            "NOT_IN_FRAME",
            f"slices tilted by {angle:.1f} degrees would be drawn up to {off:.1f} mm off",
            expected=f"slices parallel to the others, within {allowed:.2f} mm at every corner",
            advice="Read it in its own frame (single view)",
            details={"degrees": round(angle, 3), "off_mm": round(float(off), 3)},
        )
    a, b, c = scale.tolist()
    d, e, f = translate.tolist()
    return Placement((a, b, c), (d, e, f))


@dataclass(frozen=True)
class Shown:
    """Acquisitions that share a frame, and why the others do not."""

    frame: DisplayFrame
    keys: tuple[str, ...]
    left_out: Mapping[str, str]


def shown_together(study: Study, wanted: Sequence[str], reference: str | None = None) -> Shown:
    """The acquisitions of ``wanted`` that can be drawn in one frame, in that order.

    The frame is that of ``reference``, else the one that most of them fit. Two acquisitions share a
    frame only if their FrameOfReferenceUID is the same (or neither has one).
    """
    best: Shown | None = None
    for key in [reference] if reference else wanted:
        candidate = _fitting(study, wanted, study[key])
        if best is None or len(candidate.keys) > len(best.keys):
            best = candidate
    if best is None:
        raise GeometryError("NOTHING_TO_SHOW", "no acquisition was chosen", expected="at least one")
    return best


def _fitting(study: Study, wanted: Sequence[str], reference: Acquisition) -> Shown:
    frame, keys, left_out = frame_of(reference.volume.geometry), [], {}
    for key in wanted:
        acquisition = study[key]
        if acquisition.header.frame_of_reference_uid != reference.header.frame_of_reference_uid:
            left_out[key] = "another frame of reference: positions do not compare"
            continue
        try:
            placement(acquisition.volume.geometry, frame)
        except GeometryError as error:
            left_out[key] = error.found
            continue
        keys.append(key)
    return Shown(frame, tuple(keys), left_out)


@dataclass(eq=False)
class PhaseGroup:
    """The layers of one acquisition: its image, its outlines, its caliper lines.

    Outlines and lines are made when they are first asked for: the image is seen sooner without them.
    """

    key: str
    image: Image
    _outlined: LabelVolume
    _common: Mapping[str, Any]

    @cached_property
    def labels(self) -> Labels:
        """Outlines of the regions; edits go straight into the reading's label volume."""
        from napari.layers import Labels

        name = f"outlines, {self.image.name}"
        layer = Labels(self._outlined, name=name, opacity=OUTLINE_OPACITY, **self._common)
        layer.preserve_labels = True
        layer.editable = True
        return layer

    @cached_property
    def marks(self) -> Shapes:
        """Caliper lines."""
        from napari.layers import Shapes

        return Shapes(None, ndim=3, name=f"lines, {self.image.name}", visible=False, **self._common)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """In the order in which napari's grid stacks them."""
        return (self.image, self.labels, self.marks)


def build_group(
    acquisition: Acquisition,
    labels: LabelVolume,
    frame: DisplayFrame,
    *,
    title: str,
    contrast_limits: tuple[float, float],
) -> PhaseGroup:
    """Layers for one acquisition, drawn in place in the frame, with the title written into its cell.

    Raises
    ------
    GeometryError
        ``NOT_IN_FRAME``: see ``placement``.
    """
    from napari.layers import Image

    place = placement(acquisition.volume.geometry, frame)
    common: dict[str, Any] = {
        "scale": place.scale,
        "translate": place.translate,
        "units": ("mm",) * 3,
        "axis_labels": (frame.slice_letter, *_in_plane_names(frame)),
        "metadata": layer_metadata(acquisition),
    }
    image = Image(
        acquisition.volume.voxels, name=title, contrast_limits=contrast_limits, colormap="gray", **common
    )
    image.contrast_limits_range = _limits_range(acquisition, contrast_limits)
    image.name_overlay.box = False
    image.name_overlay.font_size = FONT_SIZE
    image.name_overlay.visible = True
    return PhaseGroup(acquisition.key, image, labels, common)


def _in_plane_names(frame: DisplayFrame) -> tuple[str, str]:
    return frame.letters["bottom"], frame.letters["right"]


def _limits_range(acquisition: Acquisition, limits: tuple[float, float]) -> tuple[float, float]:
    if acquisition.volume.unit == "HU":
        return -1024.0, 3071.0
    low, high = limits
    return min(0.0, low), high + 3.0 * (high - low)


def layer_metadata(acquisition: Acquisition) -> dict[str, Any]:
    """What a layer remembers of its source; no patient names, IDs or dates."""
    header = acquisition.header
    return {
        "acquisition_key": acquisition.key,
        "StudyInstanceUID": header.study_uid,
        "SeriesInstanceUID": header.series_uid,
        "FrameOfReferenceUID": header.frame_of_reference_uid,
        "index_to_patient_mm": acquisition.volume.geometry.index_to_patient_mm.tolist(),
    }


def region_colors(state: ReadState) -> dict[int | None, str]:
    """Color of each label value, for napari's direct colormap; what belongs to no region is unseen."""
    colors: dict[int | None, str] = {None: "transparent", 0: "transparent"}
    seen: dict[RegionRole, int] = {}
    for entry in state.regions.values():
        nth = seen[entry.role] = seen.get(entry.role, -1) + 1
        colors[entry.label] = _shade(ROLE_COLORS[entry.role], nth)
    return colors


def _shade(color: str, nth: int) -> str:
    """The color, lighter and darker in turn for the second and later regions of a role."""
    if nth == 0:
        return color
    toward = 255.0 if nth % 2 else 0.0
    share = min(0.6, 0.3 * ((nth + 1) // 2))
    parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (toward - p) * share):02x}" for p in parts)
