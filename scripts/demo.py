"""Animate a drawn person on a real ComfyUI server:  python -m scripts.demo [--full] [--size 128] [--frames 20] [--steps 4]

Sets up an environment, ComfyUI (found, or cloned) and model files of its own, runs workflows/photo_to_video.json and
writes out/demo/magicanimate.mp4 with a contact sheet. No trained weights can be shipped, so the models are RANDOM: what you
see is whether everything works, not what MagicAnimate can do. --full uses the full-size architecture (12 GB of memory).
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from .comfyui import PACK, Server
from .environment import comfyui_or_clone, run

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
        comfyui_or_clone()
        return run("scripts.demo", "--inside", *sys.argv[1:])
    video = animate(options)
    sheet = contact_sheet(video)
    print(
        f"Wrote {video} and {sheet}.\nThe weights are random, so the picture is noise. See README.md for the published ones."
    )
    return 0


def animate(options) -> Path:
    """Runs the workflow on a server; returns the path of the video."""
    base = OUT / ("full" if options.full else "tiny")
    workflow = json.loads((PACK / "workflows" / "api" / "photo_to_video.json").read_text())
    models = _models(base, options.full)
    for node in workflow.values():
        node["inputs"] |= {name: file for name, file in models.items() if name in node["inputs"]}
        node["inputs"] |= {name: options.size for name in ("width", "height") if name in node["inputs"]}
        node["inputs"] |= {"steps": options.steps} if "steps" in node["inputs"] else {}
    _inputs(base / "input", options)
    packs = (PACK,) if options.full else (PACK, PACK / "scripts" / "tiny_sd15")
    begin = time.monotonic()
    with Server(comfyui_or_clone(), base, packs=packs) as server:
        print(f"ComfyUI is up after {time.monotonic() - begin:.0f} s; animating ...", flush=True)
        begin = time.monotonic()
        (made,) = server.files(server.run(workflow, limit_s=7200))
        print(f"{options.frames} frames at {options.size} x {options.size}, {options.steps} steps: ", end="")
        print(f"{time.monotonic() - begin:.0f} s, peak memory {server.peak_memory() / 2**30:.1f} GiB")
    return Path(shutil.copy(made, OUT / "magicanimate.mp4"))


def _models(base: Path, full: bool) -> dict[str, str]:
    from magicanimate_core.architecture import SD15

    from . import random_weights

    if not (base / "models" / "magicanimate" / "temporal_attention" / "temporal_attention.ckpt").exists():
        print("Writing random weights ...", flush=True)
        random_weights.write(base / "models", SD15 if full else random_weights.TINY)
    return {"ckpt_name": "random_sd15.safetensors", "vae_name": "random_vae.safetensors"}


def _inputs(folder: Path, options) -> None:
    from . import sample_inputs

    sample_inputs.write(folder, size=max(256, options.size), frames=options.frames)
    if options.photo:
        shutil.copy(options.photo, folder / "reference.png")
    if options.pose:
        shutil.copy(options.pose, folder / "densepose.mp4")


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
