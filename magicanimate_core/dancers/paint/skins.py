"""The shapes and textures of a person's limbs, clothes and hair: made once per clip."""

from collections.abc import Sequence

import numpy as np

from ..body.people import DYES, HAIR_COLOURS, SKINS, Person
from .cloth import ALONG, ANGLES, dark, emblem, fabric, folds, mix, plain
from .face import face, shell
from .tubes import ROWS, Skin, wrap

FACETS = {  # part towards the split's direction, part away from it: left, right
    "upper_leg": ((10, 8), (9, 7)), "lower_leg": ((14, 12), (13, 11)), "foot": ((5, 5), (6, 6)),
    "upper_arm": ((17, 15), (18, 16)), "lower_arm": ((21, 19), (22, 20)), "hand": ((4, 4), (3, 3)),
}  # fmt: skip
OUTSIDE = (np.pi / 2, -np.pi / 2)
RADII = {  # half widths along the limb, in body heights
    "upper_leg": (0.050, 0.057, 0.054, 0.046, 0.040), "lower_leg": (0.040, 0.043, 0.042, 0.032, 0.025),
    "upper_arm": (0.031, 0.034, 0.031, 0.028, 0.026), "lower_arm": (0.026, 0.028, 0.025, 0.021, 0.018),
    "hand": (0.017, 0.023, 0.026, 0.024, 0.017), "foot": (0.027, 0.028, 0.030, 0.033, 0.028),
}  # fmt: skip
TORSO_RADII = (0.086, 0.096, 0.097, 0.088, 0.079, 0.078, 0.086, 0.096, 0.105, 0.110, 0.106, 0.084, 0.040)
SLEEVES = {"t-shirt": 0.62, "tank top": 0.0, "shirt": 0.75}  # covered part of the upper arm; others reach the wrist
LOOSE = {"hoodie": 0.012, "jacket": 0.010, "long sleeve": 0.003, "shirt": 0.007, "t-shirt": 0.007, "tank top": 0.0}


def _grow(values: Sequence[float], factor: float = 1.0) -> np.ndarray:
    """Half widths (ROWS,) that pass through some values."""
    return np.interp(np.linspace(0, 1, ROWS), np.linspace(0, 1, len(values)), values).astype(np.float32) * np.float32(factor)


def _limb(name: str, side: int, build: float, texture: np.ndarray, loose: np.ndarray | float = 0.0) -> Skin:
    """A limb in a texture (ROWS, COLUMNS, 3); `loose` (ROWS,): how far its clothes stand off, in body heights."""
    body = _grow(RADII[name], build)
    cloth = body + np.asarray(loose, np.float32)
    split = OUTSIDE[side] if "arm" in name else 0.0
    caps = (float(body[0]), float(body[-1]) * (0.7 if name in ("hand", "foot") else 1.0))
    return Skin(wrap(texture), body, cloth, caps, FACETS[name][side], split, flat={"hand": 0.55, "foot": 0.8}.get(name, 1.0))


def _arm_skins(who: Person, side: int) -> dict[str, Skin]:
    skin, ground = SKINS[who.skin], DYES[who.top_colours[0]]
    pattern = who.pattern if who.pattern in ("stripes", "checks", "dots", "pinstripes") else "plain"
    cloth = folds(fabric(pattern, ground, DYES[who.top_colours[1]], 4), who.seed + side)
    reach = SLEEVES.get(who.top, 2.0)
    row, loose = np.linspace(0, 1, ROWS), LOOSE[who.top]
    upper = np.where((ALONG < reach)[..., None], cloth, plain(skin))
    if 0 < reach < 1:
        upper = mix(upper, dark(ground, 0.8), (ALONG < reach) & (ALONG > reach - 0.06))
    lower = np.where((ALONG < (0.9 if reach > 1 else -1.0))[..., None], cloth, plain(skin))
    if reach > 1:
        lower = mix(lower, dark(ground, 0.75), (ALONG < 0.9) & (ALONG > 0.82))
    hand = mix(plain(skin), dark(skin, 0.8), (ALONG > 0.55) & ((ANGLES * 4 / np.pi) % 1 < 0.16))
    puff = np.where(row < reach, loose * (4 * row).clip(0, 1), 0)
    return {
        f"upper_arm{side}": _limb("upper_arm", side, who.build, upper, puff),
        f"lower_arm{side}": _limb("lower_arm", side, who.build, lower, np.where(row < 0.9, loose if reach > 1 else 0, 0)),
        f"hand{side}": _limb("hand", side, who.build**0.5, hand),
    }


def _leg_skins(who: Person, side: int) -> dict[str, Skin]:
    skin, ground = SKINS[who.skin], DYES[who.bottom_colour]
    cloth = folds(fabric(who.bottom_pattern, ground, dark(ground, 0.7), 5), who.seed + 7 + side)
    if who.bottom == "jeans":
        cloth = mix(cloth, (235, 210, 150), np.abs(np.abs(ANGLES) - np.pi / 2) < 0.06)
    reach = {"shorts": 0.6, "skirt": 0.0, "dress": 0.0}.get(who.bottom, 2.0)
    loose = {"trousers": 0.010, "jeans": 0.006, "shorts": 0.012}.get(who.bottom, 0.0)
    row = np.linspace(0, 1, ROWS)
    upper = np.where((ALONG < reach)[..., None], cloth, plain(skin))
    lower = np.where((ALONG < (0.93 if reach > 1 else -1))[..., None], cloth, plain(skin))
    sock = mix(lower, (240, 238, 232), ALONG > 0.84) if reach < 1 and who.seed % 2 else lower
    shoe = mix(plain(DYES[who.shoes]), (245, 244, 240), np.abs(np.abs(ANGLES) - np.pi) < 0.7)
    shoe = mix(shoe, (245, 244, 240), (ALONG > 0.4) & (ALONG < 0.7) & ((ALONG * 18) % 1 < 0.4) & (np.abs(ANGLES) < 0.5))
    widen = loose * (1 + 0.8 * row) if who.bottom == "trousers" else np.full(ROWS, loose)
    thigh = np.where(row < reach, loose * (3 * row).clip(0.3, 1), 0)
    return {
        f"upper_leg{side}": _limb("upper_leg", side, who.build * who.hip, upper, thigh),
        f"lower_leg{side}": _limb("lower_leg", side, who.build, sock, np.where(row < 0.93, widen if reach > 1 else 0, 0)),
        f"foot{side}": _limb("foot", side, 1.0, shoe, 0.004),
    }


def _torso_skin(who: Person) -> Skin:
    skin, ground, below = SKINS[who.skin], DYES[who.top_colours[0]], DYES[who.bottom_colour]
    second = DYES[who.top_colours[1]]
    if who.bottom == "dress":
        below = ground
    top = emblem(folds(fabric(who.pattern, ground, second), who.seed, 0.04), who.pattern, second)
    if who.top in ("jacket", "hoodie"):
        open_front = 0.35 * (ALONG - 0.1) if who.top == "jacket" else 0.03
        top = mix(top, second if who.top == "jacket" else (230, 230, 230), np.abs(ANGLES) < open_front)
    if who.top == "shirt":
        top = mix(top, (250, 248, 240), (np.abs(ANGLES) < 0.06) & ((ALONG * 9) % 1 < 0.35))
    hem = {"tank top": 0.26, "t-shirt": 0.2, "shirt": 0.24}.get(who.top, 0.14) if who.bottom != "dress" else -1.0
    texture = np.where((ALONG > hem)[..., None], top, plain(below))
    texture = mix(texture, dark(below, 0.55), (ALONG < hem) & (ALONG > hem - 0.035))
    neck = 0.93 - (0.14 if who.top == "tank top" else 0.06) * np.exp(-((ANGLES / 0.6) ** 2))
    texture = mix(texture, skin, (ALONG > neck) & (who.top != "hoodie"))
    body = _grow(TORSO_RADII, who.build**0.8)
    row = np.linspace(0, 1, ROWS)
    body *= np.interp(row, [0, 0.3, 0.7, 1], [who.hip, who.hip, who.shoulder, who.shoulder]).astype(np.float32)
    cloth = body + np.where(row > hem, LOOSE[who.top] * np.interp(row, [hem, 0.5, 0.8, 0.95], [0.8, 1.2, 0.5, 0]), 0.003)
    return Skin(wrap(texture), body, cloth.astype(np.float32), (0.045, 0.02), (2, 1), 0.0, flat=0.66)


def _head_skins(who: Person) -> dict[str, Skin]:
    skull = _grow((0.040, 0.050, 0.055, 0.0575, 0.058, 0.056, 0.052), who.bones.head / 0.148)
    skin, hair = SKINS[who.skin], HAIR_COLOURS[who.hair_colour]
    out = {"head": Skin(wrap(face(who)), skull, skull, (0.020, 0.040), (24, 23), np.pi / 2, flat=1.12)}
    neck = _grow((0.036, 0.030, 0.029, 0.030), who.build**0.7)
    out["neck"] = Skin(wrap(plain(dark(skin, 0.86))), neck, neck, (0.01, 0.01), (24, 23), np.pi / 2)
    nothing = np.zeros(ROWS, np.float32)
    nose = _grow((0.009, 0.008, 0.004))
    out["nose"] = Skin(wrap(plain(skin)), nose, nose, (0.008, 0.004), (0, 0))
    ear = _grow((0.010, 0.013, 0.012))
    out["ear"] = Skin(wrap(plain(dark(skin, 0.92))), ear, ear, (0.006, 0.008), (0, 0))
    texture = shell(who)
    if texture is not None:
        more = {"afro": 0.036, "bob": 0.014, "long": 0.012, "beanie": 0.010}.get(who.hair, 0.008)
        out["hair"] = Skin(
            wrap(texture),
            nothing,
            skull + np.float32(more) * np.linspace(0.55, 1, ROWS, dtype=np.float32),
            (0.022, 0.040 + more),
            flat=1.1,
        )
    strand = mix(plain(hair), dark(hair, 0.72), 0.5 + 0.5 * np.sin(14 * ANGLES + 2 * np.sin(5 * ALONG)))
    if who.hair in ("long", "ponytail", "pigtails", "bun"):
        shape = {"long": (0.052, 0.066, 0.070, 0.066, 0.050), "bun": (0.026, 0.030, 0.026)}
        tail = _grow(shape.get(who.hair, (0.014, 0.026, 0.028, 0.022, 0.008)))
        out["tail"] = Skin(wrap(strand), nothing, tail, (0.02, 0.02), flat=0.5 if who.hair == "long" else 1.0)
    return out


def skins(who: Person) -> dict[str, Skin]:
    """Makes all skins of a person by bone name, plus hair, nose, ears and skirt."""
    out = {"torso": _torso_skin(who), **_head_skins(who)}
    for side in (0, 1):
        out |= _arm_skins(who, side) | _leg_skins(who, side)
    if who.bottom in ("skirt", "dress"):
        out["skirt"] = _skirt_skin(who)
    return out


def _skirt_skin(who: Person) -> Skin:
    colour, pattern = DYES[who.bottom_colour], who.bottom_pattern
    if who.bottom == "dress":
        colour, pattern = DYES[who.top_colours[0]], who.pattern
    cloth = fabric(pattern, colour, DYES[who.top_colours[1]], 5)
    cloth = mix(folds(cloth, who.seed + 3, 0.05), dark(colour, 0.6), 0.25 * (np.sin(11 * ANGLES) > 0.3) * ALONG)
    cloth = mix(cloth, dark(colour, 0.7), ALONG > 0.95)
    shape = _grow((0.080 * who.hip * who.build**0.8, 0.116, 0.130, 0.138, 0.146))
    return Skin(wrap(cloth), np.zeros(ROWS, np.float32), shape, (0.002, 0.012), flat=0.8)
