"""What a net says of people, drawn: where each pixel of a box lies between the logits, who is on top, what is cut off."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pack.magicanimate_core.pose.exchange import People
from pack.magicanimate_core.pose.maps import BAND, part_map


def people(*boxes, seed=0, side=14) -> People:
    """Random logits for these boxes."""
    made = torch.Generator().manual_seed(seed)
    count = len(boxes)
    coarse = torch.randn(count, 2, side, side, generator=made) + torch.tensor([0, 1.0])[:, None, None]
    return People(torch.tensor(boxes), coarse, torch.randn(count, 25, side, side, generator=made))


def flat(*boxes_and_parts) -> People:
    """People of whom each is all of one part."""
    boxes = torch.tensor([box for box, _ in boxes_and_parts], dtype=torch.float32)
    fine = torch.stack([F.one_hot(torch.tensor(part), 25).float() for _, part in boxes_and_parts])
    coarse = torch.tensor([0.0, 1.0]).expand(len(boxes), 2)
    return People(boxes, coarse[..., None, None].repeat(1, 1, 8, 8), fine[..., None, None].repeat(1, 1, 8, 8))


def as_published(people: People, height: int, width: int) -> torch.Tensor:
    """The rule in the words of those who made the clips, on a canvas with room for what hangs over."""
    margin = 400
    canvas = torch.zeros(height + 2 * margin, width + 2 * margin, dtype=torch.long)
    for box, coarse, fine in zip(people.boxes, people.coarse, people.fine, strict=True):
        x, y = int(box[0]), int(box[1])
        w, h = max(int(box[2] - box[0]), 1), max(int(box[3] - box[1]), 1)
        large = [F.interpolate(logits[None], (h, w), mode="bilinear", align_corners=False)[0] for logits in (coarse, fine)]
        labels = large[1].argmax(0) * (large[0].argmax(0) > 0)
        place = canvas[y + margin : y + h + margin, x + margin : x + w + margin]
        place[labels > 0] = labels[labels > 0]
    return canvas[margin : margin + height, margin : margin + width]


@pytest.mark.parametrize(
    "boxes",
    [
        [(10.0, 5.0, 50.0, 60.0)],
        [(10.9, 5.9, 50.1, 60.2)],  # cut, not rounded
        [(10.0, 5.0, 10.2, 60.0)],  # a column
        [(-20.4, -3.6, 30.0, 40.0)],  # over the border, at the left and above
        [(40.0, 50.0, 300.0, 200.0)],  # and at the right and below
        [(-50.0, -60.0, 350.0, 340.0)],  # all around
        [(-90.0, 0.0, -10.0, 60.0), (200.0, 0.0, 220.0, 60.0)],  # outside
        [(5.0, 5.0, 60.0, 60.0), (30.0, 20.0, 70.0, 64.0), (10.0, 40.0, 40.0, 63.0)],  # the later one is on top
    ],
)
def test_the_rule(boxes):
    seen = people(*boxes)
    assert part_map(seen, 64, 80).dtype == torch.uint8
    assert torch.equal(part_map(seen, 64, 80).long(), as_published(seen, 64, 80))


def test_a_frame_is_drawn_in_bands_that_do_not_show():
    height = 2 * BAND + 77
    seen = people((3.0, 10.0, 60.0, height - 5.0))
    assert torch.equal(part_map(seen, height, 64).long(), as_published(seen, height, 64))


def test_later_people_are_on_top_only_where_they_are():
    seen = flat(((0, 0, 8, 8), 2), ((4, 4, 12, 12), 7))
    expected = np.zeros((12, 14), np.uint8)
    expected[:8, :8], expected[4:, 4:12] = 2, 7
    assert np.array_equal(part_map(seen, 12, 14).numpy(), expected)
    assert part_map(seen.in_order([1, 0]), 12, 14)[5, 5] == 2


def test_no_body_is_background_whatever_the_part():
    seen = flat(((0, 0, 8, 8), 5))
    seen.coarse[:, 1, :, :4] = -1  # in the left half
    assert part_map(seen, 8, 8).tolist()[4] == [0] * 4 + [5] * 4
    legacy = seen._replace(coarse=torch.zeros(1, 15, 8, 8))
    legacy.coarse[:, 9] = 1  # older nets tell fourteen kinds of body
    assert (part_map(legacy, 8, 8) == 5).all()


def test_nobody():
    assert part_map(None, 3, 5).tolist() == [[0] * 5] * 3


@pytest.mark.parametrize("box", [(0, 0, 1e30, 1e30), (-1e30, -1e30, 1e30, 1e30), (8, 8, 2, 2), (1e30, 0, 2e30, 5)])
def test_wild_boxes_end(box):
    assert part_map(flat((box, 3)), 8, 8).shape == (8, 8)


def test_noise_of_fp32_does_not_move_a_box():
    steady = part_map(flat(((3, 3, 9, 9), 4)), 12, 12)
    assert torch.equal(part_map(flat(((3 - 1e-4, 3 - 1e-4, 9, 9), 4)), 12, 12), steady)
    hanging = part_map(flat(((-3, -3, 9, 9), 4)), 12, 12)
    assert torch.equal(part_map(flat(((-3 + 1e-4, -3 + 1e-4, 9, 9), 4)), 12, 12), hanging)
