"""A graph without Load Temporal UNet runs, as it may be meant; the log says what it gives."""

import logging

import folder_paths
import pytest
import torch
from pack.magicanimate_core.weights.made_for import MadeFor
from pack.magicanimate_core.weights.published import PUBLISHED
from safetensors.torch import save_file


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


@pytest.fixture
def student(small, run, tmp_path, monkeypatch):
    """The small model's temporal layers as a distilled model's export has them: for 2 steps without guidance."""
    layers = torch.load(small.files.magicanimate / PUBLISHED["temporal_attention"], weights_only=True)
    layers = layers.get("state_dict", layers)
    header = MadeFor(2, "trailing", 1.0).header()
    save_file(
        {key: tensor.contiguous() for key, tensor in layers.items()}, tmp_path / "student.safetensors", metadata=header
    )
    paths, endings = folder_paths.folder_names_and_paths["magicanimate"]
    monkeypatch.setitem(folder_paths.folder_names_and_paths, "magicanimate", ([*paths, str(tmp_path)], endings))
    return run("MagicAnimateTemporalUNetLoader", model=small.shared_base, motion_module="student.safetensors")[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"steps": 3}, "asked for 3 steps of another schedule, cfg 1:"),
        ({"cfg": 7.5}, "asked for 2 steps, cfg 7.5:"),
        ({"scheduler": "official"}, "asked for 2 steps of another schedule, cfg 1:"),
    ],
)
def test_a_distilled_model_says_what_it_was_made_for(small, student, caplog, changes, words):
    """Once per run, where it is asked for something else; the model without the loader's layers says nothing."""
    caplog.set_level(logging.WARNING)
    small.animate(2, **{"model": student, "steps": 2, "cfg": 1.0, "scheduler": "trailing"} | changes)
    said = [record.getMessage() for record in caplog.records if "distilled" in record.getMessage()]
    assert len(said) == bool(words) and all(words in sentence for sentence in said)


def test_other_layers_say_nothing_of_a_distilled_models(small, student, caplog):
    """A second motion module takes the place of the first, and of what it was made for."""
    caplog.set_level(logging.WARNING)
    small.animate(2, model=small.temporal(student), steps=3, cfg=1.0)
    assert not any("distilled" in record.getMessage() for record in caplog.records)
