"""MediaPipe's bundle in the place of a DensePose net, on a real host. Its joints are stand-ins: no package is needed."""

import sys

import numpy as np
import pytest
import torch
from pack.magicanimate_core.bodies import source
from pack.magicanimate_core.media.densepose import nearest_parts
from pack.magicanimate_core.testing.body_joints import SIDE, dancer

LOADER, NODE, BUNDLE = "MagicAnimateDensePoseModelLoader", "MagicAnimateDensePose", "pose_landmarker_full.task"


class StandIn:
    """Tells the joints of a dancer; of the frame that is dark, nobody's."""

    opened = 0

    def __init__(self, path) -> None:
        self.frame = 0
        StandIn.opened += 1

    def __call__(self, rgb):
        self.frame += 1
        return [dancer(1, 19 + self.frame).joints] if rgb.any() else []

    def close(self) -> None:
        StandIn.opened -= 1


@pytest.fixture
def bundle(tmp_path, nodes):
    """A bundle in a folder of the category."""
    import folder_paths

    (tmp_path / BUNDLE).write_bytes(b"no model")
    folder_paths.add_model_folder_path("densepose", str(tmp_path))
    folder_paths.filename_list_cache.clear()
    yield tmp_path / BUNDLE
    folder_paths.folder_names_and_paths["densepose"][0].remove(str(tmp_path))
    folder_paths.filename_list_cache.clear()


def test_a_film_becomes_bodies(bundle, run, nodes, monkeypatch):
    monkeypatch.setattr(source, "Landmarks", StandIn)
    loader = nodes[LOADER].define_schema()
    assert BUNDLE in next(i for i in loader.inputs if i.id == "densepose_model").options
    model = run(LOADER, densepose_model=BUNDLE)[0]
    film = torch.ones(3, SIDE, SIDE, 3)
    film[1] = 0
    (poses,) = run(NODE, densepose_model=model, images=film, detect_size=512)
    found, distance = nearest_parts((poses * 255).round().byte().numpy())
    assert distance.max() == 0 and not found[1].any()
    for made, truth in ((found[0], dancer(1, 20).parts), (found[2], dancer(1, 22).parts)):
        assert ((made > 0) & (truth > 0)).sum() >= 0.8 * ((made > 0) | (truth > 0)).sum()
    assert StandIn.opened == 0


def test_what_was_opened_is_closed_after_a_failure(bundle, run, monkeypatch):
    monkeypatch.setattr(source, "Landmarks", StandIn)
    model = run(LOADER, densepose_model=BUNDLE)[0]
    monkeypatch.setattr(StandIn, "__call__", lambda *_: [np.zeros((3, 3))])
    with pytest.raises(IndexError):
        run(NODE, densepose_model=model, images=torch.ones(1, 64, 64, 3), detect_size=512)
    assert StandIn.opened == 0


def test_without_the_package_the_loader_says_so(bundle, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(ValueError, match="needs the package mediapipe"):
        run(LOADER, densepose_model=BUNDLE)
