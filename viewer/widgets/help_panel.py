"""The table of keys, read from the same table that binds them."""

from __future__ import annotations

from qtpy.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from viewer.keys import TABLE
from viewer.widgets.parts import QUIET_COLOR, escaped, heading

#: How a key is written on the screen.
_SIGNS = {
    "Control": "Ctrl",
    "Enter": "↵",
    "Escape": "Esc",
    "Up": "↑",
    "Down": "↓",
    "Left": "←",
    "Right": "→",
}

MOUSE = (
    ("wheel", "slices"),
    ("Ctrl + wheel", "zoom about the pointer"),
    ("left drag", "move the images, or what the tool in hand does"),
    ("right drag", "window: wider to the right, brighter upward"),
    ("pointer over a phase", "takes that phase in hand"),
)


def written(keys: str) -> str:
    """A key combination as people write it.

    Examples
    --------
    >>> written("Control-Shift-Z")
    'Ctrl + Shift + Z'
    """
    return " + ".join(_SIGNS.get(part, part) for part in keys.split("-"))


class HelpPanel(QDialog):
    """Mouse and keys in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("veinvasion: mouse and keys")
        groups: dict[str, list[tuple[str, str]]] = {"Mouse": list(MOUSE)}
        for row in TABLE:
            groups.setdefault(row.group, []).append((written(row.keys), row.says))
        columns = QHBoxLayout()
        columns.setSpacing(28)
        names = list(groups)
        for part in (names[:2], names[2:]):
            side = QVBoxLayout()
            for name in part:
                side.addWidget(heading(name))
                side.addWidget(QLabel(_table(groups[name])))
            side.addStretch(1)
            columns.addLayout(side)
        self.setLayout(columns)
        self.resize(900, 640)


def _table(rows: list[tuple[str, str]]) -> str:
    style = f"padding-right:16px;color:{QUIET_COLOR};white-space:nowrap"
    cells = "".join(
        f'<tr><td style="{style}"><b>{escaped(keys)}</b></td><td>{escaped(says)}</td></tr>'
        for keys, says in rows
    )
    return f"<table cellspacing=2>{cells}</table>"
