"""One bad item ends no run: it is named, whoever reads it, and only a set without a good one is refused."""

import re
from functools import partial

import numpy as np
import pytest
import torch
from pack.magicanimate_core.data import BadItem, DancerClips
from pack.magicanimate_core.data.latents import LatentCache
from pack.magicanimate_core.data.shards import shards
from pack.magicanimate_core.training.batches import Batches, Drawing
from pack.magicanimate_core.training.config import Validation
from pack.magicanimate_core.training.draws import Joint
from pack.magicanimate_core.training.validation import Samples
from pack.tests.doors.sets import damaged, noise_behind, pair, shortened, tar
from pack.tests.doors.table import Case, Refused, cases, passes

# --- bad items ---------------------------------------------------------------------------------------------------------


def drawn(source, temporal: bool = False) -> Batches:
    joint, drawing = Joint(tau_0=0, tau_1=0, tau_2=0), Drawing(frames=3, stride=(1, 1))
    batches = Batches(source, None, drawing, joint, temporal=temporal, seed=0)
    for step in range(4):
        batches(step, 0, 0)
    return batches


def cached(folder, source) -> LatentCache:
    def encode(images: np.ndarray) -> torch.Tensor:
        return torch.zeros(len(images), 4, 4, 4) + (
            float("nan") if isinstance(source, DancerClips) and len(source) == 7 else 0
        )

    for _ in range(2):  # what was left out is known in the next run, too
        cache = LatentCache(source, folder / "cache.safetensors", encode)
    return cache


def validated(source) -> Samples:
    return Samples(None, None, source, Validation(items=2, frames=3), 0)


def dropped(*names: str):
    return lambda cache: pytest.approx(len(names)) == len(cache.dropped) and all(map(str.startswith, cache.dropped, names))


def has(check):
    def assertion(outcome) -> None:
        assert check(outcome)

    return assertion


ITEMS = (
    Case("one good clip of 600", lambda _: drawn(damaged(600, 77)), has(lambda b: sum(b.skipped.values()) > 300)),
    Case("only bad clips", lambda _: drawn(damaged(5)), Refused("100 items in a row could not be used.*is torn")),
    Case("only short clips", lambda _: drawn(DancerClips(3, "train", 2, 16, 16), True), Refused("2 frames, too few for 3")),
    Case("a bad clip, encoded", lambda f: cached(f, damaged(3, 0, 2)), has(dropped("train_00001 is torn"))),
    Case("only bad clips, encoded", lambda f: cached(f, damaged(3)), Refused("None of 3 items can be used.*is torn")),
    Case("latents of nan", lambda f: cached(f, DancerClips(7, "train", 1, 32, 32)), Refused("latents that are no numbers")),
    Case("a bad validation clip", lambda _: validated(damaged(9, 4, 6, 8)), has(lambda samples: samples.items == [4, 6])),
    Case("fewer validation clips than asked", lambda _: validated(damaged(3, 1)), has(lambda samples: samples.items == [1])),
    Case("only bad validation clips", lambda _: validated(damaged(3)), Refused("No clip of validation.*00000 is torn")),
)  # fmt: skip


@cases(*ITEMS)
def test_bad_items(case, tmp_path):
    passes(case, lambda: case.brings(tmp_path))


def test_a_damaged_cache_is_written_again(tmp_path):
    cached(tmp_path, DancerClips(2, "train", 2, 32, 32))
    (tmp_path / "cache.safetensors").write_bytes(b"x" * 100)
    assert len(cached(tmp_path, DancerClips(2, "train", 2, 32, 32))) == 2


# --- shards ------------------------------------------------------------------------------------------------------------


def holds(*good: str, **bad: str):
    """The samples that can be read, and what is said about the others."""

    def check(source) -> None:
        told, read = {}, []
        for item in range(len(source)):
            try:
                source.read(item, [0])
                read.append(source.name(item))
            except BadItem as error:
                told[error.name.partition(".")[0]] = error.reason
        assert read == list(good)
        assert told.keys() == bad.keys() and all(re.search(words, told[name]) for name, words in bad.items()), told

    return check


TWO = (*pair("a"), *pair("b"))
DOTTED = "which no sample has: a key ends at the first dot"
SHARDS = (
    Case("whole", lambda at: [tar(at / "s.tar", *TWO)], holds("a", "b")),
    Case("folders in keys", lambda at: [tar(at / "s.tar", *pair("x/a"), *pair("y/a"))], holds("x/a", "y/a")),
    Case("dots in folders", lambda at: [tar(at / "s.tar", *pair("v1.0/a"))], holds("v1.0/a")),
    Case("a dot in a key", lambda at: [tar(at / "s.tar", *pair("clip.v1"), *pair("b"))], holds("b", clip=DOTTED)),
    Case("a dot before the ending", lambda at: [tar(at / "s.tar", "clip.v1.mp4", *TWO)], holds("a", "b", clip=DOTTED)),
    Case("a key with and without a dot", lambda at: [tar(at / "s.tar", *pair("a"), *pair("a.2"))], holds("a", a=DOTTED)),
    Case("dots in all keys", lambda at: [tar(at / "s.tar", *pair("c.0"), *pair("c.1"))], Refused(DOTTED)),
    Case("pictures with dots", lambda at: [tar(at / "s.tar", "p.1.png", "p.1.densepose.png", *pair("b"))],
         holds("b", p=DOTTED)),
    Case("other files beside them", lambda at: [tar(at / "s.tar", *TWO, "a.thumb.png", "c.txt")], holds("a", "b")),
    Case("hidden files", lambda at: [tar(at / "s.tar", *TWO, "._a.video.mp4")], holds("a", "b")),
    Case("a member twice", lambda at: [tar(at / "s.tar", *TWO, "a.video.mp4")], holds("b", a="a.video.mp4 more than once")),
    Case("one key in two shards", lambda at: [tar(at / f"{i}.tar", *pair("a")) for i in (1, 2)], holds("a", "a")),
    Case("cut between members", lambda at: [shortened(tar(at / "s.tar", *TWO), member=2, into=0)],
         holds("a", s="cut short or damaged after a.video.mp4")),
    Case("cut in a header", lambda at: [shortened(tar(at / "s.tar", *TWO), member=2, into=100)],
         holds("a", s="cut short or damaged after a.video.mp4")),
    Case("cut in a film", lambda at: [shortened(tar(at / "s.tar", *TWO), member=3, into=900)],
         holds("a", s="cut short", b="has no video|cut off")),
    Case("noise for a header", lambda at: [noise_behind(tar(at / "s.tar", *TWO), 2)],
         holds("a", s="cut short or damaged after a.video.mp4")),
    Case("one of two is no tar", lambda at: [tar(at / "s.tar", *TWO), at / "made/clip/video.mp4"],
         holds("a", "b", video="no whole, uncompressed tar")),
    Case("none is a tar", lambda at: [tar(at / "s.tar", *TWO).parent / "made/clip/video.mp4"], Refused("uncompressed tar")),
    Case("a shard is missing", lambda at: [tar(at / "s.tar", *TWO), at / "t.tar"], Refused("t.tar does not exist")),
)  # fmt: skip


@cases(*SHARDS)
def test_shards(case, tmp_path):
    paths = case.brings(tmp_path)
    passes(case, partial(shards, paths))
