"""A client of the HTTP API; it keeps its connections open, and threads can share it."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from urllib.parse import quote, urlencode

import urllib3

from handlers.contract.names import ApiAuth
from orderctl.api_signature import signer
from orderctl.errors import OperatorError, UnknownOrder, WrongArguments
from orderctl.outage import Outage
from orderctl.stack import Stack
from orderctl.terminal import waiting

OK: Final = 200
NOT_FOUND: Final = 404
ACCEPTED: Final = 202
# Every POST has an idempotency key, so a request whose response was lost can be sent again.
RETRYABLE: Final = frozenset({429, 500, 502, 503, 504})
_MAX_BACKOFF_SECONDS: Final = 5.0
# A single refused request, for example a throttled one, is not worth a message.
_PATIENCE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response of the API; `seconds` is how long it took."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float

    @property
    def replayed(self) -> bool:
        """Tell whether an earlier request with the same idempotency key placed the order."""
        return self.headers.get("Idempotency-Replayed") == "true"


class ApiUnreachable(OperatorError):  # noqa: N818  named like the domain's errors
    """The API did not respond to any attempt; `sent` tells whether one of them may have reached it."""

    def __init__(self, url: str, *, why: str, sent: bool) -> None:
        super().__init__(
            f"The API at {url} can't be reached",
            why=why,
            what_to_do="Check that the stack is deployed and that this machine can connect to it.",
        )
        self.sent = sent


class OrdersApi:
    """The API of one stack. Failed requests are retried for at most `retry_seconds`."""

    def __init__(
        self,
        stack: Stack,
        *,
        connections: int = 1,
        retry_seconds: float = 10,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._url = stack.api_url
        self._key = stack.api_key
        self._sign = signer(stack) if stack.api_auth == ApiAuth.IAM else None
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._outage = Outage(f"The API at {self._url}", clock=clock)
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=True, retries=False, timeout=urllib3.Timeout(connect=3, read=30)
        )

    def stop(self) -> None:
        """Let no request be tried again, in any thread."""
        self._stopped.set()

    def tell_silence(self, seconds: float) -> None:
        """Say that no response has come for this time, although requests are under way."""
        self._outage.failed(f"has sent no response for {seconds:.0f} s", "waiting")

    def place(self, order: Mapping[str, Any], *, idempotency_key: str) -> Response:
        """POST an order."""
        if not (idempotency_key.isascii() and idempotency_key.isprintable()):
            raise WrongArguments(
                f"{idempotency_key!r} is not an idempotency key",
                what_to_do="Use printable ASCII characters only.",
            )
        return self._request(
            "POST",
            "orders",
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
            body=json.dumps(order).encode(),
        )

    def cancel(self, order_id: str) -> Response:
        """POST the request to cancel an order, as its customer."""
        return self._request("POST", f"orders/{quote(order_id, safe='')}/cancel")

    def get(self, order_id: str) -> Response:
        """GET one order with its steps."""
        return self._request("GET", f"orders/{quote(order_id, safe='')}")

    def list_orders(self, customer_id: str, *, limit: int, next_token: str | None = None) -> Response:
        """GET a page of a customer's orders, newest first."""
        query = {"customerId": customer_id, "limit": str(limit), "nextToken": next_token}
        given = {name: value for name, value in query.items() if value}
        return self._request("GET", f"orders?{urlencode(given)}")

    def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        """Send the request, and retry it until it succeeds or the time is over."""
        deadline = self._clock() + self._retry_seconds
        sent = False
        with waiting(f"waiting for the API at {self._url}"):
            for attempt in count():
                response = self._send(method, path, headers or {}, body)
                sent = sent or isinstance(response, Response) or _may_have_arrived(response)
                delay = _retry_delay(attempt, response)
                if delay is None:
                    self._outage.responded()
                    break
                if self._stopped.is_set() or self._clock() + delay > deadline:
                    break
                self._tell_of_retry(response, deadline)
                self._sleep(delay)
        if isinstance(response, Response):
            return response
        raise ApiUnreachable(self._url, why=_reason(response), sent=sent)

    def _tell_of_retry(self, response: Response | urllib3.exceptions.HTTPError, deadline: float) -> None:
        then = f"trying again for {max(1, round(deadline - self._clock()))} s"
        if isinstance(response, Response):
            self._outage.failed(f"responds with {response.status}", then, patience=_PATIENCE_SECONDS)
        else:
            self._outage.failed(f"does not respond ({_reason(response)})", then)

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response | urllib3.exceptions.HTTPError:
        started = self._clock()
        url, sent = self._url + path, {"x-api-key": self._key, **headers}
        if self._sign is not None:
            sent = self._sign(method, url, sent, body)  # anew for each attempt: a signature expires
        try:
            response = self._pool.request(method, url, headers=sent, body=body)
        except urllib3.exceptions.HTTPError as error:
            return error
        return Response(
            status=response.status,
            headers=response.headers,
            body=_parse_json(response.data),
            seconds=self._clock() - started,
        )


def read_order(stack: Stack, order_id: str) -> dict[str, Any]:
    """Read one order with its steps; raise UnknownOrder when there is none."""
    response = OrdersApi(stack).get(order_id)
    if response.status == NOT_FOUND:
        raise UnknownOrder(order_id)
    if response.status != OK:
        raise problem(response)
    return dict(response.body)


def problem(response: Response) -> OperatorError:
    """Convert a response that is an error (RFC 9457, or one of API Gateway's own) to an OperatorError."""
    body = response.body if isinstance(response.body, dict) else {}
    violations = [f"  {error['pointer'] or '/'}: {error['detail']}" for error in body.get("errors", [])]
    return OperatorError(
        f"The API responded with {response.status} {body.get('title', '')}".rstrip(),
        why=body.get("detail") or body.get("message") or "",
        what_to_do="\n".join(violations),
    )


def _may_have_arrived(error: urllib3.exceptions.HTTPError) -> bool:
    return not isinstance(error, urllib3.exceptions.ConnectTimeoutError)  # or a refused connection


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """Say in a few words why there is no response."""
    match error:
        case urllib3.exceptions.NameResolutionError():
            return "its name can't be resolved"
        case urllib3.exceptions.NewConnectionError():
            return "no connection"
        case urllib3.exceptions.TimeoutError():
            return "no response in time"
        case urllib3.exceptions.ProtocolError():
            return "the connection was closed"
        case _:
            return str(error)


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _retry_delay(attempt: int, response: Response | urllib3.exceptions.HTTPError) -> float | None:
    """Return the seconds before the next attempt; None when the response is final."""
    if isinstance(response, Response) and response.status not in RETRYABLE:
        return None
    backoff = min(_MAX_BACKOFF_SECONDS, 0.25 * 2.0**attempt)
    retry_after = response.headers.get("Retry-After", "") if isinstance(response, Response) else ""
    least = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
    # Jitter: clients that were throttled together must not retry together.
    return max(least, backoff / 2) + random.uniform(0, backoff)  # noqa: S311  nothing secret
