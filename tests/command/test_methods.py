"""Methods as a user runs them: several in one job file, resumed, and known apart by saved states."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.command.job import FIRST_OPTIONS, Job, job_fingerprint
from pack.magicanimate_core.command.pixels import moved_pixels
from pack.magicanimate_core.command.state import fingerprint
from pack.magicanimate_core.media.clip import PoseClip
from pack.magicanimate_core.media.pictures import read_photo
from pack.magicanimate_core.media.reading import read_frames
from pack.magicanimate_core.options import Animator
from pack.magicanimate_core.testing import image_prompts


def test_several_methods_in_one_run(files, tmp_path):
    """One of them fails in the end, and the others are done."""
    adapter = image_prompts.write_adapter(tmp_path / "adapter.bin", image_prompts.plain_adapter())
    encoder = image_prompts.write_image_encoder(tmp_path / "encoder")
    lines = [
        {"out": "a.mp4", "method": "repeat"},
        {"out": "b.mp4", "method": "ipa_controlnet", "ip_adapter": str(adapter), "image_encoder": str(encoder)},
        {"out": "c.mp4", "method": "warp", "reference_pose": str(files.photo)},
        {"out": "d.mp4", "method": "repeat"},
    ]
    common = {"reference": str(files.photo), "pose": str(files.clip)}
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text("\n".join(json.dumps(common | line | {"out": str(tmp_path / line["out"])}) for line in lines))
    models = ["--base", str(files.base), "--magicanimate", str(files.magicanimate), "--device", "cpu"]
    assert cli.main(["animate", "--jobs", str(jobs), "--steps", "1", *models]) == 2
    made = {name: read_frames(tmp_path / f"{name}.mp4")[0] for name in "abd"}
    assert all(len(frames) == 20 for frames in made.values()) and not (tmp_path / "c.mp4").exists()
    assert torch.equal(made["a"], made["d"]) and (made["a"] - made["b"]).abs().mean() > 0.05


def test_the_photo_repeated(files):
    photo = read_photo(files.photo).movedim(-1, 1)
    job = Job(files.photo, files.clip, files.folder / "out.mp4", animator=Animator(method="repeat"))
    frames = np.stack(list(moved_pixels(job, PoseClip(files.clip), photo)))
    assert len(frames) == 20 and (frames == (photo[0].movedim(0, -1) * 255).round().byte().numpy()).all()


def test_a_finished_one_is_not_made_again(files, tmp_path, capsys):
    paths = ["--reference", str(files.photo), "--pose", str(files.clip), "--out", str(tmp_path / "a.mp4")]
    for resume in ([], ["--resume"]):
        assert cli.main(["animate", "--method", "repeat", *paths, *resume]) == 0
    assert "is finished already" in "".join(capsys.readouterr())


def test_states_of_other_methods_are_told_apart_and_old_ones_still_hold(files):
    job = Job(files.photo, files.clip, files.folder / "out.mp4")
    settings = {name: value for name, value in asdict(job.settings).items() if name in FIRST_OPTIONS}
    words = {"prompt": "", "negative": "", "dtype": "torch.float32"}
    assert job_fingerprint(job, torch.float32, []) == fingerprint(settings | words, [files.photo, files.clip])
    kinds = [Animator(method=method, ip_adapter_scale=scale) for method, scale in
             (("magicanimate", 1.0), ("ipa_controlnet", 1.0), ("ipa_controlnet", 0.5), ("clip_image", 1.0))]  # fmt: skip
    assert len({job_fingerprint(replace(job, animator=kind), torch.float32, []) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("method", ["ipa_controlnet", "clip_image", "repeat"])
def test_help_names_every_method(capsys, method):
    with pytest.raises(SystemExit):
        cli.main(["animate", "--help"])
    assert method in capsys.readouterr().out
