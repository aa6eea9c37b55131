"""Records many scenarios, goes on past those that can't be recorded, and reports at the end."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from devtools.recording.path_changes import path_change
from devtools.recording.recording import RECORDINGS, Recording, recordings
from orderctl.errors import OperatorError


@dataclass(slots=True, kw_only=True)
class Session:
    """What one run of `orderctl record` has done so far; `folder` has the recordings."""

    folder: Path = RECORDINGS
    recorded: int = 0
    _paths: dict[str, str] = field(default_factory=dict)
    _same_paths: list[str] = field(default_factory=list)
    _new: list[str] = field(default_factory=list)
    _removed: list[str] = field(default_factory=list)
    _failed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def record(self, name: str, make: Callable[[], Recording]) -> bool:
        """Record one scenario; return False and keep its file when it can't be recorded."""
        try:
            recording = make()
        except (OperatorError, BotoCoreError, ClientError) as error:
            self.fail([name], error)
            return False
        self._write(recording)
        return True

    def fail(self, names: Collection[str], error: Exception) -> None:
        """Note why scenarios can't be recorded."""
        self._failed[str(error)] += names

    def remove_others(self, names: Collection[str]) -> None:
        """Remove the recordings of scenarios that do not exist."""
        for file in recordings(self.folder):
            if file.stem not in names:
                file.unlink()
                self._removed.append(file.stem)

    def summary(self) -> Iterator[str]:
        """Yield a line for each path that changed, and a line for all other changes."""
        for name, change in self._paths.items():
            yield f"{name}: {change}"
        for what, names in (
            ("new", self._new),
            ("changed on the same path", self._same_paths),
            ("removed, because there is no such scenario", self._removed),
        ):
            if names:
                yield f"{what}: {', '.join(names)}"
        changed = len(self._paths) + len(self._same_paths) + len(self._new)
        see = f"; see git diff {_shown(self.folder)}" if changed else ""
        yield f"{self.recorded} recorded, {changed or 'none'} of them changed{see}"

    def raise_failures(self) -> None:
        """Raise OperatorError with every scenario that can't be recorded and what to do about it."""
        if self._failed:
            count = sum(map(len, self._failed.values()))
            lines = [f"  {', '.join(names)}: {_in_one_line(why)}" for why, names in self._failed.items()]
            raise OperatorError(f"{count} not recorded", what_to_do="\n".join(lines))

    def _write(self, recording: Recording) -> None:
        file = self.folder / f"{recording.scenario}.json"
        before = Recording.read(file) if file.exists() else None
        self.recorded += 1
        if not recording.write(self.folder):
            return
        change = path_change(before.outcome, recording.outcome) if before else ""
        if change:
            self._paths[recording.scenario] = change
        else:
            (self._same_paths if before else self._new).append(recording.scenario)


def _in_one_line(text: str) -> str:
    return ". ".join(line.removesuffix(".") for line in text.splitlines()) + "."


def _shown(folder: Path) -> str:
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)
