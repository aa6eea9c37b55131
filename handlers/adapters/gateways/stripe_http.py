"""HTTP to Stripe."""

import json
import ssl
from collections.abc import Mapping
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
_CONFLICT: Final = 409
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeResponse:
    """`replayed`: Stripe repeats its first response to this idempotency key, whatever came after."""

    status: int
    body: Mapping[str, Any]
    replayed: bool
    request_id: str

    @property
    def accepted(self) -> bool:
        return self.status < 300  # noqa: PLR2004  the 2xx of HTTP

    @property
    def error(self) -> Mapping[str, Any]:
        error: Mapping[str, Any] = self.body.get("error", {})
        return error

    def rejection(self) -> GatewayRejected:
        """Describe a refused request without Stripe's own message, which quotes tokens and keys."""
        kind, code = self.error.get("type"), self.error.get("code")
        return GatewayRejected(f"Stripe: {self.status} {kind} {code} (request {self.request_id})")


class StripeHttp:
    """Opens a connection for each call: a kept one would often be dead after the Lambda was frozen."""

    def __init__(self, secret_key: str, *, base_url: str, read_timeout_seconds: float) -> None:
        self._secret_key = secret_key
        self._base_url = urlsplit(base_url)
        self._read_timeout_seconds = read_timeout_seconds
        self._tls = ssl.create_default_context() if self._base_url.scheme == "https" else None

    def post(self, path: str, form: Mapping[str, str], *, idempotency_key: str) -> StripeResponse:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": idempotency_key,
        }
        return self._call("POST", path, urlencode(form), headers)

    def get(self, path: str) -> StripeResponse:
        return self._call("GET", path, None, {})

    def _call(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> StripeResponse:
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
    if response.status in {_CONFLICT, _TOO_MANY_REQUESTS} or response.status >= _SERVER_ERROR:
        raise GatewayUnavailable(f"Stripe: {response.status}")
    return StripeResponse(
        status=response.status,
        body=json.loads(response.read()),
        replayed=response.getheader("Idempotent-Replayed") == "true",
        request_id=response.getheader("Request-Id", "unknown"),
    )
