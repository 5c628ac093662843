"""Photos at the doors: the same file as the command line's photo and as a picture to train on."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from pack.magicanimate_core.data.files import image_folder
from pack.magicanimate_core.data.source import BadItem
from pack.magicanimate_core.media.blobs import Unreadable
from pack.magicanimate_core.media.pictures import read_photo
from pack.tests.doors.odd_photos import PICTURE, RGB, box
from pack.tests.doors.photos import PHOTOS
from pack.tests.doors.table import Refused, cases, passes


@pytest.fixture(autouse=True)
def no_heic(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)


@cases(*PHOTOS)
def test_a_photo_on_the_command_line(case, tmp_path):
    path = tmp_path / "me.png"  # whatever is in it: pictures are known by their bytes
    path.write_bytes(case.brings())
    passes(case, lambda: (read_photo(path)[0] * 255).round().byte().numpy(), Unreadable)
    if isinstance(case.out, Refused):
        with pytest.raises(Unreadable, match="^me.png "):
            read_photo(path)


@cases(*PHOTOS)
def test_a_picture_to_train_on(case, tmp_path):
    for name in ("me.png", "me_densepose.png"):
        (tmp_path / name).write_bytes(case.brings())
    source = image_folder(tmp_path)
    passes(case, lambda: source.read(0, [0]).images[0], BadItem)
    if isinstance(case.out, Refused):
        with pytest.raises(BadItem, match="^me is bad: me.png "):
            source.read(0, [0])


def test_heic_is_whole_where_its_library_is(tmp_path, monkeypatch):
    """The library lays the tiles together and turns the picture; other readers of pictures do not notice."""
    read = {box(b"heic"): SimpleNamespace(to_pillow=PICTURE.copy)}
    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace(open_heif=read.__getitem__))
    (tmp_path / "me.heic").write_bytes(box(b"heic"))
    assert np.array_equal((read_photo(tmp_path / "me.heic")[0] * 255).round().byte(), RGB)
