"""Workflows, files and settings of the earlier MagicAnimate pack go on with ours."""

import json

import pytest

FORMER = {
    "old": {"class_type": "MagicAnimate", "inputs": {
        "magic_animate_model": ["nets", 0], "image": ["photo", 0], "pose_video": ["photo", 0],
        "seed": 3, "inference_steps": 7}},
    "nets": {"class_type": "MagicAnimateModelLoader", "inputs": {
        "controlnet": "densepose_controlnet/diffusion_pytorch_model.safetensors",
        "appearance_encoder": "appearance_encoder/diffusion_pytorch_model.safetensors",
        "motion_module": "temporal_attention/temporal_attention.ckpt", "device": "cuda"}},
    "photo": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
    "end": {"class_type": "SaveLatent", "inputs": {"samples": ["old", 0], "filename_prefix": "x"}},  # ours are latents
}  # fmt: skip


def test_every_replacement_names_inputs_that_there_are(server):
    info, replaced = server.get("/object_info"), server.get("/node_replacements")
    for old in ("MagicAnimateModelLoader", "MagicAnimate"):
        (replacement,) = replaced[old]
        node = info[replacement["new_node_id"]]
        known = {*node["input"]["required"], *node["input"].get("optional", {})}
        assert {entry["new_id"] for entry in replacement["input_mapping"]} <= known
        assert not replacement["output_mapping"] and len(node["output"]) == 1  # as the old one had


def test_a_former_workflow_says_what_of_ours_is_still_to_be_linked(server):
    prompt = {number: {**node, "_meta": {"title": number}} for number, node in FORMER.items()}  # as the front end sends it
    with pytest.raises(ValueError) as refused:
        server.post("/prompt", {"prompt": prompt, "client_id": "magicanimate"})
    errors = json.loads(str(refused.value))["node_errors"]
    missing = {number: {error["extra_info"]["input_name"] for error in node["errors"]} for number, node in errors.items()}
    assert errors["old"]["class_type"] == "MagicAnimateAnimate"
    assert errors["nets"]["class_type"] == "MagicAnimateTemporalUNetLoader" and missing["nets"] == {"model"}
    assert {"appearance_encoder", "control_net", "vae", "positive", "negative"} <= missing["old"]
    assert not missing["old"] & {"model", "reference_image", "pose_video", "seed", "steps"}
