"""Where training frames come from: folders, WebDataset shards or the procedural dancers, all behind one small interface."""

from .drawn import DancerClips, DancerStills
from .files import Files, clip_folder, image_folder
from .fit import fit_sample
from .fitted import FittedSource
from .opening import open_source
from .shards import shards
from .source import BadItem, Sample, Source

__all__ = [
    "BadItem", "DancerClips", "DancerStills", "Files", "FittedSource", "Sample", "Source",
    "clip_folder", "fit_sample", "image_folder", "open_source", "shards",
]  # fmt: skip
