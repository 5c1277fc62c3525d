"""Hepatocellular carcinoma by tissue or by imaging, and its excluded variants: I3, E1.

References
----------
.. [1] KLCA-NCC Korea practice guidelines for the management of hepatocellular carcinoma, 2018 and 2022: in
   patients with chronic hepatitis B or C or cirrhosis, a nodule of at least 10 mm with arterial phase
   hyperenhancement and washout, neither targetoid nor markedly bright on T2.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    exists,
    known,
    negated,
    not_recorded,
    noted,
    unknown,
    yes_or_no,
)
from eligibility.ranges import plain
from eligibility.truth import Truth
from eligibility.verdict import Answer, Missing, Reason

_HISTOLOGY = "diagnosis.histology"
_TYPES = ("hcc", "fibrolamellar", "sarcomatoid")


def has_hcc_by_tissue_or_imaging(ask: Ask, *, nodule_mm: Decimal) -> Answer:
    """Histological diagnosis, or a clinical one by the Korean guideline [1]_.

    Imaging decides where there is no tissue. Where there is some, or may be, its type is needed first: tissue
    that shows something else outweighs a typical picture.
    """
    tissue = _by_tissue(ask)
    if tissue.truth is Truth.UNKNOWN:
        return tissue
    return any_of(tissue, _by_imaging(ask, nodule_mm))


def _by_tissue(ask: Ask) -> Answer:
    diagnosis = ask.facts.diagnosis
    histology = diagnosis.histology
    if histology is None:
        if diagnosis.basis == "clinical":
            return known(False, "no tissue diagnosis", cite("diagnosis.basis", "clinical", "no tissue"))
        answer = not_recorded(_HISTOLOGY, "histology", _TYPES)
        if diagnosis.basis is None:
            basis = Missing("diagnosis.basis", "basis of the diagnosis", ("clinical", "histology"))
            return replace(answer, missing=(*answer.missing, basis))
        return answer
    evidence = cite(_HISTOLOGY, histology, "hepatocellular carcinoma")
    if histology == "sarcomatoid":
        again = Missing(_HISTOLOGY, "whether the tissue shows hepatocellular carcinoma")
        message = "sarcomatoid carcinoma: whether it is hepatocellular is not recorded"
        return unknown(message, Reason.NOT_ASSESSABLE, [again], [evidence])
    if histology == "fibrolamellar":
        counts = ask.reading("P25") == "is_hcc"
        return noted(
            known(counts, "fibrolamellar carcinoma by histology", evidence),
            "E1 excludes fibrolamellar carcinoma",
        )
    return known(True, "hepatocellular carcinoma by histology", evidence)


def _by_imaging(ask: Ask, nodule_mm: Decimal) -> Answer:
    diagnosis = ask.facts.diagnosis
    nodule = diagnosis.index_nodule
    path = "diagnosis.index_nodule"
    at_risk = exists(
        ask,
        diagnosis.risk_factors,
        "diagnosis.risk_factors",
        "risk factor",
        lambda factor, where: known(True, factor.replace("_", " "), cite(where, factor, "risk factor")),
        samples=("cirrhosis",),
    )
    return all_of(
        at_risk,
        _large_enough(nodule.size_mm, f"{path}.size_mm", nodule_mm),
        yes_or_no(
            nodule.arterial_phase_hyperenhancement,
            f"{path}.arterial_phase_hyperenhancement",
            "arterial phase hyperenhancement",
        ),
        yes_or_no(nodule.washout_portal_or_delayed, f"{path}.washout_portal_or_delayed", "washout"),
        negated(
            yes_or_no(
                nodule.targetoid_or_marked_t2,
                f"{path}.targetoid_or_marked_t2",
                "targetoid or markedly bright on T2",
                negative="neither targetoid nor markedly bright on T2",
            )
        ),
    )


def _large_enough(size_mm: Decimal | None, path: str, limit_mm: Decimal) -> Answer:
    if size_mm is None:
        values = (limit_mm, limit_mm - 1, limit_mm * 3)
        return not_recorded(path, "size of the index nodule [mm]", values)
    large = size_mm >= limit_mm
    compared = f"{plain(size_mm)} mm {'>=' if large else '<'} {plain(limit_mm)} mm"
    return known(large, f"index nodule {compared}", cite(path, size_mm, compared, unit="mm"))


def has_fibrolamellar_or_sarcomatoid_carcinoma(ask: Ask) -> Answer:
    """Fibrolamellar or sarcomatoid by histology; without tissue policy P12 decides."""
    diagnosis = ask.facts.diagnosis
    if diagnosis.histology is not None:
        excluded = diagnosis.histology in ("fibrolamellar", "sarcomatoid")
        evidence = cite(_HISTOLOGY, diagnosis.histology, "fibrolamellar or sarcomatoid")
        return known(excluded, f"histology: {diagnosis.histology}", evidence)
    if diagnosis.basis == "clinical":
        basis = cite("diagnosis.basis", "clinical", "no tissue")
        if ask.reading("P12") == "unknown":
            lack = Missing(_HISTOLOGY, "histology", _TYPES)
            message = "without tissue the type cannot be told"
            return unknown(message, Reason.POLICY_DEPENDENT, [lack], [basis])
        note = "diagnosed without tissue: a fibrolamellar or sarcomatoid type was not looked for"
        return noted(known(False, "clinical diagnosis, no tissue", basis), note)
    return not_recorded(_HISTOLOGY, "histology", _TYPES)
