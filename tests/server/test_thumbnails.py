"""Every template has a small film beside its name, served and in the README; test_newcomer sees them in the browser."""

import io
import urllib.request
from urllib.parse import quote

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import TEMPLATES
from pack.scripts.thumbnails import THUMB_WIDTH
from PIL import Image

TITLES = [template.title for template in TEMPLATES.values()]


@pytest.mark.parametrize("title", TITLES)
def test_a_template_has_a_film(server, title):
    """Where not: python -m scripts.thumbnails."""
    with urllib.request.urlopen(f"{server.url}/api/workflow_templates/{quote(PACK.name)}/{quote(title)}.jpg") as answer:
        data = answer.read()
    film = Image.open(io.BytesIO(data))
    assert film.format == "WEBP" and film.n_frames >= 12 and film.width == THUMB_WIDTH
    assert len(data) < 150_000
    assert f"workflows/{quote(title)}.jpg" in (PACK / "README.md").read_text(encoding="utf-8")
