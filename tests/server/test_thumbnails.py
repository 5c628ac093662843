"""Every template has a small film beside its name: served, played by the browser, and in the README."""

import io
import urllib.request
from urllib.parse import quote

import pytest
from pack.scripts.comfyui import PACK
from pack.scripts.template_tables import TEMPLATES
from pack.scripts.thumbnails import THUMB_WIDTH
from pack.tests.server.browsing import open_page
from pack.tests.server.hands import Hands
from PIL import Image

TITLES = [template.title for template in TEMPLATES.values()]
LOADED = """([titles, width]) => titles.every((title) => {
  const pictures = [...document.querySelectorAll('img')].filter((each) => each.alt === title);
  return pictures.length && pictures.every((each) => each.complete && each.naturalWidth === width);
})"""


@pytest.mark.parametrize("title", TITLES)
def test_a_template_has_a_film(server, title):
    """Where not: python -m scripts.thumbnails."""
    with urllib.request.urlopen(f"{server.url}/api/workflow_templates/{quote(PACK.name)}/{quote(title)}.jpg") as answer:
        data = answer.read()
    film = Image.open(io.BytesIO(data))
    assert film.format == "WEBP" and film.n_frames >= 12 and film.width == THUMB_WIDTH
    assert len(data) < 150_000
    assert f"workflows/{quote(title)}.jpg" in (PACK / "README.md").read_text(encoding="utf-8")


def test_people_see_the_films(server, tmp_path_factory):
    with open_page(server) as page:
        Hands(page).open_templates(PACK.name)
        page.wait_for_function(LOADED, arg=[TITLES, THUMB_WIDTH], timeout=30000)
        page.screenshot(path=tmp_path_factory.mktemp("screens") / "templates.png")
