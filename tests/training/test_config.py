"""The captioned config file says all there is, and mistakes in a config are named."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import yaml
from pack.magicanimate_core.training import config
from pack.magicanimate_core.training.config import Config, read_config
from pack.scripts.demo import SIZE

CAPTIONED = Path(config.__file__).with_name("config.yaml")
DEMO = CAPTIONED.parents[2] / "demo" / "train.yaml"


def test_the_captioned_file_has_every_option_with_its_default():
    assert read_config(CAPTIONED, "1") == Config()
    values = yaml.safe_load(CAPTIONED.read_text())
    sections = {f.name: f.default_factory() for f in fields(Config) if is_dataclass(f.default_factory)}
    for name, section in sections.items():
        assert list(values[name].keys() ^ {f.name for f in fields(section)}) == []


def test_stages_and_changes_go_over_the_file(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("run: {steps: 5, ema: 0.5}\nstages: {'2': {run: {steps: 7}}, 1: {seed: 3}}\n")
    assert read_config(path, "1").run.steps == 5 and read_config(path, "1").seed == 3
    two = read_config(path, "2", ["run.learning_rate=1e-4", "drawing.stride=[2, 3]"])
    assert (two.run.steps, two.run.ema, two.run.learning_rate, two.drawing.stride) == (7, 0.5, 1e-4, (2, 3))


def test_the_demos_config_reads():
    for stage in config.STAGES:
        assert read_config(DEMO, stage).data.width == SIZE


@pytest.mark.parametrize(
    "text, message",
    [
        ("run: {setps: 5}", "unknown option setps"),
        ("run: {steps: many}", "expected int"),
        ("run: 5", "expected options"),
        ("run: {steps: 5", "no YAML"),
        ("joint: {tau_0: true}", "expected float"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = tmp_path / "my.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_config(path, "1")


@pytest.mark.parametrize(
    "change, message",
    [
        ("loss={match: 0.1, gradient_checkpointing: true}", "loss.match and loss.appearance cannot watch"),
        ("loss={appearance: 0.1, gradient_checkpointing: true}", "loss.match and loss.appearance cannot watch"),
        ("loss.appearance=-1", "loss.appearance 0 or more"),
        ("loss.change=-1", "loss.change, loss.match and loss.appearance 0 or more"),
        ("drawing.rollout=2", "drawing.rollout is 2.0"),
        ("drawing.shift=0", "drawing.shift is 0.0"),
        ("loss.person=0", "loss.person must be above 0"),
        ("vae.crops=0", "vae.crops must be 1"),
        ("vae.person=1.5", "vae.person between"),
    ],
)
def test_help_for_new_nets_is_checked(change, message):
    with pytest.raises(ValueError, match=message):
        config.check(read_config(DEMO, "scratch", [change]))
