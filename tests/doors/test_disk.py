"""Where a run is written: known before the work, and what was saved stays when the disk fills up."""

import pytest
from pack.magicanimate_core.disk import open_folder
from pack.magicanimate_core.training import export
from pack.magicanimate_core.training.run import checkpoints
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.doors.training import run
from safetensors import SafetensorError


def a_file(folder):
    (folder / "out").write_text("x")
    return folder / "out", 0


PLACES = (
    Case("a new folder in a new folder", lambda folder: (folder / "a" / "b", 0), lambda place: None),
    Case("a file", a_file, Refused("out .*expected a folder")),
    Case("a folder within a file", lambda folder: (a_file(folder)[0] / "1", 0), Refused("Nothing can be written to .*1 ")),
    Case("a disk that is too small", lambda folder: (folder, 10**18), Refused("1000000000.0 GB are needed there")),
)


@cases(*PLACES)
def test_where_a_run_is_written(case, tmp_path):
    passes(case, lambda: open_folder(*case.brings(tmp_path)))


FULL = (OSError(28, "No space left on device"), SafetensorError("I/O error: No space left"), RuntimeError("write failed"))


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_disk_that_fills_up_leaves_what_was_saved(tmp_path, monkeypatch, error):
    run(tmp_path)

    def full(*_, **__):
        raise error

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(OSError, match="step-0000004 could not be written .*What was there before is untouched"):
        run(tmp_path, steps=5)
    monkeypatch.undo()
    assert checkpoints.checkpoints(tmp_path)[-1][0] == 3
    run(tmp_path, steps=5)


def test_half_an_export_is_never_there(tmp_path):
    """The next stage would begin what is missing in it anew."""

    def export_half(folder):
        folder.mkdir()
        (folder / "a").write_text("new")
        raise OSError(28, "No space left on device")

    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "a").write_text("old")
    with pytest.raises(OSError, match="export could not be written"):
        export.whole_export(tmp_path, export_half)
    assert (tmp_path / "export" / "a").read_text() == "old" and len(list(tmp_path.iterdir())) == 1
