"""Every shipped workflow runs on a real server and saves a video with a frame for every pose."""

import av
import numpy as np
import pytest
from pack.scripts.comfyui import PACK

FRAMES = {"photo_to_video": 20, "text_to_image_to_video": 20, "composed_graph": 20, "two_people": 18}


def read_frames(path) -> np.ndarray:
    with av.open(str(path)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])


def test_all_workflows_are_tested():
    assert {path.stem for path in (PACK / "workflows" / "api").glob("*.json")} == set(FRAMES)
    assert {path.stem for path in (PACK / "workflows").glob("*.json")} == set(FRAMES)


@pytest.mark.parametrize("name", FRAMES)
def test_workflow_makes_a_video(server, small_workflow, name):
    files = server.files(server.run(small_workflow(name)))
    assert [path.suffix for path in files] == [".mp4"]
    frames = read_frames(files[0])
    assert frames.shape == (FRAMES[name], 64, 64, 3)
    assert frames.std() > 1  # not one flat colour


def test_composed_graph_and_animate_save_the_same_frames(server, small_workflow):
    videos = [server.files(server.run(small_workflow(name)))[0] for name in ("photo_to_video", "composed_graph")]
    assert np.array_equal(*(read_frames(path) for path in videos))


def test_nodes_are_listed_with_help(server):
    info = server.get("/object_info")
    ours = {name: node for name, node in info.items() if name.startswith("MagicAnimate")}
    assert len(ours) == 9
    for name, node in ours.items():
        assert node["category"] == "MagicAnimate" and node["display_name"] and len(node["description"]) > 40, name
        widgets = [w for kind in ("required", "optional") for w in node["input"].get(kind, {}).values()]
        assert all(len(w) > 1 and w[1].get("tooltip") for w in widgets) or name == "MagicAnimateApplyPose"


def test_workflows_are_offered_as_templates(server):
    templates = server.get("/api/workflow_templates")
    assert set(templates[PACK.name]) == set(FRAMES)


def test_nothing_failed_to_import(server):
    assert "IMPORT FAILED" not in server.log.read_text()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"context_overlap": 16}, "smaller than context_length"),
        ({"steps": 1000}, "1 to 999 steps"),
        ({"motion_module": "nothing.ckpt"}, "nothing.ckpt"),
    ],
)
def test_bad_settings_are_refused_when_queued(server, small_workflow, changes, words):
    workflow = small_workflow("photo_to_video")
    for node in workflow.values():
        node["inputs"] |= {key: value for key, value in changes.items() if key in node["inputs"]}
    with pytest.raises(ValueError, match=words):
        server.run(workflow)
