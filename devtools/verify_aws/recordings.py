"""Records scenarios on the stage, and compares them with the recordings of this checkout."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from devtools.recording.path_changes import path_change
from devtools.recording.recording import RECORDINGS, Recording
from devtools.recording.stack_recorder import StackRecorder
from devtools.recording.stack_scenarios import StackScenario
from devtools.verify_aws.part import Found, in_one_line
from orderctl.errors import OperatorError
from orderctl.stack import Stack
from orderctl.terminal import progress, step

_SHOWN_LINES: Final = 20


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The scenarios by what became of them; a path is the states, their order and their attempts."""

    same: list[str] = field(default_factory=list)
    changed_paths: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    differences: dict[str, str] = field(default_factory=dict)  # of paths and of contents

    def add(self, recording: Recording, kept: Recording) -> None:
        """Compare a recording with the one of this checkout."""
        difference = difference_of(kept, recording)
        if not difference:
            self.same.append(recording.scenario)
            return
        self.differences[recording.scenario] = difference
        if change := path_change(kept.outcome, recording.outcome):
            self.changed_paths[recording.scenario] = change

    def found(self) -> Found:
        """Return the finding. Other contents on the same path are shown, and are no failure.

        The recordings of this checkout are made on a local cloud, and a response of AWS can have more fields.
        """
        contents = len(self.differences) - len(self.changed_paths)
        text = (
            f"{len(self.same)} the same, {len(self.changed_paths)} on another path, "
            f"{contents} with other contents, {len(self.failed)} not recorded"
        )
        ok = not self.failed and not self.changed_paths
        return Found(ok=ok, text=text, details=tuple(self._details()))

    def _details(self) -> Iterator[str]:
        for name, why in self.failed.items():
            yield f"`{name}` is not recorded: {why}"
        for name, difference in self.differences.items():
            yield f"`{name}`: {self.changed_paths.get(name, 'the same path with other contents')}"
            yield f"```diff\n{difference}\n```"


def record_and_compare(
    stack: Stack, scenarios: Sequence[StackScenario], folder: Path, *, deadline: float
) -> Found:
    """Record each scenario that begins before `deadline`, a time of `monotonic`; keep them in `folder`."""
    recorder = StackRecorder(stack)
    comparison = Comparison()
    for scenario in scenarios:
        if monotonic() > deadline:
            comparison.failed[scenario.name] = "the time of the run is over"
            continue
        try:
            with step(f"{scenario.name}: {scenario.description}"):
                recording = recorder.record(scenario)
        except (OperatorError, BotoCoreError, ClientError) as error:
            comparison.failed[scenario.name] = in_one_line(error)
            progress.print(Text(f"✗ {scenario.name}: {comparison.failed[scenario.name]}", "red"))
            continue
        recording.write(folder)
        comparison.add(recording, Recording.read(RECORDINGS / f"{scenario.name}.json"))
    return comparison.found()


def difference_of(kept: Recording, recording: Recording) -> str:
    """Return the first lines of the difference; "" when only date and engine differ."""
    before, after = kept.to_text(), replace(recording, origin=kept.origin).to_text()
    lines = unified_diff(before.splitlines(), after.splitlines(), "kept", "recorded", lineterm="", n=1)
    return "\n".join(islice(lines, _SHOWN_LINES))
