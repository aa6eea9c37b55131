"""A fake of Stripe on 127.0.0.1: PaymentIntents (create, confirm, capture, cancel) and their refunds.

https://docs.stripe.com/api/payment_intents https://docs.stripe.com/api/refunds
https://docs.stripe.com/api/idempotent_requests
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.waiting import TIMEOUT_SECONDS

SECRET_KEY: Final = "sk_test_fake"
# https://docs.stripe.com/testing has the first three; the others stand for a card in that condition.
_KNOWN_METHODS: Final = frozenset(
    {
        *("pm_card_visa", "pm_card_declined", "pm_card_authenticationRequired"),
        *("pm_of_a_customer", "pm_used_before"),
    }
)
_MIN_AMOUNT: Final = 50
_MAX_AMOUNT: Final = 999_999_999_999
_CANCELLABLE: Final = frozenset(
    {"requires_capture", "requires_payment_method", "requires_confirmation", "requires_action"}
)
_ACTIONS: Final = {
    ("POST", "payment_intents"): "create",
    ("POST", "refunds"): "refund",
    ("GET", "refunds"): "list",
}

StripeResponse = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as it arrived; `form` is the query of a GET."""

    method: str
    path: str
    form: dict[str, str]
    idempotency_key: str | None
    authorization: str | None
    api_version: str | None


@dataclass(slots=True)
class KeyedCall:
    """The stored result of an idempotency key; `response` is None during the first call."""

    fingerprint: tuple[str, tuple[tuple[str, str], ...]]
    response: StripeResponse | None = None


@dataclass(slots=True, kw_only=True)
class FakeStripe:
    """`intents` and `refunds` are by id, the oldest first; a new refund has the status `refund_status`.

    `refusals` are the statuses of the next responses, which change nothing.
    `answers` has the next response to "create", "confirm", "capture", "cancel", "refund" or "list" (refunds);
    the call itself runs not. `interruptions` has what happens before the next such call.
    """

    url: str
    secret_key: str = SECRET_KEY
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    refund_status: str = "succeeded"
    calls: list[Call] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    answers: dict[str, StripeResponse] = field(default_factory=dict)
    interruptions: dict[str, Callable[[], object]] = field(default_factory=dict)
    responses_before_a_loss: int | None = None
    may_respond: Event = field(default_factory=Event)
    arrived: Event = field(default_factory=Event)
    _locked: set[str] = field(default_factory=set)
    _keys: dict[str, KeyedCall] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def forget_keys(self) -> None:
        """Drop the idempotency keys, as Stripe does after a day."""
        self._keys.clear()

    def add_refund(self, intent: str, amount: int, status: str, **form: str) -> dict[str, Any]:
        """Refund what nobody asked the API for, as a person does in Stripe's Dashboard."""
        refund = {**form, "id": f"re_{len(self.refunds) + 1}", "payment_intent": intent}
        self.refunds[refund["id"]] = {**refund, "amount": amount, "status": status}
        return self.refunds[refund["id"]]

    def loses_response(self) -> bool:
        """Tell whether this response never arrives: one of them, after `responses_before_a_loss`."""
        if self.responses_before_a_loss is None:
            return False
        is_lost = self.responses_before_a_loss == 0
        self.responses_before_a_loss = None if is_lost else self.responses_before_a_loss - 1
        return is_lost

    def respond(self, call: Call) -> tuple[StripeResponse, bool]:
        """Return the response and whether it is a replay."""
        self.calls.append(call)
        if self.refusals:
            return error(self.refusals.pop(0), "api_error", None), False
        if call.authorization != f"Bearer {self.secret_key}":
            return error(401, "invalid_request_error", None, message=f"Invalid {call.authorization}"), False
        if call.method == "GET":
            self._wait()
            return self._run(call), False
        if call.idempotency_key is None:
            return self._run_locked(call), False
        return self._run_once(call, call.idempotency_key)

    def _run_locked(self, call: Call) -> StripeResponse:
        """Refuse a call while another one changes the same PaymentIntent.

        https://docs.stripe.com/rate-limits#object-lock-timeouts
        """
        with self._lock:
            if _intent_of(call.path) in self._locked:
                return error(429, "invalid_request_error", "lock_timeout")
            self._locked.add(_intent_of(call.path))
        try:
            self._wait()
            return self._run(call)
        finally:
            self._locked.discard(_intent_of(call.path))

    def _run_once(self, call: Call, key: str) -> tuple[StripeResponse, bool]:
        fingerprint = (call.path, tuple(sorted(call.form.items())))
        with self._lock:
            known = self._keys.get(key)
            if known is None:
                self._keys[key] = KeyedCall(fingerprint)
        if known is not None:
            return _replay(known, fingerprint)
        self._wait()
        response = self._run(call)
        if response[0] == 400:
            del self._keys[key]  # Stripe stores no key of most invalid requests
        else:
            self._keys[key].response = response
        return response, False

    def _wait(self) -> None:
        self.arrived.set()
        assert self.may_respond.wait(TIMEOUT_SECONDS)

    def _run(self, call: Call) -> StripeResponse:
        *_, last = call.path.split("/")
        action = _ACTIONS.get((call.method, last), last)
        interruption = self.interruptions.pop(action, None)
        if interruption is not None:
            interruption()
        answer = self.answers.pop(action, None)
        return self._act(action, call) if answer is None else answer

    def _act(self, action: str, call: Call) -> StripeResponse:
        match [action, *call.path.split("/")[3:]]:
            case ["create"]:
                response = self._create(call.form)
            case ["confirm", intent, _]:
                response = self._confirm(self.intents[intent], call.form)
            case ["capture", intent, _]:
                response = self._change_status(intent, frozenset({"requires_capture"}), "succeeded")
            case ["cancel", intent, _]:
                response = self._change_status(intent, _CANCELLABLE, "canceled")
            case ["refund"]:
                response = self._refund(**call.form)
            case ["list"]:
                response = self._list_refunds(**call.form)
            case _:
                response = error(404, "invalid_request_error", "resource_missing")
        return response

    def _create(self, form: dict[str, str]) -> StripeResponse:
        refused = _refused_form(form)
        if refused is not None:
            return refused
        intent = {"id": f"pi_{len(self.intents) + 1}", "status": "requires_confirmation", **form}
        self.intents[intent["id"]] = intent
        return 200, dict(intent)

    def _confirm(self, intent: dict[str, Any], form: dict[str, str]) -> StripeResponse:
        if intent["status"] != "requires_confirmation":
            return _unexpected_state(intent)
        match intent["payment_method"]:
            case "pm_card_declined":
                return _decline(intent, code="card_declined", decline_code="generic_decline")
            case "pm_card_authenticationRequired" if form.get("error_on_requires_action") == "true":
                return _decline(intent, code="authentication_required")
            case "pm_card_authenticationRequired":
                intent["status"] = "requires_action"
            case "pm_of_a_customer":
                details = {"param": "source", "payment_intent": dict(intent)}
                return error(400, "invalid_request_error", "parameter_missing", **details)
            case _:
                intent["status"] = "requires_capture"
        return 200, dict(intent)

    def _change_status(self, intent_id: str, allowed: frozenset[str], status: str) -> StripeResponse:
        intent = self.intents[intent_id]
        if intent["status"] not in allowed:
            return _unexpected_state(intent)
        intent["status"] = status
        return 200, dict(intent)

    def _refund(self, payment_intent: str, amount: str, **form: str) -> StripeResponse:
        intent, kind = self.intents[payment_intent], "invalid_request_error"
        if intent["status"] != "succeeded":
            return error(400, kind, None, param="payment_intent", message="no successful charge to refund")
        rest = int(intent["amount"]) - sum(
            refund["amount"]
            for refund in self._refunds_of(payment_intent)
            if refund["status"] not in {"failed", "canceled"}
        )
        if rest == 0:
            return error(400, kind, "charge_already_refunded")
        if int(amount) > rest:
            return error(400, kind, None, param="amount", message="greater than unrefunded amount on charge")
        return 200, dict(self.add_refund(payment_intent, int(amount), self.refund_status, **form))

    def _list_refunds(self, payment_intent: str, limit: str) -> StripeResponse:
        newest_first = self._refunds_of(payment_intent)[::-1]
        page = newest_first[: int(limit)]
        return 200, {"object": "list", "data": page, "has_more": len(page) < len(newest_first)}

    def _refunds_of(self, intent: str) -> list[dict[str, Any]]:
        return [dict(refund) for refund in self.refunds.values() if refund["payment_intent"] == intent]


def error(status: int, kind: str, code: str | None, **details: Any) -> StripeResponse:
    """Make an error response of Stripe; without a code it has no such field."""
    known_code = {} if code is None else {"code": code}
    return status, {"error": {"type": kind, **known_code, **details}}


def _refused_form(form: dict[str, str]) -> StripeResponse | None:
    kind, method, amount = "invalid_request_error", form["payment_method"], int(form["amount"])
    if method not in _KNOWN_METHODS:
        message = f"No such PaymentMethod: '{method}'"
        return error(400, kind, "resource_missing", param="payment_method", message=message)
    if method == "pm_used_before":
        message = f"The provided PaymentMethod {method} was previously used with a PaymentIntent"
        return error(400, kind, None, message=message)
    if not form["currency"].islower():
        return error(400, kind, None, param="currency", message="Invalid currency")
    if form["currency"] in {"isk", "ugx"} and amount % 100:
        return error(400, kind, "invalid_charge_amount_no_decimal_compatible")
    if not _MIN_AMOUNT <= amount <= _MAX_AMOUNT:
        code = "amount_too_small" if amount < _MIN_AMOUNT else "amount_too_large"
        return error(400, kind, code, param="amount")
    return None


def _decline(intent: dict[str, Any], **codes: str) -> StripeResponse:
    """Take the card from the PaymentIntent, which is never confirmed with it again."""
    details = {"type": "card_error", **codes}
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=details)
    return 402, {"error": {**details, "payment_intent": dict(intent)}}


def _unexpected_state(intent: dict[str, Any]) -> StripeResponse:
    code = "payment_intent_unexpected_state"
    return error(400, "invalid_request_error", code, payment_intent=dict(intent))


def _intent_of(path: str) -> str:
    return path.split("/")[3]


def _replay(
    known: KeyedCall, fingerprint: tuple[str, tuple[tuple[str, str], ...]]
) -> tuple[StripeResponse, bool]:
    if known.fingerprint != fingerprint:
        return error(400, "idempotency_error", None), False
    if known.response is None:
        return error(409, "idempotency_error", "idempotency_key_in_use"), False
    return known.response, True


@contextmanager
def fake_stripe() -> Iterator[FakeStripe]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    stripe = FakeStripe(url=f"http://127.0.0.1:{server.server_port}")
    stripe.may_respond.set()
    server.stripe = stripe  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stripe
    finally:
        stripe.may_respond.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._handle(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _handle(self, form: str) -> None:
        stripe: FakeStripe = self.server.stripe  # type: ignore[attr-defined]
        (status, body), replayed = stripe.respond(
            Call(
                method=self.command,
                path=urlsplit(self.path).path,
                form=dict(parse_qsl(form)),
                idempotency_key=self.headers["Idempotency-Key"],
                authorization=self.headers["Authorization"],
                api_version=self.headers["Stripe-Version"],
            )
        )
        if stripe.loses_response():
            return
        with suppress(ConnectionError):  # a client that has waited long enough is gone
            self._send(status, json.dumps(body).encode(), replayed=replayed)

    def _send(self, status: int, payload: bytes, *, replayed: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("Request-Id", "req_fake")
        if replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: Any) -> None:
        """Print nothing: tests read `FakeStripe.calls`."""
