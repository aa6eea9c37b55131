"""A Python exception in a Lambda is reported by its class name, as on AWS, and leaves the worker warm.

MiniStack reports each as `Runtime.HandlerError`, so that no Retry or Catch of the state machine would
match, and ends the worker. https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from devtools.local_cloud.patches.expected import expect_signature, expect_source, replace_once

_DIED: Final = "Worker process died"
# MiniStack ends a worker that reports "error", so an exception travels as a result with this key.
_EXCEPTION: Final = "__orderctl_exception__"

_ORIGINAL: Final = """\
        except Exception as e:
            _real_stdout.write(json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()}) + "\\n")
"""  # noqa: E501  MiniStack's lines
_AS_ON_AWS: Final = f"""\
        except Exception as e:
            _frames = traceback.format_list(traceback.extract_tb(e.__traceback__)[1:])
            sys.stderr.write("[ERROR] %s: %s\\nTraceback (most recent call last):\\n%s" % (type(e).__name__, e, "".join(_frames)))
            sys.stderr.flush()
            _real_stdout.write(json.dumps({{"status": "ok", "result": {{"{_EXCEPTION}": {{
                "errorMessage": str(e),
                "errorType": type(e).__name__,
                "requestId": context.aws_request_id,
                "stackTrace": _frames,
            }}}}}}) + "\\n")
"""  # noqa: E501  as above


def apply() -> None:
    """Patch the script of Python workers and the reading of their responses."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = replace_once(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _ORIGINAL, _AS_ON_AWS, where="the Python worker"
    )
    run = lambda_svc._execute_function_warm
    expect_signature(run, "func", "event", "request_id")
    expect_source(lambda_runtime.Worker.invoke, _DIED)

    def run_with_errors(func: Any, event: Any, request_id: str) -> dict[str, Any]:
        outcome: dict[str, Any] = run(func, event, request_id)
        body = outcome.get("body")
        if isinstance(body, dict) and _EXCEPTION in body:
            return {"body": body[_EXCEPTION], "error": True, "log": outcome.get("log", "")}
        if outcome.get("error") and isinstance(body, dict) and body.get("errorMessage") == _DIED:
            return {**outcome, "body": {"errorType": "Runtime.ExitError", "errorMessage": _DIED}}
        return outcome

    lambda_svc._execute_function_warm = run_with_errors
