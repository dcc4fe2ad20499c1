"""The pen: a writer for pages that can be followed, where ids are links and may be masked."""

from dataclasses import dataclass, field

from markupsafe import Markup
from starlette.requests import Request

from serving.console.gathered import LANGUAGES
from serving.console.masks import Masks
from serving.report.writer import Writer
from serving.words import Language

COOKIE = "querencia_language"
_LINK = Markup('<a class="id" href="/console/customer/{}">{}</a>')


@dataclass(frozen=True)
class Pen(Writer):
    """Writes for the console.

    Attributes:
        masks: What stands for ids.
    """

    masks: Masks = field(kw_only=True)

    def id(self, customer: object, row: int) -> Markup:  # noqa: ARG002 - the report tells the row
        """A customer's id, as far as it is shown, with all there is to know behind it."""
        name = str(customer)
        return _LINK.format(self.masks.token(name), self.masks.shown(name))


def language(request: Request, otherwise: Language) -> Language:
    """The language a visitor asks for, chose before, or has set in the browser."""
    spoken = request.headers.get("accept-language", "").split(",")
    wanted = (
        request.query_params.get("lang"),
        request.cookies.get(COOKIE),
        *(each.strip().partition(";")[0].partition("-")[0].lower() for each in spoken),
    )
    return next((known for name in wanted for known in LANGUAGES if known == name), otherwise)
