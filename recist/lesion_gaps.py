"""What refused rows leave unknown: whose they are, which visit they may speak of, what they may have said.

A row without a subject may be any patient's whose visit lies near and who has no such row; a row without a
visit may be of any visit near its date. What may have stood at baseline leaves the sums unknown; what may
speak of a new lesion withholds the response.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date

from recist.lesion_drafts import Draft, Unread
from recist.visits import Role, sum_of_diameters

#: A visit's images may be taken on several days; more than this is worth a question. [days]
LONGEST_VISIT_DAYS = 28
#: Words that name the baseline, by preference: what is called baseline outranks a screening.
_NAMES = (
    frozenset({"baseline", "bl", "기저", "기저치", "베이스라인"}),
    frozenset({"screening", "screen", "스크리닝"}),
)
#: Words beside them that change nothing.
_FILLERS = frozenset(
    [
        "ct",
        "mri",
        "mr",
        "scan",
        "imaging",
        "image",
        "images",
        "visit",
        "study",
        "exam",
        "examination",
        "assessment",
        "tumor",
        "tumour",
    ]
)
_NO_BASELINE = len(_NAMES)


def baseline_rank(visit: str) -> int:
    """0 for a baseline, 1 for a screening, 2 for any other visit.

    >>> baseline_rank("Baseline CT"), baseline_rank("screening"), baseline_rank("week 8 post baseline")
    (0, 1, 2)
    """
    words = {word for word in re.findall(r"\w+", visit.casefold()) if word not in _FILLERS}
    if not words or not words <= _NAMES[0] | _NAMES[1]:
        return _NO_BASELINE
    return 0 if words & _NAMES[0] else 1


def adopt(draft: Draft, orphans: Sequence[Unread]) -> None:
    """Take rows without a subject that may be this patient's."""
    for orphan in orphans:
        visit = draft.called(orphan.visit) if orphan.visit else ""
        here = Unread(orphan.number, visit, orphan.status, orphan.on, orphan.lesion)
        if draft.dates and _may_be_of(here, draft):
            draft.unread.append(here)
            draft.notes.append(f"row {orphan.number} names no subject and may belong here")


def _may_be_of(orphan: Unread, draft: Draft) -> bool:
    if orphan.visit in draft.dates:
        filed = any(row.visit == orphan.visit and row.lesion == orphan.lesion for row in draft.rows)
        return _near(orphan.on, draft.dates[orphan.visit]) and not filed
    before_all = orphan.on is None or orphan.on <= min(draft.dates.values())
    if orphan.visit:
        return before_all
    return before_all or any(_near(orphan.on, day) for day in draft.dates.values())


def _near(one: date | None, other: date) -> bool:
    return one is None or abs((one - other).days) <= LONGEST_VISIT_DAYS


def weigh(draft: Draft, baseline: str) -> None:
    """Note what the refused rows leave unknown: roles at baseline, new lesions and targets later."""
    later = set(draft.dates) - {baseline}
    for unread in draft.unread:
        visits = _visits_of(unread, draft, baseline)
        if baseline in visits:
            draft.unknown |= roles_possible(_role_written(unread.status), measured=True)
        if re.search(r"\bnew\b", unread.status):
            draft.unread_new |= (visits & later) or (later - visits)
        elif _role_written(unread.status) is not Role.NON_TARGET:
            draft.unread_nadir |= _after(unread, visits & later, draft, baseline)
    if draft.unknown:
        draft.notes.append("a baseline row was not accepted: sums and responses that need it are unknown")


def _after(unread: Unread, visits: Collection[str], draft: Draft, baseline: str) -> set[str]:
    """Visits before which a refused row may hold the smallest sum: a target's, or one of unknown name."""
    lesion = draft.lesions.get(unread.lesion)
    before_all = unread.on is not None and unread.on < draft.dates[baseline]
    if before_all or (lesion is not None and lesion.role is not Role.TARGET):
        return set()
    if not visits:  # where no visit is known, what stands below the row in the table may come after it
        return {row.visit for row in draft.rows if row.number > unread.number}
    targets = [each for each in draft.lesions.values() if each.role is Role.TARGET]
    unread_on = [
        draft.dates[v] for v in visits if sum_of_diameters(targets, draft.readings.get(v, {})) is None
    ]
    return {visit for visit, on in draft.dates.items() if unread_on and on > min(unread_on)}


def _visits_of(unread: Unread, draft: Draft, baseline: str) -> set[str]:
    """Visits that a refused row may speak of."""
    if unread.visit in draft.dates:
        return {unread.visit}
    if unread.visit:  # a visit without any date: it may have been the baseline
        return {baseline} if _outranks(unread, draft, baseline) else set()
    same_day = {row.visit for row in draft.rows if row.on == unread.on and row.visit in draft.dates}
    near = {visit for visit, day in draft.dates.items() if _near(unread.on, day)}
    before = {baseline} if unread.on is not None and unread.on <= draft.dates[baseline] else set()
    return same_day or near | before


def _outranks(unread: Unread, draft: Draft, baseline: str) -> bool:
    too_late = unread.on is not None and unread.on > draft.dates[baseline]
    rank, taken = baseline_rank(unread.visit), baseline_rank(baseline)
    return not too_late and rank <= taken and not (unread.visit != baseline and rank == taken < _NO_BASELINE)


def roles_possible(role: Role | None, *, measured: bool) -> set[Role]:
    """Roles that a row of baseline may have meant."""
    if role is not None:
        return {role} - {Role.NEW}
    return {Role.TARGET, Role.NON_TARGET} if measured else {Role.NON_TARGET}


def _role_written(text: str) -> Role | None:
    plain = text.replace("-", " ").replace("_", " ")
    if "non target" in plain or "nontarget" in plain:
        return Role.NON_TARGET
    return Role.TARGET if "target" in plain else None
