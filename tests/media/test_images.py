"""Sizes, fits and refusals of images."""

import pytest
import torch
import torch.nn.functional as F
from pack.magicanimate_core.media.densepose import DENSEPOSE_COLOURS
from pack.magicanimate_core.media.images import FITS, check_image, fit_image, fit_photo, fit_poses, target_size
from pack.magicanimate_core.pose.colours import check_pose_video
from pack.magicanimate_core.testing.inputs import draw_poses


def resize(pixels, width, height):
    return F.interpolate(pixels, (height, width), mode="nearest")


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(("width", "height"), [(64, 64), (40, 72), (72, 40), (8, 8)])
def test_every_fit_gives_the_size(fit, width, height):
    out = fit_image(torch.rand(2, 48, 56, 3), width, height, fit, resize, (0.1, 0.2, 0.3))
    assert out.shape == (2, height, width, 3)


def test_an_image_of_the_right_size_is_left_alone():
    image = torch.rand(1, 16, 24, 3)
    assert all(fit_image(image, 24, 16, fit, resize, (0, 0, 0)) is image for fit in FITS)


def test_crop_keeps_the_middle_and_pad_keeps_everything():
    image = torch.zeros(1, 16, 32, 3)
    image[:, :, 8:24] = 1  # the middle half
    assert fit_image(image, 16, 16, "crop", resize, (0.5, 0.5, 0.5)).min() == 1
    padded = fit_image(image, 32, 32, "pad", resize, (0.5, 0.25, 0.75))
    assert torch.equal(padded[:, 8:24], image)
    assert torch.equal(padded[0, 0, 0], torch.tensor([0.5, 0.25, 0.75]))


def test_opaque_alpha_is_left_out():
    image = torch.rand(1, 16, 24, 4)
    image[..., 3] = 1
    check_image(image, "photo")
    assert torch.equal(fit_photo(image, 24, 16, "crop"), image[..., :3])
    assert torch.equal(fit_photo(image, 48, 32, "pad"), fit_photo(image[..., :3], 48, 32, "pad"))
    poses = torch.from_numpy(draw_poses(64, 2)).float() / 255
    check_pose_video(torch.cat([poses, torch.ones(2, 64, 64, 1)], -1), DENSEPOSE_COLOURS)
    image[0, 3, 4, 3] = 0.99
    with pytest.raises(ValueError, match="photo has an alpha channel"):
        check_image(image, "photo")


def test_an_unknown_fit_is_refused():
    with pytest.raises(ValueError, match="fit is 'zoom'; expected one of crop, stretch, pad"):
        fit_photo(torch.zeros(1, 8, 8, 3), 8, 8, "zoom")


def test_poses_keep_their_colours_and_photos_their_flat_ones():
    colours = torch.tensor([[68, 1, 84], [253, 231, 37], [39, 173, 129]], dtype=torch.uint8)
    poses = colours[torch.randint(0, 3, (2, 21, 35), generator=torch.Generator().manual_seed(0))]
    fitted = fit_poses(poses, 64, 24, "pad")
    assert {tuple(c) for c in fitted.reshape(-1, 3).tolist()} == {tuple(c) for c in colours.tolist()}
    assert (fitted[:, :, 0] == colours[0]).all()  # the background at the sides
    assert torch.equal(fit_poses(poses.float() / 255, 64, 24, "pad"), fitted.float() / 255)
    flat = torch.full((1, 20, 30, 3), 77, dtype=torch.uint8)
    assert (fit_photo(flat, 16, 40, "crop") == 77).all()


def test_target_size():
    like = torch.zeros(1, 100, 61, 3)
    assert target_size(0, 0, like) == (64, 96)
    assert target_size(512, 0, like) == (512, 96)
    with pytest.raises(ValueError, match="height is 100; expected a multiple of 8"):
        target_size(0, 100, like)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((2, 3), "expected \\(frames"), ((0, 8, 8, 3), "empty"), ((1, 8, 8, 4), "alpha"), ((1, 8, 8, 1), "1 channels")],
)
def test_refused_images(shape, words):
    with pytest.raises(ValueError, match=f"photo.*{words}"):
        check_image(torch.zeros(shape), "photo")
