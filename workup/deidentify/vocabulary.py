"""The words that may leave in a description: an allow-list, so that no name can slip through.

What is not on the list is dropped (descriptions) or replaced by a keyed code (device words). Phase names,
anatomy, sequences, reconstructions and makers are on it, in the languages that reports of liver images
use; names of people and places are not.
"""

# ruff: noqa: E501 - a list of words
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_WORDS = """
arterial artery art arteriel arterielle arteriell arteria hap eap lap pvp pv ap vp dp ep np tp hbp hbphase
early late mid portal porto portovenous venous vein veineux veineuse venos venose ven delay delayed del tardif
tardive spat spät parenchymal parenchym equilibrium equil equi transitional hepatobiliary hepatocyte hepato
hepatic pancreatic nephrographic nephro corticomedullary excretory washout wash in out inflow inphase outphase
opposed phase phases phas phs ph multiphase multi triphasic biphasic quad dynamic dyn perfusion bolus tracking
track premonitoring monitoring monitor test trigger smartprep prep sureprep timing scout topogram surview
localizer localiser loc plan pre post plain native nativ nat unenhanced unenh non noncontrast nonenhanced
nce ncct nect nc cect ce cece contrast contraste kontrast con cont contr enhanced enh enhancement with without w
wo c iv po oral km gd gado gadolinium eob primovist eovist gadoxetate gadoxetic gadobutrol gadovist dotarem
gadoterate magnevist multihance gadobenate prohance omnipaque iohexol visipaque iodixanol ultravist iopromide
isovue iopamidol iopamiro iomeron iomeprol xenetix iobitridol optiray ioversol bonorex pamiray scanlux iodine
iodinated agent media medium inj injection ml mgi mgiml
tap liver leber foie hepar higado fegato abdomen abdominal abdo abd pelvis pelvic becken bassin chest thorax lung
lungs brain head neck spine spleen kidney kidneys renal pancreas biliary bile mrcp breast prostate heart cardiac
aorta vessel vessels angio cta mra ctpa cap whole body wholebody wb upper lower lt rt left right ivc bone
bones soft tissue standard std detail detailed sharp smooth medium edge recon reconstruction rec filter kernel iterative
dlir asir asirv veo admire safire idose aidr fbp medium strong mild level thin thick axial ax tra trans
transverse transversal cor coronal sag sagittal obl oblique mpr mip minip vr vrt ssd mpvr reformat reformatted
reformation derived original primary secondary other processed average avg min max sum sub subtract subtracted
subtraction diff difference map maps colour color mono monoenergetic kev dual energy de dect spectral virtual vnc
overlay iodinemap mixed blend ct mr mri pet pt nm us xa dx cr ot seg sr pr ko reg rtstruct fat fatsat fs fatsup water
dixon mdixon ideal flex lava vibe thrive star flash fspgr spgr gre gr se tse fse ssfse haste tfe ffe bffe fiesta
trufi truefisp space cube blade propeller radial twist twistvibe grasp disco ktwist drks epi ep dwi dw diff
diffusion trace tracew adc eadc bvalue bval b exponential calculated calc ivim dti t1 t2 t1w t2w pd pdw stir
spair spir flair swi t2star r2star r2 t2map t1map pdff ff iterativ wi weighted bh breathhold breath hold insp
inspiration exp expiration free fb rt resp trig triggered nav navi navigator gated gating respiratory multiecho echo echoes te tr ti fl
fa me opp op ip w f sense cs compressed asset arc grappa caipi caipirinha medic quick fast turbo ultrafast hires
hr highres high low res resolution iso isotropic 2d 3d 4d 2dfl 3dfl sec secs second seconds s min mins minute
minutes ms mm cm m kv kvp ma mas hu hz deg degree phase1 phase2 phase3 phase4 series study protocol routine std
scan scans acq acquisition image images img recon1 recon2 ref reference norm nd dis2d dis3d dis m p ffe mag magnitude real
imag imaginary phasemap dose report screen save secondary capture summary info patient protocol wl ww fov full
small large extended body tumor tumour hcc lesion mass tace rfa screening followup follow up baseline base
siemens ge medical systems philips healthcare healthineers toshiba canon hitachi fujifilm shimadzu united
imaging uih neusoft mindray hologic samsung neurologica gems company
somatom definition force drive edge as plus go all top now perspective emotion sensation naeotom alpha magnetom
skyra prisma vida avanto aera verio trio symphony espree sola altea lumina terra lightspeed optima revolution
discovery signa architect artist explorer premier hdxt hdx hd vct apex evo maxima brivo brightspeed ingenuity brilliance
iqon icon spectral incisive mx8000 ingenia achieva intera elition ambition panorama aquilion one prime
genesis vision prism lightning vantage orian titan galan elan activion asteion scenaria supria echelon oval
aquarius umr uct elite
b br bf hf fc u i ub hb qr bv bl h d j sa a e g k l n o q r t v x y z
original primary secondary derived localizer volume none mosaic csa csaparallel mprage dynamics vol fm ffe
mixed t1 t2 phase map adc unspecified resampled dixon water fat in_phase opp_phase out_phase w ip op f
diffusion anisotropy ct_som5 ct_som7 ct_som8 spi spo seq heli helical spiral cine step shoot axial
monochrome monochrome1 monochrome2 rgb ybr_full ybr_full_422 ybr_rct ybr_ict palette color yes no y n hfs hfp ffs ffp hfdr hfdl
ffdr ffdl biped quadruped iso_2022_ir_6 iso_ir_100 iso_ir_192 modified unmodified removed replaced
se ir gr ep rm sk mtc ss tof sp mp osp irs ppg vcg fc pfp pff sfc sft fsl fs seg_gems ednone gems fast_gems
research product mixed cartesian radial spiral linear geometric circular cylinder sphere identity log row col
hounsfield_units us hu normal magnetization binary fractional labelmap probability occupancy automatic
semiautomatic manual circle polygon tissue anatomical structure abnormality morphologically abnormal abnormal
neoplasm thrombus segment segmentation propagated target nontarget
attenuation coefficient hounsfield unit millimeter millimetre centimeter per square no units ratio percent
sct srt dcm ucum umls ncit radlex ln fma snm3 99sdm
동맥기 동맥 문맥기 문맥 정맥기 정맥 지연기 지연 조기 후기 간담도기 간담도 이행기 평형기 조영전 조영후 조영 전 후 비조영 간 복부 골반 흉부
動脈相 動脈 門脈相 門脈 静脈相 静脈 遅延相 遅延 平衡相 早期 後期 晩期 肝細胞相 肝細胞 造影前 造影後 造影 単純 肝 腹部 骨盤 胸部 相
动脉期 动脉 门脉期 门脉 门静脉期 门静脉 静脉期 静脉 延迟期 延迟 平衡期 肝胆期 平扫 增强 增强前 增强后 肝脏 期
arterielle portale portalvenos portalvenös venös nativ spätphase gleichgewicht arteriale arterioso arteriosa portale
venosa tardiva basale arterial portal venosa tardía tardia simple sin con avec sans mit ohne
"""

ALLOWED = frozenset(_WORDS.split())

#: Longest run of digits that may stay: "300 mgI", "120 s"; a year or a number of a person is longer.
MAX_DIGITS = 3

_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
#: Six or more digits with nothing but separators between: a date, a phone, a registration number.
_NUMBERS = re.compile(r"(?:\d[\s.\-/:()]*){6,}")
#: Three or more short numbers with one separator: a date, in any order of its parts.
_SIGN, _PART = r"[\s,;:()]*", r"(?:\d{4}|\d{1,2})(?!\d)"
_DATES = re.compile(rf"(?<!\d){_PART}{_SIGN}([./\-_]){_SIGN}{_PART}(?:{_SIGN}\1{_SIGN}{_PART})+")
#: Numbers with blanks between; a date only if three of them can be day, month and year.
_SPACED_NUMBERS = re.compile(r"(?<![\d.])\d{1,4}(?:\s+\d{1,4}){2,}(?![\d.])")
#: A day, a month by its name in one of seven languages, a year; or the month first.
_MONTH = (
    r"(?<![^\W\d_])(?:jan|gen|ene|feb|fev|fév|mar|mär|apr|abr|avr|may|mai|maj|jun|jui|giu|jul|lug|aug|ago|aou"
    r"|aoû|sep|set|oct|okt|ott|nov|dec|déc|dez|dic)[^\W\d_]*"
)
_GAP = r"[\s.,/\-_]"
_NAMED_MONTHS = re.compile(
    rf"(?i)(?<!\d)\d{{1,4}}{_GAP}*{_MONTH}{_GAP}*\d{{1,4}}(?!\d)|{_MONTH}{_GAP}*\d{{1,2}}{_GAP}+\d{{1,4}}(?!\d)"
)
#: One letter alone; not of "w/" and "w/o", which say whether there was contrast.
_LETTER = r"(?<![^\W_])(?!w/o?(?!\w?/))(?!(?<=w/)o(?![\w/]))[^\W\d_](?![^\W_])"
#: Single letters in a row, with anything short between but letters and the sign between values: a spelled name.
_SPELLED = re.compile(rf"(?i){_LETTER}(?:(?:(?!\\)[\W\d_]){{1,5}}{_LETTER}){{2,}}")
#: A word with digits between its letters may have as many of them ("fl3d1r"); more may be a name. [letters]
MAX_LETTERS = 2

_PUNCTUATION = re.compile(r"[^\w\s/\-+.,()%*&:=]")
_PARTS = re.compile(r"\d+|[^\W\d_]+")


def is_allowed(word: str) -> bool:
    """Whether one run of letters and digits may leave.

    Examples
    --------
    >>> [is_allowed(w) for w in ("Arterial", "B30f", "T1w", "20240131", "Hong", "h1o2n3g", "동맥기")]
    [True, True, True, False, False, False, True]
    """
    small = word.lower()
    return small in ALLOWED or all(_is_allowed_piece(piece) for piece in small.split("_"))


def _is_allowed_piece(piece: str) -> bool:
    parts = _PARTS.findall(piece)
    letters = sum(len(part) == 1 and not part.isdigit() for part in parts)
    return piece in ALLOWED or (
        letters <= MAX_LETTERS
        and all(len(part) <= MAX_DIGITS if part.isdigit() else part in ALLOWED for part in parts)
    )


def cleaned(text: str, instead: Callable[[str], str] | None = None) -> str:
    """The text with only its allowed words; ``instead`` makes something of each other word.

    Examples
    --------
    >>> cleaned("ART LIVER 3.0 B30f Hong Gildong 010-1234-5678")
    'ART LIVER 3.0 B30f'
    >>> cleaned("ART 24.1.31 H O N G w/o contrast, 5 Feb 24")
    'ART w/o contrast'
    """
    text = _without_runs(unicodedata.normalize("NFC", text))
    text = _WORD.sub(lambda m: m.group() if is_allowed(m.group()) else (instead or _nothing)(m.group()), text)
    text = _tidy(_PUNCTUATION.sub(" ", text))
    if instead is None:  # what has come together where words went
        while (shorter := _tidy(_without_runs(text))) != text:
            text = shorter
    return text


def foreign_words(text: str) -> tuple[str, ...]:
    """The words of a text that are not on the list, its long numbers, dates and spelled names."""
    found: list[str] = []
    text = _without_runs(unicodedata.normalize("NFC", text), found)
    return (*found, *(word for word in _WORD.findall(text) if not is_allowed(word)))


def _nothing(word: str) -> str:
    return ""


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" -,:=&*._") if re.search(r"\w", text) else ""


def _without_runs(text: str, found: list[str] | None = None) -> str:
    """The text without what no single word tells: long numbers, dates, spelled names."""
    taken = [] if found is None else found

    def take(match: re.Match[str]) -> str:
        taken.append(match.group().strip())
        return " "

    for pattern in (_NUMBERS, _DATES):
        text = pattern.sub(take, text)
    text = _NAMED_MONTHS.sub(lambda m: m.group() if _is_no_month(m.group()) else take(m), text)
    text = _SPACED_NUMBERS.sub(lambda m: take(m) if _may_be_date(m.group().split()) else m.group(), text)
    return _SPELLED.sub(lambda m: m.group() if _spells_a_known_word(m.group()) else take(m), text)


def _spells_a_known_word(run: str) -> bool:
    return "".join(filter(str.isalpha, run)).lower() in ALLOWED  # C/A/P: chest, abdomen, pelvis


def _is_no_month(run: str) -> bool:
    return any(part.lower() in ALLOWED for part in _PARTS.findall(run))  # dual energy, not January


def _may_be_date(numbers: list[str]) -> bool:
    """Whether three neighbors can be day, month and year, in an order that somebody writes."""
    return any(
        (_is_year(c) and (_is_day(a, b) or _is_day(b, a))) or (_is_year(a) and _is_day(c, b))
        for a, b, c in zip(numbers, numbers[1:], numbers[2:], strict=False)
    )


def _is_day(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def _is_year(number: str) -> bool:
    return len(number) in (2, 4)
