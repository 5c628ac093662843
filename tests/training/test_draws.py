"""Eq. 7 by chance, and that chance is a function of the step."""

import math

import numpy as np
import pytest
import torch
from pack.magicanimate_core.data import BadItem, DancerClips, DancerStills, Sample
from pack.magicanimate_core.training.batch import Drawn
from pack.magicanimate_core.training.batches import Batches, Drawing
from pack.magicanimate_core.training.draws import Joint, draw_frames, draw_reference, draw_timesteps, generator

JOINT = Joint(tau_0=0.3, tau_1=0.2, tau_2=0.5)


@pytest.mark.parametrize(
    "temporal, shares", [(False, {"image": 0.3, "frame": 0.7}), (True, {"image": 0.2, "frame": 0.3, "clip": 0.5})]
)
def test_shares_of_equation_7(temporal, shares):
    draws = 20000
    kinds = [JOINT.kind(temporal, float(generator(7, step).random())) for step in range(draws)]
    assert set(kinds) == set(shares)
    for kind, share in shares.items():
        sigma = (share * (1 - share) / draws) ** 0.5
        assert abs(kinds.count(kind) / draws - share) < 4 * sigma


@pytest.mark.parametrize(("temporal", "kind"), [(False, "frame"), (True, "clip")])
def test_without_joint_training_there_is_one_kind_and_no_image_set(temporal, kind):
    """Table 2c; and the draws that are left are those of thresholds of 0."""
    off, zero = Joint(enabled=False), Joint(tau_0=0, tau_1=0, tau_2=0)
    assert {off.kind(temporal, r) for r in (0.0, 0.1, 0.3, 0.9)} == {kind} and not off.needs_images(temporal)
    clips, drawing = DancerClips(3, "train", 9, 16, 16), Drawing(batch=2, frames=4, stride=(1, 2))
    one, other = (Batches(clips, None, drawing, joint, temporal=temporal, seed=5) for joint in (off, zero))
    assert all(same(one(step, 0, 0), other(step, 0, 0)) for step in range(3))


@pytest.mark.parametrize(("temporal", "kind"), [(False, "frame"), (True, "clip")])
def test_rows_of_table_2c_share_the_batches_that_are_no_pictures(temporal, kind):
    """Of one seed, with joint training and without, so that nothing else differs between two trainings."""
    clips, stills, drawing = DancerClips(3, "train", 9, 16, 16), DancerStills(2, "train", 16, 16), Drawing(frames=4)
    off, on = (Batches(clips, stills, drawing, joint, temporal=temporal, seed=5) for joint in (Joint(enabled=False), JOINT))
    kinds = [JOINT.kind(temporal, float(generator(5, step, 0, 0).random())) for step in range(8)]
    assert len(set(kinds)) > 1
    for step, drawn in enumerate(kinds):
        assert same(off(step, 0, 0), on(step, 0, 0)) == (drawn == kind)


def test_thresholds_are_inclusive_as_printed():
    assert JOINT.kind(False, 0.3) == "image"
    assert [JOINT.kind(True, r) for r in (0.2, 0.5, 0.500001)] == ["image", "frame", "clip"]


def batches(temporal: bool = False, **drawing) -> Batches:
    clips = DancerClips(3, "train", 9, 16, 16)
    return Batches(clips, DancerStills(2, "train", 16, 16), Drawing(**drawing), JOINT, temporal=temporal, seed=5)


def same(one: Drawn, other: Drawn) -> bool:
    return all(torch.equal(a, b) if torch.is_tensor(a) else a == b for a, b in zip(one, other, strict=True))


def test_a_batch_is_a_function_of_step_part_and_process():
    draw = batches(batch=2, targets=2)
    first, again = draw(3, 0, 0), batches(batch=2, targets=2)(3, 0, 0)
    assert same(first, again)
    for other in (draw(4, 0, 0), draw(3, 1, 0), draw(3, 0, 1)):
        assert not torch.equal(other.noise, first.noise)


def test_shapes_and_references_of_each_kind():
    draw, seen = batches(temporal=True, batch=2, frames=4, stride=(1, 2), image_batch=3), set()
    for step in range(30):
        batch = draw(step, 0, 0)
        kind = JOINT.kind(True, float(generator(5, step, 0, 0).random()))
        seen.add(kind)
        count, frames = {"image": (3, 1), "frame": (3, 1), "clip": (2, 4)}[kind]
        assert batch.targets.shape == (count, frames, 16, 16, 3) and batch.poses.shape == batch.targets.shape
        assert batch.noise.shape == (count, frames, 4, 2, 2) and not batch.encoded
        itself = [torch.equal(batch.targets[i, 0], batch.reference[i]) for i in range(count)]
        assert all(itself) if kind == "image" else not any(itself)
    assert seen == {"image", "frame", "clip"}


def test_rollouts_are_a_share_of_batches_and_change_nothing_else():
    with_some, without = batches(rollout=0.3), batches()
    some, none = ([draw(step, 0, 0) for step in range(steps)] for draw, steps in ((with_some, 120), (without, 20)))
    assert 0.2 < np.mean([batch.rollout for batch in some]) < 0.4
    assert not any(batch.rollout for batch in none)
    assert all(same(a._replace(rollout=False), b) for a, b in zip(some, none, strict=False))


def test_frames_at_one_stride_and_another_reference():
    rng = np.random.default_rng(0)
    strides = set()
    for _ in range(200):
        frames = draw_frames(rng, 20, 5, (1, 4))
        steps = set(np.diff(frames).tolist())
        assert len(steps) == 1 and frames[0] >= 0 and frames[-1] < 20
        strides |= steps
        assert draw_reference(rng, 20, frames) not in frames
    assert strides == {1, 2, 3, 4}
    assert draw_frames(rng, 4, 5, (1, 4)) is None


def test_a_clip_shorter_than_its_targets_repeats_frames():
    draw = Batches(
        DancerClips(3, "train", 1, 16, 16), None, Drawing(batch=2, targets=3), Joint(tau_0=0), temporal=False, seed=0
    )
    assert draw(0, 0, 0).targets.shape == (2, 3, 16, 16, 3)


def test_bad_items_are_skipped_counted_and_named():
    class Broken(DancerClips):
        def read(self, item, frames) -> Sample:
            if item == 1:
                raise BadItem(self.name(item), "is broken")
            return super().read(item, frames)

    draw = batches(batch=2)
    draw.clips = Broken(3, "train", 9, 16, 16)
    for step in range(10):
        draw(step, 0, 0)
    assert draw.skipped["train_00001 is broken"] > 0 and len(draw.skipped) == 1


def test_a_set_of_bad_items_ends_with_a_sentence():
    class Broken(DancerClips):
        def read(self, item, frames) -> Sample:
            raise BadItem(self.name(item), "is broken")

    draw = Batches(Broken(3, "train", 9, 16, 16), None, Drawing(), Joint(tau_0=0), temporal=False, seed=0)
    with pytest.raises(ValueError, match="in a row"):
        draw(0, 0, 0)


def test_joint_training_needs_pictures():
    with pytest.raises(ValueError, match="image set"):
        Batches(DancerClips(3, "train", 9, 16, 16), None, Drawing(), Joint(tau_0=0.1), temporal=False, seed=0)


def test_shift_draws_more_of_high_noise():
    """A shift moves u to s u / (1 + (s - 1) u): the share above any timestep is known; 1 leaves every timestep alike."""
    rng = np.random.default_rng(0)
    drawn = draw_timesteps(rng, 20000, 8.0)
    assert 0 <= drawn.min() and drawn.max() <= 999
    for above in (500, 890, 990):
        u = above / 1000 / (8 - 7 * above / 1000)  # the inverse
        assert abs((drawn >= above).float().mean().item() - (1 - u)) < 4 * math.sqrt(u * (1 - u) / 20000) + 1e-3
    even = draw_timesteps(np.random.default_rng(1), 500)
    assert even.tolist() == np.random.default_rng(1).integers(0, 1000, 500).tolist()
