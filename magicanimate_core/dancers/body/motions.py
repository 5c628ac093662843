"""How people move: joint angles as smooth functions of time. A motion is legs, arms and a turn that share a beat."""

from dataclasses import dataclass

import numpy as np

from ..seeds import pick, stream
from . import moves
from .moves import Move, wave
from .skeleton import Pose

DANCES: dict[str, tuple[Move, Move]] = {
    "sways": (moves.sway, moves.flow),
    "bounces": (moves.bounce, moves.raise_roof),
    "walks": (moves.walk, moves.relaxed),
    "runs": (moves.jog, moves.pump),
    "waves": (moves.stand, moves.wave_one),
    "waves both arms": (moves.sway, moves.wave_both),
    "squats": (moves.squat, moves.clap),
    "jumps": (moves.jack_legs, moves.jack_arms),
    "claps": (moves.step_touch, moves.clap),
    "marches": (moves.march, moves.pump),
    "twists": (moves.twist, moves.pump),
    "poses": (moves.sway, moves.hips_hands),
    "does the robot": (moves.stand, moves.robot),
    "churns": (moves.bounce, moves.churn),
}
HELD_OUT_DANCES: dict[str, tuple[Move, Move]] = {
    "disco dances": (moves.step_touch, moves.disco),
    "kicks": (moves.kick, moves.punch),
    "reaches up": (moves.bounce, moves.reach),
}
TURNS = (  # as people film themselves and as pose videos are: three clips in four face the camera all the time
    *["still"] * 4,
    *["sways around"] * 5,
    "turns around",
    "shows the side",
    "shows the back",
)


@dataclass(frozen=True)
class Motion:
    legs: Move
    arms: Move
    name: str
    turn: str
    tempo: float  # cycles per second
    size: float
    phase: float
    yaw: float  # radians, of the resting direction
    mirror: bool

    def __str__(self) -> str:
        return f"{self.name}{'' if self.turn == 'still' else ', ' + self.turn}"

    def _heading(self, seconds: float) -> float:
        wave = np.sin(1.7 * seconds * self.tempo + self.phase)
        if self.turn == "turns around":
            angle = 1.5 * seconds * (0.6 + self.tempo) + self.phase
            return self.yaw + float(angle - 0.5 * np.sin(angle))
        wide = {"sways around": 0.75, "shows the side": 0.35, "shows the back": 0.5}.get(self.turn, 0.15)
        rest = {"shows the side": 1.3, "shows the back": np.pi}.get(self.turn, 0.0)
        return self.yaw + rest + wide * float(wave)

    def pose(self, seconds: float) -> Pose:
        """Returns the pose at a time."""
        pose, beat = Pose(), 2 * np.pi * self.tempo * seconds + self.phase
        self.legs(pose, beat, self.size)
        self.arms(pose, beat, self.size)
        pose.head += [0.06 * wave(2 * beat, 0.7), 0.07 * wave(beat, 0.4), 0.18 * wave(0.5 * beat, 1.0)]
        if self.mirror:
            pose.arms, pose.feet = pose.arms[::-1].copy(), pose.feet[::-1].copy()
            pose.pelvis[0] *= -1
            pose.hips, pose.spine, pose.head = pose.hips * -1, pose.spine * [1, -1, -1], pose.head * [1, -1, -1]
        pose.yaw = self._heading(seconds) * (-1 if self.mirror else 1)
        return pose


def motion(index: int, split: str) -> Motion:
    """Returns the motion of a number: in train the common dances and mixtures of them, half of the held-out ones are new.

    Raises ValueError for an unknown split.
    """
    rng = stream(split, "motion", index)
    fresh = split == "held_out" and rng.random() < 0.5
    dances = HELD_OUT_DANCES if fresh else DANCES
    name = pick(rng, list(dances))
    legs, arms = dances[name]
    if not fresh and rng.random() < 0.35:
        other = pick(rng, list(dances))
        legs, name = dances[other][0], name if other == name else f"{name} ({other})"
    quick = 1.35 if legs in (moves.jog, moves.march) else 1.0
    return Motion(
        legs, arms, name, pick(rng, TURNS), tempo=quick * float(rng.uniform(0.55, 1.05)), size=float(rng.uniform(0.8, 1.15)),
        phase=float(rng.uniform(0, 2 * np.pi)), yaw=float(rng.normal(0, 0.25)), mirror=bool(rng.random() < 0.5),
    )  # fmt: skip
