"""From a posed body to the tubes of a picture: where each skin lies, and what is in front of what."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..body.people import Person
from ..body.skeleton import Camera, Segment, aim
from .tubes import ROWS, Skin, Tube

InHead = Callable[[float, float, float], np.ndarray]  # left, up (0 chin, 1 crown), front in the head -> (3,) in space
# body heights towards the viewer that a limb's middle counts as nearer, so that limbs which touch are painted in order
BIAS = {"upper_leg": -0.09, "lower_leg": -0.015, "foot": -0.022, "upper_arm": 0.02, "lower_arm": 0.032, "hand": 0.036}


def _tube(skin: Skin, camera: Camera, bone: Segment, key: float) -> Tube:
    (x0, y0, near), (x1, y1, far) = camera.project(bone.start), camera.project(bone.end)
    return Tube(skin, (x0, y0), (x1, y1), 0.5 * (near + far), bone.turn, key)


def _foot(bone: Segment) -> Segment:
    """The shoe's front is its sole's back, so that laces are on top."""
    return Segment(bone.start, bone.end, aim(bone.start, bone.end, bone.turn[:, 1]))


def _head(who: Person, skins: dict[str, Skin], bones: dict[str, Segment], camera: Camera) -> list[Tube]:
    head, neck = bones["head"], bones["neck"]
    height = who.bones.head
    axis, turn = head.turn[:, 1], head.turn
    skull = Segment(head.start + 0.020 * axis, head.end - 0.040 * axis, turn)
    key = float(head.start[2]) + 0.03
    out = [_tube(skins["neck"], camera, neck, float(neck.start[2]) - 0.02), _tube(skins["head"], camera, skull, key)]

    def at(x: float, y: float, z: float) -> np.ndarray:  # (3,)
        return head.start + turn @ np.array([x, y * height, z])

    if turn[2, 2] > -0.25:
        out.append(_tube(skins["nose"], camera, Segment(at(0, 0.40, 0.060), at(0, 0.50, 0.054), turn), key + 0.004))
    for sign in (1, -1):
        ear = Segment(at(sign * 0.056, 0.40, -0.004), at(sign * 0.058, 0.54, -0.004), turn)
        out.append(_tube(skins["ear"], camera, ear, key + 0.002 * np.sign(float(turn[2, 0]) * sign + 0.001)))
    if "hair" in skins:
        shell = Segment(skull.start - 0.004 * turn[:, 2], skull.end - 0.004 * turn[:, 2], turn)
        out.append(_tube(skins["hair"], camera, shell, key + 0.003))
    return out + _tails(who, skins, bones, camera, at, key)


def _tails(
    who: Person, skins: dict[str, Skin], bones: dict[str, Segment], camera: Camera, at: InHead, key: float
) -> list[Tube]:
    """Hair beyond the shell: it hangs from the head, so it follows the head's top and trails the chest."""
    if "tail" not in skins:
        return []
    down, turn = np.array([0.0, -1.0, 0.0]), bones["head"].turn
    places = {"bun": [(0, 0.98, -0.035)], "ponytail": [(0, 0.72, -0.070)], "long": [(0, 0.55, -0.035)]}
    out = []
    for place in places.get(who.hair, [(0.068, 0.62, -0.02), (-0.068, 0.62, -0.02)]):
        start = at(*place)
        if who.hair == "bun":
            end = start + 0.030 * turn[:, 1]
        else:
            swing = turn @ np.array([0.04 * np.sign(place[0]), 0.0, -0.035])
            end = start + {"long": 0.135}.get(who.hair, 0.13) * down + swing
        depth = float(turn[2] @ np.array([place[0] * 0.6, 0, place[2]]))
        order = key + 2.0 * depth if who.hair != "long" else (key + 0.06 if turn[2, 2] < -0.1 else float(start[2]) - 0.09)
        out.append(_tube(skins["tail"], camera, Segment(start, end, aim(start, end, turn[:, 2])), order))
    return out


def _skirt(who: Person, skin: Skin, bones: dict[str, Segment], camera: Camera, key: float) -> Tube:
    """Hangs from the waist; its hem is as wide as the knees need."""
    torso = bones["torso"]
    knees = [bones[f"upper_leg{side}"].end for side in (0, 1)]
    reach = 0.95 if who.seed % 3 else 0.7
    middle = (1 - reach) * torso.start + reach * 0.5 * (knees[0] + knees[1])
    spread = reach * float(np.linalg.norm((knees[0] - knees[1])[:2])) / 2
    start = torso.start + 0.055 * torso.turn[:, 1]
    wider = np.linspace(0, max(0.0, spread + 0.06 * who.build * who.hip - 0.122), ROWS, dtype=np.float32)
    bone = Segment(start, middle, aim(start, middle, torso.turn[:, 2]))
    return _tube(replace(skin, cloth=skin.cloth + wider), camera, bone, key)


def tubes(who: Person, skins: dict[str, Skin], bones: dict[str, Segment], camera: Camera, bow: float) -> list[Tube]:
    """Returns all tubes of a person, far ones first; `bow` bends the torso sideways, in body heights."""
    torso = bones["torso"]
    middle = 0.5 * float(torso.start[2] + torso.end[2])
    out = [replace(_tube(skins["torso"], camera, torso, middle), bend=bow * camera.scale)]
    legs = []
    for name, bias in BIAS.items():
        for side in (0, 1):
            bone = bones[f"{name}{side}"]
            key = 0.5 * float(bone.start[2] + bone.end[2]) + bias
            if "leg" in name:
                legs.append(key)
            out.append(_tube(skins[f"{name}{side}"], camera, _foot(bone) if name == "foot" else bone, key))
    if "skirt" in skins:
        key = max(middle - 0.001, max(legs[:2]) + 0.002)
        out.append(_skirt(who, skins["skirt"], bones, camera, key))
        if who.bottom == "dress":
            out[-1].key = max(key, middle + 0.001)
    return sorted(out + _head(who, skins, bones, camera), key=lambda tube: tube.key)
