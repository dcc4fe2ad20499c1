"""Themes: what customers write about, found in their comments by scikit-learn (TF-IDF and NMF)."""

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from features.comments import Lexicon, Themes, is_comment, vectorizer
from features.languages import FUNCTION_WORDS, language_of

LANGUAGES = ("es", "en")
"""Languages that themes are looked for in."""

FEWEST_COMMENTS = 50
"""A language with fewer is left out."""

MOST_COMMENTS = 50_000
"""Of more, so many are drawn: themes get no clearer, only slower."""

MIN_DF = 5
"""A word must be in so many comments: one that few write may be a name."""

MAX_DF = 0.5
"""A word in more than this share of the comments tells nothing apart."""

MOST_WORDS = 2_000
DECIMALS = 6
_SENTENCE = re.compile(r"[.!?;\n]+")


def fit(
    texts: Iterable[str | None],
    languages: Iterable[str | None],
    *,
    themes_per_language: int = 8,
    random_state: int = 0,
) -> Themes | None:
    """Find the themes of these comments: the same in whatever order they come.

    Give it only what was written before the cut-off that the model is judged at.

    Args:
        texts: The comments, None or blank where there is none.
        languages: Their languages as recorded, None or blank where it is to be told from the words.
        themes_per_language: How many themes to look for in each language; fewer come of very few
            sentences or words.
        random_state: Seed of the sample, and of the start of the search.

    Returns:
        The themes, commonest first, of each language with enough comments; None where none has.
    """
    comments = defaultdict(list)
    for text, given in _sample(texts, languages, random_state):
        comments[language_of(text, given)].append(text)
    found = (
        _lexicon(language, comments[language], themes_per_language, random_state)
        for language in LANGUAGES
    )
    lexicons = tuple(lexicon for lexicon in found if lexicon is not None)
    return Themes(lexicons) if lexicons else None


def _sample(
    texts: Iterable[str | None], languages: Iterable[str | None], random_state: int
) -> list[tuple[str, str]]:
    """At most `MOST_COMMENTS` of the comments with their languages, in an order of their own."""
    written = sorted(
        (text, given if is_comment(given) else "")
        for text, given in zip(texts, languages, strict=True)
        if is_comment(text)
    )
    if len(written) <= MOST_COMMENTS:
        return written
    drawn = np.random.default_rng(random_state).choice(len(written), MOST_COMMENTS, replace=False)
    return [written[row] for row in np.sort(drawn)]


def _lexicon(
    language: str, comments: Sequence[str], themes: int, random_state: int
) -> Lexicon | None:
    if len(comments) < FEWEST_COMMENTS:
        return None
    words = vectorizer(
        stop_words=list(FUNCTION_WORDS[language]),
        min_df=MIN_DF,
        max_df=MAX_DF,
        max_features=MOST_WORDS,
    )
    try:
        words.fit(comments)
    except ValueError:  # no word is in enough comments
        return None
    components = _components(words.transform(_sentences(comments)), themes, random_state)
    return Lexicon(
        language,
        tuple(words.get_feature_names_out().tolist()),
        tuple(np.round(words.idf_, DECIMALS).tolist()),
        tuple(tuple(weights) for weights in np.round(components, DECIMALS).tolist()),
    )


def _sentences(comments: Iterable[str]) -> list[str]:
    """Each different sentence once, so that what everybody ends with is no theme by its numbers."""
    parts = (part for comment in comments for part in _SENTENCE.split(comment.lower()))
    return sorted({part.strip() for part in parts} - {""})


def _components(weights: csr_matrix, themes: int, random_state: int) -> NDArray[np.float64]:
    """Themes of unit length, the one that weighs most first: (themes, words)."""
    model = NMF(
        min(themes, *weights.shape), init="nndsvda", random_state=random_state, max_iter=500
    )
    with warnings.catch_warnings():
        # Themes hardly move any more by then, and any are fit to weigh by.
        warnings.simplefilter("ignore", ConvergenceWarning)
        shares = model.fit_transform(weights)
    length = np.linalg.norm(model.components_, axis=1)
    order = np.argsort(-shares.sum(axis=0) * length, kind="stable")
    order = order[length[order] > 0]
    return np.asarray(model.components_[order] / length[order, None])
