"""What is looked at before the work of jobs begins."""

import logging
from collections.abc import Sequence
from pathlib import Path

from ..media.blobs import Blob, Unreadable
from ..media.pictures import read_photo
from ..media.reading import Video
from ..pipeline.models import Models
from ..pipeline.prompts import token_ids
from .job import Job
from .poses import open_poses
from .state import JobState

LOG = logging.getLogger(__name__)


def check_inputs(jobs: Sequence[Job], resume: bool = False) -> None:
    """Raises ValueError where not one job's photo and pose video can be used, before models are loaded for nothing.

    resume: a video that is there may be finished, and its inputs are nobody's business.
    """
    failed: list[str] = []
    for job in jobs:
        if resume and job.out.is_file():
            return
        try:
            read_photo(job.reference)
            open_poses(job)
            return
        except (ValueError, OSError) as error:
            failed.append(f"{job.out.name}: {error}" if len(jobs) > 1 else str(error))
    raise failure(failed, jobs)


def check_models(models: Models, jobs: Sequence[Job]) -> None:
    """Raises ValueError for a window or words of a job that these models do not take."""
    for job in jobs:
        job.settings.check_window(models.nets.max_length)
    for words in {words for job in jobs for words in (job.prompt, job.negative)}:
        token_ids(words, models.tokenizer)


def is_made(out: Path) -> bool:
    """Whether a video is there, no job was on the way to put another one in its place, and it can be read to its end."""
    if not out.is_file() or JobState(out, job="").path.is_file():
        return False
    try:
        made = Video(Blob(out.name, out))
        made.read([0, len(made) - 1])
    except Unreadable as error:
        LOG.warning("%s The job makes it anew.", error)
        return False
    return True


def failure(failed: Sequence[str], jobs: Sequence[Job]) -> ValueError:
    """Gives what is said in the end of the jobs that failed."""
    return ValueError(failed[0] if len(jobs) == 1 else f"{len(failed)} of {len(jobs)} jobs failed. {' '.join(failed)}")
