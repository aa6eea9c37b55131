"""Talks to the HTTP API over connections that stay open; safe to use from many threads."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from urllib.parse import quote, urlencode

import urllib3

from orderctl.errors import OperatorError
from orderctl.stack import Stack

OK: Final = 200
ACCEPTED: Final = 202
# Every POST of ours has an idempotency key, so that also an answer that got lost may be asked for again.
_WORTH_ANOTHER_TRY: Final = frozenset({429, 502, 503, 504})
_LONGEST_BACKOFF: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API answered, and how many seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float

    @property
    def replayed(self) -> bool:
        """Tell whether the order was there already, placed with the same idempotency key."""
        return self.headers.get("Idempotency-Replayed") == "true"


class OrdersApi:
    """One deployment's API. `patience` is how many seconds a refused or lost request is tried again."""

    def __init__(
        self,
        stack: Stack,
        *,
        connections: int = 1,
        patience: float = 10,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = stack.api_url
        self._key = stack.api_key
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=True, retries=False, timeout=urllib3.Timeout(connect=3, read=30)
        )

    def place(self, order: Mapping[str, Any], *, idempotency_key: str) -> Answer:
        """POST an order."""
        if not (idempotency_key.isascii() and idempotency_key.isprintable()):
            raise OperatorError(
                f"{idempotency_key!r} is no idempotency key", what_to_do="Take printable ASCII characters."
            )
        return self._patiently(
            "POST",
            "orders",
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
            body=json.dumps(order).encode(),
        )

    def get(self, order_id: str) -> Answer:
        """GET one order with its steps."""
        return self._patiently("GET", f"orders/{quote(order_id, safe='')}")

    def of_customer(self, customer_id: str, *, limit: int, next_token: str | None = None) -> Answer:
        """GET a page of a customer's orders, newest first."""
        query = {"customerId": customer_id, "limit": str(limit), "nextToken": next_token}
        given = {name: value for name, value in query.items() if value}
        return self._patiently("GET", f"orders?{urlencode(given)}")

    def _patiently(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        give_up = self._clock() + self._patience
        for attempt in count():
            answer = self._send(method, path, headers or {}, body)
            delay = _delay(attempt, answer)
            if delay is None or self._clock() + delay > give_up:
                break
            self._sleep(delay)
        if isinstance(answer, Answer):
            return answer
        raise OperatorError(
            f"The API at {self._url} can't be reached",
            why=str(answer),
            what_to_do="Check that the stack is deployed and that this machine reaches it.",
        )

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer | urllib3.exceptions.HTTPError:
        started = self._clock()
        try:
            response = self._pool.request(
                method, self._url + path, headers={"x-api-key": self._key, **headers}, body=body
            )
        except urllib3.exceptions.HTTPError as error:
            return error
        return Answer(
            status=response.status,
            headers=response.headers,
            body=_json(response.data),
            seconds=self._clock() - started,
        )


def problem(answer: Answer) -> OperatorError:
    """Turn a problem (RFC 9457), or what stands in its place, into words for people."""
    body = answer.body if isinstance(answer.body, dict) else {}
    violations = [f"  {error['pointer'] or '/'}: {error['detail']}" for error in body.get("errors", [])]
    return OperatorError(
        f"The API answered {answer.status} {body.get('title', '')}".rstrip(),
        why=body.get("detail") or body.get("message") or "",
        what_to_do="\n".join(violations),
    )


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _delay(attempt: int, answer: Answer | urllib3.exceptions.HTTPError) -> float | None:
    """Return how many seconds to wait before another try; None when there is to be none."""
    if isinstance(answer, Answer) and answer.status not in _WORTH_ANOTHER_TRY:
        return None
    backoff = min(_LONGEST_BACKOFF, 0.25 * 2.0**attempt)
    retry_after = answer.headers.get("Retry-After", "") if isinstance(answer, Answer) else ""
    least = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
    # Jitter, so that clients that were refused together don't come back together.
    return max(least, backoff / 2) + random.uniform(0, backoff)  # noqa: S311  nothing secret
