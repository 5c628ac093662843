"""Animate a drawn person:  python -m scripts.demo [--full] [--size 128] [--frames 20] [--steps 4]

Sets up an environment and model files of its own and writes out/demo/magicanimate.mp4 with a contact sheet. Where a ComfyUI
is found, workflows/photo_to_video.json runs on a real server of it, else the command line. No trained weights can be shipped
yet, so the models are RANDOM (always the same): what you see is whether everything works, not what MagicAnimate can do.
--full uses the full-size architecture (16 GB of memory).
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .comfyui import PACK, Server, find_comfyui
from .environment import run

OUT = PACK / "out" / "demo"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="full-size architecture instead of a narrow one")
    for name, default in (("size", 128), ("frames", 20), ("steps", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--photo", type=Path, help="your own photo instead of the drawn one")
    parser.add_argument("--pose", type=Path, help="your own DensePose video instead of the drawn one")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        return run("scripts.demo", "--inside", *sys.argv[1:])
    base = OUT / ("full" if options.full else "tiny")
    write_models(base / "models", options.full)
    write_inputs(base / "input", options)
    comfyui = find_comfyui()
    video = on_comfyui(comfyui, base, options) if comfyui else on_command_line(base, options)
    sheet = contact_sheet(video)
    print(
        f"Wrote {video} and {sheet}.\nThe weights are random, so the picture is noise. See README.md for the published ones."
    )
    return 0


def write_models(folder: Path, full: bool) -> None:
    from magicanimate_core.architecture import SD15

    from . import random_weights

    if not (folder / "magicanimate" / "temporal_attention" / "temporal_attention.ckpt").exists():
        print("Writing random weights ...", flush=True)
        random_weights.write(folder, SD15 if full else random_weights.TINY)


def write_inputs(folder: Path, options) -> None:
    from . import sample_inputs

    sample_inputs.write(folder, size=max(256, options.size), frames=options.frames)
    if options.photo:
        shutil.copy(options.photo, folder / "reference.png")
    if options.pose:
        shutil.copy(options.pose, folder / "densepose.mp4")


def on_comfyui(comfyui: Path, base: Path, options) -> Path:
    """The workflow on a server; returns the path of the video."""
    workflow = json.loads((PACK / "workflows" / "api" / "photo_to_video.json").read_text())
    models = {"ckpt_name": "random_sd15.safetensors", "vae_name": "random_vae.safetensors"}
    for node in workflow.values():
        node["inputs"] |= {name: file for name, file in models.items() if name in node["inputs"]}
        node["inputs"] |= {name: options.size for name in ("width", "height") if name in node["inputs"]}
        node["inputs"] |= {"steps": options.steps} if "steps" in node["inputs"] else {}
    packs = (PACK,) if options.full else (PACK, PACK / "scripts" / "tiny_sd15")
    with Server(comfyui, base, packs=packs) as server:
        print(f"ComfyUI at {comfyui} is up; animating ...", flush=True)
        begin = time.monotonic()
        (made,) = server.files(server.run(workflow, limit_s=7200))
        print(f"{options.size} x {options.size}, {options.steps} steps: ", end="")
        print(f"{time.monotonic() - begin:.0f} s, peak memory {server.peak_memory() / 2**30:.1f} GiB")
    return Path(shutil.copy(made, OUT / "magicanimate.mp4"))


def on_command_line(base: Path, options) -> Path:
    """`python -m magicanimate_core animate` on the same files; returns the path of the video."""
    print("No ComfyUI found (COMFYUI_PATH, an enclosing custom_nodes, ~/comfy/ComfyUI): using the command line.", flush=True)
    out, models = OUT / "magicanimate.mp4", base / "models"
    command = [sys.executable, "-m", "magicanimate_core", "animate"]
    command += ["--base", models / "checkpoints" / "random_sd15.safetensors", "--magicanimate", models / "magicanimate"]
    command += ["--reference", base / "input" / "reference.png", "--pose", base / "input" / "densepose.mp4", "--out", out]
    command += ["--width", options.size, "--height", options.size, "--steps", options.steps]
    subprocess.run([str(part) for part in command], cwd=PACK, check=True)
    return out


def contact_sheet(video: Path, columns: int = 5) -> Path:
    """Some frames of the video side by side."""
    import av
    import cv2
    import numpy as np

    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    chosen = [frames[i] for i in np.linspace(0, len(frames) - 1, columns).round().astype(int)]
    path = video.with_suffix(".png")
    cv2.imwrite(str(path), np.hstack(chosen))
    return path


if __name__ == "__main__":
    sys.exit(main())
