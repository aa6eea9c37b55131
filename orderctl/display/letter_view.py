"""Shows a parked message whole."""

import json
from collections.abc import Iterator

from orderctl.cause import message, traceback
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.verdict import Verdict


def letter_lines(letter: DeadLetter, verdict: Verdict) -> Iterator[str]:
    """Yield what the message says: the cause and the traceback as text, the rest as JSON."""
    yield f"{letter.step} on the {letter.queue} queue, {letter.sent:%Y-%m-%d %H:%M:%S} UTC, {verdict}"
    source = "EventBridge could not deliver it" if letter.delivery_error else "error"
    if letter.error != "?":
        yield f"{source}: {letter.error}"
    for line in message(letter.whole_cause).splitlines():
        yield f"  {line}"
    if frames := traceback(letter.whole_cause):
        yield "traceback:"
        yield from (f"  {frame}" for frame in frames)
    rest = {name: value for name, value in letter.body.items() if name not in {"step", "error", "cause"}}
    yield json.dumps(rest, indent=2)
