"""Changes of a label map: exact, sparse, and taken back exactly."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.geometry import Grid, reorient, transform_to_ras
from workstation.core.label_edits import Diff, Edit, EditableLabelMap, History, joined
from workstation.core.labels import SCHEMES
from workstation.core.volume import LabelMap

SHAPE = (7, 5, 6)


def label_map(data: np.ndarray) -> LabelMap:
    return LabelMap("mask", data, Grid((data.shape[0], data.shape[1], data.shape[2]), np.eye(4)), SCHEMES["brats2021"])


def random_map(rng: np.random.Generator) -> LabelMap:
    return label_map(rng.integers(0, 3, SHAPE).astype(np.uint8))


def random_edit(rng: np.random.Generator, editable: EditableLabelMap) -> Diff:
    """Paint or replace in a box somewhere."""
    low = [int(rng.integers(0, side)) for side in SHAPE]
    high = [int(rng.integers(start, side)) + 1 for start, side in zip(low, SHAPE, strict=True)]
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    sides = tuple(stop - start for start, stop in zip(low, high, strict=True))
    if rng.random() < 0.5:
        return editable.paint(box, rng.random(sides) < 0.6, int(rng.integers(0, 5)))
    return editable.replace(box, rng.integers(0, 5, sides).astype(np.uint8))


@pytest.mark.parametrize("seed", range(30))
def test_any_sequence_of_edits_is_taken_back_and_done_again_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    editable = EditableLabelMap(random_map(rng))
    states, diffs = [editable.snapshot().data], []
    for _ in range(12):
        diffs.append(random_edit(rng, editable))
        states.append(editable.snapshot().data)
    for diff, state in zip(reversed(diffs), reversed(states[:-1]), strict=True):
        editable.apply(diff.inverse)
        assert np.array_equal(editable.data, state)
    for diff, state in zip(diffs, states[1:], strict=True):
        editable.apply(diff)
        assert np.array_equal(editable.data, state)


@pytest.mark.parametrize("seed", range(30))
def test_joined_edits_do_what_they_did_one_after_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    editable = EditableLabelMap(random_map(rng))
    before = editable.snapshot().data
    whole = joined([random_edit(rng, editable) for _ in range(6)])
    after = editable.snapshot().data
    assert np.array_equal(whole.indices, np.flatnonzero((before != after).ravel(order="F")))
    assert (whole.old != whole.new).all()
    editable.apply(whole.inverse)
    assert np.array_equal(editable.data, before)
    editable.apply(whole)
    assert np.array_equal(editable.data, after)


def test_nothing_joined_is_nothing() -> None:
    assert joined([]).is_empty
    assert joined([]).box(SHAPE).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_indices_count_in_the_order_of_the_file() -> None:
    editable = EditableLabelMap(label_map(np.zeros(SHAPE, dtype=np.uint8)))
    diff = editable.paint((slice(2, 4), slice(1, 2), slice(3, 4)), np.ones((2, 1, 1), dtype=bool), 2)
    # i + 7 * (j + 5 * k) for (2, 1, 3) and (3, 1, 3).
    assert diff.indices.tolist() == [2 + 7 * (1 + 5 * 3), 3 + 7 * (1 + 5 * 3)]
    assert (diff.old.tolist(), diff.new.tolist()) == ([0, 0], [2, 2])
    assert diff.box(SHAPE).tolist() == [[2, 1, 3], [4, 2, 4]]


def test_indices_do_not_depend_on_the_memory_order() -> None:
    """An array as a flipped and permuted view gives the same indices as its copy."""
    data = np.arange(7 * 5 * 6, dtype=np.uint8).reshape(6, 7, 5) % 3
    view = reorient(data, transform_to_ras(np.array([[0, -1.0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])))
    assert not view.flags.f_contiguous
    one, other = (EditableLabelMap(label_map(array)) for array in (view, np.ascontiguousarray(view)))
    box = (slice(1, 4), slice(0, 3), slice(2, 5))
    diffs = [each.paint(box, np.ones((3, 3, 3), dtype=bool), 4) for each in (one, other)]
    assert np.array_equal(diffs[0].indices, diffs[1].indices)
    assert np.array_equal(one.data, other.data)


def test_only_voxels_that_change_are_in_a_diff() -> None:
    editable = EditableLabelMap(label_map(np.full(SHAPE, 2, dtype=np.uint8)))
    everywhere = (slice(0, 7), slice(0, 5), slice(0, 6))
    assert editable.paint(everywhere, np.ones(SHAPE, dtype=bool), 2).is_empty
    assert editable.version == 0


def test_the_original_is_never_touched() -> None:
    data = np.zeros(SHAPE, dtype=np.uint8, order="F")
    data.setflags(write=False)
    editable = EditableLabelMap(label_map(data))
    editable.paint((slice(0, 7), slice(0, 5), slice(0, 6)), np.ones(SHAPE, dtype=bool), 1)
    assert not data.any()
    with pytest.raises(ValueError, match="read-only"):
        editable.data[0, 0, 0] = 3
    with pytest.raises(ValueError, match="read-only"):
        editable.snapshot().data[0, 0, 0] = 3


def test_a_snapshot_stays_as_it_was() -> None:
    editable = EditableLabelMap(label_map(np.zeros(SHAPE, dtype=np.uint8)))
    snapshot = editable.snapshot()
    editable.paint((slice(0, 1), slice(0, 1), slice(0, 1)), np.ones((1, 1, 1), dtype=bool), 1)
    assert not snapshot.data.any()
    assert editable.data[0, 0, 0] == 1


@pytest.mark.parametrize(("index", "old"), [(5, 1), (-1, 0), (7 * 5 * 6, 0)])
def test_a_diff_of_another_state_is_refused_and_changes_nothing(index: int, old: int) -> None:
    editable = EditableLabelMap(label_map(np.zeros(SHAPE, dtype=np.uint8)))
    diff = Diff(np.array([index]), np.array([old], dtype=np.uint8), np.array([2], dtype=np.uint8))
    with pytest.raises(ValueError, match=r"another state|outside"):
        editable.apply(diff)
    assert not editable.data.any()


def edit(editable: EditableLabelMap, i: int, label: int) -> Edit:
    return Edit("brush", editable.paint((slice(i, i + 1), slice(0, 1), slice(0, 1)), np.ones((1, 1, 1), bool), label))


def test_history_goes_back_and_forth() -> None:
    editable = EditableLabelMap(label_map(np.zeros(SHAPE, dtype=np.uint8)))
    history = History(editable)
    for i in range(3):
        history.add(edit(editable, i, i + 1))
    assert history.undo() is not None
    assert history.undo() is not None
    assert editable.data[:3, 0, 0].tolist() == [1, 0, 0]
    assert history.redo() is not None
    assert editable.data[:3, 0, 0].tolist() == [1, 2, 0]
    # A new edit: what was taken back cannot be done again.
    history.add(edit(editable, 3, 4))
    assert history.redo() is None
    assert (history.undo_verb, history.redo_verb) == ("brush", None)
    for _ in range(3):
        history.undo()
    assert history.undo() is None
    assert not editable.data.any()


def test_the_oldest_edits_are_forgotten_where_memory_is_short() -> None:
    editable = EditableLabelMap(label_map(np.zeros(SHAPE, dtype=np.uint8)))
    first = edit(editable, 0, 1)
    history = History(editable, limit_bytes=2 * first.diff.nbytes)
    history.add(first)
    for i in (1, 2):
        history.add(edit(editable, i, 1))
    while history.undo():
        pass
    assert editable.data[:3, 0, 0].tolist() == [1, 0, 0]
