"""A motion file is read once, as long as anyone animates with it; a file that has changed is another one."""

import gc
import os
import shutil

import pytest
import torch
from pack.tests.host.small import CHOICES

FILE = CHOICES["temporal_attention"]


@pytest.fixture
def reads(monkeypatch):
    """The motion files that are read."""
    from pack.magicanimate_core.host import loading

    read, found = loading.load_motion_module, []
    monkeypatch.setattr(loading, "load_motion_module", lambda path: found.append(path) or read(path))
    monkeypatch.setattr(loading, "_motions", type(loading._motions)())
    return found


@pytest.fixture
def loaded(small, run):
    """Load Temporal UNet, as after a change of what is before it: on a MODEL of its own."""
    return lambda: run("MagicAnimateTemporalUNetLoader", model=small.shared_base.clone(), motion_module=FILE)[0]


def test_a_changed_model_does_not_read_the_file_again(reads, loaded, small):
    first, second = loaded(), loaded()
    assert len(reads) == 1
    assert torch.equal(small.animate(16, model=first), small.animate(16, model=second))


def test_what_nobody_has_is_let_go(reads, loaded):
    model = loaded()
    del model
    gc.collect()
    from pack.magicanimate_core.host import loading

    assert not loading._motions
    kept = loaded()
    assert len(reads) == 2 and kept


def test_a_file_that_has_changed_is_read(reads, small, tmp_path):
    from pack.magicanimate_core.host import loading

    path = tmp_path / "motion.ckpt"
    shutil.copy(next(small.files.magicanimate.rglob("temporal_attention.*")), path)
    kept = [loading.motion_module_in_use(str(path))]
    os.utime(path, ns=(1, 1))
    kept.append(loading.motion_module_in_use(str(path)))
    assert len(reads) == 2 and kept[0] is not kept[1]
