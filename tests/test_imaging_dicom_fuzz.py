"""One slice of a good series, damaged: the right volume or a typed refusal, never anything else."""

from collections import Counter

import pytest

from tests.dicom_mutations import GoodSeries


@pytest.mark.parametrize("count, first", [(400, 0), pytest.param(3000, 10_000, marks=pytest.mark.long)])
def test_a_damaged_slice_never_gives_a_wrong_volume(count, first, tmp_path):
    good = GoodSeries(tmp_path)

    results = Counter(good.run(seed) for seed in range(first, first + count))

    assert {r for r in results if r.startswith("WRONG")} == set()
    assert results["right"] > count // 10  # the damage is not so coarse that everything is refused
    assert sum(n for r, n in results.items() if r.startswith("refused")) > count // 4


def test_the_check_would_notice(tmp_path):
    good = GoodSeries(tmp_path)
    path = tmp_path / "3.dcm"
    data = bytearray(good.files[3])
    data[-40] ^= 0x40  # a pixel: the one kind of damage that no reader can see
    path.write_bytes(data)

    assert good._outcome().startswith("WRONG off by")
