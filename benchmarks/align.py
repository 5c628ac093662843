"""Align Pose to Photo where the truth is known: joints, who leaves the frame, label changes, and the demo model's picture.

    python -m benchmarks.align [--cases 8] [--first 0] [--only NAME ...] [--dancers 0] [--weights demo/weights]

A measurement on the CPU. Drawn dancers: one dance by two bodies before two cameras; the clip is of the first, the photo
one of the second, the truth the dance of the second. Bodies, dances, cameras, heights of the picture (64 to 512) and frames
a second (6 to 25) are drawn by chance from a seed; none is used by the tests. Joints are read off the maps; errors are
shares of the picture's height, in percent, over the joints that clip, result and truth all show. "leaves" is the share of
person pixels that an alignment brings beyond edges which neither clip nor photo touches. "change" is the share of a figure's
pixels that change from frame to frame, by the clip's own; the truth's stands beside it, as another body changes it, too.
"worse": cases with a larger error than before, by more than 2 % and 0.1 % of the picture.
With --dancers, the demo model animates held-out dancers along the clip of a body of other proportions before another camera;
`person` is person_l1 of magicanimate_core/evaluation/metrics.py against the true frames, in the union of all masks.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from magicanimate_core.media.densepose import BACKGROUND
from magicanimate_core.pose.align.fit import Alignment, fit_alignment
from magicanimate_core.testing.dances import (
    ASIDE,
    HALF,
    LONG_BODY,
    LONG_LEGS,
    SMALL,
    WHOLE,
    Dance,
    Shot,
    built,
    draw_dance,
    joint_distances,
    label_change,
    person_pixels,
)  # fmt: skip

from .align_demo import person_table
from .report import table

FULL, CUT = (WHOLE, SMALL, ASIDE), (HALF, (1.25, 0.47, 1.3), (2.4, 0.5, 2.45))
BUILDS: tuple[dict[str, float], ...] = ({}, {}, LONG_BODY, LONG_LEGS)
EDGE = 2  # pixels


class Case(NamedTuple):
    """A clip, what it should become, both (F, H, W, 3), and a photo's map (H, W, 3)."""

    clip: list[np.ndarray]
    truth: list[np.ndarray]
    photo: np.ndarray


class Drawn:
    """What chance says about a case: who dances what, where and how."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([77, seed])
        self.dance, self.other = Dance(self.number(2000, 3000)), Dance(self.number(3000, 4000))
        self.driver = built(self.number(2000, 2900))
        self.body = built(self.number(3000, 3900), **BUILDS[self.number(0, 4)])
        size = int(self.rng.choice([64, 128, 128, 256, 512]))
        self.how = {"size": size, "step": int(self.rng.choice([1, 2, 4])), "frames": 8}

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def shots(self, *kinds: tuple[Shot, ...]) -> list[Shot]:
        return [kind[self.number(0, len(kind))] for kind in kinds]

    def case(self, here: Shot, there: Shot, photo: Dance | None = None, body=None) -> Case:
        """photo: another dance than the clip's."""
        clip = draw_dance(self.dance, self.driver, here, **self.how)
        truth = draw_dance(self.dance, body or self.body, there, **self.how)
        if photo is None:
            return Case(clip, truth, truth[self.number(0, 8)])
        return Case(clip, truth, draw_dance(photo, body or self.body, there, size=self.how["size"], frames=1)[0])


def pair(drawn: Drawn) -> Case:
    """Two dancers on one canvas, the second half as large again and beside the first, both in clip and photo."""
    left, right = drawn.case((0.75, 0.3, 0.9), (0.6, 0.27, 0.8)), Drawn(drawn.number(10**6, 10**7))
    right.how = drawn.how
    other = right.case((0.7, 0.7, 0.9), (0.56, 0.62, 0.8))
    clip, truth = (
        [np.where(a != BACKGROUND, a, b) for a, b in zip(one, two, strict=True)]
        for one, two in ((left.clip, other.clip), (left.truth, other.truth))
    )
    return Case(clip, truth, truth[drawn.number(0, 8)])


KINDS: dict[str, Callable[[Drawn], Case]] = {
    "one pose, two bodies": lambda d: d.case(*_apart(d)),
    "the clip itself, scaled, shifted": lambda d: d.case(*_apart(d), body=d.driver),
    "re-proportioned alone": lambda d: d.case(WHOLE, WHOLE, body=_rebuilt(d)),
    "the clip itself": lambda d: d.case(*[d.shots(FULL + CUT)[0]] * 2, body=d.driver),
    "fits already, photo in another pose": lambda d: d.case(*[d.shots(FULL + CUT)[0]] * 2, d.other, d.driver),
    "photo in another pose": lambda d: d.case(*d.shots(FULL, FULL), d.other),
    "half figure, the clip's pose": lambda d: d.case(*d.shots(FULL + CUT, CUT)),
    "half figure, another pose": lambda d: d.case(*d.shots(FULL + CUT, CUT), d.other),
    "photo of a back": lambda d: d.case(*d.shots(FULL, FULL), replace(d.other, back=True)),
    "both backs": lambda d: _posed(d, back=True).case(*d.shots(FULL, FULL), replace(d.other, back=True)),
    "photo sits": lambda d: d.case(*d.shots(FULL, FULL), replace(d.other, sits=True)),
    "clip sits": lambda d: _posed(d, sits=True).case(*d.shots(FULL, FULL), d.other),
    "both sit": lambda d: _posed(d, sits=True).case(*d.shots(FULL, FULL)),
    "two people": pair,
}


def _apart(drawn: Drawn) -> tuple[Shot, Shot]:
    first = drawn.number(0, len(FULL))
    return FULL[first], FULL[(first + drawn.number(1, len(FULL))) % len(FULL)]


def _rebuilt(drawn: Drawn):
    return built(drawn.number(3000, 3900), **BUILDS[drawn.number(2, 4)])


def _posed(drawn: Drawn, **how: bool) -> Drawn:
    drawn.dance = replace(drawn.dance, **how)
    return drawn


def leaves(fitted: Alignment, case: Case) -> float:
    """The share of person pixels beyond edges that neither clip nor photo touches."""
    height = case.photo.shape[0]
    touched = [_touches(np.stack([*case.clip, case.photo]), edge) for edge in range(4)]  # left, top, right, bottom
    around, lost, all_ = height // 2, 0, 0

    def further(map_):
        return map_._replace(x=map_.x + around * (1 - map_.scale), y=map_.y + around * (1 - map_.scale))

    rebuilt = fitted.rebuilt and fitted.rebuilt._replace(map=further(fitted.rebuilt.map))
    wide = replace(fitted, map=further(fitted.map), rebuilt=rebuilt)
    for frame in case.clip:
        canvas = np.full((2 * around + height, 2 * around + frame.shape[1], 3), BACKGROUND, np.uint8)
        canvas[around : around + height, around : around + frame.shape[1]] = frame
        out = wide.apply(canvas) if not fitted.is_nothing else canvas
        sides = (out[:, :around], out[:around], out[:, -around:], out[-around:])
        lost += sum(person_pixels(side) for side, cut in zip(sides, touched, strict=True) if not cut)
        all_ += person_pixels(out)
    return lost / max(1, all_)


def _touches(frames: np.ndarray, edge: int) -> bool:
    strip = (frames[:, :, :EDGE], frames[:, :EDGE], frames[:, :, -EDGE:], frames[:, -EDGE:])[edge]
    return bool((strip != BACKGROUND).any())


def measured(kind: str, cases: int, first: int) -> list:
    """A row of the table."""
    rows = []
    for number in range(cases):
        case = KINDS[kind](Drawn(1000 * (first + number) + list(KINDS).index(kind)))
        fitted = fit_alignment(case.clip, case.photo)
        out, height = [fitted.apply(frame, number) for number, frame in enumerate(case.clip)], case.photo.shape[0]
        errors = [100 * error / height for error in joint_distances(case.truth, case.clip, out)]
        own = label_change(case.clip)
        changed = np.mean([(a != b).any(-1).sum() / max(1, person_pixels(b)) for a, b in zip(out, case.clip, strict=True)])
        change = label_change(out) / own, label_change(case.truth) / own
        rows.append([*errors, errors[1] > 1.02 * errors[0] + 0.1, leaves(fitted, case), *change, changed, fitted.is_nothing])
    before, after, worse, gone, change, true, changed, nothing = np.array(rows, float).T
    ratio = float(after.mean() / before.mean()) if before.mean() > 0 else None
    most = float(max(0.0, (after - before).max()))
    return [
        kind, cases, f"{before.mean():.2f}", f"{after.mean():.2f}", ratio, int(worse.sum()), f"{most:.2f}",
        f"{gone.mean():.2%}", f"{np.median(change):.3f} ({change.max():.3f})", f"{np.median(true):.3f} ({true.max():.3f})",
        int(nothing.sum()), f"{changed.mean():.2%}",
    ]  # fmt: skip


COLUMNS = (
    "case", "n", "before, %", "after, %", "ratio", "worse", "worse by at most, %", "leaves", "change (largest)",
    "truth's change", "untouched", "pixels changed",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=8, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="other numbers are other cases")
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="NAME", help="kinds of cases")
    parser.add_argument("--dancers", type=int, default=0, help="held-out dancers for the demo model; 0: none")
    parser.add_argument("--weights", type=Path, default=Path("demo/weights"))
    options = parser.parse_args()
    print(table(COLUMNS, [measured(kind, options.cases, options.first) for kind in options.only]))
    if options.dancers:
        print(f"\nThe demo model, person L1 in grey levels:\n\n{person_table(options.weights, options.dancers)}")


if __name__ == "__main__":
    main()
