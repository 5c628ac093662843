"""Blurred part maps get sharp again, by much more than nearest colours do, and exact ones stay."""

import io

import numpy as np
import pytest
from pack.magicanimate_core.media.densepose import nearest_parts, paint
from pack.magicanimate_core.pose import judging, voting
from pack.magicanimate_core.pose.forms import FORMS, form_looks, see
from pack.magicanimate_core.pose.preparing import prepare_poses
from pack.magicanimate_core.pose.snapping import case_of, figure_box, snap
from pack.tests.pose import pictures as show
from PIL import Image


def by_nearest(frames: np.ndarray) -> np.ndarray:
    return paint(nearest_parts(frames)[0])


def snapped(frames: np.ndarray, **options) -> np.ndarray:
    return np.stack(list(prepare_poses(frames, steady=0, **options)))


@pytest.mark.parametrize(("codec", "most"), [("crf 18", 0.5), ("crf 28", 0.68), ("mpeg4", 0.68), ("jpeg 85", 0.5)])
@pytest.mark.parametrize("number", [3, 11])
def test_a_codec_is_repaired(codec, most, number):
    truth = show.dancer(number)
    frames = jpeg(paint(truth), 85) if "jpeg" in codec else show.through(paint(truth), codec)
    assert show.wrong(snapped(frames), truth) <= most * show.wrong(by_nearest(frames), truth)


def jpeg(frames: np.ndarray, quality: int) -> np.ndarray:
    """Frames (F, H, W, 3) as pictures of a quality give them back."""
    done = []
    for frame in frames:
        file = io.BytesIO()
        Image.fromarray(frame).save(file, "jpeg", quality=quality)
        done.append(np.asarray(Image.open(file)))
    return np.stack(done)


@pytest.mark.parametrize("name", ["viridis", "parula_black", "inferno", "viridis_grey", "parula_grey_bgr"])
def test_the_second_look_is_better_than_the_vote_in_any_palette(name):
    frames, truth, look = show.through(show.drawn(name), "crf 18"), show.dancer(), form_looks(name)
    snapped_wrong, voted_wrong = 0, 0
    for rgb, parts in zip(frames, truth, strict=True):
        seen = see(FORMS[name], rgb)
        box = figure_box(seen)
        case, there = case_of(rgb, seen, box, look), parts[box] > 0
        inner = np.s_[judging.MARGIN : -judging.MARGIN, judging.MARGIN : -judging.MARGIN]
        voted_wrong += (case.voted.labels[inner] != parts[box])[there].sum()
        snapped_wrong += (snap(rgb, seen, look) != parts)[parts > 0].sum()
    assert snapped_wrong <= 0.85 * voted_wrong


def a_case(box: tuple[slice, slice] | None = None) -> judging.Case:
    """What is to be judged of a frame, of all of it or in a box."""
    rgb = show.through(show.drawn("viridis"), "crf 18")[0]
    seen = see(FORMS["viridis"], rgb)
    return case_of(rgb, seen, box or figure_box(seen), form_looks("viridis"))


def test_what_was_close_is_judged_again_and_only_beside_what_moved(monkeypatch):
    case, look = a_case(), form_looks("viridis")
    once, lead = judging._judged(case, look)
    twice = judging.judge(case, look)
    changed = np.flatnonzero(twice != once)
    assert len(changed) and (lead >= 0).all()
    assert (lead[changed] < judging.NARROW).all() and (lead > judging.NARROW).mean() > 0.3
    width, moved = case.voted.labels.shape[1], case.at[once != case.voted.at(case.at).labels]
    away = np.abs(np.stack(np.divmod(case.at[changed], width))[..., None] - np.stack(np.divmod(moved, width))[:, None])
    assert (away.max(0).min(1) <= judging.MARGIN).all()
    monkeypatch.setattr(judging, "NARROW", -1.0)
    assert np.array_equal(judging.judge(case, look), once)


def test_the_voted_part_the_nearest_colours_and_another_are_rivals():
    case, kinds = a_case(), set()
    for group in judging.groups(case):
        rivals = judging.look_closer(case, group, form_looks("viridis")).rivals
        voted, nearest = (held.at(case.at[group]).labels for held in (case.voted, case.seen))
        assert (rivals == voted).any(0).all() and ((rivals == voted).sum(0) == 1).mean() > 0.9  # where another one stands
        assert (rivals == nearest).any(0).all()
        kinds.add((len(rivals), bool((voted == nearest).all())))
    assert kinds == {(2, True), (3, False)}


def test_squares_of_colour_are_counted_from_the_frames_corner():
    seen = see(FORMS["viridis"], show.through(show.drawn("viridis"), "crf 18")[0])
    inner = figure_box(seen)
    outer = tuple(slice(max(0, side.start - 1), side.stop) for side in inner)
    (first, begin), (second, start) = ((a_case(box), box) for box in (inner, outer))

    def odd(case: judging.Case, box: tuple[slice, slice]) -> dict:
        rows, columns = np.divmod(case.at, case.voted.labels.shape[1])
        return dict(zip(zip(rows + box[0].start, columns + box[1].start, strict=True), case.odd, strict=True))

    here, there = odd(first, begin), odd(second, start)
    both = here.keys() & there.keys()
    assert outer != inner and len(both) > 100 and all(here[place] == there[place] for place in both)


def test_where_all_votes_are_for_one_part_nothing_is_counted_and_nothing_changes(monkeypatch):
    frames = show.through(show.drawn("viridis"), "crf 28")
    fast = snapped(frames)
    monkeypatch.setattr(voting, "_unanimous", lambda held: np.full(held.labels.shape, voting.PARTS, np.uint8))
    assert np.array_equal(fast, snapped(frames))


@pytest.mark.parametrize(("down", "right"), [(0, 1), (1, 0), (1, 1)])
def test_squares_of_colour_may_begin_anywhere(down, right):
    frames, truth = (whole[:, down:, right:] for whole in (show.through(show.drawn("viridis"), "crf 18"), show.dancer()))
    assert show.wrong(snapped(frames), truth) <= 0.55 * show.wrong(by_nearest(frames), truth)


@pytest.mark.parametrize("mirror", [np.s_[:, ::-1], np.s_[::-1], np.s_[::-1, ::-1]])
def test_a_mirrored_frame_gives_the_mirrored_map(mirror):
    """As the sides are even, the first pixel of a square of colour becomes the last."""
    off, decided = 0, 0
    for rgb in show.through(show.drawn("viridis"), "crf 18"):
        seen = see(FORMS["viridis"], rgb)
        here = snap(rgb, seen, form_looks("viridis"))
        there = snap(rgb[mirror], see(FORMS["viridis"], rgb[mirror]), form_looks("viridis"))
        off, decided = off + (there[mirror] != here).sum(), decided + (here != seen.parts).sum()
    assert show.SIDE % 2 == 0 and off <= 0.05 * decided  # not 0: what is counted of the noise is every fifth pixel


def test_a_resize_is_repaired():
    truth = show.dancer().repeat(2, 1).repeat(2, 2)
    frames = show.resized(paint(show.dancer()), 2 * show.SIDE)
    assert show.wrong(snapped(frames), truth) <= 0.04 < 2 * show.wrong(by_nearest(frames), truth)


@pytest.mark.parametrize("name", ["viridis", "parula_black", "inferno_bgr", "viridis_grey"])
def test_exact_maps_stay_to_the_pixel(name):
    thin = show.dancer().copy()
    thin[:, ::7] = 12  # lines and single pixels, which a vote would take away
    thin[:, 3::11, 3::11] = 5
    out = snapped(show.drawn(name, thin), form=name)
    assert np.array_equal(out, paint(thin))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 9), (3, 3), (24, 31)])
def test_any_size(shape):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (*shape, 3), np.uint8)
    parts = snap(rgb, see(FORMS["viridis"], rgb), form_looks("viridis"))
    assert parts.shape == shape and parts.dtype == np.uint8 and parts.max() <= 24


def test_off_is_the_identity():
    frames = show.through(paint(show.dancer()), "crf 28")
    for before, after in zip(frames, prepare_poses(frames, snap=False, steady=0), strict=True):
        assert np.array_equal(before, after)
