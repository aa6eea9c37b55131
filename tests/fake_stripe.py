"""A fake of Stripe's PaymentIntents on 127.0.0.1: create, confirm, capture and cancel.

https://docs.stripe.com/api/payment_intents https://docs.stripe.com/api/idempotent_requests
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qsl

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

StripeResponse = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as it arrived."""

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
    """`intents` are by id; `refusals` are the statuses of the next responses, which change nothing.

    `answers` has the next response to "create", "confirm", "capture" or "cancel"; the call itself runs not.
    """

    url: str
    secret_key: str = SECRET_KEY
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    answers: dict[str, StripeResponse] = field(default_factory=dict)
    responses_before_a_loss: int | None = None
    may_respond: Event = field(default_factory=Event)
    arrived: Event = field(default_factory=Event)
    _locked: set[str] = field(default_factory=set)
    _keys: dict[str, KeyedCall] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def forget_keys(self) -> None:
        """Drop the idempotency keys, as Stripe does after a day."""
        self._keys.clear()

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
        *_, action = call.path.split("/")
        answer = self.answers.pop("create" if action == "payment_intents" else action, None)
        if answer is not None:
            return answer
        match call.path.removeprefix("/v1/payment_intents").split("/"):
            case [""]:
                return self._create(call.form)
            case ["", intent, "confirm"]:
                return self._confirm(self.intents[intent], call.form)
            case ["", intent, "capture"]:
                return self._change_status(intent, frozenset({"requires_capture"}), "succeeded")
            case ["", intent, "cancel"]:
                return self._change_status(intent, _CANCELLABLE, "canceled")
        return error(404, "invalid_request_error", "resource_missing")

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
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._handle(dict(parse_qsl(body)))

    def _handle(self, form: dict[str, str]) -> None:
        stripe: FakeStripe = self.server.stripe  # type: ignore[attr-defined]
        (status, body), replayed = stripe.respond(
            Call(
                method=self.command,
                path=self.path,
                form=form,
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
