"""The door: signing in with a key, and out."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.console.desk import Desk
from serving.console.listing import Form
from serving.console.session import COOKIE, SECONDS, is_secure, require_own_page

HOME = "/console"


class Door:
    """Pages of the door.

    Args:
        desk: What they are made of.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask(self, request: Request) -> Response:
        """The form for the key."""
        return self._ask(request, request.query_params.get("next", HOME))

    def _ask(self, request: Request, then: str, status: int = 200) -> Response:
        return self._desk.page(
            self._desk.stranger(request), "signin", status, then=own(then), wrong=status != 200
        )

    def sign_in(self, request: Request, sent: Form) -> Response:
        """Open a session."""
        require_own_page(request)
        session = self._desk.sessions.open(sent.get("key", ""))
        if session is None:
            return self._ask(request, sent.get("next", HOME), 403)
        response = RedirectResponse(own(sent.get("next", HOME)), 303)
        response.set_cookie(
            COOKIE,
            session,
            max_age=SECONDS,
            path=HOME,
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    def sign_out(self, request: Request, sent: Form) -> Response:  # noqa: ARG002
        """Close it."""
        require_own_page(request)
        response = RedirectResponse(f"{HOME}/signin", 303)
        response.delete_cookie(COOKIE, path=HOME)
        return response


def own(address: str) -> str:
    """An address of this console; its first page in place of any other."""
    parts = urlsplit(address)
    safe = not parts.scheme and not parts.netloc and "\\" not in address
    return address if safe and (parts.path + "/").startswith(f"{HOME}/") else HOME
