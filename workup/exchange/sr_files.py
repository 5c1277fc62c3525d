"""An assessment as a DICOM structured report, TID 1500 "Measurement Report".

Each filling defect and each lesion is a volumetric measurement group (TID 1411) that refers to its segment;
a lesion's long and short axis stand in a group of their own (TID 1501), each with its end points, under the
same tracking UID. What a reader said and what the numbers say are coded
evaluations. The report is marked verified only when a reader signed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DT

from imaging.findings.assess_region import RegionFindings
from imaging.regions.region import Region
from imaging.volume import Acquisition
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.exchange import codes
from workup.exchange.numbers import stated
from workup.exchange.reported_examination import reported_examination
from workup.exchange.seg_files import MANUFACTURER, person_name, tracked_as, tracking_uid
from workup.replaced_files import new_file

Segmentations = Mapping[str, hd.seg.Segmentation]
Images = Mapping[str, Sequence[Dataset]]
_CATEGORIES = {"target": codes.TARGET_LESION, "non_target": codes.NON_TARGET_LESION}


@dataclass(frozen=True)
class _Sources:
    """What the groups of one report refer to."""

    assessment: Assessment
    images: Images
    segmentations: Segmentations

    def acquisition(self, key: str) -> Acquisition:
        return self.assessment.case.study[key]


def structured_report(
    assessment: Assessment,
    images: Images,
    segmentations: Segmentations,
    *,
    version: str,
    signed: bool = False,
    signed_at: datetime | None = None,
    organization: str = "",
    supersedes: Sequence[Dataset] = (),
) -> sr.Comprehensive3DSR:
    """The TID 1500 report of one assessment.

    Parameters
    ----------
    assessment
        What was decided.
    images
        Headers of the images, keyed by acquisition, in slice order.
    segmentations
        The exported segmentations, keyed by acquisition.
    signed
        Whether a reader signed; only then is the report complete and verified.
    signed_at
        When; the moment of the export where it is not given.
    version, organization
        The software's version; where the signing reader works.
    supersedes
        Earlier reports that this one replaces (PredecessorDocumentsSequence).
    """
    sources = _Sources(assessment, images, segmentations)
    groups = [
        *(_defect_group(d, sources) for d in assessment.defects if _segment_of(d.region, sources)),
        *(_lesion_group(a, sources) for a in assessment.lesions if _segment_of(a.region, sources)),
        *(_axes_group(a, sources) for a in assessment.lesions if a.measurement.long_ends_lps_mm),
    ]
    reader = person_name(assessment.case.reader)
    evidence = [image for key in images for image in images[key]]
    report = sr.MeasurementReport(
        observation_context=_observers(reader),
        procedure_reported=_procedure(assessment),
        imaging_measurements=groups,
        title=Code("126000", "DCM", "Imaging Measurement Report"),
        # highdicom describes classic images only; enhanced ones are still named as evidence
        referenced_images=[image for image in evidence if "PixelSpacing" in image] or None,
    )
    document = sr.Comprehensive3DSR(
        evidence=[*evidence, *segmentations.values()],
        content=report,
        series_instance_uid=hd.UID(),
        series_number=9900,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=signed,
        is_final=signed,
        is_verified=signed and reader is not None,
        verifying_observer_name=reader if signed else None,
        verifying_organization=(organization or "not recorded") if signed else None,
        previous_versions=list(supersedes) or None,
        series_description=f"Vascular invasion and measurable lesion, veinvasion {version}"[:64],
        specific_character_set="ISO_IR 192",
    )
    if signed_at is not None and "VerifyingObserverSequence" in document:
        document.VerifyingObserverSequence[0].VerificationDateTime = DT(signed_at)
    return document


def write_structured_report(report: sr.Comprehensive3DSR, path: str | Path) -> Path:
    """Write the report; a file that is there already is never overwritten."""
    target = Path(path)
    with new_file(target) as stream:
        report.save_as(stream)
    return target


def _observers(reader: str | None) -> sr.ObservationContext:
    device = sr.ObserverContext(
        observer_type=Code("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=f"2.25.{_device_number()}", name=MANUFACTURER
        ),
    )
    if reader is None:
        return sr.ObservationContext(observer_device_context=device)
    person = sr.ObserverContext(
        observer_type=Code("121006", "DCM", "Person"),
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=reader),
    )
    return sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def _device_number() -> int:
    from uuid import NAMESPACE_URL, uuid5

    return uuid5(NAMESPACE_URL, "veinvasion:device").int


def _procedure(assessment: Assessment) -> Code:
    modality = reported_examination(assessment).acquisitions[0].header.modality
    return codes.MR_OF_ABDOMEN if modality == "MR" else codes.CT_OF_ABDOMEN


def _segment_of(region: Region, sources: _Sources) -> tuple[str, int] | None:
    """Acquisition key and segment number of a region, on the first acquisition that was exported."""
    for key, seg in sources.segmentations.items():
        if key in region.masks:
            for segment in seg.SegmentSequence:
                if segment.SegmentLabel == region.id[:64]:
                    return key, int(segment.SegmentNumber)
    return None


def _referenced_segment(region: Region, sources: _Sources, prefer: str | None = None) -> sr.ReferencedSegment:
    found = _segment_of(region, sources)
    if prefer is not None and prefer in sources.segmentations and prefer in region.masks:
        only = _Sources(sources.assessment, sources.images, {prefer: sources.segmentations[prefer]})
        found = _segment_of(region, only) or found
    assert found is not None
    key, number = found
    seg = sources.segmentations[key]
    # built directly: ReferencedSegment.from_segmentation fails on an object with one segment
    return sr.ReferencedSegment(
        sop_class_uid=seg.SOPClassUID,
        sop_instance_uid=seg.SOPInstanceUID,
        segment_number=number,
        source_series=sr.SourceSeriesForSegmentation(sources.images[key][0].SeriesInstanceUID),
    )


def _group(
    region: Region,
    sources: _Sources,
    measurements: list[sr.Measurement],
    evaluations: list[sr.QualitativeEvaluation],
    prefer: str | None = None,
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    category, kind, place = codes.REGION_CODES[region.role]
    if region.vessel is not None:
        place = codes.VESSEL_CODES[region.vessel]
    tracked = tracked_as(sources.assessment.case)
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=tracking_uid(tracked, region.id), identifier=region.id),
        referenced_segment=_referenced_segment(region, sources, prefer),
        time_point_context=_time_point(),
        finding_type=kind,
        finding_category=category,
        finding_sites=[sr.FindingSite(anatomic_location=place)] if place is not None else None,
        measurements=measurements,
        qualitative_evaluations=evaluations,
    )


def _time_point() -> sr.TimePointContext:
    return sr.TimePointContext(
        time_point="Eligibility", time_point_type=codes.ELIGIBILITY_TIME_POINT, time_point_order=1
    )


def _defect_group(
    defect: DefectAssessment, sources: _Sources
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    measurements = _means(defect.findings)
    if defect.adjacency is not None:
        measurements.append(_measure(codes.DISTANCE, defect.adjacency.distance_mm, codes.MILLIMETER))
    said = defect.statement
    questions = (
        (codes.FILLING_DEFECT, said.filling_defect),
        (codes.ADJACENT, said.adjacent_to_primary),
        (codes.ARTERIAL_ENHANCEMENT, said.arterial_enhancement),
        (codes.WASHOUT_PORTAL, said.washout_portal),
        (codes.WASHOUT_DELAYED, said.washout_delayed),
    )
    evaluations = [
        sr.QualitativeEvaluation(name, codes.STATEMENT_CODES[answer.value])
        for name, answer in questions
        if answer is not None
    ]
    found = (
        (codes.MEASURED_ENHANCEMENT, defect.findings.enhancement.finding),
        (codes.MEASURED_WASHOUT, defect.findings.washout.finding),
    )
    evaluations += [sr.QualitativeEvaluation(name, codes.finding_code(f.value)) for name, f in found]
    if defect.region.level is not None:
        evaluations.append(sr.QualitativeEvaluation(codes.LEVEL, codes.level_code(defect.region.level)))
    return _group(defect.region, sources, measurements, evaluations)


def _lesion_group(
    lesion: LesionAssessment, sources: _Sources
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    settled, said = sources.assessment.targets.settled, lesion.statement.target
    evaluations = [
        sr.QualitativeEvaluation(name, _CATEGORIES[role])
        for name, role in (
            (codes.BASELINE_CATEGORY, lesion.role),
            (codes.PROPOSED_CATEGORY, lesion.proposed_role),
        )
        if role in _CATEGORIES
    ]
    if said is not None:
        evaluations.append(
            sr.QualitativeEvaluation(codes.CHOSEN_AS_TARGET, codes.STATEMENT_CODES[said.value])
        )
    if settled.choice is not None:
        kept = codes.NO if settled.objections else codes.YES
        evaluations.append(sr.QualitativeEvaluation(codes.CHOICE_KEEPS_RULES, kept))
    key = lesion.measurement.acquisition_key
    return _group(lesion.region, sources, _means(lesion.findings), evaluations, key)


def _axes_group(lesion: LesionAssessment, sources: _Sources) -> sr.MeasurementsAndQualitativeEvaluations:
    """Long and short axis with their end points, and whether RECIST calls the lesion measurable."""
    measured, region = lesion.measurement, lesion.region
    axes = (
        (codes.LONG_AXIS, measured.lesion.long_axis_mm, measured.long_ends_lps_mm),
        (codes.SHORT_AXIS, measured.lesion.short_axis_mm, measured.short_ends_lps_mm),
    )
    measurements = [
        _measure(
            name,
            length,
            codes.MILLIMETER,
            coordinates=_polyline(ends, lesion, sources),
            method=codes.RECIST_1_1,
        )
        for name, length, ends in axes
        if length is not None and ends is not None
    ]
    judged = sr.QualitativeEvaluation(codes.MEASURABILITY, codes.finding_code(measured.judged.status.value))
    category, kind, place = codes.REGION_CODES[region.role]
    tracked = tracked_as(sources.assessment.case)
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=tracking_uid(tracked, region.id), identifier=region.id),
        time_point_context=_time_point(),
        finding_type=kind,
        finding_category=category,
        finding_sites=[sr.FindingSite(anatomic_location=place)] if place is not None else None,
        measurements=measurements,
        qualitative_evaluations=[judged],
    )


def _means(findings: RegionFindings) -> list[sr.Measurement]:
    """The region's mean on each phase, the phase as a modifier."""
    hounsfield = findings.unit == "HU"
    return [
        _measure(
            codes.ATTENUATION if hounsfield else codes.SIGNAL_INTENSITY,
            m.statistics.mean,
            codes.HOUNSFIELD if hounsfield else codes.NO_UNIT,
            derivation=codes.MEAN,
            phase=codes.phase_code(m.phase),
        )
        for m in findings.phases
        if m.statistics.mean is not None
    ]


def _measure(
    name: Code,
    value: float,
    unit: Code,
    *,
    derivation: Code | None = None,
    method: Code | None = None,
    phase: Code | None = None,
    coordinates: sr.CoordinatesForMeasurement | None = None,
) -> sr.Measurement:
    measurement = sr.Measurement(
        name=name,
        value=stated(value),
        unit=unit,
        derivation=derivation,
        method=method,
        referenced_coordinates=[coordinates] if coordinates is not None else None,
    )
    if phase is not None:
        modifier = sr.CodeContentItem(
            name=codes.CONTRAST_PHASE,
            value=phase,
            relationship_type=sr.RelationshipTypeValues.HAS_CONCEPT_MOD,
        )
        children = measurement[0].get("ContentSequence") or sr.ContentSequence()
        children.append(modifier)
        measurement[0].ContentSequence = children
    return measurement


def _polyline(
    ends: tuple[tuple[float, float, float], tuple[float, float, float]],
    lesion: LesionAssessment,
    sources: _Sources,
) -> sr.CoordinatesForMeasurement:
    """End points on their image, in image coordinates: (column, row), the first pixel's center at 0.5."""
    measured = lesion.measurement
    assert measured.acquisition_key is not None
    assert measured.slice_index is not None
    geometry = sources.acquisition(measured.acquisition_key).volume.geometry
    indices = geometry.index(np.array(ends))
    image_list = sources.images[measured.acquisition_key]
    multi_frame = len(image_list) == 1
    image = image_list[0] if multi_frame else image_list[measured.slice_index]
    header = sources.acquisition(measured.acquisition_key).header
    frames = [header.frame_numbers[measured.slice_index]] if multi_frame and header.frame_numbers else None
    return sr.CoordinatesForMeasurement(
        graphic_type="POLYLINE",
        graphic_data=indices[:, [2, 1]] + 0.5,
        source_image=sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID, frames),
    )
