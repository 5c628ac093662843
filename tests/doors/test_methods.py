"""Methods at the door of the command line: what is ordered, IP-Adapters, image encoders."""

import re

import cv2
import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.command.animate import read_jobs
from pack.magicanimate_core.command.job import check_jobs
from pack.magicanimate_core.command.methods import check_methods, check_settings
from pack.magicanimate_core.media.densepose import BACKGROUND
from pack.magicanimate_core.media.writing import write_picture
from pack.magicanimate_core.method.baselines import METHODS
from pack.magicanimate_core.pipeline.base import load_base, open_weights
from pack.magicanimate_core.pipeline.image_prompt import load_image_encoder, put_adapter
from pack.magicanimate_core.pipeline.models import ImageFiles, load_models
from pack.magicanimate_core.testing import image_prompts, inputs
from pack.magicanimate_core.weights.ip_adapter import read_adapter
from pack.tests.doors.methods import ADAPTERS, ENCODERS, ORDERS
from pack.tests.doors.table import Refused, cases, passes


@cases(*ORDERS)
def test_what_is_ordered(case, tmp_path):
    for name in ("me.png", "you.png", "dance.mp4", "pose.png", "adapter.safetensors"):
        (tmp_path / name).touch()
    (tmp_path / "encoder").mkdir()
    options = cli.parser("animate").parse_args(["animate", *case.brings(tmp_path)])

    def order():
        jobs = read_jobs(options)
        check_jobs(jobs)
        check_methods(jobs, options.base, options.latents)
        check_settings(jobs)
        return jobs

    passes(case, order)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return image_prompts.write_image_encoder(tmp_path_factory.mktemp("clip") / "encoder")


@pytest.fixture(scope="module")
def base(files):
    return load_base(files.base).unet


@cases(*ADAPTERS)
def test_ip_adapters(case, base, encoder, tmp_path, capfd):
    path = case.brings(tmp_path)

    def door():
        prompt = load_image_encoder(encoder, read_adapter(path, open_weights))
        put_adapter(base, prompt.adapter, scale=1.0)
        return prompt

    passes(case, door)
    assert "I run" not in capfd.readouterr().out


@cases(*ENCODERS)
def test_image_encoders(case, tmp_path):
    adapter = read_adapter(
        image_prompts.write_adapter(tmp_path / "a.safetensors", image_prompts.plain_adapter()), open_weights
    )
    path = case.brings(tmp_path)
    passes(case, lambda: load_image_encoder(path, adapter))


def test_tokens_of_another_width(files, encoder):
    with pytest.raises(ValueError, match="tokens are 40 wide, the base model's text is 48: take an image encoder"):
        load_models(files.base, files.magicanimate, method=METHODS["clip_image"], image=ImageFiles(image_encoder=encoder))


@pytest.mark.parametrize(
    ("size", "colours", "words"),
    [
        ((64, 64), None, None),
        ((128, 130), None, None),
        ((64, 96), None, "is 96 x 64 pixels, the photo 64 x 64; expected the same proportions"),
        ((64, 64), (250, 20, 20), "reference pose .* is not DensePose in MagicAnimate's colours"),
        ((64, 64), BACKGROUND, "shows nobody"),
    ],
)
def test_poses_of_the_photo(files, tmp_path, size, colours, words, capsys):
    pose = cv2.resize(inputs.draw_poses(64, 1)[0], size[::-1], interpolation=cv2.INTER_NEAREST)
    if colours:
        pose[:] = colours
    write_picture(tmp_path / "pose.png", pose)
    paths = ["--reference", files.photo, "--pose", files.clip, "--out", tmp_path / "out.mp4"]
    code = cli.main(["animate", "--method", "warp", "--reference-pose", str(tmp_path / "pose.png"), *map(str, paths)])
    assert code == (2 if words else 0) and (tmp_path / "out.mp4").exists() is (words is None)
    assert re.search(words or "", capsys.readouterr().err.strip().splitlines()[-1])


def test_nothing_is_loaded_before_an_adapter_was_looked_at(files, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("pack.magicanimate_core.pipeline.models.load_base", lambda *_: pytest.fail("the base is loaded"))
    monkeypatch.setattr("pack.magicanimate_core.pipeline.models.load_motion", lambda *_: pytest.fail("layers are loaded"))
    for case in ADAPTERS:
        if isinstance(case.out, Refused) and "faceid" in case.out.words:
            path = case.brings(tmp_path)
    image = ImageFiles(image_encoder=encoder, ip_adapter=path)
    with pytest.raises(ValueError, match="FaceID"):
        load_models(files.base, files.magicanimate, method=METHODS["ipa_controlnet_video"], image=image)
