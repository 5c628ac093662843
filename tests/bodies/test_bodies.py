"""Bodies that are drawn from joints lie where the people are, with the right sides, and keep still."""

import sys

import numpy as np
import pytest
from pack.magicanimate_core.bodies.landmarks import BODY_JOINTS, BodyJoint, Landmarks
from pack.magicanimate_core.bodies.source import BodySource
from pack.magicanimate_core.bodies.tracking import Tracks
from pack.magicanimate_core.testing.body_joints import SIDE, dancer, standing

NOTHING = np.zeros((SIDE, SIDE, 3), np.uint8)
SWAPPED = np.array([0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23])


def drawn(*people: np.ndarray) -> np.ndarray:
    """The part map of joints (33, 3)."""
    return BodySource(lambda _: list(people))(NOTHING)


@pytest.mark.parametrize("number", range(6))
def test_it_lies_on_the_person_with_the_right_parts(number):
    seen = dancer(number, 20)
    made = drawn(seen.joints)
    both, either = (made > 0) & (seen.parts > 0), (made > 0) | (seen.parts > 0)
    assert both.sum() >= 0.85 * either.sum()
    assert (made == seen.parts)[both].mean() >= 0.85


def test_who_turns_round_shows_the_back():
    front, back = (drawn(standing(yaw=yaw)) for yaw in (0.0, np.pi))
    assert 2 in front and 1 not in front
    assert 1 in back and 2 not in back


def test_a_mirrored_person_has_the_other_sides():
    joints = dancer(1, 20).joints
    mirrored = joints * (-1, 1, 1) + (SIDE, 0, 0)
    swap = np.arange(len(joints))
    for joint in BodyJoint:
        if joint.name.startswith("LEFT_"):
            other = BodyJoint[joint.name.replace("LEFT", "RIGHT")]
            swap[[joint, other]] = other, joint
    made, there = drawn(mirrored[swap])[:, ::-1], drawn(joints)
    assert (SWAPPED[made] == there)[there > 0].mean() >= 0.97


def test_nobody_is_an_empty_map():
    assert not drawn().any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_joints_that_are_no_numbers_are_nobodys(value):
    broken = standing()
    broken[BodyJoint.LEFT_KNEE, 2] = value
    assert not drawn(broken).any()
    assert np.array_equal(drawn(standing(), broken), drawn(standing()))


def test_joints_in_one_place_draw_without_a_fault():
    drawn(np.full((BODY_JOINTS, 3), 20.0))


def test_who_is_nearer_is_drawn_over_who_is_farther():
    near, far = standing(), 0.6 * standing()
    far = far - far.mean(0) + near.mean(0)
    assert np.array_equal(drawn(near, far), drawn(far, near))
    assert (drawn(near, far) == drawn(near))[drawn(near) > 0].all()


def test_what_trembles_is_calmed_and_what_moves_is_followed():
    rng, rest = np.random.default_rng(0), standing()
    tracks = Tracks()
    noise = [rng.normal(0, 0.5, rest.shape) for _ in range(30)]
    calm = [tracks([rest + off])[0].joints for off in noise]
    assert np.diff(calm, axis=0).std() < 0.5 * np.diff(noise, axis=0).std()
    quick = rest.copy()
    quick[BodyJoint.LEFT_WRIST, 1] += 40
    assert np.allclose(tracks([quick])[0].joints[BodyJoint.LEFT_WRIST], quick[BodyJoint.LEFT_WRIST], atol=0.01)


def test_a_size_does_not_jump_with_one_frame():
    rest, tracks = standing(), Tracks()
    before = tracks([rest])[0].height
    assert tracks([1.5 * (rest - rest.mean(0)) + rest.mean(0)])[0].height < 1.05 * before


def test_two_people_stay_themselves_when_they_are_told_in_another_order():
    left, right = standing() - (70, 0, 0), 1.2 * standing() + (50, 0, 0)
    tracks = Tracks()
    first = tracks([left, right])
    assert tracks([right, left]) == first


def test_without_the_package_one_sentence_says_what_to_do(monkeypatch, tmp_path):
    bundle = tmp_path / "pose_landmarker_full.task"
    bundle.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(ValueError, match="pose_landmarker_full.task needs the package mediapipe.*pip install mediapipe"):
        Landmarks(bundle)


def test_a_missing_bundle_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="other.task is not there; expected pose_landmarker_full.task from https"):
        Landmarks(tmp_path / "other.task")
