"""The evaluate command: what it writes, where its numbers come from, and what must not change them."""

import csv
import hashlib
import json
import math
import re

import numpy as np
import pytest
import torch
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.evaluation import people, run
from pack.magicanimate_core.evaluation.networks.table import NETWORKS
from pack.scripts.comfyui import PACK
from pack.tests.doors.evaluations import A, B, both, evaluated, sides, without
from pack.tests.evaluation.sets import flat, frames, golden_set

LONG, SHORT = frames(20, seed=3), frames(15, seed=4)


class Colours(torch.nn.Module):
    """Stands in for a network: the mean of each channel, whatever the shape."""

    def forward(self, inputs):  # (N, 3, ...)
        return inputs.flatten(2).mean(-1)


@pytest.fixture
def networks(tmp_path, monkeypatch):
    """A folder with files of the published names, opened as stand-ins."""
    folder = tmp_path / "networks"
    folder.mkdir()
    for name, network in NETWORKS.items():
        (folder / network.file).write_text(name)
    monkeypatch.setattr(run, "open_network", lambda name, path, device: Colours())
    return folder


def test_the_official_numbers(tmp_path):
    videos, official = golden_set("small")
    made, true, masks = (
        flat(tmp_path / side, **{video[0]: video[i] for video in videos}) for side, i in (("m", 2), ("t", 1), ("k", 3))
    )
    found = evaluated(tmp_path / "out", [made, true, "--masks", masks])
    assert found["frames"] == {"generated": 80, "true": 80, "compared": 80}
    assert len(found["overall"]) == 9 and found["left_out"] == {"psnr": 1}
    for key, value in found["overall"].items():
        assert value == pytest.approx(official["overall"][key], rel=1e-9), key
        for name, of in official["videos"].items():
            assert found["videos"][name][key] == pytest.approx(of[key], rel=1e-9), (name, key)


def test_what_is_written(tmp_path):
    found = evaluated(tmp_path / "out", sides(tmp_path, {"a": 3, "b": 2}, {"a": 3, "b": 2}))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"metrics.json", "metrics.csv", "row.md", "report.html"}
    with open(tmp_path / "out" / "metrics.csv", encoding="utf-8", newline="") as file:
        head, a, b, overall, low, high = csv.reader(file)
    assert [a[0], b[0], overall[:2], low[0], high[0]] == ["a", "b", ["overall", "5"], "overall_low", "overall_high"]
    column = head.index("l1")
    assert float(overall[column]) == found["overall"]["l1"] and float(a[column]) == found["videos"]["a"]["l1"]
    assert float(low[column]) <= float(overall[column]) <= float(high[column])
    assert found["notes"].keys() >= found["overall"].keys() and set(found["intervals"]) == set(found["overall"])


def test_numbers_that_are_none_are_null(tmp_path):
    made, _ = both(tmp_path)
    evaluated(tmp_path / "out", [made, made])
    text = (tmp_path / "out" / "metrics.json").read_text()
    strict = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert strict["overall"]["psnr"] is None and strict["videos"]["clip"]["psnr"] is None and strict["overall"]["l1"] == 0
    assert strict["intervals"] == {}, "one video says nothing of others"


def test_where_the_numbers_come_from(tmp_path, networks):
    found = evaluated(tmp_path / "out", [*both(tmp_path), "--networks", networks, "--seed", 5, "--metrics", "l1,fid"])
    said = found["provenance"]
    file = NETWORKS["inception"].file
    assert said["networks"] == {file: f"sha256 {hashlib.sha256(b'inception').hexdigest()}"}
    assert said["layout"] == "frames" and said["seed"] == 5 and said["options"]["metrics"] == ["l1", "fid"]
    assert {"python", "numpy", "scikit-image", "torch", "pillow"} <= set(said["versions"])
    assert str(tmp_path) not in json.dumps(found), "places of files are nobody's business"


def test_a_row_that_can_be_cited(tmp_path, networks):
    """Both ways of computing side by side, N beside distances, and with what, by checksums."""
    folders, net = [flat(tmp_path / "made", a=LONG, b=LONG), flat(tmp_path / "true", a=LONG, b=LONG)], tmp_path / "net.bin"
    net.write_bytes(b"x")
    more = ["--networks", networks, "--metrics", "psnr,psnr_disco_2023,fvd", "--made-with", net, "--note", "seed 1"]
    found = evaluated(tmp_path / "out", [*folders, *more])
    row = (tmp_path / "out" / "row.md").read_text()
    assert "| PSNR | 100 [100, 100] (2023) | not defined |" in row and "(N 10 / 10)" in row
    said = [
        f"{tmp_path.name}/net.bin, sha256 {hashlib.sha256(b'x').hexdigest()}",
        hashlib.sha256(b"i3d").hexdigest(),
        "seed 1",
        "16x16",
    ]
    assert all(words in row for words in said) and found["provenance"]["notes"] == ["seed 1"]


def test_samples_of_the_layouts(tmp_path, networks):
    """20 frames have 5 windows of 16, 15 none; each video is one sample as a file."""
    folders = [flat(tmp_path / "made", a=LONG, b=SHORT, c=LONG), flat(tmp_path / "true", a=LONG, b=SHORT[:14])]
    arguments = [*folders, "--networks", networks, "--metrics", "fid,fid_vid,fvd"]
    found = evaluated(tmp_path / "frames", arguments)["distances"]
    assert {key: (of["generated"], of["true"]) for key, of in found.items()} == {
        "fid": (55, 34), "fid_vid": (10, 5), "fvd": (10, 5),
    }  # fmt: skip
    found = evaluated(tmp_path / "files", [*arguments, "--layout", "files"])
    assert {key: (of["generated"], of["true"]) for key, of in found["distances"].items()} == {
        "fid": (55, 34), "fid_vid": (3, 2), "fvd": (3, 2),
    }  # fmt: skip
    assert found["overall"] == {} and not {"fvd_generated", "fvd_true"} & set(found["notes"])


def test_short_videos_are_counted(tmp_path, networks):
    folder = flat(tmp_path / "made", a=LONG, b=SHORT)
    found = evaluated(tmp_path / "out", [folder, folder, "--networks", networks, "--metrics", "fvd"])
    assert found["notes"]["fvd_true"].startswith("1 of 2 true videos are too short")
    assert found["distances"]["fvd"]["value"] == pytest.approx(0, abs=1e-9)


def test_windows_do_not_cross_a_missing_frame(tmp_path, networks):
    folders = without([flat(tmp_path / "made", a=LONG), flat(tmp_path / "true", a=LONG)], "a_0018.png")
    found = evaluated(tmp_path / "out", [*folders, "--networks", networks, "--metrics", "fvd"])["distances"]["fvd"]
    assert (found["generated"], found["true"]) == (2, 5)
    files = evaluated(tmp_path / "files", [*folders, "--networks", networks, "--metrics", "fvd,l1", "--layout", "files"])
    assert files["notes"]["gaps"].startswith("frames are missing in 1 videos (a)")


def test_one_sample_has_no_distance(tmp_path, networks, capsys):
    folders = [flat(tmp_path / "made", a=LONG[:16]), flat(tmp_path / "true", a=LONG)]
    found = evaluated(tmp_path / "out", [*folders, "--networks", networks, "--metrics", "l1,fvd"])
    assert "needs two samples" in found["missing"]["fvd"] and found["distances"] == {} and "l1" in found["overall"]
    assert "without fvd: A Frechet distance needs" in capsys.readouterr().err


def test_what_both_have_alone_is_seen_by_distances_too(tmp_path, networks):
    folders = [flat(tmp_path / "made", a=LONG, x=LONG), flat(tmp_path / "true", a=LONG[:18], b=LONG)]
    found = evaluated(tmp_path / "out", [*folders, "--networks", networks, "--metrics", "fid", "--common"])
    assert (found["distances"]["fid"]["generated"], found["distances"]["fid"]["true"]) == (18, 18)


def test_people_by_networks(tmp_path, networks, monkeypatch):
    """Frame by frame over all pairs, as tables of the same would say."""

    def corner(net, frame):  # the first pixels as 18 joints
        return frame.reshape(-1)[:36].reshape(18, 2).astype(float)

    for kind, (_, errors) in people.KINDS.items():
        monkeypatch.setitem(people.KINDS, kind, (corner, errors))
    folders = sides(tmp_path, {"a": 3, "b.c": 2}, {"a": 3, "b.c": 2})
    found = evaluated(tmp_path / "out", [*folders, "--networks", networks, "--metrics", "akd,mkr,aed"])
    made, true = (np.concatenate([frames(count, seed=seed) for count in (3, 2)]).reshape(5, -1)[:, :36] for seed in (0, 1))
    apart = made.astype(float) - true
    assert found["joints"]["akd"] == pytest.approx(np.abs(apart).mean()) and found["joints"]["akd_frames"] == 5
    assert found["identity"]["aed"] == pytest.approx((apart**2).sum(1).mean()) and found["joints"]["mkr"] == 0


def test_names_and_order_of_videos_change_nothing(tmp_path, networks):
    one, two = A, frames(5, seed=7)
    numbers = []
    for names in (("a", "b"), ("z", "c")):
        made, true = (dict(zip(names, side, strict=True)) for side in ((one, two), (B, two[::-1].copy())))
        root = tmp_path / names[0]
        arguments = [
            flat(root / "made", **made),
            flat(root / "true", **true),
            "--networks",
            networks,
            "--metrics",
            "psnr,l1,fid",
        ]
        numbers.append(evaluated(root / "out", arguments))
    for key in ("psnr", "l1"):
        assert numbers[0]["overall"][key] == pytest.approx(numbers[1]["overall"][key], rel=1e-12)
    values = [found["distances"]["fid"]["value"] for found in numbers]
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_a_library_that_is_missing_costs_what_needs_it(tmp_path, networks, monkeypatch):
    def refuse(name, path, device):
        raise ModuleNotFoundError("pip install lpips", name="lpips")

    monkeypatch.setattr(run, "open_network", refuse)
    found = evaluated(tmp_path / "out", [*both(tmp_path), "--networks", networks])
    assert set(found["missing"]) == {"lpips", "lpips_disco", "fid", "fid_vid", "fvd", "akd", "mkr", "aed"}
    assert not math.isnan(found["overall"]["l1"])


def test_a_package_that_is_missing_is_named(monkeypatch, capsys):
    def refuse(name, package):
        raise ModuleNotFoundError(f"No module named {name}", name="skimage.metrics")

    monkeypatch.setattr(cli.importlib, "import_module", refuse)
    assert cli.main(["evaluate", "a", "b", "--out", "c"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: evaluate needs skimage.metrics, which is not installed: pip install") and "lpips" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "extra"), [("evaluate", "evaluation"), ("train", "training"), ("animate", "standalone")]
)
def test_what_pip_is_asked_for_is_the_extra(command, extra):
    listed = re.search(rf"^{extra} = \[(.*?)\]", (PACK / "pyproject.toml").read_text(), re.M)[1]
    names = {re.split("[<>=]", package)[0] for package in re.findall(r'"(.*?)"', listed)}
    assert names == {package.split("==")[0] for package in cli.NEEDS[command].split()}
    assert set(cli.NEEDS) == set(cli.COMMANDS)


def test_exit_codes(tmp_path, capsys):
    made, true = map(str, both(tmp_path))
    assert cli.main(["evaluate", made, true, "--out", str(tmp_path / "out"), "--metrics", "l1"]) == 0
    assert np.isclose(float(capsys.readouterr().out.split()[1]), np.abs(A.astype(float) - B).mean() / 255, rtol=1e-5)
    assert cli.main(["evaluate", made, "nowhere", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: TRUE is nowhere, which does not exist")
