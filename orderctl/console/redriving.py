"""A redrive from the console: what it would do, and the job that does it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from orderctl.aws_calls import NO_RESPONSE
from orderctl.console.jobs import Job
from orderctl.console.letters import Letters
from orderctl.console.problems import problem
from orderctl.display.layout import counted
from orderctl.dlq.aftermath import came_of, wait_until_done
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder, RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.planned import Planned, planned
from orderctl.dlq.queues import ReceivedMessages, visibility_timeout
from orderctl.dlq.redrive import Redrive, RedriveResult
from orderctl.dlq.tables import result_text
from orderctl.errors import OperatorError
from orderctl.stack import Stack

# Events a second.
RATE: Final = 50.0
# As `orderctl dlq redrive --wait`: an execution ends after 285 s; on the local cloud it may wait.
_WAIT_SECONDS: Final = 330.0
_ALREADY_DONE: Final = "already done: its message was only removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The orders to redrive. Each one is redriven whole: with all messages that it has on any queue.

    `named` tells that a person chose each of them. An order of all that are there is left out when it has no
    message and another reader holds some: its message may be among them.
    """

    order_ids: Sequence[str]
    named: bool

    def waiting(self, orders: RedrivableOrders) -> list[str]:
        """Return those that wait for an operator: without a message, no others are redriven.

        To be read before the queues: a later order on hold could have a message that was not received.
        """
        return [order_id for order_id, order in orders.read(self.order_ids).items() if order.is_waiting]

    def plan(self, messages: Iterable[DeadLetter], waiting: Iterable[str], *, in_flight: int) -> RedrivePlan:
        """Plan for what there is now."""
        ids = frozenset(self.order_ids)
        return RedrivePlan.from_messages(
            (message for message in messages if message.order_id in ids),
            (order_id for order_id in waiting if order_id in ids),
            in_flight=0 if self.named else in_flight,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a redrive would do now. `hidden_seconds` is when the messages of another reader are back."""

    plan: RedrivePlan
    rows: Sequence[Planned]
    gone: int
    in_flight: int

    @property
    def button(self) -> str:
        """Return the words of the button that does it."""
        return redrive_title(self.plan)

    @property
    def hidden_seconds(self) -> int:
        """Return in how many seconds the messages that another reader holds are visible again."""
        return visibility_timeout(self.in_flight, 1 / RATE)


@dataclass(slots=True, kw_only=True)
class RedriveOutcome:
    """What a redrive did, and what came of its orders. It is kept up to date while the job runs.

    `came` has the orders that were emitted again, `not_emitted` the others of the plan.
    """

    size: int = 0
    gone: int = 0
    left_out: int = 0
    result: RedriveResult = field(default_factory=RedriveResult)
    came: Sequence[KnownOrder] = ()
    not_emitted: Sequence[tuple[KnownOrder, str]] = ()

    @property
    def text(self) -> str:
        """Say what it did."""
        return result_text(self.result, waits=bool(self.came)).plain

    @property
    def left(self) -> int:
        """Return how many orders and announcements it has not worked on."""
        return self.size - self.result.done

    @property
    def rows(self) -> list[tuple[KnownOrder, str]]:
        """Return each order with what came of it; what is not done comes first."""
        said = [(order, came_of(order)) for order in self.came]
        said.sort(key=lambda row: (row[0].is_closed, row[1], row[0].order_id))
        return [*said, *self.not_emitted]

    @property
    def not_done(self) -> int:
        """Return how many orders are held again, or are still in progress."""
        return sum(not order.is_closed for order in self.came)

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Return the orders of which nothing was done, and why."""
        return [
            *(
                (order_id, "there is no such order, or its record is broken")
                for order_id in self.result.unknown
            ),
            *((order_id, "the bus did not accept its event") for order_id in self.result.refused),
        ]


def what_happens(row: Planned) -> str:
    """Say what a redrive would do, in the operator's terms."""
    if row.order is None:
        return "Nothing: there is no such order, or its record is broken. Its message stays."
    if row.event is None:
        removed = "its message is only removed" if row.messages else "nothing is done"
        return f"Already done: {removed}."
    if row.event == "OrderPlaced":
        again = "Everybody is told again." if row.order.is_closed else "Finished steps are not repeated."
        return f"Its workflow runs again. {again}"
    if row.event == "OrderCancellationRequested":
        return "Its cancellation runs again. Finished steps are not repeated."
    return f"{row.event} is published."


def redrive_title(plan: RedrivePlan) -> str:
    """Say what a redrive is about: Redrive 3 orders."""
    orders = f"Redrive {counted(len(plan.orders), 'order')}" if plan.orders else ""
    published = f"publish {counted(len(plan.announcements), 'announcement')}" if plan.announcements else ""
    text = " and ".join(filter(None, [orders, published]))
    return text[:1].upper() + text[1:]


def dry_run(
    plan: RedrivePlan, orders: RedrivableOrders, order_ids: Sequence[str], *, in_flight: int
) -> DryRun:
    """Return what a plan for these orders would do now."""
    messages = [message for of_order in plan.orders.values() for message in of_order]
    known = orders.read(plan.order_ids, messages)
    return DryRun(
        plan=plan,
        rows=list(planned(plan, known)),
        gone=_gone(plan, order_ids),
        in_flight=in_flight,
    )


class RedriveJob:
    """The work of a job: redrives, then waits and tells what came of each order."""

    def __init__(self, stack: Stack, letters: Letters, wanted: Wanted) -> None:
        self._stack = stack
        self._letters = letters
        self._wanted = wanted
        self._orders = RedrivableOrders(stack)

    def __call__(self, job: Job) -> None:
        """Do it."""
        try:
            self._redrive(job)
        except NO_RESPONSE as error:
            raise problem(error, is_local=self._stack.endpoint_url is not None) from error

    def _redrive(self, job: Job) -> None:
        outcome = RedriveOutcome()
        job.result = outcome
        job.begin("Reading the queues")
        waiting = self._wanted.waiting(self._orders)
        with self._letters.received(seconds_per_message=1 / RATE) as received:
            plan = self._wanted.plan(received.messages, waiting, in_flight=received.in_flight)
            outcome.size, outcome.left_out = plan.size, len(plan.left_out)
            outcome.gone = _gone(plan, self._wanted.order_ids)
            job.begin("Redriving", plan.size)
            for outcome.result in Redrive(self._stack, received, rate=RATE).run(plan):
                job.set_done(outcome.result.done)
        outcome.not_emitted = self._not_emitted(plan, outcome.result)
        if outcome.result.emitted:
            self._wait(job, outcome)
        if failed := outcome.failures:
            raise OperatorError(
                f"{counted(len(failed), 'event')} could not be emitted. Their messages are kept",
                what_to_do="Look at each of them, then redrive it again.",
            )

    def _wait(self, job: Job, outcome: RedriveOutcome) -> None:
        ids = list(outcome.result.emitted_ids)
        others = len(outcome.not_emitted)
        job.begin("Waiting until the orders are done", len(ids) + others)
        came = wait_until_done(
            self._orders, ids, timeout=_WAIT_SECONDS, on_progress=lambda done: job.set_done(others + done)
        )
        outcome.came = list(came.values())

    def _not_emitted(self, plan: RedrivePlan, result: RedriveResult) -> list[tuple[KnownOrder, str]]:
        """Return the orders of which no workflow was started, and what was done instead."""
        failed = {*result.refused, *result.unknown}
        removed = sorted(set(plan.orders) - {*result.emitted_ids} - failed)
        announced = sorted(
            {str(message.order_id) for message in plan.announcements} - {*plan.orders} - failed
        )
        known = self._orders.read([*removed, *announced])
        return [
            *(
                (known[order_id], _ALREADY_DONE if plan.orders[order_id] else "already done")
                for order_id in removed
                if order_id in known
            ),
            *(
                (known[order_id], "its announcement was published again, or removed as out of date")
                for order_id in announced
                if order_id in known
            ),
        ]


def redrive_now(stack: Stack, received: ReceivedMessages, plan: RedrivePlan) -> RedriveOutcome:
    """Carry out a small plan at once."""
    outcome = RedriveOutcome(size=plan.size)
    for outcome.result in Redrive(stack, received, rate=RATE).run(plan):
        continue
    return outcome


def _gone(plan: RedrivePlan, order_ids: Sequence[str]) -> int:
    """Return of how many orders nothing is left to redrive."""
    return len({*order_ids} - plan.order_ids - {*plan.left_out})
