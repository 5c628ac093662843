"""Latents that are kept, and the VAE that a model from nothing gets."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.data import BadItem, DancerClips, Sample
from pack.magicanimate_core.data.latents import LatentCache
from pack.magicanimate_core.media.densepose import paint
from pack.magicanimate_core.training.from_nothing.vae import (
    LATENT_SCALE,
    VaeSettings,
    VaeTask,
    crop,
    decode,
    encode,
    new_vae,
    normalise,
)
from pack.magicanimate_core.training.sources import cache_name, first_frame


class WithBadItem(DancerClips):
    def read(self, item, frames):
        if item == 1:
            raise BadItem(self.name(item), "is broken")
        return super().read(item, frames)


def encode_mean(images: np.ndarray) -> torch.Tensor:
    """Stands for a VAE: colours averaged over 8 x 8 pixels, and the red one again."""
    pixels = torch.nn.functional.avg_pool2d(torch.as_tensor(images).movedim(-1, 1).float() / 255, 8)
    return torch.cat([pixels, pixels[:, :1]], 1)


@pytest.mark.parametrize("processes", [0, 1])
def test_cached_latents_and_poses_are_the_sources(tmp_path, processes):
    source, calls = WithBadItem(3, "train", 5, 32, 32, every=2), []

    def encoding(images):
        calls.append(len(images))
        return encode_mean(images)

    for _ in range(2):  # the second time from the file
        cache = LatentCache(source, tmp_path / "cache.safetensors", encoding, processes)
        assert len(cache) == 2 and calls == [5, 5]
        assert cache.fps(1) == 12.5 and cache.length(1) == 5 and cache.name(1).endswith("train_00002")
        sample, true = cache.read(1, [3, 0, 3]), source.read(2, [3, 0, 3])
        np.testing.assert_allclose(sample.images, encode_mean(true.images), atol=1e-3)
        assert (sample.poses == true.poses).all()


def small_vae():
    torch.manual_seed(0)
    return new_vae(VaeSettings(widths=(8, 8, 8, 8), groups=4)).requires_grad_(False).eval()


def test_normalised_latents_have_unit_variance_and_decode_alike():
    vae, pixels = small_vae(), torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    before = decode(vae, encode(vae, pixels))
    spread = vae.encode(pixels).latent_dist.std
    normalise(vae, encode(vae, pixels) / LATENT_SCALE)
    latents = encode(vae, pixels)
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(decode(vae, latents), before, atol=1e-4, rtol=0)
    ratio = vae.encode(pixels).latent_dist.std / spread  # uncertainty is scaled along
    torch.testing.assert_close(ratio, ratio[:1, :, :1, :1].expand_as(ratio), rtol=1e-3, atol=1e-3)


def test_other_pictures_or_another_vae_have_another_cache():
    size, vae = (32, 32), small_vae()
    source = DancerClips(2, "train", 1, *size)
    before = cache_name("clips", source, size, vae)
    assert before == cache_name("clips", DancerClips(2, "train", 1, *size), size, small_vae())
    assert before != cache_name("other", source, size, vae)
    assert before != cache_name("clips", DancerClips(3, "train", 1, *size), size, vae)
    for changed in ("images", "poses"):
        assert before != cache_name("clips", repainted(changed)(2, "train", 1, *size), size, vae), changed
    vae.quant_conv.weight += 1e-3
    assert cache_name("clips", source, size, vae) != before


def repainted(what: str) -> type[DancerClips]:
    """The same names with other pictures or other poses, as of a folder that was prepared again."""

    class Repainted(DancerClips):
        def read(self, item, frames):
            sample = super().read(item, frames)
            return sample._replace(**{what: 255 - getattr(sample, what)})

    return Repainted


def test_a_source_that_begins_with_a_bad_item_has_a_cache():
    class Torn(DancerClips):
        def read(self, item, frames):
            if item == 0:
                raise BadItem(self.name(item), "is torn")
            return super().read(item, frames)

    size = (2, "train", 1, 32, 32)
    assert first_frame(Torn(*size)) == b"".join(array.tobytes() for array in DancerClips(*size).read(1, [0]))


def test_an_exported_vae_stays_what_it_is(tmp_path):
    """Every stage exports it again: the caches of the first must do for the next."""
    from pack.magicanimate_core.pipeline.base import load_vae
    from pack.magicanimate_core.training.export import export_vae

    names, vae, source = [], small_vae(), DancerClips(1, "train", 1, 32, 32)
    for folder in (tmp_path / "vae", tmp_path / "scratch"):
        export_vae(vae, folder)
        vae = load_vae(folder / "base", {})
        names.append(cache_name("clips", source, (32, 32), vae))
    assert names[0] == names[1]


def test_the_vaes_loss_falls():
    torch.manual_seed(0)
    settings = VaeSettings(widths=(8, 8, 8, 8), groups=4, batch=2, crop=32)
    picture = DancerClips(1, "train", 1, 32, 32).read(0, [0])
    task = VaeTask(
        new_vae(settings), settings, lambda rng, count: Sample(*(np.repeat(x, count, 0) for x in picture)), seed=0
    )
    optimizer = torch.optim.AdamW(task.module.parameters(), lr=3e-3)
    losses = []
    for step in range(30):
        loss = task.module(task.prepare(task.batch(step, 0, 0)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_crops_lie_on_the_person():
    """Around a place of the body that the pose shows, inside the picture; without a pose, anywhere."""
    size, rng = 64, np.random.default_rng(0)
    place = np.stack(np.mgrid[:size, :size], -1).astype(np.uint8)  # every pixel tells where it is
    image, pose = np.dstack([place, place[..., :1]]), paint(np.zeros((size, size), int))
    pose[40, 20] = paint(np.array(2))
    for _ in range(5):
        found = crop(image, pose, 16, rng)
        assert found.shape == (16, 16, 3) and (found[8, 8, :2] == [40, 20]).all()
    pose[40, 20], pose[63, 0] = paint(np.array(0)), paint(np.array(2))
    assert (crop(image, pose, 16, rng)[-1, 0, :2] == [63, 0]).all()  # as near to the corner as a crop can be
    corners = {tuple(crop(image, None, 16, rng)[0, 0, :2]) for _ in range(20)}
    assert len(corners) > 10


def test_several_crops_of_one_picture():
    settings, asked = VaeSettings(widths=(8, 8, 8, 8), groups=4, batch=6, crop=16, crops=4, person=0.5), []

    def pictures(rng, count):
        asked.append(count)
        return DancerClips(1, "train", 2, 32, 32).read(0, range(count))

    task = VaeTask(new_vae(settings), settings, pictures, seed=0)
    assert task.batch(0, 0, 0)["pixels"].shape == (8, 3, 16, 16) and asked == [2]
