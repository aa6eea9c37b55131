"""Executions run on moto's interpreter.

MiniStack's own interpreter continues the other branches when one has failed, ignores the timeout of a state
machine, has no events from inside branches, logs nothing and waits 150 ms before it starts.
"""

import json
import logging
import os
import threading
import uuid
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from ministack import app as ministack
from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, now_iso
from ministack.services import stepfunctions

from devtools.asl import interpreter
from devtools.local_cloud.own_requests import OWN_REQUESTS
from devtools.local_cloud.patches.execution_logs import ExecutionLog, decapitalized
from devtools.local_cloud.patches.expected import expect_signature, expect_source
from devtools.local_cloud.patches.state_machine_versions import started_revision

# More concurrent executions are not faster on two cores, and their tasks would time out.
EXECUTIONS_AT_ONCE: Final = int(os.environ.get("ORDERCTL_EXECUTIONS", "16"))
_LONGEST_REQUEST_SECONDS: Final = 120
Credentials = tuple[str, str, str | None]

_running: Final = threading.BoundedSemaphore(EXECUTIONS_AT_ONCE)
_making_clients: Final = threading.Lock()


def apply() -> None:
    """Patch how an execution runs, how its status is announced, and how its machine is described."""
    expect_signature(stepfunctions._run_execution, "exec_arn")
    expect_source(stepfunctions._run_execution, "_executions.get(exec_arn)", "time.sleep(0.15)")
    expect_source(stepfunctions._start_execution, "args=(_run_execution, exec_arn)")
    announce = stepfunctions._emit_execution_status_event
    expect_signature(announce, "execution")

    def announce_standard(execution: dict[str, Any]) -> None:
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
        if machine and not _is_express(machine):
            announce(execution)

    expect_signature(lambda_runtime.execution_credentials, "config")
    describe = stepfunctions._describe_state_machine
    expect_signature(describe, "data")

    def describe_as_the_api(data: dict[str, Any]) -> Any:
        machine = stepfunctions._state_machines.get(data.get("stateMachineArn"))
        if machine and machine.get("loggingConfiguration"):
            machine["loggingConfiguration"] = decapitalized(machine["loggingConfiguration"])
        return describe(data)

    # Else each branch of each order writes that it was launched and terminated.
    logging.getLogger("moto").setLevel(logging.WARNING)
    stepfunctions._run_execution = _run
    stepfunctions._emit_execution_status_event = announce_standard
    stepfunctions._describe_state_machine = describe_as_the_api


def _run(execution_arn: str) -> None:
    execution = stepfunctions._executions.get(execution_arn)
    machine = execution and stepfunctions._state_machines.get(execution["stateMachineArn"])
    if not machine:
        return
    # What is deployed while an execution waits for its turn does not change it.
    machine = machine | started_revision()
    with _running:
        execution["arn"] = _own_arn(machine, execution)
        log = ExecutionLog.open(machine, execution["arn"])
        ended = _interpret(machine, execution, log)
    execution |= {
        "status": ended.status,
        "stopDate": now_iso(),
        "output": json.dumps(ended.output) if ended.status == "SUCCEEDED" else None,
        "error": ended.error,
        "cause": ended.cause,
        "events": list(ended.events),
    }
    log.close()
    if _is_express(machine) and not execution.get("sync"):
        # AWS keeps no Express execution after its end
        stepfunctions._executions.pop(execution_arn, None)
    else:
        stepfunctions._emit_execution_status_event(execution)


def _interpret(
    machine: Mapping[str, Any], execution: Mapping[str, Any], log: ExecutionLog
) -> interpreter.ExecutionResult:
    try:
        return interpreter.run(
            interpreter.StateMachine(
                arn=machine["stateMachineArn"],
                name=machine["name"],
                type=machine["type"],
                role_arn=machine["roleArn"],
                definition=machine["definition"],
            ),
            interpreter.Start(
                arn=execution["arn"],
                name=execution["name"],
                started_at=execution["startDate"],
                input=json.loads(execution["input"]),
            ),
            # called in threads of the interpreter, which have no account
            client_for=partial(_client_for, _credentials(get_account_id(), machine)),
            on_event=log.add,
        )
    except Exception as error:  # noqa: BLE001  the execution FAILED
        stepfunctions.logger.exception("Step Functions: %s could not be run", execution["arn"])
        return interpreter.ExecutionResult(
            status="FAILED", output=None, error="States.Runtime", cause=repr(error), events=(), waits=()
        )


def _own_arn(machine: Mapping[str, Any], execution: Mapping[str, Any]) -> str:
    arn = str(execution["executionArn"])
    if not _is_express(machine):
        return arn
    return f"{arn.replace(':execution:', ':express:')}:{uuid.uuid4()}"


def _is_express(machine: Mapping[str, Any]) -> bool:
    return bool(machine["type"] == "EXPRESS")


def _credentials(account: str, machine: Mapping[str, Any]) -> Credentials:
    """Return those of the machine's role where MiniStack asks for permissions, else the account's."""
    if not ministack.AUTH:
        return account, "test", None
    # MiniStack makes sessions of functions only.
    arn = machine["stateMachineArn"].replace(":states:", ":lambda:").replace(":stateMachine:", ":function:")
    config = {"Role": machine["roleArn"], "FunctionArn": arn, "FunctionName": machine["name"]}
    session = lambda_runtime.execution_credentials(config)
    return session["AWS_ACCESS_KEY_ID"], session["AWS_SECRET_ACCESS_KEY"], session["AWS_SESSION_TOKEN"]


def _client_for(credentials: Credentials, service: str, region: str) -> Any:
    with _making_clients:  # otherwise the first burst makes a client for each execution
        return _client(service, region, credentials)


@lru_cache(maxsize=64)
def _client(service: str, region: str, credentials: Credentials) -> Any:
    key_id, secret, token = credentials
    # The state machine's own Retry must see every error.
    client = boto3.Session(
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=region,
    ).client(
        service,
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        config=Config(
            retries={"total_max_attempts": 1},
            read_timeout=_LONGEST_REQUEST_SECONDS,
            max_pool_connections=4 * EXECUTIONS_AT_ONCE,
            inject_host_prefix=False,
            proxies={},
            user_agent="states.amazonaws.com",  # boto3 would build its own for each request
        ),
    )
    client.meta.events.register("before-send", _send)
    return client


def _send(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
    return OWN_REQUESTS.respond(request, seconds=_LONGEST_REQUEST_SECONDS)
