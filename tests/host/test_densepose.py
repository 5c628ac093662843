"""DensePose from Video on a real host, with stand-ins for both kinds of nets."""

import os

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.densepose import nearest_parts, paint
from pack.magicanimate_core.testing import densepose_nets
from pack.tests.pose.figures import off_share, two_figures

LOADER, NODE = "MagicAnimateDensePoseModelLoader", "MagicAnimateDensePose"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, nodes):
    """A folder of the category, with a net of each kind."""
    import folder_paths

    folder = tmp_path_factory.mktemp("densepose")
    densepose_nets.write_traced(folder / "traced.torchscript")
    densepose_nets.write_scripted(folder / "sub" / "scripted.pt")
    folder_paths.add_model_folder_path("densepose", str(folder))
    yield folder
    folder_paths.folder_names_and_paths["densepose"][0].remove(str(folder))


@pytest.fixture(params=["traced.torchscript", "sub/scripted.pt"])
def model(request, folder, run):
    return run(LOADER, densepose_model=request.param)[0]


def images(parts: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(paint(parts)).float() / 255


def seen(poses: torch.Tensor) -> np.ndarray:
    """Parts of a pose video, whose colours must be exact."""
    parts, distance = nearest_parts((poses * 255).round().byte().numpy())
    assert distance.max() == 0
    return parts


def test_the_map_of_every_frame_comes_back(model, run):
    parts = np.stack([two_figures(192, 256), np.zeros((192, 256), np.uint8), two_figures(192, 256, apart=20)])
    (poses,) = run(NODE, densepose_model=model, images=images(parts), detect_size=192)
    assert poses.shape == (3, 192, 256, 3) and poses.dtype == torch.float32 and poses.device.type == "cpu"
    found = seen(poses)
    assert not found[1].any()  # nobody
    for frame in (0, 2):
        assert off_share(found[frame], parts[frame]) < 0.05


def test_the_host_holds_the_net(model):
    import comfy.model_management as mm

    assert model.load() == mm.get_torch_device()
    assert any(loaded.model is model.patcher for loaded in mm.current_loaded_models)
    assert model.get_models() == [model.patcher] and model.patcher.model_size() > 0 and not model.is_dynamic()


def test_a_run_is_cancelled_between_frames(model, run, monkeypatch):
    import comfy.model_management as mm

    calls, forward = [], model.net.forward

    def stop(*given):
        calls.append(given)
        mm.interrupt_current_processing()
        return forward(*given)

    monkeypatch.setattr(model.net, "forward", stop)
    with pytest.raises(mm.InterruptProcessingException):
        run(NODE, densepose_model=model, images=images(np.zeros((4, 64, 64), np.uint8)), detect_size=64)
    assert len(calls) == 1


def test_progress_is_told(model, run):
    import comfy.utils

    told = []
    comfy.utils.set_progress_bar_global_hook(lambda value, total, *more, **named: told.append((value, total)))
    try:
        run(NODE, densepose_model=model, images=images(np.zeros((3, 64, 64), np.uint8)), detect_size=64)
    finally:
        comfy.utils.set_progress_bar_global_hook(None)
    assert told[-1] == (3, 3)


def test_what_an_accelerator_lacks_is_computed_on_the_cpu(model, run, monkeypatch, caplog):
    device, tried = torch.device("mps"), []
    forward = model.net.forward

    def missing(frame, size, place):
        tried.append(place.type)
        if place == device:
            raise NotImplementedError("The operator 'torchvision::nms' is not currently implemented for the MPS device.")
        return forward(frame, size, place)

    monkeypatch.setattr(model.net, "forward", missing)
    monkeypatch.setattr(model, "load", lambda: torch.device("cpu") if model.on_cpu else device)
    parts = np.stack([two_figures(128, 128)] * 2)
    for _ in range(2):
        (poses,) = run(NODE, densepose_model=model, images=images(parts), detect_size=128)
        assert seen(poses).any()
    assert tried == ["mps", *["cpu"] * 4]
    assert sum("goes on on the CPU" in line for line in caplog.messages) == 1


def test_too_little_memory_is_a_sentence(model, run, monkeypatch):
    def full(*given):
        raise RuntimeError("The following operation failed in the TorchScript interpreter.\nCUDA out of memory.")

    monkeypatch.setattr(model.net, "forward", full)
    with pytest.raises(ValueError, match="^There is not enough memory for DensePose at 512 pixels: take less.$"):
        run(NODE, densepose_model=model, images=images(np.zeros((1, 64, 64), np.uint8)))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (torch.zeros(0, 64, 64, 3), "is empty"),
        (torch.zeros(1, 64, 64, 1), "1 channels"),
        (torch.full((1, 64, 64, 3), float("nan")), "no numbers"),
        (torch.zeros(1, 64, 64, 4), "has an alpha channel"),
    ],
)
def test_images_that_cannot_be_used(model, run, bad, words):
    with pytest.raises(ValueError, match=f"^images .*{words}"):
        run(NODE, densepose_model=model, images=bad)


def test_opaque_alpha_is_left_out(model, run):
    rgb = images(two_figures(128, 128)[None])
    with_alpha = torch.cat([rgb, torch.ones_like(rgb[..., :1])], -1)
    (a,), (b,) = (run(NODE, densepose_model=model, images=i, detect_size=128) for i in (rgb, with_alpha))
    assert a.shape == b.shape and torch.equal(a, b)


def test_the_drop_down_offers_what_is_there(folder, nodes):
    from pack.nodes.folders import densepose_choices

    assert {"traced.torchscript", "sub/scripted.pt"} <= set(densepose_choices())
    nodes[LOADER].INPUT_TYPES()


def test_no_file_at_all_is_one_sentence(nodes, run, tmp_path, monkeypatch):
    import folder_paths

    monkeypatch.setitem(folder_paths.folder_names_and_paths, "densepose", ([str(tmp_path)], {".pt"}))
    folder_paths.filename_list_cache.pop("densepose", None)
    choice = nodes[LOADER].INPUT_TYPES()["required"]["densepose_model"]
    name = (choice[1].get("options") or choice[0])[0]
    with pytest.raises(FileNotFoundError) as refused:
        run(LOADER, densepose_model=name)
    sentence = str(refused.value)
    assert "https://huggingface.co/LayerNorm" in sentence and "https://github.com/dajes" in sentence
    assert "models/densepose" in sentence and "\n" not in sentence
    folder_paths.filename_list_cache.pop("densepose", None)


FOLDER = os.path.join("LayerNorm", "DensePose-TorchScript-with-hint-image")


@pytest.mark.parametrize(
    ("config", "environment", "place"),
    [
        (None, None, "custom_nodes/ComfyUI_ControlNet_Aux/ckpts"),
        ('annotator_ckpts_path: "./ckpts"', None, "custom_nodes/ComfyUI_ControlNet_Aux/ckpts"),
        ("annotator_ckpts_path: ../../models/aux", None, "models/aux"),
        ("annotator_ckpts_path: {root}/elsewhere", None, "elsewhere"),
        ("annotator_ckpts_path: [", None, "custom_nodes/ComfyUI_ControlNet_Aux/ckpts"),
        ("other: 1", None, "custom_nodes/ComfyUI_ControlNet_Aux/ckpts"),
        ("annotator_ckpts_path: ./ckpts", "{root}/by_name", "by_name"),
    ],
)
def test_files_of_the_other_pack(nodes, run, tmp_path, monkeypatch, config, environment, place):
    import folder_paths
    from pack.nodes import folders

    pack = tmp_path / "custom_nodes" / "ComfyUI_ControlNet_Aux"
    pack.mkdir(parents=True)
    if config:
        (pack / "config.yaml").write_text(config.format(root=tmp_path))
    if environment:
        monkeypatch.setenv("AUX_ANNOTATOR_CKPTS_PATH", environment.format(root=tmp_path))
    known = dict(folder_paths.folder_names_and_paths) | {"custom_nodes": ([str(tmp_path / "custom_nodes")], set())}
    known.pop("densepose")
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", known)
    monkeypatch.setattr(folder_paths, "models_dir", str(tmp_path / "host_models"))
    folder_paths.filename_list_cache.clear()
    folders.register()
    densepose_nets.write_traced(tmp_path / place / FOLDER / "densepose_r50_fpn_dl.torchscript")
    assert folders.densepose_choices() == ["densepose_r50_fpn_dl.torchscript"]
    assert run(LOADER, densepose_model="densepose_r50_fpn_dl.torchscript")[0].net.resizes is False
    folder_paths.filename_list_cache.clear()
