"""IP-Adapters at the doors of the node pack: the loader's, and Animate's."""

from types import SimpleNamespace

import pytest
from pack.tests.doors.host.adapters import SHOWN
from pack.tests.doors.methods import ADAPTERS
from pack.tests.doors.table import cases, passes
from pack.tests.host.small import host_vision


@pytest.fixture(scope="module")
def vision(tmp_path_factory):
    from pack.magicanimate_core.testing.image_prompts import write_image_encoder

    return host_vision(write_image_encoder(tmp_path_factory.mktemp("clip") / "encoder"))


@cases(*ADAPTERS)
def test_files(case, small, vision, tmp_path, capfd):
    """The same files as on the command line, and the same words."""
    from pack.magicanimate_core.host.clip_image import check_vision
    from pack.magicanimate_core.host.ip_adapter import check_adapter
    from pack.magicanimate_core.host.loading import load_ip_adapter

    path = case.brings(tmp_path)

    def door():
        net = load_ip_adapter(str(path)).model
        check_adapter(small.shared_base, net)
        check_vision(vision, net)
        return SimpleNamespace(adapter=net)

    passes(case, door)
    assert "I run" not in capfd.readouterr().out


@cases(*SHOWN)
def test_what_shows_the_photo(case, small, tmp_path, monkeypatch):
    """What cannot be is refused before any model runs."""
    import comfy.model_management as mm

    inputs = case.brings(tmp_path)
    if not callable(case.out):
        monkeypatch.setattr(mm, "load_models_gpu", lambda *_, **__: pytest.fail("a model is loaded"))
    passes(case, lambda: small.animate(2, **inputs, steps=1), refusal=ValueError)


def test_errors_have_a_plain_name(nodes, run, small, tmp_path):
    """The host shows the path of a class that is not Python's own."""
    import folder_paths

    (tmp_path / "broken.safetensors").touch()
    folder_paths.add_model_folder_path("ipadapter", str(tmp_path))
    folder_paths.filename_list_cache.clear()
    with pytest.raises(ValueError, match="is empty") as error:
        run("MagicAnimateIPAdapterLoader", ip_adapter="broken.safetensors")
    assert type(error.value) is ValueError
