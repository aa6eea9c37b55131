"""Requests as any HTTP client sends them, and a check for problem responses."""

import json
import re
from typing import Any

import urllib3

from tests.deployed.deployed_shop import DeployedShop

NO_ORDER = "0a6f1c2e-5d0b-4a58-9c37-8a4b1f0d2e63"
JSON = {"Content-Type": "application/json"}


def order_of(customer: str, items: Any) -> dict[str, Any]:
    return {
        "customerId": customer,
        "customerEmail": "ada@example.com",
        "paymentMethod": "pm_card_visa",
        "items": items,
    }


def post(shop: DeployedShop, body: Any, **headers: str) -> urllib3.BaseHTTPResponse:
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    keyed = {name.replace("_", "-"): value for name, value in headers.items()}
    return shop.request(
        "POST", "orders", headers=JSON | {"x-api-key": shop.stack.api_key} | keyed, body=content
    )


def get(shop: DeployedShop, path: str) -> urllib3.BaseHTTPResponse:
    return shop.request("GET", path, headers={"x-api-key": shop.stack.api_key})


def assert_problem(response: urllib3.BaseHTTPResponse, status: int) -> dict[str, Any]:
    """Return the body; fail unless it is a problem (RFC 9457) without internal details."""
    text = response.data.decode()
    assert response.status == status, text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    assert not re.search(
        r"Traceback|handlers|dynamodb|boto|does-not-exist|OrderProcessing", text, re.IGNORECASE
    )
    return dict(problem)
