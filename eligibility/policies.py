"""Readings of ambiguous clauses: each has a name, variants and a default, and is printed in every report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from eligibility.errors import PolicyError


@dataclass(frozen=True, slots=True)
class Policy:
    """One ambiguous clause and the ways it can be read.

    Attributes
    ----------
    id : str
        Such as ``P15``.
    name : str
        Such as ``prior_liver_rt``; accepted in place of the id.
    clause : str
        The words that are ambiguous.
    variants : mapping
        Variant to the sentence that explains it; the first is the default.
    """

    id: str
    name: str
    clause: str
    variants: Mapping[str, str]

    @property
    def default(self) -> str:
        """The reading in force unless another is chosen."""
        return next(iter(self.variants))


def _policy(id_: str, name: str, clause: str, **variants: str) -> Policy:
    return Policy(id_, name, clause, variants)


# fmt: off
POLICIES: dict[str, Policy] = {p.id: p for p in (
    _policy("P01", "hepatitis_window", "numbering restarts within I8",
            none="I8.9 to I8.11 are main items: no 28-day window",
            as_laboratory="hepatitis tests must lie in the laboratory window, too"),
    _policy("P02", "labs_during_screening", "within 28 days prior to screening",
            refuse="results after the day of screening do not count",
            accept="results from the day of screening to the start of treatment count"),
    _policy("P03", "last_day", "within N days or months prior to initiation",
            included="day N lies within", excluded="day N lies outside"),
    _policy("P04", "bone_washout", "a 7-day washout for palliative radiation to bone",
            from_day_7="permitted from day 7", from_day_8="permitted from day 8"),
    _policy("P05", "major_vessel", "major vascular invasion",
            graded="Vp2-4, Vv2-3 and IVC are located; Vp1 and Vv1 cannot be told",
            strict_ajcc="Vp3-4, Vv2-3 and IVC only (AJCC 7)",
            as_written="any branch of portal vein, hepatic vein or IVC"),
    _policy("P06", "dynamic_imaging", "dynamic CT or dynamic MRI",
            ct_or_mr="dynamic CT or MR only", with_ceus="contrast-enhanced ultrasound counts, too"),
    _policy("P07", "thrombus_as_target", "measurable target lesion",
            never="a tumor thrombus is never a target lesion",
            reader="a tumor thrombus may be one where the reader says so"),
    _policy("P09", "child_pugh_table", "Child-Pugh class A",
            common="albumin 2.8 to 3.5 g/dL and INR 1.7 to 2.3 score 2",
            inr_2_2="as common, INR 1.7 to 2.2 scores 2",
            albumin_3_0="as common, albumin 3.0 to 3.5 g/dL scores 2"),
    _policy("P11", "hepatitis_infection", "HBV or HCV infection",
            antigen_or_genome="HBsAg or HBV DNA; HCV RNA",
            anti_hbc_counts="a positive anti-HBc counts as HBV infection, too"),
    _policy("P12", "histology_without_tissue", "fibrolamellar or sarcomatoid carcinoma",
            not_applicable="a clinical diagnosis has no tissue: does not apply, noted",
            unknown="without tissue it cannot be told"),
    _policy("P13", "local_drug_therapy", "used as adjuvant or local therapy",
            not_counted="drugs recorded as local therapy are not counted",
            undetermined="whether infused drugs are local cannot be told"),
    _policy("P14", "prior_checkpoint_inhibitor", "checkpoint inhibitor-based regimen",
            one_line_allowed="one prior line that contains a checkpoint inhibitor is allowed",
            naive_only="any prior systemic line for advanced disease excludes"),
    _policy("P15", "prior_liver_rt", "prior radiation therapy to liver; excluded if fields overlap",
            undetermined_unless_clear="prior liver radiation without overlap cannot be told",
            overlap_only="overlap alone decides",
            strict="any prior liver radiation excludes"),
    _policy("P17", "steroid_total", "> 10 mg daily prednisone equivalent",
            sum_of_concurrent="doses of the same day add up", each_drug="each drug for itself"),
    _policy("P18", "active_brain", "active brain metastasis or leptomeningeal metastasis",
            brain_only="a treated, stable brain metastasis does not exclude",
            any_brain="any brain metastasis excludes"),
    _policy("P21", "inr_without_uln", "1.8 x ULN",
            at_least_one="without a limit, an INR up to 1.8 passes: its limit is at least 1.0",
            uln_required="without the laboratory's limit it cannot be told"),
    _policy("P22", "consent_date_missing", "age at the time of signing",
            bounded="consent lies no more than a year before screening",
            screening_date="the day of screening stands in for it"),
    _policy("P24", "tare_as_radiation", "prior radiation therapy to liver",
            not_counted="radioembolization is noted, not counted",
            counted="radioembolization is radiation to the liver"),
    _policy("P25", "fibrolamellar_as_hcc", "histological diagnosis of HCC",
            is_hcc="fibrolamellar carcinoma is HCC; E1 excludes it", not_hcc="it is not HCC"),
    _policy("P26", "gadoxetate_washout", "washout on portal/delayed phases",
            portal_decides="with gadoxetate, delayed hypointensity alone cannot be told",
            klca="with gadoxetate, the transitional phase counts (KLCA-NCC)",
            portal_only="with gadoxetate, only the portal phase counts (LI-RADS)"),
    _policy("P27", "child_pugh_reported", "Child-Pugh class A",
            cross_check="a reported class is compared with the computed one, never used instead",
            stands_in="a reported class stands in where the score cannot be computed"),
)}
# fmt: on

_BY_NAME = {policy.name: policy for policy in POLICIES.values()}


def policy_of(name: str) -> Policy:
    """A policy by its id or name."""
    policy = POLICIES.get(name) or _BY_NAME.get(name)
    if policy is None:
        near = get_close_matches(name, _BY_NAME, 1)
        raise PolicyError(
            "POLICY_UNKNOWN",
            f"there is no policy {name!r}",
            expected="one of " + ", ".join(f"{p.id} ({p.name})" for p in POLICIES.values()),
            advice=f"Did you mean {near[0]}?" if near else "",
        )
    return policy


def chosen(choices: Mapping[str, str], allowed: Iterable[str] = POLICIES) -> dict[str, str]:
    """The variant in force of every policy: the defaults, and what was chosen instead.

    >>> chosen({"prior_liver_rt": "strict"})["P15"]
    'strict'
    """
    readings = {id_: POLICIES[id_].default for id_ in allowed}
    for name, variant in choices.items():
        policy = policy_of(name)
        if variant not in policy.variants:
            raise PolicyError(
                "POLICY_VARIANT_UNKNOWN",
                f"policy {policy.id} ({policy.name}) has no variant {variant!r}",
                expected="one of " + ", ".join(policy.variants),
            )
        readings[policy.id] = variant
    return readings


def choices_of(texts: Iterable[str]) -> dict[str, str]:
    """Readings written as ``NAME=VARIANT``, by the id of their policy.

    Raises
    ------
    PolicyError
        ``POLICY_FORM``, ``POLICY_UNKNOWN``, or ``POLICY_TWICE`` where one policy is given more than once,
        be it by id and by name.

    >>> choices_of(["prior_liver_rt=strict"])
    {'P15': 'strict'}
    """
    choices: dict[str, str] = {}
    for text in texts:
        name, sign, variant = (part.strip() for part in text.partition("="))
        if not sign:
            raise PolicyError("POLICY_FORM", f"{text!r} is not a policy choice", expected="NAME=VARIANT")
        policy = policy_of(name)
        if policy.id in choices:
            found = f"policy {policy.id} ({policy.name}) is chosen twice"
            raise PolicyError("POLICY_TWICE", found, expected="one variant of each policy")
        choices[policy.id] = variant
    return choices
