"""A preset fills in what nobody has set, can be used as it is, and the published one changes nothing."""

import json

import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.command.animate import read_jobs
from pack.magicanimate_core.method.noise import TIMESTEPS
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.plan.plan import guided_steps
from pack.magicanimate_core.presets import AS_PUBLISHED, PRESETS, Presets, with_preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_used_and_says_something_of_itself(name):
    settings = with_preset(Settings(), name)
    assert len(TIMESTEPS[settings.scheduler](settings.steps)) == settings.steps
    assert sum(guided_steps(settings)) >= 1
    assert name in Presets.__dataclass_fields__["preset"].metadata["words"]
    assert (settings == Settings()) == (name == AS_PUBLISHED)


def test_what_was_set_stays():
    own = {"steps": 30, "seed": 4, "context_length": 8}
    assert with_preset(Settings(**own), "fast") == Settings(**PRESETS["fast"] | own)


def test_what_does_not_go_together_is_refused_with_the_presets_name():
    with pytest.raises(ValueError, match="preset fast: .*align_your_steps.* 100"):
        with_preset(Settings(steps=101), "fast")


def jobs(tmp_path, *arguments, **line):
    paths = {"reference": "a.png", "pose": "b.mp4", "out": "c.mp4"}
    (tmp_path / "jobs.jsonl").write_text(json.dumps(paths | line))
    command = ["animate", "--jobs", str(tmp_path / "jobs.jsonl"), *arguments]
    (job,) = read_jobs(cli.parser("animate").parse_args(command))
    return job.settings


def test_a_line_has_the_last_word(tmp_path):
    fast = with_preset(Settings(), "fast")
    assert jobs(tmp_path, "--preset", "fast") == fast == jobs(tmp_path, preset="fast")
    assert jobs(tmp_path, "--preset", "draft", preset="fast") == fast
    assert jobs(tmp_path, "--preset", "fast", "--steps", "9").steps == 9
    assert jobs(tmp_path, "--preset", "fast", steps=25).steps == 25
    with pytest.raises(ValueError, match="line 1 of the job file: preset is quick; expected one of published"):
        jobs(tmp_path, preset="quick")
