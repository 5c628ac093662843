"""Frechet distance between what a network saw in two sets, exactly, in flat memory; and how sure it is.

d = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr sqrt(S1 S2), m and S mean and covariance (over N - 1) of the features.

With A1, A2 such that A^T A = S, tr sqrt(S1 S2) is the sum of the singular values of A1 A2^T: no root of a matrix, which
rank-deficient covariances make inexact. A is the centred features over sqrt(N - 1), and once these are many, a triangle.
"""

from collections.abc import Collection

import numpy as np
from scipy.stats import t as student

KEPT_ROWS = 4096  # so many features are kept as they are; more are folded
GROUPS = 50  # of videos, at most, that are left out in turn for an interval


class SetFeatures:
    """What a network saw in a set of videos: mean and scatter of all samples, in memory that does not grow.

    kept: rows up to which single features are held, by video. Beyond it only their mean and a triangle of D rows are.
    """

    def __init__(self, kept: int = KEPT_ROWS) -> None:
        self.kept = kept
        self.count = 0
        self.videos: list[str] | None = []  # a name for every row, while all rows are held
        self._rows: list[np.ndarray] = []  # features as they came, float32
        self._waiting = 0
        self._folded = 0  # samples that are in mean and triangle alone
        self._mean = self._triangle = None

    def add(self, features: np.ndarray, video: str) -> None:
        """features: (N, D), samples of one video. Raises ValueError for features that are no numbers or of another width."""
        features = np.asarray(features)
        if features.ndim != 2:
            raise ValueError(f"Features are samples x width; {features.shape} came from {video}.")
        if self._rows and features.shape[1] != self._rows[0].shape[1]:
            raise ValueError(f"Features are {self._rows[0].shape[1]} wide; those of {video} are {features.shape[1]} wide.")
        if not np.isfinite(features).all():
            raise ValueError(f"The network's answer on {video} holds values that are no numbers.")
        if not len(features):
            return
        self._rows.append(features)
        self.count += len(features)
        self._waiting += len(features)
        if self.videos is not None:
            self.videos += [video] * len(features)
        if self._waiting > self.kept:
            self.fold()

    def rows(self, without: Collection[str] = ()) -> np.ndarray | None:
        """All features (N, D) in float64, one row a sample, those of some videos left out; None once they were folded."""
        if self.videos is None or not self._rows:
            return None
        return np.concatenate(self._rows)[[video not in without for video in self.videos]].astype(np.float64)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns mean (D,) and a factor A (R, D) of the covariance, A^T A = S, float64; of two samples or more."""
        mean, scatter = self._scatter()
        return mean, scatter / np.sqrt(self.count - 1)

    def _scatter(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean (D,) and F (R, D) with F^T F = sum of (x - mean)(x - mean)^T."""
        if not self._waiting:
            return self._mean, self._triangle
        other, fresh = _centred(np.concatenate(self._rows).astype(np.float64))
        if self._mean is None:
            return other, fresh
        n, m = self._folded, self._waiting
        between = np.sqrt(n * m / (n + m)) * (other - self._mean)  # what the two means' distance adds to the scatter
        mean = self._mean + (other - self._mean) * (m / (n + m))
        return mean, np.concatenate([self._triangle, fresh, between[None]])

    def fold(self) -> None:
        """Takes all rows so far into the mean and a triangle; single features are gone after it."""
        if self._waiting:
            mean, scatter = self._scatter()
            self._mean, self._triangle = mean, _square(scatter)
            self._folded, self._waiting, self.videos = self.count, 0, None
            self._rows = [self._rows[0][:0]]


def frechet(a: SetFeatures, b: SetFeatures) -> float:
    """Returns the Frechet distance of two sets. Raises ValueError where one has less than two samples: no covariance."""
    if min(a.count, b.count) < 2:
        raise ValueError(f"A Frechet distance needs two samples or more in both sets; these have {a.count} and {b.count}.")
    return _distance(*a.moments(), *b.moments())


def frechet_interval(a: SetFeatures, b: SetFeatures, level: float = 0.95) -> tuple[float, float] | None:
    """Returns the interval (low, high) in which a distance of as many videos lies with probability `level`.

    By leaving out each video in turn, in both sets (jackknife; t distribution). The usual bootstrap fails here: videos drawn
    twice make a set that is less diverse, so that its distances are all larger than the one to be judged. Over drawn
    Gaussians, 4 to 30 videos of 5 samples, its 95 % intervals held the mean distance in 0 to 59 % of the cases, these in 89
    to 97 % before the t distribution widened them. None where single features are gone, for one video, or where too few
    samples stay.
    """
    if a.videos is None or b.videos is None:
        return None
    names = sorted({*a.videos, *b.videos})
    groups = [set(names[first :: min(GROUPS, len(names))]) for first in range(min(GROUPS, len(names)))]
    distances = []
    for group in groups:
        left = [sum(video not in group for video in of.videos) for of in (a, b)]
        if min(left) < 2:
            return None
        (mean_a, factor_a), (mean_b, factor_b) = (_moments(of.rows(group)) for of in (a, b))  # one after the other
        distances.append(_distance(mean_a, factor_a, mean_b, factor_b))
    error = np.sqrt((len(groups) - 1) * np.var(distances))
    reach = float(student.ppf((1 + level) / 2, len(groups) - 1) * error)
    middle = frechet(a, b)
    return max(0.0, middle - reach), middle + reach


def _moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    samples = len(rows)
    mean, scatter = _centred(rows)
    return mean, scatter / np.sqrt(samples - 1)


def _centred(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) of rows (N, D), and at most D rows F with F^T F = sum of (x - mean)(x - mean)^T; `rows` are used up."""
    mean = rows.mean(0)
    rows -= mean
    return mean, _square(rows)


def _distance(mean_a: np.ndarray, factor_a: np.ndarray, mean_b: np.ndarray, factor_b: np.ndarray) -> float:
    if mean_a.shape != mean_b.shape:
        raise ValueError(f"Features of one network are compared; these are {len(mean_a)} and {len(mean_b)} wide.")
    a, b = _square(factor_a), _square(factor_b)
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    distance = ((mean_a - mean_b) ** 2).sum() + (a**2).sum() + (b**2).sum() - 2 * root
    return max(0.0, float(distance))  # that of a set to itself is 0 but for rounding


def _square(factor: np.ndarray) -> np.ndarray:
    """(R, D) -> at most D rows with the same factor^T factor."""
    return np.linalg.qr(factor, mode="r") if len(factor) > factor.shape[1] else factor
