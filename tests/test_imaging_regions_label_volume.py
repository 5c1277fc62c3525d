"""The journal of a label volume: whatever is written is known, and can be taken back."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imaging.errors import RegionError
from imaging.regions.label_volume import LabelVolume

SHAPE = (3, 5, 6)


@st.composite
def writes(draw):
    """One assignment: a key of any kind numpy knows, and a value that fits."""
    key = draw(
        st.one_of(
            hnp.basic_indices(SHAPE, allow_newaxis=False, allow_ellipsis=True),
            hnp.integer_array_indices(SHAPE, result_shape=hnp.array_shapes(max_dims=1, max_side=8)),
            hnp.arrays(bool, SHAPE),
        )
    )
    return key, draw(st.integers(0, 4))


def replay(changes, start):
    copy_ = start.copy().reshape(-1)
    for change in changes:
        assert (copy_[change.voxels] == change.before).all()
        copy_[change.voxels] = change.after
    return copy_.reshape(start.shape)


@given(st.lists(writes(), max_size=12))
def test_reported_changes_replay_to_the_volume(edits):
    volume, reported = LabelVolume.empty(SHAPE), []
    volume.listen(reported.append)
    plain = np.zeros(SHAPE, np.uint8)

    for key, value in edits:
        volume[key] = value
        plain[key] = value

    assert (np.asarray(volume) == plain).all()
    assert (replay(reported, np.zeros(SHAPE, np.uint8)) == plain).all()


@given(st.lists(st.lists(writes(), min_size=1, max_size=4), max_size=6))
def test_undoing_every_stroke_walks_back_through_every_state(strokes):
    volume, history = LabelVolume.empty(SHAPE), []
    for stroke in strokes:
        before = np.array(volume)
        for key, value in stroke:
            volume[key] = value
        history.append((before, volume.commit(), np.array(volume)))

    for before, edit, after in reversed(history):
        assert (np.asarray(volume) == after).all()
        if edit is None:
            assert (before == after).all()
            continue
        volume.apply(edit.inverse)
        assert (np.asarray(volume) == before).all()
        assert volume.commit() is None  # an edit that is undone is none to commit
        volume.apply(edit)
        assert (np.asarray(volume) == after).all()
        volume.apply(edit.inverse)

    assert not np.asarray(volume).any()


def test_a_view_changed_first_and_assigned_afterwards_is_seen():
    """Napari reads a box, changes it in place (which is the volume's memory) and assigns it back."""
    volume = LabelVolume.empty(SHAPE)
    region = np.asarray(volume[1:2, 1:4, 1:4])
    region[region == 0] = 3
    volume[1:2, 1:4, 1:4] = region

    edit = volume.commit()

    assert edit is not None
    assert edit.change.voxels.size == 9
    assert edit.change.slices == (1,)
    assert edit.change.labels == {3}


def test_a_write_that_changes_nothing_is_no_edit():
    volume = LabelVolume.empty(SHAPE)
    volume[0] = 2
    volume[0] = 0

    assert volume.commit() is None


def test_an_edit_out_of_order_is_refused_and_changes_nothing():
    volume = LabelVolume.empty(SHAPE)
    volume[0, 0, 0] = 1
    first = volume.commit()
    volume[0, 0, 0] = 2
    volume.commit()

    with pytest.raises(RegionError, match="reverse of the order"):
        volume.apply(first.inverse)

    assert volume[0, 0, 0] == 2


def test_views_and_copies_stay_silent():
    volume, reported = LabelVolume.empty(SHAPE), []
    volume.listen(reported.append)

    for silent in (volume[1], volume.copy(), volume + 1, copy.deepcopy(volume)):
        silent[...] = 9
    again = pickle.loads(pickle.dumps(volume))

    assert reported == []
    assert type(again) is np.ndarray


def test_negative_and_reversed_slices_are_boxed_right():
    volume = LabelVolume.empty(SHAPE)
    volume[-1, ::-2, -3:] = 5

    assert volume.commit().change.voxels.size == int((np.asarray(volume) == 5).sum()) == 9
