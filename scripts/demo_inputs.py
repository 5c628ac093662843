"""The inputs that come with the demo:  python -m scripts.demo_inputs [demo/inputs]

Three dancers and three motions that the demo model has never seen, from the held-out part of the drawn world. Each picture
shows its dancer in another motion than the clip of the same number.
"""

import sys
from pathlib import Path

import numpy as np

from magicanimate_core.dancers import clip
from magicanimate_core.media.densepose import paint
from magicanimate_core.media.writing import write_picture
from magicanimate_core.testing.inputs import write_poses

from .demo import SIZE

CHOSEN = (3, 10, 33)  # of the held-out world: cut at the knees, whole, and cut at the hips


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, index in enumerate(CHOSEN, 1):
        dancer = clip(index, "held_out", frames=48, height=SIZE, width=SIZE)
        shown = dancer.dancing(1000 + index).frame(0)
        write_picture(folder / f"dancer_{number}.png", shown.image)
        write_poses(folder / f"motion_{number}.mp4", np.stack([paint(frame.parts) for frame in dancer]))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo/inputs"))
