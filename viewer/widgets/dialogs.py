"""Signing and exporting: the two things that leave the room, each asked about once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.parts import WARNING_COLOR, escaped, heading, wrapped
from workup.case.store_files import MEANING
from workup.errors import CaseError
from workup.reading_checklist import missing
from workup.reading_export_files import origin_of, sign_read, signature_of, write_dicom, write_reports

if TYPE_CHECKING:
    from viewer.desk import Desk
    from viewer.feed import Feed


class SignDialog(QDialog):
    """Name, meaning, what is still missing; then the read is locked."""

    def __init__(self, desk: Desk, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._feed = desk, feed
        self.setWindowTitle("Sign this read")
        self.name, self.why = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText("your name, as given above")
        self.why.setPlaceholderText("reason, if you signed this case before")
        self._open = wrapped(color=WARNING_COLOR)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.sign)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout()
        for widget in (
            heading("Sign"),
            wrapped(escaped(MEANING)),
            self._open,
            self.name,
            self.why,
            self.buttons,
        ):
            layout.addWidget(widget)
        self.setLayout(layout)

    def ask(self) -> None:
        """Open, with what is still missing."""
        items = missing(self._desk.reading)
        text = "" if not items else f"{len(items)} things are missing and will stay unknown."
        self._open.setText(text)
        self._open.setVisible(bool(text))
        self.open()

    def sign(self) -> None:
        """Save, write the reports, put the name to them."""
        if self._desk.session.attempt(self._sign):
            self._desk.session.say(f"Signed. {self._desk.reading.locked}.")
            self.accept()

    def _sign(self) -> None:
        keeper, reading = self._desk.keeper, self._desk.reading
        if keeper is None:
            raise CaseError("NO_CASE", "there is no case folder to sign in")
        if not reading.reader or " ".join(self.name.text().split()) != reading.reader:
            raise CaseError(
                "NAME_NEEDED", "the name is not the reader's", expected=reading.reader or "a name"
            )
        self._desk.confirm_name()  # it was typed just now
        sign_read(keeper, self._feed.answers.everything, MEANING, self.why.text())


class ExportDialog(QDialog):
    """Report, SEG and SR into a folder."""

    def __init__(self, desk: Desk, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._feed = desk, feed
        self.setWindowTitle("Export")
        self.folder, browse = QLineEdit(), QPushButton("…")
        self.folder.setPlaceholderText("a new or empty folder")
        browse.clicked.connect(self._browse)
        self.report = QCheckBox("Report (HTML and JSON)")
        self.dicom = QCheckBox("DICOM SEG and SR")
        for box in (self.report, self.dicom):
            box.setChecked(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.export)
        self.buttons.rejected.connect(self.reject)
        row, layout = QHBoxLayout(), QVBoxLayout()
        row.addWidget(self.folder)
        row.addWidget(browse)
        layout.addWidget(heading("Export this read"))
        layout.addLayout(row)
        for widget in (self.report, self.dicom, self.buttons):
            layout.addWidget(widget)
        self.setLayout(layout)
        self.resize(460, 190)

    def _browse(self) -> None:
        self.folder.setText(QFileDialog.getExistingDirectory(self, "Export into") or self.folder.text())

    def export(self) -> None:
        """Write what is ticked."""
        target = Path(self.folder.text().strip())
        if not self.folder.text().strip():
            self._desk.session.say("Name a folder to export into.")
            return
        if self._desk.session.attempt(lambda: self._write(target)):
            self._desk.session.say(f"Exported into {target.name}.")
            self.accept()

    def _write(self, target: Path) -> None:
        keeper = self._desk.keeper
        origin = origin_of(keeper, "before export")  # first: what is written is what this version holds
        assessment = self._feed.answers.everything()
        if self.report.isChecked():
            write_reports(assessment, target, origin=origin)
        if self.dicom.isChecked():
            write_dicom(assessment, target, signature=signature_of(keeper, assessment))
