"""Samples at another size, and dances that take turns."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.data import DancerClips, Sample, fit_sample
from pack.magicanimate_core.media.densepose import BACKGROUND, PART_COLOURS, paint
from pack.magicanimate_core.media.images import FITS, fit_photo, fit_poses
from pack.tests.data.writing import CLIPS, equal


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(32, 32), (16, 48), (64, 40)])
def test_both_streams_are_cut_alike(fit, size):
    """A pose given as the picture, too, ends at the same place; poses keep exact colours."""
    parts = np.zeros((1, 64, 96), np.uint8)
    parts[:, 20:50, 8:80] = 24
    fitted = fit_sample(Sample(paint(parts), paint(parts)), *size, fit)
    assert fitted.images.shape == fitted.poses.shape == (1, *size, 3)
    assert set(map(tuple, fitted.poses.reshape(-1, 3))) <= {BACKGROUND, tuple(PART_COLOURS[24])}
    a, b = (frames[0, ..., 1] > 128 for frames in (np.where(fitted.images == 128, 0, fitted.images), fitted.poses))
    assert (a != b).mean() < 0.03 and b.any()


def test_fit_leaves_the_right_size_untouched_and_refuses_unknown_fits():
    sample = CLIPS.read(0, [0])
    assert equal(fit_sample(sample, 32, 48), sample)
    with pytest.raises(ValueError, match="expected one of crop, stretch, pad"):
        fit_sample(sample, 32, 32, "zoom")


def test_training_sees_the_photo_that_is_animated():
    """The same bytes, whether a picture is fitted as training's uint8 or as the image of a node or a command."""
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 40, 56, 3), np.uint8))
    for fit in FITS:
        sample = fit_sample(Sample(images.numpy(), images.numpy()), 32, 24, fit)
        photo, poses = (f(images.float() / 255, 24, 32, fit) for f in (fit_photo, fit_poses))
        grey = (photo == 0.5).all(-1, keepdim=True).numpy()  # borders: 127.5 of 255, which training rounds up
        assert grey.any() == (fit == "pad")
        assert (np.where(grey, 128, (photo.numpy() * 255).round()) == sample.images).all()
        assert ((poses.numpy() * 255).round() == sample.poses).all()


def test_dances_take_turns():
    """Frames i of `dances` motions in turn, of one person in one place; the first motion is the clip's own."""
    plain, medley = DancerClips(1, "train", 6, 64, 64, every=3), DancerClips(1, "train", 6, 64, 64, every=3, dances=2)
    a, b = plain.read(0, range(6)), medley.read(0, range(6))
    assert (a.images[::2] == b.images[::2]).all() and (a.poses[::2] == b.poses[::2]).all()
    assert (a.poses[1::2] != b.poses[1::2]).any((1, 2, 3)).all()
    nobody = ((a.poses == BACKGROUND) & (b.poses == BACKGROUND)).all((0, 3))
    still = np.abs(a.images[0, :8].astype(int) - b.images[1, :8])[nobody[:8]]  # far above the floor's shadow
    assert still.size and np.median(still) == 0
