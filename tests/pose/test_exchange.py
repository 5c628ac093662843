"""What a net is given and what it says, in both ways, and the map that comes of it."""

import numpy as np
import pytest
import torch
from pack.magicanimate_core.media.densepose import PART_COLOURS, paint
from pack.magicanimate_core.pose.detector import Detector
from pack.magicanimate_core.pose.exchange import EXPECTED_NET, ScriptedNet, TracedNet, densepose_net
from pack.magicanimate_core.weights.script import open_script
from pack.tests.pose.figures import draw, off_share, two_figures
from torch import nn

CPU = torch.device("cpu")


@pytest.fixture(params=["traced", "scripted"])
def net(request, net_files):
    return densepose_net(open_script(net_files[request.param], EXPECTED_NET), "net")


def found(net, parts, size=None, colours=PART_COLOURS):
    return Detector(net, size or min(parts.shape), CPU)(colours[parts])


@pytest.mark.parametrize("shape", [(192, 128), (128, 192), (97, 131), (256, 256), (270, 70)])
def test_the_map_that_the_picture_shows(net, shape):
    truth = two_figures(*shape)
    assert found(net, truth).shape == shape
    assert off_share(found(net, truth), truth) < 0.05


def test_it_is_told_apart_by_what_it_is(net_files):
    kinds = {kind: type(densepose_net(open_script(path, EXPECTED_NET), "net")) for kind, path in net_files.items()}
    assert kinds == {"traced": TracedNet, "scripted": ScriptedNet}


def test_red_is_not_blue(net):
    truth = two_figures(160, 160)
    assert off_share(found(net, truth, colours=PART_COLOURS[:, ::-1]), truth) > 0.3


def test_nobody(net):
    assert not found(net, np.zeros((90, 120), np.uint8)).any()


def test_a_figure_that_leaves_the_picture(net):
    for box in ((-30, 10, 60, 150), (5, -60, 60, 120), (5, 60, 60, 260)):
        truth = draw(np.zeros((160, 160), np.uint8), box)
        assert off_share(found(net, truth), truth) < 0.05


class Watched(nn.Module):
    """Stands in for a script: remembers what it is given, and says what it is told to."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.given = answer, []

    def forward(self, image):
        self.given.append(image)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def five(boxes, **changes):
    n = len(boxes)
    made = {"boxes": torch.tensor(boxes), "coarse": torch.zeros(n, 2, 8, 8), "fine": torch.zeros(n, 25, 8, 8),
            "u": torch.zeros(n, 25, 8, 8), "v": torch.zeros(n, 25, 8, 8)}  # fmt: skip
    return tuple((made | changes).values())


@pytest.mark.parametrize(
    ("frame", "size", "inner", "padded"),
    [
        ((512, 512), 512, (512, 512), (512, 512)),
        ((100, 150), 512, (512, 768), (512, 768)),
        ((2160, 3840), 512, (512, 910), (512, 960)),
        ((300, 200), 200, (300, 200), (320, 256)),
        ((4000, 100), 512, (2048, 51), (2048, 64)),  # its longer side would be 20480
        ((1, 1), 64, (64, 64), (64, 64)),
    ],
)
def test_what_a_traced_net_is_given(frame, size, inner, padded):
    script = Watched(five([[0.0, 0, inner[1], inner[0]]]))
    rgb = torch.zeros(*frame, 3, dtype=torch.uint8)
    rgb[:] = torch.tensor([10, 20, 30])
    people = TracedNet(script, "net")(rgb, size, CPU)
    (given,) = script.given
    assert given.shape == (3, *padded) and given.dtype == torch.uint8  # no batch axis
    assert (given == torch.tensor([30, 20, 10])[:, None, None]).all()  # BGR, and more of it at the right and below
    assert people.boxes.tolist() == [[0, 0, frame[1], frame[0]]]  # in pixels of the frame


def test_what_a_scripted_net_is_given():
    script = Watched({"pred_boxes": torch.tensor([[1.0, 2, 30, 40]]), "pred_densepose_coarse_segm": torch.zeros(1, 2, 8, 8),
                      "pred_densepose_fine_segm": torch.zeros(1, 25, 8, 8)})  # fmt: skip
    rgb = torch.randint(0, 256, (70, 50, 3), dtype=torch.uint8)
    people = ScriptedNet(script, "net")(rgb, 512, CPU)
    assert torch.equal(script.given[0], rgb.flip(-1)) and people.boxes.tolist() == [[1, 2, 30, 40]]


BLACK = torch.zeros(64, 64, 3, dtype=torch.uint8)


@pytest.mark.parametrize(
    "answer",
    [
        five(np.zeros((0, 4), np.float32)),
        five(np.zeros((0, 4), np.float32), coarse=torch.zeros(0), fine=torch.zeros(0, 25, 1)),
        five([[float("nan"), 0, 5, 5]]),
        RuntimeError("Pages of code.\nRuntimeError: Non-empty 4D data tensor expected but got [0, 25, 28, 28]"),
        RuntimeError("cannot reshape tensor of 0 elements into shape [-1, 25, 112, 112]"),
    ],
)
def test_nobody_in_all_the_ways_that_a_trace_may_say_it(answer):
    assert TracedNet(Watched(answer), "net")(BLACK, 64, CPU) is None


@pytest.mark.parametrize(
    "answer",
    [
        five([[0.0, 0, 5, 5]])[:4],
        five([[0.0, 0, 5, 5]], fine=torch.zeros(1, 17, 8, 8)),
        five([[0.0, 0, 5, 5]], coarse=torch.zeros(1, 1, 8, 8)),
        five([[0.0, 0, 5, 5]], coarse=torch.zeros(2, 2, 8, 8)),
        five([[0.0, 0, 5]]),
        torch.zeros(3),
        {"boxes": torch.zeros(1, 4)},
    ],
)
def test_an_answer_that_is_no_densepose(answer):
    with pytest.raises(ValueError, match="^net does not answer as a DensePose net does; expected a DensePose net"):
        TracedNet(Watched(answer), "net")(BLACK, 64, CPU)


def test_people_that_a_net_loses_are_left_out():
    answer = five([[0.0, 0, 5, 5], [float("inf"), 0, 9, 9], [2.0, 2, 7, 7]])
    assert TracedNet(Watched(answer), "net")(BLACK, 64, CPU).boxes.tolist() == [[0, 0, 5, 5], [2, 2, 7, 7]]


def test_an_error_of_the_net_is_one_sentence():
    script = Watched(RuntimeError("Pages of code.\nRuntimeError: something odd"))
    with pytest.raises(ValueError, match=r"^net fails at a frame \(RuntimeError: something odd\); expected a DensePose net"):
        Detector(TracedNet(script, "net"), 64, CPU)(BLACK.numpy())


def test_the_frames_of_a_clip_are_drawn_in_one_order():
    """Two people who stand before each other, of whom the net is surer in turn."""
    boxes = [[5.0, 5, 45, 60], [20.0, 5, 60, 60]]
    fine = torch.zeros(2, 25, 8, 8)
    fine[0, 2], fine[1, 9] = 1, 1
    coarse = torch.tensor([0.0, 1.0])[None, :, None, None].repeat(2, 1, 8, 8)
    script = Watched(None)
    detector = Detector(TracedNet(script, "net"), 64, CPU)
    maps = []
    for turned in (False, True, False, True):
        order = [1, 0] if turned else [0, 1]
        script.answer = five([boxes[i] for i in order], coarse=coarse, fine=fine[order])
        maps.append(detector(BLACK.numpy()))
    assert all(np.array_equal(maps[0], other) for other in maps[1:]) and maps[0][30, 30] == 9


def test_paint_is_what_the_stand_ins_read(net):
    truth = two_figures(128, 128)
    assert np.array_equal(Detector(net, 128, CPU)(paint(truth)), found(net, truth))
