"""Words in people's languages: what the page asks for is there, for every node, input and option."""

import pytest
from pack.scripts.locales import ENGLISH, LOCALES, lacking, languages, node_words, read

LANGUAGES = ("es", "fr", "ja", "ko", "zh")


def test_english_says_what_the_nodes_say(server):
    """Where not: python -m scripts.locales."""
    assert node_words(server.get("/object_info")) == read(ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_node_input_or_option_lacks_its_words(language):
    assert not lacking(read(ENGLISH), read(language))
    assert not lacking(read(language), read(ENGLISH))  # nor are there words of what is gone


def test_all_languages_are_looked_at_and_served(server):
    assert languages() == list(LANGUAGES)
    served = server.get("/i18n")
    for language in (ENGLISH, *LANGUAGES):
        assert read(language).items() <= served[language]["nodeDefs"].items()
        assert set(served[language]["nodeCategories"]) >= {"MagicAnimate", "demo"}, language
    assert not [path for path in LOCALES.rglob("*") if path.is_file() and path.name not in ("nodeDefs.json", "main.json")]
