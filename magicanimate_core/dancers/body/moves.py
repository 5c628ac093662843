"""Moves: what legs and arms do during one beat. A move changes a pose; moves of legs and arms add up."""

from collections.abc import Callable

import numpy as np

from .skeleton import Pose

Beat = float  # phase of the motion in radians; one cycle is 2 pi
Move = Callable[[Pose, Beat, float], None]  # changes a pose; the last argument is the amplitude, about 1


def wave(beat: Beat, shift: float = 0.0) -> float:
    """Smooth -1..1, zero at phase 0."""
    return float(np.sin(beat + shift))


def bump(beat: Beat, shift: float = 0.0) -> float:
    """Smooth 0..1, highest at phase 0."""
    return 0.5 + 0.5 * float(np.cos(beat + shift))


def _shift(pose: Pose, side: float, drop: float = 0.0) -> None:
    """Moves the weight sideways; hips and chest counter each other."""
    pose.pelvis[0] += side
    pose.pelvis[1] += drop
    pose.hips[0] += 1.2 * side
    pose.spine[1] += 1.0 * side


def stand(pose: Pose, beat: Beat, size: float) -> None:
    _shift(pose, 0.018 * size * wave(beat), 0.006 + 0.004 * bump(2 * beat))


def sway(pose: Pose, beat: Beat, size: float) -> None:
    _shift(pose, 0.055 * size * wave(beat), 0.012 + 0.018 * size * bump(2 * beat))
    pose.feet[:, 0] += 0.02
    pose.feet[0, 2] += 0.02 * size * bump(beat, np.pi / 2) ** 2
    pose.feet[1, 2] += 0.02 * size * bump(beat, -np.pi / 2) ** 2


def bounce(pose: Pose, beat: Beat, size: float) -> None:
    _shift(pose, 0.03 * size * wave(beat), 0.015 + 0.045 * size * bump(2 * beat))
    pose.feet[:, 0] += 0.025
    pose.hips[1] += 0.25 * size * wave(beat)


def walk(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        pose.feet[side] += [-0.02, 0.13 * size * wave(beat, shift), 0.075 * size * bump(beat, shift) ** 2]
    _shift(pose, -0.015 * wave(beat, np.pi / 2), 0.012 + 0.012 * bump(2 * beat, np.pi / 2))
    pose.hips[1] -= 0.18 * wave(beat)
    pose.spine[2] += 0.2 * wave(beat)


def jog(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        lift = bump(beat, shift)
        pose.feet[side] += [-0.025, 0.16 * size * wave(beat, shift) - 0.08 * lift, 0.19 * size * lift**2]
    pose.pelvis[1] += 0.03
    pose.pelvis[2] += 0.03 * size * bump(2 * beat)
    pose.spine[0] += 0.16
    pose.spine[2] += 0.25 * wave(beat)


def march(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        pose.feet[side] += [-0.01, 0.10 * bump(beat, shift) ** 2, 0.19 * size * bump(beat, shift) ** 2]
    _shift(pose, -0.03 * wave(beat, np.pi / 2), 0.01 + 0.015 * bump(2 * beat, np.pi))


def squat(pose: Pose, beat: Beat, size: float) -> None:
    down = bump(beat, np.pi)
    _shift(pose, 0.01 * wave(beat / 2), 0.01 + 0.15 * size * down)
    pose.feet[:, 0] += 0.05
    pose.spine[0] += 0.45 * size * down
    pose.head[0] -= 0.2 * down


def jack_legs(pose: Pose, beat: Beat, size: float) -> None:
    out = bump(beat, np.pi)
    pose.feet[:, 0] += -0.03 + 0.13 * size * out
    pose.pelvis[1] += 0.015 + 0.05 * out
    pose.pelvis[2] += 0.035 * size * bump(2 * beat, np.pi)


def step_touch(pose: Pose, beat: Beat, size: float) -> None:
    side = wave(beat)
    _shift(pose, 0.08 * size * side, 0.012 + 0.025 * bump(2 * beat))
    pose.feet[0, 0] += 0.09 * size * wave(beat, 0.5)
    pose.feet[1, 0] -= 0.09 * size * wave(beat, 0.5)
    pose.feet[0, 2] += 0.04 * bump(beat, 0.5) ** 2
    pose.feet[1, 2] += 0.04 * bump(beat, 0.5 + np.pi) ** 2


def kick(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        up = bump(beat, shift) ** 3
        pose.feet[side] += [0.10 * up, 0.26 * size * up, 0.20 * size * up]
    _shift(pose, -0.035 * wave(beat, np.pi / 2), 0.012 + 0.02 * bump(2 * beat, np.pi))
    pose.spine[0] -= 0.08


def twist(pose: Pose, beat: Beat, size: float) -> None:
    _shift(pose, 0.025 * wave(beat), 0.03 + 0.03 * bump(2 * beat))
    pose.hips[1] += 0.55 * size * wave(beat)
    pose.spine[2] -= 0.35 * size * wave(beat)
    pose.feet[:, 1] += [0.03 * wave(beat), -0.03 * wave(beat)]


def relaxed(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        pose.arms[side] += [0.22 * size * wave(beat, shift), 0.06, -0.2, 0.25 + 0.1 * wave(beat, shift)]


def pump(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, np.pi), (1, 0.0)):
        pose.arms[side] += [0.65 * size * wave(beat, shift), 0.08, -0.3, 1.35 + 0.25 * wave(beat, shift)]


def wave_one(pose: Pose, beat: Beat, size: float) -> None:
    pose.arms[0] += [0.15, 1.25 + 0.1 * wave(beat), 1.55, 1.15 + 0.55 * size * wave(2 * beat)]
    pose.arms[1] += [0.05 * wave(beat), 0.12, -0.3, 0.3]
    pose.head[1] += 0.12


def wave_both(pose: Pose, beat: Beat, size: float) -> None:
    for side, sign in ((0, 1), (1, -1)):
        swing = sign * wave(beat)
        pose.arms[side] += [0.1, 2.1 + 0.35 * size * swing, 1.4, 0.5 + 0.3 * size * swing]
    pose.head[1] += 0.15 * wave(beat)


def raise_roof(pose: Pose, beat: Beat, size: float) -> None:
    up = bump(2 * beat)
    pose.arms += [0.25, 1.2 + 0.45 * size * up, 1.5, 1.75 - 0.7 * size * up]
    pose.head[0] -= 0.12 * up


def flow(pose: Pose, beat: Beat, size: float) -> None:
    for side, sign in ((0, 1), (1, -1)):
        pose.arms[side] += [
            0.3,
            1.2 + 0.55 * size * sign * wave(beat),
            0.9 * wave(beat, 1.0),
            0.45 + 0.35 * wave(beat, sign),
        ]


def clap(pose: Pose, beat: Beat, size: float) -> None:
    open_ = bump(2 * beat)
    pose.arms += [0.95, 0.15 + 0.45 * size * open_, -0.55 + 0.8 * open_, 1.35 - 0.2 * open_]


def hips_hands(pose: Pose, beat: Beat, size: float) -> None:
    pose.arms += [-0.25, 0.65 + 0.06 * wave(2 * beat), -1.1, 1.55]
    pose.spine[2] += 0.12 * size * wave(beat)


def jack_arms(pose: Pose, beat: Beat, size: float) -> None:
    pose.arms += [0.0, 0.1 + 2.35 * size * bump(beat, np.pi), 0.5, 0.1]


def robot(pose: Pose, beat: Beat, size: float) -> None:
    for side, sign in ((0, 1), (1, -1)):
        step = float(np.tanh(2.5 * wave(beat)) * sign)
        pose.arms[side] += [0.1, 0.85, 1.5 * size * step, 1.4]
    pose.head[2] += 0.4 * float(np.tanh(2.5 * wave(beat)))


def churn(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        pose.arms[side] += [0.55 + 0.3 * wave(beat, shift), 0.3, -0.9, 1.55 + 0.3 * size * wave(beat, shift + 1.57)]


def reach(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, np.pi / 2), (1, -np.pi / 2)):
        up = bump(beat, shift)
        pose.arms[side] += [0.15, 0.2 + 2.3 * size * up, 0.8 * up, 0.35 + 0.8 * (1 - up)]
    pose.head[1] += 0.15 * wave(beat)


def disco(pose: Pose, beat: Beat, size: float) -> None:
    """One arm points from the hip to the sky, across the body, and back; the other rests on the hip."""
    up = bump(beat, np.pi)
    pose.arms[1] += [0.75 * (1 - up), -0.45 + 2.6 * size * up, 0.2, 0.15]
    pose.arms[0] += [-0.25, 0.65, -1.1, 1.55]
    pose.head[2] -= 0.35 * up
    pose.head[0] -= 0.2 * up


def punch(pose: Pose, beat: Beat, size: float) -> None:
    for side, shift in ((0, 0.0), (1, np.pi)):
        out = bump(beat, shift) ** 2
        pose.arms[side] += [0.35 + 1.05 * out, 0.2, -0.3, 2.0 - 1.75 * size * out]
    pose.spine[2] -= 0.3 * wave(beat, np.pi / 2)
