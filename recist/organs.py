"""Which organ a lesion counts for, and what its place says of the lesion itself.

At most two targets may come from one organ. Paired organs are one organ, all lymph nodes together are one
organ, and the liver is one organ whatever the segment (EORTC clarifications of RECIST 1.1, "paired
organs"). A node counts by its short axis and a thrombus never, so words that name either are understood in
English and Korean, and words that are not understood are never taken for a solid organ.
"""

from __future__ import annotations

import re

from recist.lesion import LesionKind

LYMPH_NODES = "lymph nodes"
NOT_RECORDED = "organ not recorded"

_NODES = re.compile(
    r"\blns?\b|\blymph ?nod|\bnodes?\b|(?<!non )\bnodal\b|adenopath|림프절|림프 ?결절|임파절|임파선"
)
_THROMBUS = re.compile(r"thromb|\bpvtt?\b|\bhvtt?\b|혈전")
_VEIN = re.compile(
    r"\b(?:portal|hepatic|splenic|mesenteric|renal)?\s*(?:veins?|venous)\b"
    r"|\b(?:inferior )?vena cava\b|\bivc\b|간?문맥|간?정맥"
)
#: First word found in the text decides; the longer words stand first.
_ORGAN_WORDS = (
    ("adrenal", "adrenal"),
    ("suprarenal", "adrenal"),
    ("부신", "adrenal"),
    ("hepatic", "liver"),
    ("liver", "liver"),
    ("간", "liver"),
    ("우간", "liver"),
    ("좌간", "liver"),
    ("lung", "lung"),
    ("pulmonary", "lung"),
    ("폐", "lung"),
    ("pleura", "pleura"),
    ("흉막", "pleura"),
    ("kidney", "kidney"),
    ("renal", "kidney"),
    ("신장", "kidney"),
    ("ovar", "ovary"),
    ("breast", "breast"),
    ("periton", "peritoneum"),
    ("omentum", "peritoneum"),
    ("복막", "peritoneum"),
    ("bone", "bone"),
    ("skelet", "bone"),
    ("vertebra", "bone"),
    ("spine", "bone"),
    ("ribs?\\b", "bone"),
    ("sternum", "bone"),
    ("sacrum", "bone"),
    ("femur", "bone"),
    ("뼈", "bone"),
    ("척추", "bone"),
    ("muscle", "muscle"),
    ("skin", "skin"),
    ("soft tissue", "soft tissue"),
    ("chest wall", "soft tissue"),
    ("abdominal wall", "soft tissue"),
    ("spleen", "spleen"),
    ("비장", "spleen"),
    ("pancrea", "pancreas"),
    ("췌장", "pancreas"),
    ("gallbladder", "gallbladder"),
    ("담낭", "gallbladder"),
    ("bile duct", "bile duct"),
    ("stomach", "stomach"),
    ("gastric", "stomach"),
    ("bowel", "bowel"),
    ("colon", "bowel"),
    ("rectum", "bowel"),
    ("duoden", "bowel"),
    ("bladder", "bladder"),
    ("prostate", "prostate"),
    ("uter", "uterus"),
    ("thyroid", "thyroid"),
    ("brain", "brain"),
    ("뇌", "brain"),
    ("diaphragm", "diaphragm"),
    ("heart", "heart"),
    ("parotid", "salivary gland"),
    ("thymus", "thymus"),
    ("갑상선", "thyroid"),
    ("전립선", "prostate"),
    ("(?:upper|middle|lower) lobe", "lung"),
    ("(?:r[uml]l|l[ul]l|lingula)\\b", "lung"),
    ("^[ctl]\\d+\\b", "bone"),  # behind a place, "L1" is rather a lesion's name
)
#: A lesion placed in short is one of the liver, for the count of targets, where no other organ is named.
_LIVER_PART = re.compile(
    r"\b(?:right|left) lobe|\bcaudate|\bseg(?:ment)?s? ?(?:[1-8]|i{1,3}|iv|vi{0,3})[ab]?\b"
    r"|\b(?:우엽|좌엽|미상엽)"
)
#: It is a solid one where these words say all: parts of the liver, their numbers, and what says no place.
_PART = re.compile(r"lobe|caudate|section|sector|seg(?:ment)?s?|우엽|좌엽|미상엽")
_PART_NUMBER = re.compile(r"s?(?:[1-8]|i{1,3}|iv|vi{0,3})[ab]?")
_NO_PLACE = re.compile(
    r"right|left|rt|lt|anterior|posterior|medial|lateral|hepatic|dome|subcapsular|central|peripheral|exophytic"
    r"|lesion|mass|nodule|tumou?r|hcc|in|of|the|and|to|a|b"
)
#: A solid lesion at S2 lies in the liver; of others, S1 to S5 may as well be the sacrum's vertebrae.
_SEGMENT, _LIVER_SEGMENT = re.compile(r"s[1-8][ab]?"), re.compile(r"s(?:[678][ab]?|4[ab])")


def organ_of(text: str | None, kind: LesionKind | None = None) -> str:
    """The organ that limits the number of targets.

    >>> organ_of("Left lung"), organ_of("liver S8"), organ_of("porta hepatis", LesionKind.NODE)
    ('lung', 'liver', 'lymph nodes')
    >>> organ_of("Larynx, right"), organ_of(None), organ_of("retroperitoneal LN")
    ('larynx', 'organ not recorded', 'lymph nodes')
    """
    words = plain_words(text)
    if kind is LesionKind.NODE or (kind is None and _NODES.search(words)):
        return LYMPH_NODES
    if not words:
        return NOT_RECORDED
    named = _organ_named(words, solid=kind is LesionKind.SOLID)
    return named or re.sub(r"\b(left|right|bilateral|both)\b", " ", words).strip(" ,;") or words


def kind_of_organ(text: str | None) -> LesionKind | None:
    """What its place says a lesion is: a node, a thrombus, else solid; None where the place leaves it open.

    Bone leaves it open (only a soft-tissue part is measured), and so does a word that is not understood.

    >>> kind_of_organ("portal LN"), kind_of_organ("portal vein"), kind_of_organ("liver S8")
    (<LesionKind.NODE: 'node'>, <LesionKind.THROMBUS: 'thrombus'>, <LesionKind.SOLID: 'solid'>)
    >>> kind_of_organ("segment 8"), kind_of_organ("mediastinum"), kind_of_organ("rib"), kind_of_organ("S2")
    (<LesionKind.SOLID: 'solid'>, None, None, None)
    """
    words = plain_words(text)
    if _THROMBUS.search(words):
        return LesionKind.THROMBUS
    if _NODES.search(words):
        return LesionKind.NODE
    organ = _organ_written(_VEIN.sub(" ", words))
    if organ is None and _VEIN.search(words):  # in a vein, or in the liver beside one
        return None if _mentions_part_of_liver(words) else LesionKind.THROMBUS
    if organ is None:
        return LesionKind.SOLID if _says_part_of_liver(words) else None
    return None if organ == "bone" else LesionKind.SOLID


def at_porta_hepatis(text: str | None) -> bool:
    """Whether a node lies where cirrhosis alone enlarges nodes (rule H3)."""
    letters = plain_words(text).replace(" ", "")
    return any(place in letters for place in ("portahepatis", "periportal", "hilarliver"))


def plain_words(text: str | None) -> str:
    """Lower-case words with one space between them, where others write hyphens and underscores.

    >>> plain_words("Porta-Hepatis_LN ")
    'porta hepatis ln'
    """
    return " ".join((text or "").lower().replace("_", " ").replace("-", " ").split())


def _organ_named(words: str, *, solid: bool) -> str | None:
    in_liver = _LIVER_PART.search(words) or _says_part_of_liver(words) or _names_segment(words, solid=solid)
    return _organ_written(words) or ("liver" if in_liver else None)


def _says_part_of_liver(words: str) -> bool:
    """Whether the words name a part of the liver and nothing else."""
    places = [word for word in re.findall(r"\w+", words) if not _NO_PLACE.fullmatch(word)]
    alone = all(_PART.fullmatch(word) or _PART_NUMBER.fullmatch(word) for word in places)
    return alone and _mentions_part_of_liver(words)


def _mentions_part_of_liver(words: str) -> bool:
    return any(map(_PART.fullmatch, re.findall(r"\w+", words))) or _names_segment(words, solid=False)


def _names_segment(words: str, *, solid: bool) -> bool:
    """Whether one of the words is a segment's number, whatever stands beside it ("S7 near IVC")."""
    segment = _SEGMENT if solid else _LIVER_SEGMENT
    return any(map(segment.fullmatch, re.findall(r"\w+", words)))


def _organ_written(words: str) -> str | None:
    return next((organ for word, organ in _ORGAN_WORDS if re.search(rf"\b{word}", words)), None)
