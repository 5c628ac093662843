"""Every node has a help page in every language that has pages, with all of its inputs, outputs and options."""

import re
from dataclasses import fields

import pytest
from pack.scripts.help_tables import DOCS, MAIN, OPTION_GROUPS, PICTURES, page, pages, picture_of, with_tables
from pack.scripts.locales import ENGLISH, languages, read
from PIL import Image

PAGES = pages()
TRANSLATED = [(node, language) for node, language in PAGES if language != ENGLISH]
NODES = list(read(ENGLISH))


def test_every_node_has_its_pages_and_no_page_is_left_over():
    assert set(DOCS.rglob("*.md")) == {page(*each) for each in PAGES}
    assert {(node, language) for node in NODES for language in (ENGLISH, "zh")} <= set(PAGES)
    assert {(node, language) for node in MAIN for language in (ENGLISH, *languages())} <= set(PAGES)


def test_every_node_has_a_picture_and_none_is_left_over():
    """Where not: python -m scripts.help_pictures."""
    assert set(PICTURES.iterdir()) == {picture_of(node) for node in NODES}
    for path in PICTURES.iterdir():
        assert Image.open(path).format == "WEBP" and path.stat().st_size < 100_000, path.name


@pytest.mark.parametrize(("node", "language"), PAGES)
def test_a_page_begins_with_its_picture(node, language):
    """The front end looks for it from the folder of all pages, whatever folder a page is in."""
    title, picture, caption, *_ = page(node, language).read_text(encoding="utf-8").split("\n\n")
    assert picture == f"![{title[2:]}]({picture_of(node).relative_to(DOCS).as_posix()})"
    assert re.fullmatch(r"\*[^*\n]+[.。]\*", caption)


@pytest.mark.parametrize(("node", "language"), PAGES)
def test_tables_say_what_the_nodes_say(node, language):
    """Where not: python -m scripts.help_tables."""
    text = page(node, language).read_text(encoding="utf-8")
    assert with_tables(text, node, language) == text
    words = read(language)[node]
    assert text.startswith(f"# {words['display_name']}\n")
    for kind, sockets in words.items():
        for key, socket in sockets.items() if kind in ("inputs", "outputs") else ():
            known = f"`{socket['name']}` ({key})" if kind == "inputs" and key != socket["name"] else f"`{socket['name']}`"
            assert f"| {known} | " in text and socket.get("tooltip", "") in text, (kind, key)


@pytest.mark.parametrize(("node", "group"), OPTION_GROUPS.items())
def test_the_nodes_say_what_the_table_of_options_says(node, group):
    """Where not: python -m scripts.locales."""
    for option in fields(group):
        assert read(ENGLISH)[node]["inputs"][option.name]["tooltip"].startswith(option.metadata["words"])


@pytest.mark.parametrize("text", ["# No place\n", "# Wrong way\n<!-- end sockets -->\n<!-- sockets -->\n"])
def test_a_page_without_a_place_for_its_tables_is_refused(text):
    with pytest.raises(ValueError, match="needs <!-- sockets --> and <!-- end sockets -->.*: # (No place|Wrong way)"):
        with_tables(text, NODES[0], ENGLISH)


@pytest.mark.parametrize(("node", "language"), TRANSLATED)
def test_a_translated_page_is_built_as_the_english(node, language):
    theirs, ours = (page(node, each).read_text(encoding="utf-8") for each in (ENGLISH, language))
    assert _build(ours) == _build(theirs)
    for name, words in read(ENGLISH).items():
        title = read(language)[name]["display_name"]
        assert ours.count(f"**{title}**") == theirs.count(f"**{words['display_name']}**"), title
    for bold, after in re.findall(r"\*\*([^*\n]+)\*\*(.?)", ours):  # Markdown does not close `.**word`
        assert re.match(r"\w", bold[-1]) or not re.match(r"\w", after), bold


def _build(text: str) -> list[str]:
    """Lists a page's headings, points, table cells, marks and ends of paragraphs, in order."""
    return re.findall(r"^#+ |^- |^\d\. |^<!-- [a-z ]+ -->$|\||\n\n", text, re.MULTILINE)
