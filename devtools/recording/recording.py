"""What a recording is: one execution of a scenario, and its file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from devtools.checkout import REPOSITORY
from devtools.recording.history import History
from devtools.recording.task_responses import TaskResponses, from_mock_config, to_mock_config

RECORDINGS: Final = REPOSITORY / "tests" / "workflow" / "recordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a recording was made; `where` is local, aws or hand (with scripted responses)."""

    where: str
    engine: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an execution did; `waits` has the longest wait in seconds before each retry, by state."""

    history: History
    waits: Mapping[str, list[float]]
    status: str
    output: Any
    error: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of a recording."""
        return {
            "history": self.history,
            "waits": {state: [_rounded(wait) for wait in self.waits[state]] for state in sorted(self.waits)},
            "status": self.status,
            "output": self.output,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One execution of a scenario: its input, the responses of its tasks, and what it did."""

    scenario: str
    origin: Origin
    input: Any
    responses: TaskResponses
    outcome: Outcome

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a recording."""
        found = json.loads(file.read_text())
        return cls(
            scenario=found["scenario"],
            origin=Origin(**found["recorded"]),
            input=found["input"],
            responses=from_mock_config(found["scenario"], found["mock"]),
            outcome=Outcome(
                history=found["history"],
                waits=found["waits"],
                status=found["status"],
                output=found["output"],
                error=found["error"],
            ),
        )

    def write(self, folder: Path = RECORDINGS) -> bool:
        """Write the recording; return False and keep the file when only the date or the engine changed."""
        file = folder / f"{self.scenario}.json"
        text = self.to_text()
        if file.exists():
            before = Recording.read(file)
            same_place = before.origin.where == self.origin.where
            if same_place and replace(self, origin=before.origin).to_text() == file.read_text():
                return False
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return True

    def to_text(self) -> str:
        """Return the file's text, one event a line, so that git shows differences by event."""
        fields = {
            "scenario": self.scenario,
            "recorded": {
                "where": self.origin.where,
                "engine": self.origin.engine,
                "date": self.origin.date,
            },
            "input": self.input,
            "mock": to_mock_config(self.scenario, self.responses),
            **self.outcome.to_json(),
        }
        return "{\n" + ",\n".join(f" {json.dumps(name)}: {_field(fields[name])}" for name in fields) + "\n}\n"


def recordings(folder: Path = RECORDINGS) -> list[Path]:
    """Return the files of all recordings."""
    return sorted(folder.glob("*.json"))


def _field(value: Any) -> str:
    """Write each event and each task's responses on a line of its own."""
    return _lines(value, indent=1) if isinstance(value, dict) else json.dumps(value)


def _lines(value: Any, indent: int) -> str:
    text = json.dumps(value)
    if len(text) + indent <= 100 or not value or _is_event(value):  # noqa: PLR2004  columns
        return text
    pad = " " * (indent + 1)
    match value:
        case dict():
            inner = [f"{pad}{json.dumps(name)}: {_lines(each, indent + 1)}" for name, each in value.items()]
            return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"
        case list():
            inner = [pad + _lines(each, indent + 1) for each in value]
            return "[\n" + ",\n".join(inner) + "\n" + " " * indent + "]"
    return text


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and "type" in value


def _rounded(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds
