"""The reader's verdicts on the region in hand, beside the numbers; discordance is shown, not settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from imaging.regions.region import RegionRole
from recist.lesion import LesionKind
from viewer.widgets.comparable_field import ComparableField
from viewer.widgets.parts import (
    QUIET_COLOR,
    WARNING_COLOR,
    colored,
    column,
    escaped,
    finding_text,
    heading,
    wrapped,
)
from workup.case.case import DefectStatement, LesionStatement, Statement
from workup.lesions import LESION_ROLES
from workup.reading_answers import (
    DEFECT_QUESTIONS,
    LESION_QUESTIONS,
    RegionAnswer,
    is_discordant,
    number_beside,
)

if TYPE_CHECKING:
    from viewer.desk import Desk
    from viewer.feed import Feed

#: Room for a question beside its three answers. [pixels]
QUESTION_WIDTH = 200

_ANSWERS = ((Statement.YES, "yes"), (Statement.NO, "no"), (Statement.UNCERTAIN, "?"))


class ReadPanel(QWidget):
    """Questions on the region in hand, three answers each; a second click takes an answer back."""

    def __init__(self, desk: Desk, feed: Feed) -> None:
        super().__init__()
        self._desk = desk
        self._answer: RegionAnswer | None = None
        self._asked: tuple[str | None, str] = (None, "")
        self.buttons: dict[tuple[str, Statement], QPushButton] = {}
        self._numbers: dict[str, QLabel] = {}
        self._texts: dict[str, str] = {}
        self._title, self._questions = heading("Your verdict"), QWidget()
        self._kind = QComboBox()
        self._kind.activated.connect(self._kind_chosen)
        self._kind.hide()
        self._discordant = wrapped(color=WARNING_COLOR)
        self.comparable = ComparableField(desk)
        self.complete = QCheckBox("Every filling defect and candidate lesion is outlined")
        self.complete.clicked.connect(self._completed)
        self._column = column(
            self._title,
            self._questions,
            self._kind,
            self._discordant,
            self.comparable,
            self.complete,
        )
        self.setLayout(self._column)
        feed.events.region.connect(self.show_answer)
        desk.reading.events.active.connect(self.show_state)
        desk.reading.events.state.connect(self.show_state)
        self.show_state()

    def _completed(self, checked: bool) -> None:
        self._desk.session.attempt(lambda: self._desk.reading.state_complete(checked))

    def show_answer(self, answer: RegionAnswer | None) -> None:
        """Numbers to stand beside the questions."""
        self._answer = answer
        self.show_state()

    def show_state(self) -> None:
        """What was said so far of the region in hand."""
        reading = self._desk.reading
        entry = reading.state.regions.get(reading.active or "")
        kind = "" if entry is None else self._kind_of(entry.role)
        if (reading.active, kind) != self._asked:
            self._asked = (reading.active, kind)
            self._build(kind)
        self.complete.setChecked(reading.state.complete)
        self.comparable.show_state()
        self.setEnabled(not reading.locked)
        if entry is None or not kind:
            self._title.setText("Your verdict: nothing is asked of this region")
            self._discordant.hide()
            return
        self._title.setText(f"Your verdict on {entry.id}")
        self._mark(self._said())

    def _kind_of(self, role: RegionRole) -> str:
        if role is RegionRole.FILLING_DEFECT:
            return "defect"
        return "lesion" if role in LESION_ROLES else ""

    def _said(self) -> DefectStatement | LesionStatement:
        state, id_ = self._desk.reading.state, str(self._asked[0])
        if self._asked[1] == "defect":
            return state.defects.get(id_, DefectStatement())
        return state.lesions.get(id_, LesionStatement())

    def _build(self, kind: str) -> None:
        self.buttons.clear()
        self._numbers.clear()
        fresh, grid = QWidget(), QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        questions = {"defect": DEFECT_QUESTIONS, "lesion": LESION_QUESTIONS}.get(kind, ())
        self._texts = dict(questions)
        for row, (name, text) in enumerate(questions):
            self._numbers[name] = wrapped(escaped(text), width=QUESTION_WIDTH)
            grid.addWidget(self._numbers[name], row, 0)
            group = QButtonGroup(fresh)
            group.setExclusive(False)
            for n, (said, word) in enumerate(_ANSWERS, start=1):
                button = QPushButton(word)
                button.setCheckable(True)
                button.setFixedWidth(46)
                button.clicked.connect(lambda on, name=name, said=said: self.say(name, said if on else None))
                group.addButton(button)
                grid.addWidget(button, row, n)
                self.buttons[name, said] = button
        grid.setColumnStretch(0, 1)
        fresh.setLayout(grid)
        self._column.replaceWidget(self._questions, fresh)
        self._questions.hide()
        self._questions.setParent(None)
        self._questions = fresh
        self._kind.setVisible(kind == "lesion")
        self._kind.clear()
        self._kind.addItem("kind of lesion?", None)
        for lesion_kind in LesionKind:
            self._kind.addItem(lesion_kind.value.replace("_", " "), lesion_kind.value)

    def say(self, question: str, said: Statement | None) -> None:
        """Record an answer of the reader."""
        reading, id_ = self._desk.reading, str(self._asked[0])
        act: Any = reading.state_defect if self._asked[1] == "defect" else reading.state_lesion
        self._desk.session.attempt(lambda: act(id_, **{question: said}))

    def _kind_chosen(self, index: int) -> None:
        kind, id_ = self._kind.itemData(index), str(self._asked[0])
        self._desk.session.attempt(lambda: self._desk.reading.state_lesion(id_, kind=kind))

    def _mark(self, statement: DefectStatement | LesionStatement) -> None:
        against = []
        for (name, said), button in self.buttons.items():
            button.setChecked(getattr(statement, name) == said)
        for name, label in self._numbers.items():
            found, words = (None, "") if self._answer is None else self._number(name)
            text = escaped(self._texts[name])
            if found:
                text += f"<br><small>{finding_text(found)} {colored(words, QUIET_COLOR)}</small>"
            if is_discordant(getattr(statement, name), found):
                text += colored(" contradicts you", WARNING_COLOR, bold=True)
                against.append(name)
            label.setText(text)
        if isinstance(statement, LesionStatement):
            self._kind.setCurrentIndex(max(0, self._kind.findData(statement.kind)))
        self._discordant.setText(
            escaped("You and the numbers disagree: the criterion stays undetermined, ask a second reader.")
        )
        self._discordant.setVisible(bool(against))

    def _number(self, question: str) -> Any:
        assert self._answer is not None
        if self._answer.region.id != self._asked[0]:
            return None, ""
        return number_beside(self._answer, question)
