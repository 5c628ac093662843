"""What a file of weights says it was made for, whoever wrote it: understood, or nothing."""

import json
from pathlib import Path

import pytest
import torch
from pack.magicanimate_core.weights.made_for import MADE_FOR, MadeFor, hardly_meant, read_made_for
from pack.tests.doors.table import Case, cases, passes
from safetensors.torch import save_file

STUDENT = MadeFor(4, "trailing", 1.0)


def headed(header: dict[str, str] | None, name: str = "motion.safetensors"):
    """A file of weights with this header."""

    def bring(folder: Path) -> list[Path]:
        save_file({"a": torch.zeros(1)}, folder / name, metadata=header)
        return [folder / name]

    return bring


def content(name: str, what: bytes):
    def bring(folder: Path) -> list[Path]:
        (folder / name).write_bytes(what)
        return [folder / name]

    return bring


def both(first, second):
    return lambda folder: [*first(folder), *second(folder)]


def said(made_for: MadeFor | None):
    def check(out: MadeFor | None) -> None:
        assert out == made_for

    return check


FILES = (
    Case("as the stage writes it", headed(STUDENT.header()), said(STUDENT)),
    Case("with what others say, too", headed({"format": "pt"} | STUDENT.header()), said(STUDENT)),
    Case("published weights", headed({"format": "pt"}), said(None)),
    Case("no header at all", headed(None), said(None)),
    Case("a pickle", content("motion.ckpt", b"PK"), said(None)),
    Case("a damaged file, which its loader refuses", content("motion.safetensors", b"\x01"), said(None)),
    Case("a file that is not there", lambda folder: [folder / "none.safetensors"], said(None)),
    Case("a folder", lambda folder: [folder], said(None)),
    Case("no files", lambda folder: [], said(None)),
    Case("the second file says it", both(headed({}, "a.safetensors"), headed(STUDENT.header())), said(STUDENT)),
    Case("another program's words", headed({MADE_FOR: "four steps"}), said(None)),
    Case("more than we know", headed({MADE_FOR: json.dumps(STUDENT._asdict() | {"eta": 1})}), said(None)),
    Case("less than we know", headed({MADE_FOR: '{"steps": 4}'}), said(None)),
    Case("a list", headed({MADE_FOR: "[4]"}), said(None)),
    Case("steps that are a word", headed({MADE_FOR: '{"steps": "few", "scheduler": "trailing", "cfg": 1}'}), said(None)),
    Case("no steps", headed({MADE_FOR: '{"steps": 0, "scheduler": "trailing", "cfg": 1}'}), said(None)),
    Case("more steps than its schedule has", headed(MadeFor(101, "align_your_steps", 1.0).header()), said(None)),
    Case("a schedule we do not have", headed({MADE_FOR: '{"steps": 4, "scheduler": "karras", "cfg": 1}'}), said(None)),
    Case("a cfg that is no number", headed({MADE_FOR: '{"steps": 4, "scheduler": "trailing", "cfg": null}'}), said(None)),
)


@cases(*FILES)
def test_what_a_file_says(case, tmp_path):
    passes(case, lambda: read_made_for(case.brings(tmp_path)))


@pytest.mark.parametrize("asked", [MadeFor(25, "official", 7.5), MadeFor(4, "official", 1.0)])
def test_the_sentence_has_both(asked):
    sentence = hardly_meant(STUDENT, str(asked))
    assert "4 steps, scheduler trailing, cfg 1," in sentence and f"{asked.steps} steps, scheduler official" in sentence
