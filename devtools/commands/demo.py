"""Places orders of every kind on a local cloud and shows what happened to each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.console import Group
from rich.text import Text

from devtools.demo.dead_letter import find_dead_letter
from devtools.demo.orders import LANTERN, MUG, SCENARIOS, Scenario, stock_after
from devtools.local_cloud.cloud import start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder
from handlers.contract.fault import Fault
from orderctl.api_client import ACCEPTED, OK, OrdersApi, problem
from orderctl.display.execution_tree import trace_tree
from orderctl.display.layout import add_row, new_table, print_parts, status_text
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.queues import read_queues
from orderctl.dlq.redrive import Redrive
from orderctl.errors import OperatorError
from orderctl.execution_log import ExecutionLog
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.local_cloud import local_cloud_folder
from orderctl.products import ProductsTable
from orderctl.settlement import wait_while_pending
from orderctl.stack import Stack, find_stack
from orderctl.terminal import output, step
from orderctl.trace import ExecutionTrace

_TIMEOUT_SECONDS: Final = 60
_LOG_DELAY_SECONDS: Final = 20
_REDRIVES_PER_SECOND: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened to the order of a scenario."""

    scenario: Scenario
    order: dict[str, Any]
    executions: Sequence[ExecutionTrace]
    dead_letter: dict[str, Any] | None

    @property
    def differences(self) -> list[str]:
        """Say what is not as it should be."""
        found = self.scenario.differences(self.order)
        parked = (self.dead_letter or {}).get("step")
        if parked != self.scenario.parked:
            found.append(f"parked is {parked}, not {self.scenario.parked}")
        return found


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave a local cloud that it started running.")
    ] = False,
) -> None:
    """Place orders of every kind on a local cloud and show what happened to each."""
    with _local_cloud(keep=keep) as stack:
        catalogue = ProductsTable(stack)
        for _ in catalogue.stock([MUG, LANTERN]):
            pass
        outcomes = _play(stack)
        _show(outcomes)
        left = {id_: product.available for id_, product in catalogue.find(stock_after(SCENARIOS)).items()}
    _fail_on_differences(outcomes, left)


@contextmanager
def _local_cloud(*, keep: bool) -> Iterator[Stack]:
    folder = Folder.of(local_cloud_folder())
    if folder.in_use():
        yield find_stack()
        return
    stack = start_local_cloud(folder, stocked=False)
    try:
        yield stack
    finally:
        if not keep:
            with step("taking the local cloud down"):
                stop_local_cloud(folder)


def _play(stack: Stack) -> list[Outcome]:
    api = OrdersApi(stack)
    usual = [scenario for scenario in SCENARIOS if not scenario.outage]
    order_ids = [_place(api, scenario) for scenario in usual]
    with step(f"{len(order_ids)} orders"):
        wait_while_pending(stack, order_ids, timeout=_TIMEOUT_SECONDS)
        outcomes = [
            _outcome(stack, api, scenario, order_id)
            for scenario, order_id in zip(usual, order_ids, strict=True)
        ]
    return outcomes + [_play_outage(stack, api, scenario) for scenario in SCENARIOS if scenario.outage]


def _play_outage(stack: Stack, api: OrdersApi, scenario: Scenario) -> Outcome:
    switch = FaultSwitch(stack, Service.PAYMENT)
    try:
        with step("an order while the payment service is down"):
            switch.turn_on(Fault())
            order_id = _place(api, scenario)
            wait_while_pending(stack, [order_id], timeout=_TIMEOUT_SECONDS)
            dead_letter = find_dead_letter(stack, "payment", order_id, timeout=_LOG_DELAY_SECONDS)
    finally:
        switch.turn_off()
    with step("its redrive, now that the payment service is up again"):
        _redrive(stack, order_id)
        wait_while_pending(stack, [order_id], timeout=_TIMEOUT_SECONDS)
        return replace(_outcome(stack, api, scenario, order_id, executions=2), dead_letter=dead_letter)


def _redrive(stack: Stack, order_id: str) -> None:
    with read_queues(stack, ["payment"]) as found:
        for _ in Redrive(stack, found, rate=_REDRIVES_PER_SECOND).run(
            RedrivePlan.from_messages(found.messages, [], only=order_id)
        ):
            pass


def _place(api: OrdersApi, scenario: Scenario) -> str:
    answer = api.place(scenario.request, idempotency_key=str(uuid4()))
    if answer.status != ACCEPTED:
        raise problem(answer)
    return str(answer.body["orderId"])


def _outcome(
    stack: Stack, api: OrdersApi, scenario: Scenario, order_id: str, *, executions: int = 1
) -> Outcome:
    since = datetime.fromisoformat(_get(api, order_id)["createdAt"])
    ended = ExecutionLog(stack).wait_for_executions_of(order_id, since, _LOG_DELAY_SECONDS, count=executions)
    # Read after the execution's end, so that its last notification is recorded.
    return Outcome(scenario=scenario, order=_get(api, order_id), executions=ended, dead_letter=None)


def _get(api: OrdersApi, order_id: str) -> dict[str, Any]:
    answer = api.get(order_id)
    if answer.status != OK:
        raise problem(answer)
    return dict(answer.body)


def _show(outcomes: Sequence[Outcome]) -> None:
    shown = new_table("order", "ended", "inventory", "payment", "notification", "as it should")
    for outcome in outcomes:
        steps = {name: step["status"] for name, step in outcome.order["steps"].items()}
        add_row(
            shown,
            outcome.scenario.title,
            status_text(outcome.order["status"], outcome.order["reason"]),
            *(steps.get(name, "-") for name in ("inventory", "payment", "notification")),
            Text("✗", style="bold red") if outcome.differences else Text("✓", style="green"),
        )
    print_parts("", shown, "")
    for outcome in outcomes:
        output.print(Text(outcome.scenario.title, style="bold"))
        for number, execution in enumerate(outcome.executions):
            if number:
                output.print("redriven, as by `orderctl dlq redrive payment`:")
            print_parts(trace_tree(execution))
            if outcome.dead_letter and not number:
                print_parts(_dead_letter_view(outcome.dead_letter))
        output.print()


def _dead_letter_view(message: Mapping[str, Any]) -> Group:
    facts = new_table("", "")
    facts.show_header = False
    for name, value in (
        dict(message) | {"cause": _in_short(message["cause"]), "event": message["event"]["detail-type"]}
    ).items():
        add_row(facts, name, value)
    return Group("its message on the payment dead-letter queue:", facts)


def _in_short(cause: str) -> str:
    # The cause of a failed Lambda is its error as JSON, with a stack trace; other causes are plain text.
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(cause)["errorMessage"])
    return cause


def _fail_on_differences(outcomes: Sequence[Outcome], left: dict[str, int]) -> None:
    wrong = [
        f"  {outcome.scenario.title}: {difference}"
        for outcome in outcomes
        for difference in outcome.differences
    ]
    wrong += [
        f"  {product_id}: {left.get(product_id)} left, not {expected}"
        for product_id, expected in stock_after(SCENARIOS).items()
        if left.get(product_id) != expected
    ]
    if wrong:
        raise OperatorError("Not everything ended as it should", what_to_do="\n".join(wrong))
    output.print(Text("Every order ended as it should.", style="green"))
