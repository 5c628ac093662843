"""A clip of any length brought to a photo: it lies on disk until it was seen as a whole."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, count
from pathlib import Path

import numpy as np

from ..disk import beside
from ..media.blobs import Blob
from ..media.reading import Video
from ..media.timing import DEFAULT_FPS
from ..media.writing import LOSSLESS, video_writer
from ..options import Aligning
from ..pose.align.fit import fit_alignment


@contextmanager
def aligned(
    poses: Iterable[np.ndarray], photo: np.ndarray, aligning: Aligning, out: Path
) -> Iterator[tuple[Iterator[np.ndarray], str]]:  # fmt: skip
    """Gives poses (H, W, 3) brought to a photo's (h, w, 3), one by one, and what was done, in words.

    out: beside it the poses lie, without loss and hidden, until all are given. Raises what comes out of `poses`.
    """
    kept = beside(out.with_name(f"{out.name}.poses"))
    ahead = _keeping(poses, kept)
    try:
        fitted = fit_alignment(ahead, photo, **asdict(aligning))
        deque(ahead, maxlen=0)  # where one look at the first was enough
        video = Video(Blob(kept.name, kept))
        frames = video.decode(range(len(video)))
        yield map(fitted.apply, frames, count()), fitted.report
        frames.close()
    finally:
        ahead.close()
        kept.unlink(missing_ok=True)


def _keeping(poses: Iterable[np.ndarray], path: Path) -> Iterator[np.ndarray]:
    """The poses themselves, each written to a file before it is given."""
    poses = iter(poses)
    first = next(poses)
    with video_writer(path, DEFAULT_FPS, first.shape[1], first.shape[0], LOSSLESS) as write:
        for pose in chain([first], poses):
            write(pose)
            yield pose
