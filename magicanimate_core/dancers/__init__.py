"""A procedural world of dancing people: pictures with exact DensePose part maps, from a seed, without any data set."""

from .world import Clip, Frame, clip, still

__all__ = ["Clip", "Frame", "clip", "still"]
