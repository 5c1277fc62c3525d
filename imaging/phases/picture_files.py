"""Pictures of what the phases were measured on, so that a person can see whether it was the aorta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from imaging.phases.image import Sight
from imaging.phases.tubes import Mask

#: Display window: from, to. [HU]
WINDOW_HU = (-60.0, 300.0)
#: Slices shown of each pass.
SLICES_SHOWN = 4
_COLORS = {"liver": "lime", "spleen": "cyan", "portal": "deepskyblue", "kidneys": "orange"}


def write_pictures(
    sights: Sequence[Sight], titles: Mapping[str, str], folder: str | Path
) -> tuple[Path, ...]:
    """Write one PNG per group of passes: a row per pass, the landmarks drawn, the numbers beside it.

    Parameters
    ----------
    sights : sequence of Sight
        As ``imaging.phases.image.look`` gives them.
    titles : acquisition key -> str
        What stands over each row, such as "series 4: late arterial"; holds no patient identifiers.
    folder : str or Path
        Made if absent.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for number, sight in enumerate(sights, start=1):
        path = target / f"phases_{number}.png"
        figure = draw_sight(sight, titles)
        FigureCanvasAgg(figure).print_png(str(path))
        written.append(path)
    return tuple(written)


def draw_sight(sight: Sight, titles: Mapping[str, str]) -> Figure:
    """The figure of one group of passes."""
    keys = list(sight.grid.hu)
    last = len(sight.grid.superior_mm) - 1
    shown = sorted({round(share * last) for share in np.linspace(0.05, 0.95, SLICES_SHOWN)})
    figure = Figure(figsize=(3.4 * len(shown), 3.4 * len(keys)), layout="constrained")
    axes = figure.subplots(len(keys), len(shown), squeeze=False)
    for row, key in zip(axes, keys, strict=True):
        for axis, k in zip(row, shown, strict=True):
            _draw_slice(axis, sight, key, k)
        row[0].set_title(
            f"{titles.get(key, key)}\n{sight.numbers[key].words()}", fontsize=7, loc="left", wrap=True
        )
    figure.suptitle(
        "red: aorta, green: liver, cyan: spleen, blue: portal system, orange: kidneys, magenta: IVC",
        fontsize=8,
    )
    return figure


def _draw_slice(axis: Axes, sight: Sight, key: str, k: int) -> None:
    grid, marks = sight.grid, sight.marks
    axis.imshow(grid.hu[key][k], cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], interpolation="nearest")
    axis.set_axis_off()
    axis.text(3, 12, f"{grid.superior_mm[k]:.0f} mm", color="white", fontsize=6)
    for tube, color in ((marks.aorta, "red"), (marks.ivc, "magenta")):
        if tube is not None:
            center = (float(tube.columns[k]), float(tube.rows[k]))
            axis.add_patch(
                Circle(center, float(tube.radius_mm[k]) / grid.spacing_mm[1], fill=False, color=color)
            )
    for name, color in _COLORS.items():
        mask: Mask | None = getattr(marks, name)
        if mask is not None and mask[k].any():
            axis.contour(mask[k], [0.5], colors=color, linewidths=0.7)
