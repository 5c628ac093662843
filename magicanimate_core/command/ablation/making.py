"""The videos of rows, by the jobs of `animate`: each lossless, made once, gone on with after an interruption."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from ...disk import whole
from ...pipeline.denoise import ALONE
from ...pipeline.models import Models, find_published, load_models
from ...weights.published import PUBLISHED
from ..checks import check_inputs, is_made
from ..contents import Contents
from ..job import Job, Saving, check_jobs, job_fingerprint
from ..jobs import run_jobs
from ..trouble import told
from .cases import AblationCase
from .config import AblationRow, ModelPaths

ROW_RECORD = ".row.json"  # hidden: the folder holds videos


def row_jobs(row: AblationRow, cases: Sequence[AblationCase], folder: Path) -> list[Job]:
    """Returns a job for every case, whose video is FOLDER/NAME.mp4."""
    return [
        Job(case.reference, case.pose, folder / f"{case.name}.mp4", settings=row.settings, lossless=True) for case in cases
    ]


def model_files(models: ModelPaths) -> list[Path]:
    """Returns the files that decide what is loaded. Raises FileNotFoundError for a missing one."""
    files = [models.base, *([models.vae] if models.vae else [])]
    return files + [find_published(models.magicanimate, name) for name in PUBLISHED]


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
        _check_record(row, jobs[row.name][0], folder / row.name / ROW_RECORD, dtype, contents)
    loaded: tuple[ModelPaths, Models] | None = None
    for row in rows:
        if all(is_made(job.out) for job in jobs[row.name]):
            print(f"{row.name}: made already")
            continue
        print(f"{row.name}: {_words(row)}")
        check_inputs(jobs[row.name], resume=True)
        if loaded is None or loaded[0] != row.models:
            loaded = None  # lets go of the last before the next is there
            loaded = row.models, _load(row.models, device, dtype)
        run_jobs(loaded[1], jobs[row.name], model_files=model_files(row.models), workers=ALONE, saving=Saving(resume=True))
    return {row.name: folder / row.name for row in rows}


def _load(models: ModelPaths, device: torch.device, dtype: torch.dtype) -> Models:
    with told():
        return load_models(models.base, models.magicanimate, models.vae, models.prediction_type).to(device, dtype)


def _check_record(row: AblationRow, job: Job, path: Path, dtype: torch.dtype, contents: Mapping[Path, bytes]) -> None:
    """Notes how a row is made. Raises ValueError where its folder holds videos that were made otherwise."""
    prediction = row.models.prediction_type or "epsilon"
    made = {"job": job_fingerprint(job, dtype, model_files(row.models), contents, prediction), "differs": dict(row.differs)}
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


def _words(row: AblationRow) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.differs.items()) or "as all rows"
