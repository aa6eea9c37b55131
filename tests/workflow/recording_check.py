"""Checks that the definition still behaves as recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devtools.recording.comparison import differences
from devtools.recording.path_changes import path_change
from devtools.recording.recording import Outcome, Recording
from devtools.recording.replay import Replay, replay

_LINES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """`lines` are the differences, with what matters most first; there are none when nothing differs."""

    scenario: str
    lines: tuple[str, ...]
    outcome: Outcome

    def message(self, folder: Path) -> str:
        """Return the first lines and what to do; the whole difference goes to a file in the folder."""
        shown = list(self.lines[:_LINES_SHOWN])
        if len(self.lines) > _LINES_SHOWN:
            file = folder / f"{self.scenario}.diff"
            file.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
            shown.append(f"... and {len(self.lines) - _LINES_SHOWN} more lines in {file}")
        return "\n".join(
            [
                f"{self.scenario} is not replayed as recorded.",
                *shown,
                f"If the change is right, record again: make record (or: orderctl record {self.scenario})",
            ]
        )


def check(definition: str, recording: Recording) -> CheckResult:
    """Replay a recording and compare."""
    replayed = replay(definition, recording.input, recording.responses)
    return CheckResult(
        scenario=recording.scenario,
        lines=tuple(_lines(recording, replayed)),
        outcome=replayed.outcome,
    )


def _lines(recording: Recording, replayed: Replay) -> Iterator[str]:
    yield from filter(None, [path_change(recording.outcome, replayed.outcome)])
    yield from (f"{task}: no recorded response" for task in replayed.missing)
    for state, responses in recording.responses.items():
        used = len(replayed.used.get(state, ()))
        if used < len(responses):
            yield f"{state}: {used} of {len(responses)} recorded responses used"
    yield from differences(recording.outcome, replayed.outcome).splitlines()
