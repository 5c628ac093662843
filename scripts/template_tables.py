"""What the templates look like: groups and their nodes, notes, sizes, where model files come from."""

from typing import NamedTuple

WIDTH, NARROW, TITLE, GAP = 340, 290, 30, 16  # of nodes, of their titles, and between them; pixels at a zoom of 1
PADDING, GROUP_TITLE, BETWEEN = 14, 44, 24  # of groups
VIEW, CORNER = (1480, 870), (76, 104)  # what a screen of 1600 x 1000 shows beside the front end's own bars, and from where
COLOURS = {"1": "#3f789e", "2": "#8a6d3b", "3": "#3f9e5a", "4": "#8e3f9e"}  # of groups, by number
NOTE_COLOURS = ("#332922", "#593930")  # colours of a note and its ground

# Heights of nodes without their titles, previews included: of the larger of the front end's two renderers
HEIGHTS = {
    "CheckpointLoaderSimple": 102, "VAELoader": 62, "CLIPTextEncode": 112, "LoadImage": 324, "LoadVideo": 470,
    "GetVideoComponents": 114, "VAEDecode": 54, "CreateVideo": 110, "SaveVideo": 500, "GetImageSize": 90,
    "EmptyLatentImage": 110, "KSamplerSelect": 62, "CFGGuider": 102, "SamplerCustomAdvanced": 110, "KSampler": 270,
    "PreviewAny": 140, "PreviewImage": 330, "ImageScale": 170, "ImageStitch": 150, "ImageScaleBy": 90,
    "MagicAnimateTemporalUNetLoader": 86, "MagicAnimateAppearanceEncoderLoader": 86,
    "MagicAnimateDensePoseControlNetLoader": 86, "MagicAnimateAnimate": 884, "MagicAnimateDemoModel": 170,
    "MagicAnimateDemoInputs": 154, "MagicAnimateApplyReference": 220, "MagicAnimateContextWindows": 276,
    "MagicAnimateApplyPose": 250, "MagicAnimateSharedNoise": 150, "MagicAnimateScheduler": 160,
    "MagicAnimateDensePoseModelLoader": 86, "MagicAnimateDensePose": 130, "MagicAnimatePreparePose": 220,
    "MagicAnimateAlignPose": 170, "MagicAnimatePlan": 460, "MagicAnimateIPAdapterLoader": 86,
}  # fmt: skip

HUB = "https://huggingface.co"
MAGICANIMATE = f"{HUB}/zcxu-eric/MagicAnimate"


def _file(name: str, place: str, directory: str) -> dict[str, str]:
    """A model file as the front end wants to know it: the widget's value, where it is, and for which folder."""
    return {"name": name, "url": f"{place}/resolve/main/{name}", "directory": directory}


MODELS = {  # by loader
    "CheckpointLoaderSimple": _file(
        "v1-5-pruned-emaonly-fp16.safetensors", f"{HUB}/Comfy-Org/stable-diffusion-v1-5-archive", "checkpoints"
    ),
    "VAELoader": _file("vae-ft-mse-840000-ema-pruned.safetensors", f"{HUB}/stabilityai/sd-vae-ft-mse-original", "vae"),
    "MagicAnimateTemporalUNetLoader": _file("temporal_attention/temporal_attention.ckpt", MAGICANIMATE, "magicanimate"),
    "MagicAnimateAppearanceEncoderLoader": _file(
        "appearance_encoder/diffusion_pytorch_model.safetensors", MAGICANIMATE, "magicanimate"
    ),
    "MagicAnimateDensePoseControlNetLoader": _file(
        "densepose_controlnet/diffusion_pytorch_model.safetensors", MAGICANIMATE, "magicanimate"
    ),
}

NOTE_TITLES = dict.fromkeys(("files", "files_and_net", "densepose_net"), "Models")  # of notes; of the others: What this does


class Note(NamedTuple):
    """name: of its text, notes/NAME.md beside the workflows."""

    name: str
    height: int


class Group(NamedTuple):
    """title: what stands above. nodes: their numbers, and notes, from above."""

    title: str
    nodes: tuple[str | Note, ...]


class Template(NamedTuple):
    """title: its file name, and what people read in the list."""

    title: str
    groups: tuple[Group, ...]
    width: int = WIDTH  # of all nodes: narrower where there are more groups


LOADERS = ("1", "2", "3", "4", "5", Note("files", 330))
RESULT = Group("4 Result", ("12", "13", "14"))
TEMPLATES = {  # by the name of the API form
    "demo_dance": Template(
        "0 Demo dance, nothing to download",
        (
            Group("1 Choose these", (Note("demo_dance", 300), "2")),
            Group("2 Models, once", ("1",)),
            Group("3 Animate", ("3",)),
            Group("4 Result", ("4", "5", "6")),
            Group("4 Beside photo and pose", ("7", "8", "9", "10", "11")),
        ),
        NARROW,
    ),
    "photo_to_video": Template(
        "1 Photo to video",
        (
            Group("1 Choose these", (Note("photo_to_video", 250), "8", "9")),
            Group("2 Models, once", LOADERS),
            Group("3 Animate", ("11", "6", "7", "10")),
            RESULT,
        ),
    ),
    "video_to_densepose": Template(
        "2 Film to DensePose",
        (
            Group("1 Choose these", (Note("video_to_densepose", 330), "2")),
            Group("2 Models, once", ("1", Note("densepose_net", 250))),
            Group("3 Find the pose", ("3", "4", "5", "6")),
            Group("4 Result", ("9", "7", "8")),
        ),
    ),
    "photo_and_film_to_video": Template(
        "3 Photo and film to video",
        (
            Group("1 Choose these", (Note("photo_and_film_to_video", 300), "9", "10")),
            Group("2 Models, once", ("1", "2", "6", "3", "4", "5", Note("files_and_net", 400))),
            Group("3 Pose of both", ("11", "12", "13", "14", "15", "16", "17")),
            Group("3 Animate", ("19", "7", "8")),
            Group("4 Result", ("18", "20", "21", "22")),
        ),
        NARROW,
    ),
    "text_to_image_to_video": Template(
        "4 Prompt to video",
        (
            Group("1 Choose these", (Note("text_to_image_to_video", 220), "20", "21", "9")),
            Group("2 Models, once", LOADERS),
            Group("3 Draw the picture", ("22", "23", "24")),
            Group("3 Animate", ("11", "6", "7", "10")),
            RESULT,
        ),
        NARROW,
    ),
    "two_people": Template(
        "5 Two people",
        (
            Group("1 Choose these", (Note("two_people", 200), "8", "9")),
            Group("2 Models, once", LOADERS),
            Group("3 Animate", ("11", "6", "7", "10")),
            RESULT,
        ),
    ),
    "composed_graph": Template(
        "6 The parts one by one",
        (
            Group("1 Choose these", (Note("composed_graph", 260), "8", "9")),
            Group("2 Models, once", LOADERS),
            Group("3 Reference, windows, pose", ("30", "31", "32", "6", "7", "10")),
            Group("3 Animate", ("33", "34", "35", "36", "37", "38", "39")),
            RESULT,
        ),
        NARROW,
    ),
    "convert_densepose": Template(
        "7 DensePose in other colours",
        (
            Group("1 Choose these", (Note("convert_densepose", 300), "1")),
            Group("3 Convert and mend", ("2", "3", "4")),
            Group("4 Result", ("7", "5", "6")),
        ),
    ),
}
