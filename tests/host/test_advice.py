"""A graph without Load Temporal UNet runs, as it may be meant; the log says what it gives."""

import logging

import pytest
import torch


def warnings(caplog, model, text, frames: int) -> int:
    """How often a run says that the temporal blocks are missing."""
    import nodes

    caplog.clear()
    latent = {"samples": torch.zeros(frames, 4, 8, 8)}
    with torch.inference_mode(), caplog.at_level(logging.WARNING):
        nodes.KSampler().sample(model, 0, 2, 2.0, "euler", "normal", *text, latent)
    return sum(
        "no temporal blocks" in record.message and f"the {frames} frames" in record.message for record in caplog.records
    )


@pytest.fixture
def apply(small, run):
    """A composed graph without the temporal UNet, and with it."""

    def apply(model):
        parts = {"appearance_encoder": small.encoder, "vae": small.vae, "reference_image": small.image()}
        (model,) = run("MagicAnimateApplyReference", model=model, width=64, height=64, **parts)
        return run("MagicAnimateContextWindows", model=model, context_length=4, context_overlap=1)[0]

    return apply


def test_forgotten_temporal_unet_is_said_once_per_run(small, apply, caplog):
    model = apply(small.shared_base)
    assert [warnings(caplog, model, small.text, 4) for _ in range(2)] == [1, 1]


def test_a_still_image_needs_none(small, apply, caplog):
    assert warnings(caplog, apply(small.shared_base), small.text, 1) == 0


def test_the_order_of_nodes_does_not_matter(small, apply, caplog):
    assert warnings(caplog, apply(small.temporal()), small.text, 4) == 0
    assert warnings(caplog, small.temporal(apply(small.shared_base)), small.text, 4) == 0
