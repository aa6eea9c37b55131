"""What all pages of a console share."""

from dataclasses import dataclass
from typing import NamedTuple, Self, cast

from starlette.requests import Request

from handlers.contract.names import STACK_PREFIX, Stage
from orderctl.console.guard import Access
from orderctl.console.live import Live
from orderctl.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """One console: its stack, and who may use it.

    `options` are those of the stack, as they follow a command: "" or " --stack NAME". `changes_prod` allows
    what changes something in the stage prod.
    """

    stack: Stack
    name: str
    options: str
    access: Access
    live: Live
    changes_prod: bool = False

    @property
    def stage(self) -> str:
        """Return the stage of the stack."""
        return self.name.removeprefix(f"{STACK_PREFIX}-")

    @property
    def is_prod(self) -> bool:
        """Tell whether customers are affected by what is done here."""
        return self.stage == Stage.PROD

    @property
    def is_local(self) -> bool:
        """Tell whether the stack is on a local cloud."""
        return self.stack.endpoint_url is not None

    @property
    def may_change(self) -> bool:
        """Tell whether pages may offer what changes something."""
        return self.changes_prod or not self.is_prod


class Headline(NamedTuple):
    """What every page says: why it is not up to date, and how many dead letters there are.

    It is taken once, then compared and rendered. What is read again for the page may have changed meanwhile,
    and a page that showed the newer one would not be told when it changes back.
    """

    problem: str
    dead_letters: int

    @classmethod
    def of(cls, console: Console) -> Self:
        """Take it as it is now."""
        return cls(console.live.problem, console.live.dead_letters)


def console_of(request: Request) -> Console:
    """Return the console that answers this request."""
    return cast("Console", request.app.state.console)
