"""The state is saved in a fifth of the time: it is encoded in C, and no line of a log is in it twice.

MiniStack encodes in Python, as json.dump does. It also keeps each line of PutLogEvents a second time, for
queries of CloudWatch Logs Insights. A query makes what it needs of these again, so they are not saved.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, TextIO

from ministack.core import persistence
from ministack.services import cloudwatch_logs

from devtools.local_cloud.patches.expected import expect_source

_RECORDS: Final = "log_records"


def apply() -> None:
    """Patch how a state is written, and what of the logs is in it."""
    expect_source(persistence.save_state, "json.dump(", "f, default=_json_default")
    expect_source(cloudwatch_logs.get_state, f'"{_RECORDS}": copy.deepcopy(_log_records)')
    expect_source(cloudwatch_logs._restore_state, f'data.get("{_RECORDS}", {{}})')
    expect_source(cloudwatch_logs._collect_query_records, "record = _build_log_record(")
    state_with_records = cloudwatch_logs.get_state

    def state_without_records() -> dict[str, Any]:
        state: dict[str, Any] = state_with_records()
        del state[_RECORDS]
        return state

    cloudwatch_logs.get_state = state_without_records
    persistence.json = SimpleNamespace(
        load=json.load, dump=_dump_at_once, JSONDecodeError=json.JSONDecodeError
    )


def _dump_at_once(value: Any, file: TextIO, *, default: Callable[[Any], Any]) -> None:
    file.write(json.dumps(value, default=default))
