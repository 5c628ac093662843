"""Scale and shift where no frame shows the photo's pose: who sits is not small, and nobody goes where nothing says so."""

import numpy as np
import pytest
from pack.magicanimate_core.pose.align.fit import fit_alignment
from pack.magicanimate_core.pose.align.joints import Body, body, stack
from pack.magicanimate_core.pose.align.limbs import limb_map
from pack.magicanimate_core.pose.align.similarity import Similarity, from_matches
from pack.magicanimate_core.testing.dances import joint_distances
from pack.tests.pose.dancing import ASIDE, SMALL, WHOLE, dance

SITS, TURNED, AWAY = {"sits": True}, {"back": True}, {"sits": True, "back": True}


@pytest.mark.parametrize("camera", [WHOLE, SMALL])
@pytest.mark.parametrize(
    ("number", "how", "other", "posture"),
    [(3, {}, 4, AWAY), (2, {}, 6, SITS), (2, {}, 5, SITS), (5, SITS, 6, TURNED), (5, SITS, 5, TURNED)],
    ids=["sits, from behind", "sits", "sits otherwise", "clip sits, a back", "clip sits, another back"],
)
def test_who_sits_is_as_tall_as_who_stands(camera, number, how, other, posture):
    """One body before one camera, on a chair in clip or photo: its neck is a third lower, and it is no smaller."""
    frames = dance(number, 10, camera, **how)
    assert fit_alignment(frames, dance(other, 10, camera, 3, **posture)[2]).is_nothing


@pytest.mark.parametrize(
    ("driver", "photo", "left"),
    [
        (dict(number=2, who=13, shot=SMALL), dict(number=6, who=22, shot=WHOLE, sits=True), 0.8),
        (dict(number=2, who=11, shot=SMALL), dict(number=6, who=21, shot=WHOLE, sits=True), 0.8),
        (dict(number=3, who=13, shot=ASIDE), dict(number=4, who=24, shot=WHOLE, **AWAY), 0.85),
        (dict(number=5, who=11, shot=WHOLE, sits=True), dict(number=8, who=25, shot=SMALL, back=True), 0.9),
        (dict(number=5, who=12, shot=WHOLE, sits=True), dict(number=5, who=21, shot=SMALL, back=True), 1.0),
    ],
)
def test_feet_take_nobody_the_wrong_way(driver, photo, left):
    """Another body before another camera, one on a chair: who is smaller stands higher up, and the neck is lower still."""
    frames = dance(**driver)
    truth = dance(**(driver | {"who": photo["who"], "shot": photo["shot"]}))
    fitted = fit_alignment(frames, dance(**photo, frames=3)[2])
    before, after = joint_distances(truth, frames, [fitted.apply(frame, i) for i, frame in enumerate(frames)])
    assert after <= left * before + 0.02


def swaying(pixels: float) -> Body:
    """A body (F, ...) that goes to and fro."""
    one = body(limb_map(dance(2, 12, WHOLE, 1)[0]))
    there = stack([one] * 8)
    return there._replace(start=there.start + pixels * np.array([1, 0]) * np.array([-1, 1] * 4)[:, None, None])


@pytest.mark.parametrize(("sway", "off", "followed"), [(0.0, 0.25, True), (5.0, 0.25, False), (5.0, 0.05, True)])
def test_a_pose_that_is_only_about_the_photos_may_be_of_any_moment(sway, off, followed):
    bodies, anchor = swaying(sway), np.array([64.0, 30.0])
    map_ = from_matches(np.full(8, off), [Similarity(1.0, 6.0, 0.0)] * 8, anchor, 100.0, bodies)
    assert (map_.x > 0.5) == followed and map_.y == 0
