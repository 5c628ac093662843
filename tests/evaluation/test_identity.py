"""AED on vectors by hand, what the identity network is given, and the published values of both."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.evaluation.identity import identity_errors, identity_input, identity_vector
from pack.magicanimate_core.evaluation.tables import Table
from pack.tests.evaluation import published

FILES = ("a.mp4", "a.mp4")


def table(*vectors, files=FILES):
    return Table(files[: len(vectors)], np.arange(len(vectors)), np.array(vectors, np.float32))


def test_by_hand():
    errors = identity_errors(table([[0, 0]], [[1, 1]]), table([[3, 4]], [[1, 1]]))
    assert errors.squared.tolist() == [25, 0] and errors.aed == 12.5
    assert errors.euclidean.tolist() == [5, 0] and errors.aed_euclidean == 2.5


def test_vectors_are_subtracted_in_their_own_precision():
    """As 32-bit numbers these two are one."""
    a, b = (Table(FILES[:1], np.zeros(1, int), np.array([[value]])) for value in (1.0, 1.0 + 1e-9))
    assert identity_errors(a, b).aed == 0


def test_nothing_is_nobody():
    none = Table((), np.zeros(0, int), np.zeros((0, 1, 4)))
    assert identity_errors(none, none).aed is None


def test_what_the_network_is_given():
    """Grey levels are divided by 255 twice."""
    given = identity_input(np.full((60, 40, 3), 255, np.uint8))
    assert given.shape == (1, 3, 288, 144)
    assert given[0, :, 0, 0].tolist() == pytest.approx(
        [(1 / 255 - m) / s for m, s in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]
    )


class Normed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm2d(3)

    def forward(self, x):
        return self.norm(x)[:, :, 0, :5].flatten(1)


def test_batch_norms_use_the_frame_alone_and_keep_what_they_hold():
    frame = np.random.default_rng(0).integers(0, 256, (288, 144, 3), np.uint8)
    net = Normed().eval()
    vector = identity_vector(net, frame)
    x = identity_input(frame).double()
    expected = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()
    assert np.allclose(vector, expected[:, :, 0, :5].flatten(1), atol=3e-2)
    assert not net.norm.running_mean.any() and (net.norm.running_var == 1).all()
    assert (identity_vector(net, frame) == vector).all()


def test_published_vectors():
    rows = list(published.inputs().identities(published.plan()["identities"]))
    files, frames = tuple(row[0] for row in rows), np.array([row[1] for row in rows])
    errors = identity_errors(*(Table(files, frames, np.stack([row[side] for row in rows])) for side in (2, 3)))
    values = published.values()["ted"]["AED"]
    assert (errors.aed, errors.aed_euclidean) == pytest.approx((values["disco"], values["euclidean"]), rel=1e-12)
    assert errors.squared.tolist() == pytest.approx(values["frames_disco"], rel=1e-12)
    assert errors.euclidean.tolist() == pytest.approx(values["frames_euclidean"], rel=1e-12)


def test_published_network():
    values, net = published.values()["ted"]["reid"], published.network("identity")
    true, generated = (next(iter(published.videos("paper_size")[side].values()))[0] for side in ("true", "generated"))
    given = identity_input(true)
    for place, value in values["fed"]["pixels"].items():
        assert given[tuple(map(int, f"0,{place.strip('[]')}".split(",")[-4:]))].item() == pytest.approx(value, abs=1e-6)
    vectors = [identity_vector(net, frame) for frame in (true, generated)]
    assert vectors[0].shape == (1, 2048)
    assert vectors[0][0, :8].tolist() == pytest.approx(values["train"]["first_true"], rel=1e-4)
    errors = identity_errors(*(table(vector) for vector in vectors))
    assert errors.aed == pytest.approx(values["train"]["frames"][0], rel=1e-4)
    with torch.no_grad():
        assert net.eval()(given)[0, :8].tolist() == pytest.approx(values["eval"]["first_true"], rel=1e-4)
