"""Peak memory and time of `pose` for short and long clips.

    python -m benchmarks.long_poses [--frames 100 10000] [--plain]

A measurement on the CPU: `pose` as a user calls it, from Parula to MagicAnimate's colours, mended, and brought to a photo's
pose (--plain: not that); each clip in a process of its own, a drawn dancer at 96 x 96. Counted is the process's resident
memory at its highest, Python and libraries included, so only the difference between the rows is the clip's; the first few
hundred frames fill the buffers of decoders and encoders. A frame that stayed in memory would be 0.03 MiB. Seconds are of the
whole process, by the wall clock, on a machine that may have had other work.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from magicanimate_core.dancers import clip
from magicanimate_core.media.densepose import paint
from magicanimate_core.media.writing import LOSSLESS, video_writer, write_picture
from magicanimate_core.pose.palettes import PARULA

from .report import table

SIDE, DANCE = 96, 48  # pixels; frames of the dance, which is repeated


def write_inputs(folder: Path, frames: int) -> tuple[Path, Path]:
    """Writes a clip and a photo's pose; returns their paths."""
    folder.mkdir()
    dance, photo = (clip(number, "held_out", frames=DANCE, height=SIDE, width=SIDE) for number in (0, 1))
    drawn = [PARULA[dance.frame(i).parts] for i in range(DANCE)]  # (H, W, 3)
    with video_writer(folder / "clip.mp4", 25, SIDE, SIDE, LOSSLESS) as write:
        for number in range(frames):
            write(drawn[number % DANCE])
    write_picture(folder / "photo.png", paint(photo.frame(0).parts))
    return folder / "clip.mp4", folder / "photo.png"


def pose(folder: Path, frames: int, plain: bool) -> float:
    """Runs the command on a clip of so many frames, plain: without a photo; returns the seconds."""
    source, photo = write_inputs(folder, frames)
    arguments = ["-m", "magicanimate_core", "pose", source, folder / "out.mp4"]
    arguments += [] if plain else ["--photo-pose", photo]
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def rows(folder: Path, lengths: list[int], plain: bool) -> list[list]:
    """Rows of frames, MiB and seconds, shortest clip first: the system tells the highest of all processes so far."""
    found = []
    for frames in sorted(lengths):
        seconds = pose(folder / str(frames), frames, plain)
        mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        found.append([frames, f"{mib:.1f}", f"{seconds:.0f}"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 10000])
    parser.add_argument("--plain", action="store_true", help="without a photo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(table(["frames", "peak MiB", "seconds"], rows(Path(folder), options.frames, options.plain)))


if __name__ == "__main__":
    main()
