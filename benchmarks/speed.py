"""What less work costs: every way to take work off a run, its counted work and its price on held-out dancers.

    python -m benchmarks.speed --out DIR [--comfyui PATH] [--dancers 8] [--frames 32] [--rows NAME ...]

Work is counted for SD 1.5 at 512 x 512, 96 frames, cfg 7.5 (the formula of Preview the Plan, which is that of
benchmarks.flops). The price is measured with the demo model, through the Animate node: `person` is the mean L1 distance
(0..255) to the true frames on the person in photo and frame, `change` the error of the change from frame to frame, both with
the difference to `published` on the same dancers and its bootstrap interval. The demo model is guided at cfg 1.5, where it
is best at 25 steps. It is small, and its pictures are decided early: it says which ways break something, not what they cost
with the published weights.

DIR/speed.json is added to after each row; rows that are there already with the same dancers are not made again.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from magicanimate_core.presets import AS_PUBLISHED, PRESETS
from scripts.comfyui import find_comfyui

from .demo_quality import Dancer, held_out
from .host import Host
from .report import table

DEMO_CFG = 1.5
TRAILING, NO_OVERLAP = {"scheduler": "trailing"}, {"context_overlap": 0}
ROWS: Mapping[str, Mapping[str, Any]] = {
    AS_PUBLISHED: {},
    "no overlap": NO_OVERLAP,
    "no overlap, moving": NO_OVERLAP | {"move_windows": True},
    "guidance left out at both ends": {"guidance_start": 0.2, "guidance_end": 0.7},
    "guidance left out early": {"guidance_start": 0.5},
    "guidance left out late": {"guidance_end": 0.5},
    "guidance every 2nd step": {"guidance_every": 2},
    "guidance every 4th step": {"guidance_every": 4},
    "12 steps": TRAILING | {"steps": 12},
    "8 steps": TRAILING | {"steps": 8},
    "6 steps": TRAILING | {"steps": 6},
    "4 steps": TRAILING | {"steps": 4},
    "12 steps, official timesteps": {"steps": 12},
    "10 steps, align_your_steps": {"steps": 10, "scheduler": "align_your_steps"},
    "6 steps, align_your_steps": {"steps": 6, "scheduler": "align_your_steps"},
    "12 steps, dpmpp_2m": TRAILING | {"steps": 12, "sampler_name": "dpmpp_2m"},
    "6 steps, dpmpp_2m": TRAILING | {"steps": 6, "sampler_name": "dpmpp_2m"},
} | {name: values for name, values in PRESETS.items() if name != AS_PUBLISHED}


def tflop(options: Mapping[str, Any]) -> float:
    """Returns the counted work of a run with these inputs of Animate, for samplers that evaluate once a step."""
    from magicanimate_core.host.options import HostSettings
    from magicanimate_core.host.sliding import windows_of_steps
    from magicanimate_core.method.windows import padded_length
    from magicanimate_core.plan.plan import make_plan

    settings, frames = HostSettings(**options), 96
    total = padded_length(settings.context_schedule, frames, settings.context_length)
    layouts = windows_of_steps(settings, total, settings.steps)
    return make_plan(frames, (512, 512), layouts, windows=settings, sampling=settings).flop() / 1e12


class DemoModel:
    """The demo model in the ComfyUI of this process."""

    def __init__(self, comfyui: Path) -> None:
        self.run = Host(comfyui, "--cpu", "--use-pytorch-cross-attention").run
        names = ("model", "appearance_encoder", "control_net", "vae", "positive", "negative")
        self.parts = dict(zip(names, self.run("MagicAnimateDemoModel"), strict=True))

    def animate(self, case: Dancer, options: Mapping[str, Any]) -> np.ndarray:
        """Returns the frames that Animate makes of a held-out dancer, (F, H, W, 3) uint8."""
        import torch

        image, poses = (torch.from_numpy(pixels).float() / 255 for pixels in (case.reference[None], case.poses))
        given = {"reference_image": image, "pose_video": poses, "seed": 1, "cfg": DEMO_CFG, "steps": 25, **options}
        (latents,) = self.run("MagicAnimateAnimate", **self.parts, **given)
        (frames,) = self.run("VAEDecode", samples=latents, vae=self.parts["vae"])
        return (frames.numpy() * 255).round().astype(np.uint8)


def price(model: DemoModel, cases: list[Dancer], options: Mapping[str, Any]) -> dict[str, list[float]]:
    """Returns the errors of every dancer, as inputs of Animate make them."""
    from magicanimate_core.evaluation.metrics import change_l1, person_l1

    made = [model.animate(case, options) for case in cases]
    return {
        "person": [person_l1(frames, case.frames, case.region) for frames, case in zip(made, cases, strict=True)],
        "change": [change_l1(frames, case.frames) for frames, case in zip(made, cases, strict=True)],
    }


def row(name: str, options: Mapping[str, Any], each: dict[str, list[float]]) -> dict[str, Any]:
    """Returns a row of speed.json. each: a dancer's errors, by name."""
    work = tflop(options)
    person, change = (float(np.mean(each[what])) for what in ("person", "change"))
    return {
        "name": name, "options": dict(options), "tflop": work, "ratio": work / tflop({}), "person_l1": person,
        "change": change, "each": each,
    }  # fmt: skip


def against(row: dict, published: dict, what: str) -> str:
    """Returns by how many per cent a row is above the published settings, with the interval over dancers drawn anew."""
    ours, theirs = (np.array(r["each"][what]) for r in (row, published))
    draws = np.random.default_rng(0).integers(len(ours), size=(2000, len(ours)))  # (2000, dancers)
    low, high = np.quantile(ours[draws].mean(1) / theirs[draws].mean(1), [0.025, 0.975])
    return f"{ours.mean() / theirs.mean() - 1:+.1%} [{low - 1:+.1%}, {high - 1:+.1%}]"


def report(rows: list[dict], about: dict) -> str:
    """Returns the rows as Markdown."""
    published = next(r for r in rows if r["name"] == AS_PUBLISHED)
    words = f"{about['dancers']} held-out dancers, {about['frames']} frames each, cfg {about['cfg']:n}."
    cells = [
        (
            r["name"],
            ", ".join(f"{name} {value}" for name, value in r["options"].items()) or "–",
            f"{r['tflop']:.0f}",
            f"{r['ratio']:.3f}",
            f"{r['person_l1']:.2f}",
            "" if r is published else against(r, published, "person"),
            f"{r['change']:.2f}",
            "" if r is published else against(r, published, "change"),
        )
        for r in rows
    ]
    columns = ["", "inputs of Animate", "TFLOP", "ratio", "person L1", "above published", "change", "above published"]
    return f"{words}\n\n{table(columns, cells)}"


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Makes the rows that are missing, and returns all."""
    file = options.out / "speed.json"
    about = {"dancers": options.dancers, "frames": options.frames, "cfg": DEMO_CFG}
    known = json.loads(file.read_text()) if file.is_file() else {}
    old = {r["name"]: r for r in known.get("rows", ())} if known.get("about") == about else {}
    model = DemoModel(options.comfyui)
    cases = [held_out(index, options.frames, 192) for index in range(options.dancers)]
    for name in options.rows:
        if name not in old or old[name]["options"] != dict(ROWS[name]):
            old[name] = row(name, ROWS[name], price(model, cases, ROWS[name]))
        print(name, *(f"{old[name][what]:.3f}" for what in ("ratio", "person_l1", "change")), flush=True)
        made = {"about": about, "rows": [old[name] for name in ROWS if name in old]}
        file.write_text(json.dumps(made, indent=1) + "\n")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--comfyui", type=Path, default=find_comfyui())
    parser.add_argument("--dancers", type=int, default=8)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="NAME")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    made = measure(options)
    text = report(made["rows"], made["about"])
    (options.out / "speed.md").write_text(text + "\n")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
