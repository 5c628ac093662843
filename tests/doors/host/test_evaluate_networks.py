"""Evaluate Animation with the networks that somebody has put there: used, missing with where to get them, or refused."""

import re

import pytest
import torch
from pack.tests.doors.host.evaluating import NODE, film, lighter, numbers

NETWORKS = {"vgg": "lpips", "i3d": "fvd", "resnet3d": "fid_vid", "inception": "fid"}


@pytest.fixture
def placed(tmp_path, monkeypatch):
    """Small networks under the published names, in a folder that the host knows; what they say is easy to know."""
    import folder_paths
    from pack.magicanimate_core.evaluation import run as measuring

    class Mean(torch.nn.Module):
        """The means of what it sees, by channel."""

        def forward(self, seen):  # (N, 3, ...)
            return seen.flatten(2).mean(2)

    monkeypatch.setattr(measuring, "open_network", lambda name, path, device: Mean().to(device))
    monkeypatch.setattr(measuring, "_perceptual", lambda net: lambda made, true: (0.25, 0.75))
    places = folder_paths.folder_names_and_paths["magicanimate_evaluation"]
    monkeypatch.setitem(folder_paths.folder_names_and_paths, "magicanimate_evaluation", ([str(tmp_path)], places[1]))

    def place(*names):
        from pack.magicanimate_core.evaluation.networks.table import NETWORKS as known

        for name in names:
            (tmp_path / known[name].file).write_bytes(b"weights")

    return place


def test_networks_that_are_missing_are_named_with_where_to_get_them(placed, run):
    placed("inception")
    report, _ = run(NODE, generated=lighter(), ground_truth=film())
    assert "without LPIPS and LPIPS, DisCo: vgg16-397923af.pth is not in models/magicanimate_evaluation" in report
    assert "https://download.pytorch.org" in report and "without FID:" not in report


def test_networks_that_are_there_are_used(placed, run, monkeypatch):
    """Twenty frames are twenty samples of FID and five windows; a shift of all levels moves means, not covariances."""
    import comfy.utils

    seen = []
    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", lambda value, total, *_, **__: seen.append((value, total)))
    placed(*NETWORKS)
    report, _ = run(NODE, generated=lighter(frames=20), ground_truth=film(20))
    assert numbers(report)["LPIPS"] == "0.7500" and numbers(report)["LPIPS, DisCo"] == "0.2500"
    assert f"FID (lower is better): {3 * (8 / 255) ** 2:.6f}, of 20 generated and 20 true samples" in report
    assert "FID-VID (lower is better): 192.0, of 5 generated and 5 true samples" in report
    assert re.search(r"FVD .*: 0.01181, of 5 generated", report) and "vgg16-397923af.pth: sha256 " in report
    assert seen[-1] == (2 * 20 * 4, 2 * 20 * 4)


def test_too_few_frames_for_a_distance_is_said(placed, run):
    placed(*NETWORKS)
    report, _ = run(NODE, generated=film(1), ground_truth=film(1))
    assert "without FID: " in report and "without FID-VID and FVD: " in report and numbers(report)["LPIPS"] == "0.7500"


def test_lpips_of_two_sizes_is_left_out(placed, run):
    placed("vgg")
    report, _ = run(NODE, generated=film(3, 48, 64), ground_truth=film())
    assert "without LPIPS and LPIPS, DisCo: it compares frames of one size" in report and "PSNR" in numbers(report)


def test_a_network_that_is_none_is_refused_before_any_work(run, tmp_path, monkeypatch):
    import folder_paths

    (tmp_path / "i3d_pretrained_400.pt").write_bytes(b"<!DOCTYPE html> sign in")
    monkeypatch.setitem(folder_paths.folder_names_and_paths, "magicanimate_evaluation", ([str(tmp_path)], set()))
    with pytest.raises(ValueError, match="i3d_pretrained_400.pt.* web page") as error:
        run(NODE, generated=film(), ground_truth=film())
    assert type(error.value) is ValueError and "\n" not in str(error.value)
