"""Graphs of the host's nodes around ours, as users wire them; five frames in windows of four, small random models."""

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

FRAMES, LENGTH, OVERLAP, SIDE = 5, 4, 1, 8  # latents are 8 x 8
PADDED = 8


def same(model):
    return model


@dataclass
class Graph:
    """One animation with the host's SamplerCustomAdvanced; what a row of the table changes is an argument."""

    small: Any
    run: Callable
    seen: Counter = field(default_factory=Counter)

    def text(self, seed: int, frames: int = 1):
        """A CONDITIONING, one text or one per frame."""
        return [[torch.randn(frames, 77, 48, generator=torch.Generator().manual_seed(seed)), {}]]

    def latents(
        self, positive=None, negative=None, *, frames=FRAMES, base=None, before=same, after=same, image=None, poses=None,
        reference=True, posed=True, latent=None, steps=2, sigmas=None, cfg=7.5, seed=3, noise=None, guider=None,
        sampler="ddim", controls=None, **windows,
    ):  # fmt: skip
        """before, after: patches of the MODEL before Load Temporal UNet and after all of ours."""
        from comfy_extras.nodes_custom_sampler import CFGGuider, KSamplerSelect, SamplerCustomAdvanced

        small, run = self.small, self.run
        positive, negative = positive or self.text(1), negative or self.text(2)
        model = self.model(before, base, reference, image, **windows)
        if controls is not None:
            positive, negative = controls(positive, negative)
        if posed:
            poses = small.poses(frames) if poses is None else poses
            video = {"control_net": small.control_net, "pose_video": poses}
            positive, negative = run("MagicAnimateApplyPose", positive=positive, negative=negative, **video)
        model = after(model)
        sigmas = run("MagicAnimateScheduler", model=model, steps=steps)[0] if sigmas is None else sigmas
        noise = noise or run("MagicAnimateSharedNoise", noise_seed=seed, context_length=LENGTH)[0]
        latent = latent or {"samples": torch.zeros(frames, 4, SIDE, SIDE)}
        with torch.inference_mode():
            guided = (guider or CFGGuider.execute)(model, positive, negative, cfg)[0]
            out = SamplerCustomAdvanced.execute(noise, guided, KSamplerSelect.execute(sampler)[0], sigmas, latent)
        return out[0]["samples"]

    def model(self, before=same, base=None, reference=True, image=None, temporal=True, **windows):
        small, run = self.small, self.run
        plain = base is None and before is same
        model = small.shared_base if plain else before(base or small.shared_base)
        if temporal:
            model = small.temporal(None if plain else model)
        if reference:
            parts = {"appearance_encoder": small.encoder, "vae": small.vae, "width": 64, "height": 64}
            image = small.image() if image is None else image
            model = run("MagicAnimateApplyReference", model=model, reference_image=image, **parts)[0]
        settings = {"context_length": LENGTH, "context_overlap": OVERLAP} | windows
        return run("MagicAnimateContextWindows", model=model, **settings)[0]

    def predictions(self, *args, **kwargs):
        """Noise-free pictures (unconditional, conditional) in the middle of the schedule, each (F, 4, h, w)."""
        caught = []
        kwargs.setdefault("sigmas", self.run("MagicAnimateScheduler", model=self.small.temporal(), steps=2)[0][:2])

        def catch(options):
            caught.append((options["uncond_denoised"].clone(), options["cond_denoised"].clone()))
            return options["denoised"]

        outer = kwargs.pop("after", same)

        def after(model):
            model = outer(model).clone()
            model.set_model_sampler_post_cfg_function(catch)
            return model

        self.latents(*args, after=after, **kwargs)
        return caught[0]

    @contextmanager
    def counted(self):
        """Rows that go through ControlNet and encoder meanwhile."""
        nets = {"controlnet": self.small.control_net.control_model, "encoder": self.small.encoder.model.diffusion_model}
        rows: Counter = Counter()

        def count(name):
            return lambda _, args, kwargs: rows.update({name: len(kwargs["x"] if "x" in kwargs else args[0])})

        hooks = [net.register_forward_pre_hook(count(name), with_kwargs=True) for name, net in nets.items()]
        try:
            yield rows
        finally:
            for hook in hooks:
                hook.remove()


def node(module: str, name: str, **inputs):
    """Runs a node of the host, of either kind of interface; the first output."""
    import importlib

    cls = getattr(importlib.import_module(module), name)
    with torch.inference_mode():
        out = cls.execute(**inputs) if hasattr(cls, "define_schema") else getattr(cls(), cls.FUNCTION)(**inputs)
    return out[0]


def area(conditioning, width, height, x=0, y=0, strength=1.0):
    """In pixels."""
    at = {"width": width, "height": height, "x": x, "y": y}
    return node("nodes", "ConditioningSetArea", conditioning=conditioning, strength=strength, **at)


def masked(conditioning, mask, bounds=False, strength=1.0):
    """mask (n, 8, 8)"""
    where = "mask bounds" if bounds else "default"
    inputs = {"conditioning": conditioning, "mask": mask, "strength": strength}
    return node("nodes", "ConditioningSetMask", set_cond_area=where, **inputs)


def during(conditioning, start, end):
    return node("nodes", "ConditioningSetTimestepRange", conditioning=conditioning, start=start, end=end)


def hinted(small, hints, *, strength=1.0):
    """The host's own ControlNet node with a hint video (n, H, W, 3), for Graph.latents(controls=...)."""

    def apply(positive, negative):
        import nodes

        with torch.inference_mode():
            return nodes.ControlNetApplyAdvanced().apply_controlnet(
                positive, negative, small.control_net, hints, strength, 0.0, 1.0
            )

    return apply
