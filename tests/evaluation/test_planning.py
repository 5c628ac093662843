"""What can be measured, what cannot and why: found out before anything is."""

import pytest
from pack.magicanimate_core.evaluation.networks.table import NETWORKS
from pack.magicanimate_core.evaluation.planning import ALL, Request, plan
from pack.tests.doors.evaluations import both, joints, sides, videos, without
from pack.tests.evaluation.sets import frames

PER_FRAME = ["l1", "l1_disco", "psnr", "psnr_disco_2023", "psnr_disco_2024", "ssim_disco", "ssim_gaussian"]


@pytest.fixture
def networks(tmp_path):
    """A folder with files of the published names; plans do not open them."""
    (tmp_path / "networks").mkdir()
    for network in NETWORKS.values():
        (tmp_path / "networks" / network.file).touch()
    return tmp_path / "networks"


def planned(folders, **options):
    return plan(Request(generated=folders[0], true=folders[1], **options))


def test_all_that_there_is_what_it_needs_for(tmp_path, networks):
    found = planned(both(tmp_path), networks=networks)
    assert found.keys == [*PER_FRAME, "lpips", "lpips_disco"] and not found.missing
    assert found.others == ["fid", "fid_vid", "fvd", "akd", "mkr", "aed"] and set(found.networks) == set(NETWORKS)


def test_every_network_that_is_missing_is_named_with_where_to_get_it(tmp_path):
    found = planned(both(tmp_path))
    assert found.keys == PER_FRAME and not found.others
    for network in NETWORKS.values():
        for key in network.metrics:
            assert network.file in found.missing[key] and network.where in found.missing[key]
    assert set(found.missing) | set(found.keys) == set(ALL) - {"l1_foreground", "l1_masked_disco"}


def test_only_the_networks_that_are_needed_are_opened(tmp_path, networks):
    found = planned(both(tmp_path), networks=networks, metrics=["fvd", "l1"])
    assert set(found.networks) == {"i3d"} and found.keys == ["l1"] and found.others == ["fvd"]


def test_tables_need_neither_networks_nor_pairs(tmp_path):
    """Names that differ cost the metrics of pairs, and not what tables say."""
    folders = sides(tmp_path / "x", {"b": 2, "c": 2}, {"a": 2, "b": 2})
    tables = joints(tmp_path, *[frames(2)[:, 0, :, :2].astype(float)] * 2)[3:]
    found = planned(folders, joints=tables)
    assert found.others == ["akd", "mkr"] and not found.keys and found.people["pose"].akd == 0
    assert "GENERATED has the video b where TRUE has a" in found.missing["l1"]


def test_names_that_differ_leave_the_distances(tmp_path, networks):
    folders = sides(tmp_path, {"a": 2, "b": 3}, {"a": 3, "b": 3})
    found = planned(folders, networks=networks)
    assert found.others == ["fid", "fid_vid", "fvd"] and not found.keys and "a has 2 frames" in found.missing["akd"]


def test_frames_of_two_sizes_are_no_business_of_lpips_and_joints(tmp_path, networks):
    folders = both(tmp_path, frames(2, 30, 30), frames(2))
    found = planned(folders, networks=networks)
    assert set(found.missing) == {"lpips", "lpips_disco", "akd", "mkr"} and "30x30 in GENERATED" in found.missing["lpips"]
    assert "OpenCV, bilinear" in found.notes["sizes"] and "--size 256" in found.notes["published"]
    assert not planned(folders, networks=networks, generated_size=16).missing


def test_only_what_both_have(tmp_path, networks):
    found = planned(sides(tmp_path, {"a": 5, "x": 2}, {"a": 3, "b": 3}), networks=networks, common=True)
    assert [(pair.made.name, pair.count) for pair in found.pairs] == [("a", 3)]
    assert "2 videos left out, 1 cut" in found.notes["common"]


def test_runs_of_numbers(tmp_path):
    made, _ = both(tmp_path, frames(6), frames(6))
    clip = planned(without([made, made], "clip_0003.png"), metrics=["l1"]).pairs[0].true
    assert clip.runs() == [2, 3] and list(clip.numbers) == [1, 2, 4, 5, 6]


def test_frames_come_once_each_and_in_order(tmp_path):
    made, _ = videos(tmp_path)
    clip = planned([made, made], metrics=["l1"]).pairs[0].made
    assert len(clip) == 3 and [frame.tolist() for frame in clip.frames(2)] == frames(3, seed=1)[:2].tolist()
