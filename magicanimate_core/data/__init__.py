"""Where training frames come from: every source answers the same few questions.

source   the questions: how many items, how long, which frames
opening  the source that a path or a line of text names
files    folders of clips, of frames, of pictures
shards   WebDataset shards
drawn    the procedural dancers
fitted   any source at another size
latents  any source, encoded once
prepare/ clips of any kind, checked and made ready to train on
"""

from .drawn import DancerClips, DancerStills
from .files import FileSource, clip_folder, image_folder
from .fitted import FittedSource, fit_sample
from .opening import open_source
from .shards import shards
from .source import BadItem, Sample, Source

__all__ = [
    "BadItem", "DancerClips", "DancerStills", "FileSource", "FittedSource", "Sample", "Source",
    "clip_folder", "fit_sample", "image_folder", "open_source", "shards",
]  # fmt: skip
