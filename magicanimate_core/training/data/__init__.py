"""Where training frames come from: folders, WebDataset shards or the procedural dancers, all behind one small interface."""

from ...data.drawn import DancerClips, DancerStills
from ...data.files import Files, clip_folder, image_folder
from ...data.fit import fit_sample
from ...data.fitted import FittedSource
from ...data.opening import open_source
from ...data.shards import shards
from ...data.source import BadItem, Sample, Source

__all__ = [
    "BadItem", "DancerClips", "DancerStills", "Files", "FittedSource", "Sample", "Source",
    "clip_folder", "fit_sample", "image_folder", "open_source", "shards",
]  # fmt: skip
