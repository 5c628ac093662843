"""Who is who from frame to frame: sizes stay, joints do not tremble, the nearer one is drawn on top."""

from dataclasses import dataclass

import numpy as np

from ..pose.order import same_people
from .skeleton import tall

AWAY_FRAMES = 10  # somebody who is not found for longer is somebody new
SIZE_HELD = 0.95  # how much of a person's size is the size before
RESTING, QUICK = 0.35, 0.02  # how much of a new place counts for a joint that rests; body heights a frame: all of it counts


@dataclass
class Tracked:
    """Somebody: joints (33, 3) and a body height, in pixels."""

    joints: np.ndarray
    height: float
    missed: int = 0

    def follow(self, joints: np.ndarray) -> None:
        """Takes the joints of the next frame: quick ones as they are, resting ones little by little."""
        way = np.linalg.norm(joints - self.joints, axis=1, keepdims=True) / self.height  # (33, 1)
        share = np.clip(RESTING + (1 - RESTING) * way / QUICK, RESTING, 1)
        self.joints = self.joints + share * (joints - self.joints)
        self.height, self.missed = SIZE_HELD * self.height + (1 - SIZE_HELD) * tall(joints), 0


class Tracks:
    """The people of one clip. Give it everybody's joints of every frame in turn."""

    def __init__(self) -> None:
        self._known: list[Tracked] = []

    def __call__(self, found: list[np.ndarray]) -> list[Tracked]:
        """Returns who is in the frame, those who are farther away first."""
        for person in self._known:
            person.missed += 1
        for person, joints in self._matched(found):
            if person is None:
                self._known.append(Tracked(joints, tall(joints)))
            else:
                person.follow(joints)
        self._known = [person for person in self._known if person.missed <= AWAY_FRAMES]
        return sorted((person for person in self._known if not person.missed), key=lambda person: person.height)

    def _matched(self, found: list[np.ndarray]) -> list[tuple[Tracked | None, np.ndarray]]:
        """Whose joints are whose."""
        owners: list[Tracked | None] = [None] * len(found)
        for person, number in same_people(_boxes([person.joints for person in self._known]), _boxes(found)):
            owners[number] = self._known[person]
        return list(zip(owners, found, strict=True))


def _boxes(people: list[np.ndarray]) -> np.ndarray:
    """(N, 4) left, low, right, high of joints (33, 3) each."""
    return np.array([(*joints[:, :2].min(0), *joints[:, :2].max(0)) for joints in people]).reshape(-1, 4)
