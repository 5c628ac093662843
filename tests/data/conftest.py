import cv2
import pytest
from pack.tests.data.writing import CLIPS, write_clip, write_tar


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    """The same two clips as videos, as frames and as shards; the same two pictures as files and as shards."""
    root = tmp_path_factory.mktemp("layouts")
    for i in range(2):
        sample, name = CLIPS.read(i, range(13)), CLIPS.name(i)
        write_clip(root / "videos" / name, sample)
        write_clip(root / "frames" / name, sample, frames=True)
        files = {f"{name}.{role}.mp4": root / "videos" / name / f"{role}.mp4" for role in ("densepose", "video")}
        write_tar(root / f"clips_{i}.tar", {"./" + k: v for k, v in files.items()})
        (root / "pictures").mkdir(exist_ok=True)
        for ending, rgb in (("", sample.images[0]), ("_densepose", sample.poses[0])):
            cv2.imwrite(str(root / "pictures" / f"{name}{ending}.png"), rgb[..., ::-1])
    names = [CLIPS.name(i) for i in (1, 0)]  # the order in the tar does not matter
    pictures = {
        f"{n}{e}": root / "pictures" / f"{n}{e.replace('.d', '_d')}" for n in names for e in (".png", ".densepose.png")
    }
    write_tar(root / "pictures.tar", pictures)
    return root
