"""The invariants hold in random sequences of orders, executions, sweeps, redrives and kills."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from devtools.asl.definition import read_definition
from handlers.adapters.gateways.simulated import OUTAGE_TOKEN
from tests.model.fast_dynamodb import FastDynamoDB, empty_tables
from tests.model.invariants import Invariants
from tests.model.stepper import Call, SteppedExecution, TaskFailure
from tests.model.world import SERVICES, Killed, RecoveredGateway, World

STOCK: Final = {"lamp": 4, "bell": 2, "rug": 1}
MAX_EXECUTIONS: Final = 5
SETTLING_ROUNDS: Final = 3
EXAMPLES: Final = int(os.environ.get("MODEL_EXAMPLES", "200"))
# What a stranger on the bus may say instead.
FORGERIES: Final[list[dict[str, object]]] = [
    {"customerId": "somebody-else"},
    {"orderId": "7b5b4f0e-5c0b-4a8e-9a53-0d9d4a3c1f11"},
    {"orderId": "no UUID"},
    {"orderId": 7},
]
_DEFINITION: Final = read_definition()

baskets = st.dictionaries(st.sampled_from(sorted(STOCK)), st.integers(1, 3), min_size=1)
methods = st.sampled_from(["pm_card_visa", "pm_card_visa", "pm_card_declined", OUTAGE_TOKEN])
failures = st.sampled_from(
    ["States.Timeout", "DependencyUnavailable", "KeyError", "DynamoDB.AccessDeniedException"]
)
picks = st.integers(0, 50)
interruptions = st.tuples(st.integers(0, 5), st.booleans())
counters = st.integers(1, 4)
# A call of an execution, and the split of a product at the same time.
_CALL_AND_SPLIT = {
    "pick": picks,
    "other": picks,
    "interruption": interruptions,
    "product": st.sampled_from(sorted(STOCK)),
    "into": counters,
}


class Interleavings(RuleBasedStateMachine):
    """A few products and orders, and everything that can happen to them, in any sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(FastDynamoDB(empty_tables()), _DEFINITION)
        self.world.stock(STOCK)
        self.installed = self.world.installed()
        self.installed.__enter__()
        self.order_invariants = Invariants(stock=dict(STOCK))
        self.requests: list[tuple[dict[str, int], str, str]] = []
        self.running: list[SteppedExecution] = []

    @rule(basket=baskets, method=methods)
    def place(self, basket: dict[str, int], method: str) -> None:
        self.requests.append((basket, method, f"key-{len(self.requests)}"))
        self._post(self.requests[-1])

    @rule(basket=baskets, method=methods, interruption=interruptions)
    def place_and_be_killed(
        self, basket: dict[str, int], method: str, interruption: tuple[int, bool]
    ) -> None:
        self.requests.append((basket, method, f"key-{len(self.requests)}"))
        self._interrupted(interruption, lambda: self._post(self.requests[-1]))

    @precondition(lambda self: self.requests)
    @rule(pick=picks)
    def replay(self, pick: int) -> None:
        self._post(self.requests[pick % len(self.requests)])

    @precondition(lambda self: self.world.bus.starting() and len(self.running) < MAX_EXECUTIONS)
    @rule(pick=picks)
    def deliver(self, pick: int) -> None:
        events = self.world.bus.starting()
        self.running.append(self.world.start(events[pick % len(events)]))

    @precondition(lambda self: self.world.bus.starting() and len(self.running) < MAX_EXECUTIONS)
    @rule(pick=picks, forgery=st.sampled_from(FORGERIES))
    def deliver_a_forged_event(self, pick: int, forgery: dict[str, object]) -> None:
        events = self.world.bus.starting()
        event = events[pick % len(events)]
        self.running.append(self.world.start({**event, "detail": {**event["detail"], **forgery}}))

    @precondition(lambda self: self.running)
    @rule(pick=picks, other=picks)
    def make_a_call(self, pick: int, other: int) -> None:
        execution, call = self._waiting(pick, other)
        self.world.perform(execution, call)

    @precondition(lambda self: self.running)
    @rule(pick=picks, other=picks, interruption=interruptions)
    def make_a_call_and_be_killed(self, pick: int, other: int, interruption: tuple[int, bool]) -> None:
        execution, call = self._waiting(pick, other)
        position, after = interruption
        self.world.interrupter.kill(position, after=after)
        self.world.perform(execution, call)
        self.world.interrupter.reset()

    @precondition(lambda self: sum(len(execution.waiting) for execution in self.running) > 1)
    @rule(pick=picks, other=picks, interruption=interruptions, overtaking=st.tuples(picks, picks))
    def make_a_call_and_be_overtaken(
        self, pick: int, other: int, interruption: tuple[int, bool], overtaking: tuple[int, int]
    ) -> None:
        execution, call = self._waiting(pick, other)
        faster, overtaker = self._waiting(*overtaking)
        position, after = interruption
        if overtaker is not call:
            self.world.interrupter.interrupt(
                position, lambda: self.world.perform(faster, overtaker), after=after
            )
        self.world.perform(execution, call)
        self.world.interrupter.reset()

    @precondition(lambda self: self.running)
    @rule(pick=picks, other=picks, error=failures)
    def fail_a_call(self, pick: int, other: int, error: str) -> None:
        execution, call = self._waiting(pick, other)
        execution.respond(call, TaskFailure(error=error, cause="made to fail"))

    @precondition(lambda self: self.order_invariants.accepted)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        self._cancel(pick)

    @precondition(lambda self: self.order_invariants.accepted)
    @rule(pick=picks, interruption=interruptions)
    def cancel_and_be_killed(self, pick: int, interruption: tuple[int, bool]) -> None:
        self._interrupted(interruption, lambda: self._cancel(pick))

    @precondition(lambda self: self.running)
    @rule(pick=picks, other=picks, interruption=interruptions)
    def make_a_call_while_the_order_is_cancelled(
        self, pick: int, other: int, interruption: tuple[int, bool]
    ) -> None:
        execution, call = self._waiting(pick, other)
        position, after = interruption
        order_id = execution.context["Execution"]["Input"]["detail"]["orderId"]

        def cancel_and_finish() -> None:
            self._cancel_order(order_id)
            self.world.run(self.world.start(self.world.bus.starting()[-1]))

        if order_id in self.order_invariants.accepted:
            self.world.interrupter.interrupt(position, cancel_and_finish, after=after)
        self.world.perform(execution, call)
        self.world.interrupter.reset()

    @rule(product=st.sampled_from(sorted(STOCK)), into=counters)
    def split_or_merge(self, product: str, into: int) -> None:
        self.world.split(product, into)

    @rule(product=st.sampled_from(sorted(STOCK)), into=counters, interruption=interruptions)
    def split_or_merge_and_be_killed(self, product: str, into: int, interruption: tuple[int, bool]) -> None:
        self._interrupted(interruption, lambda: self.world.split(product, into))

    @precondition(lambda self: self.running)
    @rule(**_CALL_AND_SPLIT)
    def make_a_call_while_a_product_is_split_or_merged(
        self, pick: int, other: int, interruption: tuple[int, bool], product: str, into: int
    ) -> None:
        execution, call = self._waiting(pick, other)
        position, after = interruption
        self.world.interrupter.interrupt(position, lambda: self.world.split(product, into), after=after)
        self.world.perform(execution, call)
        self.world.interrupter.reset()

    @precondition(lambda self: self.running)
    @rule(**_CALL_AND_SPLIT)
    def split_or_merge_while_a_call_is_made(
        self, pick: int, other: int, interruption: tuple[int, bool], product: str, into: int
    ) -> None:
        execution, call = self._waiting(pick, other)
        position, after = interruption
        self.world.interrupter.interrupt(position, lambda: self.world.perform(execution, call), after=after)
        self.world.split(product, into)
        self.world.interrupter.reset()

    @rule(service=st.sampled_from(sorted(SERVICES)))
    def break_or_repair_a_service(self, service: str) -> None:
        self.world.broken ^= {service}

    @rule(fault=st.sampled_from(["", "down", "pending"]))
    def break_or_repair_refunds(self, fault: str) -> None:
        self.world.gateway.refund_fault = fault

    @precondition(lambda self: self.running)
    @rule(pick=picks)
    def run_to_the_end(self, pick: int) -> None:
        self.world.run(self.running[pick % len(self.running)])

    @precondition(lambda self: self.running)
    @rule(pick=picks)
    def drop_an_execution(self, pick: int) -> None:
        self.running.pop(pick % len(self.running))

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule(interruption=st.tuples(st.integers(0, 30), st.booleans()))
    def sweep_and_be_killed(self, interruption: tuple[int, bool]) -> None:
        self._interrupted(interruption, self.world.sweep)

    @rule()
    def redrive(self) -> None:
        self.world.redrive()

    @rule(interruption=st.tuples(st.integers(0, 30), st.booleans()))
    def redrive_and_be_killed(self, interruption: tuple[int, bool]) -> None:
        self._interrupted(interruption, self.world.redrive)
        self.world.queues.reappear()

    @rule()
    def recover_the_gateway(self) -> None:
        self.world.gateway.decisions = RecoveredGateway()

    @precondition(lambda self: any(entry.holds_money for entry in self.world.gateway.ledger.values()))
    @rule(pick=picks)
    def let_a_hold_expire(self, pick: int) -> None:
        held = [entry for entry in self.world.gateway.ledger.values() if entry.holds_money]
        held[pick % len(held)].voided = True

    @rule(seconds=st.sampled_from([1, 31, 400, 8000]))
    def let_time_pass(self, seconds: int) -> None:
        self.world.time += timedelta(seconds=seconds)

    @invariant()
    def check_the_invariants(self) -> None:
        self.running = [execution for execution in self.running if execution.waiting]
        self.order_invariants.check(self.world)

    def teardown(self) -> None:
        try:
            self._settle_everything()
        finally:
            self.installed.__exit__(None, None, None)

    def _settle_everything(self) -> None:
        """Check that redrives and sweeps settle every order when the gateway works again."""
        self.world.gateway.decisions = RecoveredGateway()
        self.world.gateway.refund_fault = ""
        self.world.broken.clear()
        for execution in self.running:
            self.world.run(execution)
        for _ in range(SETTLING_ROUNDS):
            self.world.time += timedelta(seconds=400)
            known = len(self.world.bus.starting())
            self.world.redrive()
            self.world.sweep()
            for event in self.world.bus.starting()[known:]:
                self.world.run(self.world.start(event))
                self.order_invariants.check(self.world)
        self.order_invariants.check_all_settled(self.world)

    def _interrupted(self, interruption: tuple[int, bool], action: Callable[[], Any]) -> None:
        position, after = interruption
        self.world.interrupter.kill(position, after=after)
        try:
            with suppress(Killed):
                action()
        finally:
            self.world.interrupter.reset()

    def _post(self, request: tuple[dict[str, int], str, str]) -> None:
        basket, method, key = request
        response = self.world.place(basket, key=key, payment_method=method)
        assert response["statusCode"] == 202, response
        self.order_invariants.accepted.add(response["body"]["orderId"])

    def _cancel(self, pick: int) -> None:
        orders = sorted(self.order_invariants.accepted)
        self._cancel_order(orders[pick % len(orders)])

    def _cancel_order(self, order_id: str) -> None:
        response = self.world.cancel(order_id)
        order = self.world.orders()[order_id]["ORDER"]
        if response["statusCode"] == HTTPStatus.ACCEPTED:
            self.order_invariants.cancelled.add(order_id)
        else:
            assert response["statusCode"] == HTTPStatus.CONFLICT, response
            assert order["status"] in {"CONFIRMED", "REJECTED"}, f"{order['status']}: {response}"

    def _waiting(self, pick: int, other: int) -> tuple[SteppedExecution, Call]:
        execution = self.running[pick % len(self.running)]
        return execution, execution.waiting[other % len(execution.waiting)]


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
