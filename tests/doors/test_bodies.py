"""Align Pose to Photo: whose body the photo shows, and how much nearer to the truth the clip must come."""

from collections.abc import Callable

import numpy as np
from pack.magicanimate_core.pose.align.fit import fit_alignment
from pack.magicanimate_core.testing.dances import LONG_BODY, LONG_LEGS, built, joint_distances
from pack.tests.doors.table import Case, cases, passes
from pack.tests.pose.dancing import ASIDE, HALF, SMALL, WHOLE, dance

DRIVER = 12
ARMS = ("upper_arm", "lower_arm")
LEGS = ("thigh", "shin", "hip_height")


def danced(number: int, here, there, factors: dict[str, float], photo: int = 2, **how: bool) -> Callable[[], tuple]:
    """Brings a clip, what it should become (one dance by two bodies before two cameras), and a frame of that as photo."""

    def brings() -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
        clip = dance(number, built(DRIVER), here, 5, **how)
        truth = dance(number, built(DRIVER, **factors), there, 5, **how)
        return clip, truth, truth[photo]

    return brings


def by(factor: float, *bones: str) -> dict[str, float]:
    return dict.fromkeys(bones, factor)


def at_most(share: float) -> Callable[[tuple[float, float, bool]], None]:
    """A check: of the joints' error before, so much is left."""

    def check(found: tuple[float, float, bool]) -> None:
        before, after, _ = found
        assert after <= share * before + 0.05

    return check


def untouched(found: tuple[float, float, bool]) -> None:
    assert found[2]


NEVER_WORSE = at_most(1.02)
ROWS = [
    Case("a long body", danced(2, WHOLE, WHOLE, LONG_BODY), at_most(0.5)),
    Case("long legs", danced(2, WHOLE, WHOLE, LONG_LEGS), at_most(0.5)),
    Case("a long body, smaller", danced(5, WHOLE, SMALL, LONG_BODY), at_most(0.15)),
    Case("long legs, larger", danced(5, SMALL, WHOLE, LONG_LEGS), at_most(0.15)),
    Case("a long body elsewhere", danced(9, WHOLE, ASIDE, LONG_BODY), at_most(0.15)),
    Case("the last frame's pose", danced(9, ASIDE, SMALL, LONG_LEGS, photo=4), at_most(0.15)),
    Case("long arms", danced(2, WHOLE, WHOLE, by(1.25, *ARMS)), at_most(0.6)),
    Case("short arms", danced(5, WHOLE, WHOLE, by(0.7, *ARMS)), at_most(0.7)),
    Case("short legs", danced(2, WHOLE, WHOLE, by(0.85, *LEGS)), at_most(0.5)),
    Case("longer legs", danced(7, SMALL, SMALL, by(1.15, *LEGS)), at_most(0.5)),
    Case("a long torso", danced(2, WHOLE, WHOLE, {"torso": 1.2}), at_most(0.5)),
    Case("a short torso", danced(5, SMALL, SMALL, {"torso": 0.85}), at_most(0.6)),
    Case("a large head", danced(2, WHOLE, WHOLE, {"head": 1.3}), NEVER_WORSE),
    Case("a child's body", danced(5, WHOLE, SMALL, {"head": 1.3} | by(0.8, *LEGS)), at_most(0.2)),
    Case("a back", danced(4, WHOLE, SMALL, LONG_BODY, back=True), at_most(0.35)),
    Case("a back, proportions alone", danced(6, WHOLE, WHOLE, LONG_LEGS, back=True), NEVER_WORSE),
    Case("somebody who sits", danced(7, WHOLE, SMALL, LONG_BODY, sits=True), at_most(0.35)),
    Case("who sits, proportions alone", danced(7, WHOLE, WHOLE, LONG_LEGS, sits=True), NEVER_WORSE),
    Case("a half figure", danced(2, HALF, HALF, LONG_BODY), NEVER_WORSE),
    Case("a half figure of a clip to the feet", danced(2, WHOLE, HALF, LONG_BODY), at_most(0.5)),
    Case("the same body", danced(2, WHOLE, WHOLE, {}), untouched),
    Case("the same body, half", danced(4, HALF, HALF, {}), untouched),
    Case("the same back", danced(6, SMALL, SMALL, {}, back=True), untouched),
    Case("the same body on a chair", danced(7, WHOLE, WHOLE, {}, sits=True), untouched),
]


def aligned(clip: list[np.ndarray], truth: list[np.ndarray], photo: np.ndarray) -> tuple[float, float, bool]:
    """Joints' errors before and after, pixels, and whether nothing was changed."""
    fitted = fit_alignment(clip, photo)
    out = [fitted.apply(frame, number) for number, frame in enumerate(clip)]
    return *joint_distances(truth, clip, out), fitted.is_nothing


@cases(*ROWS)
def test_what_comes_in(case):
    passes(case, lambda: aligned(*case.brings()))
