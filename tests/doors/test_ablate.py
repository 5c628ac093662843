"""Configs of ablations at the door of the command line."""

from pathlib import Path

import pytest
from pack.magicanimate_core.command.ablation import config as configs
from pack.magicanimate_core.command.ablation.config import read_ablation
from pack.magicanimate_core.command.ablation.tables import PAPER_ROWS
from pack.tests.doors.ablations import CONFIGS
from pack.tests.doors.table import cases, passes

PACK = Path(configs.__file__).parents[3]
PAGE = PACK / "docs" / "ablation.md"
MODELS_OF_THE_DEMO = ("demo/weights/base", "demo/weights/magicanimate")
MODELS_OF_ROW_C = tuple(f"runs/joint/{row}/2/export/magicanimate" for row in ("both", "none", "temporal", "seed_2"))


@cases(*CONFIGS)
def test_what_is_to_be_compared(case, tmp_path):
    path = case.brings(tmp_path)
    passes(case, lambda: read_ablation(path))


def test_the_captioned_config_is_understood(tmp_path, monkeypatch):
    """With its rows, which are remarks there, too; only its files are not here."""
    from pack.magicanimate_core.command.ablation.config import CAPTIONED_CONFIG

    monkeypatch.chdir(tmp_path)
    for path in ("sd15.safetensors", "models/magicanimate", "runs/no_joint/2/export/magicanimate"):
        (tmp_path / path).mkdir(parents=True)
    text = CAPTIONED_CONFIG.read_text()
    (tmp_path / "all.yaml").write_text(text.replace("# rows:", "rows:").replace("\n#   ", "\n  "))
    (tmp_path / "few.yaml").write_text(text)
    names = [row.name for row in read_ablation(tmp_path / "all.yaml").rows]
    assert names == ["ours", "no_temporal_attention", "no_joint_training", "twelve_steps", "repeat"]
    assert len(read_ablation(tmp_path / "few.yaml").rows) == 4


@pytest.mark.parametrize("row", ["clip", "no_joint_training"])
def test_what_a_row_of_the_paper_needs_is_said(tmp_path, row):
    from pack.tests.doors.ablations import config

    assert read_ablation(config(f"rows: {{{row}: , no_fusion: }}")(tmp_path)).left_out.keys() == {row}


@pytest.mark.parametrize(
    "config, rows",
    [
        ("ablation.yaml", ["no_temporal_attention", "no_fusion", "separate_noise", "repeat", "warp"]),
        ("ablation_joint.yaml", ["no_joint_training", "joint_training_temporal", "other_seed"]),
    ],
)
def test_the_demos_configs_are_understood(config, rows, tmp_path, monkeypatch):
    for path in (*MODELS_OF_THE_DEMO, *MODELS_OF_ROW_C):
        (tmp_path / path).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    ablation = read_ablation(PACK / "demo" / config)
    assert [row.name for row in ablation.rows] == ["ours", *rows] and not ablation.left_out


def test_the_page_says_of_each_row_what_the_command_does():
    """Rows that are another training most of all: nothing else tells which weights to give."""
    lines = {name: line for line in PAGE.read_text().splitlines() for name in PAPER_ROWS if f"| `{name}` |" in line}
    assert lines.keys() == PAPER_ROWS.keys() - {"ours"}
    for name, line in lines.items():
        row = PAPER_ROWS[name]
        assert row.trained.replace("joint.enabled: false", "`joint.enabled: false`") in line
        assert all(f"`{option}`" in line for option in row.options), line
