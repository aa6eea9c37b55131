"""Errors of AWS as a person reads them, and what a client says while it tries again."""

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from orderctl.aws_calls import operator_error, watched
from orderctl.local_cloud import local_client


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "BatchGetItem")


@pytest.mark.parametrize(
    ("error", "headline"),
    [
        (NoCredentialsError(), "No AWS credentials were found"),
        (refused("ExpiredTokenException"), "The AWS credentials have expired: "),
        (refused("ExpiredToken"), "The AWS credentials have expired: "),
        (refused("UnrecognizedClientException"), "The AWS credentials are not valid: "),
        (UnauthorizedSSOTokenError(), "AWS credentials could not be read: "),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS does not respond: "),
        (ResponseParserError("<html>"), "The response is not from AWS: a proxy on the way sent it"),
        (ProfileNotFound(profile="p"), "The config profile (p) could not be found"),
        (refused("ThrottlingException"), "An error occurred (ThrottlingException)"),
    ],
)
def test_an_error_of_aws_becomes_a_line_or_two(error: Exception, headline: str) -> None:
    described = operator_error(error)

    assert str(described).startswith(headline)
    assert len(str(described).splitlines()) <= 2


def test_a_request_names_orderctl_and_botocore(closed_port: int) -> None:
    client = local_client("lambda", f"http://127.0.0.1:{closed_port}")

    def refuse(request: AWSPreparedRequest, **_: object) -> None:
        raise PermissionError(request.headers["User-Agent"])

    client.meta.events.register("before-send", refuse)

    with pytest.raises(PermissionError, match=r"^b'orderctl Botocore/"):
        client.list_functions()


@pytest.mark.parametrize(
    ("message", "action"),
    [
        (
            "User: arn:aws:iam::1:user/ada is not authorized to perform: sqs:ReceiveMessage on r",
            "sqs:ReceiveMessage",
        ),
        ("Access Denied", "BatchGetItem"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_a_missing_permission_is_named_with_the_options_for_another_identity(
    code: str, message: str, action: str
) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "BatchGetItem")

    headline, advice = str(operator_error(error)).splitlines()

    assert headline == f"You may not call {action}: AWS denies it to these credentials"
    assert "--profile" in advice
    assert "--role operator" in advice


def test_any_other_error_is_not_described() -> None:
    assert operator_error(KeyError("x")) is None


def test_a_client_says_once_that_a_service_does_not_respond(
    closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    client = watched(local_client("sqs", f"http://127.0.0.1:{closed_port}"))

    with pytest.raises(EndpointConnectionError):
        client.list_queues()

    assert (
        capsys.readouterr().err
        == "SQS in us-east-1 does not respond (EndpointConnectionError); trying again\n"
    )
