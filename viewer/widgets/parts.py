"""Small pieces that several panels share: one look for headings, findings and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import QEvent, Qt
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


def finding_text(finding: Finding | None) -> str:
    """A finding as rich text."""
    return "" if finding is None else colored(FINDING_WORDS[finding], FINDING_COLORS[finding], bold=True)


def heading(text: str) -> QLabel:
    """A heading inside a panel."""
    label = QLabel(text)
    label.setStyleSheet("font-weight:600; font-size:13px; padding-top:4px;")
    return label


def wrapped(text: str = "", *, color: str | None = None) -> QLabel:
    """A paragraph."""
    label = QLabel(text)
    label.setWordWrap(True)
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


class Column(QWidget):
    """Panels one above the other, as high as their paragraphs need at the present width.

    A scroll area does not ask a layout how high it is at a given width, so the column tells it.
    """

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in widgets:
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setLayout(layout)

    def event(self, event: QEvent) -> bool:
        """A paragraph changed: measure again."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return bool(super().event(event))

    def resizeEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Another width: measure again."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = self.layout().totalHeightForWidth(self.width())
        if height > 0 and height != self.minimumHeight():
            self.setMinimumHeight(height)


def stacked(widgets: Sequence[QWidget], width: int) -> QWidget:
    """A column of panels, scrolled where the screen is short."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(Column(widgets))
    area.setMinimumWidth(width)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area
