"""Which generated frame is compared with which true one.

The published code sorts the frames of both sides by name, walks them together to the end of the shorter list, and stops
where two names differ: one side may lack frames only at the very end of the last video.
"""

from collections.abc import Mapping
from typing import NamedTuple

from .videos import ComparedClip

COMMON_ADVICE = "to compare only what both have, give --common."
SAME_NUMBERS = "expected the same frame numbers on both sides."


class ClipPair(NamedTuple):
    """A generated video and the true one; their first `count` frames are compared."""

    made: ComparedClip
    true: ComparedClip
    count: int


def paired(made: Mapping[str, ComparedClip], true: Mapping[str, ComparedClip]) -> list[ClipPair]:
    """Pairs two sets, sorted by name, as the published code does. Raises ValueError where names differ, and Unreadable."""
    pairs = []
    last_made, last_true = list(made)[-1], list(true)[-1]
    for name, other in zip(made, true, strict=False):
        if name != other:
            raise ValueError(
                f"GENERATED has the video {name} where TRUE has {other}; expected the same videos on both sides: "
                f"{COMMON_ADVICE}"
            )
        pair = _pair(made[name], true[name])
        end = last_made if len(pair.made) < len(pair.true) else last_true
        if len(pair.made) != len(pair.true) and name != end:
            raise ValueError(
                f"{name} has {len(pair.made)} frames in GENERATED and {len(pair.true)} in TRUE; expected as many, but for "
                f"the last video: {COMMON_ADVICE}"
            )
        pairs.append(pair)
    return pairs


def common(made: Mapping[str, ComparedClip], true: Mapping[str, ComparedClip]) -> list[ClipPair]:
    """Pairs the videos that both sides have, each to the end of the shorter one. Raises ValueError and Unreadable."""
    return [_pair(made[name], true[name]) for name in made if name in true]


def check_names(made: Mapping[str, ComparedClip], true: Mapping[str, ComparedClip]) -> None:
    """Raises ValueError where no video has the same name on both sides."""
    if not made.keys() & true.keys():
        raise ValueError(
            f"No video of GENERATED has a name of TRUE ({_some(made)}; {_some(true)}): files are compared by their names."
        )


def _some(names: Mapping[str, ComparedClip]) -> str:
    return ", ".join(list(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _pair(made: ComparedClip, true: ComparedClip) -> ClipPair:
    """Two videos of one name. Raises ValueError where the numbers of their frames differ."""
    count = min(len(made), len(true))
    if made.named and true.named:
        for ours, other in zip(made.numbers, true.numbers, strict=False):
            if ours != other:
                raise ValueError(f"{made.name} has frame {ours} in GENERATED where TRUE has frame {other}; {SAME_NUMBERS}")
    for clip, side in ((made, "GENERATED"), (true, "TRUE")):
        if made.named != true.named and len(clip.runs()) > 1:
            gap = clip.numbers[clip.runs()[0] - 1] + 1
            raise ValueError(f"{clip.name} lacks frame {gap} in {side}, and the other side is a video; {SAME_NUMBERS}")
    return ClipPair(made, true, count)
