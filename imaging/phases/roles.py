"""What a series is for, from its modality, ImageType and description.

Only ``image`` series take part in measurement. On CT every coronal or sagittal stack is a reformat;
on MR it is an acquisition of its own unless it calls itself MPR.
"""

# ruff: noqa: E501 - word tables are read across, not down
from __future__ import annotations

import re
from dataclasses import dataclass

from imaging.phases.normalize import normalize
from imaging.phases.phase import Role
from imaging.phases.vocabulary import compiled

#: Values of ImageType that name computed images, and images in another plane.
_DERIVED_TYPES = frozenset(
    {"ADC", "SUBTRACTION", "SUB", "MIP", "PROJECTION IMAGE", "MIN_IP", "VOLUME_RENDERING", "SCREEN SAVE", "DOSE",
     "DOSE_INFO", "DCE", "SER", "VNC", "SUBTRACT", "MAXIMUM", "MINIMUM", "DIVISION", "MULTIPLICATION", "STD_DEVIATION",
     "WASH_IN", "WASH_OUT", "TTP", "PEI", "MIPT", "MIP_TIME", "IODINE", "MONOENERGETIC", "RHO_EFFECTIVE",
     # multi-energy CT (PS3.3 C.8.15.2.1.1.5): virtual voltages and materials, whose values are not those of the scan
     "VMI", "MAT_SPECIFIC", "MAT_REMOVED", "MAT_FRACTIONAL", "MAT_VALUE_BASED", "MAT_MODIFIED", "EFF_ATOMIC_NUM",
     "ELECTRON_DENSITY"}
)  # fmt: skip
#: Values of ImageType or FrameType, third and later, of MR images beside the one that shows contrast: the other images
#: of a Dixon series (water stays), and phase, real and imaginary part (magnitude stays). Philips and Siemens shorten.
_OTHER_MR_TYPES = frozenset(
    {"FAT", "F", "IN_PHASE", "IP", "OUT_PHASE", "OPP_PHASE", "OPPOSED_PHASE", "OP", "FAT_FRACTION", "FF",
     "WATER_FRACTION", "WF", "R2_STAR", "T2_STAR", "PHASE", "PHASE MAP", "PHASE_MAP", "P", "REAL", "R", "IMAGINARY", "I"}
)  # fmt: skip
_REFORMAT_TYPES = frozenset({"MPR", "REFORMATTED", "CURVED", "RADIAL", "CSA MPR", "CSAPARALLEL"})
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
    r"""<scout\w* | <scou$ | <scano\w* | <topo(?:gram\w*|s)?> | <surview\w* | <surv> | <survey\w* | <locali[sz]\w* |
    <loc(?:s|al|alis|aliz)?> | <3~(?:plane|pl|pln|plan)s?> | <(?:three|tri|multi)~plane> | <pilot> | <plan~scan |
    <reperage\w* | <centrage | <u(?:e)?bersicht\w* | <aahead | <ap~lat> | <lateral~view | <repere> |
    스카우트 | 위치\s*결정 | 로컬라이저 | 토포그램 | 位置決め | スカウト | 定位[像图]?"""
)
_BOLUS = compiled(
    r"""<smart~prep\w* | <bolus~(?:track\w*|trk|trak\w*|timing|pro\w*|test|trigger\w*|monitor\w*|chase\w*) |
    <(?:test|timing|timed|care|mini|prep|track\w*)~bolus | <bolus> | <pre~monitor\w* | <monitor(?:ing)?> | <moni> |
    <sure~start | <real~prep | <tracker> | <locator> | <tracking> | <fluoro\w* | <timing> | <test~inj\w* | <real~time(?=\s*$) |
    <trigger~(?:roi|scan) | <time~density | <threshold~scan | <premoni\w* | <bolustrk> | <bolus\w* |
    ボーラス\s*トラッキング | テスト\s*(?:ボーラス|インジェクション) | モニタリング | プリモニ | 모니터링 | 볼루스 | 监测 | 小剂量测试"""
)
#: "Post bolus" and "after bolus" say that contrast was given.
_NOT_BOLUS = compiled(r"<(?:post|after|pre)~bolus(?!~(?:track|trig|tim))>")
_DERIVED = compiled(
    r"""<s?sub(?:s|tr)?> | <subt> | <s?subs?tra\w* | <soustr\w* | <sottra\w* | <sustrac\w* | <mip(?:s|thin|thick)?> | <min~ip> | <minip> | <mips?\d* | <aip> | <vrt?> |
    <vol(?:ume)?~rend\w* | <ssd> | <dose~(?:report|info\w*|sr|sheet|summary|record|page|data) | ^dose\w*$ | <patient~protocol | <exam~(?:protocol|summary) | <summary~series | <pjn> | <screen~(?:save|cap|shot)\w* |
    <key~images? | <snapshot\w* | <iodine~(?:map\w*|dens\w*|overlay|image\w*|no\w*|\(water\)|water) | <iodine$ | <vnc\w* | <virtual~(?:non|un)\w* | <vue> | <mono\w*~\+?~\d+~kev |
    <\d*~?kev> | <mono~?e(?:nergetic)?> | <monoenerg\w* | <[de]?adc\w* | <apparent~diff\w* | <r2\s?\* | <t[12]\s?\*?~map\w* |
    <fat~fraction | <pdff> | <ff> | <wash~(?:in|out)~map\w* | <ttp> | <pei> | <perf\w*~map | <colou?r> | <fused?> |
    <fusion> | <curves?> | <graphs?> | <report> | <results?> | <stiffness | <segment\w* | ^\(\d+/\d+/\d+\)-\(\d+ |
    <processed | <effective~z | <z~eff(?:ective)?> | <mono(?:plus|\+)~\d+ | <mono~e?~\d+> | <rho> | <overlay | <angle~map | <confidence~map | <wave~image | <lung~vessels? |
    감산 | 차감 | サブトラクション | 差分 | 剪影 | 减影"""
)
_REFORMAT = compiled(
    r"""<[dct]?mpr(?:s|cor|sag|ax\w*)?> | <mpvr> | <reformat\w* | <rfmt> | <reform\w* | <cpr> | <curved | <spo> |
    <multi~planar | <3d~recon\w* | <mpr"""
)
_OTHER_PLANE = compiled(
    r"""<cor(?:o|s|on|onal\w*)?> | <cor(?=\d) | <sag(?:s|it|ittal\w*)?> | <sag(?=\d) | <obl(?:ique\w*)?> | <koronar\w* |
    <frontale?\w* | <axobl | 관상\s*면? | 시상\s*면? | 코로날 | 冠状[断面位]? | 矢状[断面位]? | コロナル | サジタル"""
)
#: Magnetic resonance sequences that show no passage of contrast.
_OTHER_SEQUENCE = compiled(
    r"""<t2(?:w\w*|\*|star|wi|weighted|fs|tse|fse|haste)?(?![0-9a-z]) | <haste\w* | <hast$ | <ss~(?:fse|tse|h)\w* |
    <sst?h?(?:fse|tse)\w* | <\d?d?(?:fr)?fse\w* | <f?r?fse> | <tse> | <blade> | <propeller> | <multivane | <trufi\w* |
    <true?~?fisp\w* | <\w*fiesta\w* | <s?b~?(?:tfe|ffe)> | <bal(?:anced|ance)?> | <ssfp> | <[se]?dwi?\w* | <diff(?:usion)?\w* |
    <dti> | <ivim> | <\w*diff> | <b~?=?~?values?\w* | <b\s?=\s?\d+ | <b(?:0|50|100|[2-9]00|1000)> | <ep2d\w* | <epi> |
    <resolve | <zoomit | <stir> | <tirm | <tir> |
    <(?:in|ip)\s?[/+&-]?\s?(?:and\s?)?(?:out|op|opp\w*)> | <(?:op|opp\w*|out)\s?[/+&-]?\s?(?:and\s?)?(?:in|ip)> |
    <(?:in|out|opp\w*|op|ip)[\s/+&-]*(?:of[\s-]*)?ph(?:ase)?s?> | <inphase | <outphase | <outofphase | <opposed | <oop> | <t1w?\s?(?:tse|se)> |
    <ph(?:ase)?\s?(?:in|out|opp)> | ^(?:in|out|opp|ip|op|inphase|fat)(?::|$) | ^water$ | [\s(](?:opp|in|out|ip|op|f|fat)$ | <medal> |
    <dual~(?:echo|ffe|fe|ge|gre)> | <multi~echo | <mrcp\w* | <thick~slab | <rare> | <mre> | <elasto\w* | <tof> |
    <phase~contrast | <pc~mra?> | <cine> | <asl> | <swi> | <qswi | <swan> | <susc\w* | <iron | <ideal~iq | <q~dixon |
    <star~?map | <fat~quant\w* | <lms> | <calib\w* | <asset\s*(?:cal\w*|scan|$) | <pre~?scan | <shim\w* |
    <sense~ref\w* | <ref~?scan | <coil | <b[01]~map\w* | <pd> | <pdw | <mrs> | <spectro\w* | <molli\w* | <space> | <spc> |
    <(?:m?dixon|flex|ideal)[^a-z].*<(?:opp\w*|op|ip|out|fat|f)>(?!\s?/|~(?:sat|sup|s>)) | <fat\s?: |
    <mag(?:netization)?~transf\w* | <4d~flow | <hydro\w* | 확산 | 담췌관 | 拡散 | 弥散 | 胰胆管"""
)


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
    return by_text or by_type or _from_mr_type(kind, image_type) or RoleReading(Role.IMAGE)


def _from_image_type(image_type: tuple[str, ...]) -> RoleReading | None:
    values = {value.upper() for value in image_type}
    written = "ImageType " + "\\".join(image_type)
    if "LOCALIZER" in values:
        return RoleReading(Role.LOCALIZER, written)
    if values & _REFORMAT_TYPES:
        return RoleReading(Role.REFORMAT, written)
    if values & _DERIVED_TYPES or [value.upper() for value in image_type[:2]] == ["DERIVED", "SECONDARY"]:
        return RoleReading(Role.DERIVED, written)
    return None


def _from_mr_type(modality: str, image_type: tuple[str, ...]) -> RoleReading | None:
    if modality == "CT" or not {value.upper() for value in image_type[2:]} & _OTHER_MR_TYPES:
        return None
    return RoleReading(Role.OTHER_SEQUENCE, "ImageType " + "\\".join(image_type))


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
