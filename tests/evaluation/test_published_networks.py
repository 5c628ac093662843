"""The networks see what the published evaluation's saw, with stand-ins for their weights."""

import json

import numpy as np
import pytest
import torch
from pack.magicanimate_core.evaluation.clips import I3D_LOOK, RESNET_LOOK, whole_clip, windows
from pack.magicanimate_core.evaluation.distances import stills
from pack.magicanimate_core.evaluation.networks.opening import COUNTER
from pack.magicanimate_core.evaluation.networks.perceptual import perceptual_distances
from pack.magicanimate_core.evaluation.networks.table import NETWORKS
from pack.magicanimate_core.evaluation.networks.watching import watching
from pack.tests.evaluation import published


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "pose"])
def test_published_keys_and_shapes(name):
    published.values()  # or there are none
    tensors = json.loads((published.FOLDER / "network_keys.json").read_text())[NETWORKS[name].file]["tensors"]
    expected = {key.removeprefix("module."): shape for key, (shape, _) in tensors.items() if COUNTER not in key}
    state = {key: list(tensor.shape) for key, tensor in NETWORKS[name].empty().state_dict().items() if COUNTER not in key}
    assert state == expected


def first_clip(name, distance, index=0):
    """A clip's row of the published values, and its frames, numbered."""
    row = published.fed(name, distance)[index]
    frames = published.videos(name)[row["side"]][row["video"]]
    return row, enumerate(frames[row["first_frame"] - 1 :][: row["frames"]], row["first_frame"])


@pytest.mark.parametrize("name", ["small", "paper_size"])
def test_published_clips_in_the_3d_resnet(name):
    row, frames = first_clip(name, "fid_vid", -1)
    with watching():
        features = published.network("resnet3d")(next(windows(frames, RESNET_LOOK))[None])[0]
    assert features.shape == (2048,)
    assert features[: len(row["feature_first"])].tolist() == pytest.approx(row["feature_first"], rel=1e-4, abs=1e-5)
    assert features.norm().item() == pytest.approx(row["feature_norm"], rel=1e-5)


@pytest.mark.parametrize("distance", ["fvd", "fvd_from_files"], ids=["16 frames", "20 frames"])
def test_published_clips_in_i3d(distance):
    """Other code agrees at 16 frames and not at 20."""
    row, frames = first_clip("small", distance)
    with watching():
        logits = published.network("i3d")(next(whole_clip(frames, I3D_LOOK))[None])[0]
    assert logits.shape == (400,)
    assert logits[: len(row["feature_first"])].tolist() == pytest.approx(row["feature_first"], rel=1e-4, abs=1e-4)
    assert logits.norm().item() == pytest.approx(row["feature_norm"], rel=1e-5)


@pytest.mark.parametrize("name", ["small", "paper_size"])
def test_published_frames_in_inception(name):
    expected = published.features()[f"{name}.fid_true"][:2]
    frames = next(iter(published.videos(name)["true"].values()))[:2]
    with watching():
        features = published.network("inception")(torch.stack(list(stills(enumerate(frames)))))
    assert features.shape == (2, 2048)
    assert np.allclose(features[:, :16], expected, rtol=1e-4, atol=1e-6)


def test_published_lpips():
    """Both columns, and the same in a batch or one by one."""
    true, generated = (next(iter(published.videos("small")[side].values()))[:3] for side in ("true", "generated"))
    net, rows = published.network("vgg"), published.values()["sets"]["small"]["frames"]
    disco, correct = perceptual_distances(net, generated, true)
    assert disco.tolist() == pytest.approx([row["lpips_disco"] for row in rows[:3]], abs=1e-5)
    assert correct.tolist() == pytest.approx([row["lpips"] for row in rows[:3]], abs=1e-5)
    alone = [perceptual_distances(net, generated[i : i + 1], true[i : i + 1])[1][0] for i in range(3)]
    assert correct.tolist() == pytest.approx(alone, abs=1e-6)
    with pytest.raises(ValueError, match="64 x 64 were generated, the true ones are 64 x 60"):
        perceptual_distances(net, generated, true[:, :60])
