"""How many Lambda executions an account allows at once."""

from typing import Any, Final

# New accounts have as few as 10: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_REQUESTS_AT_ONCE: Final = 8
# The orders function, and the three functions that its order then starts side by side.
_EXECUTIONS_PER_REQUEST: Final = 4


def executions_at_once(lambda_client: Any) -> int:
    """Return what is left for functions without reserved concurrency."""
    limit = lambda_client.get_account_settings()["AccountLimit"]
    return int(limit.get("UnreservedConcurrentExecutions", limit["ConcurrentExecutions"]))


def requests_at_once(lambda_client: Any) -> int:
    """Return how many orders to place at a time, so that their workflows are not throttled."""
    fitting = executions_at_once(lambda_client) // _EXECUTIONS_PER_REQUEST
    return max(1, min(MOST_REQUESTS_AT_ONCE, fitting))
