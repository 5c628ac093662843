"""Joints go to the photo's, and by so much in every frame; what turns far takes its length along."""

import numpy as np
import pytest
from pack.magicanimate_core.pose.align.bones import Factors
from pack.magicanimate_core.pose.align.joints import Body, body, stack
from pack.magicanimate_core.pose.align.limbs import FEET, HEAD, LIMBS, TORSO, UPPER_LEGS, limb_map
from pack.magicanimate_core.pose.align.places import OFF, Places, find_places
from pack.magicanimate_core.pose.align.similarity import Similarity
from pack.tests.pose.dancing import WHOLE, dance

PLAIN = Factors(np.ones(LIMBS), np.ones(LIMBS), 0.0)
HERE = Similarity()


@pytest.fixture(scope="module")
def one() -> Body:
    return body(limb_map(dance(2, 12, WHOLE, 3)[2]))


def found(one: Body, photo: Body, map_: Similarity = HERE, bones: Factors = PLAIN) -> Places:
    return find_places(stack([one] * 3), photo, np.array([1]), map_, bones)


def other(one: Body, **shifts: tuple[float, float]) -> Body:
    """A body whose neck or hips lie elsewhere by some pixels."""
    start, end = one.start.copy(), one.end.copy()
    for limbs, shift in ((TORSO, HEAD), shifts.get("neck", (0, 0))), (UPPER_LEGS, shifts.get("hips", (0, 0))):
        start[list(limbs)] += shift
    end[TORSO] = start[list(UPPER_LEGS)].mean(0)
    return one._replace(start=start, end=end)


@pytest.mark.parametrize("scale", [1.0, 0.7])
def test_in_the_photos_pose_joints_lie_on_the_photos(one, scale):
    map_ = Similarity(scale, 5.0, 9.0)
    shown = other(one, hips=(0.5, -4.0))
    photo = shown._replace(start=map_(shown.start), end=map_(shown.end))
    start, end = found(one, photo, map_).ways(one)
    for goes, there, wanted in ((start, one.start, photo.start), (end, one.end, photo.end)):
        seen = np.isfinite(wanted).all(-1)
        seen[list(FEET)] &= goes is start  # of feet the far end is not followed
        assert np.allclose((map_(there) + goes)[seen], wanted[seen], atol=1e-6)


def test_feet_stay_where_the_figure_sways(one):
    places = found(one, other(one, hips=(0.0, -4.0)), bones=PLAIN._replace(length=np.full(LIMBS, 0.85)))
    sways = one._replace(start=one.start.copy(), end=one.end.copy())
    sways.start[[TORSO, HEAD, *UPPER_LEGS]] += (3.0, 1.0)
    still, swayed = (places.ways(body)[0][list(FEET)] for body in (one, sways))
    assert np.allclose(still, swayed, atol=1e-9)


def test_who_bows_takes_the_torsos_length_along(one):
    longer = PLAIN._replace(length=np.where(np.arange(LIMBS) == TORSO, 1.2, 1.0))
    places = found(one, one, bones=longer)
    tall = float(one.length[TORSO])
    bows = one._replace(start=one.start.copy())
    bows.start[[TORSO, HEAD]] = one.end[TORSO] + (tall, 0.0)
    neck = places.ways(bows)[0][HEAD] - places.ways(one)[0][HEAD]
    assert 0.1 * tall < neck[0] < 0.2 * tall and 0 < neck[1] < 0.2 * tall  # farther out, and no more up


def test_no_joint_goes_farther_than_can_be_believed(one):
    places = found(one, other(one, hips=(90.0, 0.0)))
    assert np.linalg.norm(places.begins, axis=-1).max() <= 2 * OFF * one.length[TORSO] + 1e-6


def test_a_side_that_contradicts_the_other_is_not_believed(one):
    photo = one._replace(start=one.start.copy())
    photo.start[UPPER_LEGS[0]] += (15.0, 0.0)
    assert np.allclose(found(one, photo).begins[list(UPPER_LEGS)], 0.0)


def test_strength_is_a_part_of_every_way(one):
    places = found(one, other(one, hips=(1.0, -4.0), neck=(0.0, 2.0)))
    assert all(
        np.allclose(0.5 * whole, half) for whole, half in zip(places.ways(one), places.part(0.5).ways(one), strict=True)
    )


def test_what_nobody_sees_goes_nowhere(one):
    unseen = one._replace(start=np.full_like(one.start, np.nan), end=np.full_like(one.end, np.nan))
    assert np.allclose(np.stack(found(one, unseen).ways(one)), 0.0) and np.allclose(
        np.stack(found(unseen, one).ways(one)), 0.0
    )
