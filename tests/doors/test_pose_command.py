"""The `pose` command makes DensePose of any form, any file and any photo right, or refuses it and leaves nothing behind."""

from pathlib import Path

import pytest
from pack.magicanimate_core.command import cli
from pack.tests.doors import poses as rows
from pack.tests.doors.table import cases, passes


@pytest.fixture
def door(tmp_path, capsys):
    def run(words: list) -> rows.Made:
        try:
            code = cli.main(["pose", *map(str, words)])
        except SystemExit as error:  # argparse's own
            code = error.code
        printed, said = capsys.readouterr()
        if code:
            raise ValueError(said.strip().splitlines()[-1])
        return rows.Made(Path(words[1]), printed)

    return run


@cases(*rows.COMES, *rows.PHOTOS)
def test_what_comes_out(case, door, tmp_path):
    words = case.brings(tmp_path)
    passes(case, lambda: door(words))


@cases(*rows.REFUSED)
def test_what_is_refused(case, door, tmp_path):
    words = case.brings(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    passes(case, lambda: door(words))
    assert sorted(path.name for path in tmp_path.iterdir()) == before, "nothing is left behind"
