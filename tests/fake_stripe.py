"""A fake of Stripe's PaymentIntents on 127.0.0.1: create, read, capture and cancel.

https://docs.stripe.com/api/payment_intents https://docs.stripe.com/api/idempotent_requests
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.waiting import TIMEOUT_SECONDS

SECRET_KEY: Final = "sk_test_fake"
_KNOWN_METHODS: Final = frozenset({"pm_card_visa", "pm_card_declined"})
_CANCELLABLE: Final = frozenset({"requires_capture", "requires_payment_method"})

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
    """`intents` are by id; `refusals` are the statuses of the next responses, which change nothing."""

    url: str
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    lost_responses: int = 0
    may_respond: Event = field(default_factory=Event)
    arrived: Event = field(default_factory=Event)
    _keys: dict[str, KeyedCall] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def forget_keys(self) -> None:
        """Drop the idempotency keys, as Stripe does after a day."""
        self._keys.clear()

    def respond(self, call: Call) -> tuple[StripeResponse, bool]:
        """Return the response and whether it is a replay."""
        self.calls.append(call)
        if self.refusals:
            return _error(self.refusals.pop(0), "api_error", None), False
        if call.authorization != f"Bearer {SECRET_KEY}":
            return _error(401, "invalid_request_error", None, message=f"Invalid {call.authorization}"), False
        if call.method == "GET" or call.idempotency_key is None:
            return self._run(call), False
        return self._run_once(call, call.idempotency_key)

    def _run_once(self, call: Call, key: str) -> tuple[StripeResponse, bool]:
        fingerprint = (call.path, tuple(sorted(call.form.items())))
        with self._lock:
            known = self._keys.get(key)
            if known is None:
                self._keys[key] = KeyedCall(fingerprint)
        if known is not None:
            return _replay(known, fingerprint)
        self.arrived.set()
        assert self.may_respond.wait(TIMEOUT_SECONDS)
        response = self._run(call)
        if response[0] == 400 and response[1]["error"]["code"] == "resource_missing":
            del self._keys[key]  # Stripe stores no key of an invalid request
        else:
            self._keys[key].response = response
        return response, False

    def _run(self, call: Call) -> StripeResponse:
        match call.path.removeprefix("/v1/payment_intents").split("/"):
            case [""]:
                return self._create(call.form)
            case ["", intent]:
                return 200, dict(self.intents[intent])
            case ["", intent, "capture"]:
                return self._change_status(intent, frozenset({"requires_capture"}), "succeeded")
            case ["", intent, "cancel"]:
                return self._change_status(intent, _CANCELLABLE, "canceled")
        return _error(404, "invalid_request_error", "resource_missing")

    def _create(self, form: dict[str, str]) -> StripeResponse:
        method = form["payment_method"]
        if method not in _KNOWN_METHODS:
            return _error(
                400,
                "invalid_request_error",
                "resource_missing",
                param="payment_method",
                message=f"No such PaymentMethod: '{method}'",
            )
        if not form["currency"].islower() or int(form["amount"]) < 50:
            return _error(400, "invalid_request_error", "amount_too_small", param="amount")
        intent = {"id": f"pi_{len(self.intents) + 1}", "status": "requires_capture", **form}
        self.intents[intent["id"]] = intent
        if method == "pm_card_declined":
            intent["status"] = "requires_payment_method"
            return _error(402, "card_error", "card_declined", payment_intent=dict(intent))
        return 200, dict(intent)

    def _change_status(self, intent_id: str, allowed: frozenset[str], status: str) -> StripeResponse:
        intent = self.intents[intent_id]
        if intent["status"] not in allowed:
            code = "payment_intent_unexpected_state"
            return _error(400, "invalid_request_error", code, payment_intent=dict(intent))
        intent["status"] = status
        return 200, dict(intent)


def _replay(
    known: KeyedCall, fingerprint: tuple[str, tuple[tuple[str, str], ...]]
) -> tuple[StripeResponse, bool]:
    if known.fingerprint != fingerprint:
        return _error(400, "idempotency_error", None), False
    if known.response is None:
        return _error(409, "idempotency_error", "idempotency_key_in_use"), False
    return known.response, True


def _error(status: int, kind: str, code: str | None, **details: Any) -> StripeResponse:
    return status, {"error": {"type": kind, "code": code, **details}}


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
        self._handle({})

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
        if stripe.lost_responses:
            stripe.lost_responses -= 1
            return
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
