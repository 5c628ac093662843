"""Every file can be chosen, and a folder that comes and goes takes no loader along."""

import os

import pytest
from pack.tests.doors.host import nodes_files as rows
from pack.tests.doors.host import prompts
from pack.tests.doors.table import cases, passes


@pytest.fixture
def folders(nodes, tmp_path, monkeypatch):
    """Empty folders in place of the real ones, and nothing remembered."""
    import folder_paths

    places = {category: tmp_path / category for category in ("magicanimate", "controlnet")}
    for category, place in places.items():
        place.mkdir()
        known = ([str(place)], folder_paths.supported_pt_extensions)
        monkeypatch.setitem(folder_paths.folder_names_and_paths, category, known)
    folder_paths.filename_list_cache.clear()
    yield places
    folder_paths.filename_list_cache.clear()


def contents() -> dict[str, str]:
    """What the drop-down of Load DensePose ControlNet offers, and what the files hold."""
    from pack.nodes.folders import CONTROLNET_FOLDERS, choices, find

    return {name: open(find(CONTROLNET_FOLDERS, name)).read() for name in choices(CONTROLNET_FOLDERS, "densepose")}


@cases(*rows.FOLDERS)
def test_drop_downs(case, folders, nodes):
    case.brings(folders)
    passes(case, contents)
    for loader in ("TemporalUNet", "AppearanceEncoder", "DensePoseControlNet"):
        nodes[f"MagicAnimate{loader}Loader"].INPUT_TYPES()  # a node that fails here vanishes from the page


@cases(*rows.NAMES)
def test_saved_names(case, folders):
    from pack.nodes.folders import CONTROLNET_FOLDERS, find

    rows.files("magicanimate:net.safetensors", "magicanimate:sub/net.safetensors", "controlnet:net.safetensors")(folders)
    (folders["magicanimate"].parent.parent / "secret.safetensors").write_text("secret")
    passes(case, lambda: find(CONTROLNET_FOLDERS, case.brings()))


def test_the_folder_is_made(nodes, tmp_path, monkeypatch):
    import folder_paths
    from pack.nodes import folders

    monkeypatch.setattr(folder_paths, "models_dir", str(tmp_path))
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", dict(folder_paths.folder_names_and_paths))
    folders.register()
    assert sorted(os.listdir(tmp_path)) == ["densepose", "magicanimate"]
    monkeypatch.setattr(folder_paths, "models_dir", str(tmp_path / "magicanimate" / "file"))
    (tmp_path / "magicanimate" / "file").touch()
    folders.register()  # where nothing can be written, the pack is loaded all the same


@pytest.mark.parametrize(
    ("slot", "loader"), [("appearance_encoder", "AppearanceEncoder"), ("control_net", "DensePoseControlNet")]
)
def test_a_wrong_file_is_a_sentence_without_the_path_of_a_class(nodes, folders, monkeypatch, slot, loader):
    import nodes as host

    rows.files("magicanimate:my_folder/net.safetensors")(folders)
    monkeypatch.setattr(host, "NODE_CLASS_MAPPINGS", prompts.known_nodes(nodes))
    failed = prompts.execute(prompts.prompt(f"MagicAnimate{loader}Loader", (), **{slot: "my_folder/net.safetensors"}))
    assert failed["exception_type"] == "ValueError"
    assert failed["exception_message"].startswith("my_folder/net.safetensors is ") and "WrongFile" not in str(failed)


@pytest.mark.parametrize("how", ["its own folder", "its category in extra_model_paths.yaml"])
def test_files_of_the_earlier_pack_are_offered(nodes, tmp_path, monkeypatch, how):
    import folder_paths
    from pack.nodes import folders as ours

    for category in ("magicanimate", "animatediff_models", "densepose"):
        monkeypatch.setitem(folder_paths.folder_names_and_paths, category, ([], {".ckpt"}))
    monkeypatch.setattr(folder_paths, "models_dir", str(tmp_path / "models"))
    place = tmp_path / "models" / "MagicAnimate" if how.startswith("its own") else tmp_path / "elsewhere"
    if place.name == "elsewhere":
        monkeypatch.setitem(folder_paths.folder_names_and_paths, "magic_animate", ([str(place)], set()))
    file = place / "temporal_attention" / "temporal_attention.ckpt"
    file.parent.mkdir(parents=True)
    file.write_text("")
    folder_paths.filename_list_cache.clear()
    ours.register()
    assert ours.choices(ours.MOTION_FOLDERS, "temporal")[0] == "temporal_attention/temporal_attention.ckpt"
    assert ours.find(ours.MOTION_FOLDERS, "temporal_attention/temporal_attention.ckpt") == str(file)
    folder_paths.filename_list_cache.clear()
