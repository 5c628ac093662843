"""What lies before a limb may go elsewhere: the limb is then as it was, with no bite in its outline."""

import numpy as np
import pytest
from pack.magicanimate_core.dancers import clip
from pack.magicanimate_core.media.densepose import PART_COLOURS, paint
from pack.magicanimate_core.pose.align import draw
from pack.magicanimate_core.pose.align.draw import Affine, redrawn, rounded_out
from pack.magicanimate_core.pose.align.joints import body
from pack.magicanimate_core.pose.align.limbs import HANDS, LIMBS, UPPER_LEGS, limb_map

SIZE = 96
Y, X = np.mgrid[:SIZE, :SIZE]
TRUNK, THIGH, HAND = 2, 10, 4  # parts, of the left and the front


def oval(x: float, y: float, wide: float, tall: float, turned: float = 0.0) -> np.ndarray:
    """A limb, (SIZE, SIZE) bool."""
    across, along = (X - x) * np.cos(turned) + (Y - y) * np.sin(turned), (Y - y) * np.cos(turned) - (X - x) * np.sin(turned)
    return (across / wide) ** 2 + (along / tall) ** 2 <= 1


@pytest.mark.parametrize("turned", [0.0, 0.7, 1.57, 2.4])
@pytest.mark.parametrize("reach", [0, 12, -14])
def test_a_bite_is_filled_up_to_the_outline(turned, reach):
    whole = oval(48, 48, 16, 34, turned)
    bitten = whole & ~oval(48 + reach * np.cos(turned), 48 + reach * np.sin(turned), 9, 9)
    found = rounded_out(bitten)
    assert not (bitten & ~found).any() and (found & ~whole).sum() < 0.01 * whole.sum()
    assert (whole & ~found).sum() < 0.15 * (whole & ~bitten).sum()


def test_a_hand_that_goes_away_leaves_no_bite():
    whole, hand = oval(40, 48, 16, 34), oval(55, 48, 6, 12)
    frame = paint(np.where(hand, HAND, np.where(whole, THIGH, 0)).astype(np.uint8))
    limbs = limb_map(frame)
    away = Affine(np.eye(2), np.array([25.0, 0.0]))
    maps = [away if limb == limbs[48, 58] else Affine(np.eye(2), np.zeros(2)) for limb in range(LIMBS)]
    out = redrawn(frame, limbs, body(limbs), maps)
    thigh = (out == PART_COLOURS[THIGH]).all(-1)
    assert limbs[48, 30] in UPPER_LEGS and limbs[48, 58] in HANDS
    assert (whole & ~thigh).sum() < 0.2 * (whole & hand).sum() and not (thigh & ~whole).any()


def hidden_waist() -> np.ndarray:
    """Parts (SIZE, SIZE) of somebody whose hand lies where torso and leg meet."""
    return np.select([oval(48, 56, 14, 7), oval(48, 34, 12, 22), oval(48, 76, 12, 22)], [HAND, TRUNK, THIGH]).astype(
        np.uint8
    )


@pytest.mark.parametrize("number", [0, 1, 2, 3, None])
def test_a_limbs_window_holds_all_that_is_shown_of_it(number, monkeypatch):
    drawn = clip(number or 0, "held_out", frames=1, height=SIZE, width=SIZE).frame(0).parts
    frame = paint(hidden_waist() if number is None else drawn)
    limbs, ways = limb_map(frame), np.random.default_rng(number or 0).integers(-9, 10, (LIMBS, 2)).astype(float)
    maps = [Affine(np.eye(2), way) for way in ways]
    found = redrawn(frame, limbs, body(limbs), maps)
    monkeypatch.setattr(draw, "_window", lambda *_: (slice(0, SIZE), slice(0, SIZE)))
    assert np.array_equal(found, redrawn(frame, limbs, body(limbs), maps)) and not np.array_equal(found, frame)
