"""Who dances: body, hair, face and clothes of a person, drawn from a seed."""

from dataclasses import dataclass

import numpy as np

from ..seeds import pick, stream
from .skeleton import Bones

Colour = tuple[int, int, int]

SKINS: dict[str, Colour] = {
    "porcelain": (250, 217, 196), "light": (241, 194, 160), "golden": (226, 172, 122), "tan": (200, 142, 98),
    "brown": (160, 104, 68), "dark brown": (120, 76, 50), "ebony": (88, 56, 40),
}  # fmt: skip
HAIR_COLOURS: dict[str, Colour] = {
    "black": (34, 28, 30), "dark brown": (66, 42, 30), "brown": (110, 70, 42), "auburn": (140, 62, 34),
    "red": (190, 84, 36), "blond": (226, 186, 108), "silver": (188, 190, 196),
    "teal": (40, 150, 150), "pink": (232, 110, 150),
}  # fmt: skip
DYES: dict[str, Colour] = {
    "white": (242, 240, 232), "black": (44, 42, 50), "red": (206, 52, 48), "orange": (240, 132, 48),
    "yellow": (246, 200, 66),
    "green": (62, 146, 86), "mint": (150, 214, 186), "blue": (52, 98, 186), "sky": (126, 186, 232), "navy": (40, 52, 98),
    "purple": (124, 78, 164), "pink": (240, 142, 168), "beige": (216, 190, 152),
    "denim": (78, 108, 150), "grey": (136, 140, 148),
}  # fmt: skip
HAIR_STYLES = ("short", "crop", "bob", "long", "bun", "ponytail", "afro", "pigtails", "bald", "beanie")
TOPS = ("t-shirt", "long sleeve", "tank top", "hoodie", "jacket", "shirt")
BOTTOMS = ("trousers", "jeans", "shorts", "skirt", "leggings", "dress")
PATTERNS = ("plain", "plain", "plain", "stripes", "pinstripes", "checks", "dots", "logo", "star", "gradient")


@dataclass(frozen=True)
class Person:
    bones: Bones
    build: float  # thickness of everything, 1 is average
    hip: float  # width of the hips, 1 is average
    shoulder: float  # width of the chest, 1 is average
    height: float  # relative to the tallest
    skin: str
    hair: str
    hair_colour: str
    top: str
    top_colours: tuple[str, str]  # ground and pattern
    pattern: str
    bottom: str
    bottom_colour: str
    bottom_pattern: str
    shoes: str
    beard: bool
    glasses: bool
    smile: float  # 0 closed, 1 wide
    eyes: Colour
    lips: float  # how red
    seed: int

    def __str__(self) -> str:
        wear = f"a {self.pattern} {self.top_colours[0]} {self.top}"
        below = f"a {self.top_colours[0]} dress" if self.bottom == "dress" else f"{self.bottom_colour} {self.bottom}"
        head = {"bald": "no hair", "beanie": "a beanie"}.get(self.hair, f"{self.hair_colour} hair ({self.hair})")
        return f"a person with {self.skin} skin and {head} in {wear} and {below}"


def reserved(top: str, bottom: str) -> bool:
    """Tells whether a pair of colours is worn in the held-out split only; about one pair in five."""
    names = list(DYES)
    return (3 * names.index(top) + 7 * names.index(bottom)) % 5 == 0


def _bones(rng: np.random.Generator) -> tuple[Bones, float, float]:
    legs, width = rng.normal(0, 0.012), rng.normal(0, 0.006)
    feminine = float(rng.uniform(0, 1))
    shoulders = 0.118 - 0.016 * feminine + width
    bones = Bones(
        hip_height=0.505 + legs, thigh=0.235 + 0.5 * legs, shin=0.232 + 0.5 * legs, torso=0.316 - legs,
        hip_width=0.050 + 0.005 * feminine, shoulder_width=shoulders, upper_arm=0.156 + rng.normal(0, 0.004),
        lower_arm=0.138 + rng.normal(0, 0.004), head=0.158 + rng.normal(0, 0.004),
    )  # fmt: skip
    return bones, 0.95 + 0.14 * feminine, shoulders / 0.112


def _colours(rng: np.random.Generator, split: str) -> tuple[str, str]:
    """Ground colours of top and bottom; a pair belongs to one split."""
    while True:
        top, bottom = pick(rng, list(DYES)), pick(rng, list(DYES))
        if top != bottom and reserved(top, bottom) == (split == "held_out"):
            return top, bottom


def person(index: int, split: str) -> Person:
    """Returns the person of a number. Raises ValueError for an unknown split."""
    rng = stream(split, "person", index)
    bones, hip, shoulder = _bones(rng)
    top, bottom = _colours(rng, split)
    hair = pick(rng, HAIR_STYLES)
    return Person(
        bones=bones, hip=hip, shoulder=shoulder, build=float(rng.uniform(0.9, 1.22)), height=float(rng.uniform(0.9, 1.0)),
        skin=pick(rng, list(SKINS)), hair=hair,
        hair_colour=pick(rng, list(HAIR_COLOURS)[: 7 if rng.random() < 0.8 else 9]),
        top=pick(rng, TOPS), top_colours=(top, pick(rng, [c for c in DYES if c != top])), pattern=pick(rng, PATTERNS),
        bottom=pick(rng, BOTTOMS), bottom_colour=bottom,
        bottom_pattern=pick(rng, ("plain", "plain", "plain", "checks", "dots")),
        shoes=pick(rng, list(DYES)), beard=bool(hair in ("short", "crop", "bald", "beanie") and rng.random() < 0.4),
        glasses=bool(rng.random() < 0.2), smile=float(rng.uniform(0, 1)),
        eyes=pick(rng, ((60, 40, 30), (70, 110, 150), (80, 120, 80), (40, 30, 30))), lips=float(rng.uniform(0, 1)),
        seed=int(rng.integers(1 << 31)),
    )  # fmt: skip
