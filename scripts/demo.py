"""See a dance:  python -m scripts.demo [--dancer 2] [--motion 2] [--photo a.png] [--pose b.mp4]

Sets up an environment of its own, animates a drawn dancer along a DensePose clip with the small model in demo/, and writes
out/demo/magicanimate.mp4 with a contact sheet (photo, poses, result). Where a ComfyUI is found, the demo's template runs on
a real server of it; else, and for files of your own, the command line does the same.
--full runs workflows/api/photo_to_video.json in the full-size architecture instead, with RANDOM weights (16 GB of memory).
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

OUT, DEMO = PACK / "out" / "demo", PACK / "demo"
SIDE_BY_SIDE = "side_by_side"  # in the name of the film that shows photo and poses, too
SIZE = 192  # pixels that demo/weights are made for, as demo/train.yaml says


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dancer", type=int, default=2, help="which of demo/inputs (2)")
    parser.add_argument("--motion", type=int, default=2, help="which of demo/inputs (2)")
    parser.add_argument("--photo", type=Path, help="a picture of your own")
    parser.add_argument("--pose", type=Path, help="a DensePose clip of your own")
    parser.add_argument("--steps", type=int, help="denoising steps (the workflow's)")
    parser.add_argument("--size", type=int, default=256, help="with --full: pixels (256)")
    parser.add_argument("--full", action="store_true", help="full-size architecture, random weights")
    parser.add_argument("--command-line", action="store_true", help="also where a ComfyUI is found")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        return run("scripts.demo", "--inside", *sys.argv[1:])
    OUT.mkdir(parents=True, exist_ok=True)
    photo = options.photo or DEMO / "inputs" / f"dancer_{options.dancer}.png"
    pose = options.pose or DEMO / "inputs" / f"motion_{options.motion}.mp4"
    begin, host = time.monotonic(), find_comfyui()
    if options.full:
        photo, pose, video = full_size(host, options)
    elif host is None or options.command_line or options.photo or options.pose:
        video = on_command_line(photo, pose, options)
    else:
        video = on_comfyui(host, options)
    print(f"{time.monotonic() - begin:.0f} s. Wrote {video} and {contact_sheet(photo, pose, video)}.")
    return 0


def on_comfyui(host: Path, options) -> Path:
    """workflows/api/demo_dance.json on a server; returns the path of the video."""
    choices = {"dancer": f"dancer_{options.dancer}", "motion": f"motion_{options.motion}"}
    return run_workflow(host, "demo_dance", choices | ({"steps": options.steps} if options.steps else {}), OUT / "comfyui")


def on_command_line(photo: Path, pose: Path, options) -> Path:
    """`python -m magicanimate_core animate` with the demo model and the workflow's settings."""
    out, weights = OUT / "magicanimate.mp4", DEMO / "weights"
    animate = workflow_inputs("demo_dance", "MagicAnimateAnimate")
    command = [sys.executable, "-m", "magicanimate_core", "animate"]
    command += ["--base", weights / "base", "--magicanimate", weights / "magicanimate"]
    command += ["--reference", photo, "--pose", pose, "--out", out, "--width", SIZE, "--height", SIZE]
    command += ["--steps", options.steps or animate["steps"]]
    command += [part for name in ("cfg", "seed", "scheduler") for part in (f"--{name}", animate[name])]
    subprocess.run([str(part) for part in command], cwd=PACK, check=True)
    return out


def full_size(host: Path | None, options) -> tuple[Path, Path, Path]:
    """photo_to_video on a server, with random weights of Stable Diffusion 1.5's size. (photo, poses, video)."""
    from magicanimate_core.testing import inputs, random_weights
    from magicanimate_core.weights.architecture import SD15

    if host is None:
        raise SystemExit("--full needs a ComfyUI (COMFYUI_PATH, an enclosing custom_nodes, ~/comfy/ComfyUI).")
    base = OUT / "full"
    if not (base / "models" / "magicanimate" / "temporal_attention" / "temporal_attention.ckpt").exists():
        print("Writing random weights ...", flush=True)
        random_weights.write_models(base / "models", SD15)
    photo, pose = inputs.write_inputs(base / "input", size=max(256, options.size), frames=20)
    values = {"ckpt_name": "random_sd15.safetensors", "vae_name": "random_vae.safetensors", "steps": options.steps or 2}
    values |= {"width": options.size, "height": options.size}
    return photo, pose, run_workflow(host, "photo_to_video", values, base)


def run_workflow(host: Path, name: str, values: dict, base: Path) -> Path:
    """workflows/api/`name`.json with these inputs changed wherever they occur; returns the path of the video."""
    workflow = json.loads((PACK / "workflows" / "api" / f"{name}.json").read_text())
    for node in workflow.values():
        node["inputs"] |= {key: value for key, value in values.items() if key in node["inputs"]}
    with Server(host, base, packs=(PACK,)) as server:
        print(f"ComfyUI at {host} is up; animating ...", flush=True)
        made, *beside = sorted(server.files(server.run(workflow, limit_s=7200)), key=lambda path: SIDE_BY_SIDE in path.name)
        print(f"peak memory {server.peak_memory() / 2**30:.1f} GiB")
    for path in beside:
        shutil.copy(path, OUT / f"{SIDE_BY_SIDE}.mp4")
    return Path(shutil.copy(made, OUT / "magicanimate.mp4"))


def workflow_inputs(name: str, node: str) -> dict:
    nodes = json.loads((PACK / "workflows" / "api" / f"{name}.json").read_text()).values()
    return next(n["inputs"] for n in nodes if n["class_type"] == node)


def contact_sheet(photo: Path, pose: Path, video: Path, columns: int = 8, size: int = 192) -> Path:
    """The photo, then some poses above the frames made from them."""
    import cv2
    import numpy as np

    def shown(image):
        return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if image.shape[0] > size else cv2.INTER_CUBIC)

    poses, made = frames(pose), frames(video)
    chosen = np.linspace(0, len(made) - 1, columns).round().astype(int)
    rows = [np.hstack([shown(clip[min(i, len(clip) - 1)]) for i in chosen]) for clip in (poses, made)]
    left = np.vstack([shown(cv2.imread(str(photo))), np.zeros((size, size, 3), np.uint8)])
    path = video.with_suffix(".png")
    cv2.imwrite(str(path), np.hstack([left, np.vstack(rows)]))
    return path


def frames(video: Path) -> list:
    """All frames, (H, W, 3) BGR."""
    import av

    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


if __name__ == "__main__":
    sys.exit(main())
