"""The command line refuses a pose video in other colours than DensePose's, before it loads a model."""

import numpy as np
import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.media.writing import video_writer
from pack.magicanimate_core.pipeline import models as loading


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.mp4"
    with video_writer(path, 25, 64, 64) as write:
        for frame in np.random.default_rng(0).integers(90, 250, (6, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2):
            write(frame)
    return path


def test_a_film_is_refused_before_models_are_loaded(files, film, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(loading, "load_models", lambda *args: pytest.fail("models are loaded"))
    assert cli.main([*files.command(tmp_path / "out.mp4"), "--pose", str(film)]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"pose video {film} is not DensePose" in message and "pose_colours" in message


@pytest.mark.parametrize("options", [["--pose-colours", "any"], ["--pose-strength", "0"]])
def test_other_pictures_by_the_option(files, film, tmp_path, options):
    command = [*files.command(tmp_path / "out.mp4"), "--pose", str(film), "--steps", "1", *options]
    assert cli.main(command) == 0 and (tmp_path / "out.mp4").is_file()


def test_the_other_jobs_are_made(files, film, tmp_path, capsys):
    command = [*files.command(tmp_path / "out"), "--pose", str(film), str(files.clip), "--steps", "1"]
    assert cli.main(command) == 2
    assert "1 of 2 jobs failed" in capsys.readouterr().err
    assert [path.stem for path in (tmp_path / "out").glob("*.mp4")] == [f"{files.photo.stem}_{files.clip.stem}"]
