"""Latents that are kept, and the VAE that a model from nothing gets."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.data import BadItem, DancerClips
from pack.magicanimate_core.data.latents import LatentCache
from pack.magicanimate_core.testing.tiny_training import TINY_VAE
from pack.magicanimate_core.training.from_nothing.vae import build_vae
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
        np.testing.assert_allclose(sample.latents, encode_mean(true.images), atol=1e-3)
        assert (sample.poses == true.poses).all()


def small_vae():
    torch.manual_seed(0)
    return build_vae(TINY_VAE).requires_grad_(False).eval()


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
    from pack.magicanimate_core.pipeline.base import load_autoencoder
    from pack.magicanimate_core.training.export import export_vae

    names, vae, source = [], small_vae(), DancerClips(1, "train", 1, 32, 32)
    for folder in (tmp_path / "vae", tmp_path / "scratch"):
        export_vae(vae, folder)
        vae = load_autoencoder(folder / "base")
        names.append(cache_name("clips", source, (32, 32), vae))
    assert names[0] == names[1]
