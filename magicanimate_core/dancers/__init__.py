"""A procedural world of dancing people: pictures with exact DensePose part maps, from a seed, without any data set.

seeds    random streams by name, and which numbers are whose
body/    who dances and how: people, bones, moves, motions
paint/   how a body looks: textures, tubes, the picture
places/  where people dance
world    a clip: a person, a motion and a place before a camera
"""

from .world import FPS, DrawnClip, Frame, clip, still

__all__ = ["FPS", "DrawnClip", "Frame", "clip", "still"]
