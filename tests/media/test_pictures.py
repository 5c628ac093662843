"""Picture files: pixels as they are shown, or a sentence why not."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.blobs import Blob, Unreadable
from pack.magicanimate_core.media.pictures import read_photo, read_picture
from PIL import Image

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def read(path, image: Image.Image, **options) -> np.ndarray:
    image.save(path, **options)
    return read_picture(Blob(path.name, path))


def test_colours_and_photos(tmp_path):
    assert np.array_equal(read(tmp_path / "a.png", Image.fromarray(RGB)), RGB)
    photo = read_photo(tmp_path / "a.png")
    assert photo.shape == (1, 6, 8, 3) and torch.equal(photo[0], torch.from_numpy(RGB).float() / 255)
    with Image.open(tmp_path / "a.png") as image:
        image.save(tmp_path / "a.jpg", quality=90)
    with Image.open(tmp_path / "a.jpg") as image:
        assert np.array_equal(read_photo(tmp_path / "a.jpg")[0] * 255, np.asarray(image))


def test_a_camera_held_upright(tmp_path):
    """EXIF says how the picture is turned; ComfyUI's Load Image turns it, too."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    assert np.array_equal(read(tmp_path / "a.png", Image.fromarray(RGB), exif=exif), np.rot90(RGB, -1))


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_the_first_frame_of_an_animation(tmp_path, ending):
    frames = [Image.fromarray(np.full((6, 8, 3), level, np.uint8)) for level in (40, 200)]
    image = read(tmp_path / f"a.{ending}", frames[0], save_all=True, append_images=frames[1:])
    assert np.abs(image.astype(int) - 40).max() < 3


def test_grey_palettes_and_sixteen_bits(tmp_path):
    grey = RGB[..., 0]
    for name, image in (("grey", Image.fromarray(grey)), ("bits", Image.fromarray((grey.astype(np.uint16) << 8) + 53))):
        assert np.array_equal(read(tmp_path / f"{name}.png", image), grey[..., None].repeat(3, -1)), name
    few = RGB // 128 * 128
    assert np.array_equal(read(tmp_path / "palette.png", Image.fromarray(few).quantize(8)), few)
    with pytest.raises(Unreadable, match="floats.tiff cannot be read as an image .*floating-point"):
        read(tmp_path / "floats.tiff", Image.fromarray(grey.astype(np.float32)))
    with pytest.raises(Unreadable, match="deep.tiff cannot be read as an image .*more than 16 bits"):
        read(tmp_path / "deep.tiff", Image.fromarray(grey.astype(np.int32) + 70000))


def test_alpha_is_refused_where_something_shows_through(tmp_path):
    opaque, clear = (np.dstack([RGB, np.full((6, 8), level, np.uint8)]) for level in (255, 255))
    clear[3, 4, 3] = 254
    assert np.array_equal(read(tmp_path / "opaque.png", Image.fromarray(opaque)), RGB)
    palette = Image.fromarray(RGB).quantize(8)
    for name, image, options in (("rgba", Image.fromarray(clear), {}), ("palette", palette, {"transparency": 0})):
        with pytest.raises(ValueError, match=f"{name}.png has an alpha channel.*put it on a background first"):
            read(tmp_path / f"{name}.png", image, **options)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif"])
def test_damaged_pictures_say_their_names(tmp_path, ending):
    """Cut off anywhere or with any byte changed: pixels or a sentence, never another error."""
    path, rng = tmp_path / f"a.{ending}", np.random.default_rng(1)
    read(path, Image.fromarray(RGB.repeat(4, 0).repeat(4, 1)))
    whole = path.read_bytes()
    for place in rng.integers(0, len(whole), 60).tolist():
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            path.write_bytes(data)
            try:
                read_picture(Blob(path.name, path))
            except Unreadable as error:
                assert str(error).startswith(path.name) and " at 0x" not in str(error)
    for data, words in ((b"", "it is empty"), (b"<html>", "a web page")):
        path.write_bytes(data)
        with pytest.raises(Unreadable, match=f"{path.name} cannot be read as an image.*{words}"):
            read_picture(Blob(path.name, path))
