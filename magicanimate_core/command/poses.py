"""The pose video of a job, opened and looked at."""

from ..media.clip import PoseClip
from ..media.densepose import ANY_COLOURS
from ..pose.colours import check_colours, looked_at
from .job import Job


def open_poses(job: Job, keep: int = 1) -> PoseClip:
    """Opens a job's pose video at its own size, at most `keep` frames of which are in memory.

    Raises Unreadable, or ValueError for colours that the job's settings do not allow, by a few of its frames.
    """
    clip = PoseClip(job.pose, keep)
    if job.settings.pose_strength and job.settings.pose_colours != ANY_COLOURS:
        check_colours(clip(looked_at(len(clip))).movedim(1, -1), f"pose video {job.pose}")  # (F, H, W, 3)
    return clip
