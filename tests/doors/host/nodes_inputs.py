"""Prompts with one thing wrong, and the prompts beside them that are right."""

from functools import partial

import numpy as np
import torch
from pack.magicanimate_core.media.densepose import paint
from pack.tests.doors.host import prompts
from pack.tests.doors.table import Case, Refused

ANIMATE = {
    "seed": 0, "steps": 2, "cfg": 7.5, "sampler_name": "ddim", "scheduler": "official", "pose_strength": 1.0,
    "context_length": 16, "context_overlap": 4, "context_schedule": "official", "fuse_method": "flat",
    "shared_noise": True, "width": 0, "height": 0,
}  # fmt: skip
MODELS = ("model", "appearance_encoder", "control_net", "vae", "positive", "negative")
PICTURES = ("reference_image", "pose_video")


def animate(**changes):
    return prompts.prompt("MagicAnimateAnimate", MODELS + PICTURES, **ANIMATE | changes)


def windows(**changes):
    values = {name: ANIMATE[name] for name in ("context_length", "context_overlap", "context_schedule", "fuse_method")}
    return prompts.prompt("MagicAnimateContextWindows", ("model",), **values | changes)


def plan(sockets=PICTURES, **changes):
    values = {name: ANIMATE[name] for name in ("context_length", "context_overlap", "context_schedule", "fuse_method")}
    return prompts.prompt("MagicAnimatePlan", sockets, **values | changes)


def pose(**changes):
    sockets = ("positive", "negative", "control_net", "pose_video")
    values = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0}
    return prompts.prompt("MagicAnimateApplyPose", sockets, **values | changes)


def reference(**changes):
    sockets = ("model", "appearance_encoder", "vae", "reference_image")
    return prompts.prompt("MagicAnimateApplyReference", sockets, **{"width": 512, "height": 512} | changes)


def scheduler(**changes):
    return prompts.prompt("MagicAnimateScheduler", ("model",), **{"steps": 25, "denoise": 1.0} | changes)


def accepted(found):
    assert found in ({}, None)


QUEUED = [  # out: the one error's input, and words of it
    Case(f"{what} in {node}", partial(make, **values), Refused(f"^{name}: .*{words}"))
    for what, name, words, values, makers in [
        ("an overlap as long as the window", "context_overlap", r"must lie in 0\.\.15", {"context_overlap": 16}, "AWV"),
        ("an overlap longer than a short window", "context_overlap", r"must lie in 0\.\.7",
         {"context_length": 8, "context_overlap": 12}, "AWV"),
        ("an overlap that no window has", "context_overlap", "expected 0 to 127", {"context_overlap": 200}, "AW"),
        ("an overlap below 0", "context_overlap", "expected 0 to 127", {"context_overlap": -1}, "AW"),
        ("a window too long", "context_length", "bigger than max of 128", {"context_length": 129}, "AW"),
        ("an empty window", "context_length", "smaller than min of 1", {"context_length": 0, "context_overlap": 0}, "AV"),
        ("too wide", "width", "bigger than max of 16384", {"width": 16400}, "AR"),
        ("too high", "height", "bigger than max of 16384", {"height": 16400}, "AR"),
        ("below no width", "width", "smaller than min of 0", {"width": -8}, "AR"),
        ("more steps than timesteps", "steps", "bigger than max of 999", {"steps": 1000}, "ASV"),
        ("no steps", "steps", "smaller than min of 1", {"steps": 0}, "AS"),
        ("too strong a pose", "pose_strength", "bigger than max of 10", {"pose_strength": 11.0}, "A"),
        ("too strong a pose", "strength", "bigger than max of 10", {"strength": 11.0}, "P"),
        ("an end before the start", "end_percent", "swap them", {"start_percent": 0.9, "end_percent": 0.1}, "P"),
        ("an end after the end", "end_percent", "expected 0 to 1", {"end_percent": 1.5}, "P"),
        ("a start after the end", "start_percent", "bigger than max of 1", {"start_percent": 1.5}, "P"),
        ("colours that nobody knows", "pose_colours", "not in .*densepose.*any", {"pose_colours": "blue"}, "AP"),
        ("no schedule of ours", "context_schedule", "not in", {"context_schedule": "ring"}, "AWV"),
    ]
    for node, make in {"A": animate, "W": windows, "P": pose, "R": reference, "S": scheduler, "V": plan}.items()
    if node in makers
] + [
    Case("as it should be", animate, accepted),
    Case("a plan as it should be", plan, accepted),
    Case("a linked overlap", partial(animate, context_overlap=["whole"]), accepted),
    Case("a linked length", partial(animate, context_length=["whole"]), accepted),
    Case("a linked start", partial(pose, start_percent=["share"], end_percent=0.1), accepted),
    Case("start and end together", partial(pose, start_percent=0.5, end_percent=0.5), accepted),
    Case("workflows of before pose_colours", partial(windows, windows_per_batch=2), accepted),
]  # fmt: skip


def drawn(frames: int = 3, size: int = 16):
    """DensePose in MagicAnimate's colours, (F, H, W, 3)."""
    parts = np.random.default_rng(0).integers(0, 25, (frames, size, size))
    return torch.from_numpy(paint(parts)).float() / 255


def film(frames: int = 3, channels: int = 3):
    return torch.rand(frames, 16, 16, channels, generator=torch.Generator().manual_seed(0)) * 0.9 + 0.05


def skeleton():
    """Bright lines on black."""
    frames = torch.zeros(3, 64, 64, 3)
    frames[:, 10:50, 30:32, 0], frames[:, 20:22, 10:50, 2] = 1, 1
    return frames


OPTIONS = [  # nothing at all is computed
    Case("an overlap as long as the window", partial(animate, context_overlap=16), Refused("context_overlap is 16")),
    Case("windows alone", partial(windows, context_overlap=16), Refused("context_overlap is 16")),
    Case("a plan", partial(plan, context_overlap=16), Refused("context_overlap is 16")),
    Case("a plan of no multiple of 8", partial(plan, width=60), Refused("width is 60; expected a multiple of 8")),
    Case("no multiple of 8", partial(animate, width=60), Refused("width is 60; expected a multiple of 8")),
    Case("no multiple of 8 high", partial(reference, height=60), Refused("height is 60; expected a multiple of 8")),
    Case("the other way round", partial(pose, start_percent=0.9, end_percent=0.1), Refused("swap them")),
    Case("a loop that is one", partial(animate, closed_loop=True), Refused("closed_loop .* looped_uniform")),
    Case("a loop of straight windows", partial(windows, closed_loop=True, context_schedule="standard_static"),
         Refused("closed_loop .* looped_uniform")),
    Case("strides of our windows", partial(windows, context_stride=2), Refused("context_stride .* uniform")),
]  # fmt: skip
LINKED = [  # only the number is computed
    Case("a plan's overlap", partial(plan, context_overlap=["whole"]), Refused("context_overlap is 60")),
    Case("an overlap", partial(animate, context_overlap=["whole"]), Refused("context_overlap is 60")),
    Case("a width", partial(animate, width=["whole"]), Refused("width is 60; expected a multiple of 8")),
    Case("a height", partial(reference, height=["whole"]), Refused("height is 60; expected a multiple of 8")),
    Case("a length", partial(windows, context_length=["whole"], context_overlap=64), Refused("context_overlap is 64")),
    Case("a start", partial(pose, start_percent=["share"], end_percent=0.1), Refused("swap them")),
]
BAD_PICTURES = [  # the pictures are computed, no model is
    Case("a film as pose video", lambda: (animate(), {"pose_video": film()}), Refused("pose_video is not DensePose.*any")),
    Case("a film for Apply Pose", lambda: (pose(), {"pose_video": film()}), Refused("pose_video is not DensePose.*any")),
    Case("a skeleton", lambda: (animate(), {"pose_video": skeleton()}), Refused("an OpenPose skeleton.*any")),
    Case("red for blue", lambda: (animate(), {"pose_video": drawn().flip(-1)}), Refused("BGR: swap red and blue")),
    Case("black frames", lambda: (pose(), {"pose_video": torch.zeros(4, 16, 16, 3)}), Refused("black frames")),
    Case("poses of nan", lambda: (pose(), {"pose_video": drawn() * float("nan")}), Refused("no numbers")),
    Case("an empty clip", lambda: (animate(), {"pose_video": drawn()[:0]}), Refused("pose_video is empty")),
    Case("poses with alpha", lambda: (pose(), {"pose_video": film(channels=4)}), Refused("alpha channel")),
    Case("two photos", lambda: (animate(), {"reference_image": film(2)}), Refused("batch of 2 images")),
    Case("a photo with alpha", lambda: (reference(), {"reference_image": film(1, 4)}), Refused("alpha channel")),
    Case("a film where half is poses", lambda: (pose(), {"pose_video": torch.cat([drawn(1), film(15)])}),
         Refused("expected 25% and more")),
]  # fmt: skip
GOOD_PICTURES = [  # models are asked for
    Case("DensePose", lambda: (animate(), {}), accepted),
    Case("DensePose for Apply Pose", lambda: (pose(), {}), accepted),
    Case("anything, by the option", lambda: (animate(pose_colours="any"), {"pose_video": film()}), accepted),
    Case("anything for Apply Pose", lambda: (pose(pose_colours="any"), {"pose_video": film()}), accepted),
    Case("poses that are switched off", lambda: (animate(pose_strength=0.0), {"pose_video": film()}), accepted),
    Case("strength 0", lambda: (pose(strength=0.0), {"pose_video": film()}), accepted),
    Case("a plan", lambda: (plan(), {}), accepted),
    Case("a plan without a photo", lambda: (plan(("pose_video",)), {}), accepted),
    Case("a plan of a film, which is only drawn", lambda: (plan(), {"pose_video": film()}), accepted),
    Case("a faded clip", lambda: (pose(), {"pose_video": drawn() * 0.95 + 0.02}), accepted),
    Case("a few frames without anybody", lambda: (pose(), {"pose_video": torch.cat([drawn(9), film(3)])}), accepted),
]  # fmt: skip
