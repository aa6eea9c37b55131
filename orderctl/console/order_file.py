"""The page of an order as one file, which opens without network and without the console."""

import base64
import hashlib
from pathlib import Path
from typing import Final

from markupsafe import Markup

from orderctl.console.order_page import OrderPages, shown_state
from orderctl.console.rendering import render
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.function_logs import FunctionLogs
from orderctl.picture.theme import picture_css
from orderctl.stack import Stack

_STATIC: Final = Path(__file__).parent / "static"
_STYLES: Final = ("console.css", "order.css")


def order_file(stack: Stack, order_id: str, *, name: str, options: str) -> str:
    """Return the HTML; raise OperatorError when there is no such order.

    It costs what the page of the order costs, and what `FunctionLogs` says for each state with a function.
    """
    page = OrderPages(stack, options).read(order_id)
    logs = FunctionLogs(stack, DeployedWorkflow(stack).definition)
    script = (_STATIC / "file.js").read_text(encoding="utf-8")
    style = "\n".join([*((_STATIC / file).read_text(encoding="utf-8") for file in _STYLES), picture_css()])
    return render(
        "order_file.html",
        file=True,
        order=page,
        states={
            each.number: [shown_state(logs, page, each, row) for row in each.rows] for each in page.executions
        },
        console_name=name,
        # Both are files of this package. Neither has a closing tag, which a test holds.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=_hash(script),
    )


def _hash(script: str) -> str:
    """Return the source of a script as a content security policy names it.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/script-src
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"sha256-{digest}"
