"""What people give to `animate --method`, and what must come of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from pack.magicanimate_core.testing.image_prompts import (
    attention_shapes,
    full_face_adapter,
    plain_adapter,
    plus_adapter,
    write_adapter,
    write_image_encoder,
)
from pack.magicanimate_core.testing.tiny import SHAPE
from pack.tests.doors.table import Case, Refused
from safetensors.torch import save_file
from torch import Tensor

IPA = ("--method", "ipa_controlnet", "--ip-adapter", "DIR/adapter.safetensors", "--image-encoder", "DIR/encoder")
VIDEO = ("--method", "ipa_controlnet_video", *IPA[2:])
GOOD = ("--reference", "DIR/me.png", "--pose", "DIR/dance.mp4", "--out", "DIR/out.mp4")
BASE = ("--base", "DIR/base")


def typed(*words: str) -> Callable[[Path], list[str]]:
    """A command line. DIR stands for its folder."""
    return lambda folder: [word.replace("DIR", str(folder)) for word in (*GOOD, *words)]


def listed(**changes: object) -> Callable[[Path], list[str]]:
    """A job file of one job, changed."""

    def bring(folder: Path) -> list[str]:
        job = {"reference": f"{folder}/me.png", "pose": f"{folder}/dance.mp4", "out": f"{folder}/out.mp4"}
        for name, value in changes.items():
            job[name] = value.replace("DIR", str(folder)) if isinstance(value, str) else value
        (folder / "jobs.jsonl").write_text(json.dumps(job))
        return [word.replace("DIR", str(folder)) for word in ("--jobs", "DIR/jobs.jsonl", *BASE)]

    return bring


def both(*methods: str, **values: object) -> Callable[[Path], list[str]]:
    """A job file of a job for each method, all with the same options."""

    def bring(folder: Path) -> list[str]:
        job = {"reference": f"{folder}/me.png", "pose": f"{folder}/dance.mp4"} | values
        lines = [job | {"out": f"{folder}/{n}.mp4", "method": method} for n, method in enumerate(methods)]
        (folder / "jobs.jsonl").write_text("\n".join(map(json.dumps, lines)))
        return ["--jobs", f"{folder}/jobs.jsonl", "--base", f"{folder}/base"]

    return bring


def ordered(**values: object) -> Callable[[list], None]:
    def check(jobs: list) -> None:
        for name, value in values.items():
            held = jobs[0].animator if hasattr(jobs[0].animator, name) else jobs[0]
            assert getattr(held, name) == value or str(getattr(held, name)).endswith(str(value))

    return check


ORDERS = [
    Case("nothing more than before", typed(*BASE), ordered(method="magicanimate", ip_adapter=None)),
    Case("the default by its name", typed(*BASE, "--method", "magicanimate"), ordered(method="magicanimate")),
    Case("IPA+CtrlN", typed(*BASE, *IPA), ordered(method="ipa_controlnet", ip_adapter="adapter.safetensors")),
    Case("the photo repeated, without a base model", typed("--method", "repeat"), ordered(method="repeat")),
    Case("the photo warped, without a base model", typed("--method", "warp", "--reference-pose", "DIR/pose.png"),
         ordered(reference_pose="pose.png")),
    Case("a weaker IP-Adapter", typed(*BASE, *IPA, "--ip-adapter-scale", "0.5"), ordered(ip_adapter_scale=0.5)),
    Case("a job file's own method", listed(method="repeat"), ordered(method="repeat")),
    Case("a job file's own files", listed(method="ipa_controlnet_video", ip_adapter="DIR/adapter.safetensors",
         image_encoder="DIR/encoder", ip_adapter_scale=0), ordered(image_encoder="encoder", ip_adapter_scale=0)),
    Case("MagicAnimate without a base model", typed(), Refused("method magicanimate needs --base")),
    Case("IPA+CtrlN without a base model", typed(*IPA), Refused("method ipa_controlnet needs --base")),
    Case("no IP-Adapter", typed(*BASE, *IPA[:2], *IPA[4:]), Refused("needs --ip-adapter: .*h94/IP-Adapter on Hugging Face")),
    Case("no image encoder", typed(*BASE, *IPA[:4]), Refused("needs --image-encoder: .*models/image_encoder of h94/IP-Ada")),
    Case("no image encoder of CLIP's own", typed(*BASE, "--method", "clip_image"), Refused("openai/clip-vit-large-patch14")),
    Case("no pose of the photo", typed("--method", "warp"), Refused("needs --reference-pose: .* pose photo.png")),
    Case("an IP-Adapter that is not there", typed(*BASE, *IPA, "--ip-adapter", "DIR/none.bin"), Refused(
         "--ip-adapter .*none.bin does not exist; expected an IP-Adapter for Stable Diffusion 1.5")),
    Case("an IP-Adapter that is a folder", typed(*BASE, *IPA, "--ip-adapter", "DIR/encoder"), Refused("does not exist")),
    Case("an image encoder that is a file", typed(*BASE, *IPA, "--image-encoder", "DIR/me.png"), Refused("does not exist")),
    Case("a photo's pose that is not there", typed("--method", "warp", "--reference-pose", "DIR/x.png"), Refused(
         "--reference-pose .*x.png does not exist")),
    Case("an IP-Adapter for nothing", typed(*BASE, *IPA[2:4]), Refused(
         "--ip-adapter is given, which method magicanimate does not use: leave it out, or choose --method ipa_")),
    Case("an image encoder for nothing", typed("--method", "repeat", *IPA[4:]), Refused("--image-encoder is given, which")),
    Case("a photo's pose for nothing", typed(*BASE, "--reference-pose", "DIR/pose.png"), Refused("choose --method warp")),
    Case("a scale for nothing", typed(*BASE, "--ip-adapter-scale", "0.5"), Refused("ip_adapter_scale is 0.5, but method m")),
    Case("one pose for two photos", typed("--method", "warp", "--reference-pose", "DIR/pose.png", "--reference",
         "DIR/me.png", "DIR/you.png", "--out", "DIR/out"), Refused("--reference-pose shows one photo, but there are 2")),
    Case("a photo's pose that would be overwritten", typed("--method", "warp", "--reference-pose", "DIR/out.mp4"), Refused(
         "out .*out.mp4 is also an input")),
    Case("latents of pixels", typed("--method", "repeat", "--latents"), Refused("method repeat has no latents to keep")),
    Case("words for pixels", typed("--method", "repeat", "--prompt", "a cat"), Refused("method repeat takes no words")),
    Case("single frames as single frames", typed(*BASE, *IPA, "--no-temporal-attention"), Refused(
         "temporal_attention is False, but method ipa_controlnet does not look at it: leave it out.$")),
    Case("seams of windows that have none", typed(*BASE, *IPA, "--fuse-method", "none"), Refused(
         "fuse_method is none, but method ipa_controlnet does not")),
    Case("other windows of single frames", typed(*BASE, *IPA, "--context-schedule", "paper"), Refused(
         "context_schedule is paper, but")),
    Case("single frames of windows", typed(*BASE, *VIDEO, "--no-temporal-attention"), ordered(
         method="ipa_controlnet_video")),
    Case("fewer steps for single frames", typed(*BASE, *IPA, "--steps", "9"), ordered(method="ipa_controlnet")),
    Case("longer noise for single frames", typed(*BASE, *IPA, "--context-length", "24"), ordered(method="ipa_controlnet")),
    Case("less work for single frames", typed(*BASE, *IPA, "--preset", "fast"), ordered(method="ipa_controlnet")),
    Case("a seed for pixels", typed("--method", "repeat", "--seed", "7"), Refused(
         "seed is 7, but method repeat does not look at it: leave it out.$")),
    Case("steps for pixels", typed("--method", "warp", "--reference-pose", "DIR/pose.png", "--steps", "9"), Refused(
         "steps is 9, but method warp does")),
    Case("less work for pixels", typed("--method", "repeat", "--preset", "draft"), Refused(
         "steps is 4, but method repeat does not look at it: leave it out, or the preset that says so")),
    Case("a size for pixels", typed("--method", "repeat", "--width", "64", "--fit", "pad"), ordered(method="repeat")),
    Case("other colours for pixels", typed("--method", "repeat", "--pose-colours", "any"), ordered(method="repeat")),
    Case("steps in a line of pixels", listed(method="repeat", steps=9), Refused("steps is 9, but method repeat")),
    Case("options for one of two methods", both("magicanimate", "repeat", steps=9), ordered(method="magicanimate")),
    Case("single frames for one of two methods", both("magicanimate", "repeat", temporal_attention=False), ordered(
         method="magicanimate")),
    Case("options for neither of two methods", both("repeat", "repeat", steps=9), Refused("steps is 9, but method repeat")),
    Case("a job file's unknown method", listed(method="disco"), Refused("line 1 .*: method is disco; expected one of")),
    Case("a job file's method that is no word", listed(method=1), Refused("line 1 .*: method is 1; expected a word")),
    Case("a scale below nothing", listed(method="repeat", ip_adapter_scale=-1), Refused("ip_adapter_scale is -1; expect")),
    Case("a file that is no path", listed(method="warp", reference_pose=5), Refused("line 1 .* has reference_pose 5")),
    Case("a name of the inside", listed(animator="warp"), Refused("line 1 .* has an unknown option: animator")),
]  # fmt: skip

SDXL = replace(SHAPE, context_width=2048)
NARROW = replace(SHAPE, widths=(32, 32, 64, 64))


def changed(tensors: dict[str, Tensor], **parts: Tensor | None) -> dict[str, Tensor]:
    """Tensors with some replaced, or left out (None). Underscores stand for dots."""
    names = {name.replace("__", "."): value for name, value in parts.items()}
    return {key: value for key, value in (tensors | names).items() if value is not None}


def file(name: str, make: Callable[[], dict[str, Tensor]]) -> Callable[[Path], Path]:
    return lambda folder: write_adapter(folder / name, make())


def face_id() -> dict[str, Tensor]:
    """ip-adapter-faceid_sd15: a face net's vector, and LoRAs for the UNet."""
    text = SHAPE.context_width
    projection = {"proj.0.weight": (64, 32), "proj.2.weight": (4 * text, 64), "norm.weight": (text,), "norm.bias": (text,)}
    tensors = {f"image_proj.{key}": torch.zeros(size) for key, size in projection.items()}
    lora = {"ip_adapter.0.to_k_lora.down.weight": torch.zeros(4, 32)}
    return tensors | lora | {key: torch.zeros(size) for key, size in attention_shapes(SHAPE).items()}


def cut(folder: Path) -> Path:
    path = file("adapter.safetensors", plain_adapter)(folder)
    path.write_bytes(path.read_bytes()[:-100])
    return path


class Payload:
    def __reduce__(self):
        return (print, ("I run",))


def bytes_of(name: str, write: Callable[[Path], object]) -> Callable[[Path], Path]:
    def bring(folder: Path) -> Path:
        write(folder / name)
        return folder / name

    return bring


def is_pooled(pooled: bool) -> Callable[[object], None]:
    def check(prompt) -> None:
        assert prompt.adapter.pooled is pooled

    return check


HALF_A_HEAD = {"to_q": (32, 128), "to_kv": (64, 128), "to_out": (128, 32)}
OTHER = "expected an IP-Adapter for Stable Diffusion 1.5"
ADAPTERS = [
    Case("ip-adapter_sd15", file("a.safetensors", plain_adapter), is_pooled(True)),
    Case("ip-adapter_sd15, pickled", file("a.bin", plain_adapter), is_pooled(True)),
    Case("ip-adapter-plus_sd15, pickled", file("a.bin", plus_adapter), is_pooled(False)),
    Case("ip-adapter-plus_sd15", file("a.safetensors", plus_adapter), is_pooled(False)),
    Case("ip-adapter-full-face_sd15", file("a.bin", full_face_adapter), is_pooled(False)),
    Case("one of SDXL", file("ip-adapter_sdxl.bin", lambda: plain_adapter(SDXL)), Refused(
        "ip-adapter_sdxl.bin looks like an IP-Adapter of SDXL width .2048.; " + OTHER)),
    Case("one of a narrower base model", file("a.bin", lambda: plain_adapter(NARROW)), Refused("of another shape")),
    Case("FaceID", file("faceid.bin", face_id), Refused("faceid.bin is a FaceID adapter.*; " + OTHER)),
    Case("FaceID without its LoRAs", file("faceid.bin", lambda: changed(face_id(), **{
        "ip_adapter__0__to_k_lora__down__weight": None})), Refused("is a FaceID adapter")),
    Case("one for a larger image encoder", file("vit-G.bin", lambda: plain_adapter(embedding=1280)), Refused(
        "vit-G.bin reads 1280 numbers of a photo, .* gives 40: take the image encoder")),
    Case("plus, for a larger image encoder", file("a.bin", lambda: plus_adapter(hidden=128)), Refused("gives 64")),
    Case("layers missing", file("a.bin", lambda: changed(plain_adapter(), **{
        "ip_adapter__1__to_k_ip__weight": None})), Refused("1 missing")),
    Case("a bias missing", file("a.bin", lambda: changed(plain_adapter(), image_proj__proj__bias=None)), Refused(
        "is damaged|1 missing")),
    Case("a projection of another width", file("a.bin", lambda: changed(plain_adapter(),
        image_proj__proj__weight=torch.zeros(400, 40))), Refused("is damaged: its image tokens are 100 wide")),
    Case("a matrix that is a vector", file("a.bin", lambda: changed(plain_adapter(),
        image_proj__proj__weight=torch.zeros(4))), Refused("is damaged")),
    Case("keys that are a number", file("a.bin", lambda: changed(plain_adapter(), ip_adapter__1__to_k_ip__weight=torch.zeros(
        ()))), Refused("is damaged")),
    Case("a resampler with half a head", file("a.bin", lambda: changed(plus_adapter(), **{
        f"image_proj.layers.{i}.0.{name}.weight": torch.zeros(size) for i in range(4) for name, size in HALF_A_HEAD.items()
        })), Refused("is damaged")),
    Case("an unknown projection", file("a.bin", lambda: changed(plain_adapter(), image_proj__proj__weight=None,
        image_proj__mlp__weight=torch.zeros(3))), Refused("of an unknown kind")),
    Case("the projection alone", file("a.bin", lambda: {k: v for k, v in plain_adapter().items() if "proj." in k}),
         Refused("looks like something else .*; " + OTHER)),
    Case("a LoRA", bytes_of("l.safetensors", lambda path: save_file({"x.lora_up.weight": torch.zeros(2)}, path)), Refused(
        "looks like a LoRA; " + OTHER)),
    Case("cut short", cut, Refused("is cut short")),
    Case("empty", bytes_of("a.safetensors", Path.touch), Refused("is empty")),
    Case("a web page", bytes_of("a.bin", lambda path: path.write_text("<!DOCTYPE html>")), Refused("is a web page")),
    Case("a Git LFS pointer", bytes_of("a.bin", lambda path: path.write_text("version https://git-lfs.github.com/spec/v1")),
         Refused("is a Git LFS pointer")),
    Case("a file that runs code", bytes_of("a.bin", lambda path: torch.save({"image_proj": Payload()}, path)), Refused(
        "asks to run .* while it loads")),
    Case("a list", bytes_of("a.bin", lambda path: torch.save([torch.zeros(2)], path)), Refused(OTHER)),
    Case("no file", lambda folder: folder / "none.bin", Refused("none.bin is no file; " + OTHER)),
]  # fmt: skip


def without(name: str) -> Callable[[Path], Path]:
    def bring(folder: Path) -> Path:
        path = write_image_encoder(folder / "encoder")
        (path / name).unlink()
        return path

    return bring


ENCODERS = [
    Case("the one that belongs to it", lambda folder: write_image_encoder(folder / "e"), is_pooled(True)),
    Case("one of another width", lambda folder: write_image_encoder(folder / "e", projection=48), Refused(
        "reads 40 numbers of a photo, .*e gives 48")),
    Case("a folder without config.json", without("config.json"), Refused("has no config.json; expected CLIP's image model")),
    Case("a folder without weights", without("model.safetensors"), Refused("has no weights")),
    Case("no folder", lambda folder: folder / "none", Refused("none is no folder; expected CLIP's image model")),
]  # fmt: skip
