"""Counts the orders that the portable tests place, because on AWS each one costs something."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from urllib3.connectionpool import HTTPConnectionPool


class OrderBudget:
    """At most `limit` orders; None sets no limit. Refused orders count too, retries of an order do not."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.is_counting = False
        self._lock = threading.Lock()
        self._keys: set[str] = set()

    @property
    def placed(self) -> int:
        """The number of orders until now."""
        return len(self._keys)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Count every POST of an order that this process sends, and fail the one that is too much."""
        send = HTTPConnectionPool.urlopen

        def counted(pool: HTTPConnectionPool, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            if method == "POST" and url.endswith("/orders"):
                self.count(options.get("headers") or {})
            return send(pool, method, url, *arguments, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPConnectionPool, "urlopen", counted)
            yield

    def count(self, headers: Mapping[str, str]) -> None:
        """Count one order; raise AssertionError when it is too much."""
        if not self.is_counting:
            return
        with self._lock:
            self._keys.add(headers.get("Idempotency-Key") or str(uuid4()))
            assert self.limit is None or self.placed <= self.limit, (
                f"the tests place more than {self.limit} orders: "
                "place fewer, or raise the limit and with it the cost in devtools/verify_aws/cost.py"
            )
