r"""The words of the field for phases, in English, Korean, Japanese, Chinese, French, German and others.

The entries are read in order on a normalized description, and what one has taken, later ones do not
see: false friends come first, then compounds, then single words. They are verbose regular expressions
with three signs of their own:

=====  ==================================================================================
``<``  no Latin letter before: ``<art>`` is in "art 2", "3art" and "art." but not in "start"
``>``  no Latin letter after: ... nor in "artery"
``~``  any blanks, hyphens, dots or slashes, or none: ``pre~contrast``
=====  ==================================================================================
"""

# ruff: noqa: E501 - word tables are read across, not down
from __future__ import annotations

import re
from enum import Enum, auto

from imaging.phases.phase import Phase


class Sense(Enum):
    """What a word says beside naming a phase."""

    NOTHING = auto()  # a false friend: taken out so that nothing else reads it
    BEFORE_AND_AFTER = auto()  # with and without contrast in one series, or in one examination
    SEVERAL_PASSES = auto()  # triphasic, dynamic: the protocol, unless one phase is named beside it
    CONTRAST = auto()  # contrast was given, no word on when
    VAGUE = auto()  # after contrast, but the word means different delays in different houses


#: What is given: contrast, by its many short names.
_AGENT = (
    r"(?:c|ce|con|cont|contr|contras?t?[aeios]?d?s?|gado?\w*|gd|km|kontrast\w*|iv|i\.v|mdc|pdc|mc|ic|cm|dye)"
)
_INJECTION = rf"(?:{_AGENT}|enh\w*|inj\w*|iodin\w*|jod\w*)"
#: What a series is without that is no contrast agent.
_NO_AGENT = r"""(?:fs|fat\w*|f/s|sat\w*|bh|breath\w*|angle|angul\w*|motion|grid|tilt\w*|arms?|trig\w*|nav\w*|asset|
    pace|i?mar|omar|smart\s?mar|comp\w*|gat(?:ing|ed)|resp\w*|sense|grappa|filter|delay\w*|markers?|reading|report|
    interp\w*|flow|spair|spir|stir|table|gaps?|overlap|dlr|asir|edge|lungs?|pelvis|chest|bone|oral\w*|p\.?o\.?>|
    wrap|phase\swrap|spacing|recon\w*|thins?|mips?|cad|charge|fee)"""
#: What is done to a patient before or after which he is scanned.
_EVENT = r"""(?:op|ops|oper\w*|tace|taci|tae|deb\w*|rfa|mwa|pei|pve|ablat\w*|emboli\w*|biops\w*|bx|treat\w*|tx|rx|
    chemo\w*|hcc|rt|xrt|radi\w*|sirt|sbrt|y\s?-?\s?90|tare|transpl\w*|olt|lt|ldlt|surg\w*|proc\w*|void\w*|mict\w*|
    drain\w*|stent\w*|tips|scans?|scan\w*|sat\w*|medic\w*|meal|prandial\w*|hepatect\w*|resect\w*|lipiodol|needle|
    interv\w*|ther\w*|base\w*|cryo\w*|hifu|trauma|partum|natal|mortem|arrest|recon\w*|evar|whipple|valsalva|insp\w*|
    exp\w*|secretin|lasix|furosemid\w*|glucagon|buscopan|water|menopaus\w*|study|exam\w*|shim|admission|filter|ltx|donor|
    bolus~track\w*|monitor\w*|proton|pbt|io|immun\w*|cycle|c\d|dose|test|stage|staging|liver~transpl\w*)"""
_WITHOUT = r"(?:without|w/o|w\.o\.?|wo|sans|ohne|sin|senza|sem|zonder)"
_WITH = r"(?:with|w/c|w/|w|avec|mit|con|com)"
_AND = r"[\s/&+,.\-]*(?:and|et|und|y|e)?[\s/&+,.\-]*"
_BY_SIGHT = r"""(?:hypert\w*|throm\w*|occl\w*|malform\w*|sinus\w*|access|insuff\w*|doppler|map\w*|duplex|line|reflux|
    outflow|embol\w*|shunt\w*|spin\w*|gas|stent\w*|press\w*|anat\w*|variant\w*|steal|lesion\w*|ulcer)"""
_ARTERIAL = (
    r"art(?:erial(?:e|es|is|s)?|eriel(?:le)?s?|eriell\w*|erieel(?:e)?|eri(?:al)?|er|s|erioso?|eriosa)?"
)
#: Right after a phase that was read already (which leaves zeros) and a joint: what is short for another phase there.
_BESIDE = r"(?<=\0)\.?\s?[/+&,]\s?"
_PHASE = r"(?:~(?:phas\w*|fas\w*|ph|pha))"

_WORDS: tuple[tuple[Sense | Phase, str], ...] = (
    # ------------------------------------------------------------------------------ false friends
    (
        Sense.NOTHING,
        r"""  # chest/abdomen/pelvis, a/p, c-a-p, t/a/p, (ap)
        <[ct]\s?[/.&-]\s?a\w{0,2}\s?[/.&-]\s?p(?:el\w*)?> |
        <(?:c|a|t|ch|abd?|chest|abdomen|thorax)\s?[/&-]\s?(?:a|p|abd?|pel\w*|abdomen)>(?!\s*ph) |
        # in and out of phase
        <(?:in|out|opp\w*|op|ip)[\s/+&-]*(?:and\s*)?(?:of[\s-]*)?(?:in|out|opp\w*|op|ip)?[\s-]*ph(?:ase)?s?> |
        <(?:in|ip|opp?\w*|out)\s?[/+&-]?\s?(?:and\s)?(?:out|opp?\w*|in|ip)(?:\s*of)?(?:\s*ph(?:ase)?)?> |
        <phase~contrast> | <pc~mra?> | <phase~(?:encod\w*|wrap|overs\w*|fov|correct\w*|sens\w*) |
        <\d+\s?%\s*phases? | <dynamic~range""",
    ),
    (
        Sense.NOTHING,
        rf"""  # before and after what was done to the patient; what else a series can be without
        <(?:pre|post|before|after|apres|avant|nach|vor|w/?o|without)~(?:and|&|/)?~{_EVENT}> |
        <(?:pre|post)~(?:\w+[\s-]+){{1,3}}(?:tace|rfa|mwa|ablat\w*|biops\w*|transpl\w*|surg\w*|op|sirt|tare|emboli\w*)> |
        <post~process\w* | <(?:(?:with|without|w/o|w/?|no|and|\+|mit|avec)[\s-]*)?(?:p\.?o\.?|oral\w*|rectal|enteric|bowel)~(?:con\w*|km|prep) |
        <(?:without|w/?o|no|non|with|w/|w|sans|ohne)~{_NO_AGENT}> |
        수술\s*[전후] | 시술\s*[전후] | 치료\s*[전후] | 식[전후] | 術[前後] | 治療[前後] | 治疗[前后] | 食[前後]""",
    ),
    (
        Sense.NOTHING,
        rf"""  # computed series, vessels and diseases with the name of a phase in theirs
        <(?:virtual|virt\.?)~(?:non|un)~\w*(?:~(?:contrast\w*|enh\w*))? | <vnc\w* | <vue> |
        <(?:delay\w*|late)~(?:gad\w*~)?(?:enh\w*) | <lge> | <delay~line | <(?:no|min(?:imum|imal)?)\s+delay> |
        <(?:{_ARTERIAL}|portal|ven(?:ous)?)~(?:vein\w*~)?{_BY_SIGHT} |
        <c\s?-\s?spine | <lap~(?:band|chole\w*|sleeve|append\w*) |
        <(?:trigger|trig|tr)~delay | <transition~zone | <non~(?:ionic|bh|nav\w*|gat\w*|trig\w*|linear|rigid|iso\w*) |
        <(?:art|ven)\w*~(?:venous|arterial)~(?:malf\w*|fist\w*|shunt\w*) |
        <pulm\w*~(?:art\w*|ven\w*|v\.?)> |
        <(?:non|intra)~ven\w* | <i\.?v\.?\s*(?:line|access) | <state\sof\sthe\sart> |
        <art(?:if\w*|irem|is|\.?\s?lines?)> | <hepatocellular(?!~(?:phase|ph>)) |
        <hepatobiliary~(?:protocol|exam\w*|surg\w*|mri?>|ct>|scan|study|hida|us>) |
        <portal~(?:site|film|image|hiler?\w*) | <venous~(?:port|catheter)""",
    ),
    (
        Sense.NOTHING,
        r"""대동맥|폐동맥|복강동맥|신동맥|관상동맥|하대정맥|대정맥|간정맥|폐정맥|정맥주사|문맥\s*(?:혈전|고혈압|색전)|
        大動脈|大动脉|主动脉|肺動脈|肺动脉|腎動脈|冠動脈|冠状动脉|下大静脈|肝静脈|下腔静脉|肝静脉|肺静脈|
        門脈血栓|門静脈血栓|門脈圧|静脈内|静脈麻酔|静脈路|門静脈瘤|経口造影|経口""",
    ),
    # --------------------------------------------------------------- before and after in one breath
    (
        Sense.BEFORE_AND_AFTER,
        rf"""<{_WITHOUT}{_AND}{_WITH}(?:[\s/]*{_INJECTION})?> | <{_WITH}{_AND}{_WITHOUT}(?:[\s/]*{_INJECTION})?> |
        <pre~(?:{_INJECTION})?[\s/&+,-]*(?:and|et|und|to|\|)?[\s/&+,-]*post(?:~{_INJECTION})?> |
        <(?:un|non?)~?enh\w*{_AND}enh\w* | <non?~con\w*{_AND}(?:with|con\w*|post|enh\w*)> |
        <c\s?(?:\+\s?/\s?-|-\s?/\s?\+|\+-|-\+) | <c\s?[+-]\s?[/&,]\s?c\s?[+-] | \+/?-\s*(?:iv\s*)?{_AGENT}> |
        <nativ\w*\s*(?:und|u\.|\+|&|/)\s*(?:mit\s*)?k[mo]\w* | <sans\s*(?:puis|/|et)\s*(?:avec|apres)\w* |
        조영\s*전\s*[,/·]?\s*(?:및\s*|과\s*)?(?:조영\s*)?후 | 造影\s*前\s*[・,/と]?\s*(?:造影)?後 |
        単純\s*[+・/,と]\s*造影 | 平扫\s*[+加/、及]\s*增强""",
    ),
    # ------------------------------------------------------------------ hepatobiliary, transitional
    (
        Phase.HEPATOBILIARY,
        rf"""<hbp>|<hbp(?=\d) | <hepato?~bil\w*{_PHASE}? | <hb{_PHASE} | <hb(?=\s*$) | <biliary{_PHASE} | <hepatocyt\w*{_PHASE}? |
        <hepatocellular~ph\w* | <hepato?~?specif\w*{_PHASE} | <leberspez\w*{_PHASE} | <hepatozyt\w*{_PHASE}? |
        간\s*담도\s*[기상] | 간\s*담도(?=\s*(?:$|\d)) | 간\s*세포\s*기 | 肝細胞(?:造影[相期]?|[相期]) | 肝胆道?[相期] | 肝胆特异期 |
        肝膽期 | 肝细胞[相期]""",
    ),
    (
        Phase.TRANSITIONAL,
        rf"<transition\w*{_PHASE}? | <ubergangs?~phase | 이행\s*기 | 移行[相期] | 过渡期 | 過渡期",
    ),
    # ---------------------------------------------------------------- arterial, with early and late
    (
        Sense.SEVERAL_PASSES,
        rf"""<early[\s/&+,-]*(?:and|to)?[\s/&+,-]*late~{_ARTERIAL}{_PHASE}?> |
        <(?:double|triple|dual|multi\w*)~{_ARTERIAL}> |
        <ap\s?[/+&,]\s?pv> | <pv\s?[/+&,]\s?ap>""",
    ),
    (
        Phase.LATE_ARTERIAL,
        rf"""<(?:late|lt)~(?:hepatic~)?(?:{_ARTERIAL}|hap|a~phase)> | <late{_ARTERIAL}> | <l~?art(?:erial)?> | <lap> |
        <{_ARTERIAL}{_PHASE}?[\s,./(-]*late>(?!{_PHASE}|~(?:ven|por|pv)) |
        <spae?t~?art\w* | <{_ARTERIAL}~tardi\w* | <tardi\w*~{_ARTERIAL}> | <{_ARTERIAL}~(?:spae?t|tardi\w*)> |
        <portal~(?:ven\w*~)?inflow |
        (?:후기|말기|늦은)\s*동맥\s*기? | 동맥\s*후기 | 後期\s*動脈[優位]*[相期]? | 動脈[優位]*[相期]?\s*\(?後期 |
        晚期动脉期? | 动脉晚期 | 動脈晚期 | 晩期動脈[相期]? | 晚期動脈期?""",
    ),
    (
        Phase.EARLY_ARTERIAL,
        rf"""<early~(?:hepatic~)?(?:{_ARTERIAL}|hap|a~phase)> | <early{_ARTERIAL}> | <e~?art(?:erial)?> | <eap> |
        <{_ARTERIAL}{_PHASE}?[\s,./(-]*early> |
        <frue?h~?art\w* | <{_ARTERIAL}~precoce\w* | <precoce\w*~{_ARTERIAL}> | <{_ARTERIAL}~frue?h> |
        (?:조기|초기|이른)\s*동맥\s*기? | 동맥\s*(?:조기|초기) | 早期\s*動脈[優位]*[相期]? |
        動脈[優位]*[相期]?\s*\(?早期 | 早期动脉期? | 动脉早期""",
    ),
    (
        Phase.ARTERIAL,
        rf"""<(?:hepatic~)?{_ARTERIAL}>(?!\s*(?:y|ies|line|access)) | <hap> | <a(?=\s?[/+&]\s?(?:p~ph|pvp?>|v~ph)) | <pancreatic{_PHASE} | <a\.?[\s-]?phase> |
        <(?:hepatic\s)?arter(?:y|ie){_PHASE} | <aortic{_PHASE} |
        간동맥\s*기 | 동맥(?!류|경화|박리|색전|조영술)\s*(?:우세)?\s*[기상]? | 아테리얼 | 肝動脈[相期] |
        (?<!肝)動脈(?!瘤|硬化|解離|塞栓|造影)\s*(?:優位)?[相期]? | 动脉(?!瘤|硬化)期? | 早期相""",
    ),
    # ------------------------------------------- words that differ between houses by up to a minute
    (
        Sense.VAGUE,
        rf"""<(?:early|late|spae?t|frue?h|tardi\w*)~?(?:ven(?:ous|os\w*|oes\w*)?|veineu\w*){_PHASE}?> |
        <early~(?:portal|pv)\w*(?:~ven\w*)? | <(?:venous|veineux|veineuse)~(?:late|early|tardi\w*)> |
        <nephro\w* | <nephg> | <cortico~med\w* | <cmp?~phase> | <parenchym\w* | <hepatic~ph(?:ase)?> |
        <n[\s-]phase> | <liver~phase> | <vascular{_PHASE} | <capillary{_PHASE} | <blood~pool |
        [実間]質[相期] | 실질\s*기 | 实质期 | 皮質[相期] | 腎実質[相期] | 피질기 | 신실질기""",
    ),
    # ------------------------------------------------------------------------------- portal venous
    (
        Phase.PORTAL_VENOUS,
        rf"""{_BESIDE}(?:port|vein|v|静脉|静脈|門脈|门脉)> | (?<=\0)\s+(?:port|vein)> |
        <port(?:al|o|ale|ales)?~(?:ven(?:ous\w?|os\w*|oes\w*|eux|euse|a)?|veineu\w*|vn){_PHASE}?> |
        <port(?:al|o)ven\w* | <pvp> | <pv{_PHASE} | <late~(?:portal|pv)(?:~ven\w*)? |
        <portals?(?:~vein|~dominant)?{_PHASE}?> | <portal(?:e|es|er|is|phase)> | <portal(?=\d) |
        <(?:veine|temps|tps|phase)~port(?:e|al|ale)?> | <p~(?:ven(?:ous)?)> | <pven(?:ous)?> | <pv> |
        <(?:hepatic~)?(?:venous[ea]?|ven|vein{_PHASE})> | <veineu\w* | <ven(?:ose?r?|oes\w*|oso?|osa|osen)> |
        <[pv]\.?[\s-]phase> | <p\.\s?v\.?> | <hvp> |
        문\s*맥(?!\s*(?:종양|혈전|색전|고혈))\s*(?:정맥)?\s*(?:우세)?\s*[기상]? | 포탈 | 정맥\s*[기상] | 門脈(?!腫瘍|血栓|塞栓|圧|瘤)\s*(?:優位)?[相期]? |
        門静脈(?!腫瘍|血栓|塞栓|圧|瘤)[相期]? |
        (?<!肝)静脈[相期] | 门静?脉期? | 静脉期 | 門靜脈期? | 靜脈期""",
    ),
    # ------------------------------------------------------------------------------------- delayed
    (
        Phase.DELAYED,
        rf"""{_BESIDE}(?:d|del|late|lat)> | (?<=\0)\s+del> | <del(?=\s?[/+&,]\s?\0) |
        <(?:(?:early|late)~)?delay(?:ed|s|e)?{_PHASE}?> | <delay(?=\d) | <delayd> | <dlyd?> | <delai> |
        <retard(?:ee?|o)?> | <tardi(?:f|fs|ve|ves|vo|va|a|o)> | <tard> |
        <spae?t(?:e|er)?{_PHASE}?> | <spae?taufn\w* | <verzoe?gert\w* | <d[\s-]phase> |
        <equil\w*{_PHASE}? | <equi{_PHASE}?> | <eq{_PHASE}?> | <gleichgew\w* | <excret\w* | <urogra\w*{_PHASE} |
        <pyelo\w* | <ausscheid\w* | 지연\s*[기상]? | 딜레이 | 평형\s*[기상]? | 배설\s*기 | 遅延[相期]? | 平衡[相期]? | 晩期相 |
        排泄[相期] | 延迟期? | 延遲期? | 延时期?""",
    ),
    # ---------------------------------------------------------------------------------- unenhanced
    (
        Phase.UNENHANCED,
        rf"""<(?:true~)?(?:un|non?)~?enh\w* | <(?:true~)?non?~(?:iv~)?{_INJECTION}> | <nonc(?:on\w*)?> | <nc> |
        <ncct> | <nect> | <nce> | <tnc> | <non~injecte\w* | <{_WITHOUT}~(?:iv~)?{_INJECTION}?> |
        <c\s?(?:-|\(-\)|minus|neg\w*)(?=\s|$|[,;:)\]/.]) | (?:^|(?<=[\s(]))(?:-|\(-\)\s?)c>(?![-+]) |
        <non(?=\s*(?:$|\d|liver|abd\w*>)) | <nat(?=\.|\s*$|\s\d) | <o\.?\s?km> | <ss~(?:iv|inj\w*|pdc|contraste) |
        <avt\s*inj\w* | 논\s*컨\w* | 플레인 |
        <(?:iv|km|gd|gad|ic)\s?(?:\(-\)|-(?=\s|$|[,;)])) |
        <pre(?:~(?:{_INJECTION}|dyn\w*|vibe|lava))?> | <pre(?=\d) | <precon\w* | <pregad\w* | <plain> |
        <nati(?:v|ve|f|vo|va)(?:phase|es|er)?> | <leer> | <dry> | <blanco?> | <basale?> |
        <(?:avant|vor|before|prior\sto)~(?:l')?{_INJECTION} | <simple(?=\s*$) |
        비\s*조영\s*(?:증강)? | 무\s*조영 | 조영\s*(?:증강|제)?\s*(?:주입|투여)?\s*전 | 단순 | 프리(?!모) |
        조영제?\s*(?:없\S*|미사용|안\S*|x) | 非造影 | 単純 | プレーン | プレ(?!ー) |
        造影(?:剤)?\s*(?:前|無し?|なし|ナシ|せず|\(-\)|-(?=\s|$)) | 平扫 | 平掃 | 增强前 | 增強前 | 无增强""",
    ),
    # --------------------------------------------- contrast without a phase, several passes, vague
    (
        Sense.SEVERAL_PASSES,
        r"""(?<![\d.])<(?:[2-6]|two|three|four|bi|tri|quad|quadri|dual|triple|multi|mehr|drei|zwei|vier|tetra)~phas\w* |
        <bipas\w* | <tri(?=\s+liver) | <polyphas\w* | <dyn(?:amic\w*|amik\w*|amisch\w*|amique\w*|a|am)?> | <dyn(?=\d) |
        <perf(?:usion)?> | <(?:twist|tricks|disco|grasp)> | 역동\S* | 다이나믹 | 다중\s*시?기 | [2-4]\s*상(?!\S*[복하]) |
        ダイナミック | [2-4]\s*相 | 多期 | 多相 | 动态 | 動態""",
    ),
    (
        Sense.CONTRAST,
        rf"""<post(?:~{_INJECTION}|~bolus)?> | <post(?=\d) | <postcon\w* | <postgad\w* |
        <c\s?(?:\+|\(\+\)|plus)(?![a-z]) | \+\s?\(?c\)?(?![a-z]) | \+\s?{_INJECTION}> | <ce> | <cect> | <cemr\w* |
        <{_WITH}~(?:iv~)?{_INJECTION}> | <(?:iv|km|gd|gad)\s?(?:\+|\(\+\)) | <w/c> | <w/(?=\s*(?:$|\d)) | <with(?=\s*$) | <iv~con\w*> | <m\.\s?km> | 컨트라스트 | <enh(?:ance\w*|\.)?> |
        <contrast\w* | <kontrast\w* | <gado?(?:lin\w*)?> | <gd> | <km> | <inj(?:ecte\w*|ection)?> |
        <(?:avec|mit|apres|nach|after)~(?:l')?(?:iv|injection|contras\w*|gad\w*|km) |
        <(?:omnipa\w*|isovue|visipaque|ultravist|iom[ei]ron|xenetix|optiray|ioh?exol|iopam\w*|gadovist|gadavist|
        dotarem|magnevi\w*|agnevi\w*|multi\s?hance|prohance|omniscan|clariscan|eovist|primovist|vueway|elucirem|eob) |
        조영\s*(?:증강|제|후)? | 造影(?:後|剤)? | 增强 | 增強 | プリモビスト | 프리모비스트""",
    ),
    (
        Sense.VAGUE,
        rf"<(?:early|late|precoce\w*|frue?h\w*){_PHASE}?> | <wash\s?-?out> | 후기 | 초기 | 早期 | 後期[相期]?",
    ),
)


def compiled(words: str) -> re.Pattern[str]:
    """Verbose regular expression with the signs ``<``, ``>`` and ``~`` of this module."""
    words = re.sub(r"(?<!\(\?)<(?![=!])", "(?<![a-z])", words)
    words = re.sub(r"(?<!\(\?)(?<!<[=!])>", "(?![a-z])", words)
    return re.compile(words.replace("~", r"[\s./-]*"), re.VERBOSE)


#: (sense or phase, compiled words), in the order in which they are read.
VOCABULARY: tuple[tuple[Sense | Phase, re.Pattern[str]], ...] = tuple(
    (says, compiled(words)) for says, words in _WORDS
)
