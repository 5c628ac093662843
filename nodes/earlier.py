"""Nodes of the earlier MagicAnimate pack, and where it kept its files: old workflows open with ours in their place."""

import os

import folder_paths

from ..magicanimate_core.host.versions import replace_node

EARLIER_FOLDER, EARLIER_CATEGORY = "MagicAnimate", "magic_animate"  # in models/, and in extra_model_paths.yaml

REPLACED = (  # outputs keep their numbers: hosts fail over a map of outputs where both ends of a link are replaced
    {
        "old_node_id": "MagicAnimateModelLoader",  # opened all three files; its model is to be linked, as everywhere here
        "new_node_id": "MagicAnimateTemporalUNetLoader",
        "old_widget_ids": ["controlnet", "appearance_encoder", "motion_module", "device"],
        "input_mapping": [{"new_id": "motion_module", "old_id": "motion_module"}],
    },
    {
        "old_node_id": "MagicAnimate",
        "new_node_id": "MagicAnimateAnimate",
        "old_widget_ids": ["seed", "control_after_generate", "inference_steps"],
        "input_mapping": [
            {"new_id": "model", "old_id": "magic_animate_model"},
            {"new_id": "reference_image", "old_id": "image"},
            {"new_id": "pose_video", "old_id": "pose_video"},
            {"new_id": "seed", "old_id": "seed"},
            {"new_id": "steps", "old_id": "inference_steps"},
            {"new_id": "width", "set_value": 512},  # the only size it knew
            {"new_id": "height", "set_value": 512},
        ],
    },
)


async def replace() -> None:
    """Tells the host which of our nodes stand in for the old ones, where these are not installed."""
    for values in REPLACED:
        await replace_node(**values)


def folders() -> list[str]:
    """Lists the folders where the earlier pack kept model files: its own, if there is one, and those of its category."""
    own = os.path.join(folder_paths.models_dir, EARLIER_FOLDER)
    known = folder_paths.folder_names_and_paths.get(EARLIER_CATEGORY, ((), ()))[0]
    return [path for path in dict.fromkeys([own, *known]) if os.path.isdir(path)]
