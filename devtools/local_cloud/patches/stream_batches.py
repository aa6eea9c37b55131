"""A function that reads a stream gets the changes of half a second at once, as with a batching window on AWS.

MiniStack looks for changes after each write and invokes the function for each, also where the mapping has a
MaximumBatchingWindowInSeconds. The app's is a minute.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
"""

import time
from typing import Final

from ministack.services import lambda_svc

from devtools.local_cloud.patches.expected import expect_source

_PAUSE_SECONDS: Final = 0.5


def apply() -> None:
    """Patch what the poller waits for when it has found nothing."""
    expect_source(lambda_svc._poll_loop, "_esm_wake.clear()", "idle_wake = bool(_esm_wake.wait(")
    lambda_svc._esm_wake = _Pause()


class _Pause:
    """Stands in for the event that each write sets."""

    def set(self) -> None:
        pass

    def clear(self) -> None:
        pass

    def wait(self, _seconds: float) -> bool:
        time.sleep(_PAUSE_SECONDS)
        return False
