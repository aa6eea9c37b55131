"""Patches moto's interpreter where it differs from AWS, and gives each execution its own clients.

Every patch checks the text that it replaces, so another version of moto fails at once.
"""

import copy
import inspect
import json
import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache, wraps
from importlib import import_module
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from devtools.asl.quick_copy import QUICK_COPY_MODULE
from devtools.reused_threads import REUSING_THREADS, ReusedThread

MOTO_VERSION: Final = "5.2.5"

_patching = threading.Lock()
_thread = threading.local()


class TaskFailure(Exception):  # noqa: N818  the term of Step Functions
    """A task of any service fails with this error and cause; States.Timeout is a timeout."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


def current_state() -> str:
    """Return the name of the state that the calling thread runs."""
    return str(_thread.env.next_state_name)


def patch_moto() -> None:
    """Patch moto in this process, once; raise RuntimeError for another version of moto."""
    with _patching:
        _patch_all()


@cache
def _patch_all() -> None:
    installed = version("moto")
    if installed != MOTO_VERSION:
        raise RuntimeError(
            f"moto {installed} is installed, but the patches of its interpreter are for {MOTO_VERSION}: "
            "install the pinned version, or check devtools/asl/moto_patches.py and raise MOTO_VERSION"
        )
    _store_the_execution()
    _record_pauses()
    _tell_events()
    _use_own_clients()
    _stop_printing_definitions()
    _name_service_errors()
    _name_function_errors()
    _never_catch_runtime_errors()
    _keep_errors_of_branches()
    _end_late_branches()
    _format_times()
    _read_paths()
    _copy_quickly()
    _start_fewer_threads()


def _store_the_execution() -> None:
    """Store the execution in every thread of moto, because clients and pauses depend on it."""

    def evaluate(original: Any, self: Any, env: Any) -> None:
        _thread.env = env
        original(self, env)

    component = _moto("asl.component.eval_component").EvalComponent
    _wrap(component, "eval", evaluate, replaces="self._eval_body(env)")


def _record_pauses() -> None:
    def wait(_: Any, __: Any, env: Any, wait_seconds: float) -> None:
        env.event_manager.callbacks.wait(env.next_state_name, wait_seconds, wait_seconds)

    def sleep(seconds: float) -> None:
        env = _thread.env
        env.event_manager.callbacks.wait(env.next_state_name, seconds, _thread.longest)

    def jitter(original: Any, self: Any, env: Any) -> None:
        _thread.longest = env.stack[-1]
        original(self, env)

    function = _moto("asl.component.state.wait.wait_function.wait_function").WaitFunction
    _wrap(function, "_wait_interval", wait, replaces="env.program_state_event.wait(wait_seconds)")
    retrier = _moto("asl.component.common.retry.retrier_decl")
    _check(retrier, replaces="time.sleep(interval_seconds)")
    retrier.time = SimpleNamespace(sleep=sleep)
    strategy = _moto("asl.component.common.retry.jitter_strategy_decl").JitterStrategyDecl
    _wrap(strategy, "_eval_body", jitter, replaces="random.uniform(0, interval_seconds)")


def _tell_events() -> None:
    def publish(original: Any, self: Any, **event: Any) -> None:
        original(self, **event)
        # The manager's lock is held, so this is still the newest event.
        self.callbacks.event(self._history_event_list[-1])

    manager = _moto("asl.eval.event.event_manager").EventManager
    _wrap(
        manager,
        "_publish_history_event",
        publish,
        replaces="self._history_event_list.append(history_event)",
    )


def _use_own_clients() -> None:
    def client(_: Any, region: str, service: str, **__: Any) -> Any:
        return _thread.env.event_manager.callbacks.client_for(service, region)

    utility = _moto("asl.utils.boto_client")
    signature = "region: str, service: str, state_credentials: Any = None"
    _wrap_function(utility, "boto_client_for", client, replaces=signature)


def _stop_printing_definitions() -> None:
    """Stop moto's prints of the machine at every level of a failure; the history has the same data."""
    component = _moto("asl.component.eval_component").EvalComponent
    for name in ("_log_failure_event_exception", "_log_exception"):
        _wrap(component, name, lambda *_, **__: None, replaces="component_repr = repr(self)")
    # It is the name of each thread of a branch, which nobody reads.
    worker = _moto("asl.component.state.exec.state_parallel.branch_worker")
    _check(worker, replaces='name=f"BranchWorker_${self._program}"')
    _wrap(_moto("asl.component.component").Component, "__str__", _short_name, replaces="{vars(self)}")


def _short_name(_: Any, component: Any) -> str:
    return str(type(component).__name__)


_PREFIXES: Final = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "sqs": "SQS",
    "sns": "SNS",
}


def _name_service_errors() -> None:
    """Name the errors of services: moto reports States.Runtime, and a failed entry's cause as an object."""

    def failure(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, TaskFailure):
            return _task_failed(self, env, ex.error, ex.cause)
        service = _PREFIXES.get(getattr(self.resource, "api_name", ""))
        if service and isinstance(ex, ClientError):
            return _task_failed(self, env, f"{service}.{ex.response['Error']['Code']}", str(ex))
        if service and isinstance(ex, BotoCoreError):
            return _task_failed(self, env, f"{service}.SdkClientException", str(ex))
        return original(self, env, ex)

    def failed_entry(original: Any, self: Any, cause: Any) -> None:
        original(self, cause)
        self.cause = json.dumps(cause)

    def failure_of_dynamodb(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        # moto reports every other failure, even a timeout, as AmazonDynamoDBException.
        from_error = original if isinstance(ex, ClientError) else task._from_error  # noqa: SLF001  a patch
        return from_error(self, env, ex)

    task = _moto("asl.component.state.exec.state_task.state_task").StateTask
    _wrap(task, "_from_error", failure, replaces="super()._from_error(env=env, ex=ex)")
    dynamodb = _moto("asl.component.state.exec.state_task.service.state_task_service_dynamodb")
    _wrap(
        dynamodb.StateTaskServiceDynamoDB,
        "_from_error",
        failure_of_dynamodb,
        replaces="CustomErrorName(_ERROR_NAME_AWS)",
    )
    events = _moto("asl.component.state.exec.state_task.service.state_task_service_events")
    _wrap(events.SfnFailedEntryCountException, "__init__", failed_entry, replaces="self.cause = cause")


def _name_function_errors() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html."""
    raised = _moto("asl.component.state.exec.state_task.lambda_eval_utils").LambdaFunctionErrorException
    invoke = _moto(
        "asl.component.state.exec.state_task.service.state_task_service_lambda"
    ).StateTaskServiceLambda

    any_task = _moto("asl.component.state.exec.state_task.state_task").StateTask

    def failure(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, TaskFailure):
            return _function_failed(env, ex.error, ex.cause)
        if isinstance(ex, ClientError):
            return _function_failed(env, *invoke._error_cause_from_client_error(ex))  # noqa: SLF001  a patch
        if isinstance(ex, BotoCoreError):
            return _function_failed(env, "Lambda.SdkClientException", str(ex))
        if isinstance(ex, raised) and '"errorType":' not in ex.payload:
            return _function_failed(env, "Lambda.Unknown", f"Lambda returned no error type: {ex.payload}")
        if isinstance(ex, raised | TimeoutError):
            return original(self, env, ex)
        # A mistake in the definition is no failure of the function.
        return any_task._from_error(self, env, ex)  # noqa: SLF001  a patch

    def timed_out(_: Any, self: Any, env: Any) -> Any:
        return self._from_error(env, TimeoutError())

    task = _moto("asl.component.state.exec.state_task.state_task_lambda").StateTaskLambda
    # It has no timeout of its own: that of other tasks has another event.
    _wrap(task, "_get_timed_out_failure_event", timed_out, replaces="HistoryEventType.TaskTimedOut")
    _wrap(task, "_from_error", failure, replaces='error = "Exception"')


def _function_failed(env: Any, error: str, cause: str) -> Any:
    return _moto("asl.component.common.error_name.failure_event").FailureEvent(
        env=env,
        error_name=_error_name(error),
        event_type=_moto("api").HistoryEventType.LambdaFunctionFailed,
        event_details={"lambdaFunctionFailedEventDetails": {"error": error, "cause": cause}},
    )


def _task_failed(task: Any, env: Any, error: str, cause: str) -> Any:
    failure = _moto("asl.component.common.error_name.failure_event").FailureEvent
    resource = {"resource": task.resource.api_action, "resourceType": task.resource.service_name}
    return failure(
        env=env,
        error_name=_error_name(error),
        event_type=_moto("api").HistoryEventType.TaskFailed,
        event_details={"taskFailedEventDetails": {"error": error, "cause": cause, **resource}},
    )


def _error_name(error_name: str | None) -> Any:
    names = "asl.component.common.error_name"
    if error_name and error_name.startswith("States."):
        return _moto(f"{names}.states_error_name").StatesErrorName.from_name(error_name)
    return _moto(f"{names}.custom_error_name").CustomErrorName(error_name)


_TERMINAL: Final = ("States.Runtime", "States.DataLimitExceeded")


def _never_catch_runtime_errors() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html."""

    def matches(original: Any, self: Any, env: Any) -> None:
        if env.stack[-1].error_name in _TERMINAL:
            env.stack[-1] = False
        else:
            original(self, env)

    declaration = _moto("asl.component.common.error_name.error_equals_decl").ErrorEqualsDecl
    _wrap(declaration, "_eval_body", matches, replaces="_STATE_ALL_ERROR in self.error_names")


def _keep_errors_of_branches() -> None:
    """Keep a branch's States.* error, for which moto fails with another error."""
    branches = _moto("asl.component.state.exec.state_parallel.branches_decl")
    _check(branches, replaces="CustomErrorName(error_name=exit_error_name)")
    branches.CustomErrorName = _error_name


def _end_late_branches() -> None:
    """End a branch quietly that begins after another one has failed; moto's thread ended with a traceback."""

    def run(original: Any, self: Any) -> None:
        try:
            original(self)
        except RuntimeError:
            if self.env.is_running():
                raise

    branch = _moto("asl.component.state.exec.state_parallel.branch_worker").BranchWorker
    _wrap(branch, "_thread_routine", run, replaces="self._program.eval(self.env)")


def _format_times() -> None:
    """Write times as AWS does, 2026-11-22T15:14:31.123Z; moto writes an offset and microseconds."""
    state = _moto("asl.component.state.state")
    _check(state, replaces="EnteredTime=datetime.datetime.now(tz=datetime.timezone.utc).isoformat()")
    original = state.StateData

    def state_data(**fields: str) -> Any:
        moment = datetime.fromisoformat(fields.pop("EnteredTime")).isoformat(timespec="milliseconds")
        return original(EnteredTime=moment.replace("+00:00", "Z"), **fields)

    state.StateData = state_data


# Wildcards, slices, filters, unions and descents may find more than one value.
_INDEFINITE: Final = re.compile(r"\*|\?|\.\.|\[[^\]]*[:,]")


def _read_paths() -> None:
    """Read `$[0].status` as a value like AWS, not as a list; cache parsed paths, which halves the time."""
    paths = _moto("asl.utils.json_path")
    paths.parse = cache(paths.parse)
    result_path = _moto("asl.component.common.path.result_path")
    result_path.parse = cache(result_path.parse)

    def extract(original: Any, path: str, data: Any) -> Any:
        found = paths.parse(path).find(data)
        if found and not _INDEFINITE.search(path):
            return found[0].value
        return original(path, data)

    _wrap_function(paths, "extract_json", extract, replaces="value = [match.value for match in matches]")


def _copy_quickly() -> None:
    """Copy the states' data, which is JSON, quickly: copy.deepcopy took half of an execution."""
    _check(_moto("asl.eval.states").States.reset, replaces="copy.deepcopy(input_value)")
    _moto("asl.parse.asl_parser")  # imports all of them
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser.asl.") and getattr(module, "copy", None) is copy:
            module.copy = QUICK_COPY_MODULE  # type: ignore[attr-defined]  # a patch


class _InPlace:
    """Replaces a thread: starting it runs its target to the end."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...] = ()) -> None:
        self._target = target
        self._args = args

    def start(self) -> None:
        calling = getattr(_thread, "env", None)
        try:
            self._target(*self._args)
        finally:
            _thread.env = calling

    def join(self, timeout: float | None) -> None:
        """Return at once, as the target has ended."""

    def is_alive(self) -> bool:
        return False


def _start_fewer_threads() -> None:
    """Use the threads again in which moto runs each attempt and each program, to end it at its timeout.

    What has no timeout, or never waits, runs without one.
    """

    def of_attempt(target: Callable[..., None], **options: Any) -> Any:
        in_place = _thread.env.event_manager.callbacks.in_place
        return _InPlace(target) if in_place else ReusedThread(target=target, **options)

    def of_program(target: Any, args: tuple[Any, ...], **options: Any) -> Any:
        # The target is a method of the program.
        in_place = args[0].event_manager.callbacks.in_place or not target.__self__.timeout_seconds
        return _InPlace(target, args) if in_place else ReusedThread(target=target, args=args, **options)

    attempt = _moto("asl.component.state.exec.execute_state")
    _check(attempt, replaces="thread = Thread(target=_exec_and_notify, daemon=True)")
    attempt.Thread = of_attempt
    program = _moto("asl.component.program.program")
    _check(program, replaces="threading.Thread(target=super().eval, args=(env,), daemon=True)")
    _check(program, replaces="self.timeout_seconds.timeout_seconds if self.timeout_seconds else None")
    program.threading = SimpleNamespace(Thread=of_program)

    branch = _moto("asl.component.state.exec.state_parallel.branch_worker")
    _check(branch, replaces="self._worker_thread = threading.Thread(")
    branch.threading = REUSING_THREADS


def _moto(module: str) -> Any:
    return import_module(f"moto.stepfunctions.parser.{module}")


def _wrap(owner: Any, name: str, replacement: Callable[..., Any], *, replaces: str) -> None:
    """Replace a method; the replacement gets the original as its first argument."""
    original = getattr(owner, name)
    _check(original, replaces=replaces)

    @wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return replacement(original, *args, **kwargs)

    setattr(owner, name, wrapper)


def _wrap_function(owner: Any, name: str, replacement: Callable[..., Any], *, replaces: str) -> None:
    """Replace a function in every module of the parser that imported it."""
    _moto("asl.parse.asl_parser")  # imports all of them
    _wrap(owner, name, replacement, replaces=replaces)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("moto.stepfunctions.parser.") and hasattr(module, name):
            setattr(module, name, getattr(owner, name))


def _check(part: Any, *, replaces: str) -> None:
    if replaces not in inspect.getsource(part):
        raise RuntimeError(f"moto's {part.__name__} no longer has what a patch replaces: {replaces}")
