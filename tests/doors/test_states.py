"""Interrupted jobs: what --resume does with what it finds, and that the film is the very same in the end."""

import dataclasses
import errno
import shutil

import pytest
import torch
from pack.magicanimate_core.command import jobs, state
from pack.magicanimate_core.command.contents import Contents
from pack.magicanimate_core.command.job import Job, Saving
from pack.magicanimate_core.disk import beside
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.denoise import ONE_WORKER
from pack.magicanimate_core.testing.inputs import draw_poses, write_poses
from pack.tests.doors.states import SHAPE, STATES, VIDEOS, Interrupted, furnish
from pack.tests.doors.table import Case, Refused, cases, passes
from PIL import Image

SETTINGS = Settings(steps=2, context_length=8, context_overlap=2)


class Stop(Exception):
    """In place of a crash."""


def order(job: Interrupted, out: str = "out.mp4", **changes) -> Job:
    settings = dataclasses.replace(SETTINGS, **job.options, **changes)
    return Job(job.folder / "me.png", job.folder / "dance.mp4", job.folder / out, settings=settings)


def run(models, job: Interrupted, stops=lambda done: False, **saving) -> int | None:
    """Animates and returns the step that it began at, None for a finished one; `stops`: after so many steps."""
    begun = []

    def progress(done):
        begun.append(done)
        if stops(done):
            raise Stop

    saving = Saving(**saving)
    try:
        jobs.run_job(models, order(job), model_files=job.model_files, workers=ONE_WORKER, saving=saving, progress=progress)
    except Stop:
        pass
    return begun[0] if begun else None


@pytest.fixture(autouse=True, scope="module")
def large_files():
    """The model file counts as a large one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "INPUT_LIMIT", 4000)
        yield


@pytest.fixture(scope="module")
def folder(files, models, large_files, tmp_path_factory):
    """The folder of a job that was stopped after its first step."""
    folder = tmp_path_factory.mktemp("interrupted")
    write_poses(folder / "clip.mp4", draw_poses(64, SHAPE[0]))
    furnish(folder, files.photo.read_bytes(), (folder / "clip.mp4").read_bytes())
    Image.open(files.photo).rotate(90).save(folder / "other.png")
    assert run(models, Interrupted(folder), lambda done: done == 1) == 0
    return folder


@pytest.fixture
def job(folder, tmp_path):
    return Interrupted(shutil.copytree(folder, tmp_path / "job"))


@cases(*STATES, *VIDEOS)
def test_what_resume_does(case, job, models, caplog):
    case.brings(job)
    passes(case, lambda: (run(models, job, lambda done: True, resume=True), caplog.text))


def test_large_files_are_read_once_in_a_run(job, monkeypatch):
    read = []
    monkeypatch.setattr(Contents, "__missing__", lambda self, path: read.append(path) or self.setdefault(path, b"digest"))
    contents = Contents()
    for seed in (1, 2):
        jobs.job_fingerprint(order(job, seed=seed), torch.float32, job.model_files, contents)
    assert sorted(path.name for path in read) == sorted(set(path.name for path in read)) and "motion.ckpt" in str(read)


def test_what_the_unet_predicts_counts(job):
    prints = {jobs.job_fingerprint(order(job), torch.float32, [], None, said) for said in ("epsilon", "v_prediction")}
    assert len(prints) == 2


@pytest.fixture(scope="module")
def film(folder, models, tmp_path_factory):
    """The bytes of the film that nothing interrupted."""
    job = Interrupted(shutil.copytree(folder, tmp_path_factory.mktemp("whole") / "job"))
    assert run(models, job) == 0
    return job.out.read_bytes()


def after_steps(count: int):
    return lambda models, job, patch: run(models, job, lambda done: done == count)


def while_writing(models, job, patch):
    made = iter(range(5))
    decode = jobs.decode_frames
    patch.setattr(jobs, "decode_frames", lambda *args: decode(*args) if next(made, None) is not None else stop())
    run(models, job)


def when_written(models, job, patch):
    patch.setattr(state.JobState, "remove", lambda self: stop())
    run(models, job)


def stop():
    raise Stop


def in_place_of_an_earlier_film(models, job, patch):
    shutil.copy(job.folder / "dance.mp4", job.out)
    run(models, job, lambda done: done == 0)


def never_saved_in_place_of_an_earlier_film(models, job, patch):
    shutil.copy(job.folder / "dance.mp4", job.out)
    run(models, job, lambda done: done == 1, every=0)


CRASHES = {
    **{f"after step {count}": after_steps(count) for count in (0, 1, 2)},
    "while the film is written": while_writing,
    "when the film is written": when_written,
    "before the first step, an earlier film there": in_place_of_an_earlier_film,
    "without states, an earlier film there": never_saved_in_place_of_an_earlier_film,
}


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_stopped_anywhere_the_film_is_the_very_same(crash, job, models, film):
    job.state.unlink()
    with pytest.MonkeyPatch.context() as patch:
        crash(models, job, patch)
    for path in (job.out, job.state):  # as a process leaves them that was killed
        beside(path).write_bytes(b"half a file")
    run(models, job, resume=True)
    assert job.out.read_bytes() == film and not job.state.exists()
    assert run(models, job, resume=True) is None, "finished"


# --- one bad job among others ----------------------------------------------------------------------------------------


def raises(error: BaseException):
    def work(*_):
        raise error

    return work


MEMORY = Refused(r"1 of 3 jobs failed. b.mp4: there is not enough memory for it: lower width and height or context_length")
BAD = [
    Case("a card without room", lambda: raises(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")), MEMORY),
    Case("Apple's card without room", lambda: raises(RuntimeError("MPS backend out of memory (MPS allocated)")), MEMORY),
    Case("a card's library without room", lambda: raises(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED")), MEMORY),
    Case("a computer without room", lambda: lambda *_: torch.empty(2**52), MEMORY),
    Case("a computer without room for numpy", lambda: raises(MemoryError()), MEMORY),
    Case("a full disk", lambda: raises(OSError(errno.ENOSPC, "No space left on device")), Refused("b.mp4: .*No space left")),
]


@cases(*BAD)
def test_the_others_are_made(case, job, models, monkeypatch):
    work, good = case.brings(), jobs.encode_photo
    count = iter("abc")
    monkeypatch.setattr(jobs, "encode_photo", lambda *args: (work if next(count) == "b" else good)(*args))
    ordered = [order(job, f"{name}.mp4", steps=1) for name in "abc"]
    passes(case, lambda: jobs.run_jobs(models, ordered, model_files=[], workers=ONE_WORKER, saving=Saving()))
    assert sorted(path.name for path in job.folder.glob("?.mp4*")) == ["a.mp4", "c.mp4"]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("a fault of ours")], ids=lambda error: type(error).__name__
)
def test_what_ends_all_jobs(error, job, models, monkeypatch):
    monkeypatch.setattr(jobs, "encode_photo", raises(error))
    ordered = [order(job, f"{name}.mp4", steps=1) for name in "ab"]
    with pytest.raises(type(error)):
        jobs.run_jobs(models, ordered, model_files=[], workers=ONE_WORKER, saving=Saving())


def test_a_full_disk_loses_nothing(job, models):
    """A state that cannot be written: a sentence, and the one before is kept and goes on."""
    resource = pytest.importorskip("resource")
    before, limits = job.state.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="out.mp4.state.safetensors cannot be written .*make room, then the same command"):
            run(models, job, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert job.state.read_bytes() == before and not job.out.exists() and not list(job.folder.glob(".*.part"))


def test_what_models_do_not_take_is_known_before_the_first_job(job, models, monkeypatch):
    monkeypatch.setattr(jobs, "encode_photo", raises(AssertionError("work has begun")))
    ordered = [order(job), order(job, "b.mp4", context_length=32)]
    with pytest.raises(ValueError, match="context_length is 32"):
        jobs.run_jobs(models, ordered, model_files=[], workers=ONE_WORKER, saving=Saving())


def test_a_vae_that_gives_no_numbers_is_told(job, models, monkeypatch):
    monkeypatch.setitem(models.vae.decoder.conv_out._parameters, "bias", torch.nn.Parameter(torch.full((3,), torch.nan)))
    with pytest.raises(ValueError, match="The VAE gives values that are no numbers"):
        run(models, job, resume=True)
    assert not job.out.exists() and job.state.exists()
