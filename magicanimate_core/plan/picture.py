"""A plan as a picture: a row for every window over the frames, what noise each frame starts from, poses over the photo."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

import numpy as np

from .ink import LINE_COLOUR, PAPER, QUIET, SHARES, SHARES_WARM, TEXT_COLOUR, WARM, Box, Ink, faint, noise_colour
from .plan import Plan, wraps_at
from .report import headline, in_short

PLAN_WIDTH, PLAN_MARGIN, GUTTER = 1040, 24, 76  # of the picture; at its sides; for the names of rows
HEAD_HEIGHT, AXIS, STRIP, LEGEND = 74, 26, 20, 40  # heights
ROWS_HEIGHT, ROW, CELL = 380, 26, 44  # most: of all windows together, of one, of a frame's width
PHOTO, CAPTION = 300, 30
LETTERS, LINE_HEIGHT = 44, 18  # of a sentence in a line beside the pictures; height of a line

Shown = tuple[str, np.ndarray]  # a caption and what it stands under, (h, w, 3) uint8


@dataclass(frozen=True)
class Grid:
    """Where frames and windows stand."""

    plan: Plan
    top: float = HEAD_HEIGHT + AXIS
    left: float = PLAN_MARGIN + GUTTER

    @property
    def cell(self) -> float:
        """How wide a frame is."""
        return min(CELL, (PLAN_WIDTH - PLAN_MARGIN - self.left) / self.plan.total)

    @property
    def row(self) -> float:
        """How high a window is."""
        return min(ROW, ROWS_HEIGHT / len(self.plan.windows))

    @property
    def bottom(self) -> float:
        """Where the windows end."""
        return self.top + self.row * len(self.plan.windows)

    def box(self, first: int, after: int, top: float, height: float) -> Box:
        """Returns the place of frames first <= f < after."""
        return self.left + first * self.cell, top, self.left + after * self.cell, top + height


def draw(plan: Plan, shown: Sequence[Shown] = (), wrong: Sequence[str] = ()) -> np.ndarray:
    """Returns the picture, (height, width, 3) uint8 RGB. shown: pictures below it; wrong: sentences beside them."""
    grid = Grid(plan)
    below = grid.bottom + 2 * STRIP + LEGEND + 26
    beside = [line for sentence in wrong for line in (*wrap(sentence, LETTERS), "")]
    deep = max([LINE_HEIGHT * len(beside), *(image.shape[0] for _, image in shown)])
    ink = Ink(PLAN_WIDTH, round(below + (deep + CAPTION + PLAN_MARGIN if deep else 8)))
    ink.write(PLAN_MARGIN, 24, headline(plan), size=20)
    ink.write(PLAN_MARGIN, 50, in_short(plan), QUIET)
    _axis(ink, grid)
    for number, window in enumerate(plan.windows):
        _window(ink, grid, grid.top + number * grid.row, window)
    _row_names(ink, grid)
    _strip(ink, grid, grid.bottom + 8, "windows", plan.shared, lambda count: _shade(SHARES, count))
    kinds = max(plan.noise) + 1
    _strip(ink, grid, grid.bottom + 12 + STRIP, "noise", plan.noise, lambda number: noise_colour(number, kinds))
    _legend(ink, plan, grid.bottom + 2 * STRIP + 38)
    x = _pictures(ink, below, shown)
    if beside:
        ink.write(x, below + 10, "look at this", WARM, 13)
    for number, line in enumerate(beside):
        ink.write(x, below + CAPTION + (number + 0.3) * LINE_HEIGHT, line, size=13)
    return np.asarray(ink.image)


def _axis(ink: Ink, grid: Grid) -> None:
    """Numbers of frames, and a line down where the clip ends."""
    plan = grid.plan
    every = next(step for step in _round_numbers() if step * grid.cell >= 34)
    for frame in range(0, plan.total, every):
        x = grid.left + (frame + 0.5) * grid.cell
        ink.write(x, grid.top - 13, str(frame), QUIET, 12, "mm")
    ink.write(grid.left - 10, grid.top - 13, "frame", QUIET, 12, "rm")
    if plan.padded:
        x = grid.left + plan.frames * grid.cell
        ink.box((x - 1, grid.top - 22, x + 1, grid.bottom + 2 * STRIP + 12), TEXT_COLOUR)


def _round_numbers() -> Iterator[int]:
    size = 1
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10


def _window(ink: Ink, grid: Grid, top: float, window: list[int]) -> None:
    """One window: its frames as bars, shaded by how many windows see them; those over the end in another colour."""
    plan, gap = grid.plan, int(grid.row >= 5)
    if grid.row >= 8:
        ink.box(grid.box(0, plan.total, top + grid.row / 2, 1), LINE_COLOUR)
    back, shared = wraps_at(window), grid.plan.shared

    def kind(place: int) -> tuple:
        return window[place] - place, place >= back, min(shared[window[place]], 3), window[place] >= plan.frames

    for (_, wrapped, count, padding), places in groupby(range(len(window)), kind):
        places = list(places)
        box = grid.box(window[places[0]], window[places[-1]] + 1, top, grid.row)
        ink.box(box, _shade(SHARES_WARM if wrapped else SHARES, count), gap)
        if padding:
            ink.hatch(box)


def _row_names(ink: Ink, grid: Grid) -> None:
    """Numbers of windows, as many as there is room for."""
    count = len(grid.plan.windows)
    every = next(step for step in _round_numbers() if step * grid.row >= 13)
    for number in range(0, count, every):
        ink.write(grid.left - 10, grid.top + (number + 0.5) * grid.row, str(number + 1), QUIET, 12, "rm")


def _strip(ink: Ink, grid: Grid, top: float, name: str, values: list[int], colour: Callable) -> None:
    """A value for every frame, as a colour, and as a number where there is room for it."""
    ink.write(grid.left - 10, top + STRIP / 2, name, QUIET, 12, "rm")
    room = grid.cell >= ink.wide(str(max(values)), 12) + 4
    frame = 0
    for (value, padding), same in groupby(zip(values, _padding(grid.plan), strict=True)):
        count = len(list(same))
        box = grid.box(frame, frame + count, top, STRIP)
        ink.box(box, faint(colour(value)) if padding else colour(value))
        if padding:
            ink.hatch(box)
        for place in range(frame, frame + count) if room else ():
            x = grid.left + (place + 0.5) * grid.cell
            ink.write(x, top + STRIP / 2, str(value), PAPER if not padding else TEXT_COLOUR, 12, "mm")
        frame += count


def _padding(plan: Plan) -> list[bool]:
    return [frame >= plan.frames for frame in range(plan.total)]


def _shade(shades: Sequence, count: int) -> tuple:
    return shades[min(max(count, 1), len(shades)) - 1]


def _legend(ink: Ink, plan: Plan, y: float) -> None:
    """What the colours say, those that occur."""
    names, there = ("in one window", "in two", "in three and more"), {_shade(SHARES, count) for count in plan.shared}
    entries = [(shade, words) for shade, words in zip(SHARES, names, strict=True) if shade in there]
    if plan.wrapping:
        entries.append((WARM, "over the end, to the first frames"))
    x = PLAN_MARGIN + GUTTER
    for colour, words in entries:
        ink.box((x, y - 6, x + 18, y + 6), colour)
        ink.write(x + 26, y, words, QUIET, 13)
        x += 26 + ink.wide(words, 13) + 26
    if plan.padded:
        ink.box((x, y - 6, x + 18, y + 6), SHARES[0])
        ink.hatch((x, y - 6, x + 18, y + 6))
        ink.write(x + 26, y, "padding: the last pose, held still", QUIET, 13)


def _pictures(ink: Ink, top: float, shown: Sequence[Shown]) -> int:
    """Pictures side by side, with their captions. Returns where there is room beside them."""
    x = PLAN_MARGIN + GUTTER
    for caption, image in shown:
        ink.write(x, top + 10, caption, QUIET, 13)
        ink.paste(image, x, top + CAPTION - 4)
        x += max(image.shape[1], 80) + PLAN_MARGIN
    return x
