"""The Frechet distance: closed forms, the published values, and what must not change it."""

import tracemalloc

import numpy as np
import pytest
from pack.magicanimate_core.evaluation.frechet import SetFeatures, frechet, frechet_interval
from pack.tests.evaluation import published
from scipy.linalg import sqrtm


def seen(rows, kept=4096, chunk=None, videos=1):
    """Features of these rows, dealt to videos and added in chunks."""
    features = SetFeatures(kept)
    for number, part in enumerate(np.array_split(rows, videos)):
        for first in range(0, len(part), chunk or len(part)):
            features.add(part[first : first + (chunk or len(part))], f"video {number}")
    return features


def normal(seed, rows, width, scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(rows, width)) @ rng.normal(size=(width, width)) + shift


def crossed(deviations, mean=0.0):
    """Rows whose covariance (over N - 1) is exactly diagonal, with these deviations."""
    count = 2 * len(deviations)
    cross = np.diag(deviations) * np.sqrt((count - 1) / 2)
    return np.concatenate([cross, -cross]) + mean


def test_gaussians_of_known_moments():
    """|m1 - m2|^2 + sum (s1 - s2)^2 where the covariances share their axes."""
    s1, s2 = np.array([1.0, 2.0, 0.5]), np.array([3.0, 1.0, 0.25])
    mean = np.array([1.0, -2.0, 0.5])
    expected = (mean**2).sum() + ((s1 - s2) ** 2).sum()
    assert frechet(seen(crossed(s1)), seen(crossed(s2, mean))) == pytest.approx(expected, rel=1e-12)


def test_a_shift_alone_is_its_square():
    rows = normal(0, 12, 40)
    assert frechet(seen(rows), seen(rows + 0.5)) == pytest.approx(40 * 0.25, rel=1e-9)


@pytest.mark.parametrize("shape", [(7, 30), (80, 12)], ids=["fewer samples than features", "more"])
def test_a_set_against_itself_is_nothing(shape):
    rows = normal(1, *shape)
    assert frechet(seen(rows), seen(rows[::-1])) == pytest.approx(0, abs=1e-9 * (rows**2).sum())


def test_equals_the_root_of_the_product():
    a, b = normal(2, 60, 8), normal(3, 50, 8, 2.0, 1.0)
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
    assert frechet(seen(a), seen(b)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("width", [6, 90])
@pytest.mark.parametrize(("kept", "chunk"), [(1, 1), (10, 7), (16, 64)])
def test_folding_changes_nothing(kept, chunk, width):
    a, b = normal(4, 64, width), normal(5, 50, width, 1.5, 0.3)
    folded = seen(a, kept, chunk)
    assert folded.count == 64 and folded.rows() is None
    assert frechet(folded, seen(b)) == pytest.approx(frechet(seen(a), seen(b)), rel=1e-9)


def test_far_from_nothing_loses_no_digits():
    """Sums of squares would: the mean is a million deviations away."""
    a, b = normal(6, 64, 6), normal(7, 64, 6)
    near = frechet(seen(a), seen(b))
    assert frechet(seen(a + 1e6, 8, 8), seen(b + 1e6)) == pytest.approx(near, rel=1e-6)


def test_memory_does_not_grow():
    features = SetFeatures(kept=20)
    for number in range(300):
        features.add(np.random.default_rng(number).normal(size=(5, 8)).astype(np.float32), f"{number}")
        held = sum(map(len, features._rows)) + (0 if features._triangle is None else len(features._triangle))
        assert held <= 20 + 5 + 8
    assert features.count == 1500


def test_order_and_sides_change_nothing():
    a, b = normal(8, 20, 40), normal(9, 15, 40)
    value = frechet(seen(a), seen(b))
    assert frechet(seen(a[::-1], chunk=3, videos=4), seen(b)) == pytest.approx(value, rel=1e-12)
    assert frechet(seen(b), seen(a)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("count", [0, 1])
def test_one_sample_has_no_covariance(count):
    few = seen(normal(10, 5, 4)[:count]) if count else SetFeatures()
    with pytest.raises(ValueError, match=f"needs two samples or more in both sets; these have 5 and {count}"):
        frechet(seen(normal(10, 5, 4)), few)


def test_what_is_no_feature_is_refused():
    features = seen(normal(11, 4, 6))
    for wrong, words in (
        (np.full((1, 6), np.nan), "answer on clip holds values that are no numbers"),
        (np.ones((1, 5)), "are 6 wide; those of clip are 5"),
        (np.ones(6), "samples x width"),
    ):
        with pytest.raises(ValueError, match=words):
            features.add(wrong, "clip")
    assert features.count == 4
    with pytest.raises(ValueError, match="Features of one network"):
        frechet(features, seen(normal(11, 4, 7)))


def test_the_interval_holds_the_distance_and_follows_the_videos():
    """An odd video makes it wider; an order changes nothing."""
    rows = normal(12, 40, 10)
    true = seen(rows, videos=8)
    made = rows + 0.1 * normal(13, 40, 10)
    low, high = frechet_interval(seen(made, videos=8), true)
    assert 0 <= low <= frechet(seen(made), true) <= high
    odd = np.concatenate([made[:35], made[35:] + 20])
    wide = frechet_interval(seen(odd, videos=8), true)
    assert wide[1] - wide[0] > 3 * (high - low)
    swapped = SetFeatures()
    for number in reversed(range(8)):
        swapped.add(made[5 * number : 5 * number + 5], f"video {number}")
    assert frechet_interval(swapped, true) == pytest.approx((low, high), rel=1e-9)


def test_no_interval_where_there_can_be_none():
    rows = normal(14, 40, 10)
    assert frechet_interval(seen(rows), seen(rows)) is None, "one video"
    assert frechet_interval(seen(rows, 10, 5, 8), seen(rows, videos=8)) is None, "folded"
    assert frechet_interval(seen(rows[:2], videos=2), seen(rows, videos=8)) is None, "one sample stays"


def test_published_gaussians():
    a, b = published.inputs().gaussians(published.plan()["gaussians"])
    assert frechet(seen(a), seen(b)) == pytest.approx(published.values()["gaussians"]["exact"], rel=1e-12)


@pytest.mark.parametrize("distance", ["fid_vid", "fvd"])
@pytest.mark.parametrize("kept", [4096, 6])
def test_published_features(distance, kept):
    """Generated first, as the file has them; also when folded."""
    rows, value = published.features()[f"small.{distance}"], published.values()["sets"]["small"][distance]
    generated, true = rows[: value["generated"]], rows[value["generated"] :]
    result = frechet(seen(generated, kept), seen(true, kept))
    assert result == pytest.approx(value["exact"], rel=1e-6)
    assert result == pytest.approx(value["official"], rel=1e-5)


def test_an_interval_takes_little_beside_the_features():
    """One side after the other, in place: less than four times what both sides hold."""
    sides = [seen(normal(seed, 3000, 32).astype(np.float32), videos=3) for seed in (1, 2)]
    tracemalloc.start()
    assert frechet_interval(*sides) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * (2 * 3000 * 32 * 4)
