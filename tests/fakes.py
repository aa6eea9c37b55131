"""Fakes that tests share: a payment provider, a client whose call is interrupted, and a clock."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar

from handlers.adapters.gateways.simulated import SimulatedGateway
from handlers.contract.names import PaymentProvider, PaymentStatus
from handlers.domain.errors import PaymentAlreadyCaptured, PaymentNotAuthorized
from handlers.domain.payment_gateway import Authorization, PaymentRequest


@dataclass(slots=True)
class LedgerEntry:
    """The provider's record of one order."""

    authorization: Authorization | None = None
    captured: bool = False
    voided: bool = False
    refunded: bool = False
    # The requested amounts in minor units. An order has one price, so a second amount is a bug.
    amounts: set[int] = field(default_factory=set)

    @property
    def holds_money(self) -> bool:
        authorized = self.authorization and self.authorization.status is PaymentStatus.AUTHORIZED
        return bool(authorized) and not self.captured and not self.voided


@dataclass(slots=True, kw_only=True)
class LedgerGateway:
    """A provider that decides like the simulated one and records each order, so that a void is final."""

    provider: ClassVar = PaymentProvider.SIMULATED

    decisions: SimulatedGateway = field(default_factory=SimulatedGateway)
    ledger: defaultdict[str, LedgerEntry] = field(default_factory=lambda: defaultdict(LedgerEntry))

    def authorize(self, request: PaymentRequest) -> Authorization:
        entry = self._entry(request)
        if entry.voided:
            return Authorization(status=PaymentStatus.VOIDED)
        if entry.authorization is None:
            entry.authorization = self.decisions.authorize(request)
        return entry.authorization

    def capture(self, request: PaymentRequest, reference: str) -> None:
        entry = self._entry(request)
        if entry.voided or entry.authorization is None or entry.authorization.reference != reference:
            raise PaymentNotAuthorized(request.order_id, PaymentStatus.VOIDED)
        entry.captured = True

    def void(self, request: PaymentRequest, reference: str | None) -> None:  # noqa: ARG002  the order id is enough
        entry = self._entry(request)
        if entry.captured:
            raise PaymentAlreadyCaptured(request.order_id)
        entry.voided = True

    def refund(self, request: PaymentRequest, reference: str) -> None:
        entry = self._entry(request)
        assert entry.authorization is not None
        assert entry.authorization.reference == reference
        assert entry.captured
        entry.refunded = True

    def _entry(self, request: PaymentRequest) -> LedgerEntry:
        entry = self.ledger[request.order_id]
        entry.amounts.add(request.amount)
        return entry


class InterruptedClient:
    """Passes every call to `target`, and runs an action just before the first call of `method`."""

    def __init__(self, target: Any, method: str, action: Callable[[], Any]) -> None:
        self._target = target
        self._method = method
        self._action = action
        self._pending = True

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self._pending:
            self._pending = False
            self._action()
        return getattr(self._target, name)


def time_with(sleep: Callable[[float], object]) -> SimpleNamespace:
    """Return a module `time` for one module under test, with another sleep.

    To change `time.sleep` itself would change it for every thread of the process: MiniStack has some, which
    then never rest.
    """
    return SimpleNamespace(**{**vars(time), "sleep": sleep})
