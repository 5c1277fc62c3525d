"""What is known of drugs: checkpoint inhibitors, other systemic agents, and steroid equivalents.

A drug that stands in none of the tables is unclassified, never guessed.

References
----------
.. [1] Dose equivalents of glucocorticoids from standard pharmacology tables: 5 mg prednisone correspond to
   prednisolone 5, methylprednisolone 4, triamcinolone 4, hydrocortisone 20, cortisone 25,
   dexamethasone 0.75, betamethasone 0.6 and deflazacort 6 mg.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from eligibility.truth import Truth


def _words(text: str) -> list[str]:
    return text.split()


#: Antibodies against PD-1, PD-L1, CTLA-4, LAG-3 or TIGIT, with trade names.
CHECKPOINT_INHIBITORS = frozenset(
    _words("""
    pembrolizumab nivolumab atezolizumab durvalumab tremelimumab ipilimumab avelumab cemiplimab dostarlimab
    retifanlimab camrelizumab sintilimab tislelizumab toripalimab penpulimab zimberelimab serplulimab
    cadonilimab ivonescimab envafolimab sugemalimab adebrelimab benmelstobart socazolimab pucotenlimab
    finotonlimab iparomlimab tuvonralimab relatlimab spartalizumab cosibelimab tiragolumab
    keytruda opdivo tecentriq imfinzi imjudo yervoy bavencio libtayo opdualag
    """)
)

#: Systemic agents against hepatocellular carcinoma that are no checkpoint inhibitors.
OTHER_AGENTS = frozenset(
    _words("""
    sorafenib lenvatinib regorafenib cabozantinib ramucirumab bevacizumab apatinib rivoceranib donafenib
    sunitinib brivanib linifanib erlotinib everolimus tivantinib axitinib anlotinib tepotinib galunisertib
    doxorubicin epirubicin oxaliplatin cisplatin carboplatin fluorouracil 5-fluorouracil 5-fu 5fu leucovorin
    capecitabine gemcitabine s-1 tegafur uft folfox folfox4 folfox6 xelox gemox irinotecan mitoxantrone
    thalidomide tamoxifen octreotide interferon nexavar lenvima stivarga cabometyx cyramza avastin
    """)
)

#: A comparison arm or an alternative: what was given is not known.
_BLINDED = re.compile(r"\b(placebo|or|vs|versus|blinded|unknown)\b")
_SEPARATORS = re.compile(r"\s*(?:[+/,;&()]|\band\b|\bplus\b|\bwith\b)\s*")
#: Words about a drug that are not another drug.
_REMARKS = frozenset(
    _words("biosimilar iv sc po oral injection tablet tablets capsule hydrochloride mesylate tosylate")
)

#: Milligrams that correspond to 5 mg of prednisone [1]_.
_EQUIVALENT_TO_5_MG = {
    "prednisone": Decimal(5),
    "prednisolone": Decimal(5),
    "methylprednisolone": Decimal(4),
    "triamcinolone": Decimal(4),
    "hydrocortisone": Decimal(20),
    "cortisone": Decimal(25),
    "dexamethasone": Decimal("0.75"),
    "betamethasone": Decimal("0.6"),
    "deflazacort": Decimal(6),
}


def is_checkpoint_inhibitor(drug: str) -> Truth:
    """Whether one drug name stands for a checkpoint inhibitor, alone or in a combination.

    >>> is_checkpoint_inhibitor("Atezolizumab + bevacizumab").name, is_checkpoint_inhibitor("HAIC").name
    ('TRUE', 'UNKNOWN')
    """
    text = drug.strip().lower()
    if _BLINDED.search(text):
        return Truth.UNKNOWN
    parts = [part for part in _SEPARATORS.split(text) if part]
    kinds = [_kind(part) for part in parts]
    if Truth.TRUE in kinds:
        return Truth.TRUE
    return Truth.FALSE if kinds and all(kind is Truth.FALSE for kind in kinds) else Truth.UNKNOWN


def _kind(name: str) -> Truth:
    words = [w for w in name.split() if w not in _REMARKS]
    if any(word.split("-")[0] in CHECKPOINT_INHIBITORS or word in CHECKPOINT_INHIBITORS for word in words):
        return Truth.TRUE
    known = words and (words[0] in OTHER_AGENTS or words[0].split("-")[0] in OTHER_AGENTS)
    plain = all(not word.endswith(("mab", "nib", "limab")) for word in words[1:])
    return Truth.FALSE if known and plain else Truth.UNKNOWN


def contains_checkpoint_inhibitor(drugs: Sequence[str]) -> Truth:
    """Whether a regimen contains a checkpoint inhibitor; unknown where a drug is not classified."""
    kinds = [is_checkpoint_inhibitor(drug) for drug in drugs]
    if Truth.TRUE in kinds:
        return Truth.TRUE
    return Truth.FALSE if kinds and all(kind is Truth.FALSE for kind in kinds) else Truth.UNKNOWN


def is_corticosteroid(drug: str) -> bool:
    """Whether the equivalence table holds a drug."""
    return _steroid(drug) is not None


def prednisone_equivalent_mg(drug: str, dose_mg: Decimal) -> Decimal | None:
    """The dose of prednisone that corresponds to a steroid's [1]_; None for a drug not in the table. [mg]

    >>> prednisone_equivalent_mg("Methylprednisolone", Decimal(8))
    Decimal('10')
    """
    steroid = _steroid(drug)
    return None if steroid is None else dose_mg * 5 / _EQUIVALENT_TO_5_MG[steroid]


def _steroid(drug: str) -> str | None:
    words = drug.strip().lower().split()
    return words[0] if words and words[0] in _EQUIVALENT_TO_5_MG else None
