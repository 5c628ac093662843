"""A small stage as a program, so that tests can kill it:  python run_small.py FOLDER STEPS [KILL_AT]

Run from the repository's root. Kills itself (SIGKILL) after step KILL_AT, before or after that step is saved.
"""

import os
import signal
import sys
from pathlib import Path

import torch

from magicanimate_core.data import DancerClips, DancerStills
from magicanimate_core.method.motion_module import MotionLayout, MotionModule
from magicanimate_core.pipeline.base import build_unet
from magicanimate_core.training.animation import Animation
from magicanimate_core.training.batches import Batches, Drawing
from magicanimate_core.training.draws import Joint
from magicanimate_core.training.from_nothing.vae import VaeSettings, new_vae
from magicanimate_core.training.run.loop import Run, train
from magicanimate_core.training.task import AnimationTask
from magicanimate_core.weights import architecture as arch

SHAPE = arch.UNetShape((32, 32), (True, True), 8, res_blocks=1)


def small_task(stage: str = "2") -> AnimationTask:
    from diffusers import ControlNetModel

    torch.manual_seed(0)
    unet, encoder = build_unet(SHAPE), build_unet(SHAPE)
    controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(16, 32, 96, 256))
    motion = MotionModule(MotionLayout(arch.temporal_widths(SHAPE))) if stage == "2" else None
    module = Animation(unet, encoder, controlnet, motion, torch.zeros(1, 1, 8), stage)
    vae = new_vae(VaeSettings(widths=(8, 8, 8, 8), groups=4)).eval().requires_grad_(False)
    drawing = Drawing(batch=2, frames=3, image_batch=2, stride=(1, 2))
    clips, images = DancerClips(3, "train", 9, 32, 32), DancerStills(3, "train", 32, 32)
    return AnimationTask(module, vae, Batches(stage, clips, images, drawing, Joint(), seed=3))


def run_small(folder: Path, steps: int, kill_at: int = -1) -> None:
    def after_step(done: int) -> None:
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    task = small_task()
    train(task, Run(steps=steps, learning_rate=1e-3, warmup=2, ema=0.9, accumulate=2, save_every=1), folder, after_step)
    torch.save({name: tensor.detach() for name, tensor in task.module.weights()["motion"].items()}, folder / "result.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    run_small(Path(sys.argv[1]), *(int(text) for text in sys.argv[2:]))
