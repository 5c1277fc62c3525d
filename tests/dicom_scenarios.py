"""Series that scanners and archives really produce, each with what must become of it.

A scenario is a sentence, a function that writes a folder, and the expected outcome: how many acquisitions
load (each voxel is then compared with the truth) with which cautions, or the code of the refusal.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, RLELossless, generate_uid

from tests.dicom_series import (
    COLUMNS,
    FIRST_MM,
    ROWS,
    SLICES,
    STEP_MM,
    enhanced,
    passes,
    series,
    set_stored,
    stored_of,
    write,
)


@dataclass(frozen=True)
class Scenario:
    """One folder and what must become of it."""

    sentence: str
    build: Callable[[Path], None]
    loads: int = 0
    cautions: frozenset[str] = frozenset()
    refused: str | None = None
    skipped: str | None = None
    resample: bool = False
    mr: bool = False
    scale_error: float = 0.0
    peers_may: str = ""  # why a peer that happens to be right is no model


SCENARIOS: dict[str, Scenario] = {}


def scenario(sentence: str, *cautions: str, **outcome):
    """Register the decorated function, which returns the images of a folder or writes it itself."""

    def register(make):
        def build(folder: Path) -> None:
            folder.mkdir(parents=True, exist_ok=True)
            images = make(folder) if make.__code__.co_argcount else make()
            if images is not None:
                write(images, folder)

        SCENARIOS[sentence] = Scenario(sentence, build, cautions=frozenset(cautions), **outcome)
        return make

    return register


def unit(vector) -> np.ndarray:
    return np.array(vector, float) / np.linalg.norm(vector)


CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
_ROW = unit((0.96, 0.2, -0.1))
OBLIQUE = (*_ROW, *unit(np.cross(unit(np.cross(_ROW, (0.05, 0.97, 0.3))), _ROW)))
PRONE = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
FEET_FIRST = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

# 1 -- order ------------------------------------------------------------------------------------


@scenario("a plain series", loads=1)
def _():
    return series()


@scenario("file names in no order", loads=1)
def _(folder):
    images = series()
    write(images, folder, name=lambda i: f"{(i * 5) % 8}-{i}.IMA")


@scenario("instance numbers in no order", loads=1)
def _():
    images = series()
    for i, ds in enumerate(images):
        ds.InstanceNumber = str((i * 3) % 8 + 1)
    return images


@scenario("no instance numbers", loads=1)
def _():
    images = series()
    for ds in images:
        del ds.InstanceNumber
    return images


@scenario("instance numbers run from head to feet", loads=1)
def _():
    images = series()
    for i, ds in enumerate(images):
        ds.InstanceNumber = str(SLICES - i)
    return images


@scenario("the first slice is placed behind the last", refused="SLICE_MISPLACED")
def _():
    images = series()
    images[0].ImagePositionPatient[2] += SLICES * STEP_MM
    return images


@scenario("the last slice is placed before the first, numbers run down", refused="SLICE_MISPLACED")
def _():
    images = series()
    images[-1].ImagePositionPatient[2] -= SLICES * STEP_MM
    for i, ds in enumerate(images):
        ds.InstanceNumber = str(3 * (SLICES - i))
    return images


@scenario("files lie in several folders", loads=1)
def _(folder):
    images = series()
    write(images[:4], folder / "a")
    write(images[4:], folder / "b" / "c")


@scenario("a single slice", "SINGLE_SLICE", loads=1)
def _():
    return series(1)


@scenario("a single slice without a thickness", refused="NOT_A_VOLUME", peers_may="the spacing is made up")
def _():
    images = series(1)
    del images[0].SliceThickness
    return images


@scenario("two slices", loads=1)
def _():
    return series(2)


# 2, 3 -- missing slices ------------------------------------------------------------------------


@scenario("a slice missing in the middle", refused="SERIES_GAP")
def _():
    images = series()
    del images[3]
    return images


@scenario("two neighboring slices missing", refused="SERIES_GAP")
def _():
    images = series(10)
    del images[4:6]
    return images


@scenario("every other slice missing in one half", refused="SERIES_GAP")
def _():
    return [ds for i, ds in enumerate(series(12)) if i < 6 or i % 2]


@scenario("the first slice missing", "SERIES_MAYBE_INCOMPLETE", loads=1)
def _():
    return series()[1:]


@scenario("the last slice missing, ImagesInAcquisition tells", "SERIES_MAYBE_INCOMPLETE", loads=1)
def _():
    images = series()
    for ds in images:
        ds.ImagesInAcquisition = str(SLICES)
    return images[:-1]


@scenario(
    "a damaged file beside a series that would lack it",
    "SERIES_MAYBE_INCOMPLETE",
    loads=1,
    refused="TRUNCATED",
)
def _(folder):
    write(series(), folder)
    files = sorted(folder.iterdir())
    last = max(files, key=lambda p: float(_z(p)))
    last.write_bytes(last.read_bytes()[:300])


def _z(path: Path) -> str:
    from pydicom import dcmread

    return dcmread(path).ImagePositionPatient[2]


# 4 -- duplicates -------------------------------------------------------------------------------


@scenario("a file stored twice, same bytes", "DUPLICATE_IDENTICAL", loads=1)
def _(folder):
    write(series(), folder)
    one = sorted(folder.iterdir())[2]
    (folder / "copy.dcm").write_bytes(one.read_bytes())


@scenario("the whole series stored twice", "DUPLICATE_IDENTICAL", loads=1)
def _(folder):
    write(series(), folder / "a")
    write(series(), folder / "b")


@scenario("same identifier, other pixels", refused="DUPLICATE_CONFLICT")
def _():
    images = series()
    other = series()[3]
    set_stored(other, stored_of(other) + 50)
    return [*images, other]


@scenario("same place, other identifier and pixels", refused="DUPLICATE_CONFLICT")
def _():
    images = series()
    other = series()[3]
    other.SOPInstanceUID = generate_uid()
    set_stored(other, stored_of(other) + 50)
    return [*images, other]


@scenario(
    "one identifier in two series",
    refused="DUPLICATE_CONFLICT",
    peers_may="no report can say which of the two it means",
)
def _():
    images, others = series(), series(series_uid="1.2.826.0.1.3680043.8.498.2")
    others[2].SOPInstanceUID = images[2].SOPInstanceUID
    return [*images, *others]


# 5 -- mixed series -----------------------------------------------------------------------------


@scenario("two series in one folder", loads=2)
def _():
    return [*series(), *series(series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1)]


@scenario("a localizer inside the series", loads=1, skipped="localizer")
def _():
    scout = series(1, orientation=CORONAL, first_number=9)[0]
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    return [*series(), scout]


@scenario("a secondary image inside the series", loads=1, skipped="secondary")
def _():
    extra = series(1, first_number=9)[0]
    extra.ImageType = ["DERIVED", "SECONDARY", "SCREEN SAVE"]
    set_stored(extra, stored_of(extra) * 0)
    return [*series(), extra]


@scenario(
    "one slice of another orientation",
    refused="MIXED_GEOMETRY",
    peers_may="right only by not looking at the slice's header",
)
def _():
    images = series()
    images[3].ImageOrientationPatient = ["0.999", "0.0447", "0", "-0.0447", "0.999", "0"]
    return images


@scenario("axial and coronal stacks in one series", "NOT_AXIAL", loads=2)
def _():
    return [*series(), *series(6, orientation=CORONAL, first_number=9)]


@scenario(
    "two orientations of two slices each",
    refused="MIXED_GEOMETRY",
    peers_may="planning images without the word for it look like this",
)
def _():
    return [*series(2), *series(2, orientation=CORONAL, first_number=9)]


@scenario("one slice of another matrix", refused="MIXED_GEOMETRY")
def _():
    images = series()
    images[3].Rows, images[3].Columns = COLUMNS, ROWS
    return images


@scenario(
    "one slice of another pixel spacing",
    refused="MIXED_GEOMETRY",
    peers_may="right only by not looking at the slice's header",
)
def _():
    images = series()
    images[3].PixelSpacing = ["0.8", "1.25"]
    return images


@scenario(
    "pixel spacing changes half way",
    refused="MIXED_GEOMETRY",
    peers_may="right only by not looking at the slices' headers",
)
def _():
    images = series()
    for ds in images[4:]:
        ds.PixelSpacing = ["1.5", "1.25"]
    return images


@scenario(
    "one slice of another thickness",
    refused="MIXED_GEOMETRY",
    peers_may="two reconstructions are mixed: partial volume and noise change inside the stack",
)
def _():
    images = series()
    images[3].SliceThickness = "5"
    return images


@scenario("thickness and pixel spacing rounded differently on one slice", loads=1)
def _():
    images = series()
    images[3].SliceThickness = "2.499998"
    images[4].PixelSpacing = ["0.7500001", "1.249999"]
    return images


@scenario("a slice of another patient", refused="MIXED_PATIENTS", peers_may="it is somebody else's liver")
def _():
    images = series()
    images[3].PatientID = "SOMEBODY"
    return images


@scenario("a slice of another study", refused="MIXED_PATIENTS", peers_may="it is another examination")
def _():
    images = series()
    images[3].StudyInstanceUID = "1.2.3"
    return images


@scenario("in-phase and opposed-phase told apart by image type", loads=2, mr=True)
def _():
    images = []
    for number, kind in enumerate(("IN_PHASE", "OPP_PHASE")):
        for ds in series(
            modality="MR", slope=None, intercept=None, pass_number=number, first_number=1 + SLICES * number
        ):
            ds.ImageType = ["ORIGINAL", "PRIMARY", "M", kind]
            images.append(ds)
    return images


@scenario("two echoes in one series", loads=2, mr=True)
def _():
    def mark(ds, number):
        ds.EchoTime, ds.EchoNumbers = ("1.2", "2.4")[number], str(number + 1)

    return passes(2, mark, modality="MR", slope=None, intercept=None)


# 6 -- spacing ----------------------------------------------------------------------------------


@scenario("spacing changes half way", refused="VARIABLE_SPACING")
def _():
    return series(places=[0, 2.5, 5, 7.5, 11, 14.5, 18, 21.5])


@scenario("spacing jitters by 0.4 %", loads=1)
def _():
    return series(places=[i * STEP_MM + 0.009 * (-1) ** i for i in range(SLICES)])


@scenario("spacing drifts by 0.9 % each gap", refused="VARIABLE_SPACING")
def _():
    gaps = [STEP_MM * (1 + 0.009 * (1 if i < 20 else -1)) for i in range(40)]
    return series(41, places=[0, *np.cumsum(gaps)])


@scenario("positions rounded to two decimals", loads=1)
def _():
    return series(places=[round(i * 1.0 / 3, 2) for i in range(SLICES)])


@scenario("uneven spacing, resampled on request", "RESAMPLED", loads=1, resample=True)
def _():
    return series(places=[0, 2.5, 5, 7.5, 11, 14.5, 18, 21.5])


@scenario("missing slices are not resampled", refused="SERIES_GAP", resample=True)
def _():
    images = series()
    del images[3]
    return images


# 7 -- tilt -------------------------------------------------------------------------------------


@scenario("gantry tilt of 12 degrees", refused="GANTRY_TILT")
def _():
    return series(shear=(0, np.tan(np.radians(12)), 0))


@scenario(
    "gantry tilt of half a degree",
    refused="GANTRY_TILT",
    peers_may="its NIfTI is sheared, which most readers drop; --resample loads it",
)
def _():
    return series(shear=(0, np.tan(np.radians(0.5)), 0))


@scenario("gantry tilt, resampled on request", "RESAMPLED", loads=1, resample=True)
def _():
    return series(shear=(0, np.tan(np.radians(12)), 0))


@scenario("oblique shear, resampled on request", "RESAMPLED", loads=1, resample=True)
def _():
    return series(shear=(0.1, -0.15, 0))


@scenario(
    "one slice shifted sideways",
    refused="MIXED_GEOMETRY",
    peers_may="right only by not looking at the slice's header",
)
def _():
    images = series()
    images[4].ImagePositionPatient[0] += 3
    return images


@scenario("tilt is recorded, positions show none", "SPACING_TAG_DISAGREES", loads=1)
def _():
    images = series()
    for ds in images:
        ds.GantryDetectorTilt = "12"
    return images


# 8, 9, 10 -- rescale ---------------------------------------------------------------------------


@scenario(
    "CT intercept differs on one slice",
    refused="RESCALE_VARIES",
    peers_may="CT scanners do not do this; a changed slice does",
)
def _():
    images = series()
    images[3].RescaleIntercept = "-1000"
    set_stored(images[3], stored_of(images[3]) - 24)
    return images


@scenario("CT rescale missing on one slice", refused="BAD_RESCALE")
def _():
    images = series()
    del images[3].RescaleSlope, images[3].RescaleIntercept
    return images


@scenario("CT rescale missing on all slices", refused="BAD_RESCALE")
def _():
    images = series()
    for ds in images:
        del ds.RescaleSlope, ds.RescaleIntercept
    return images


@scenario("CT slope is zero", refused="BAD_RESCALE", peers_may="reads zero as one")
def _():
    images = series()
    for ds in images:
        ds.RescaleSlope = "0"
    return images


@scenario("CT slope is negative", refused="BAD_RESCALE")
def _():
    images = series()
    for ds in images:
        ds.RescaleSlope = "-1"
    return images


@scenario("MR slope overflows a float", refused="BAD_RESCALE", mr=True, peers_may="reads it as one")
def _():
    images = series(modality="MR", intercept=0.0)
    for ds in images:
        ds.RescaleSlope = "1E39"
    return images


@scenario("CT slope too small for a float", refused="BAD_RESCALE")
def _():
    images = series()
    for ds in images:
        ds.RescaleSlope = "1E-9"
    return images


@scenario("MR intercept that swallows the pixels", refused="BAD_RESCALE", mr=True)
def _():
    images = series(modality="MR")
    for ds in images:
        ds.RescaleIntercept = "1E12"
    return images


@scenario("a rescale beyond all numbers", refused="BAD_NUMBER", mr=True, peers_may="reads it as one")
def _():
    images = series(modality="MR", intercept=0.0)
    for ds in images:
        ds.RescaleSlope = "1E400"
    return images


@scenario("CT slope of one half", loads=1, scale_error=0.5)
def _():
    return series(slope=0.5)


@scenario("CT intercept with a fraction", loads=1, scale_error=0.5)
def _():
    return series(intercept=-1024.5)


@scenario("CT rescale type is not Hounsfield", refused="BAD_RESCALE", peers_may="the unit is another one")
def _():
    images = series()
    for ds in images:
        ds.RescaleType = "US"
    return images


@scenario("a modality lookup table", refused="BAD_RESCALE", peers_may="right by ignoring the table")
def _():
    images = series()
    for ds in images:
        table = Dataset()
        table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [2, 0, 16], "HU", [0, 1]
        table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
        ds.ModalityLUTSequence = Items([table])
    return images


@scenario("rescale written in exponents with leading zeros", loads=1)
def _():
    images = series()
    for ds in images:
        ds.RescaleSlope, ds.RescaleIntercept = "001.000000E+00", "-01.024000E+03"
    return images


@scenario("MR slope differs on every slice", loads=1, mr=True, scale_error=1.0)
def _():
    images = []
    for i in range(SLICES):
        images += series(1, modality="MR", slope=0.5 + 0.125 * i, intercept=0.0, first_number=i + 1,
                         first_mm=FIRST_MM + np.array([0, 0, i * STEP_MM]))  # fmt: skip
    return images


@scenario("MR without a rescale", loads=1, mr=True)
def _():
    return series(modality="MR", slope=None, intercept=None)


@scenario("MR scaling differs between two series", "MR_SCALING_DIFFERS", loads=2, mr=True, scale_error=2.5)
def _():
    one = series(modality="MR", slope=2.0, intercept=0.0)
    other = series(
        modality="MR", slope=5.0, intercept=0.0, series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1
    )
    return [*one, *other]


@scenario("Philips private scale differs between two series", "MR_SCALING_DIFFERS", loads=2, mr=True)
def _():
    one = series(modality="MR", slope=1.0, intercept=0.0)
    other = series(
        modality="MR", slope=1.0, intercept=0.0, series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1
    )
    for ds in [*one, *other]:
        block = ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
        block.add_new(0x0E, "FL", 0.01 if ds in one else 0.02)
    return [*one, *other]


@scenario("a real world value map does not change stored MR values", loads=1, mr=True)
def _():
    images = series(modality="MR", slope=1.0, intercept=0.0)
    for ds in images:
        mapping = Dataset()
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 7.0, 3.0
        ds.RealWorldValueMappingSequence = Items([mapping])
    return images


# 11, 12, 13 -- bits and padding ----------------------------------------------------------------


def _padded(images, stored):
    for ds in images:
        values = stored_of(ds)
        values[:3, :4] = stored
        set_stored(ds, values)


@scenario("padding outside the circle", loads=1)
def _():
    images = series(signed=True, intercept=0.0)
    _padded(images, -2000)
    for ds in images:
        ds.PixelPaddingValue = -2000
    return images


@scenario("padding declared as an unsigned number of signed pixels", loads=1)
def _():
    images = series(signed=True, intercept=0.0)
    _padded(images, -2000)
    for ds in images:
        ds.add_new(0x00280120, "US", 63536)
    return images


@scenario("a range of padding values", loads=1)
def _():
    images = series()
    _padded(images, np.arange(12).reshape(3, 4))
    for ds in images:
        ds.PixelPaddingValue, ds.PixelPaddingRangeLimit = 0, 15
        ds["PixelPaddingValue"].VR = ds["PixelPaddingRangeLimit"].VR = "US"
    return images


@scenario("padding that nobody declared", loads=1)
def _():
    images = series(signed=True, intercept=0.0)
    _padded(images, -3024)
    return images


@scenario(
    "padding declared on one slice only",
    refused="MIXED_ATTRIBUTES",
    peers_may="they leave padding in; which voxels of the other slices are padding is unknown",
)
def _():
    images = series(signed=True, intercept=0.0)
    images[3].PixelPaddingValue = -2000
    return images


@scenario("signed pixels", loads=1)
def _():
    return series(signed=True, intercept=0.0)


@scenario("signed pixels of 12 bits with the sign in bit 11", loads=1)
def _():
    return series(signed=True, intercept=0.0, stored_bits=12)


@scenario("12 bits stored with an old overlay in bit 15", loads=1)
def _():
    images = series(stored_bits=12)
    for ds in images:
        overlay = (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 3 == 0) << 15
        set_stored(ds, stored_of(ds) | overlay)
    return images


@scenario("8 bits allocated", loads=1, mr=True, scale_error=4.5)
def _():
    images = series(modality="MR", slope=9.0, intercept=0.0)
    for ds in images:
        stored = stored_of(ds)
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
        set_stored(ds, stored)
        ds["PixelData"].VR = "OB"
    return images


@scenario(
    "high bit contradicts bits stored", refused="BAD_BITS", peers_may="which bits hold the value is unknown"
)
def _():
    images = series(stored_bits=12)
    for ds in images:
        ds.HighBit = 15
    return images


@scenario(
    "one slice is signed, the others are not",
    refused="BAD_BITS",
    peers_may="the two readings agree only below the sign bit",
)
def _():
    images = series()
    images[3].PixelRepresentation = 1
    return images


@scenario("MONOCHROME1", loads=1)
def _():
    images = series()
    for ds in images:
        ds.PhotometricInterpretation = "MONOCHROME1"
    return images


@scenario("a palette color series", refused="NOT_GRAYSCALE", peers_may="values are colors")
def _():
    images = series()
    for ds in images:
        ds.PhotometricInterpretation = "PALETTE COLOR"
    return images


@scenario("values beyond int16", loads=1)
def _():
    return series(intercept=-40000.0 + 8000)


# 14 -- enhanced multi-frame --------------------------------------------------------------------


@scenario("enhanced CT", loads=1)
def _():
    return [enhanced(series())]


@scenario("enhanced CT with shuffled frames", loads=1)
def _():
    return [enhanced(series(), [5, 0, 7, 2, 4, 1, 6, 3])]


@scenario("enhanced MR", loads=1, mr=True)
def _():
    return [enhanced(series(modality="MR", slope=1.0, intercept=0.0))]


@scenario("enhanced MR with a slope per frame", loads=1, mr=True, scale_error=1.0)
def _():
    images = []
    for i in range(SLICES):
        images += series(1, modality="MR", slope=0.5 + 0.125 * i, intercept=0.0, first_number=i + 1,
                         first_mm=FIRST_MM + np.array([0, 0, i * STEP_MM]))  # fmt: skip
    return [enhanced(images)]


@scenario("two stacks in one enhanced object", "NOT_AXIAL", loads=2)
def _():
    both = [*series(5), *series(5, orientation=CORONAL)]
    return [enhanced(both, [0, 5, 1, 6, 2, 7, 3, 8, 4, 9], stacks=["A"] * 5 + ["B"] * 5)]


@scenario("three passes in one enhanced object, shuffled", loads=3)
def _():
    def mark(ds, number):
        ds.TemporalPositionIdentifier = str(number + 1)

    images = passes(3, mark)
    return [enhanced(images, [(i * 7) % len(images) for i in range(len(images))])]


@scenario("legacy converted CT, passes told apart by converted attributes", loads=2)
def _():
    def mark(ds, number):
        ds.AcquisitionTime = f"1016{20 * number:02d}"

    images = passes(2, mark)
    order = [(i * 5) % len(images) for i in range(len(images))]
    ds = enhanced(images, order)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.2"
    for item, i in zip(ds.PerFrameFunctionalGroupsSequence, order, strict=True):
        converted = Dataset()
        converted.AcquisitionDate, converted.AcquisitionTime = "20240307", images[i].AcquisitionTime
        item.UnassignedPerFrameConvertedAttributesSequence = Items([converted])
    return [ds]


@scenario("enhanced CT with a frame missing in the middle", refused="SERIES_GAP")
def _():
    images = series()
    del images[3]
    return [enhanced(images)]


@scenario(
    "enhanced CT with fewer frame descriptions than frames",
    refused="ENHANCED_UNSUPPORTED",
    peers_may="makes up the last position",
)
def _():
    ds = enhanced(series())
    del ds.PerFrameFunctionalGroupsSequence[3]
    return [ds]


@scenario("enhanced CT without positions", refused="NO_POSITION")
def _():
    ds = enhanced(series())
    for item in ds.PerFrameFunctionalGroupsSequence:
        del item.PlanePositionSequence
    return [ds]


@scenario("many frames without functional groups", refused="ENHANCED_UNSUPPORTED")
def _():
    ds = enhanced(series())
    del ds.PerFrameFunctionalGroupsSequence, ds.SharedFunctionalGroupsSequence
    return [ds]


@scenario(
    "a mosaic", refused="MOSAIC_UNSUPPORTED", mr=True, peers_may="this one happens to have a single tile"
)
def _():
    images = series(1, modality="MR", slope=None, intercept=None)
    images[0].ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    return images


# 15 -- several passes in one series ------------------------------------------------------------


def _mark_temporal(ds, number):
    ds.TemporalPositionIdentifier = str(number + 1)


def _mark_acquisition(ds, number):
    ds.AcquisitionNumber = str(number + 1)


def _mark_time(ds, number):
    ds.AcquisitionTime = f"1016{20 * number:02d}"


def _mark_midnight(ds, number):
    ds.AcquisitionDate = ("20240307", "20240308", "20240308")[number]
    ds.AcquisitionTime = ("235950", "000010", "000030")[number]


def _mark_trigger(ds, number):
    ds.TriggerTime = str(5000 * number)


def _mark_content(ds, number):
    ds.ContentTime = f"1016{20 * number:02d}"


@scenario("three passes told apart by temporal position", loads=3)
def _():
    return passes(3, _mark_temporal)


@scenario("three passes told apart by acquisition number", loads=3)
def _():
    return passes(3, _mark_acquisition)


@scenario("three passes told apart by acquisition time", loads=3)
def _():
    return passes(3, _mark_time)


@scenario("three passes across midnight", loads=3)
def _():
    return passes(3, _mark_midnight)


@scenario("three passes told apart by trigger time", loads=3, mr=True)
def _():
    return passes(3, _mark_trigger, modality="MR", slope=None, intercept=None)


@scenario("three passes told apart by content time only", loads=3)
def _():
    return passes(3, _mark_content)


@scenario(
    "two passes that nothing tells apart",
    refused="AMBIGUOUS_4D",
    peers_may="the order of the passes is a guess",
)
def _():
    return passes(2, lambda ds, number: None)


@scenario("two passes, one of them lacks a slice", refused="AMBIGUOUS_4D")
def _():
    images = passes(2, _mark_acquisition)
    del images[SLICES + 3]
    return images


@scenario("two passes that interlock at half a slice", loads=2)
def _():
    images = []
    for number in range(2):
        for ds in series(
            pass_number=number,
            first_number=1 + number * SLICES,
            first_mm=FIRST_MM + np.array([0, 0, 1.25 * number]),
        ):
            ds.AcquisitionNumber = str(number + 1)
            images.append(ds)
    return images


@scenario("upper and lower half scanned as two acquisitions", loads=1)
def _():
    images = series()
    for ds in images[4:]:
        ds.AcquisitionNumber = "2"
    return images


@scenario("45 time points as 45 series of one name", loads=45, mr=True)
def _():
    images = []
    for number in range(45):
        images += series(
            3,
            modality="MR",
            slope=None,
            intercept=None,
            series_uid=f"1.2.826.0.1.3680043.8.498.{100 + number}",
        )
    return images


@scenario("bolus monitoring at one position", refused="NOT_A_VOLUME", peers_may="single slices are no volume")
def _():
    return passes(6, _mark_time, slices=1)


# 16, 17, 18 -- orientation and tags ------------------------------------------------------------


@scenario("a coronal stack", "NOT_AXIAL", loads=1)
def _():
    return series(orientation=CORONAL)


@scenario("a sagittal stack", "NOT_AXIAL", loads=1)
def _():
    return series(orientation=SAGITTAL)


@scenario("an oblique stack", loads=1)
def _():
    return series(orientation=OBLIQUE)


@scenario("a prone patient", loads=1)
def _():
    return series(orientation=PRONE)


@scenario("feet first", loads=1)
def _():
    return series(orientation=FEET_FIRST)


@scenario("overlapping slices", loads=1)
def _():
    images = series()
    for ds in images:
        ds.SliceThickness = "5"
    return images


@scenario("spacing between slices is recorded wrong", "SPACING_TAG_DISAGREES", loads=1)
def _():
    images = series()
    for ds in images:
        ds.SpacingBetweenSlices = "5"
    return images


@scenario("spacing between slices is negative", "SPACING_TAG_DISAGREES", loads=1)
def _():
    images = series()
    for ds in images:
        ds.SpacingBetweenSlices = "-2.5"
    return images


def _without(keyword):
    def make():
        images = series()
        for ds in images:
            delattr(ds, keyword)
        return images

    return make


scenario("no positions", refused="NO_POSITION")(_without("ImagePositionPatient"))
scenario("no orientation", refused="NO_POSITION", peers_may="axial is made up")(
    _without("ImageOrientationPatient")
)
scenario("no pixel spacing", refused="NO_POSITION")(_without("PixelSpacing"))


def _bytes_replaced(old: bytes, new: bytes):
    def make(folder):
        write(series(), folder)
        for path in folder.iterdir():
            path.write_bytes(path.read_bytes().replace(old, new))

    return make


scenario("decimal commas", refused="BAD_NUMBER")(_bytes_replaced(b"0.75\\1.25", b"0,75\\1,25"))
scenario("pixel spacing is not a number", refused="BAD_NUMBER")(_bytes_replaced(b"0.75\\1.25", b"nan\\1.25 "))


@scenario("directions are not perpendicular", refused="BAD_ORIENTATION", peers_may="axial is made up")
def _():
    images = series()
    for ds in images:
        ds.ImageOrientationPatient = ["1", "0", "0", "0.2", "0.9797959", "0"]
    return images


# 19, 20, 21 -- files ---------------------------------------------------------------------------


def _one_damaged(damage: Callable[[bytes], bytes]):
    def make(folder):
        write(series(), folder)
        path = sorted(folder.iterdir())[3]
        path.write_bytes(damage(path.read_bytes()))

    return make


scenario("the pixels of one slice are cut short", refused="TRUNCATED")(_one_damaged(lambda b: b[:-20]))
scenario(
    "bytes follow the pixels of one slice", refused="OVERLONG", peers_may="what the bytes are is unknown"
)(_one_damaged(lambda b: b + b"\1\2\3\4\5\6\7\10"))
scenario("bytes are inserted into the header of one slice", refused="MALFORMED SERIES_GAP")(
    _one_damaged(lambda b: b[:400] + b"\7\7\7\7" + b[400:])
)


@scenario("one slice says it has more rows", refused="MIXED_GEOMETRY")
def _():
    images = series()
    images[3].Rows = ROWS * 2
    return images


@scenario("all slices promise more pixels than they hold", refused="TRUNCATED")
def _():
    images = series()
    for ds in images:
        ds.Rows = ROWS * 2
    return images


@scenario("pixels followed by trailing padding", loads=1)
def _():
    images = series()
    for ds in images:
        ds.DataSetTrailingPadding = b"\0" * 20
    return images


@scenario("no pixels", refused="NO_PIXELS")
def _():
    images = series()
    for ds in images:
        del ds.PixelData
    return images


@scenario("other files lie beside the images", loads=1, skipped="not DICOM")
def _(folder):
    write(series(), folder)
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(500))
    (folder / "._IM0000.dcm").write_bytes(b"\0\5\x16\7" + bytes(80))
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "readme.txt").write_text("hello")


@scenario("a report lies beside the images", loads=1, skipped="modality SR")
def _():
    report = series(1, series_uid="1.2.826.0.1.3680043.8.498.5")[0]
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.67"
    report.Modality = "SR"
    del report.PixelData
    return [*series(), report]


@scenario("a screen save lies beside the images", loads=1, skipped="secondary capture")
def _():
    save = series(1, series_uid="1.2.826.0.1.3680043.8.498.5")[0]
    save.SOPClassUID = save.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    return [*series(), save]


@scenario("a refused series does not stop the other", loads=1, refused="SERIES_GAP")
def _():
    broken = series(series_uid="1.2.826.0.1.3680043.8.498.2")
    del broken[3]
    return [*series(), *broken]


@scenario("a derived series", "DERIVED_IMAGE", loads=1)
def _():
    images = series()
    for ds in images:
        ds.ImageType = ["DERIVED", "SECONDARY", "MPR"]
    return images


@scenario("a zip of the folder", loads=1)
def _(folder):
    write(series(), folder / "in")
    with zipfile.ZipFile(folder / "study.zip", "w") as archive:
        for path in (folder / "in").iterdir():
            archive.write(path, f"study/{path.name}")
            path.unlink()
    (folder / "in").rmdir()


@scenario("files without preamble", loads=1)
def _(folder):
    write(series(), folder)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[132:])


@scenario("something else in the preamble", "ODD_PREAMBLE", loads=1)
def _(folder):
    write(series(), folder)
    for path in folder.iterdir():
        path.write_bytes(b"MZ\x90\0" + path.read_bytes()[4:])


# transfer syntaxes -----------------------------------------------------------------------------


@scenario("implicit little endian", loads=1)
def _(folder):
    images = series()
    for ds in images:
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    write(images, folder, implicit=True)


@scenario("explicit big endian", loads=1)
def _(folder):
    images = series()
    for ds in images:
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
        ds.PixelData = stored_of(ds).astype(">u2").tobytes()
        ds.set_original_encoding(False, False)
    write(images, folder, little=False)


@scenario(
    "deflated",
    refused="UNSUPPORTED_TRANSFER_SYNTAX",
    peers_may="a small deflated file can ask for any memory",
)
def _(folder):
    images = series()
    for ds in images:
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    write(images, folder)


@scenario("RLE", loads=1)
def _():
    images = series()
    for ds in images:
        ds.compress(RLELossless, generate_instance_uid=False)
    return images


def _compressed(syntax: str, encode: Callable[[np.ndarray], bytes], **options):
    def make():
        images = series(**options)
        for ds in images:
            kind = np.int16 if options.get("signed") else np.uint16
            ds.file_meta.TransferSyntaxUID = UID(syntax)
            ds.PixelData = encapsulate([encode(np.ascontiguousarray(stored_of(ds).astype(kind)))])
            ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
        return images

    return make


scenario("JPEG lossless", loads=1)(_compressed("1.2.840.10008.1.2.4.70", imagecodecs.ljpeg_encode))
scenario("JPEG-LS", loads=1)(_compressed("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode))
scenario("JPEG-LS of signed pixels", loads=1)(
    _compressed(
        "1.2.840.10008.1.2.4.80",
        lambda a: imagecodecs.jpegls_encode(a.view(np.uint16)),
        signed=True,
        intercept=0.0,
    )
)
scenario("JPEG 2000 lossless", loads=1)(
    _compressed(
        "1.2.840.10008.1.2.4.90",
        lambda a: imagecodecs.jpeg2k_encode(a, level=0, reversible=True, codecformat="j2k"),
    )
)
scenario("JPEG 2000 lossless of signed pixels", loads=1)(
    _compressed(
        "1.2.840.10008.1.2.4.90",
        lambda a: imagecodecs.jpeg2k_encode(a, level=0, reversible=True, codecformat="j2k"),
        signed=True, intercept=0.0,
    )
)  # fmt: skip
scenario("JPEG 2000 that may be lossy", "LOSSY_COMPRESSION", loads=1)(
    _compressed(
        "1.2.840.10008.1.2.4.91",
        lambda a: imagecodecs.jpeg2k_encode(a, level=0, reversible=True, codecformat="j2k"),
    )
)
scenario("HTJ2K lossless", loads=1)(
    _compressed("1.2.840.10008.1.2.4.201", lambda a: imagecodecs.htj2k_encode(a, reversible=True))
)
scenario("an unknown transfer syntax", refused="UNSUPPORTED_TRANSFER_SYNTAX")(
    _compressed("1.2.840.10008.1.2.4.102", lambda a: b"\0" * 64)
)
scenario("a picture inside is larger than the header says", refused="DECODE_FAILED")(
    _compressed(
        "1.2.840.10008.1.2.4.90",
        lambda a: imagecodecs.jpeg2k_encode(np.tile(a, (2, 2)), level=0, codecformat="j2k"),
    )
)


@scenario("the code stream of one slice is damaged", refused="DECODE_FAILED")
def _():
    images = _compressed("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode)()
    code = imagecodecs.jpegls_encode(stored_of(series()[3]).astype(np.uint16))
    images[3].PixelData = encapsulate([code[: len(code) // 2]])
    return images


@scenario(
    "compressed pixels without their end",
    refused="TRUNCATED",
    peers_may="whether bytes are missing is unknown",
)
def _(folder):
    write(_compressed("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode)(), folder)
    path = sorted(folder.iterdir())[3]
    path.write_bytes(path.read_bytes()[:-8])


@scenario("enhanced CT in JPEG-LS", loads=1)
def _():
    ds = enhanced(series(), [5, 0, 7, 2, 4, 1, 6, 3])
    frames = np.frombuffer(ds.PixelData, np.uint16).reshape(SLICES, ROWS, COLUMNS)
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.80")
    ds.PixelData = encapsulate([imagecodecs.jpegls_encode(f) for f in frames])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return [ds]


# 22 to 26 -- text, dates, comparability, frames of reference -----------------------------------


@scenario("Korean description in UTF-8", loads=1)
def _():
    images = series()
    for ds in images:
        ds.SpecificCharacterSet, ds.SeriesDescription = "ISO_IR 192", "간 동맥기"
    return images


@scenario("Korean description in EUC-KR", loads=1)
def _():
    images = series()
    for ds in images:
        ds.SpecificCharacterSet, ds.SeriesDescription = ["", "ISO 2022 IR 149"], "간 문맥기"
    return images


@scenario("text that no character set is declared for", "UNDECODABLE_TEXT", loads=1)
def _(folder):
    images = series()
    for ds in images:
        del ds.SpecificCharacterSet
        ds.SeriesDescription = "LiverX"
    write(images, folder)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"LiverX", "간동맥".encode("euc-kr")))


@scenario("times without dates", "DATES_MISSING", loads=1)
def _():
    images = series()
    for ds in images:
        del ds.AcquisitionDate
    return images


@scenario("dates replaced by the first of January", "DATE_PLACEHOLDER", loads=1)
def _():
    images = series()
    for ds in images:
        ds.StudyDate = "20000101"
    return images


@scenario("identifiers removed", "UID_MISSING", loads=1)
def _():
    images = series()
    for ds in images:
        ds.SOPInstanceUID = ds.SeriesInstanceUID = ""
    return images


def _second_series(**changes):
    def make():
        others = series(series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1)
        for ds in others:
            ds.SeriesNumber = "4"
            for keyword, value in changes.items():
                setattr(ds, keyword, value)
        return [*series(), *others]

    return make


for _keyword, _value, _name in (
    ("KVP", "80", "tube voltage"),
    ("ConvolutionKernel", "B70f", "kernel"),
    ("SliceThickness", "5", "slice thickness"),
    ("ManufacturerModelName", "Other", "scanner"),
):
    scenario(f"two series of different {_name}", "PHASES_NOT_COMPARABLE", loads=2)(
        _second_series(**{_keyword: _value})
    )
scenario("two series in different frames of reference", "FRAMES_OF_REFERENCE_DIFFER", loads=2)(
    _second_series(FrameOfReferenceUID="1.2.3.4")
)
scenario("two patients in one folder", "PATIENTS_DIFFER", loads=2)(
    _second_series(PatientID="SOMEBODY", StudyInstanceUID="1.2.3.4.5")
)


@scenario(
    "one slice in another frame of reference",
    refused="FRAME_OF_REFERENCE_DIFFERS",
    peers_may="places do not compare",
)
def _():
    images = series()
    images[3].FrameOfReferenceUID = "1.2.3.4"
    return images


@scenario("a second series covers less", "COVERAGE_DIFFERS", loads=2)
def _():
    return [*series(), *series(5, series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1)]


def deep_sequences(depth: int) -> bytes:
    """A private sequence of undefined length nested ``depth`` times, explicit little endian."""
    head = struct.pack("<HH2sHI", 0x0009, 0x1001, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    tail = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return head * depth + tail * depth


@scenario("sequences three thousand deep", refused="MALFORMED", peers_may="an attack on the reader")
def _(folder):
    write(series(), folder)
    for path in folder.iterdir():
        data = path.read_bytes()
        at = data.index(b"\x10\0\x10\0PN")
        path.write_bytes(data[:at] + deep_sequences(3000) + data[at:])
