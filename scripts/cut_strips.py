"""Cuts strips, all frames of a video side by side in one PNG, into folders of frames:

    python -m scripts.cut_strips LOG/reconstruction/png OUT

NAME.png of square frames becomes OUT/NAME/0000.png and so on, as `evaluate` reads them. MRAA, TPS and others of their line
write such strips.
"""

import argparse
import sys
from pathlib import Path

from PIL import Image

from magicanimate_core.disk import open_folder


def cut(strip: Path, out: Path) -> int:
    """Cuts a strip into OUT/NAME; returns the number of frames. Raises ValueError for a picture that is none."""
    with Image.open(strip) as image:
        width, side = image.size
        if width % side:
            raise ValueError(f"{strip} is {width} x {side} pixels; expected square frames side by side.")
        folder = out / strip.stem.removesuffix(".mp4").removesuffix(".gif")
        open_folder(folder)
        if any(folder.iterdir()):
            raise ValueError(f"{folder} is not empty; give another folder, or empty it.")
        for number in range(width // side):
            frame = image.crop((number * side, 0, (number + 1) * side, side)).convert("RGB")
            frame.save(folder / f"{number:04d}.png")
    return width // side


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("strips", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    try:
        strips = sorted(options.strips.glob("*.png"))
        if not strips:
            raise ValueError(f"{options.strips} holds no PNG; expected a strip for each video.")
        for strip in strips:
            print(f"{strip.name}: {cut(strip, options.out)} frames")
    except (ValueError, OSError, Image.DecompressionBombError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
