"""What stays of a long clip's frames is little and lies together: small arrays among large ones tear memory into holes."""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import numpy as np
import pytest
from pack.magicanimate_core.pose.align.joints import Body
from pack.magicanimate_core.pose.align.kept import KEPT_AT_ONCE, KEPT_ROW, Kept, bodies
from pack.magicanimate_core.pose.align.looking import Clip, look, look_at_clip
from pack.magicanimate_core.pose.align.rebuilt import rebuild
from pack.magicanimate_core.pose.align.similarity import Similarity
from pack.magicanimate_core.testing.dances import LONG_BODY, built
from pack.tests.pose.dancing import SMALL, WHOLE, dance

LONG = 150  # frames


@contextmanager
def traced() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def held() -> tuple[int, int]:
    """How many pieces of memory Python and NumPy hold, and their bytes."""
    gc.collect()
    shot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, tracemalloc.__file__)])
    return len(shot.traces), sum(trace.size for trace in shot.traces)


def test_of_a_frame_stay_a_few_hundred_bytes_and_no_pieces():
    few, looked, found = [frame[::4, ::4] for frame in dance(0, 10, WHOLE, 3)], count(1), []

    def tick() -> None:
        if next(looked) in (50, 130):
            found.append(held())

    with traced():
        look_at_clip((few[i % 3].copy() for i in range(130)), tick)
    (pieces, size), (more, larger) = found
    assert more - pieces < 3 * 80 and larger - size < 300 * 80  # NumPy keeps some of its own; rows were there before
    assert KEPT_ROW.itemsize < 800 and KEPT_AT_ONCE >= 130


def test_limbs_of_a_long_clip_are_not_all_in_memory():
    few, photo = look_at_clip(dance(2, 12, WHOLE), lambda: None), look(dance(2, built(32, **LONG_BODY), WHOLE)[2])
    clip = Clip(
        np.arange(LONG), *few[1:4], Body(*(np.resize(values, (LONG, *values.shape[1:])) for values in few.bodies)), *few[5:]
    )
    with traced():
        rebuilt = rebuild(clip, photo, Similarity(), np.array([2]))
        assert not isinstance(rebuilt, str) and rebuilt.steadied(clip).steady is not None
        assert tracemalloc.get_traced_memory()[1] < 6000 * LONG


@pytest.mark.parametrize("frames", [0, 1, KEPT_AT_ONCE - 1, KEPT_AT_ONCE, KEPT_AT_ONCE + 1])
def test_rows_come_back_as_they_were(frames):
    kept, body = Kept(), look(dance(0, 10, SMALL, 1)[0]).body
    true = [body._replace(width=body.width + number) for number in range(frames)]
    for number, one in enumerate(true):
        kept.append(number % 3, number % 2 == 0, number / 7, one if number % 3 else None)
    rows, some = kept.rows(), [number for number in range(frames) if number % 3]
    assert len(kept) == len(rows) == frames
    assert rows["people"].tolist() == [number % 3 for number in range(frames)]
    assert rows["apart"].tolist() == [number % 2 == 0 for number in range(frames)]
    assert rows["front"].tolist() == [number / 7 for number in range(frames)]
    for found, whole in zip(bodies(rows[some]), zip(*(true[number] for number in some), strict=True), strict=False):
        assert found.dtype == whole[0].dtype and np.array_equal(found, whole, equal_nan=found.dtype == float)
