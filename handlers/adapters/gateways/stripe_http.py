"""HTTP to Stripe."""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from json import JSONDecodeError
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from handlers.domain.errors import GatewayUnavailable
from handlers.domain.payment_gateway import GatewayRejected

# Fixes the meaning of fields, whatever the account's default is. https://docs.stripe.com/api/versioning
_API_VERSION: Final = "2024-06-20"
_CONNECT_TIMEOUT_SECONDS: Final = 1
_UNAUTHORIZED: Final = 401
# Another call holds the key, a service outside of Stripe failed, too many calls or a locked object.
# https://docs.stripe.com/api/errors https://docs.stripe.com/rate-limits#object-lock-timeouts
_TRANSIENT: Final = frozenset({409, 424, 429})
# Stripe's own library takes this code for a rate limit whatever its status is.
# https://github.com/stripe/stripe-python/blob/master/stripe/_api_requestor.py
_TRANSIENT_CODES: Final = frozenset({"lock_timeout", "rate_limit"})
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeResponse:
    """A response that says something: it is no transient error, but a stored one (`is_stored_failure`)."""

    status: int
    body: Mapping[str, Any]
    request_id: str

    @property
    def accepted(self) -> bool:
        return self.status < 300  # noqa: PLR2004  the 2xx of HTTP

    @property
    def is_stored_failure(self) -> bool:
        """Tell whether Stripe repeats the 500 of the first call with this idempotency key.

        It does so for a day, whatever became of that call.
        https://docs.stripe.com/error-low-level#server-errors
        """
        return self.status >= _SERVER_ERROR

    @property
    def error(self) -> Mapping[str, Any]:
        error: Mapping[str, Any] = self.body.get("error", {})
        return error

    def rejection(self) -> GatewayRejected:
        """Describe a refused request without Stripe's own message, which quotes tokens and keys."""
        kind, code = self.error.get("type"), self.error.get("code")
        return GatewayRejected(f"Stripe: {self.status} {kind} {code} (request {self.request_id})")


class StripeHttp:
    """Opens a connection for each call: a kept one would often be dead after the Lambda was frozen.

    `read_key` returns the secret key. It is called here, and again when Stripe refuses the key: somebody may
    have replaced it since.
    """

    def __init__(self, read_key: Callable[[], str], *, base_url: str, read_timeout_seconds: float) -> None:
        self._read_key = read_key
        self._secret_key = read_key()
        self._base_url = urlsplit(base_url)
        self._read_timeout_seconds = read_timeout_seconds
        self._tls = ssl.create_default_context() if self._base_url.scheme == "https" else None

    def post(
        self, path: str, form: Mapping[str, str], *, idempotency_key: str | None = None
    ) -> StripeResponse:
        """Raises GatewayUnavailable when the response says nothing about the payment, or does not come."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return self._call("POST", path, urlencode(form), headers)

    def get(self, path: str, query: Mapping[str, str]) -> StripeResponse:
        """Raises GatewayUnavailable as `post` does."""
        return self._call("GET", f"{path}?{urlencode(query)}", None, {})

    def _call(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> StripeResponse:
        response = self._send(method, path, body, headers)
        if response.status == _UNAUTHORIZED and self._has_new_key():
            # Stripe stores no result of a call with a key that it refuses.
            return self._send(method, path, body, headers)
        return response

    def _has_new_key(self) -> bool:
        refused, self._secret_key = self._secret_key, self._read_key()
        return self._secret_key != refused

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> StripeResponse:
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(self._read_timeout_seconds)
            connection.request(method, path, body, {**headers, **self._common_headers()})
            return _parse(connection.getresponse())
        except (OSError, HTTPException, JSONDecodeError) as error:
            raise GatewayUnavailable(f"Stripe gave no response: {type(error).__name__}") from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host = self._base_url.netloc
        if self._tls is None:
            return HTTPConnection(host, timeout=_CONNECT_TIMEOUT_SECONDS)
        return HTTPSConnection(host, timeout=_CONNECT_TIMEOUT_SECONDS, context=self._tls)

    def _common_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._secret_key}", "Stripe-Version": _API_VERSION}


def _parse(response: HTTPResponse) -> StripeResponse:
    """Parse a response; raises GatewayUnavailable when it says nothing about the payment."""
    is_failure = response.status >= _SERVER_ERROR
    is_replayed = response.getheader("Idempotent-Replayed") == "true"
    if response.status in _TRANSIENT or (is_failure and not is_replayed):
        raise GatewayUnavailable(f"Stripe: {response.status}")
    parsed = StripeResponse(
        status=response.status,
        body=json.loads(response.read()),
        request_id=response.getheader("Request-Id", "unknown"),
    )
    if parsed.error.get("code") in _TRANSIENT_CODES:
        raise GatewayUnavailable(f"Stripe: {parsed.status} {parsed.error['code']}")
    return parsed
