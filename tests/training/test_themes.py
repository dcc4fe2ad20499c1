"""Themes are found from comments alone, the same in any order, and agree with the truth."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from features.comments import Themes
from features.company.comments import LANGUAGES, THEMES, write_comments
from tests.properties import rarely
from training import themes

Written = tuple[list[str | None], list[str | None]]


def write(language: str, comments: int, *, random_state: int) -> tuple[list[str], list[int]]:
    """Comments of the company, and the theme each is truly about."""
    rng = np.random.default_rng(random_state)
    about = rng.integers(len(THEMES), size=comments)
    which = np.full(comments, LANGUAGES.index(language))
    written = write_comments(which, about, rng.random(comments) < 0.5, rng=rng)
    return written.tolist(), about.tolist()


@pytest.fixture(scope="module")
def written(company_tables: Mapping[str, pd.DataFrame]) -> Written:
    """Every comment of the company, and its language."""
    surveys = company_tables["surveys"]
    return surveys["comment"].tolist(), surveys["language"].tolist()


@pytest.fixture(scope="module")
def found(written: Written) -> Themes:
    """The company's themes."""
    fitted = themes.fit(*written)
    assert fitted is not None
    return fitted


@pytest.mark.parametrize("language", LANGUAGES)
def test_themes_separate_what_new_comments_are_truly_about(found: Themes, language: str) -> None:
    texts, about = write(language, 2_000, random_state=11)
    heaviest = found.weigh(texts, [language] * len(texts)).argmax(axis=1)
    purity = contingency_matrix(about, heaviest).max(axis=0).sum() / len(texts)
    assert normalized_mutual_info_score(about, heaviest) > 0.5  # .56 and .62; by chance .00
    assert purity > 0.65  # .72 and .81; by chance .22


def test_each_language_has_its_themes(found: Themes) -> None:
    assert found.names == tuple(f"theme_{lang}_{n}" for lang in ("es", "en") for n in range(1, 9))
    assert any("web" in words for words in found.telling.values())
    assert any("website" in words for words in found.telling.values())


def test_a_comment_weighs_on_its_own_language_alone(found: Themes) -> None:
    (row,) = found.weigh(["The website hangs at the payment page."], ["en"])
    named = dict(zip(found.names, row, strict=True))
    assert sum(share for name, share in named.items() if name.startswith("theme_en")) == (
        pytest.approx(1)
    )
    assert all(share == 0 for name, share in named.items() if name.startswith("theme_es"))


def test_languages_that_are_not_stated_are_told(written: Written, found: Themes) -> None:
    told = themes.fit(written[0], [None] * len(written[0]))
    assert told is not None
    assert told.names == found.names


def test_the_same_comments_make_the_same_themes_in_any_order(
    written: Written, found: Themes
) -> None:
    order = np.random.default_rng(3).permutation(len(written[0]))
    texts, languages = ([column[row] for row in order] for column in written)
    assert themes.fit(texts, languages) == found


def test_themes_survive_json(found: Themes) -> None:
    assert Themes.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_components_have_unit_length_and_no_negative_weights(found: Themes) -> None:
    for lexicon in found.lexicons:
        components = np.array(lexicon.components)
        assert (components >= 0).all()
        np.testing.assert_allclose(np.linalg.norm(components, axis=1), 1, atol=1e-5)


def test_a_language_with_few_comments_is_left_out() -> None:
    spanish, english = write("es", 49, random_state=1)[0], write("en", 50, random_state=1)[0]
    fitted = themes.fit([*spanish, *english], ["es"] * 49 + ["en"] * 50)
    assert fitted is not None
    assert [lexicon.language for lexicon in fitted.lexicons] == ["en"]
    assert themes.fit(spanish, ["es"] * 49) is None


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [None] * 99,
        ["  "] * 99,
        ["?!"] * 99,
        ["the"] * 99,
        ["same words"] * 99,  # in more than half of the comments, so they tell nothing apart
    ],
)
def test_without_anything_to_tell_apart_there_are_no_themes(texts: list[str | None]) -> None:
    assert themes.fit(texts, ["en"] * len(texts)) is None


def test_few_sentences_make_fewer_themes() -> None:
    texts = ["late parcel"] * 40 + ["high price"] * 41 + ["broken website"] * 42
    fitted = themes.fit(texts, ["en"] * len(texts))
    assert fitted is not None
    assert sorted(sorted(words) for words in fitted.telling.values()) == [
        ["broken", "website"],
        ["high", "price"],
        ["late", "parcel"],
    ]


def test_what_few_have_written_is_never_learned() -> None:
    texts = write("en", 200, random_state=1)[0]
    fitted = themes.fit([*texts, *["My name is Zebedee, order A1234567."] * 4], ["en"] * 204)
    assert fitted is not None
    assert not {"zebedee", "name"} & set(fitted.lexicons[0].words)


def test_of_many_comments_a_sample_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = write("en", 300, random_state=1)[0]
    monkeypatch.setattr(themes, "MOST_COMMENTS", 100)
    one, again = themes.fit(texts, ["en"] * 300), themes.fit(texts[::-1], ["en"] * 300)
    other = themes.fit(texts, ["en"] * 300, random_state=1)
    assert one == again
    assert one != other
    monkeypatch.setattr(themes, "MOST_COMMENTS", 300)
    assert one != themes.fit(texts, ["en"] * 300)


@rarely(3)
@given(st.lists(st.lists(st.sampled_from(["red", "blue", "green"])), min_size=50, max_size=80))
def test_whatever_is_written_shares_add_up(drawn: list[list[str]]) -> None:
    texts = [" ".join(words) for words in drawn]
    fitted = themes.fit(texts, ["en"] * len(texts))
    if fitted is not None:
        total = fitted.weigh(texts, ["en"] * len(texts)).sum(axis=1)
        assert all(np.isnan(x) or x == 0 or x == pytest.approx(1) for x in total)


@pytest.mark.skipif(
    "QUERENCIA_REAL_DATA" not in os.environ,
    reason="QUERENCIA_REAL_DATA names no folder with the published files",
)
def test_portuguese_reviews_are_neither_spanish_nor_english() -> None:
    file = Path(os.environ["QUERENCIA_REAL_DATA"]) / "olist" / "order_reviews.parquet"
    texts = pd.read_parquet(file)["review_comment_message"].tolist()
    assert themes.fit(texts, [None] * len(texts)) is None
    fitted = themes.fit(texts, ["en"] * len(texts))  # as if they were
    assert fitted is not None
    total = fitted.weigh(texts, ["en"] * len(texts)).sum(axis=1)
    is_blank = [not isinstance(text, str) or not text.strip() for text in texts]
    assert np.array_equal(np.isnan(total), is_blank)
