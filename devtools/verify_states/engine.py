"""Asks AWS's engine: ValidateStateMachineDefinition and TestState, with the caller's credentials."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from devtools.asl.definition import Definition
from devtools.verify_states.comparison import Answer
from devtools.verify_states.examples import filled
from orderctl.errors import OperatorError

ACTIONS: Final = ("states:TestState", "states:ValidateStateMachineDefinition")
# AWS allows a burst of 50 calls, then 10 each second; a call that is refused for it is repeated.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
_CONFIG: Final = Config(retries={"mode": "adaptive", "max_attempts": 10})
_REFUSED: Final = frozenset(
    {"InvalidArn", "InvalidDefinition", "InvalidExecutionInput", "ValidationException"}
)
_NOT_ALLOWED: Final = frozenset({"AccessDeniedException", "AccessDenied"})
_NOT_VALID: Final = frozenset(
    {
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)


class RefusedError(Exception):
    """AWS refuses a request: the state, its input, its context or the mocked response is not valid."""


class Engine:
    """Step Functions on AWS, with one definition."""

    def __init__(self, client: Any, definition: Definition) -> None:
        self._client = client
        self._definition = json.dumps(filled(definition))

    def diagnostics(self) -> tuple[bool, list[str]]:
        """Return whether AWS accepts the definition for an Express workflow, and what it says about it."""
        with _explained():
            found = self._client.validate_state_machine_definition(
                definition=self._definition, type="EXPRESS", severity="WARNING"
            )
        return found["result"] == "OK", list(map(_diagnostic, found["diagnostics"]))

    def test(self, arguments: Mapping[str, Any]) -> Answer:
        """Test one state; raise RefusedError when AWS does not accept the request."""
        with _explained():
            answer: Answer = self._client.test_state(definition=self._definition, **arguments)
            return answer


def engine_on_aws(definition: Definition, *, profile: str | None, region: str | None) -> Engine:
    """Return AWS's engine; raise OperatorError without credentials or a Region."""
    with _explained():
        session = boto3.Session(profile_name=profile, region_name=region)
        if session.get_credentials() is None:
            raise NoCredentialsError
        return Engine(session.client("stepfunctions", config=_CONFIG), definition)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except NoCredentialsError:
        raise OperatorError("No AWS credentials were found: sign in to AWS, or set AWS_PROFILE") from None
    except NoRegionError:
        raise OperatorError("No Region is set: set AWS_DEFAULT_REGION, for example to us-east-1") from None
    except ClientError as error:
        raise _from_aws(error.response["Error"]) from None
    except BotoCoreError as error:
        raise OperatorError("AWS could not be asked", why=str(error)) from None


def _from_aws(error: Mapping[str, str]) -> Exception:
    code, message = error["Code"], error.get("Message", "")
    if code in _REFUSED:
        return RefusedError(f"{code}: {message}")
    if code in _NOT_ALLOWED:
        needed = f"Allow them {_listed(ACTIONS)}, both on the resource `*`; no role is needed."
        return OperatorError("These credentials may not ask AWS's engine", why=message, what_to_do=needed)
    if code in _NOT_VALID:
        return OperatorError(
            "AWS does not accept these credentials", why=message, what_to_do="Sign in again."
        )
    return OperatorError("AWS could not be asked", why=f"{code}: {message}")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)


def _diagnostic(found: Mapping[str, str]) -> str:
    place = found.get("location", "no place")
    return f"{found['severity']} {found['code']} at {place}: {found['message']}"
