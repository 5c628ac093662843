"""The captioned config file says all there is, mistakes in a config are named, and no value is taken that cannot be used."""

from pathlib import Path

import pytest
from pack.magicanimate_core.training import config_files
from pack.magicanimate_core.training.config import Config, check_files
from pack.magicanimate_core.training.config_files import config_text, read_config
from pack.magicanimate_core.training.stages import STAGES
from pack.scripts.demo import SIZE

CAPTIONED = Path(config_files.__file__).with_name("config.yaml")
DEMO = CAPTIONED.parents[2] / "demo" / "train.yaml"


def read(path: Path, stage: str = "1", changes=()) -> Config:
    return read_config(path, stage, STAGES, changes)


def test_the_captioned_file_is_what_the_options_say():
    """`python -m magicanimate_core train --options` prints it."""
    assert CAPTIONED.read_text() == config_text()


def test_the_captioned_file_has_every_option_with_its_default():
    assert read(CAPTIONED) == Config()


def test_stages_and_changes_go_over_the_file(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("run: {steps: 5, ema: 0.5}\nstages: {'2': {run: {steps: 7}}, 1: {seed: 3}}\n")
    assert read(path).run.steps == 5 and read(path).seed == 3
    two = read(path, "2", ["run.learning_rate=1e-4", "drawing.stride=[2, 3]"])
    assert (two.run.steps, two.run.ema, two.run.learning_rate, two.drawing.stride) == (7, 0.5, 1e-4, (2, 3))


@pytest.mark.parametrize("off", ["1", "2"])
def test_joint_training_is_switched_off_for_one_stage(tmp_path, off):
    """Table 2c."""
    path = tmp_path / "my.yaml"
    path.write_text(f"stages: {{'{off}': {{joint: {{enabled: false}}}}}}\n")
    assert [stage for stage in ("1", "2") if not read(path, stage).joint.enabled] == [off]


@pytest.mark.parametrize(
    "text, changes",
    [
        ("loss: {gradient_checkpointing: true}\nrun: {steps: 5}", ()),
        ("run: {steps: 5}\nstages: {1: {loss: {gradient_checkpointing: true}}}", ()),
        ("run: {steps: 5, gradient_checkpointing: false}", ["loss.gradient_checkpointing=true"]),
        ("loss: {gradient_checkpointing: false}\nrun: {steps: 5}", ["run.gradient_checkpointing=true"]),
    ],
)
def test_options_that_have_moved_are_still_understood(tmp_path, text, changes):
    path = tmp_path / "my.yaml"
    path.write_text(text)
    run = read(path, changes=changes).run
    assert run.gradient_checkpointing and run.steps == 5


@pytest.mark.parametrize("name, stages", [("train", STAGES), ("joint", ("1", "2")), ("distil", ("distil",))])
def test_the_demos_configs_read(name, stages, tmp_path, monkeypatch):
    (tmp_path / "demo" / "weights" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for stage in stages:
        config = read(DEMO.with_stem(name), stage)
        check_files(config)
        assert config.data.width == SIZE


@pytest.mark.parametrize(
    "text, message",
    [
        ("run: {setps: 5}", "unknown option setps"),
        ("run: {steps: many}", "expected int"),
        ("run: 5", "expected options"),
        ("[run, 5]", "expected options"),
        ("run: {steps: 5", "no YAML"),
        ("joint: {tau_0: true}", "expected float"),
        ("run: {mixed_precision: 16}", "expected str"),
        ("run: {mixed_precision: yes}", "expected one of no, fp16, bf16"),
        ("stages: 5", "stages is 5; expected options"),
        ("stages: {1: 5}", "stages.1 is 5; expected options"),
        ("stages: {3: {seed: 1}}", "unknown stage 3"),
        ("5: 3", "unknown option 5"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = tmp_path / "my.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read(path)


REFUSED = {
    "seed": ["-1", "18446744073709551616"],
    "model.widths": ["[33, 64]", "[0]", "[-32]"],
    "model.attention": ["[true]", "[false, false, false, false]"],
    "model.layers": ["0"],
    "model.context_width": ["0"],
    "model.hint_widths": ["[]", "[16, 32, 96]", "[16, 32, 96, 0]"],
    "model.prediction": ["sample"],
    "data.height": ["60", "0", "-8"],
    "data.width": ["4"],
    "data.fit": ["crp"],
    "joint.tau_0": ["-0.1", "1.1", ".nan"],
    "joint.tau_1": ["0.5", "-0.1"],  # tau_2 is less
    "joint.tau_2": ["1.1", "0.05", ".nan"],
    "drawing.batch": ["0"],
    "drawing.frames": ["1", "25"],
    "drawing.stride": ["[1]", "[2, 1]", "[0, 4]", "[1, 2, 3]"],
    "drawing.targets": ["0"],
    "drawing.image_batch": ["0"],
    "drawing.shift": ["0", "-1", ".nan", ".inf"],
    "drawing.drop_reference": ["-0.1", "1.1", ".nan"],
    "drawing.rollout": ["-0.1", "2", ".nan"],
    "loss.weighting": ["snr"],
    "loss.person": ["0", "-1", ".nan", ".inf"],
    "loss.change": ["-1", ".nan", ".inf"],
    "loss.match": ["-1", ".nan"],
    "loss.appearance": ["-1", ".nan"],
    "run.steps": ["0", "-5"],
    "run.learning_rate": ["0", "-1e-4", ".nan", ".inf"],
    "run.warmup": ["-1"],
    "run.decay": ["cosin"],
    "run.weight_decay": ["-0.1", ".nan"],
    "run.max_grad_norm": ["0", "-1", ".nan"],
    "run.accumulate": ["0"],
    "run.ema": ["1", "-0.1", ".nan"],
    "run.mixed_precision": ["fp8", "half"],
    "run.save_every": ["0"],
    "run.keep": ["0", "-1"],
    "run.log_every": ["0"],
    "run.validate_every": ["-1"],
    "run.loader_processes": ["-1"],
    "validation.items": ["0"],
    "validation.frames": ["0"],
    "validation.steps": ["0", "1000"],
    "validation.cfg": ["-1", ".nan", ".inf"],
    "validation.scheduler": ["ddim", "normal"],
    "vae.widths": ["[32, 32, 64]", "[32, 32, 64, 60]", "[0, 32, 64, 64]"],
    "vae.layers": ["0"],
    "vae.groups": ["0", "5"],
    "vae.batch": ["0"],
    "vae.crop": ["0", "60"],
    "vae.crops": ["0"],
    "vae.person": ["-0.1", "1.5", ".nan"],
    "vae.edges": ["-1", ".nan"],
    "vae.kl": ["-1", ".inf"],
    "vae.colours": ["-1", ".nan"],
    "distil.steps": ["0", "26"],
    "distil.teacher_steps": ["0", "26"],
    "distil.cfg": ["-1", ".nan", ".inf"],
}


@pytest.mark.parametrize("option", REFUSED)
def test_what_cannot_be_used_is_refused(option):
    """Before a run, in one sentence that begins with the option, or with the one that does not go with it."""
    section = option.split(".")[0]
    for value in REFUSED[option]:
        with pytest.raises(ValueError, match=rf"^{section}\S* is .*; expected .*\.$"):
            read(DEMO, "scratch", [f"{option}={value}"])


def test_every_option_with_a_rule_is_tried():
    """An option that is not in REFUSED takes any value of its kind."""
    files, switches = {"base", "vae", "magicanimate", "clips", "images", "cache"}, {"enabled", "adam_8bit"}
    free = files | switches | {"gradient_checkpointing"}
    lines, section, options = CAPTIONED.read_text().splitlines(), "", []
    for line in lines:
        if line.startswith("  ") and line.strip()[0] != "#":
            options.append(f"{section}.{line.strip().split(':')[0]}")
        elif line and line[0] not in "# ":
            section = line.split(":")[0]
    assert {option for option in options if option.split(".")[1] not in free} == REFUSED.keys() - {"seed"}


@pytest.mark.parametrize("value", ["0.1", "1e-5", "1.0"])
def test_numbers_are_understood_as_yaml_has_them(value):
    assert read(DEMO, "1", [f"run.weight_decay={value}"]).run.weight_decay == float(value)


@pytest.mark.parametrize("word", ["no", "off", "false", "'no'"])
def test_no_is_a_word_where_words_are_expected(word):
    assert read(DEMO, changes=[f"run.mixed_precision={word}"]).run.mixed_precision == "no"


@pytest.mark.parametrize("name", ["match", "appearance"])
@pytest.mark.parametrize("section", ["run", "loss"])
def test_attention_cannot_be_watched_in_blocks_that_run_twice(section, name):
    with pytest.raises(ValueError, match="loss.match and loss.appearance cannot watch"):
        read(DEMO, "1", [f"loss.{name}=0.1", f"{section}.gradient_checkpointing=true"])


@pytest.mark.parametrize("change", ["run.steps", "run.steps={", "run.steps.more=1"])
def test_changes_that_are_none_are_named(change):
    with pytest.raises(ValueError, match="no change|no YAML|expected int"):
        read(DEMO, "1", [change])


def test_validation_has_no_more_steps_than_its_schedule():
    with pytest.raises(ValueError, match="validation.steps is 101; expected at most 100 with align_your_steps timesteps"):
        read(DEMO, "1", ["validation.steps=101", "validation.scheduler=align_your_steps"])
    assert read(DEMO, "1", ["validation.steps=101"]).validation.steps == 101
