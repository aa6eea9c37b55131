"""The limit of orders at a time, by the Lambda limit of an account; and drift of a deployed definition."""

from types import SimpleNamespace

import pytest

from orderctl.definition_drift import DefinitionDiffersError, substitutions
from orderctl.lambda_limits import requests_at_once


@pytest.mark.parametrize(("unreserved", "expected"), [(1000, 8), (32, 8), (10, 2), (4, 1), (1, 1)])
def test_the_requests_at_a_time_fit_into_the_limit(unreserved: int, expected: int) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}
    client = SimpleNamespace(get_account_settings=lambda: {"AccountLimit": limit})

    assert requests_at_once(client) == expected


def test_another_value_in_a_deployed_definition_is_named_by_its_path() -> None:
    ours = {"States": {"A": {"TimeoutSeconds": 3, "Resource": "${Arn}"}}}
    theirs = {"States": {"A": {"TimeoutSeconds": 4, "Resource": "arn"}}}

    with pytest.raises(DefinitionDiffersError, match="/States/A/TimeoutSeconds"):
        substitutions(ours, theirs)
