"""Comments are weighed each by itself, and count when they were answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from features.asof import Pairs
from features.comments import Lexicon, Themes, columns, vectorizer
from features.family import Look
from features.records import UNITS, Records
from features.timeline import DAY, UNKNOWN, Floats, Timeline
from tests.features.histories import THEMES, comment_languages, comments, texts, words

NAMES = ("theme_es_1", "theme_es_2", "theme_en_1", "theme_en_2", "theme_en_3")
HAS = {"transactions", "surveys", "surveys.comment"}


def weigh(*pairs: tuple[str | None, str | None]) -> Floats:
    return THEMES.weigh([text for text, _ in pairs], [language for _, language in pairs])


def test_a_comment_is_shared_out_among_the_themes_of_its_language() -> None:
    assert THEMES.names == NAMES
    shares = weigh(("The courier", "en"), ("la entrega tarde", "es"), ("price, price", "en"))
    assert shares[0].tolist() == [0, 0, 1, 0, 0]
    assert shares[1].tolist() == [1, 0, 0, 0, 0]
    assert shares[2, 3] == 1


def test_themes_are_told_by_their_heaviest_words() -> None:
    assert THEMES.telling["theme_es_1"] == ("tarde", "entrega")
    assert THEMES.telling["theme_en_3"] == ("website",)


@given(st.sampled_from(THEMES.lexicons), st.lists(words, max_size=8).map(" ".join))
def test_shares_are_the_non_negative_least_squares_of_the_tf_idf_row(
    lexicon: Lexicon, text: str
) -> None:
    model = vectorizer(vocabulary=list(lexicon.words))
    model.idf_ = np.array(lexicon.idf)
    row = model.transform([text]).toarray()[0]
    weights, _ = nnls(np.array(lexicon.components).T, row)
    np.testing.assert_allclose(lexicon.shares(text) * weights.sum(), weights, atol=1e-12)


@given(st.lists(comments, max_size=8))
def test_a_comment_weighs_the_same_to_the_last_bit_whatever_stands_beside_it(
    pairs: list[tuple[str | None, str | None]],
) -> None:
    together = weigh(*pairs)
    assert together.shape == (len(pairs), len(NAMES))
    for row, pair in zip(together, pairs, strict=True):
        np.testing.assert_array_equal(row, weigh(pair)[0])


@given(st.lists(comments, max_size=8))
def test_shares_add_up_to_one_or_are_all_nought_or_all_unknown(
    pairs: list[tuple[str | None, str | None]],
) -> None:
    for (text, _), row in zip(pairs, weigh(*pairs), strict=True):
        if text is None or not text.strip():
            assert np.isnan(row).all()
        else:
            assert (row >= 0).all()
            assert row.sum() == 0 or row.sum() == pytest.approx(1)


@pytest.mark.parametrize("missing", [None, "", " \n", float("nan")])
def test_a_blank_is_no_comment(missing: str | None) -> None:
    assert np.isnan(weigh((missing, "en"))).all()


@pytest.mark.parametrize(
    ("text", "language"),
    [("courier late", "fr"), ("courier late", "es"), ("gone fishing", "en"), ("?!", "en")],
)
def test_nothing_known_weighs_nothing(text: str, language: str) -> None:
    assert weigh((text, language)).tolist() == [[0] * len(NAMES)]


def test_case_and_accents_make_no_difference() -> None:
    plain, loud = weigh(("entrega tarde, precio", "es"), ("ENTRÉGA TARDÉ... précio", "ES"))
    assert plain.tolist() == loud.tolist()
    assert 0 < plain[0] < 1


def test_a_language_that_is_not_stated_is_told_from_the_words() -> None:
    stated, told = weigh(("the courier was late", "en"), ("the courier was late", None))
    assert stated.tolist() == told.tolist()
    assert stated.sum() == pytest.approx(1)


def test_numbers_are_no_words() -> None:
    assert vectorizer().build_analyzer()("Order 1234, a1b2, +34600, ok ñu x") == [
        "order",
        "ok",
        "nu",
    ]


def test_themes_survive_json() -> None:
    again = Themes.from_dict(json.loads(json.dumps(THEMES.to_dict(), sort_keys=True)))
    assert again == THEMES
    assert again.names == NAMES
    pair = (["courier late price"], ["en"])
    assert again.weigh(*pair).tolist() == THEMES.weigh(*pair).tolist()


def test_columns_are_whole_shares_by_theme() -> None:
    found = columns(THEMES, ["courier price late", None], ["en", None])
    assert tuple(found) == NAMES
    share = THEMES.weigh(["courier price late"], ["en"])[0, 2]
    assert 0 < share < 1
    assert found["theme_en_1"].tolist() == [round(share * UNITS), UNKNOWN]
    assert found["theme_es_1"].tolist() == [0, UNKNOWN]
    assert all(values.dtype == np.int64 for values in found.values())


def test_no_surveys_at_all_make_empty_columns() -> None:
    assert {name: len(values) for name, values in columns(THEMES, [], []).items()} == dict.fromkeys(
        NAMES, 0
    )


@dataclass(frozen=True)
class Wrote:
    """A survey asked and, on some day, answered with a comment."""

    asked: int
    answered: int | None
    comment: str | None
    language: str | None = "en"


def features(cutoff: int, *customers: Sequence[Wrote]) -> dict[str, list[float]]:
    """The family's features at the start of a day, by customer."""
    rows = [row for own in customers for row in sorted(own, key=lambda row: row.asked)]
    times = np.array([row.asked for row in rows], dtype=np.int64) * DAY
    known = [UNKNOWN if row.answered is None else row.answered * DAY for row in rows]
    told = columns(THEMES, [row.comment for row in rows], [row.language for row in rows])
    surveys = Timeline(
        np.cumsum([0, *map(len, customers)]),
        times,
        {"asked_at": times, "answered_at": np.array(known, dtype=np.int64), **told},
    )
    records = Records(np.arange(len(customers)), {"surveys": surveys})
    everyone = Pairs.where(np.ones((len(customers), 1), dtype=bool), np.array([cutoff * DAY]))
    look = Look(records, everyone, np.array([cutoff - 1]))
    return {
        name: values.tolist()
        for name, values in THEMES.family.columns(look, frozenset(HAS)).items()
    }


def test_a_theme_is_its_mean_share_in_the_comments() -> None:
    wrote = [Wrote(1, 2, "courier"), Wrote(3, 4, "website"), Wrote(5, 6, None), Wrote(7, 8, "hm")]
    found = features(10, wrote, [])
    assert found["theme_en_1"][0] == found["theme_en_3"][0] == pytest.approx(1 / 3)
    assert found["theme_en_2"][0] == found["theme_es_1"][0] == 0
    assert (found["comments"], found["comment_since"][0]) == ([3, 0], 2)
    assert all(isnan(found[name][1]) for name in (*NAMES, "comment_since"))


def test_a_comment_counts_when_it_is_answered() -> None:
    wrote = [Wrote(1, 5, "courier")]
    assert features(5, wrote)["comments"] == [0]
    assert isnan(features(5, wrote)["theme_en_1"][0])
    assert features(6, wrote)["comments"] == [1]
    assert features(6, wrote)["theme_en_1"] == [1]
    assert features(6, [Wrote(1, None, "courier")])["comments"] == [0]


surveys = st.builds(
    Wrote, st.integers(0, 9), st.one_of(st.none(), st.integers(0, 12)), texts, comment_languages
)


@given(st.lists(st.lists(surveys, max_size=5), min_size=1, max_size=3), st.integers(0, 12))
def test_comments_answered_after_the_cutoff_change_nothing(
    customers: list[list[Wrote]], cutoff: int
) -> None:
    before = [
        [row for row in own if row.answered is not None and max(row.answered, row.asked) < cutoff]
        for own in customers
    ]
    assert repr(features(cutoff, *customers)) == repr(features(cutoff, *before))


@given(st.lists(st.lists(surveys, max_size=5), min_size=1, max_size=3))
def test_a_customer_alone_has_the_same_row(customers: list[list[Wrote]]) -> None:
    together = features(8, *customers)
    for place, own in enumerate(customers):
        alone = features(8, own)
        assert repr({name: [values[place]] for name, values in together.items()}) == repr(alone)


def test_the_family_steps_aside_without_comments() -> None:
    assert THEMES.family.present({"transactions", "surveys"}) == ()
    present = THEMES.family.present(HAS)
    assert [feature.name for feature in present] == ["comments", "comment_since", *NAMES]
    assert {feature.name: feature.meaning for feature in present}["theme_en_3"] == (
        "comments about: website"
    )
    assert {feature.driver for feature in present} == {"satisfaction"}
