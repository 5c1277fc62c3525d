"""Small pieces that several panels share: one look for headings, findings and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from imaging.findings.finding import Finding

#: Text color of each finding on a dark ground; never the only sign, the word stands beside it.
FINDING_COLORS: Mapping[Finding, str] = {
    Finding.POSITIVE: "#7dff9b",
    Finding.NEGATIVE: "#8ab4ff",
    Finding.INDETERMINATE: "#ffd75e",
    Finding.NOT_COMPUTABLE: "#b6bcc6",
}

FINDING_WORDS: Mapping[Finding, str] = {
    Finding.POSITIVE: "positive",
    Finding.NEGATIVE: "negative",
    Finding.INDETERMINATE: "indeterminate",
    Finding.NOT_COMPUTABLE: "not computable",
}

STATUS_COLORS: Mapping[str, str] = {
    "PASS": "#7dff9b",
    "FAIL": "#ff6b6b",
    "UNKNOWN": "#ffd75e",
    "NA": "#b6bcc6",
    "ELIGIBLE": "#7dff9b",
    "INELIGIBLE": "#ff6b6b",
    "UNDETERMINED": "#ffd75e",
    "MEASURABLE": "#7dff9b",
    "NOT_MEASURABLE": "#ff9a6b",
    "EXCLUDED": "#ff9a6b",
}

WARNING_COLOR = "#ffc266"
QUIET_COLOR = "#aab2bd"


def escaped(text: str) -> str:
    """Text that cannot be read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def colored(text: str, color: str, *, bold: bool = False) -> str:
    """A piece of rich text."""
    weight = "font-weight:600;" if bold else ""
    return f'<span style="color:{color};{weight}">{escaped(text)}</span>'


def small(text: str, color: str = QUIET_COLOR) -> str:
    """A quiet remark, as rich text."""
    return f"<small>{colored(text, color)}</small>"


def finding_text(finding: Finding | None) -> str:
    """A finding as rich text."""
    return "" if finding is None else colored(FINDING_WORDS[finding], FINDING_COLORS[finding], bold=True)


def heading(text: str) -> QLabel:
    """A heading inside a panel."""
    label = QLabel(text)
    label.setStyleSheet("font-weight:600; font-size:13px; padding-top:4px;")
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return label


#: Qt measures a panel before it is shown; it is measured again after these times. [ms]
MEASURE_AGAIN_MS = (0, 150, 800)

#: Room that is left for the scroll bar. [pixels]
SCROLL_BAR_WIDTH = 14

#: Paragraphs are at least this wide, so that Qt does not reserve the height of narrower ones.
PARAGRAPH_WIDTH = 312


def wrapped(text: str = "", *, color: str | None = None, width: int = PARAGRAPH_WIDTH) -> QLabel:
    """A paragraph."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(width)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    if color:
        label.setStyleSheet(f"color:{color};")
    return label


def line() -> QFrame:
    """A thin horizontal line."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.HLine)
    frame.setStyleSheet("color:#4a5160;")
    return frame


def column(*widgets: QWidget, margins: int = 6) -> QVBoxLayout:
    """A vertical layout of widgets with the panels' spacing."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(5)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def stacked(widgets: Sequence[QWidget], width: int) -> QScrollArea:
    """Panels one above the other, scrolled where the screen is short."""
    inner, layout = QWidget(), QVBoxLayout()
    layout.setContentsMargins(0, 0, SCROLL_BAR_WIDTH, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    inner.setLayout(layout)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(inner)
    area.setMinimumWidth(width)
    area.setMaximumWidth(width + 60)
    for milliseconds in MEASURE_AGAIN_MS:
        measure_again(area, milliseconds)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area


def measure_again(area: QScrollArea, milliseconds: int = 0) -> None:
    """Lay a column out anew, soon: its paragraphs have changed, which Qt does not always notice."""
    inner = area.widget()
    layout = inner.layout()
    QTimer.singleShot(milliseconds, inner, lambda: (layout.invalidate(), layout.activate()))
