r"""The words of the field for phases, in English, Korean, Japanese, Chinese, French, German and others.

Patterns are read in order on a normalized description; what one has taken, later ones do not see.
So false friends come first, then compounds, then single words. ``<`` and ``>`` stand for "no Latin
letter before / after": ``<art>`` is in "art 2", "3art" and "art." but not in "artery" or "start".
"""

from __future__ import annotations

import re
from enum import Enum, auto

from imaging.phases.phase import Phase


class Sense(Enum):
    """What a word says beside naming a phase."""

    NOTHING = auto()  # a false friend: taken out so that nothing else reads it
    BEFORE_AND_AFTER = auto()  # with and without contrast in one series, or in one exam
    SEVERAL_PASSES = auto()  # triphasic, dynamic: the protocol, unless one phase is named beside it
    CONTRAST = auto()  # contrast was given, no word on when
    VAGUE = auto()  # after contrast, but the word means different delays in different houses


_CON = r"(?:c|ce|con|cont|contr|contras?t?e?d?s?|gado?\w*|gd|km|kontrast\w*|enh\w*|inj\w*|iv|i\.v\.?|mdc|pdc|mc|dye)"
_OBJECT_OF_WITHOUT = (
    r"(?:fs|fat\w*|f/s|sat\w*|bh|breath\w*|angle|angul\w*|motion|grid|tilt\w*|arms?|trig\w*|nav\w*|asset|pace|"
    r"mar|imar|omar|smart\s?mar|comp\w*|gating|gated|resp\w*|sense|grappa|filter|oral|p\.?o\.?|delay\w*|markers?|"
    r"reading|report|interp\w*|flow|spair|spir|stir|table|gap|gaps|overlap|dlr|asir|edge|lungs?|pelvis|chest|bone)"
)
#: What is done before or after other than an injection.
_EVENT = (
    r"(?:op|ops|oper\w*|tace|taci|tae|deb\w*|rfa|mwa|pei|pve|ablat\w*|emboli\w*|biops\w*|bx|treat\w*|tx|rx|"
    r"chemo\w*|hcc|rt|xrt|radi\w*|sirt|y-?\s?90|tare|trans\w*|olt|lt|ldlt|surg\w*|proc\w*|void\w*|mict\w*|drain\w*|"
    r"stent\w*|tips|scan\w*|sat\w*|medic\w*|meal|prandial\w*|hepatect\w*|resect\w*|lipiodol|needle|interv\w*|ther\w*|"
    r"base\w*|cryo\w*|hifu|trauma|partum|natal|mortem|arrest|recon\w*|evar|whipple|valsalva|insp\w*|exp\w*|"
    r"secretin|lasix|furosemid\w*|glucagon|buscopan|water|menopaus\w*|study|exam|shim|admission|bolus\s?track\w*)"
)
_WITHOUT = r"(?:without|w/o|w\.o\.?|wo|sans|ohne|sin|senza|sem)"
_WITH = r"(?:with|w/c|w/|w|avec|mit|con|et avec|und mit)"
_AND = r"[\s/&+,.\-]*(?:and|et|und|y|e)?[\s/&+,.\-]*"
_NOT_LIVER_VEINS = r"(?:pulm\w*|lungs?|cardiac|heart|atri\w*|mapping|cryo|ablation)"

_PATTERNS: tuple[tuple[Sense | Phase, str], ...] = (
    # ---- false friends
    (Sense.NOTHING, r"<[act][\s.]?[/.&-]\s?[abc]\w{0,2}\s?[/.&-]\s?p(?:el\w*)?>"),  # c/a/p, c-a-p, t/a/p
    (Sense.NOTHING, r"<(?:c|a|ch|abd?|chest|abdomen)\s?[/&-]\s?(?:a|p|abd?|pel\w*|abdomen)>(?!\s*ph)"),
    (Sense.NOTHING, r"<(?:in|out|opp\w*|op|ip)[\s/+&-]*(?:and\s*)?(?:of\s*)?(?:in|out|opp\w*|op|ip)?[\s-]*ph(?:ase)?s?>"),
    (Sense.NOTHING, r"<(?:in|ip|opp?\w*|out)\s?[/+&-]?\s?(?:and\s)?(?:out|opp?\w*|in|ip)(?:\s*of)?(?:\s*ph(?:ase)?)?>"),
    (Sense.NOTHING, r"<phase[\s-]*contrast>|<pc[\s-]*mra?>"),
    (Sense.NOTHING, rf"<(?:pre|post|before|after|apres|avant|nach|vor)[\s/-]*(?:and|&|/)?[\s/-]*{_EVENT}>"),
    (Sense.NOTHING, r"<pre[\s-]*monitor\w*|<post[\s-]*process\w*|<(?:p\.?o\.?|oral|rectal|enteric|bowel)[\s-]*(?:con\w*|prep)"),
    (Sense.NOTHING, rf"<(?:without|w/?o|no|non|with|w/?)[\s-]*{_OBJECT_OF_WITHOUT}>"),
    (Sense.NOTHING, r"<(?:virtual|virt\.?)[\s-]*(?:non|un)[\s-]?\w*(?:[\s-]*(?:contrast\w*|enh\w*))?|<vnc\w*|<vue>"),
    (Sense.NOTHING, r"<(?:delay\w*|late)[\s-]*(?:gad\w*\s*)?enh\w*>|<delay[\s-]*line|<(?:no|min(?:imum|imal)?)\s+delay>"),
    (Sense.NOTHING, r"<(?:portal|ven(?:ous)?|arterial)[\s-]*(?:vein\w*\s*)?(?:hypert\w*|throm\w*|occl\w*|malform\w*|sinus\w*|"
     r"access|insuff\w*|doppler|map\w*|duplex|line|reflux|outflow|embol\w*|shunt\w*|spin\w*|gas|stent\w*|press\w*)"),
    (Sense.NOTHING, r"<(?:art|ven)\w*[\s-]*(?:to|o)?[\s-]*(?:venous|arterial)[\s-]*(?:malf\w*|fist\w*|shunt\w*)"),
    (Sense.NOTHING, rf"<pv>(?=.*<{_NOT_LIVER_VEINS}>)|<pulm\w*[\s-]*(?:art\w*|ven\w*|v\.?)"),
    (Sense.NOTHING, r"<(?:non|intra)[\s-]*ven\w*|<i\.?v\.?\s*(?:line|access)"),
    (Sense.NOTHING, r"<hepatocellular(?![\s-]*(?:phase|ph>))|<hepatobiliary[\s-]*(?:protocol|exam|surg\w*|mri?>|ct>|scan|study)"),
    (Sense.NOTHING, r"<state of the art>|<dynamic[\s-]*range|<[0-9]+\s?%[\s-]*phases?"),
    (Sense.NOTHING, r"대동맥|폐동맥|복강동맥|신동맥|관상동맥|하대정맥|대정맥|간정맥|폐정맥|大動脈|大动脉|肺動脈|肺动脉|腎動脈|"
     r"冠動脈|下大静脈|肝静脈|下腔静脉|肝静脉|肺静脈|門脈血栓|門静脈血栓|문맥혈전|静脈内|静脈麻酔"),
    (Sense.NOTHING, r"수술\s*[전후]|시술\s*[전후]|치료\s*[전후]|術[前後]|治療[前後]"),
    # ---- before and after in one breath
    (Sense.BEFORE_AND_AFTER, rf"<{_WITHOUT}{_AND}{_WITH}(?:[\s/]*{_CON})?>|<{_WITH}{_AND}{_WITHOUT}(?:[\s/]*{_CON})?>"),
    (Sense.BEFORE_AND_AFTER, rf"<pre[\s-]*(?:{_CON})?[\s/&+,-]*(?:and|et|und)?[\s/&+,-]*post(?:[\s-]*{_CON})?>"),
    (Sense.BEFORE_AND_AFTER, rf"<(?:un|non?)[\s-]?enh\w*{_AND}enh\w*|<non?[\s-]*con\w*{_AND}(?:with|con\w*|post|enh\w*)>"),
    (Sense.BEFORE_AND_AFTER, r"<c\s?(?:\+\s?/\s?-|-\s?/\s?\+|\+-)|<c\s?[+-]\s?[/&,]\s?c\s?[+-]|\+/?-\s*(?:iv\s*)?c(?:ontrast|on)?>"),
    (Sense.BEFORE_AND_AFTER, r"조영\s*전\s*[,/·]?\s*(?:및\s*)?(?:조영\s*)?후|造影\s*前\s*[・,/]?\s*後|単純\s*[+＋・/,]\s*造影|平扫\s*[+加/、]\s*增强"),
    (Sense.BEFORE_AND_AFTER, r"<nativ\w*\s*(?:und|u\.|\+|&|/)\s*(?:mit\s*)?k[mo]\w*"),
    # ---- hepatobiliary, transitional
    (Phase.HEPATOBILIARY, r"<hbp>|<hbp(?=\d)|<hepato[\s-]*bil\w*(?:[\s-]*ph\w*)?|<hb[\s-]*phase?|<biliary[\s-]*phase?|"
     r"<hepatocyt\w*(?:[\s-]*ph\w*)?|<hepatocellular[\s-]*ph\w*|<hepat?o[\s-]*specif\w*[\s-]*ph\w*|<leberspez\w*[\s-]*phase"),
    (Phase.HEPATOBILIARY, r"간\s*담도\s*기?|간\s*세포\s*기|肝細胞(?:造影)?[相期]?|肝胆道?[相期]|肝胆期|肝膽期"),
    (Phase.TRANSITIONAL, r"<transition\w*(?:[\s-]*ph\w*)?|<ubergangs?[\s-]*phase|이행\s*기|移行[相期]|过渡期|過渡期"),
    # ---- arterial, with early and late
    (Sense.SEVERAL_PASSES, r"<early[\s/&+,-]*(?:and)?[\s/&+,-]*late[\s-]*art\w*|<(?:double|triple|dual|multi)[\s-]*art(?:erial)?>"),
    (Phase.LATE_ARTERIAL, r"<(?:late|lt)[\s.-]*(?:hepatic[\s-]*)?(?:art(?:erial\w*|eriel\w*|\.)?|hap|a[\s-]*phase)>|<lateart\w*|<lart(?:erial)?>|<lap>|"
     r"<art(?:erial)?[\s,-]*(?:ph\w*[\s,-]*)?late>(?![\s-]*(?:ph|ven|por|pv))|<spae?t[\s-]*art\w*|<art\w*[\s-]*tardi\w*|<tardi\w*[\s-]*art\w*|<portal[\s-]*(?:ven\w*[\s-]*)?inflow"),
    (Phase.LATE_ARTERIAL, r"(?:후기|말기|늦은)\s*동맥\s*기?|동맥\s*후기|後期\s*動脈[優位]*[相期]?|動脈[優位]*[相期]?\s*後期|晚期动脉期?|动脉晚期|動脈晚期|晩期動脈[相期]?"),
    (Phase.EARLY_ARTERIAL, r"<early[\s.-]*(?:hepatic[\s-]*)?(?:art(?:erial\w*|eriel\w*|\.)?|hap|a[\s-]*phase)>|<earlyart\w*|<eart(?:erial)?>|<eap>|"
     r"<art(?:erial)?[\s,-]*(?:ph\w*[\s,-]*)?early>|<frue?h[\s-]*art\w*|<art\w*[\s-]*precoce\w*|<precoce\w*[\s-]*art\w*"),
    (Phase.EARLY_ARTERIAL, r"(?:조기|초기|이른)\s*동맥\s*기?|동맥\s*(?:조기|초기)|早期\s*動脈[優位]*[相期]?|動脈[優位]*[相期]?\s*早期|早期动脉期?|动脉早期"),
    (Phase.ARTERIAL, r"<(?:hepatic[\s-]*)?art(?:erial(?:e|es|is|s)?|eriel(?:le)?s?|eriell\w*|eri(?:al)?|er|s)?>(?!\s*(?:y|ies|line|access))|<hap>|<pancreatic[\s-]*ph\w*|"
     r"<a[\s-]phase>|<aphase>|<hepatic artery[\s-]*phase|<arter(?:y|ie)[\s-]*phase|<aortic[\s-]*phase|<arterioso?>|<temps arteriel\w*"),
    (Phase.ARTERIAL, r"(?<![간])동맥\s*(?:우세)?\s*[기상]?|간동맥\s*기|(?<![肝])動脈\s*(?:優位)?[相期]?|肝動脈[相期]|动脉期?|早期[相](?!後)"),
    # ---- vague words that begin like the next ones
    (Sense.VAGUE, r"<(?:early|late|spae?t|frue?h)[\s-]*(?:ven(?:ous|os\w*|oes\w*)?)(?:[\s-]*ph\w*)?>|<early[\s-]*(?:portal|pv)\w*|<delayed?[\s-]*(?:portal|ven)\w*"),
    (Sense.VAGUE, r"<nephro\w*|<nephg>|<cortico[\s-]*med\w*|<cmp?[\s-]phase>|<parenchym\w*|<hepatic[\s-]*ph(?:ase)?>|<n[\s-]phase>|<liver[\s-]*phase"),
    # ---- portal venous
    (Phase.PORTAL_VENOUS, r"<port(?:al|o|ale|ales)?[\s./-]*(?:ven(?:ous\w?|os\w*|oes\w*|eux|euse|\.|a)?)(?:[\s-]*ph\w*)?>|<portalven\w*|<portoven\w*|<pvp>|<pv[\s-]*ph\w*"),
    (Phase.PORTAL_VENOUS, r"<late[\s-]*(?:portal|pv)(?:[\s-]*ven\w*)?|<portals?(?:[\s-]*(?:vein|ph\w*|dominant))?>|<portal(?:e|es|er|phase|is)>|<(?:veine|temps|phase)[\s-]*port(?:e|al|ale)>"),
    (Phase.PORTAL_VENOUS, r"<p\.?[\s.-]*(?:ven(?:ous)?)>|<pven(?:ous)?>|<pv>|<(?:hepatic[\s-]*)?(?:venous\w?|ven|vein[\s-]*phase)>|<veineu\w*|<ven(?:ose?r?|oes\w*|oso?|osa|osen)>|<[pv][\s-]phase>|<hvp>"),
    (Phase.PORTAL_VENOUS, r"문\s*맥\s*(?:정맥)?\s*(?:우세)?\s*[기상]?|정맥\s*[기상]|門脈\s*(?:優位)?[相期]?|門静脈[相期]?|(?<!肝)静脈[相期]|门静?脉期?|静脉期|門靜脈期?|靜脈期"),
    # ---- delayed
    (Phase.DELAYED, r"<(?:early|late)?[\s-]*delay(?:ed|s|e)?(?:[\s-]*ph\w*)?>|<delay(?=\d)|<delayd>|<dly>|<dlyd>|<delai>|<retarde?e?>|<tardi(?:f|fs|ve|ves|vo|va|a|o)>|"
     r"<spae?t(?:e|er)?(?:[\s-]*phase)?>|<spae?taufn\w*|<verzoe?gert\w*|<tard>|<d[\s-]phase>"),
    (Phase.DELAYED, r"<equil\w*(?:[\s-]*ph\w*)?|<equi[\s-]*ph\w*|<eq[\s-]*ph\w*|<gleichgew\w*|<excret\w*|<urogra(?:phic|m)\w*[\s-]*ph\w*|<pyelo\w*|<ausscheid\w*"),
    (Phase.DELAYED, r"지연\s*[기상]?|평형\s*[기상]?|배설\s*기|遅延[相期]?|平衡[相期]?|晩期[相]|排泄[相期]|延迟期?|延遲期?|排泄期"),
    # ---- unenhanced
    (Phase.UNENHANCED, rf"<(?:true[\s-]*)?(?:un|non?)[\s-]*enh\w*|<(?:true[\s-]*)?non?[\s.-]*{_CON}>|<nonc(?:on\w*)?>|<nc>|<ncct>|<nect>|<nce>|<tnc>|<non[\s-]*inject\w*|<unenh>"),
    (Phase.UNENHANCED, rf"<{_WITHOUT}[\s./-]*(?:iv[\s./-]*)?(?:{_CON})?>"),
    (Phase.UNENHANCED, r"<c\s?(?:-|\(-\)|minus|neg)(?=\s|$|[,;:)\]/.])|(?:^|(?<=[\s(]))\(?-\)?\s?c>(?!-)|<(?:iv|km|gd|gad|ic)\s?(?:\(-\)|-(?=\s|$|[,;)]))"),
    (Phase.UNENHANCED, rf"<pre(?:[\s./-]*(?:{_CON}|dyn\w*|vibe|lava))?>|<pre(?=\d)|<precon\w*|<pregad\w*|<plain>|<nati(?:v|ve|f|vo|va)(?:phase|e?s?|es|er)?>|<dry>|<leer>|<blanco?>|<a blanc>|<basale?>"),
    (Phase.UNENHANCED, rf"<(?:avant|vor|av\.?|before|prior to)\s*(?:l')?{_CON}|<simple(?=\s*$)"),
    (Phase.UNENHANCED, r"비\s*조영\s*(?:증강)?|무\s*조영|조영\s*(?:증강|제)?\s*(?:주입)?\s*전|조영제?\s*(?:없\S*|미사용|안\S*|x)|단순|프리|非造影|造影(?:剤)?\s*(?:前|無し?|なし|ナシ|せず|\(-\)|-(?=\s|$))|単純|プレーン|プレ(?!ー)|"
     r"平扫|平掃|增强前|增強前|无增强"),
    # ---- contrast without a phase, several passes, words too vague
    (Sense.SEVERAL_PASSES, r"(?<![\d.])<(?:[2-6]|two|three|four|bi|tri|quad|quadri|dual|triple|multi|mehr|drei|zwei|tetra)[\s-]*phas\w*|<bipas\w*|<tri(?=\s+liver)|<polyphas\w*"),
    (Sense.SEVERAL_PASSES, r"<dyn(?:amic\w*|amik|amisch\w*|amique\w*|a|am)?>|<dyn(?=\d)|<perf(?:usion)?>|<(?:twist|tricks|disco|grasp|twist-vibe)>|역동\S*|다이나믹|다중\s*시?기|[2-4]\s*[상]|ダイナミック|[2-4]\s*相|多期|多相|动态|動態"),
    (Sense.CONTRAST, rf"<post(?:[\s./-]*{_CON}|[\s-]*bolus)?>|<post(?=\d)|<postcon\w*|<postgad\w*|<c\s?(?:\+|\(\+\)|plus)(?![a-z])|\+\s?\(?c\)?(?![a-z])|\+\s?{_CON}>|<ce>|<cect>|<cemr\w*"),
    (Sense.CONTRAST, rf"<{_WITH}[\s./-]*(?:iv[\s./-]*)?{_CON}>|<(?:iv|km|gd|gad)\s?(?:\+|\(\+\))|<w/c>|<enh(?:ance\w*|anced|\.)?>|<contrast\w*|<kontrast\w*|<gado?(?:lin\w*)?>|<gd>|<km>|<inj(?:ecte\w*|ection)?>|"
     r"<(?:avec|mit|apres|nach)\s+(?:l')?(?:iv|injection|contraste|gado\w*|km)|<(?:after|apres|nach)\s*(?:contrast\w*|injection|gad\w*|km)"),
    (Sense.CONTRAST, r"<(?:omnipa\w*|isovue|visipaque|ultravist|iom[ei]ron|xenetix|optiray|ioh?exol|iopam\w*|gadovist|gadavist|dotarem|magnevi\w*|agnevi\w*|multi\s?hance|prohance|omniscan|clariscan|eovist|primovist|vueway|elucirem|eob)"),
    (Sense.CONTRAST, r"조영\s*(?:증강|제|후)?|造影(?:後|剤)?|增强|增強|プリモビスト|프리모비스트"),
    (Sense.VAGUE, r"<(?:early|late|precoce\w*|frue?h\w*)(?:[\s-]*ph\w*)?>|<wash\s?-?out|<vein\w*|<angio\w*|<ct[av]>|<mr[av]>|후기|초기|早期|後期[相期]?"),
)  # fmt: skip


def compiled(pattern: str) -> re.Pattern[str]:
    """``<`` and ``>`` of the tables become letter borders; those of ``(?<`` and ``(?>`` stay."""
    pattern = re.sub(r"(?<!\(\?)<", "(?<![a-z])", pattern)
    return re.compile(re.sub(r"(?<!\(\?)>", "(?![a-z])", pattern))


#: (sense or phase, compiled pattern), in the order in which they are read.
VOCABULARY: tuple[tuple[Sense | Phase, re.Pattern[str]], ...] = tuple(
    (says, compiled(pattern)) for says, pattern in _PATTERNS
)
