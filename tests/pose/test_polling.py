"""Votes in windows: counted as a plain count does, and the likeliest first."""

import numpy as np
import pytest
from pack.magicanimate_core.pose.forms import form_looks
from pack.magicanimate_core.pose.polling import NEARNESS, PARTS, WINDOW, Map, likeness, poll

LOOK = form_looks("viridis")


def windows(parts: int, count: int = 64) -> Map:
    """Windows (25, n) in which so many parts stand, at random."""
    rng = np.random.default_rng(parts)
    shape = (len(WINDOW), count)
    return Map(rng.integers(0, parts, shape).astype(np.uint8) * 3, rng.choice([0, 1, 5, 10], shape).astype(np.uint8))


def counted(held: Map, seen: np.ndarray) -> np.ndarray:
    """How likely each of all parts is, (25, n), one by one."""
    votes = held.trust.astype(int) * NEARNESS.astype(int)[:, None]
    counts = np.stack([(votes * (held.labels == part)).sum(0) for part in range(PARTS)])
    levels = np.broadcast_to(LOOK.parts.T[..., None], (3, PARTS, held.labels.shape[1]))
    return counts * likeness(seen, levels, LOOK.bright)


def looks_like(count: int = 64) -> np.ndarray:
    """Colours (3, n) between parts'."""
    rng = np.random.default_rng(9)
    first, second = (LOOK.parts[rng.integers(0, PARTS, count)] for _ in range(2))
    return np.ascontiguousarray(((first + second) / 2).T)


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_the_likeliest_comes_first_with_all_its_votes(parts):
    held, seen = windows(parts), looks_like()
    found, likely = poll(held, seen, LOOK, 4)
    plain = counted(held, seen)
    assert np.allclose(likely[:parts], -np.sort(-plain, 0)[:parts], rtol=1e-5)
    assert np.allclose(np.take_along_axis(plain, found[:parts].astype(int), 0), likely[:parts], rtol=1e-5)
    assert (likely[parts:] == 0).all()


def test_who_is_barred_is_never_found():
    held, seen = windows(4), looks_like()
    barred = held.labels[0], held.labels[5]
    found, likely = poll(held, seen, LOOK, 4, barred)
    plain = counted(held, seen)
    for part in barred:
        assert not ((found == part) & (likely > 0)).any()
        np.put_along_axis(plain, part[None].astype(int), 0, 0)
    assert np.allclose(likely[0], plain.max(0), rtol=1e-5)


def test_where_more_parts_stand_than_candidates_the_strongest_voters_are_looked_at():
    held, seen = windows(8), looks_like()
    _, likely = poll(held, seen, LOOK, 4)
    assert (likely <= counted(held, seen).max(0) * (1 + 1e-5)).all() and (likely[0] > 0).all()


def test_nobody_votes():
    held = Map(np.full((25, 3), 7, np.uint8), np.zeros((25, 3), np.uint8))
    _, likely = poll(held, looks_like(3), LOOK, 2)
    assert (likely == 0).all()
