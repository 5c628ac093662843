"""The videos of rows, by the jobs of `animate`: each lossless, made once, gone on with after an interruption."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import torch

from ...disk import whole
from ...pipeline.denoise import ONE_WORKER
from ..checks import check_inputs, is_made
from ..contents import Contents
from ..groups import group_files, run_groups
from ..job import Job, Saving, check_jobs, job_fingerprint
from ..methods import check_methods, needed
from .cases import AblationCase
from .rows import FILES_OF_METHODS, AblationRow

ROW_RECORD = ".row.json"  # hidden: the folder holds videos


def row_jobs(row: AblationRow, cases: Sequence[AblationCase], folder: Path) -> list[Job]:
    """Returns a job for every case, whose video is FOLDER/NAME.mp4."""
    use = needed(row.animator.method)
    files = {name: getattr(row.models, name) for name in FILES_OF_METHODS if name in use}
    return [
        Job(
            case.reference,
            case.pose,
            folder / f"{case.name}.mp4",
            settings=row.settings,
            lossless=True,
            animator=row.animator,
            reference_pose=case.reference_pose if "reference_pose" in use else None,
            **files,
        )
        for case in cases
    ]


def make_rows(
    rows: Sequence[AblationRow], cases: Sequence[AblationCase], folder: Path, device: torch.device, dtype: torch.dtype
) -> dict[str, Path]:
    """Makes the videos of rows that are not there yet; returns each row's folder.

    Raises ValueError or OSError for what cannot be made, and for a folder of videos that were made otherwise; all of that,
    as far as it is known without models, before the first is loaded.
    """
    jobs = {row.name: row_jobs(row, cases, folder / row.name) for row in rows}
    contents = Contents()
    for row in rows:
        (folder / row.name).mkdir(parents=True, exist_ok=True)
        check_jobs(jobs[row.name])
        check_methods(jobs[row.name], row.models.base, latents=False)
        _check_record(row, jobs[row.name], folder / row.name / ROW_RECORD, dtype, contents)
    for models, same in groupby(rows, lambda row: row.models):
        wanted: list[Job] = []
        for row in same:
            left = [job for job in jobs[row.name] if not is_made(job.out)]
            print(f"{row.name}: {len(left)} of {len(jobs[row.name])} videos to make", flush=True)
            wanted += left
        if wanted:
            check_inputs(wanted, resume=True)
            groups = group_files(wanted, models)
            run_groups(groups, models, (device, dtype), workers=ONE_WORKER, saving=Saving(resume=True))
    return {row.name: folder / row.name for row in rows}


def check_models_there(rows: Sequence[AblationRow]) -> None:
    """Raises FileNotFoundError for a missing file of a row's models."""
    for row in rows:
        group_files([Job(Path(), Path(), Path(), animator=row.animator)], row.models)


def _check_record(row: AblationRow, jobs: Sequence[Job], path: Path, dtype: torch.dtype, contents: Mapping) -> None:
    """Notes how a row is made. Raises ValueError where its folder holds videos that were made otherwise."""
    (group,) = group_files(jobs, row.models)
    prediction = row.models.prediction_type or "epsilon"
    made = {"job": job_fingerprint(jobs[0], dtype, group.files, contents, prediction), "differs": dict(row.differs)}
    if path.is_file():
        if json.loads(path.read_text()).get("job") != made["job"]:
            raise ValueError(
                f"{path.parent} holds videos that were made with other options or models: give another --out, or delete it."
            )
        return
    if any(path.parent.glob("*.mp4")):
        raise ValueError(f"{path.parent} holds videos of another program: give another --out.")
    with whole(path) as part:
        part.write_text(json.dumps(made, indent=1))
