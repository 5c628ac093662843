"""Every node has a help page in every language that has pages, with all of its inputs, outputs and options."""

import re
from dataclasses import fields

import pytest
from pack.scripts.help_tables import DOCS, HEADS, OPTION_GROUPS, page, with_tables
from pack.scripts.locales import ENGLISH, read

LANGUAGES = list(HEADS)
OTHERS = [language for language in LANGUAGES if language != ENGLISH]
NODES = list(read(ENGLISH))


def test_every_node_has_its_pages_and_no_page_is_left_over():
    pages = {page(node, language) for node in NODES for language in LANGUAGES}
    assert set(DOCS.rglob("*.md")) == pages


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node", NODES)
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


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("node", NODES)
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
