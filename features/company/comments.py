"""What the customers of the simulated company write: short comments in Spanish and English.

A comment is an opening, a sentence about one theme, and an ending, each drawn from a few, so that
the theme can be found again from the words, as `features.voice` must with real comments.
"""

import numpy as np
from numpy.typing import NDArray

THEMES = ("delivery", "price", "service", "product", "website")
"""What a comment, or a ticket, can be about."""

LANGUAGES = ("es", "en")
"""ISO 639-1 codes of the languages comments are written in."""

_OPENINGS = {
    "es": {
        False: ("", "Estoy decepcionado. ", "Muy mal. ", "No es la primera vez. "),
        True: ("", "Encantada. ", "Muy bien todo. ", "Como siempre, perfecto. "),
    },
    "en": {
        False: ("", "I am disappointed. ", "Really poor. ", "Not the first time. "),
        True: ("", "Very happy. ", "All good. ", "Perfect, as always. "),
    },
}

_ENDINGS = {
    "es": {
        False: ("", " No creo que vuelva a comprar.", " Espero una solución.", " Una pena."),
        True: ("", " Repetiré seguro.", " Lo recomiendo.", " Gracias."),
    },
    "en": {
        False: ("", " I doubt I will order again.", " I expect a solution.", " A pity."),
        True: ("", " I will be back.", " I recommend them.", " Thank you."),
    },
}

_SENTENCES = {
    "es": {
        False: {
            "delivery": (
                "El pedido llegó más tarde de lo prometido.",
                "La entrega se retrasó varios días y nadie avisó.",
                "El repartidor no vino en la fecha acordada.",
                "El paquete lleva mucho retraso.",
            ),
            "price": (
                "El precio ha subido demasiado.",
                "Es caro para lo que ofrece.",
                "Me cobraron de más en la factura.",
                "El descuento prometido no se aplicó.",
            ),
            "service": (
                "Atención al cliente tardó días en contestar.",
                "He tenido que llamar varias veces y repetir mi caso.",
                "Nadie del servicio de atención resuelve mi incidencia.",
                "El agente cerró mi reclamación sin solucionarla.",
            ),
            "product": (
                "El producto llegó defectuoso.",
                "La calidad del producto es mala.",
                "El artículo se rompió a la semana.",
                "La talla del artículo no es la que pedí.",
            ),
            "website": (
                "La página web se cuelga al pagar.",
                "La aplicación da error cada vez que entro.",
                "No se encuentra nada en la web.",
                "La web no me dejaba iniciar sesión.",
            ),
        },
        True: {
            "delivery": (
                "La entrega fue rápida y puntual.",
                "El pedido llegó antes de lo prometido.",
                "El repartidor, muy amable y puntual.",
                "El paquete llegó en la fecha acordada.",
            ),
            "price": (
                "Muy buen precio.",
                "El descuento merece la pena.",
                "Relación calidad y precio excelente.",
                "Precios mejores que en otros sitios.",
            ),
            "service": (
                "Atención al cliente resolvió todo a la primera.",
                "El agente fue amable y rápido.",
                "Muy buen servicio de atención.",
                "Contestaron a mi consulta en minutos.",
            ),
            "product": (
                "El producto es de gran calidad.",
                "El artículo es tal como lo describen.",
                "Un producto que dura.",
                "El artículo funciona de maravilla.",
            ),
            "website": (
                "La web es clara y fácil de usar.",
                "Comprar en la aplicación es cómodo.",
                "La página web va muy rápida.",
                "Se encuentra todo enseguida en la web.",
            ),
        },
    },
    "en": {
        False: {
            "delivery": (
                "The order arrived later than promised.",
                "Delivery was days late and nobody told me.",
                "The courier did not come on the agreed date.",
                "The parcel is badly delayed.",
            ),
            "price": (
                "The price has gone up too much.",
                "Too expensive for what you get.",
                "I was overcharged on the invoice.",
                "The promised discount was not applied.",
            ),
            "service": (
                "Customer service took days to reply.",
                "I had to call several times and explain my case again.",
                "Nobody at support solves my issue.",
                "The agent closed my complaint without solving it.",
            ),
            "product": (
                "The product arrived faulty.",
                "The quality of the product is bad.",
                "The item broke after a week.",
                "The item is not the size I ordered.",
            ),
            "website": (
                "The website hangs at the payment page.",
                "The app shows an error every time I log in.",
                "I cannot find anything on the website.",
                "The website would not let me sign in.",
            ),
        },
        True: {
            "delivery": (
                "Delivery was fast and on time.",
                "The order arrived earlier than promised.",
                "The courier was friendly and punctual.",
                "The parcel came on the agreed date.",
            ),
            "price": (
                "Very good price.",
                "The discount is worth it.",
                "Excellent value for money.",
                "Better prices than elsewhere.",
            ),
            "service": (
                "Customer service solved everything at the first call.",
                "The agent was friendly and quick.",
                "Very good support.",
                "They replied to my question within minutes.",
            ),
            "product": (
                "The product is of great quality.",
                "The item is just as described.",
                "A product that lasts.",
                "The item works wonderfully.",
            ),
            "website": (
                "The website is clear and easy to use.",
                "Buying in the app is convenient.",
                "The website is very fast.",
                "Everything is quick to find on the website.",
            ),
        },
    },
}

_MOODS = (False, True)
_OPENING = np.array([[_OPENINGS[lang][mood] for mood in _MOODS] for lang in LANGUAGES], object)
_ENDING = np.array([[_ENDINGS[lang][mood] for mood in _MOODS] for lang in LANGUAGES], object)
_SENTENCE = np.array(
    [
        [[_SENTENCES[lang][mood][theme] for theme in THEMES] for mood in _MOODS]
        for lang in LANGUAGES
    ],
    object,
)


def write_comments(
    language: NDArray[np.intp],
    theme: NDArray[np.intp],
    is_happy: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
) -> NDArray[np.object_]:
    """One comment a row.

    Args:
        language: positions in `LANGUAGES`.
        theme: positions in `THEMES`.
        is_happy: whether the comment praises or complains.
        rng: draws among the variants.
    """
    mood = is_happy.astype(np.intp)
    first, second, third = rng.integers(4, size=(3, language.size))
    comments: NDArray[np.object_] = (
        _OPENING[language, mood, first]
        + _SENTENCE[language, mood, theme, second]
        + _ENDING[language, mood, third]
    )
    return comments
