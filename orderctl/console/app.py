"""The web application of the console."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from orderctl.aws_calls import operator_error
from orderctl.console.context import Console, console_of
from orderctl.console.guard import Guard
from orderctl.console.jobs import Jobs
from orderctl.console.letters import Letters
from orderctl.console.pages import cancelling, dead_letters, faults, order, orders, overview, stock
from orderctl.console.problems import problem
from orderctl.console.rendering import page
from orderctl.errors import OperatorError, UnknownOrder
from orderctl.picture.theme import picture_css

_STATIC: Final = Path(__file__).parent / "static"
_NOT_FOUND: Final = 404
_FAILED: Final = 400


def console_app(console: Console) -> Starlette:
    """Return the application for one stack. The orders are followed while it runs."""

    @asynccontextmanager
    async def following(_app: Starlette) -> AsyncIterator[None]:
        console.live.start()
        try:
            yield
        finally:
            jobs.stop()
            console.live.stop()

    jobs = Jobs()
    app = Starlette(
        routes=[
            Route("/", _first_page),
            *orders.ROUTES,
            *order.ROUTES,
            *orders.OTHERS,
            *overview.ROUTES,
            *cancelling.ROUTES,
            *dead_letters.ROUTES,
            *faults.ROUTES,
            *stock.ROUTES,
            Route("/static/picture.css", _picture_css),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, access=console.access)],
        exception_handlers={
            HTTPException: _http_error,
            OperatorError: _operator_error,
            # Any other error of a page is logged with its traceback besides.
            BotoCoreError: _operator_error,
            ClientError: _operator_error,
            Exception: _other_error,
        },
        lifespan=following,
    )
    app.state.console = console
    app.state.jobs = jobs
    app.state.letters = Letters(console.stack)
    app.state.products = stock.Products(console.stack)
    return app


def _first_page(_: Request) -> Response:
    return RedirectResponse("/orders", status_code=303)


def _picture_css(_: Request) -> Response:
    return Response(picture_css(), media_type="text/css")


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(getattr(error, "detail", error))
    what = "There is no such page." if detail == "Not Found" else detail
    return _error_page(request, what, "Choose one of the pages above.", status)


def _operator_error(request: Request, error: Exception) -> Response:
    what, *advice = str(problem(error, is_local=console_of(request).is_local)).splitlines()
    status = _NOT_FOUND if isinstance(error, UnknownOrder) else _FAILED
    return _error_page(request, f"{what.rstrip('.')}.", " ".join(advice), status)


def _other_error(request: Request, error: Exception) -> Response:
    """Explain an error of AWS. Any other one is a defect: its traceback goes to standard error."""
    if operator_error(error) is not None:
        return _operator_error(request, error)
    what = f"The console failed: {type(error).__name__}."
    return _error_page(request, what, "Its terminal has the details. Please report them.", 500)


def _error_page(request: Request, what: str, what_to_do: str, status: int) -> Response:
    return page(request, "error.html", status, what=what, what_to_do=what_to_do)
