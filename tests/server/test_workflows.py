"""Every shipped workflow runs on a real server and saves a video with a frame for every pose."""

import json
import os
import re
import urllib.request
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import nearest_parts
from pack.magicanimate_core.pose.palettes import PARULA
from pack.magicanimate_core.testing.inputs import draw_poses
from pack.scripts.comfyui import PACK
from pack.scripts.help_tables import DOCS
from pack.scripts.template_tables import TEMPLATES
from pack.tests.doors.videos import heard_seconds, write
from pack.tests.pose.figures import off_share
from pack.tests.server.conftest import FILM_FRAMES, read_frames, small_workflow

FRAMES = {
    "photo_to_video": 12, "text_to_image_to_video": 12, "composed_graph": 12, "two_people": 10,
    "photo_and_film_to_video": FILM_FRAMES,
}  # fmt: skip
OTHERS = {"demo_dance", "video_to_densepose", "convert_densepose"}  # which make something else, or need something else


def test_all_workflows_are_tested():
    assert {path.stem for path in (PACK / "workflows" / "api").glob("*.json")} == {*FRAMES, *OTHERS}


@pytest.fixture(scope="module")
def made(server):
    """A workflow's video, and its frames as PNG: video encoders need not write the same bits twice. Each is run once."""

    @cache
    def run(name: str) -> tuple[Path, list[Path]]:
        workflow = small_workflow(name)
        (images,) = (node["inputs"]["images"] for node in workflow.values() if node["class_type"] == "CreateVideo")
        workflow["png"] = {"class_type": "SaveImage", "inputs": {"images": images, "filename_prefix": name}}
        files = server.files(server.run(workflow))
        (video,) = (path for path in files if path.suffix != ".png")
        return video, sorted(path for path in files if path.suffix == ".png")

    return run


@pytest.mark.parametrize("name", FRAMES)
def test_workflow_makes_a_video(made, name):
    video, _ = made(name)
    assert video.suffix == ".mp4"
    frames = read_frames(video)
    assert frames.shape == (FRAMES[name], 64, 64, 3)
    assert frames.std() > 1  # not one flat colour


def test_composed_graph_and_animate_make_the_same_frames(made):
    frames = [[read_frames(path)[0] for path in made(name)[1]] for name in ("photo_to_video", "composed_graph")]
    assert len(frames[0]) == FRAMES["photo_to_video"] and np.array_equal(*frames)


def test_a_film_becomes_densepose(server):
    """The stand-in reads the parts out of the colours: a pose video must come back as it went in."""
    net = {"densepose_model": "densepose_r50_fpn_dl.torchscript"}
    prompt = {
        "film": {"class_type": "MagicAnimateDemoInputs", "inputs": {"dancer": "dancer_1", "motion": "motion_1"}},
        "net": {"class_type": "MagicAnimateDensePoseModelLoader", "inputs": net},
        "pose": {"class_type": "MagicAnimateDensePose",
                 "inputs": {"densepose_model": ["net", 0], "images": ["film", 1], "detect_size": 192}},
        "film png": {"class_type": "SaveImage", "inputs": {"images": ["film", 1], "filename_prefix": "film"}},
        "pose png": {"class_type": "SaveImage", "inputs": {"images": ["pose", 0], "filename_prefix": "pose"}},
    }  # fmt: skip
    files = server.files(server.run(prompt))
    films, poses = (sorted(path for path in files if path.name.startswith(name)) for name in ("film", "pose"))
    assert len(films) == len(poses) > 10
    for film, pose in list(zip(films, poses, strict=True))[::10]:
        (truth, _), (found, distance) = (nearest_parts(read_frames(path)[0]) for path in (film, pose))
        assert distance.max() == 0 and off_share(found, truth) < 0.08  # a small, blurred clip


def test_the_film_is_heard_in_the_end(made):
    codec, begin, end = heard_seconds(made("photo_and_film_to_video")[0])
    assert codec and begin < 0.1 and end > 0.55


def test_a_film_becomes_a_pose_video(server):
    prompt = small_workflow("video_to_densepose")
    video, *poses = prepared(server, prompt)
    assert heard_seconds(video) and read_frames(video).shape == (FILM_FRAMES, 128, 128, 3)
    assert off_the_dancer(poses) < 0.08


def test_a_pose_video_in_other_colours_becomes_one(server):
    write(
        server.base / "input" / "parula.mp4",
        PARULA[nearest_parts(draw_poses(128, FILM_FRAMES))[0]],
        "libx264rgb",
        "rgb24",
        qp="0",
    )
    prompt = small_workflow("convert_densepose")
    prompt["1"]["inputs"]["file"] = "parula.mp4"
    video, *poses = prepared(server, prompt)
    assert read_frames(video).shape == (FILM_FRAMES, 128, 128, 3) and off_the_dancer(poses) < 0.02


def prepared(server, prompt: dict) -> list[Path]:
    """The video of a workflow, and the frames that Prepare Pose Video gives as PNG, which no codec has blurred."""
    (prepare,) = (number for number, node in prompt.items() if node["class_type"] == "MagicAnimatePreparePose")
    prompt["png"] = {"class_type": "SaveImage", "inputs": {"images": [prepare, 0], "filename_prefix": "prepared"}}
    return sorted(server.files(server.run(prompt)), key=lambda path: (path.suffix != ".mp4", path.name))


def off_the_dancer(poses: list[Path]) -> float:
    """How far the frames are from those that were drawn."""
    truth, _ = nearest_parts(draw_poses(128, FILM_FRAMES))
    found = [nearest_parts(read_frames(path)[0])[0] for path in poses]
    return float(np.mean([off_share(*pair) for pair in zip(found, truth, strict=True)]))


def test_nodes_are_listed_with_help(server):
    info = server.get("/object_info")
    ours = {name: node for name, node in info.items() if name.startswith("MagicAnimate")}
    assert len(ours) == 18
    for name, node in ours.items():
        assert node["category"] == ("MagicAnimate/demo" if "Demo" in name else "MagicAnimate"), name
        assert node["display_name"] and len(node["description"]) > 40, name
        widgets = [w for kind in ("required", "optional") for w in node["input"].get(kind, {}).values()]
        assert all(len(w) > 1 and w[1].get("tooltip") for w in widgets) or name == "MagicAnimateApplyPose"


def test_workflows_are_offered_as_templates(server):
    templates = server.get("/api/workflow_templates")
    assert sorted(templates[PACK.name]) == sorted(template.title for template in TEMPLATES.values())


def test_import_is_quick_and_complete(server):
    log = server.log.read_text()
    assert "IMPORT FAILED" not in log
    (seconds,) = re.findall(rf"([\d.]+) seconds: .*{re.escape(PACK.name)}$", log, re.M)
    waiting = os.getloadavg()[-1] / len(os.sched_getaffinity(0))  # on a machine that does other things, too
    assert float(seconds) < 0.5 * max(1, waiting)


def test_help_pages_are_served(server):
    ours = {name for name in server.get("/object_info") if name.startswith("MagicAnimate")}
    assert {path.stem for path in DOCS.glob("*.md")} == ours
    for path in DOCS.rglob("*.md"):
        where = path.relative_to(DOCS).as_posix()  # of the node, or of the node and a language
        with urllib.request.urlopen(f"{server.url}/extensions/{PACK.name}/docs/{where}") as answer:
            assert answer.read() == path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"context_overlap": 16}, "smaller than context_length"),
        ({"steps": 1000}, "bigger than max of 999"),
        ({"width": 16400}, "bigger than max of 16384"),
        ({"motion_module": "nothing.ckpt"}, "nothing.ckpt"),
    ],
)
def test_bad_settings_are_refused_when_queued(server, changes, words):
    workflow = small_workflow("photo_to_video")
    for node in workflow.values():
        node["inputs"] |= {key: value for key, value in changes.items() if key in node["inputs"]}
    with pytest.raises(ValueError, match=words) as refused:
        server.run(workflow)
    errors = [error for node in json.loads(str(refused.value))["node_errors"].values() for error in node["errors"]]
    assert [error["extra_info"]["input_name"] for error in errors] == list(changes)
