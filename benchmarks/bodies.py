"""Bodies drawn from joints, as MediaPipe would tell them without a fault, beside the true part maps of drawn dancers.

    python -m benchmarks.bodies [--dancers 12] [--frames 16]

What drawing loses, not what MediaPipe gets wrong: joints are the true ones of held-out dancers, who have bodies of the same
make as the one that is drawn, but other proportions, clothes and hair. "same place" is the intersection of both figures over
their union, "right part" the share of what both cover; "change" is the share of labels that change from frame to frame, by
the truth's.
"""

import argparse

import numpy as np

from magicanimate_core.bodies.source import BodySource
from magicanimate_core.testing.body_joints import SIDE, dancer

from .report import table

FIRST = 20  # frame of the motion


def measured(number: int, frames: int) -> list[float]:
    """Same place, right part and change of a dancer."""
    seen = [dancer(number, FIRST + i) for i in range(frames)]
    joints = iter([one.joints] for one in seen)
    source = BodySource(lambda _: next(joints))
    made, true = (
        np.stack(maps) for maps in ([source(np.zeros((SIDE, SIDE, 3), np.uint8)) for _ in seen], [one.parts for one in seen])
    )
    both, either = (made > 0) & (true > 0), (made > 0) | (true > 0)
    changes = [(maps[1:] != maps[:-1]).mean() for maps in (made, true)]
    return [both.sum() / either.sum(), (made == true)[both].mean(), changes[0] / changes[1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dancers", type=int, default=12)
    parser.add_argument("--frames", type=int, default=16)
    options = parser.parse_args()
    rows = [[str(number), *measured(number, options.frames)] for number in range(options.dancers)]
    rows.append(["mean", *np.mean([row[1:] for row in rows], axis=0)])
    print(table(["dancer", "same place", "right part", "change"], rows))


if __name__ == "__main__":
    main()
