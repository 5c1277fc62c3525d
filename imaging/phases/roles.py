"""What a series is for, from its modality, ImageType and description.

Only ``image`` series take part in measurement. On CT every coronal or sagittal stack is a reformat;
on MR it is an acquisition of its own unless it calls itself MPR.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imaging.phases.normalize import normalize
from imaging.phases.phase import Role
from imaging.phases.vocabulary import compiled

#: Modalities that hold results of other series.
_DERIVED_MODALITIES = frozenset(
    {
        "SEG",
        "SR",
        "PR",
        "KO",
        "RTSTRUCT",
        "RTDOSE",
        "RTPLAN",
        "REG",
        "SC",
        "OT",
        "DOC",
        "M3D",
        "PARAMETRIC MAP",
    }
)
_DYNAMIC_MODALITIES = frozenset({"CT", "MR", ""})

_LOCALIZER = compiled(
    r"<scout\w*|<scou$|<scano\w*|<topo(?:gram\w*|gramm\w*|s)?>|<surview\w*|<surv>|<survey\w*|<locali[sz]\w*|<loc(?:s|al|alis|aliz)?>|"
    r"<3[\s-]*(?:plane|pl|pln|plan)s?>|<(?:three|tri|multi)[\s-]*plane>|<pilot>|<plan[\s-]*scan|<scanogra\w*|<reperage\w*|<centrage|"
    r"<ubersicht\w*|<uebersicht\w*|<aahead|<ap[\s/-]*lat>|<lateral view|스카우트|위치\s*결정|로컬라이저|位置決め|スカウト|定位像?"
)
_BOLUS = compiled(
    r"<smart[\s-]*prep\w*|<bolus[\s-]*(?:track\w*|trk|trak\w*|timing|pro\w*|test|trigger\w*|monitor\w*|chase)|<(?:test|timing|timed|care|mini|prep)[\s-]*bolus|"
    r"<bolus>|<pre[\s-]*monitor\w*|<monitor(?:ing)?>|<moni>|<sure[\s-]*start|<real[\s-]*prep|<tracker>|<tracking>|<locator>|<fluoro\w*|<timing>|"
    r"<test[\s-]*inj\w*|<real[\s-]*time(?=\s*$)|<trigger\s*(?:roi|scan)|<time[\s-]*density|<threshold\s*scan|ボーラス\s*トラッキング|テスト\s*(?:ボーラス|インジェクション)|모니터링|볼루스|监测|小剂量测试"
)
#: "Post bolus" and "after bolus" say that contrast was given.
_NOT_BOLUS = compiled(r"<(?:post|after|pre)[\s-]*bolus>")
_DERIVED = compiled(
    r"<s?sub(?:s|tr|tract\w*)?>|<subt>|<mip(?:s|thin|thick)?>|<m\.i\.p>|<min[\s-]*ip>|<minip>|<aip>|<vrt?>|<vol(?:ume)?[\s-]*rend\w*|<ssd>|<dose\w*|<patient[\s-]*protocol|"
    r"<summary[\s-]*series|<screen[\s-]*(?:save|cap|shot)\w*|<key[\s-]*images?|<snapshot\w*|<iodine\w*|<vnc\w*|<virtual[\s-]*(?:non|un)\w*|<vue>|<water[\s-]*\(?iodine|"
    r"<mono[\s-]*(?:e|energ\w*|\+)?[\s-]*\d*\s*kev|<kev>|<\d+\s*kev>|<e?adc\w*|<apparent[\s-]*diff\w*|<r2\s?\*|<t2\s?\*?[\s-]*map|<fat[\s-]*fraction|<pdff>|<ff>|"
    r"<wash[\s-]*(?:in|out)\w*|<ttp>|<pei>|<perf\w*[\s-]*map|<(?:color|colour)>|<fused?>|<fusion>|<curves?>|<graphs?>|<report>|<results?>|<stiffness|<segment\w*|"
    r"^\(\d+/\d+/\d+\)-\(\d+|<processed|<effective[\s-]*z|<rho>|<overlay|<angle[\s-]*map|<confidence[\s-]*map|<wave[\s-]*image|<t1[\s-]*map\w*|감산|차감|サブトラクション|差分|剪影"
)  # fmt: skip
_REFORMAT = compiled(
    r"<[dc]?mpr(?:s|cor|sag)?>|<mpvr>|<reformat\w*|<rfmt>|<reform\w*|<refor>|<cpr>|<curved|<spo>|<multi[\s-]*planar|<3d[\s-]*recon"
)
_OTHER_PLANE = compiled(
    r"<cor(?:o|s|on|onal\w*)?>|<cor(?=\d)|<sag(?:s|it|ittal\w*)?>|<sag(?=\d)|<obl(?:ique\w*)?>|<koronar\w*|<frontal\w*|<axobl|관상\s*면?|시상\s*면?|冠状[断面]?|矢状[断面]?"
)
#: Magnetic resonance sequences that show no contrast passage.
_OTHER_SEQUENCE = compiled(
    r"<t2(?:w|\*|star|wi|weighted)?(?![0-9])|<t2(?=[fst]|\s)|<haste>|<hast$|<ss[\s-]*(?:fse|tse|h)>|<ssfse\w*|<sshtse\w*|<(?:fr)?fse>|<\d?d?frfse|<f?r?fse|<tse>|<blade>|<propeller>|<multivane|<trufi\w*|<true?[\s-]?fisp\w*|"
    r"<\w*fiesta\w*|<b[\s-]?(?:tfe|ffe)>|<bal(?:anced|ance)?>|<ssfp>|<dwi?\w*|<diff(?:usion)?\w*|<dti>|<ivim>|<\w*diff>|<b\s?[=-]?\s?value|<b\s?=\s?\d+|<b[05]\d*0(?![\d.]*f)>|<ep2d\w*|<epi>|<resolve|<stir>|<tirm|<tir>|"
    r"<(?:in|ip)\s?[/+&-]?\s?(?:and\s?)?(?:out|op|opp\w*)>|<(?:op|opp\w*|out)\s?[/+&-]?\s?(?:and\s?)?(?:in|ip)>|<(?:in|out|opp\w*|op|ip)[\s/+&-]*(?:of[\s-]*)?ph(?:ase)?s?>|<inphase|<outphase|<opposed|"
    r"^(?:in|out|opp|ip|op|inphase|fat|water)(?::|$)|<fat(?:\s*only)?$|<medal>|<dual[\s-]*(?:echo|ffe|fe|ge|gre)>|<multi[\s-]*echo|<mrcp\w*|<thick[\s-]*slab|<rare>|<mre>|<elasto\w*|<tof>|<phase[\s-]*contrast|<pc[\s-]*mra?>|<cine>|"
    r"<asl>|<swi>|<qswi|<susc\w*|<iron|<ideal[\s-]*iq|<q[\s-]?dixon|<star\s?map|<fat[\s-]*quant\w*|<calib\w*|<asset>|<pre[\s-]*scan|<shim\w*|<sense[\s-]*ref\w*|<ref[\s-]*scan|<coil|<b[01][\s-]*map\w*|<pd>|<pdw|<mrs>|<spectro\w*|<molli\w*|"
    r"<space>|<spc>|<mag(?:netization)?[\s-]*transf\w*|<myelo\w*|<4d[\s-]*flow|<hydro\w*|<urogr\w*\s*t2|확산|강조\s*T2|拡散|弥散"
)  # fmt: skip
#: A dynamic sequence that also calls itself in-phase, or holds "asset", is still a dynamic sequence.
_CT_ONLY_NOISE = frozenset({"CT"})


@dataclass(frozen=True, slots=True)
class RoleReading:
    """A role and the words or header value that say so (empty: nothing spoke against ``image``)."""

    role: Role
    written: str = ""


def read_role(description: str | None, modality: str = "", image_type: tuple[str, ...] = ()) -> RoleReading:
    """What a series is for.

    Parameters
    ----------
    description : str or None
        SeriesDescription, or ProtocolName where there is none.
    modality : str
        DICOM Modality; empty if unknown.
    image_type : tuple of str
        Values of ImageType; empty if unknown.

    Examples
    --------
    >>> read_role("cor portal venous 3.0 MPR", "CT").role.value
    'reformat'
    >>> read_role("COR VIBE", "MR").role.value
    'image'
    """
    kind = modality.upper().strip()
    if kind in _DERIVED_MODALITIES:
        return RoleReading(Role.DERIVED, f"Modality {kind}")
    if kind not in _DYNAMIC_MODALITIES:
        return RoleReading(Role.OTHER_SEQUENCE, f"Modality {kind}")
    by_type = _from_image_type(image_type)
    if by_type is not None and by_type.role is Role.LOCALIZER:
        return by_type
    by_text = _from_text(normalize(description or ""), kind)
    return by_text or by_type or RoleReading(Role.IMAGE)


def _from_image_type(image_type: tuple[str, ...]) -> RoleReading | None:
    values = {value.upper() for value in image_type}
    written = "ImageType " + "\\".join(image_type)
    if "LOCALIZER" in values:
        return RoleReading(Role.LOCALIZER, written)
    if values & {
        "ADC",
        "SUBTRACTION",
        "SUB",
        "MIP",
        "PROJECTION IMAGE",
        "MIN_IP",
        "VOLUME_RENDERING",
        "SCREEN SAVE",
        "DOSE",
        "DOSE_INFO",
    }:
        return RoleReading(Role.DERIVED, written)
    if values & {"MPR", "REFORMATTED", "CURVED", "RADIAL"}:
        return RoleReading(Role.REFORMAT, written)
    return None


def _from_text(text: str, modality: str) -> RoleReading | None:
    bolus = _BOLUS.search(_NOT_BOLUS.sub(" ", text))
    steps: list[tuple[Role, re.Match[str] | None]] = [
        (Role.LOCALIZER, _LOCALIZER.search(text)),
        (Role.BOLUS_TRACKING, bolus),
        (Role.DERIVED, _DERIVED.search(text)),
        (Role.REFORMAT, _REFORMAT.search(text)),
    ]
    if modality != "CT":
        steps.append((Role.OTHER_SEQUENCE, _OTHER_SEQUENCE.search(text)))
    if modality != "MR":
        steps.append((Role.REFORMAT, _OTHER_PLANE.search(text)))
    for role, match in steps:
        if match:
            return RoleReading(role, match[0].strip())
    return None
