"""A field for a folder and a button: the way into the reading desk from napari's own window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from viewer.launch import start
from viewer.widgets.parts import QUIET_COLOR, column, heading, wrapped

if TYPE_CHECKING:
    import napari


class OpenPanel(QWidget):
    """Choose a study and begin."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.folder, self.reader = QLineEdit(), QLineEdit()
        self.folder.setPlaceholderText("case folder or folder of DICOM images")
        self.reader.setPlaceholderText("your name")
        browse, self.begin = QPushButton("…"), QPushButton("Read")
        browse.clicked.connect(self._browse)
        self.begin.clicked.connect(self._begin)
        row, holder = QHBoxLayout(), QWidget()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.folder)
        row.addWidget(browse)
        holder.setLayout(row)
        note = wrapped("Research use only: not a medical device.", color=QUIET_COLOR)
        layout = column(heading("Read a liver study"), holder, self.reader, self.begin, note)
        layout.addStretch(1)
        self.setLayout(layout)

    def _browse(self) -> None:
        self.folder.setText(QFileDialog.getExistingDirectory(self, "Study") or self.folder.text())

    def _begin(self) -> None:
        if self.folder.text().strip():
            start(self._viewer, self.folder.text().strip(), reader=self.reader.text().strip() or None)
