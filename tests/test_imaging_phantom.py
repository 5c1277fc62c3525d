"""The phantom is what it says: values, diameters, anatomy, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from imaging.phantom import CT, NODE, PRIMARY, SATELLITE, SMALL, TWINS, PhantomSpec, make_phantom, random_spec
from imaging.phantom.noise import correlated_noise
from imaging.phantom.reader import CLOT_MARGIN_MM, drawn_labels, drawn_regions
from imaging.phantom_files import region_tissues
from imaging.phases.phase import Phase

#: Bound of systematic error by what little of a neighbor a voxel well inside a tissue holds. [HU]
LEAK_HU = 0.5

#: Unenhanced, late arterial, portal venous, delayed: the digital reference object. [HU]
REFERENCE_OBJECT = {
    "liver": (60, 75, 110, 100),
    "tumor_thrombus": (45, 95, 85, 80),
    "bland_thrombus": (40, 42, 43, 42),
    "portal_vein": (40, 110, 160, 115),
    "aorta": (42, 300, 170, 120),
}


@pytest.fixture(scope="module")
def plain():
    return make_phantom(TWINS["plain"])


def core(mask, pixel_mm):
    """Voxels of a mask that no neighboring tissue reaches."""
    depth = ndimage.distance_transform_edt(mask, sampling=(5.0, pixel_mm, pixel_mm))
    return depth > 1.5 * pixel_mm


@pytest.mark.parametrize("tissue", REFERENCE_OBJECT)
def test_a_tissue_has_its_reference_values_at_the_reference_times(tissue):
    values = [CT[tissue].value(t) for t in (None, 35.0, 70.0, 180.0)]

    assert values == pytest.approx(REFERENCE_OBJECT[tissue])


@pytest.mark.parametrize("part", ["liver", "aorta", "portal_vein", "ivc", "spleen", "thrombus"])
def test_values_in_the_true_masks_equal_the_table_within_noise_error(plain, part):
    tissue = "tumor_thrombus" if part == "thrombus" else part
    for acquisition in plain.acquisitions:
        phase = plain.phases()[acquisition.key]
        inside = acquisition.volume.voxels[core(plain.mask(acquisition.key, part), 1.4)]
        striped = part == "spleen" and phase == Phase.LATE_ARTERIAL
        allowed = LEAK_HU + 4 * plain.spec.noise_sd / np.sqrt(inside.size) + 3.0 * striped

        assert inside.size > 200
        assert inside.mean() == pytest.approx(plain.truth.hu[tissue][phase.value], abs=allowed)


@pytest.mark.parametrize("name", TWINS)
def test_every_pure_region_of_the_reader_shows_its_tissue(name):
    phantom = make_phantom(TWINS[name].small())
    tissues = region_tissues(phantom)
    for key, phase in phantom.phases().items():
        labels = drawn_labels(phantom, key)
        voxels = phantom.acquisition(phase).volume.voxels
        for region in drawn_regions(phantom):
            inside = voxels[labels == region.label]
            area_mm2 = inside.size * phantom.spec.spacing_mm[1] * phantom.spec.spacing_mm[2]

            assert area_mm2 >= 200
            if region.id in tissues:
                truth = phantom.truth.hu[tissues[region.id]][phase.value]
                allowed = LEAK_HU + 4 * phantom.spec.noise_sd / np.sqrt(inside.size)
                assert inside.mean() == pytest.approx(truth, abs=allowed)


def test_the_thrombus_region_stays_clear_of_wall_lumen_and_tumor(plain):
    for key in plain.labels:
        clot = plain.mask(key, "thrombus")
        drawn = drawn_labels(plain, key) == 1
        disc = np.hypot(*np.mgrid[-2:3, -2:3]) * 1.4 <= max(CLOT_MARGIN_MM, 1.5)

        assert drawn.any()
        assert clot[ndimage.binary_dilation(drawn, disc[None])].all()


def test_the_thrombus_touches_the_tumor_and_reaches_the_main_trunk(plain):
    key = plain.acquisition(Phase.PORTAL_VENOUS).key
    clot, tumor = plain.mask(key, "thrombus"), plain.lesion_mask(key, "hcc1")
    trunk = plain.mask(key, "portal_vein")

    assert (ndimage.binary_dilation(clot) & tumor).any()
    assert (ndimage.binary_dilation(clot) & trunk).any()
    assert ndimage.label(clot, np.ones((3, 3, 3)))[1] == 1


@pytest.mark.parametrize("lesion", [PRIMARY, SATELLITE, SMALL, NODE], ids=lambda x: x.id)
def test_a_lesion_has_its_true_diameters_within_a_pixel(lesion):
    spec = PhantomSpec(further_lesions=(SATELLITE, SMALL, NODE), scans=TWINS["plain"].scans[:1])
    phantom = make_phantom(spec)
    mask = phantom.lesion_mask(phantom.acquisitions[0].key, lesion.id)
    largest = np.argmax(mask.sum(axis=(1, 2)))
    points = np.argwhere(mask[largest]) * 1.4
    farthest = np.linalg.norm(points[:, None] - points[None], axis=-1).max()
    long, short = phantom.truth.lesions[lesion.id].on_slices_mm["unenhanced"]

    assert long <= lesion.diameters_mm[0]
    assert farthest == pytest.approx(long, abs=2 * 1.4)  # pixel centers: up to a pixel short at each end
    area = np.pi / 4 * long * short
    assert mask[largest].sum() * 1.4**2 == pytest.approx(area, rel=0.1)


def test_masks_hold_everything_a_radiologist_looks_for(plain):
    key = plain.acquisition(Phase.PORTAL_VENOUS).key
    voxel_ml = 5.0 * 1.4 * 1.4 / 1000
    volumes = {name: plain.mask(key, name).sum() * voxel_ml for name in plain.label_names}

    assert 1000 < volumes["liver"] < 2200
    assert 100 < volumes["spleen"] < 450
    for name in ("kidneys", "lung", "stomach", "pancreas", "gallbladder", "ribs", "spine", "spinal_canal"):
        assert volumes[name] > 1
    for name in ("aorta", "ivc", "portal_vein", "hepatic_veins", "splenic_vein", "superior_mesenteric_vein"):
        assert volumes[name] > 1


def test_breathing_moves_the_tumor_and_not_the_spine(plain):
    first, arterial = plain.acquisitions[0].key, plain.acquisitions[1].key
    moved = ndimage.center_of_mass(plain.lesion_mask(arterial, "hcc1"))[0]
    still = ndimage.center_of_mass(plain.lesion_mask(first, "hcc1"))[0]

    assert (moved - still) * 5.0 == pytest.approx(2.4, abs=0.3)
    # the vertebrae that nothing covers lie alike in every scan
    assert np.array_equal(plain.mask(first, "spinal_canal"), plain.mask(arterial, "spinal_canal"))


def test_noise_has_its_standard_deviation_and_is_correlated():
    noise = correlated_noise((40, 128, 128), 1.4, 12.0, 4.4, np.random.default_rng(1))

    assert noise.std() == pytest.approx(12.0, rel=0.01)
    assert (noise[:, :, 1:] * noise[:, :, :-1]).mean() / 144 > 0.15
    assert abs((noise[1:] * noise[:-1]).mean() / 144) < 0.01


def test_equal_specs_give_equal_voxels_and_other_seeds_do_not():
    spec = PhantomSpec().small()
    once, again, other = (make_phantom(s) for s in (spec, spec, replace(spec, seed=1)))

    assert once.acquisitions[0].key == again.acquisitions[0].key != other.acquisitions[0].key
    for a, b, c in zip(once.acquisitions, again.acquisitions, other.acquisitions, strict=True):
        assert np.array_equal(a.volume.voxels, b.volume.voxels)
        assert not np.array_equal(a.volume.voxels, c.volume.voxels)


def test_padding_lies_outside_the_reconstruction_and_nowhere_else(plain):
    volume = plain.acquisitions[0].volume

    assert np.array_equal(volume.voxels == -1024, ~volume.valid)
    assert volume.voxels.max() <= 3071


@settings(max_examples=60, deadline=None)
@given(
    tissue=st.sampled_from(sorted(CT)),
    time_s=st.floats(0, 2000),
    dose=st.floats(0.2, 2),
    output=st.floats(0.5, 2),
)
def test_enhancement_is_proportional_to_dose_and_circulation_only_shifts_it(tissue, time_s, dose, output):
    row = CT[tissue]
    gain = row.value(time_s) - row.unenhanced

    assert row.value(time_s, dose=dose) - row.unenhanced == pytest.approx(dose * gain, abs=1e-9)
    assert row.value(time_s / output, cardiac_output=output) == pytest.approx(row.value(time_s), abs=1e-6)


def test_before_arrival_nothing_enhances():
    assert all(row.value(t) == row.unenhanced for row in CT.values() for t in (None, -5.0, 0.0, 6.0))


def test_random_studies_differ_in_everything_that_differs_in_practice():
    random = np.random.default_rng(7)
    specs = [random_spec(random, swapped=i % 2 == 1) for i in range(60)]

    assert {s.thrombus for s in specs} == {"tumor", "bland", "none"}
    assert {s.scans[1].phase for s in specs} == {Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL}
    assert len({s.seed for s in specs}) == 60
    assert all(0.75 <= s.dose <= 1.25 for s in specs)


def test_swapped_descriptions_leave_the_true_phases():
    plain_spec = random_spec(np.random.default_rng(3))
    swapped = random_spec(np.random.default_rng(3), swapped=True)

    assert [s.phase for s in plain_spec.scans] == [s.phase for s in swapped.scans]
    assert sorted(s.description for s in swapped.scans) != [s.description for s in swapped.scans]


def test_an_mr_phantom_says_the_same_of_its_sequence_in_memory_and_on_disk(tmp_path):
    from imaging.dicom.study_files import load_study
    from imaging.phantom.spec import UNENHANCED
    from imaging.phantom_files import write_study

    spec = replace(TWINS["gadoxetate_mr"].small(), shape=(4, 64, 64), scans=(UNENHANCED,))
    phantom = make_phantom(spec)

    write_study(phantom, tmp_path)

    (written,) = load_study(tmp_path).acquisitions
    assert written.header.mr_sequence == phantom.acquisitions[0].header.mr_sequence
    assert dict(written.header.mr_sequence)["FlipAngle"] == "10.0"
