"""python -m magicanimate_core animate, as a user types it."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.command.animate import OPTIONS
from pack.magicanimate_core.command.job import Job, Saving, job_fingerprint
from pack.magicanimate_core.command.jobs import run_job
from pack.magicanimate_core.command.state import JobState
from pack.magicanimate_core.media.clip import PoseClip
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.denoise import ONE_WORKER
from pack.magicanimate_core.testing.inputs import write_inputs
from pack.scripts.comfyui import PACK as ROOT
from pack.tests.processes import running
from safetensors.torch import load_file

LITTLE = {"width": 24, "height": 24}


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> tuple[Path, Path]:
    """A photo and a clip of one window's frames, where it does not matter what is made of them."""
    return write_inputs(tmp_path_factory.mktemp("short"), size=64, frames=4)


def read_video(path: Path):
    with av.open(str(path)) as video:
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])
        return frames, video.streams.video[0].average_rate


def test_video_follows_the_clip(files, tmp_path):
    out = tmp_path / "one.mp4"
    assert cli.main(files.command(out, "--side-by-side", "--latents")) == 0
    frames, fps = read_video(out)
    assert frames.shape == (20, 64, 3 * 64, 3) and fps == 25
    pose = PoseClip(files.clip)([0])[0].movedim(0, -1).numpy() * 255
    assert np.abs(frames[0][:, 64:128] - pose).mean() < 8  # photo | pose | result
    assert load_file(out.with_suffix(".latents.safetensors"))["latents"].shape == (20, 4, 8, 8)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.latents.safetensors", "one.mp4"]  # no state, no parts


def test_folders_and_job_files(files, short, tmp_path):
    photo, clip = short
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("ann", "bob"):
        (photos / f"{name}.png").write_bytes(photo.read_bytes())
    command = files.command(tmp_path / "out", "--steps", "1", "--pose", str(clip))
    command[command.index("--reference") + 1] = str(photos)
    assert cli.main(command) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["ann_densepose.mp4", "bob_densepose.mp4"]

    lines = [{"reference": str(photo), "pose": str(clip), "out": str(tmp_path / f"{i}.mp4"), "seed": i} for i in (1, 2)]
    (tmp_path / "jobs.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    models = ["--base", str(files.base), "--magicanimate", str(files.magicanimate), "--device", "cpu"]
    assert cli.main(["animate", "--jobs", str(tmp_path / "jobs.jsonl"), "--steps", "1", *models]) == 0
    assert not np.array_equal(*(read_video(tmp_path / f"{i}.mp4")[0] for i in (1, 2)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--pose": "nothing.mp4"}, "pose video nothing.mp4 does not exist"),
        ({"--base": "nothing.safetensors"}, "nothing.safetensors does not exist"),
        ({"--magicanimate": "nowhere"}, "download zcxu-eric/MagicAnimate"),
        ({"--context-overlap": "16"}, "smaller than context_length"),
        ({"--width": "60"}, "width is 60; expected a multiple of 8"),
        ({"--prompt": "a cat"}, "needs CLIP's tokenizer"),
    ],
)
def test_errors_are_one_sentence(files, tmp_path, capsys, change, words):
    command = files.command(tmp_path / "out.mp4")
    for option, value in change.items():
        command += [option, value]  # the last one counts
    assert cli.main(command) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("error: ") and words in message
    assert not (tmp_path / "out.mp4").exists()


def test_files_that_are_no_pictures(files, tmp_path, capsys):
    (tmp_path / "text.mp4").write_text("hello")
    command = files.command(tmp_path / "out.mp4")
    assert cli.main([*command, "--pose", str(tmp_path / "text.mp4")]) == 2
    assert "text.mp4 cannot be read as a video" in capsys.readouterr().err
    assert cli.main([*command, "--reference", str(tmp_path / "text.mp4")]) == 2
    assert "text.mp4 cannot be read as an image" in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit):
        cli.main(["animate", "--help"])
    text = capsys.readouterr().out
    assert "--jobs" in text and "torchrun" in text and "--resume" in text
    assert all(f"--{name.replace('_', '-')}" in text for name in OPTIONS)


def state_path(out: Path) -> Path:
    return JobState(out, job="").path


def as_typed(files, out: Path) -> None:
    """The command in a process of its own, as a user starts it."""
    command = [sys.executable, "-m", "magicanimate_core", *files.command(out, "--latents")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=180)


def start(files, out: Path, *more: str, count: int = 0):
    """The command in a process of its own, or in `count` of torchrun's."""
    return running("magicanimate_core", *files.command(out, "--latents", *more), count=count)


def latents_of(out: Path) -> torch.Tensor:
    return load_file(out.with_suffix(".latents.safetensors"))["latents"]


@pytest.fixture(scope="module")
def whole(files, tmp_path_factory) -> Path:
    """The video of an uninterrupted run, with its latents beside it."""
    out = tmp_path_factory.mktemp("whole") / "whole.mp4"
    as_typed(files, out)
    return out


def wait_for(process, happened, limit_s: float = 120) -> None:
    """Until happened(), or the process has ended."""
    end = time.monotonic() + limit_s
    while not happened() and not process.ended:
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


def test_killed_at_random_moments_and_resumed(files, whole, tmp_path):
    """kill -9 wherever it is, the same command with --resume: to the bit what an uninterrupted run gives."""
    broken = tmp_path / "broken.mp4"
    chance, kills = random.Random(0), int(os.environ.get("KILLS", 3))
    for number in range(kills):  # somewhere after a sign of life, so that no machine is too fast or too slow for it
        with start(files, broken, "--resume") as process:
            if number % 2 == 0:
                wait_for(process, lambda: state_path(broken).exists() or broken.exists())
            time.sleep(chance.uniform(0, 0.5) if number else 0)  # the first certainly in the middle
            process.kill()
        if broken.exists():
            read_video(broken)  # never half written
    with start(files, broken, "--resume") as process:
        assert process.wait() == 0, process.said
    assert torch.equal(latents_of(whole), latents_of(broken))
    assert np.array_equal(read_video(whole)[0], read_video(broken)[0])


def test_resumed_after_every_step(files, models, tmp_path):
    class Stop(Exception):
        pass

    def run(out, resume=False, stop_at=None):
        def progress(done):
            if done == stop_at:
                raise Stop

        job = Job(files.photo, files.clip, out, settings=Settings(steps=3, cfg=1.0, **LITTLE))  # half the work
        saving = Saving(resume=resume, latents=True)
        return run_job(models, job, model_files=[], workers=ONE_WORKER, saving=saving, progress=progress)

    assert run(tmp_path / "whole.mp4")
    expected = load_file(tmp_path / "whole.latents.safetensors")["latents"]
    for step in (1, 2, 3):
        out = tmp_path / f"{step}.mp4"
        with pytest.raises(Stop):
            run(out, stop_at=step)
        assert state_path(out).exists() and not out.exists()
        assert run(out, resume=True)
        assert torch.equal(load_file(out.with_suffix(".latents.safetensors"))["latents"], expected)
        assert not state_path(out).exists()
        assert not run(out, resume=True)  # finished: nothing to do


def test_no_state_is_saved_where_a_step_uses_guidance_of_the_one_before(short, models, tmp_path, monkeypatch):
    """Who goes on from one would get another video. Where a state is due and cannot be, the next one is saved."""
    saved = []
    monkeypatch.setattr(JobState, "save", lambda self, latents, step: saved.append(step))
    for every, expected in ((1, [2, 4, 5]), (2, [2, 4, 5]), (3, [4, 5]), (0, [])):
        settings = Settings(steps=5, guidance_every=2, **LITTLE)
        job = Job(*short, tmp_path / f"{every}.mp4", settings=settings)
        how = {"workers": ONE_WORKER, "saving": Saving(every=every), "progress": lambda done: None}
        assert run_job(models, job, model_files=[], **how) and saved == expected
        saved.clear()


def test_state_of_another_job_is_refused(files, tmp_path, capsys):
    out = tmp_path / "out.mp4"
    JobState(out, "another job").save(torch.zeros(32, 4, 8, 8), 1)
    assert cli.main(files.command(out, "--resume")) == 2
    assert "job with other inputs or settings" in capsys.readouterr().err


def test_states_of_earlier_versions_are_accepted(tmp_path):
    """A job's fingerprint stays what it was: an option that is renamed would lose what interrupted jobs have saved."""
    for name in ("a.png", "b.mp4", "model.safetensors"):
        (tmp_path / name).write_bytes(name.encode())
    settings = Settings(seed=7, steps=20, cfg=5.0, context_schedule="paper", width=512, fit="pad")
    job = Job(tmp_path / "a.png", tmp_path / "b.mp4", tmp_path / "out.mp4", "a cat", "blurry", settings)
    digest = job_fingerprint(job, torch.float16, [tmp_path / "model.safetensors", tmp_path / "absent.ckpt"])
    assert digest == "2c00ef9404de4a220cea92f983e9b396f311fe50659683e161c213191be6d213"


@pytest.mark.parametrize("processes", [2, 3])
def test_real_processes_give_the_latents_of_one(files, whole, tmp_path, processes, relative):
    with start(files, tmp_path / "many.mp4", count=processes) as many:
        assert many.wait() == 0, many.said
    assert relative(latents_of(whole), latents_of(tmp_path / "many.mp4")) < 1e-6


def test_a_process_that_dies_ends_the_job(files, tmp_path):
    """No hanging: the others say so, and what was done is kept."""
    out = tmp_path / "out.mp4"
    with start(files, out, "--steps", "200", "--save-every", "1", count=2) as job:
        wait_for(job, state_path(out).exists)
        children = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True).stdout.split()
        subprocess.run(["kill", "-9", children[-1]], check=True)
        assert job.wait() != 0 and "--resume" in job.said
    assert state_path(out).exists() and not out.exists()
