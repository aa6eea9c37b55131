"""Requests of an API with the authorization IAM have a signature that AWS accepts."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from orderctl.api_signature import signer
from orderctl.errors import OperatorError
from orderctl.stack import Stack
from tests.unit.test_stack import STACK

KEY_ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session-token"
URL = "https://api.execute-api.eu-south-2.amazonaws.com/prod/orders?customerId=cust%3A1&limit=5"
BODY = b'{"items": []}'


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    # No other test has a session in this Region, whose credentials would be kept.
    credentials = {"ACCESS_KEY_ID": KEY_ID, "SECRET_ACCESS_KEY": SECRET, "SESSION_TOKEN": TOKEN}
    for name, value in credentials.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return replace(STACK, endpoint_url=None, region="eu-south-2", api_auth="iam")


def expected_signature(sent: Mapping[str, str], url: str, body: bytes) -> str:
    """Compute the signature as the receiver does: from the headers that the request says are signed."""
    (names,) = re.findall(r"SignedHeaders=([^,]+)", sent["Authorization"])
    by_name = {name.lower(): value for name, value in sent.items()} | {"host": urlsplit(url).netloc}
    signed = {name: by_name[name] for name in names.split(";")}
    request = AWSRequest(method="POST", url=url, data=body, headers=signed)
    request.context["timestamp"] = sent["X-Amz-Date"]
    receiver = SigV4Auth(Credentials(KEY_ID, SECRET, TOKEN), "execute-api", "eu-south-2")
    signature: str = receiver.signature(
        receiver.string_to_sign(request, receiver.canonical_request(request)), request
    )
    return signature


def test_a_request_is_signed_with_its_key_and_body_for_the_region_of_the_stack(stack: Stack) -> None:
    sent = signer(stack)("POST", URL, {"x-api-key": "key", "Content-Type": "application/json"}, BODY)

    assert f"Credential={KEY_ID}/" in sent["Authorization"]
    assert "/eu-south-2/execute-api/aws4_request" in sent["Authorization"]
    assert sent["X-Amz-Security-Token"] == TOKEN
    assert sent["x-api-key"] == "key"
    assert f"Signature={expected_signature(sent, URL, BODY)}" in sent["Authorization"]
    assert expected_signature(sent, URL, b"another body") not in sent["Authorization"]


def test_without_credentials_the_operator_is_told_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "credentials", None)

    with pytest.raises(OperatorError, match="No AWS credentials"):
        signer(replace(STACK, api_auth="iam"))
