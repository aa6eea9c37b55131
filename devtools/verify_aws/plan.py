"""What a run will do, where, and what it costs at most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.recording.stack_scenarios import STACK_SCENARIOS, StackScenario
from devtools.verify_aws.cost import MOST_TEST_ORDERS, USD_PER_MILLION_ORDERS, most_usd
from handlers.contract.names import Stage
from infrastructure.config import InvalidSettingError, StageConfig
from orderctl.doctor.place import Place
from orderctl.errors import OperatorError
from orderctl.local_cloud import emulator_url
from orderctl.stack import aws_client

FOLDER: Final = REPOSITORY / ".local" / "verify-aws"
_VISIBLE_DIGITS: Final = 4
_REFUSED: Final = {
    Stage.PROD: "it has customers and keeps their data",
    Stage.DEV: "it is the stage of `make deploy` without a name, so somebody may work with it",
    Stage.LOCAL: "it is the local cloud's, which `make test` tests",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. `tests` chooses tests as pytest's -k does; None means all."""

    place: Place
    folder: Path = FOLDER
    keep: bool = False
    tests: str | None = None
    scenarios: Sequence[StackScenario] = STACK_SCENARIOS

    @property
    def report(self) -> Path:
        return self.folder / "report.md"

    @property
    def account(self) -> str:
        """The account without its first digits, as the report shows it."""
        number = str(self.place.identity["Account"])
        return f"{'*' * (len(number) - _VISIBLE_DIGITS)}{number[-_VISIBLE_DIGITS:]}"

    @property
    def where(self) -> str:
        """AWS, or the emulator that is in its place."""
        url = emulator_url()
        return f"an emulator at {url}" if url else "AWS"

    @property
    def by_hand(self) -> str:
        """The command that destroys the stage."""
        return f"PATH=.venv/bin:$PATH node_modules/.bin/cdk destroy -c stage={self.place.stage}"

    def lines(self) -> Iterator[str]:
        """Yield what a person should know before it starts."""
        orders = MOST_TEST_ORDERS + len(self.scenarios)
        yield f"{self.place.stack_name} on {self.where}, account {self.account}, Region {self.place.region}"
        yield f"  doctor, deploy, tests/deployed, {len(self.scenarios)} recordings, report, " + (
            "and it stays (KEEP=1)" if self.keep else "destroy"
        )
        if self.place.stack is not None and not self.keep:
            yield "  It is deployed already. Everything in it is deleted at the end; KEEP=1 keeps it."
        yield (
            f"  Cost: at most {most_usd(orders):.2f} USD (estimate of November 2026), "
            f"for {orders} orders at {USD_PER_MILLION_ORDERS} USD per million"
        )


def place_of(stage: str) -> Place:
    """Return where the stage is or will be; raise OperatorError for a stage that must not be destroyed."""
    require_own_stage(stage)
    region, client = aws_client(f"the stage {stage}", None, None)
    return Place(stage=stage, region=region, client=client)


def require_own_stage(stage: str) -> None:
    """Raise OperatorError unless it is a stage of one's own."""
    example = "make verify-aws STAGE=alice"
    if not stage:
        raise OperatorError("No stage is named", what_to_do=f"Choose a name of your own: {example}")
    for refused, why in _REFUSED.items():
        if stage.lower() == refused:
            raise OperatorError(
                f"The stage {refused} is never destroyed here",
                why=why,
                what_to_do=f"Choose a name of your own: {example}",
            )
    try:
        StageConfig.for_stage(stage)
    except InvalidSettingError as error:
        raise OperatorError(f"There can be no such stage: {error}") from None
