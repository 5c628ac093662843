"""The demo model along a clip of another body: as it is, aligned to the photo, and the true clip."""

from pathlib import Path

import numpy as np

from magicanimate_core.dancers import clip
from magicanimate_core.evaluation.averages import LEVEL, means
from magicanimate_core.evaluation.metrics import person_l1
from magicanimate_core.media.densepose import paint
from magicanimate_core.options import Settings
from magicanimate_core.pipeline.animate import animate
from magicanimate_core.pose.align.fit import fit_alignment
from magicanimate_core.testing.dances import ASIDE, LONG_BODY, LONG_LEGS, SMALL, WHOLE, Dance, built, draw_dance
from scripts.demo import SIZE, workflow_inputs

from .demo_quality import load
from .report import table

ANSWERS = ("true clip", "not aligned", "aligned")


def person_table(weights: Path, dancers: int, frames: int = 16) -> str:
    """Returns a table: how far the person is from the true frames, by answer; photos in the clip's pose, and in another.

    Below it the means over dancers, and their intervals, which dancers drawn anew give.
    """
    demo = workflow_inputs("demo_dance", "MagicAnimateAnimate")
    settings = Settings(steps=demo["steps"], cfg=demo["cfg"], scheduler=demo["scheduler"])
    models, rows = load(weights, temporal=True), []
    for index in range(dancers):
        errors = _errors(models, index, index % 2 == 0, frames, settings)
        rows.append([index, "the clip's" if index % 2 == 0 else "another", *errors, errors[2] / errors[1]])
    keys = [*ANSWERS, "ratio"]
    found = means({str(row[0]): np.array([row[2:]]) for row in rows}, keys, seed=0)
    rows.append(["mean", "", *(found.overall[key] for key in keys)])
    if found.intervals:
        rows.append([f"{LEVEL:.0%} interval", "", *("{:.3g} to {:.3g}".format(*found.intervals[key]) for key in keys)])
    return table(["dancer", "photo's pose", *keys], rows)


def _errors(models, index: int, same: bool, frames: int, settings: Settings) -> list[float]:
    """Person L1 of every answer for a held-out dancer. The photo is a frame of the clip's pose, or of another motion."""
    drawn = clip(index, "held_out", frames=frames, height=SIZE, width=SIZE)
    shown, true = drawn.frame(0) if same else drawn.dancing(1000 + index).frame(0), list(drawn)
    body = built(4000 + index, **(LONG_BODY, LONG_LEGS)[index // 2 % 2])
    driver = draw_dance(Dance(index), body, (WHOLE, SMALL, ASIDE)[index % 3], frames=frames, size=SIZE, step=1)
    fitted = fit_alignment(driver, paint(shown.parts))
    clips = [
        paint(np.stack([f.parts for f in true])),
        np.stack(driver),
        np.stack([fitted.apply(frame, number) for number, frame in enumerate(driver)]),
    ]
    made = [animate(models, shown.image, poses, settings) for poses in clips]
    figures = [(poses != paint(np.zeros((1, 1), np.uint8))[0, 0]).any(-1) for poses in clips]
    region = np.logical_or.reduce([np.stack([f.mask for f in true]) | shown.mask, *figures])
    pictures = np.stack([f.image for f in true])
    return [person_l1(answer, pictures, region) for answer in made]
