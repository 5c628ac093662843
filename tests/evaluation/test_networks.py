"""What the networks' shapes and paddings promise, how frames get to them, and where their files are found."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.evaluation import joint_maps
from pack.magicanimate_core.evaluation.networks.i3d import I3D, Pool, pad_same
from pack.magicanimate_core.evaluation.networks.pose import PoseNet
from pack.magicanimate_core.evaluation.networks.resnet3d import ResNet3d
from pack.magicanimate_core.evaluation.networks.table import NETWORKS, find_network
from pack.magicanimate_core.evaluation.networks.watching import watching


def alive(net):
    """Random weights wide enough that answers differ, with batch norms that do something."""
    torch.manual_seed(0)
    for module in net.modules():
        if hasattr(module, "running_var"):
            module.running_var.uniform_(0.5, 1.5)
            module.running_mean.uniform_(-0.1, 0.1)
        elif getattr(module, "weight", None) is not None:
            torch.nn.init.kaiming_uniform_(module.weight)
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def i3d():
    return alive(I3D(classes=5, narrow=16))


# --- shapes and paddings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 7])
def test_same_padding(kernel, stride):
    """ceil(size / stride) places come out, an odd zero goes to the far side, no more zeros than needed."""
    for size in range(1, 20):
        x = torch.ones(1, 1, size, 1, 1)
        padded = pad_same(x, (kernel, 1, 1), (stride, 1, 1)).flatten()
        places = -(-size // stride)
        assert (len(padded) - kernel) // stride + 1 == places or kernel < stride
        near, far = padded.argmax().item(), padded.flip(0).argmax().item()
        assert near <= far <= near + 1 and len(padded) == size + near + far
        assert near + far == max((places - 1) * stride + kernel - size, 0)


def test_zeros_of_the_padding_take_part_in_pools():
    assert Pool((1, 3, 3), (1, 1, 1))(torch.full((1, 1, 1, 4, 4), -2.0)).flatten().tolist().count(0) == 12


@pytest.mark.parametrize("frames", [1, 9, 16, 20, 33])
def test_i3d_takes_any_number_of_frames(i3d, frames):
    assert i3d(torch.zeros(2, 3, frames, 224, 224)).shape == (2, 5)


def test_i3d_sees_time(i3d):
    """Backwards is another clip; a clip of one picture, twice as long, is nearly the same."""
    clip = torch.rand(1, 3, 16, 224, 224) * 2 - 1
    assert not torch.allclose(i3d(clip), i3d(clip.flip(2)), rtol=1e-3)


@pytest.mark.parametrize("build", [lambda: I3D(5, narrow=16), lambda: ResNet3d(4, (1, 1, 1, 1), 5)], ids=["i3d", "resnet3d"])
def test_a_batch_is_its_clips_one_by_one(build):
    net = alive(build())
    clips = torch.rand(3, 3, 16, 112, 112) * 2 - 1
    clips = torch.nn.functional.interpolate(clips, (16, 224, 224)) if isinstance(net, I3D) else clips
    one_by_one = torch.cat([net(clip[None]) for clip in clips])
    assert torch.allclose(net(clips), one_by_one, rtol=1e-5, atol=1e-6)
    assert (one_by_one[0] - one_by_one[1]).abs().max() > 1e-4


def test_resnet3d_has_no_head_in_its_features():
    net = alive(ResNet3d(4, (1, 1, 1, 1), 7))
    with torch.no_grad():
        assert net(torch.rand(1, 3, 16, 112, 112)).shape == (1, 128)


def test_watching_gives_no_gradients_and_no_tf32():
    before = torch.backends.cudnn.allow_tf32
    with watching():
        assert not torch.is_grad_enabled() and not torch.backends.cudnn.allow_tf32
    assert torch.is_grad_enabled() and torch.backends.cudnn.allow_tf32 == before


# --- joints from a frame ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (100, 61)])
def test_joint_maps_of_a_mirror_image_are_the_mirrored_maps(size):
    """Left and right change places, whatever the network."""
    net = alive(PoseNet(narrow=32))
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    maps = joint_maps.joint_maps(net, frame)
    assert maps.shape == (*size, 18) and np.ptp(maps) > 0
    mirrored = joint_maps.joint_maps(net, frame[:, ::-1])
    assert np.allclose(mirrored[:, ::-1][..., joint_maps.MIRRORED_JOINTS], maps, atol=1e-5 * np.abs(maps).max())
    assert joint_maps.find_joints(net, frame).shape == (18, 2)


def test_the_pose_network_gets_blue_first_at_368():
    seen = []

    class Watched(PoseNet):
        def forward(self, frames):
            seen.append(frames)
            return torch.zeros(1, 19, frames.shape[2] // 8, frames.shape[3] // 8)

    frame = np.zeros((100, 61, 3), np.uint8)
    frame[..., 0], frame[..., 2] = 255, 128  # red and some blue
    joint_maps.joint_maps(Watched(narrow=32), frame)
    assert [tuple(x.shape) for x in seen] == [(1, 3, 608, 368)] * 2  # 603 rows, padded to a multiple of 8
    assert seen[0][0, :, 0, 0].tolist() == [0.0, -0.5, 255 / 256 - 0.5]
    assert (seen[0][0, :, 603:] == -0.5).all()


def test_left_and_right():
    named = {
        name: joint_maps.JOINTS[other] for name, other in zip(joint_maps.JOINTS, joint_maps.MIRRORED_JOINTS, strict=True)
    }
    assert named["nose"] == "nose" and named["left knee"] == "right knee" and named["right ear"] == "left ear"
    assert joint_maps.MIRRORED_JOINTS == [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_are_found_as_published_or_converted(tmp_path):
    assert find_network("i3d", tmp_path) is None and find_network("i3d", tmp_path / "none") is None
    (tmp_path / "eval_fvd").mkdir()
    deep = tmp_path / "eval_fvd" / "i3d_pretrained_400.pt"
    deep.touch()
    assert find_network("i3d", tmp_path) == deep and find_network("resnet3d", tmp_path) is None
    near = tmp_path / "i3d_pretrained_400.safetensors"
    near.touch()
    assert find_network("i3d", tmp_path) == near
    (tmp_path / "i3d_pretrained_400.pt").touch()
    with pytest.raises(ValueError, match="holds the I3D of FVD twice.*keep one"):
        find_network("i3d", tmp_path)


def test_every_metric_that_needs_a_network_has_one():
    assert {metric for network in NETWORKS.values() for metric in network.metrics} == {
        "fid", "fid_vid", "fvd", "lpips", "lpips_disco", "akd", "mkr", "aed"
    }  # fmt: skip
    assert all("https://" in network.where for network in NETWORKS.values())


def test_keys_of_the_pose_network():
    """12 layers, then twice 5 and, five times, twice 7, each with weight and bias: as the published code builds it."""
    state = {key: tuple(tensor.shape) for key, tensor in NETWORKS["pose"].empty().state_dict().items()}
    assert len(state) == 2 * (12 + 2 * 5 + 5 * 2 * 7)
    assert state["model0.25.weight"] == (128, 256, 3, 3) and state["model1_1.6.weight"] == (512, 128, 1, 1)
    assert state["model1_2.8.bias"] == (19,) and state["model2_1.0.weight"] == (128, 185, 7, 7)
    assert state["model6_1.12.weight"] == (38, 128, 1, 1) and state["model6_2.12.weight"] == (19, 128, 1, 1)
