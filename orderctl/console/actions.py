"""What the pages do to a stack: only by POST, refused in prod without a flag, and errors in a sentence.

The guard of the console has checked the origin and the CSRF token by then.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orderctl.console.context import console_of
from orderctl.console.jobs import Jobs
from orderctl.console.letters import Letters
from orderctl.console.problems import problem
from orderctl.console.rendering import page
from orderctl.errors import OperatorError
from orderctl.terminal import silent

Action: TypeAlias = Callable[[Request, "Form"], Response]
# The part of a page that the response is: actions.js shows it although the status is an error.
PART: Final = {"hx-part": "yes"}
_REFUSED: Final = 403
_FAILED: Final = 400


class Form:
    """The fields of a form that was sent; a file is no text and left out."""

    def __init__(self, sent: FormData) -> None:
        self._sent = sent

    def text(self, name: str) -> str:
        """Return a field without the space around it; "" when there is none."""
        return next(iter(self.texts(name)), "").strip()

    def texts(self, name: str) -> list[str]:
        """Return all fields of this name."""
        return [value for value in self._sent.getlist(name) if isinstance(value, str)]

    @property
    def fields(self) -> dict[str, str]:
        """Return the first field of each name."""
        return {name: self.text(name) for name in self._sent}


def post(path: str, action: Action) -> Route:
    """Return the route of something that changes the stack."""

    async def endpoint(request: Request) -> Response:
        if not console_of(request).may_change:
            return _said(page(request, "action_refused.html", _REFUSED))
        async with request.form() as sent:
            return await run_in_threadpool(_answered, action, request, Form(sent))

    return Route(path, endpoint, methods=["POST"])


def part(path: str, look: Callable[[Request], Response]) -> Route:
    """Return the route of a part of a page; an error is said in it."""

    def endpoint(request: Request) -> Response:
        return _answered(lambda request, _: look(request), request, Form(FormData()))

    return Route(path, endpoint, methods=["GET"])


def jobs_of(request: Request) -> Jobs:
    """Return the jobs of the console."""
    jobs: Jobs = request.app.state.jobs
    return jobs


def letters_of(request: Request) -> Letters:
    """Return the dead letters of the console."""
    letters: Letters = request.app.state.letters
    return letters


def _answered(action: Action, request: Request, form: Form) -> Response:
    try:
        with silent():
            return action(request, form)
    except (ClientError, BotoCoreError, OperatorError) as error:
        return failed(request, error)


def failed(request: Request, error: Exception) -> Response:
    """Return the part that says why something was not done."""
    what, *advice = str(problem(error, is_local=console_of(request).is_local)).splitlines()
    return _said(page(request, "action_failed.html", _FAILED, what=what, advice=advice))


def _said(response: Response) -> Response:
    response.headers.update(PART)
    return response


def is_part(request: Request) -> bool:
    """Tell whether the page asks for a part of itself, and not for all of it, as after the back button."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers
