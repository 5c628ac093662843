"""From pixels to pixels in one call: what the command line streams."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.animate import animate
from pack.magicanimate_core.pipeline.latents import (
    decode_frames,
    encode,
    encode_frames,
    encode_photo,
    from_pixels,
    to_pixels,
    vae_batch,
)
from pack.magicanimate_core.testing import inputs

SETTINGS = Settings(steps=1, context_length=4, context_overlap=1)


def test_a_photo_becomes_as_many_frames_as_there_are_poses(models):
    made = animate(models, inputs.draw_photo(64), inputs.draw_poses(64, 5), SETTINGS)
    assert made.shape == (5, 64, 64, 3) and made.dtype == np.uint8
    assert np.array_equal(made, animate(models, inputs.draw_photo(64), inputs.draw_poses(64, 5), SETTINGS))


@pytest.mark.parametrize("change", ["photo", "no photo", "poses"])
def test_every_input_has_a_say(models, change):
    photo, poses = inputs.draw_photo(64), inputs.draw_poses(64, 4)
    made = animate(models, photo, poses, SETTINGS)
    other = {"photo": (255 - photo, poses), "no photo": (None, poses), "poses": (photo, poses[::-1].copy())}[change]
    assert not np.array_equal(animate(models, *other, SETTINGS), made)


def test_pixels_come_back():
    """Every grey level, through [-1, 1] and [0, 1]."""
    levels = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1).expand(-1, -1, -1, 3)
    assert from_pixels(levels).amin() == -1 and from_pixels(levels).amax() == 1
    assert np.array_equal(to_pixels(from_pixels(levels) / 2 + 0.5), levels)


def test_frames_are_encoded_and_decoded_one_by_one_or_together(models):
    """More than go through the VAE at once, and a photo as one of them."""
    frames = torch.from_numpy(inputs.draw_poses(64, 9))
    latents = encode_frames(models.vae, frames)
    assert latents.shape == (9, 4, 8, 8)
    torch.testing.assert_close(latents[4:5], encode(models.vae, from_pixels(frames[4:5])), atol=1e-5, rtol=1e-4)
    photo = frames[8:].movedim(-1, 1).float() / 255
    torch.testing.assert_close(latents[8:], encode_photo(models.vae, photo), atol=1e-5, rtol=1e-4)
    decoded = decode_frames(models.vae, latents).astype(int)
    assert np.abs(decoded[8] - decode_frames(models.vae, latents[8:])[0]).max() <= 1


@pytest.mark.parametrize(("side", "frames"), [(64, 8), (512, 8), (768, 3), (1024, 2), (4096, 1)])
def test_no_more_pixels_go_through_the_vae_at_once_than_of_eight_small_frames(models, side, frames):
    sizes = []
    vae = SimpleNamespace(
        device="meta", dtype=torch.float32, encode=lambda images: sizes.append(len(images)) or Means(images)
    )
    assert vae_batch(side, side) == frames
    encode_frames(vae, torch.empty(9, side, side, 3, dtype=torch.uint8, device="meta"))
    assert max(sizes) == frames and sum(sizes) == 9


class Means:
    """What a VAE says of pictures (B, 3, H, W) that hold nothing."""

    def __init__(self, images: torch.Tensor) -> None:
        self.latent_dist = SimpleNamespace(mean=images.new_empty(len(images), 4, 1, 1))
