"""Comments: what customers write about, by themes that `training.themes` has found.

A comment is taken for a mix of the themes of its language: non-negative least squares of the TF-IDF
weights of its words on those of each theme. Every comment is weighed by itself, so that it weighs
the same in a batch and in one posted history.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.feature_extraction.text import TfidfVectorizer

from features.asof import AsOf
from features.family import Family, Look
from features.feature import Driver, Feature
from features.languages import language_of
from features.records import UNITS
from features.timeline import UNKNOWN, Floats, Ints

TELLING_WORDS = 5
"""How many words a theme is told by."""

DRIVER: Driver = "satisfaction"
"""The story that all comments belong to."""

LEAST_WEIGHT = 1e-9
"""Less is what rounding leaves of a comment without any word of a theme."""


def vectorizer(**options: Any) -> TfidfVectorizer:
    """How comments are cut into words and these weighed, in training and afterwards.

    Case and accents make no difference, and words are two or more letters and nothing else: the
    number of an order, a telephone or a customer is never learned.
    """
    return TfidfVectorizer(
        strip_accents="unicode",
        token_pattern=r"(?u)\b[^\W\d_]{2,}\b",  # noqa: S106
        sublinear_tf=True,
        **options,
    )


_analyse: Callable[[str], list[str]] = vectorizer().build_analyzer()


@dataclass(frozen=True)
class Lexicon:
    """The themes of one language.

    Attributes:
        language: ISO 639-1 code.
        words: The words known, in the order of what follows.
        idf: Inverse document frequency of each word.
        components: The words' TF-IDF weights in each theme, of unit length: (themes, words).
    """

    language: str
    words: tuple[str, ...]
    idf: tuple[float, ...]
    components: tuple[tuple[float, ...], ...]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def _factors(self) -> tuple[Floats, Floats]:
        """Q, times the idf, and R of the components: least squares on themes in place of words."""
        q, r = np.linalg.qr(np.array(self.components).T)
        return q * np.array(self.idf)[:, None], r

    def shares(self, text: str) -> Floats:
        """Share of each theme in a comment; all 0 where it has no word of any.

        Shares do not change with the length of the TF-IDF row, so it is not made one.
        """
        counts = Counter(self._places[word] for word in _analyse(text) if word in self._places)
        if not counts:
            return np.zeros(len(self.components))
        q, r = self._factors
        frequency = 1 + np.log(np.fromiter(counts.values(), dtype=float))
        # Added up one by one: unlike a product of matrices, equal to the last bit anywhere.
        weights, _ = nnls(r, (frequency[:, None] * q[list(counts)]).sum(axis=0))
        total = weights.sum()
        return np.asarray(weights / total if total > LEAST_WEIGHT else np.zeros(len(weights)))

    def telling(self) -> Iterable[tuple[str, ...]]:
        """The words that weigh most in each theme, heaviest first."""
        for weights in self.components:
            heaviest = np.argsort(-np.array(weights), kind="stable")[:TELLING_WORDS]
            yield tuple(self.words[place] for place in heaviest if weights[place] > 0)


@dataclass(frozen=True)
class Themes:
    """What comments are about, by language."""

    lexicons: tuple[Lexicon, ...]

    @cached_property
    def telling(self) -> Mapping[str, tuple[str, ...]]:
        """The few words, heaviest first, that tell people what each theme (`theme_en_1`) is."""
        return {
            f"theme_{lexicon.language}_{number}": words
            for lexicon in self.lexicons
            for number, words in enumerate(lexicon.telling(), start=1)
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The themes in order of the columns they weigh in."""
        return tuple(self.telling)

    @cached_property
    def _columns(self) -> dict[str, tuple[int, Lexicon]]:
        """Each language's lexicon and its first column."""
        sizes = [len(lexicon.components) for lexicon in self.lexicons]
        begins = np.cumsum([0, *sizes[:-1]]).tolist()
        return {x.language: (begin, x) for begin, x in zip(begins, self.lexicons, strict=True)}

    def weigh(self, texts: Iterable[str | None], languages: Iterable[str | None]) -> Floats:
        """What each comment is about.

        Args:
            texts: The comments, None or blank where there is none.
            languages: Their languages as recorded, None or blank where it is to be told from the
                words.

        Returns:
            Shares of shape (comments, themes): they add up to 1 over the themes of the comment's
            language; all are 0 where it has no word of them, or the language has no themes; NaN
            where there is no comment.
        """
        rows = [self._weigh(*pair) for pair in zip(texts, languages, strict=True)]
        return np.array(rows).reshape(-1, len(self.names))

    def _weigh(self, text: str | None, given: str | None) -> Floats:
        if not is_comment(text):
            return np.full(len(self.telling), np.nan)
        row = np.zeros(len(self.telling))
        language = language_of(text, given)
        if language in self._columns:
            begin, lexicon = self._columns[language]
            row[begin : begin + len(lexicon.components)] = lexicon.shares(text)
        return row

    @cached_property
    def family(self) -> Family["Comments"]:
        """The features that these themes make, on surveys with the columns that `columns` gives."""
        return Family(
            "comments",
            ("surveys", "surveys.comment"),
            lambda look: Comments(look, self),
            (
                _feature("comments", "1", "how many comments", Comments.count),
                _feature("comment_since", "days", "days since the last comment", Comments.since),
                *(
                    _feature(name, "0-1", f"comments about: {', '.join(words)}", _share(name))
                    for name, words in self.telling.items()
                ),
            ),
        )

    @cached_property
    def digest(self) -> str:
        """Tells these themes from others, even where the words that tell them are the same."""
        return hashlib.sha256(json.dumps(self.to_dict()).encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_dict(self) -> dict[str, Any]:
        """Everything that `from_dict` needs, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """The themes that `to_dict` described."""
        return cls(
            tuple(
                Lexicon(
                    told["language"],
                    tuple(told["words"]),
                    tuple(told["idf"]),
                    tuple(tuple(weights) for weights in told["components"]),
                )
                for told in state["lexicons"]
            )
        )


def is_comment(text: str | None) -> TypeGuard[str]:
    """Whether something was written: blanks and missing values of any kind are nothing."""
    return isinstance(text, str) and bool(text.strip())


def columns(
    themes: Themes, texts: Iterable[str | None], languages: Iterable[str | None]
) -> dict[str, Ints]:
    """The columns of the surveys' timeline that `Themes.family` looks at, by theme.

    Args:
        themes: What to weigh by.
        texts: The comment of each survey; and
        languages: its language, as `Themes.weigh` takes them.

    Returns:
        Each theme's share in 1/10,000, `UNKNOWN` where there is no comment.
    """
    shares = themes.weigh(texts, languages)
    whole = np.where(np.isnan(shares), UNKNOWN, np.rint(shares * UNITS)).astype(np.int64)
    return dict(zip(themes.names, np.ascontiguousarray(whole.T), strict=True))


class Comments:
    """Comments by theme, counted when the survey was answered."""

    def __init__(self, look: Look, themes: Themes) -> None:
        surveys = look.records["surveys"]
        written = surveys.known(themes.names[0])
        self._known = AsOf(surveys.by(surveys.column("answered_at"), written), look.pairs)

    def share(self, theme: str) -> Floats:
        """Mean share of a theme in the comments; NaN without any."""
        return self._known.mean(self._known.timeline.column(theme)) / UNITS

    def count(self) -> Ints:
        """How many comments."""
        return self._known.count()

    def since(self) -> Floats:
        """Days since the last comment."""
        return self._known.since()


def _share(theme: str) -> Callable[[Comments], Floats]:
    return lambda view: view.share(theme)


def _feature(
    name: str, unit: str, meaning: str, value: Callable[[Comments], NDArray[Any]]
) -> Feature[Comments]:
    return Feature(name, unit, meaning, DRIVER, value)
