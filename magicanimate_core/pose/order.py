"""In which order people are drawn: the net's, which changes from frame to frame, made steady over a clip.

Boxes are (N, 4): left, top, right, bottom.
"""

from dataclasses import dataclass

import numpy as np

LEAST_OVERLAP = 0.2  # overlap (intersection over union) of a person's box with where it was expected
MISSED_FRAMES = 25  # frames for which somebody who is not found keeps a place


@dataclass
class _Person:
    """Somebody who was seen."""

    box: np.ndarray  # (4,) the last one, or where it must be now
    pace: np.ndarray  # (4,) pixels per frame
    missed: int = 0  # frames

    def expect(self) -> None:
        self.pace = self.pace * 0.8 if self.missed else self.pace  # nobody walks on for long behind others
        self.box = self.box + self.pace
        self.missed += 1

    def found(self, box: np.ndarray) -> None:
        """The box of a frame for which a place was expected."""
        before = self.box - self.pace
        self.pace = (self.pace + (box - before)) / 2 if self.missed == 1 else np.zeros(4)
        self.box, self.missed = box, 0


class DrawingOrder:
    """The people of a clip, who is drawn first at the front. Give it the boxes of every frame in turn.

    Who comes into view takes the place that the net gives; from then on it stays, so that of two people who overlap
    the same one is on top, however sure the net is of either.
    """

    def __init__(self) -> None:
        self.people: list[_Person] = []

    def __call__(self, boxes: np.ndarray) -> list[int]:
        """Returns the numbers of the boxes (N, 4) of the next frame in the order in which they are drawn."""
        for person in self.people:
            person.expect()
        known = self._known(boxes)
        place, numbers = 0, {}
        for number, box in enumerate(boxes):
            person = known.get(number)
            if person is None:
                person = _Person(box, np.zeros(4))
                self.people.insert(place, person)
            else:
                person.found(box)
            place = next(i for i, other in enumerate(self.people) if other is person) + 1
            numbers[id(person)] = number
        self.people = [person for person in self.people if person.missed <= MISSED_FRAMES]
        return [numbers[id(person)] for person in self.people if id(person) in numbers]

    def _known(self, boxes: np.ndarray) -> dict[int, _Person]:
        """Who is in which box."""
        before = np.array([person.box for person in self.people]).reshape(-1, 4)
        return {number: self.people[person] for person, number in same_people(before, boxes)}


def same_people(before: np.ndarray, now: np.ndarray) -> list[tuple[int, int]]:
    """Returns which of boxes (M, 4) is which of boxes (N, 4) in the next frame: the largest overlaps first, each once."""
    shared, pairs = overlaps(before, now), []  # (M, N)
    while shared.size and shared.max() >= LEAST_OVERLAP:
        one, other = map(int, np.unravel_index(shared.argmax(), shared.shape))
        pairs.append((one, other))
        shared[one], shared[:, other] = 0, 0
    return pairs


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns intersection over union of boxes (M, 4) with boxes (N, 4): (M, N) in 0..1."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(-1)  # (M, N)
    areas = [(boxes[:, 2:] - boxes[:, :2]).clip(0).prod(-1) for boxes in (a, b)]
    return both / (areas[0][:, None] + areas[1] - both).clip(1e-6)
