"""The procedural dancers: repeatable, labelled, smooth, and split into disjoint halves."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from pack.magicanimate_core.dancers import DrawnClip, clip, still
from pack.magicanimate_core.dancers.body.motions import DANCES, HELD_OUT_DANCES, Motion, motion
from pack.magicanimate_core.dancers.body.moves import stand
from pack.magicanimate_core.dancers.body.people import person, reserved
from pack.magicanimate_core.dancers.body.skeleton import Camera
from pack.magicanimate_core.dancers.places.scenes import scene
from pack.magicanimate_core.dancers.seeds import further_motion, still_number
from pack.magicanimate_core.dancers.world import FINENESS
from pack.magicanimate_core.media.densepose import PART_COLOURS, PART_NAMES, nearest_parts, paint
from pack.scripts.comfyui import PACK

SIZE = 48


def small(index: int, split: str = "train", **options):
    return clip(index, split, height=SIZE, width=SIZE, **options)


DIGEST = """
import hashlib
from magicanimate_core.dancers import clip

frames = [clip(i, split, height=48, width=48).frame(11) for i in range(4) for split in ("train", "held_out")]
print(hashlib.sha256(b"".join(array.tobytes() for frame in frames for array in frame)).hexdigest())
"""


def test_same_world_in_every_process():
    frames = [small(i, split).frame(11) for _ in range(2) for i in range(4) for split in ("train", "held_out")]
    here, again = (b"".join(array.tobytes() for frame in half for array in frame) for half in (frames[:8], frames[8:]))
    other = subprocess.run([sys.executable, "-c", DIGEST], cwd=PACK, capture_output=True, text=True, check=True).stdout
    assert here == again and hashlib.sha256(here).hexdigest() == other.strip()


def test_colours_are_viridis_and_round_trip():
    cv2 = pytest.importorskip("cv2")
    grey = (np.arange(25) * 255 // 24).astype(np.uint8)[:, None]
    assert (cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS)[:, 0, ::-1] == PART_COLOURS).all()
    assert len(PART_NAMES) == 25
    parts = small(2).frame(0).parts
    again, distance = nearest_parts(paint(parts))
    assert (again == parts).all() and again.dtype == np.uint8 and not distance.any()
    everything = np.arange(25, dtype=np.uint8)
    noisy = np.clip(paint(everything).astype(int) + [[2, -2, 2]], 0, 255).astype(np.uint8)
    assert (nearest_parts(noisy)[0] == everything).all()


def test_every_part_occurs_and_lies_on_the_person():
    seen = np.zeros(256, bool)
    for index in range(40):
        dancer = small(index)
        for moment in (0, 20, 40):
            frame = dancer.frame(moment)
            seen[np.unique(frame.parts)] = True
            assert not (frame.parts.astype(bool) & ~frame.mask).any()
            assert 0.02 < frame.mask.mean() < 0.9
    assert seen[:25].all() and not seen[25:].any()


def test_sides_are_the_persons_own():
    """Seen from the front, right parts are to the left of left ones, and an arm's inside is nearer to the body."""
    who, where = person(0, "train"), scene(0, "train")
    still_motion = Motion(stand, lambda *_: None, "stands", "still", 1.0, 0.0, 0.0, 0.0, False)
    shown = DrawnClip(who, still_motion, where, Camera(150.0, 100.0, 190.0), 1, (100, 100)).frame(0).parts
    column = {part: np.nonzero(shown == part)[1].mean() for part in range(1, 25) if (shown == part).any()}
    assert {2, 3, 4, 5, 6, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24} <= set(column)
    for right, left in ((3, 4), (6, 5), (9, 10), (13, 14), (18, 16), (16, 15), (15, 17), (22, 20), (19, 21), (23, 24)):
        assert column[right] < column[left]
    assert (shown == 2).sum() > 10 * (shown == 1).sum()


def test_joints_lie_on_the_person():
    inside, total = 0, 0
    for index in range(24):
        frame = small(index).frame(7)
        assert frame.joints.shape == (17, 3) and frame.joints.dtype == np.float32
        x, y = np.floor(frame.joints[:, :2]).astype(int).T
        visible = (x >= 0) & (x < SIZE) & (y >= 0) & (y < SIZE)
        inside += frame.mask[y[visible], x[visible]].sum()
        total += visible.sum()
    assert inside / total > 0.95


@pytest.mark.parametrize("height, width", [(40, 72), (72, 40), (33, 51), (8, 8)])
def test_any_size(height, width):
    frame = clip(1, height=height, width=width).frame(3)
    assert frame.image.shape == (height, width, 3) and frame.image.dtype == np.uint8
    assert frame.parts.shape == frame.mask.shape == (height, width)
    assert frame.parts.dtype == np.uint8 and frame.mask.dtype == bool


def test_motion_is_smooth_and_moves():
    for split in ("train", "held_out"):
        for index in range(12):
            moving = small(index, split, frames=25)
            places = np.stack([frame.joints[:, :2] for frame in moving]) * FINENESS / moving.camera.scale  # in body heights
            assert np.abs(np.diff(places, axis=0)).max() < 0.15
            assert np.ptp(places, axis=0).max() > 0.02


def test_most_pictures_are_cut_like_real_pose_videos_and_some_show_everything():
    for split in ("train", "held_out"):
        feet = np.array([small(index, split).frame(0).joints[15:, 1].max() / SIZE for index in range(60)])
        assert 0.4 < (feet > 1).mean() < 0.7  # cut above the feet
        assert (feet > 1.5).mean() > 0.1  # some at the waist
        assert ((feet > 0.8) & (feet < 1)).mean() > 0.2  # from head to foot


def test_most_dancers_face_the_camera_and_some_turn_their_back():
    for split in ("train", "held_out"):
        turned = np.array([[np.cos(motion(index, split).pose(t).yaw) for t in (0.0, 1.0, 2.0)] for index in range(300)]) < 0
        assert turned.any(1).mean() < 0.3  # in the real pose videos at hand, none
        assert turned.all(1).mean() > 0.03


def test_splits_are_disjoint():
    assert len(HELD_OUT_DANCES) >= 2 and not set(HELD_OUT_DANCES) & set(DANCES)
    for index in range(60):
        who, other = person(index, "train"), person(index, "held_out")
        assert who.seed != other.seed
        assert not reserved(who.top_colours[0], who.bottom_colour)
        assert reserved(other.top_colours[0], other.bottom_colour)
        assert scene(index, "train").name != "before mountains"
        assert not any(name in str(motion(index, "train")) for name in HELD_OUT_DANCES)
    assert {motion(index, "held_out").name for index in range(60)} >= set(HELD_OUT_DANCES)
    with pytest.raises(ValueError, match="expected one of"):
        small(0, "test")


def test_a_dancer_can_do_another_motion():
    one, same, other = small(3), small(3).dancing(3), small(3).dancing(4)
    assert (one.frame(5).image == same.frame(5).image).all() and one.description == same.description
    nobody = ~(one.frame(5).mask | other.frame(5).mask)[:8]  # far above the floor's shadow
    assert (one.frame(5).parts != other.frame(5).parts).any()
    assert (one.frame(5).image[:8][nobody] == other.frame(5).image[:8][nobody]).all() and nobody.any()


def test_clips_stills_and_further_motions_have_different_numbers():
    clips, indices = set(range(1000)), range(1000)
    others = [{still_number(i) for i in indices}, *({further_motion(i, turn) for i in indices} for turn in (1, 2, 3))]
    assert len(clips.union(*others)) == 5 * 1000


def test_a_clip_is_a_sequence_of_frames():
    frames = small(0, frames=3)
    assert len(frames) == frames.frames == 3 and frames.fps == 25 and len(list(frames)) == 3
    assert (frames[-1].image == frames.frame(2).image).all()
    with pytest.raises(IndexError):
        frames[3]


def test_still_pictures_differ():
    one, two = (still(index, height=SIZE, width=SIZE) for index in (0, 1))
    assert (one.image != two.image).any() and one.mask.any()
