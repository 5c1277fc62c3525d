"""Laboratory analytes by their names and by LOINC code.

A code counts only with its system; a code or name that stands in no table is left out and said so, never
guessed from what it is called.

References
----------
Codes checked against the MIMIC-IV map of laboratory items to LOINC, a list derived from NLM and the Swiss
eHealth enumeration. 770-8 is a percentage, 5902-2 and 5964-2 are seconds, 1968-7 is direct bilirubin, 5770-3
is urine: none of them is accepted.
"""

from __future__ import annotations

import difflib
import re

from eligibility.units import ANALYTES

LOINC_SYSTEM = "http://loinc.org"

#: LOINC code to analyte of the record.
LABS = {
    "718-7": "hemoglobin",
    "59260-0": "hemoglobin",  # moles per volume
    "751-8": "anc",
    "26499-4": "anc",
    "777-3": "platelets",
    "26515-7": "platelets",
    "778-1": "platelets",
    "1975-2": "bilirubin_total",
    "14631-6": "bilirubin_total",  # moles per volume
    "42719-5": "bilirubin_total",
    "1751-7": "albumin",
    "61151-7": "albumin",
    "2862-1": "albumin",
    "1742-6": "alt",
    "1920-8": "ast",
    "6301-6": "inr",
    "34714-6": "inr",
    "38875-1": "inr",
    "46418-0": "inr",
    "52129-4": "inr",
    "2160-0": "creatinine",
    "14682-9": "creatinine",  # moles per volume
    "38483-4": "creatinine",
}

#: LOINC code to field of the record's virology block.
VIROLOGY = {
    "5196-1": "hbsag",
    "5195-3": "hbsag",
    "63557-3": "hbsag",
    "58452-4": "hbsag",
    "13952-7": "anti_hbc",
    "16933-4": "anti_hbc",
    "42595-9": "hbv_dna",
    "29615-2": "hbv_dna",
    "13955-0": "anti_hcv",
    "16128-1": "anti_hcv",
    "11011-4": "hcv_rna",
    "20416-4": "hcv_rna",
    "11259-9": "hcv_rna",
}

ECOG, WEIGHT, HEIGHT, PREGNANCY = "89247-1", "29463-7", "8302-2", "82810-3"

_SYNONYMS = {
    "haemoglobin": "hemoglobin",
    "hb": "hemoglobin",
    "hgb": "hemoglobin",
    "absolute neutrophil count": "anc",
    "platelet": "platelets",
    "platelet count": "platelets",
    "plt": "platelets",
    "total bilirubin": "bilirubin_total",
    "bilirubin total": "bilirubin_total",
    "tbil": "bilirubin_total",
    "serum albumin": "albumin",
    "got": "ast",
    "sgot": "ast",
    "gpt": "alt",
    "sgpt": "alt",
    "pt inr": "inr",
    "serum creatinine": "creatinine",
    "혈색소": "hemoglobin",
    "헤모글로빈": "hemoglobin",
    "절대호중구수": "anc",
    "절대 호중구수": "anc",
    "혈소판": "platelets",
    "혈소판수": "platelets",
    "총빌리루빈": "bilirubin_total",
    "총 빌리루빈": "bilirubin_total",
    "알부민": "albumin",
    "혈청 알부민": "albumin",
    "크레아티닌": "creatinine",
    "혈청 크레아티닌": "creatinine",
}

#: Names that a laboratory may print for an analyte, but for something else as well.
_MAY_BE = {
    "bilirubin": "bilirubin_total",
    "neutrophil": "anc",
    "neutrophils": "anc",
    "thrombocytes": "platelets",
    "thrombozyten": "platelets",
    "alat": "alt",
    "asat": "ast",
    "kreatinin": "creatinine",
    "빌리루빈": "bilirubin_total",
    "호중구": "anc",
}
#: Words that make a name one of another quantity: direct bilirubin, urine albumin, hemoglobin A1c, mean
#: platelet volume, creatinine clearance.
# fmt: off
_ANOTHER_QUANTITY = frozenset({
    "a1c", "antibody", "antigen", "ascites", "clearance", "conjugated", "core", "corpuscular", "csf",
    "delta", "direct", "distribution", "excretion", "fetal", "fluid", "fraction", "free", "glycated",
    "glycosylated", "index", "indirect", "kinase", "mean", "percent", "pleural", "ratio", "surface",
    "unconjugated", "urinary", "urine", "volume", "width",
})
#: The same in Korean, where words are written together.
_ANOTHER_QUANTITY_KOREAN = ("당화", "직접", "간접", "소변", "요중", "미세", "평균", "분포", "청소율", "용적")
# fmt: on
#: How alike two spellings of one name are at least: haemoglobine and haemoglobin 0.96, bilirubin direct and
#: bilirubin total 0.77.
_ALIKE = 0.85


def analyte_named(name: str) -> str | None:
    """The analyte a laboratory's name stands for, None if none.

    >>> analyte_named("Total bilirubin"), analyte_named("direct bilirubin"), analyte_named("혈색소")
    ('bilirubin_total', None, 'hemoglobin')
    """
    words = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    known = {analyte.replace("_", " "): analyte for analyte in ANALYTES}
    return known.get(words) or _SYNONYMS.get(words)


def analytes_resembling(name: str) -> tuple[str, ...]:
    """Analytes that a name which stands in no table may mean, so that it must not be passed over.

    >>> analytes_resembling("Haemoglobine"), analytes_resembling("AST (GOT)"), analytes_resembling("CRP")
    (('hemoglobin',), ('ast',), ())
    >>> analytes_resembling("Hemoglobin A1c"), analytes_resembling("Bilirubin, direct")
    ((), ())
    >>> analytes_resembling("혈색소(전혈)"), analytes_resembling("당화혈색소")
    (('hemoglobin',), ())
    """
    words = re.findall(r"[^\W_]+", name.lower())
    if "%" in name or _ANOTHER_QUANTITY & set(words) or any(w in name for w in _ANOTHER_QUANTITY_KOREAN):
        return ()
    text = " ".join(words)
    known = {**{a.replace("_", " "): a for a in ANALYTES}, **_SYNONYMS, **_MAY_BE}
    found = {
        analyte
        for key, analyte in known.items()
        if f" {key} " in f" {text} " or (not key.isascii() and key in text)
    }
    if not found:
        alike = difflib.get_close_matches(text, known, 1, _ALIKE)
        found = {known[key] for key in alike if key[0] == text[0]}
    return tuple(sorted(found))
