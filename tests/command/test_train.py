"""The training command from a config file to exported weights, on the smallest model there can be."""

import json
from pathlib import Path

import pytest
import torch
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.pipeline.base import load_autoencoder
from pack.magicanimate_core.weights.published import PUBLISHED
from pack.tests.processes import running
from safetensors import safe_open
from safetensors.torch import load_file

CONFIG = """
model: {widths: [32, 32], attention: [true, true], layers: 1, context_width: 8}
data: {clips: "dancers:train?clips=2&frames=6", images: "dancers:train?stills=2", height: 64, width: 64, cache: CACHE}
drawing: {batch: 1, targets: 2, frames: 3, stride: [1, 2], image_batch: 2}
run: {steps: 2, learning_rate: 1e-3, warmup: 1, save_every: 1, validate_every: 2, log_every: 1, ema: 0.9}
validation: {clips: "dancers:held_out?clips=2&frames=3", items: 1, frames: 3, steps: 2, cfg: 1.5}
vae: {widths: [8, 8, 8, 8], groups: 4, batch: 2, crop: 32}
distil: {steps: 3, teacher_steps: 2, cfg: 1.5}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """All stages, two steps each."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "my.yaml").write_text(CONFIG.replace("CACHE", str(folder / "cache")))
    for stage in ("vae", "scratch", "1", "2", "decoder", "distil"):
        assert cli.main(["train", str(folder / "my.yaml"), "--stage", stage, "--out", str(folder)]) == 0
    return folder


def test_logs_checkpoints_and_validation(trained):
    for stage in ("scratch", "1", "2", "decoder", "distil"):
        lines = [json.loads(line) for line in (trained / stage / "log.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines] == [1, 2, 2] and "validation_l1" in lines[-1]
        assert [path.name for path in (trained / stage / "validation" / "0000002").iterdir()] == ["held_out_00000.mp4"]
        assert (trained / stage / "checkpoints" / "step-0000002").is_dir()


def test_each_stage_changes_what_it_trains_and_nothing_else(trained):
    def weights(stage: str) -> dict[str, dict[str, torch.Tensor]]:
        export = trained / stage / "export"
        return {str(path.relative_to(export)): load_file(path) for path in export.rglob("*.safetensors")}

    scratch, one, two, last = (weights(stage) for stage in ("scratch", "1", "2", "decoder"))
    changed = {name for name in scratch if any(not torch.equal(scratch[name][k], one[name][k]) for k in one[name])}
    assert {name.split("/")[1] for name in changed} == {"appearance_encoder", "densepose_controlnet"}
    assert {name for name in one if any(not torch.equal(one[name][k], two[name][k]) for k in two[name])} == set()
    changed = {f"{name} {k}" for name in last for k in last[name] if not torch.equal(two[name][k], last[name][k])}
    vae = "base/vae/diffusion_pytorch_model.safetensors"
    assert changed and all(place.startswith((f"{vae} decoder.", f"{vae} post_quant_conv.")) for place in changed)
    assert last.keys() == two.keys()
    (motion,) = two.keys() - one.keys()
    assert any(tensor.any() for key, tensor in two[motion].items() if key.endswith("proj_out.weight"))


def test_a_student_changes_all_but_the_base_and_says_what_it_was_made_for(trained, tmp_path, capsys):
    """From the newest export, here the decoder's. Asked for something else, the command line says so, and goes on."""
    from pack.magicanimate_core.testing import inputs

    before, after = (trained / stage / "export" for stage in ("decoder", "distil"))
    same = {
        str(path.relative_to(after)): path.read_bytes() == (before / path.relative_to(after)).read_bytes()
        for path in after.rglob("*.safetensors")
    }
    assert len(same) == 6 and all(same[name] == name.startswith("base/") for name in same), same
    photo, clip = inputs.write_inputs(tmp_path, size=64, frames=4)
    files = ["--base", after / "base", "--magicanimate", after / "magicanimate", "--device", "cpu"]
    command = ["animate", *map(str, [*files, "--reference", photo, "--pose", clip, "--out", tmp_path / "out.mp4"])]
    assert cli.main([*command, "--steps", "3", "--cfg", "1", "--scheduler", "trailing"]) == 0
    assert "distilled" not in capsys.readouterr().err
    assert cli.main([*command, "--steps", "2"]) == 0
    said = capsys.readouterr().err
    assert "distilled for 3 steps, scheduler trailing, cfg 1, but are asked for 2 steps, scheduler official, cfg 7.5" in said


def test_a_student_needs_a_finished_teacher(trained, tmp_path, capsys):
    """Nothing is distilled from nets that begin anew, nor with help that only true latents can give."""
    command = ["train", str(trained / "my.yaml"), "--stage", "distil", "--out", str(tmp_path)]
    for start, change, words in (
        ("1", "seed=0", "there is no temporal_attention"),
        ("vae", "seed=0", "there is no appearance_encoder"),
        ("2", "loss.match=0.1", "expected 0 in stage distil"),
        ("2", "distil.steps=0", "distil.steps is 0"),
    ):
        assert cli.main([*command, "--start", str(trained / start / "export"), "--set", change]) == 2
        assert words in capsys.readouterr().err
    assert cli.main(command) == 2 and "--start" in capsys.readouterr().err


def test_a_student_that_was_stopped_goes_on_to_the_bit(trained, tmp_path):
    """Its teacher is what the run began with, whatever the student has learnt."""
    command = ["train", str(trained / "my.yaml"), "--stage", "distil", "--start", str(trained / "2" / "export")]
    for name, steps in (("whole", (2,)), ("stopped", (1, 2))):
        for count in steps:
            changes = ["--set", f"run.steps={count}", "--set", "run.validate_every=0"]
            assert cli.main([*command, "--out", str(tmp_path / name), *changes]) == 0
    for place in PUBLISHED.values():  # the tensors: a header with two words has them in any order
        path = (Path("distil/export/magicanimate") / place).with_suffix(".safetensors")
        whole, stopped = (load_file(tmp_path / name / path) for name in ("whole", "stopped"))
        assert whole.keys() == stopped.keys() and all(torch.equal(whole[key], stopped[key]) for key in whole)


def test_the_export_animates(trained, tmp_path):
    """The command line opens what training wrote, in the published layout and in half precision."""
    from pack.magicanimate_core.testing import inputs

    photo, clip = inputs.write_inputs(tmp_path, size=64, frames=4)
    export = trained / "2" / "export"
    files = ["--base", export / "base", "--magicanimate", export / "magicanimate"]
    inputs = ["--reference", photo, "--pose", clip, "--out", tmp_path / "out.mp4", "--steps", "1", "--device", "cpu"]
    assert cli.main(["animate", *map(str, [*files, *inputs])]) == 0 and (tmp_path / "out.mp4").is_file()
    with safe_open(export / "magicanimate/temporal_attention/temporal_attention.safetensors", "pt") as file:
        key = "down_blocks.0.motion_modules.0.temporal_transformer.proj_in.weight"
        assert file.get_tensor(key).dtype == torch.float16
        assert sum(name.endswith("pos_encoder.pe") for name in file.keys()) == 2 * 6  # noqa: SIM118 - no mapping


def test_more_steps_go_on_from_the_last_checkpoint(trained, capsys):
    """The same command with more steps; a run that is finished exports again without a step."""
    command = ["train", str(trained / "my.yaml"), "--stage", "2", "--out", str(trained)]
    before = (trained / "2" / "log.jsonl").read_text()
    assert cli.main([*command, "--set", "run.steps=3"]) == 0
    lines = (trained / "2" / "log.jsonl").read_text()
    assert lines.startswith(before) and json.loads(lines.splitlines()[-1])["step"] == 3


@pytest.mark.parametrize("stage, joint", [("1", "enabled=false"), ("2", "enabled=false"), ("1", "tau_0=0")])
def test_pictures_that_no_batch_asks_for_are_not_encoded(trained, tmp_path, stage, joint):
    """An image set may stay in the config of a training without joint training."""
    changes = [f"joint.{joint}", f"data.cache={tmp_path / 'cache'}", "run.steps=1", "run.validate_every=0"]
    command = ["train", str(trained / "my.yaml"), "--stage", stage, "--out", str(tmp_path)]
    command += ["--start", str(trained / "scratch" / "export")]
    assert cli.main([*command, *(part for change in changes for part in ("--set", change))]) == 0
    (encoded,) = (tmp_path / "cache").iterdir()
    assert "clips" in encoded.name


@pytest.mark.parametrize("stage", ["1", "2"])
def test_in_16_bits_with_checkpointing(trained, tmp_path, stage):
    """Frozen parts in bf16 while training; what a stage leaves alone is exported bit by bit as it came."""
    start = trained / "2" / "export"
    changes = ["run.mixed_precision=bf16", "run.gradient_checkpointing=true", "run.accumulate=2"]
    command = ["train", str(trained / "my.yaml"), "--stage", stage, "--out", str(tmp_path), "--start", str(start)]
    command += [part for change in changes for part in ("--set", change)]
    with running("magicanimate_core", *command) as process:  # a process's precision cannot be changed
        assert process.wait() == 0, process.said
    for name in ("appearance_encoder", "densepose_controlnet", "temporal_attention"):
        (old,), (new,) = ((f / "magicanimate" / name).iterdir() for f in (start, tmp_path / stage / "export"))
        learns = (name == "temporal_attention") == (stage == "2")
        assert (old.read_bytes() == new.read_bytes()) == (not learns), name
    for path in (start / "base").rglob("*.safetensors"):
        assert path.read_bytes() == (tmp_path / stage / "export" / path.relative_to(start)).read_bytes()


def test_a_vae_goes_on_from_another(trained, tmp_path):
    """At next to no learning rate it stays what it was: --start is where it begins."""
    start = trained / "vae" / "export"
    arguments = ["--out", str(tmp_path), "--start", str(start), "--set", "run.learning_rate=1e-9"]
    assert cli.main(["train", str(trained / "my.yaml"), "--stage", "vae", *arguments]) == 0
    old, new = (load_autoencoder(folder / "base") for folder in (start, tmp_path / "vae" / "export"))
    pixels = torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(
            *(vae.decode(vae.encode(pixels).latent_dist.mean).sample for vae in (old, new)), atol=5e-3, rtol=0
        )


def test_of_two_processes_one_exports(trained, tmp_path):
    """Both train the VAE as one group, also without an accelerator; files that two write at once may be torn."""
    command = ["train", str(trained / "my.yaml"), "--stage", "vae", "--out", str(tmp_path)]
    with running("magicanimate_core", *command, count=2, environment={"CUDA_VISIBLE_DEVICES": ""}) as process:
        assert process.wait() == 0 and process.said.count("wrote") == 1, process.said
    (place,) = (tmp_path / "vae" / "checkpoints").glob("step-*2")
    assert len(list(place.glob("random_states_*"))) == json.loads((place / "run.json").read_text())["processes"] == 2
    assert load_autoencoder(tmp_path / "vae" / "export" / "base") is not None


def test_options_are_printed_without_a_config(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["train", "--options"])
    assert left.value.code == 0 and "learning_rate: 1.0e-5" in capsys.readouterr().out


def test_a_new_model_is_the_seeds(trained, tmp_path):
    """Two runs from nothing are the same to the bit; another seed has other weights."""
    weights = []
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        arguments = ["--out", str(tmp_path / name), "--start", str(trained / "vae" / "export")]
        changes = ["--set", f"seed={seed}", "--set", "run.steps=1", "--set", "run.validate_every=0"]
        assert cli.main(["train", str(trained / "my.yaml"), "--stage", "scratch", *arguments, *changes]) == 0
        weights.append(load_file(tmp_path / name / "scratch/export/base/unet/diffusion_pytorch_model.safetensors"))
    one, again, other = weights
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["conv_in.weight"], other["conv_in.weight"])


def test_crops_that_are_larger_than_the_frames_are_refused(trained, tmp_path, capsys):
    arguments = ["--stage", "vae", "--out", str(tmp_path), "--set", "vae.crop=128"]
    assert cli.main(["train", str(trained / "my.yaml"), *arguments]) == 2
    assert "vae.crop is 128" in capsys.readouterr().err


def test_mistakes_are_one_sentence(trained, tmp_path, capsys):
    config = str(trained / "my.yaml")
    for more, message in (
        (["--set", "data.clips=nowhere"], "nowhere"),
        (["--set", "model.base=nowhere.safetensors"], "nowhere.safetensors"),
        (["--set", "drawing.frames=40"], "24"),
        (["--set", "joint.tau_1=0.9"], "tau_1"),
        (["--set", "data.width=60"], "multiple of 8"),
        (["--set", "run.decay=cosin"], "run.decay"),
        (["--start", "no/export"], "no/export"),
    ):
        assert cli.main(["train", config, "--stage", "2", "--out", str(tmp_path), *more]) == 2, more
        error = capsys.readouterr().err
        assert error.startswith("error:") and message in error, (more, error)
    assert cli.main(["train", "missing.yaml", "--stage", "1", "--out", str(tmp_path)]) == 2
    assert "missing.yaml" in capsys.readouterr().err
