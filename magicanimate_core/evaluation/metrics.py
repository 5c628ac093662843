"""What is measured on frames that were made and those that are true: a formula each, in grey levels (0 to 255)."""

import numpy as np


def person_l1(made: np.ndarray, true: np.ndarray, region: np.ndarray) -> float:
    """Returns the mean absolute difference where the person is, in grey levels: the L1 error, inside a mask.

    mean of |x - y| over the pixels of `region` and their three channels.
    made x, true y: (F, H, W, 3) uint8. region: (F, H, W) bool, for example the union of the person's masks in the
    reference and in the true frame: then a person who stays behind in the old place counts, and a still background does not.
    Source: L1 as it is usual for animated photos (MagicAnimate Sec. 4 gives it for whole frames and for the foreground).
    """
    return float(np.abs(made.astype(float) - true.astype(float))[region].mean())


def change_l1(made: np.ndarray, true: np.ndarray) -> float:
    """Returns the mean absolute difference of the changes between neighbouring frames, in grey levels.

    mean of |(x[t+1] - x[t]) - (y[t+1] - y[t])| over whole frames: flicker and wrong motion; what is wrong in the same way
    in all frames does not count.
    made x, true y: (F, H, W, 3) uint8, two frames or more.
    Source: ours. The paper measures consistency in time by FVD, which needs a network and many clips.
    """
    made_changes, true_changes = (np.diff(frames.astype(float), axis=0) for frames in (made, true))
    return float(np.abs(made_changes - true_changes).mean())
