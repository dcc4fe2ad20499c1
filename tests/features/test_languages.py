"""A comment's language is the one its record states, else the one its function words tell."""

import numpy as np
import pytest

from features.company.comments import LANGUAGES, THEMES, write_comments
from features.languages import FUNCTION_WORDS, language_of, tell


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("El pedido llegó más tarde de lo prometido.", "es"),
        ("NO ME HA LLEGADO TODAVÍA EL PAQUETE", "es"),
        ("The parcel is badly delayed.", "en"),
        ("I can't log in", "en"),
        ("O produto chegou antes do prazo e é muito bom", "pt"),
        ("La livraison est en retard et je ne suis pas content", "fr"),
        ("La consegna è in ritardo e nessuno risponde", "it"),
        ("Das Paket ist nicht da und ich warte noch", "de"),
    ],
)
def test_function_words_tell_the_language(text: str, language: str) -> None:
    assert tell(text) == language


@pytest.mark.parametrize("text", ["", "!!!", "12345", "ok", "Producto excelente", "no me"])
def test_without_words_that_tell_no_language_is_told(text: str) -> None:
    assert tell(text) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_comments_are_told_apart(language: str) -> None:
    rng = np.random.default_rng(1)
    which = np.full(2_000, LANGUAGES.index(language))
    theme, is_happy = rng.integers(len(THEMES), size=2_000), rng.random(2_000) < 0.5
    told = [tell(text) for text in write_comments(which, theme, is_happy, rng=rng)]
    (other,) = set(LANGUAGES) - {language}
    assert told.count(language) > 0.95 * len(told)
    assert other not in told


@pytest.mark.parametrize(
    ("given", "language"),
    [("es", "es"), ("ES", "es"), (" es-MX", "es"), ("es_419", "es"), ("en-GB", "en"), ("fr", "fr")],
)
def test_what_the_record_says_goes_first(given: str, language: str) -> None:
    assert language_of("The parcel of the courier", given) == language


@pytest.mark.parametrize("given", [None, "", "  ", float("nan")])
def test_a_record_that_says_nothing_leaves_it_to_the_words(given: str | None) -> None:
    assert language_of("The parcel of the courier", given) == "en"


def test_function_words_are_written_as_they_are_looked_up() -> None:
    for words in FUNCTION_WORDS.values():
        assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
