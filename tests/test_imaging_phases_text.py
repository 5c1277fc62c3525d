# ruff: noqa: E501 - tables are read across
"""Phases that descriptions name: real descriptions read by a person, a vocabulary by language, laws."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.phases.agent import Agent, named_agent
from imaging.phases.normalize import normalize
from imaging.phases.phase import DEFINITE, Phase, Role
from imaging.phases.roles import read_role
from imaging.phases.series_table import name_rows
from imaging.phases.text import names_several_passes, read_phase
from tests.real_data import REAL_DATA, needs_real_data

TABLES = Path(__file__).parent / "tables"


def rows_of(name):
    """Rows of a table of labels, without its comment lines."""
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


#: 150 real descriptions, drawn with a seed and labelled by reading them before any rule was written.
LABELS = rows_of("phase_text_labels.csv")
#: What the field writes, and what looks like it, by language; written by hand.
VOCABULARY = rows_of("phase_text_vocabulary.csv")
BOTH = LABELS + VOCABULARY


def name(row):
    return name_rows([row])[0].decision


GROUPS = sorted({(row.get("language") or "real series", row["Modality"], row["phase"]) for row in BOTH})


@pytest.mark.parametrize(("source", "modality", "phase"), GROUPS)
def test_role_and_phase_are_what_a_person_reads(source, modality, phase):
    rows = [
        r
        for r in BOTH
        if (r.get("language") or "real series", r["Modality"], r["phase"]) == (source, modality, phase)
    ]
    found = {r["SeriesDescription"]: (str(name(r).role), str(name(r).phase)) for r in rows}

    assert found == {r["SeriesDescription"]: (r["role"], r["phase"]) for r in rows}


def test_no_label_is_given_a_wrong_definite_phase():
    wrong = [row for row in LABELS if (p := name(row).phase) in DEFINITE and p != row["phase"]]

    assert wrong == []


#: What technologists add without changing the phase.
BEFORE = ("", "Recon 2: LIVER ", "Abd_")
AFTER = (
    "",
    " 3.0 B40f",
    " 5mm",
    " A/P",
    " (AP)",
    " LIVER",
    " STD",
    " 1.25",
    " I40f 3",
    " C/A/P",
    "_5.0",
    " 70kV",
    " Br40 3",
)
IMAGES = [row for row in BOTH if row["role"] == "image"]


@pytest.mark.parametrize("before", BEFORE)
def test_kernels_sizes_and_regions_never_make_another_definite_phase(before):
    made = {
        before + row["SeriesDescription"] + after: (found, row["phase"])
        for row in IMAGES
        for after in AFTER
        if (found := read_phase(before + row["SeriesDescription"] + after, row["Modality"]).phase) in DEFINITE
        and found != row["phase"]
    }

    assert made == {}


@settings(max_examples=100, deadline=None)
@given(row=st.sampled_from(BOTH), spaces=st.integers(1, 3))
def test_case_width_and_blanks_do_not_matter(row, spaces):
    text = row["SeriesDescription"]
    plain = read_phase(text, row["Modality"])
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)

    assert read_phase(normalize(text).upper(), row["Modality"]).phase == plain.phase
    assert read_phase(f"{' ' * spaces}{text}{' ' * spaces}", row["Modality"]).phase == plain.phase
    assert read_phase(wide, row["Modality"]).phase in (
        plain.phase,
        read_phase(wide.lower(), row["Modality"]).phase,
    )


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60), modality=st.sampled_from(["CT", "MR", ""]))
def test_any_text_gets_an_answer_and_a_conflict_is_never_definite(text, modality):
    reading = read_phase(text, modality)

    assert isinstance(read_role(text, modality).role, Role)
    assert not (reading.conflict and reading.phase in DEFINITE)


TWO = {
    "arterial": "ARTERIAL", "portal_venous": "PORTAL VENOUS", "delayed": "DELAYED", "unenhanced": "NON CONTRAST",
}  # fmt: skip


@pytest.mark.parametrize("one", TWO)
@pytest.mark.parametrize("other", TWO)
@pytest.mark.parametrize("joint", [" ", "/", " & ", " + ", ", ", " and "])
def test_two_phases_are_never_one(one, other, joint):
    if one == other:
        return
    reading = read_phase(TWO[one] + joint + TWO[other], "CT")

    assert reading.phase in (Phase.MULTIPLE, Phase.UNDETERMINED, Phase.CONTRAST_UNSPECIFIED)
    assert reading.phase is Phase.MULTIPLE or reading.conflict or reading.phase is Phase.CONTRAST_UNSPECIFIED


AGENTS = {
    "the trade name in the description decides": ("EOVIST 3 MIN", Agent.UNKNOWN, Phase.TRANSITIONAL),
    "the agent of the header does as well": ("AX LAVA 3 MIN", Agent.GADOXETATE, Phase.TRANSITIONAL),
    "delayed after gadoxetate is transitional or hepatobiliary": ("DELAYED", Agent.GADOXETATE, Phase.CONTRAST_UNSPECIFIED),
    "10 min after gadoxetate is between the windows": ("10 MIN", Agent.GADOXETATE, Phase.CONTRAST_UNSPECIFIED),
    "10 min after an extracellular agent is delayed": ("10 MIN", Agent.EXTRACELLULAR, Phase.DELAYED),
    "20 min after an extracellular agent is delayed": ("20 MIN", Agent.EXTRACELLULAR, Phase.DELAYED),
    "20 min after gadobenate is delayed": ("20 MIN", Agent.GADOBENATE, Phase.DELAYED),
    "an hour after gadobenate is hepatobiliary": ("60 MIN", Agent.GADOBENATE, Phase.HEPATOBILIARY),
    "20 min of an unnamed agent is hepatobiliary": ("20 MIN", Agent.UNKNOWN, Phase.HEPATOBILIARY),
    "the description goes before the header": ("MULTIHANCE 3 MIN", Agent.GADOXETATE, Phase.DELAYED),
}  # fmt: skip


@pytest.mark.parametrize("case", AGENTS)
def test_the_agent_changes_what_a_delay_means_on_mr(case):
    text, agent, phase = AGENTS[case]

    assert read_phase(text, "MR", agent).phase is phase


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("Primovist", Agent.GADOXETATE), ("Gd-EOB-DTPA", Agent.GADOXETATE), ("GADOXETATE DISODIUM", Agent.GADOXETATE),
        ("MultiHance", Agent.GADOBENATE), ("DOTAREM", Agent.EXTRACELLULAR), ("20CC MAGNEVIST", Agent.EXTRACELLULAR),
        ("Omnipaque 350", Agent.IODINE), ("APPLIED", Agent.UNKNOWN), (None, Agent.UNKNOWN), ("AEOBX", Agent.UNKNOWN),
    ],
)  # fmt: skip
def test_agents_by_their_names(text, agent):
    assert named_agent(text) is agent


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("LIVER 3 PHASE (AP)", True), ("Abdomen^12_9_Liver_HCC_Triphase (Adult)", True), ("ART/PV", True),
        ("CT ABDOMEN W/WO CONTRAST", False), ("PRE LIVER", False), ("NON CON / ART", False), (None, False),
    ],
)  # fmt: skip
def test_a_multiphase_protocol_by_its_name(text, several):
    assert names_several_passes(text) is several


@pytest.mark.parametrize(
    "text",
    [
        "ART/PORT",
        "Art. + Port.",
        "ART/V",
        "Art/Del",
        "art+late",
        "PV/D",
        "DEL + PV",
        "LIVER A/PV/D",
        "A/P phase",
        "动脉+静脉",
    ],
)
def test_a_phase_beside_the_short_name_of_another_is_several(text):
    assert read_phase(text, "CT").phase is Phase.MULTIPLE


@pytest.mark.parametrize("text", ["ART PORT", "Art Vein", "PV DEL"])
def test_two_phases_without_a_joint_are_a_conflict_even_if_one_is_short(text):
    assert read_phase(text, "CT").conflict


#: CT hepatic arteriography and CT during arterial portography, and what only looks like it.
ARTERIAL_INJECTION = {
    "into the hepatic artery": ("CTHA arterial phase", "CTHA DELAY 5.0", "CT-HA late art", "CTHA1 ART", "CT HEPATIC ARTERIOGRAPHY DELAYED", "hepatic CT arteriogram 10 s", "肝動脈造影下CT 動脈相", "动脉期 肝动脉造影CT", "간동맥 조영술 CT 동맥기", "動注CT 動脈相"),
    "into the mesenteric artery": ("CT during arterial portography", "CT ARTERIAL PORTOGRAPHY 30 s", "CT arterioportography PV", "SMA CTAP 30s", "CTAP (SMA) PORTAL", "経動脈性門脈造影下CT", "经动脉性门静脉造影CT", "경동맥 문맥조영 CT"),
    "into an artery, in plain words": ("intra-arterial CT late arterial", "INTRAARTERIAL INJECTION ART"),
}  # fmt: skip
VENOUS_INJECTION = {
    "CTAP and AP-CT are CT of abdomen and pelvis": {"CTAP PORTAL VENOUS": "portal_venous", "CTAP ARTERIAL": "arterial", "CT-AP 70 SEC": "portal_venous", "AP-CT delayed": "delayed"},
    "CT angiography is through a vein": {"CTA HEPATIC ARTERY ARTERIAL": "arterial", "CTA P PORTAL": "portal_venous", "CTA ABD SMA ART": "arterial"},
    "the hepatic arterial phase is a phase": {"HAP": "arterial", "CT-HA phase": "undetermined", "Hepatic Arterial": "arterial", "肝動脈相": "arterial"},
    "intra-arterial treatment is no examination": {"after intra-arterial chemotherapy ART": "arterial"},
    "before it nothing was injected": {"CTHA NON CONTRAST": "unenhanced", "CTHA 単純": "unenhanced"},
}  # fmt: skip


@pytest.mark.parametrize("case", ARTERIAL_INJECTION)
def test_contrast_injected_into_an_artery_names_no_phase_and_says_why(case):
    rows = [{"Modality": "CT", "SeriesDescription": text} for text in ARTERIAL_INJECTION[case]]
    found = {row["SeriesDescription"]: name(row) for row in rows}

    assert {text: d.phase for text, d in found.items()} == dict.fromkeys(found, Phase.UNDETERMINED)
    assert [text for text, d in found.items() if "into an artery" not in " ".join(d.conflicts)] == []
    assert all("into an artery" in read_phase(text, "CT").conflict for text in found)


@pytest.mark.parametrize("case", VENOUS_INJECTION)
def test_what_only_looks_like_an_injection_into_an_artery_keeps_its_phase(case):
    named = {text: name({"Modality": "CT", "SeriesDescription": text}) for text in VENOUS_INJECTION[case]}

    assert {text: str(d.phase) for text, d in named.items()} == VENOUS_INJECTION[case]
    assert not any(d.conflicts for d in named.values())


def test_a_series_beside_ct_hepatic_arteriography_is_no_phase_but_the_unenhanced_one():
    angio = {"Modality": "CT", "StudyInstanceUID": "1", "StudyDescription": "CTHA+CTAP"}
    rows = [{**angio, "SeriesDescription": text} for text in ("PLAIN", "CTAP PV", "ART", "SCOUT")]
    others = [
        {"Modality": "CT", "StudyInstanceUID": "2", "SeriesDescription": "ART"},
        {"Modality": "MR", "StudyInstanceUID": "1", "SeriesDescription": "ART"},
    ]
    phases = [str(n.decision.phase) for n in name_rows([*rows, *others])]

    assert phases == ["unenhanced", "undetermined", "undetermined", "undetermined", "arterial", "arterial"]


ROLES_BY_TYPE = {
    "a scout by its type": (("ORIGINAL", "PRIMARY", "LOCALIZER"), "LIVER", Role.LOCALIZER),
    "a reformat by its type": (("DERIVED", "SECONDARY", "MPR"), "PV 3mm", Role.REFORMAT),
    "a computed series by its type": (("DERIVED", "SECONDARY", "AXIAL"), "PV 3mm", Role.DERIVED),
    "a map by its type": (("DERIVED", "PRIMARY", "DIFFUSION", "ADC"), "", Role.DERIVED),
    "a second reconstruction is an image": (
        ("ORIGINAL", "SECONDARY", "AXIAL"),
        "LIVER 3 PHASE (AP)",
        Role.IMAGE,
    ),
    "a Dixon water image is an image": (("DERIVED", "PRIMARY", "DIXON", "WATER"), "VIBE ART", Role.IMAGE),
    "a Dixon fat image shows no contrast": (
        ("ORIGINAL", "PRIMARY", "DIXON", "FAT"),
        "VIBE ART",
        Role.OTHER_SEQUENCE,
    ),
    "the same of a Dixon series as Philips writes it": (
        ("DERIVED", "PRIMARY", "F", "F", "DERIVED"),
        "ART",
        Role.OTHER_SEQUENCE,
    ),
    "a Dixon water image as Philips writes it": (
        ("DERIVED", "PRIMARY", "W", "W", "DERIVED"),
        "ART",
        Role.IMAGE,
    ),
    "a Dixon opposed-phase image by its type": (
        ("DERIVED", "PRIMARY", "OP", "OP", "DERIVED"),
        "ART",
        Role.OTHER_SEQUENCE,
    ),
    "a Dixon opposed-phase image by its name": ((), "t1_vibe_dixon_opp_art", Role.OTHER_SEQUENCE),
    "a Dixon fat image by its name": ((), "LAVA-Flex FAT: art", Role.OTHER_SEQUENCE),
    "a Dixon image with fat saturation in its name": ((), "T1 DIXON fat sat ART", Role.IMAGE),
    "the phase image beside a magnitude (Dixon)": (
        ("ORIGINAL", "PRIMARY", "P", "FFE"),
        "eTHRIVE art",
        Role.OTHER_SEQUENCE,
    ),
    "a virtual voltage is not that of the scan": (
        ("DERIVED", "PRIMARY", "AXIAL", "VMI"),
        "Arterial",
        Role.DERIVED,
    ),
    "a material map of multi-energy CT": (
        ("DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"),
        "Arterial",
        Role.DERIVED,
    ),
    "a virtual voltage by its name": ((), "Arterial Mono+ 55", Role.DERIVED),
    "the description says more than the type": (("DERIVED", "SECONDARY", "AXIAL"), "COR MPR", Role.REFORMAT),
    "no type at all": ((), "ART", Role.IMAGE),
}


@pytest.mark.parametrize("case", ROLES_BY_TYPE)
def test_image_type_tells_the_role(case):
    image_type, description, role = ROLES_BY_TYPE[case]

    assert read_role(description, "MR" if "Dixon" in case else "CT", image_type).role is role


COMPUTED = {
    "by its French name": ("Soustraction art", ()),
    "by its German verb": ("VIBE art subtrahiert", ()),
    "by its Italian name": ("Sottrazione arteriosa", ()),
    "by its Spanish name": ("SUSTRACCIÓN ARTERIAL", ()),
    "by its Portuguese name": ("Subtração arterial", ()),
    "by a common slip": ("Substraction art", ()),
    "cut short": ("ART subtrac", ()),
    "by the type alone": ("VIBE ART", ("DERIVED", "PRIMARY", "M", "SUBTRACT")),
    "a maximum over time": ("VIBE ART", ("DERIVED", "PRIMARY", "M", "MAXIMUM")),
    "a map of wash-in": ("VIBE ART", ("DERIVED", "PRIMARY", "M", "ND", "WASH_IN")),
}


@pytest.mark.parametrize("case", COMPUTED)
def test_what_was_computed_of_several_phases_is_none_of_them(case):
    """An arterial minus unenhanced image named "art" would be measured as the arterial phase."""
    description, image_type = COMPUTED[case]

    assert read_role(description, "MR", image_type).role is Role.DERIVED


def test_words_that_only_begin_like_a_subtraction_are_none():
    for description in ("suboptimal ART", "subcostal ART", "VIBE ART unsubtracted"):
        assert read_role(description, "MR").role is Role.IMAGE, description


@pytest.mark.parametrize(
    ("modality", "role"), [("SEG", Role.DERIVED), ("SR", Role.DERIVED), ("US", Role.OTHER_SEQUENCE)]
)
def test_other_modalities_are_no_dynamic_images(modality, role):
    assert read_role("ARTERIAL", modality).role is role


@needs_real_data
def test_the_whole_list_of_real_series_gets_answers():
    with (REAL_DATA / "liver_phase_names" / "phase_text_dev.csv").open(newline="", encoding="utf-8") as file:
        named = name_rows(csv.DictReader(file))
    definite = sum(n.decision.phase in DEFINITE for n in named)

    assert len(named) == 1231
    assert definite > 250
    assert not [n for n in named if n.decision.conflicts]
