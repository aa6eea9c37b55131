"""An invocation of a function uses threads again; MiniStack starts two for each."""

from ministack.core import concurrency, lambda_runtime

from devtools.local_cloud.patches.expected import expect_source
from devtools.reused_threads import REUSING_THREADS


def apply() -> None:
    """Patch where MiniStack starts them."""
    expect_source(concurrency.run_reentrant, "threading.Thread(target=_run, daemon=True, name=thread_name)")
    expect_source(lambda_runtime.Worker.invoke, "threading.Thread(target=_read_response, daemon=True)")
    concurrency.threading = lambda_runtime.threading = REUSING_THREADS
