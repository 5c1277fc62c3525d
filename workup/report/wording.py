"""The report's fixed words in English and Korean.

Reasons and messages come from the rules themselves and stay in the language of the protocol text
(English), so that what is printed is what was decided.
"""

from __future__ import annotations

from typing import Literal

from workup.errors import WorkupError

Language = Literal["en", "ko"]

# fmt: off
_WORDS: dict[str, tuple[str, str]] = {
    "title":            ("Vascular invasion and measurable lesion",       "혈관 침범 및 측정 가능 병변 보고서"),
    "case":             ("Case",                                          "증례"),
    "patient":          ("Patient",                                       "환자"),
    "study_date":       ("Study date",                                    "검사일"),
    "modality":         ("Modality",                                      "검사 종류"),
    "examinations":     ("Examinations",                                  "검사 목록"),
    "reader":           ("Reader",                                        "판독자"),
    "no_reader":        ("none (no reader has answered)",                 "없음 (판독 전)"),
    "protocol":         ("Protocol",                                      "임상시험"),
    "q_invasion":       ("Vascular invasion (I4.a)?",                     "혈관 침범 (I4.a)?"),
    "q_lesion":         ("Measurable lesion (I5)?",                       "측정 가능 병변 (I5)?"),
    "q_overall":        ("Trial criteria",                                "선정·제외 기준"),
    "PASS":             ("Yes",                                           "예"),
    "FAIL":             ("No",                                            "아니요"),
    "UNKNOWN":          ("Cannot tell",                                   "판단 불가"),
    "NA":               ("Not applicable",                                "해당 없음"),
    "code_PASS":        ("PASS",                                          "PASS (적합)"),
    "code_FAIL":        ("FAIL",                                          "FAIL (부적합)"),
    "code_UNKNOWN":     ("UNKNOWN",                                       "UNKNOWN (판단 불가)"),
    "code_NA":          ("NA",                                            "NA (해당 없음)"),
    "ELIGIBLE":         ("Satisfied on the supplied data",                "제출 자료상 기준 충족"),
    "INELIGIBLE":       ("Not eligible",                                  "부적격"),
    "UNDETERMINED":     ("Undetermined",                                  "미확정"),
    "defects":          ("Filling defects",                               "정맥 내 충만 결손"),
    "defect":           ("Filling defect",                                "충만 결손"),
    "lesions":          ("Lesions",                                       "병변"),
    "lesion":           ("Lesion",                                        "병변"),
    "phases":           ("Phases and how they are known",                 "조영 시기와 그 근거"),
    "criteria":         ("Trial criteria",                                "임상시험 기준"),
    "policies":         ("Readings of the protocol in force",             "적용된 프로토콜 해석"),
    "refused":          ("Series that were not used",                     "사용하지 않은 시리즈"),
    "trace":            ("Where the numbers come from",                   "수치의 출처"),
    "origin":           ("Version and software",                          "버전과 소프트웨어"),
    "version":          ("Version",                                       "버전"),
    "author":           ("Saved by",                                      "저장한 판독자"),
    "saved":            ("Saved at",                                      "저장 시각"),
    "log_hash":         ("SHA-256 of its line in the log",                "로그 항목의 SHA-256 해시"),
    "assessed_with":    ("Assessed with",                                 "평가에 사용한 소프트웨어"),
    "saved_with":       ("Saved with",                                    "저장에 사용한 소프트웨어"),
    "images_read_with": ("Images read with",                              "영상을 읽은 소프트웨어"),
    "policy":           ("Thresholds of enhancement and washout",         "조영증강 및 씻김 기준"),
    "image_hashes":     ("Images by their hashes",                        "영상 해시"),
    "image_hashes_note": ("SHA-256 over the hashes of the slices, in their order.",
                         "절편 해시를 순서대로 이은 값의 SHA-256입니다."),
    "mask_hashes":      ("Masks by their hashes",                         "영역 마스크 해시"),
    "cautions":         ("Cautions of the images",                        "영상 관련 주의"),
    "enhancement":      ("Arterial enhancement",                          "동맥기 조영증강"),
    "washout":          ("Washout",                                       "씻김"),
    "features":         ("Supporting features (they decide nothing)",     "보조 소견 (판정에 쓰이지 않음)"),
    "compared":         ("Phases compared nonetheless",                   "조건이 다른 시기의 비교 (판독자 판단)"),
    "adjacency":        ("Distance to the primary tumor",                 "원발 종양과의 거리"),
    "level":            ("Vessel and level",                              "혈관과 침범 범위"),
    "statement":        ("Reader",                                        "판독자"),
    "number":           ("Number",                                        "수치"),
    "combined":         ("Together",                                      "종합"),
    "why":              ("Why",                                           "이유"),
    "phase":            ("Phase",                                         "시기"),
    "series":           ("Series",                                        "시리즈"),
    "region":           ("Region",                                        "영역"),
    "mean":             ("Mean",                                          "평균"),
    "sd":               ("SD",                                            "표준편차"),
    "area":             ("Area [mm²]",                                    "면적 [mm²]"),
    "n_eff":            ("N_eff",                                         "유효 표본수"),
    "voxels":           ("Voxels",                                        "화소수"),
    "long_axis":        ("Long axis [mm]",                                "장경 [mm]"),
    "short_axis":       ("Short axis [mm]",                               "단경 [mm]"),
    "interval":         ("Long axis, pixel interval [mm]",                "장경의 이산화 구간 [mm]"),
    "targets":          ("Target lesions",                                "표적 병변"),
    "proposed":         ("Proposed",                                      "제안"),
    "chosen":           ("Chosen by the reader",                          "판독자 선택"),
    "final":            ("Followed as",                                   "최종"),
    "sum_of_diameters": ("Sum of diameters [mm]",                         "직경 합 [mm]"),
    "threshold":        ("Threshold [mm]",                                "기준 [mm]"),
    "effective_slice":  ("Effective slice [mm]",                          "유효 절편 두께 [mm]"),
    "measurability":    ("Measurability",                                 "측정 가능성"),
    "rule":             ("Rule",                                          "규칙"),
    "none_open":        ("None fails, none is open",                      "미충족이나 판단 불가 기준 없음"),
    "missing":          ("missing",                                       "누락"),
    "compared_values":  ("What was recorded and compared",                "기록값과 비교 내용"),
    "item":             ("Item",                                          "항목"),
    "recorded":         ("Recorded",                                      "기록값"),
    "compared_as":      ("Compared as",                                   "비교 내용"),
    "date":             ("Date",                                          "날짜"),
    "source":           ("Source",                                        "출처"),
    "text":             ("Protocol text",                                 "계획서 원문"),
    "read_as":          ("Read as",                                       "해석"),
    "reading":          ("Policy",                                        "해석 방침"),
    "method":           ("Method",                                        "측정 방법"),
    "mask":             ("Mask",                                          "영역 출처"),
    "description":      ("Description",                                   "시리즈 설명"),
    "role":             ("Role",                                          "역할"),
    "skipped":          ("Files set aside",                               "제외한 파일"),
    "borderline":       ("borderline",                                    "경계값"),
    "reference_liver":  ("Reference liver",                               "기준 간 실질"),
    "ratio":            ("Liver / region [%]",                            "간/영역 비 [%]"),
    "ratio_limit":      ("Threshold [%]",                                 "기준 [%]"),
    "liver_minus_region": ("Liver − region",                              "간 − 영역"),
    "contrast_drop":    ("Contrast drop",                                 "대비 감소"),
    "mr_unit":          ("arbitrary units",                               "임의 단위"),
    "filling_defect":   ("Intraluminal filling defect",                   "혈관 내 충만 결손"),
    "adjacent":         ("Adjacent to the primary tumor",                 "원발 종양 인접"),
    "washout_portal":   ("Washout on the portal venous phase",            "문맥기 씻김"),
    "washout_delayed":  ("Washout on the delayed phase",                  "지연기 씻김"),
    "slices":           ("Slices",                                        "절편 수"),
    "spacing":          ("Spacing [mm]",                                  "간격 [mm]"),
    "thickness":        ("Thickness [mm]",                                "절편 두께 [mm]"),
    "criterion":        ("Criterion",                                     "기준"),
    "status":           ("Status",                                        "상태"),
    "evidence":         ("Evidence",                                      "근거"),
    "confidence":       ("Confidence",                                    "신뢰도"),
    "conflicts":        ("Conflicts",                                     "충돌"),
    "not_answered":     ("not answered",                                  "미응답"),
    "no_defect":        ("No filling defect was outlined.",               "표시된 충만 결손이 없습니다."),
    "no_distance":      ("No phase holds confirmed outlines of both the defect and this primary tumor: ",
                         "충만 결손과 다음 원발 종양이 같은 시기에 함께 확인되지 않았습니다: "),
    "unconfirmed":      ("No reader has confirmed this outline: its diameters are a proposal.",
                         "판독자가 확인하지 않은 영역입니다. 직경은 제안값입니다."),
    "from_record":      ("The criterion was decided by what the record says, which these images do not check.",
                         "이 기준은 기록 내용으로 판정했으며 영상으로 확인하지 않았습니다."),
    "no_tumor":         ("No primary tumor was outlined.",                "표시된 원발 종양이 없습니다."),
    "no_lesion":        ("No lesion was outlined.",                       "표시된 병변이 없습니다."),
    "limit_threshold":  ("Numeric thresholds are not validated for arterial-phase thrombus enhancement; the washout "
                         "cut-offs come from delayed-phase HCC nodules and are extrapolated to thrombi and to the "
                         "portal venous phase.",
                         "동맥기 혈전 조영증강에 대한 수치 기준은 검증되지 않았으며, 씻김 기준은 지연기 간세포암 결절에서 "
                         "얻은 값을 혈전과 문맥기에 외삽한 것입니다."),
    "limit_reader":     ("A number never decides vascular invasion alone: a reader's answer is required.",
                         "수치만으로 혈관 침범을 판정하지 않으며, 판독자의 답변이 필요합니다."),
    "limit_device":     ("Research and decision support. Not a medical device; it does not replace the investigator.",
                         "연구 및 의사결정 보조용입니다. 의료기기가 아니며 연구자의 판단을 대신하지 않습니다."),
    "limit_language":   ("",
                         "판정 사유는 임상시험 계획서 원문에 맞추어 영어로 표기합니다."),
    "limit_scope":      ("Criteria covered by this report: ",             "이 보고서가 다루는 기준: "),
}
# fmt: on

_COLUMN = {"en": 0, "ko": 1}


def words(language: str) -> dict[str, str]:
    """Every fixed word in one language.

    Raises
    ------
    WorkupError
        ``UNKNOWN_LANGUAGE`` for anything but ``en`` and ``ko``.
    """
    if language not in _COLUMN:
        raise WorkupError("UNKNOWN_LANGUAGE", f"report language {language!r}", expected='"en" or "ko"')
    return {key: pair[_COLUMN[language]] for key, pair in _WORDS.items()}
