"""What goes to and from the accelerator in a window, counted: no copy more than it takes, and nobody waits."""

import pytest
import torch
from pack.magicanimate_core.method.per_frame import Parked, PerFrame
from pack.tests.doors.host import waiting
from pack.tests.doors.host.test_devices import there  # noqa: F401 - a fixture
from pack.tests.doors.host.waiting import animated, with_positive
from pack.tests.doors.table import Case, cases, passes
from pack.tests.host.pretending import pretended

SHORT, LONG = 8, 12  # frames


def windows(to: float, back: float = 0, *, calls: int = 2, waits: int = 0):
    """So many copies in each of the `calls` calls of the net that a clip of 12 frames has more than one of 8.

    waits: the host's own, for numbers of each call.
    """

    def check(counts):
        more = {what: counts[LONG][what] - counts[SHORT][what] for what in ("to", "from", "blocking", "waits")}
        assert more == {"to": to * calls, "from": back * calls, "blocking": 0, "waits": waits * calls}

    return check


@cases(
    Case("as published", animated(), 4),
    Case("without guidance", animated(cfg=1.0), 4),
    Case("windows that share nothing", animated(context_overlap=0), 0),
    Case("halves apart", waiting.halves_apart(animated()), 4),
)
def test_what_waits_on_the_device_does_not_grow_with_the_clip(case, small, monkeypatch):
    most, gather = [], PerFrame.gather

    def spy(self, *args):
        made = gather(self, *args)
        most.append(sum(not isinstance(outputs, Parked) for outputs in self.waiting.values()))
        return made

    monkeypatch.setattr(PerFrame, "gather", spy)
    for frames in (SHORT, 2 * SHORT):
        most.clear()
        case.brings(small, frames)
        assert max(most) == case.out and most[-1] == 0


@pytest.fixture(scope="module")
def accelerator(there):  # noqa: F811
    """With all models upon it, where they stay: that takes longer than a scene does."""
    with pretended() as accelerator, torch.inference_mode():
        animated()(there, 4)
        yield accelerator


@pytest.fixture
def counts(there, accelerator):  # noqa: F811
    """Counts what a scene does on the accelerator, by frames of the clip."""

    @torch.inference_mode()
    def count(scene):
        found = {}
        for frames in (SHORT, LONG):
            accelerator.count.clear()
            scene(there, frames)
            found[frames] = accelerator.count.copy()
        return found

    return count


@cases(
    Case("as published", animated(), windows(1)),  # the poses, and nothing else
    Case("without guidance", animated(cfg=1.0), windows(1)),
    Case("two windows in one go", animated(windows_per_batch=2), windows(1, calls=1)),
    Case("windows that share nothing", animated(context_overlap=0), windows(1, calls=1)),
    Case("windows that share nearly all", animated(context_overlap=3), windows(1, calls=4)),
    Case("the paper's windows", animated(context_schedule="paper"), windows(1)),
    Case(
        "a pyramid over the host's windows", animated(context_schedule="standard_static", fuse_method="pyramid"), windows(1)
    ),
    Case("heun", animated(sampler_name="heun"), windows(1)),
    Case("without a pose", animated(pose_strength=0.0), windows(0)),
    Case("prompts in turns", with_positive(waiting.in_turns), windows(1, waits=3)),
    Case("a prompt for a part of the picture", with_positive(waiting.in_an_area), windows(2)),
    Case("two pose videos", waiting.two_poses, windows(2)),
    Case("a pose of the positive prompt alone", waiting.pose_of_the_positive, windows(3)),
    Case("halves apart", waiting.halves_apart(animated()), windows(1)),
    Case("halves apart that share nothing", waiting.halves_apart(animated(context_overlap=0)), windows(2, 1, calls=1)),
)
def test_what_a_window_moves(case, counts):
    passes(case, lambda: counts(case.brings))
