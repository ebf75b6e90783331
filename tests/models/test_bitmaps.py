import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from models.bitmaps import CONTAINER, FEW, SPARSE, ids_of, of_ids, of_truths


@given(st.sets(st.integers(0, 3 * CONTAINER + 5), max_size=200), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_truths_and_bitmaps_say_the_same(ids: set[int], more: int) -> None:
    truths = np.zeros(max(ids, default=0) + 1 + more, np.bool_)
    truths[sorted(ids)] = True
    assert of_truths(truths) == BitMap(ids)
    assert of_ids(np.array(sorted(ids), np.int64)) == BitMap(ids)
    assert set(ids_of(of_truths(truths)).tolist()) == ids


def test_containers_of_every_fullness_are_right() -> None:
    truths = np.zeros(5 * CONTAINER + 17, np.bool_)
    truths[:SPARSE] = True
    truths[CONTAINER : CONTAINER + SPARSE + 1] = True
    truths[3 * CONTAINER : 4 * CONTAINER] = True
    truths[-1] = True
    ids = np.flatnonzero(truths)
    assert of_truths(truths) == BitMap(ids.tolist())
    assert len(ids) > FEW
    assert of_ids(ids[::-1]) == of_truths(truths)


def test_nothing_is_nothing() -> None:
    assert of_truths(np.zeros(0, np.bool_)) == of_ids(np.zeros(0, np.int64)) == BitMap()
