"""Which language a comment is in: as its record says, else as its function words tell."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, strip_accents_unicode

_WORDS = {
    "es": """
        a ahora al algo alguien alguna alguno alli ante antes aqui asi aun aunque cada como con
        contra cual cualquier cuando cuanto de del desde despues donde dos durante e el ella
        ellas ellos en entonces entre era eran es esa esas ese eso esos esta estaba estamos
        estan estar estas este esto estos estoy fue fuera fueron ha haber habia hace hacer han
        has hasta hay he hemos incluso la las le les lo los mas me mi mis misma mismo mucha
        muchas mucho muchos muy nada nadie ni ningun ninguna ninguno no nos nosotros nuestra
        nuestro o os otra otras otro otros para pero poca poco por porque pues que quien se sea
        ser si sido siempre sin sobre solo son soy su sus tal tambien tampoco tan tanto te tener
        tengo ti tiene tienen toda todas todo todos tras tu tus u un una unas uno unos usted va
        veces vez y ya yo
    """,
    "pt": """
        a agora ainda algo algum alguma antes ao aos as assim ate cada com como contra da das de
        dele dentro depois desde do dos durante e ela ele em entre era essa esse esta estar
        estas este estou eu foi foram ha isso isto ja la mais mas me mesma mesmo meu meus minha
        minhas muita muito na nada nao nas nem no nos nossa nosso o os ou para pela pelo pois
        por porque pra quando quanto que quem sao se sem sempre ser seu so sobre sou sua tal
        tambem tanto te tem tenho ter ti tinha toda todas todo todos tu tudo um uma umas uns
        veio vez voce voces
    """,
    "fr": """
        a apres au aussi aux avec avant avoir c ce cela ces cette dans de des deux donc du elle
        en encore est et ete etre eu fait il ils j jamais je l la le les leur lui ma mais me
        meme mes mon n ne nous on ont ou par pas plus pour qu que qui rien sa sans se ses si son
        sont suis sur tout toute toujours tres tu un une votre vous y
    """,
    "it": """
        a abbiamo ad ai al alla anche ancora ben che chi ci come con cosa cui da dal dalla dei
        del della delle di dopo e ed era fatto gli ha hanno ho i il in io la le lo ma mai me mi
        mia mio molto ne nel nella nessuno noi non o ogni per perche piu poco prima quando
        quello questa questo sempre senza si solo sono sta stata stato su sul sulla tra tutti
        tutto un una uno vi
    """,
    "de": """
        aber alle alles als am an auch auf aus bei bin bis da das dass dem den der des die doch
        durch ein eine einem einen einer er es fur gut habe haben hat ich ihr im immer in ist ja
        kein keine man mehr mein meine mich mir mit nach nicht nichts noch nur oder ohne schon
        sehr sein sich sie sind so uber um und uns unter vom von vor war was wenn werden wie
        wieder wir wird wurde zu zum zur
    """,
}

FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in _WORDS.items()
} | {"en": ENGLISH_STOP_WORDS - {"con", "de", "un"}}
"""The words, without accents, that hold sentences together and say nothing of the matter.

Languages close to Spanish and English are among them, so that they are not taken for these.
"""

_HOLDERS = {
    word: tuple(language for language, words in FUNCTION_WORDS.items() if word in words)
    for word in frozenset().union(*FUNCTION_WORDS.values())
}
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str, given: str | None) -> str:
    """ISO 639-1 code of a comment's language, "" where it is not told.

    Args:
        text: The comment.
        given: What its record says: "es", "es-MX", "EN"; anything blank says nothing.
    """
    if isinstance(given, str) and given.strip():
        return next(_words(given), "")
    return tell(text)


def tell(text: str) -> str:
    """The language that more of a text's words are function words of than of any other, or ""."""
    votes = Counter(language for word in _words(text) for language in _HOLDERS.get(word, ()))
    best = max(votes.values(), default=0)
    leaders = [language for language, count in votes.items() if count == best]
    return leaders[0] if len(leaders) == 1 else ""


def _words(text: str) -> Iterator[str]:
    return (found.group() for found in _WORD.finditer(strip_accents_unicode(text.lower())))
