"""How far the joints of an animation are from the true ones: AKD and MKR of the TED-talks table."""

from dataclasses import dataclass

import numpy as np

from .tables import Table, matched

NOT_FOUND = -1.0  # x and y of a joint that was not found


@dataclass(frozen=True)
class JointErrors:
    """Errors by frame, NaN where a frame has none; and their means, None where no frame has one.

    files, frames: which frame. distance: mean of |x| and |y| differences, in pixels, over the joints found in both.
    euclidean: mean length of these joints' differences. missing: share of the true frame's joints that the animation lacks.
    """

    files: tuple[str, ...]
    frames: np.ndarray
    distance: np.ndarray
    euclidean: np.ndarray
    missing: np.ndarray

    @property
    def akd(self) -> float | None:
        """Average keypoint distance, as published: half the sum of |x| and |y| differences, no length."""
        return mean(self.distance)

    @property
    def akd_euclidean(self) -> float | None:
        """What the name says: the mean distance of joints, by frame, then over frames."""
        return mean(self.euclidean)

    @property
    def mkr(self) -> float | None:
        """Missing keypoint rate."""
        return mean(self.missing)

    @property
    def akd_frames(self) -> int:
        """Frames behind AKD: those with a joint found in both. AKD can fall by finding fewer."""
        return int(np.isfinite(self.distance).sum())

    @property
    def mkr_frames(self) -> int:
        """Frames behind MKR: those in which somebody was found in the true frame."""
        return int(np.isfinite(self.missing).sum())


def joint_errors(true: Table, generated: Table) -> JointErrors:
    """Compares joints, (N, J, 2) pixels x, y each, (-1, -1) where not found. Raises ValueError unless frames are the same.

    Joints that only the animation has cost nothing, so the order of the two matters.
    """
    true, generated = matched(true, generated)
    if true.values.ndim != 3 or true.values.shape[2] != 2:
        raise ValueError(f"Joints are (joints, 2) a frame; expected x and y of each, {true.values.shape[1:]} came.")
    a, b = true.values.astype(np.float64), generated.values.astype(np.float64)
    found = a[..., 0] != NOT_FOUND  # x alone tells, as published
    both = found & (b[..., 0] != NOT_FOUND)
    apart = np.abs(a - b)
    return JointErrors(
        files=true.files,
        frames=true.frames,
        distance=_mean_where(both, apart.mean(-1)),
        euclidean=_mean_where(both, np.linalg.norm(apart, axis=-1)),
        missing=_mean_where(found, ~both),
    )


def mean(values: np.ndarray) -> float | None:
    """The mean of what is defined; None where nothing is."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else None


def _mean_where(where: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(N, J) -> (N,): the mean over the joints of `where`, NaN without one."""
    count = where.sum(1)
    return np.divide((values * where).sum(1), count, out=np.full(len(count), np.nan), where=count > 0)
