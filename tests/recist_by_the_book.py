"""A second reading of the criteria, as literal and slow as the paper: the judge of ``recist.follow_up``.

It shares no code with the package. A patient is plain text and decimals::

    {"lesions": {"T1": ("target", "node"), ...}, "visits": [(day, {"T1": ("mm", ["12.3"])}, ...), ...]}

where a reading is ``("mm", [parts])``, ``("too small", [])``, ``("gone",)``, ``("merged", other)``,
``("present",)``, ``("worse",)``, ``("perhaps",)`` or ``("not seen",)``.
"""

from decimal import Decimal
from fractions import Fraction


def length_mm(reading, readings):
    """Millimeters a target counts, or None."""
    what = reading[0]
    if what == "gone":
        return Decimal("0")
    if what == "too small":
        return Decimal("5")
    if what == "mm":
        return sum((Decimal(part) for part in reading[1]), Decimal("0"))
    if what == "merged":
        other = readings.get(reading[1], ("not seen",))
        return Decimal("0") if other[0] == "mm" else None
    return None


def vanished(kind, reading):
    """A non-nodal lesion that disappeared, a node below 10 mm."""
    what = reading[0]
    if what == "gone":
        return True
    if kind == "node":
        if what == "too small":
            return True  # 5 mm
        return what == "mm" and sum(Decimal(p) for p in reading[1]) < Decimal("10")
    return what == "mm" and sum(Decimal(p) for p in reading[1]) == 0


def respond(patient):
    """Rows of (sum, target, non-target, new, overall), one a visit; None at baseline."""
    lesions, visits = patient["lesions"], patient["visits"]
    targets = [n for n, (role, _) in lesions.items() if role == "target"]
    others = [n for n, (role, _) in lesions.items() if role == "non-target"]
    new = [n for n, (role, _) in lesions.items() if role == "new"]
    rows, sums, since_pd = [], [], []
    for number, (_, readings) in enumerate(visits):
        seen = {n: readings.get(n, ("not seen",)) for n in lesions}
        lengths, carried = [], set(targets)
        for n in targets:
            lengths.append(length_mm(seen[n], seen))
            if seen[n][0] == "merged" and lengths[-1] is not None and seen[n][1] not in carried:
                carried.add(seen[n][1])  # its length stands for the target, and only once
                lengths[-1] = sum((Decimal(p) for p in seen[seen[n][1]][1]), Decimal("0"))
        total = None if None in lengths or not targets else sum(lengths, Decimal("0"))
        if number == 0:
            rows.append({"sum": total, "target": None, "non_target": None, "new": "no", "overall": None})
            sums.append(total)
            continue

        # --- target lesions
        target = None
        if targets:
            nadir = min(s for s in sums if s is not None)
            part = sum((x for x in lengths if x is not None), Decimal("0"))
            rise = part - nadir
            nodes = [n for n in targets + others if lesions[n][1] == "node"]
            non_nodal = [n for n in targets if lesions[n][1] != "node"]
            if rise >= 5 and (nadir == 0 or Fraction(rise) / Fraction(nadir) >= Fraction(1, 5)):
                target = "PD"
            elif total is None:
                target = "NE"
            elif all(vanished(lesions[n][1], seen[n]) for n in non_nodal + nodes):
                target = "CR"
            elif (
                "PR" in since_pd
                or "CR" in since_pd
                or Fraction(sums[0] - total) / Fraction(sums[0]) >= Fraction(3, 10)
            ):
                target = "PR"
            else:
                target = "SD"
            since_pd = [] if target == "PD" else [*since_pd, target]
            sums.append(total)

        # --- non-target lesions
        non_target = None
        if others:
            if any(seen[n][0] == "worse" for n in others):
                non_target = "PD"
            elif any(seen[n][0] in ("not seen", "perhaps") for n in others):
                non_target = "NE"
            elif all(vanished(lesions[n][1], seen[n]) for n in others):
                non_target = "CR"
            else:
                non_target = "Non-CR/Non-PD"

        # --- new lesions
        # what was certainly new stays new while nobody looks again; a normal node is not new
        said = set()
        for n in new:
            looked = [r[n] for _, r in visits[: number + 1] if r.get(n, ("not seen",))[0] != "not seen"]
            if seen[n][0] != "not seen" or (looked and looked[-1][0] != "perhaps"):
                last = looked[-1]
                said.add("gone" if vanished(lesions[n][1], last) else last[0])
        certain = said & {"mm", "too small", "present"}
        is_new = "yes" if certain else "equivocal" if "perhaps" in said else "no"

        # --- the table of the paper, read row by row
        if is_new == "yes" or target == "PD" or non_target == "PD":
            overall = "PD"
        elif not targets:
            overall = non_target or "NE"
        elif target == "CR" and non_target in (None, "CR"):
            overall = "CR"
        elif target == "CR" and non_target in ("Non-CR/Non-PD", "NE"):
            overall = "PR"
        elif target in ("PR", "SD", "NE"):
            overall = target

        # --- what was gone and is back is progression once a complete response was confirmed
        complete = [d for (d, _), row in zip(visits, rows, strict=False) if row["overall"] == "CR"]
        if complete and (complete[-1] - complete[0]).days >= 28:
            for n in targets + others:
                before = [r[n] for _, r in visits[:number] if r.get(n, ("not seen",))[0] != "not seen"]
                back = seen[n][0] in ("mm", "too small", "present", "worse")
                was_gone = bool(before) and vanished(lesions[n][1], before[-1])
                if back and was_gone and not vanished(lesions[n][1], seen[n]):
                    overall = "PD"
        rows.append(
            {"sum": total, "target": target, "non_target": non_target, "new": is_new, "overall": overall}
        )

    # --- a new lesion that proves true dates from the day it was first suspected
    for n in new:
        for number in range(len(visits)):
            until_now = [r.get(n, ("not seen",)) for _, r in visits[: number + 1]]
            looked = [words for words in until_now if words[0] != "not seen"]
            if not looked or looked[-1][0] != "perhaps":
                continue  # not under suspicion at this visit
            for what in [r.get(n, ("not seen",)) for _, r in visits[number + 1 :]]:
                if vanished(lesions[n][1], what):
                    break
                if what[0] in ("mm", "too small", "present"):
                    rows[number]["new"], rows[number]["overall"] = "yes", "PD"
                    break
    return rows
