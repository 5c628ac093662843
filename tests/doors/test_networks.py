"""A metric's network is the published one, whole, or its file is refused with what it is; so are tables of joints."""

import sys

import pytest
from pack.magicanimate_core.evaluation.networks.opening import open_network
from pack.magicanimate_core.evaluation.tables import matched, read_table
from pack.tests.doors import joint_tables
from pack.tests.doors import networks as rows
from pack.tests.doors.table import cases, passes


@cases(*rows.FILES)
def test_files(case, tmp_path, capfd):
    path = case.brings(tmp_path)
    passes(case, lambda: open_network("i3d", path, "cpu"))
    assert "code runs" not in capfd.readouterr().out


@cases(*joint_tables.TABLES)
def test_tables(case, tmp_path):
    path = case.brings(tmp_path)
    passes(case, lambda: read_table(path))


@cases(*joint_tables.PAIRS)
def test_pairs_of_tables(case):
    passes(case, lambda: matched(*case.brings()))


@pytest.mark.parametrize(("name", "library"), [("vgg", "lpips"), ("inception", "pytorch_fid")])
def test_a_library_that_is_missing(name, library, tmp_path, monkeypatch):
    users = ("networks.inception", "networks.perceptual")  # those that have it already are imported anew
    for module in [key for key in sys.modules if key.startswith(library) or key.endswith(users)]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / "net.pth"
    path.touch()
    with pytest.raises(ModuleNotFoundError, match=f"needs the library {library}, which is not installed: pip install"):
        open_network(name, path, "cpu")
