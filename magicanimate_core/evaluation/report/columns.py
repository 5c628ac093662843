"""What the measured numbers are called, whether more or less is better, and which of them stand beside each other."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Family(NamedTuple):
    """One metric, in all ways that it is computed. Keys are those of the results."""

    title: str
    correct: str
    disco: tuple[str, ...]  # as DisCo's code has it, whose numbers are the published ones
    higher: bool = False  # more is better


FAMILIES = (
    Family("L1", "l1", ("l1_disco",)),
    Family("PSNR", "psnr", ("psnr_disco_2023", "psnr_disco_2024"), higher=True),
    Family("SSIM", "ssim_gaussian", ("ssim_disco",), higher=True),
    Family("LPIPS", "lpips", ("lpips_disco",)),
    Family("L1, foreground", "l1_foreground", ("l1_masked_disco",)),
)
OTHERS = {"fid": "FID", "fid_vid": "FID-VID", "fvd": "FVD", "akd": "AKD", "mkr": "MKR", "aed": "AED"}  # less is better
OF = {key: family for family in FAMILIES for key in (family.correct, *family.disco)}


def title(key: str) -> str:
    """Returns what a number is called in a heading; its key where it is not known here."""
    family = OF.get(key)
    if family is None:
        return OTHERS.get(key, key)
    return family.title if key == family.correct else f"{family.title}, DisCo {year(key)}".rstrip()


def year(key: str) -> str:
    """Returns when DisCo computed it so, where it changed."""
    last = key.rsplit("_", 1)[-1]
    return last if last.isdigit() else ""


def higher_is_better(key: str) -> bool | None:
    """Returns which way is better; None where it is not known."""
    return OF[key].higher if key in OF else False if key in OTHERS else None


def better(key: str) -> str:
    """Returns the same as an arrow."""
    return {True: "\N{UPWARDS ARROW}", False: "\N{DOWNWARDS ARROW}", None: ""}[higher_is_better(key)]


def in_order(keys: Iterable[str]) -> list[str]:
    """Returns keys in the order of the tables: families, correct before DisCo's, then what is not known here."""
    known = [*OF, *OTHERS]
    found = list(dict.fromkeys(keys))
    return [key for key in known if key in found] + [key for key in found if key not in known]


def measured(videos: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns the keys that videos have numbers of, in order."""
    return in_order(key for values in videos.values() for key in values if key != "frames")
