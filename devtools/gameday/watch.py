"""Watches the system: collects the metrics, and evaluates the alarms every minute of CloudWatch's clock."""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from devtools.gameday.alarms import Alarms
from devtools.gameday.evaluation import State, datapoints, evaluate
from devtools.gameday.expressions import Value
from devtools.gameday.function_metrics import FunctionMetrics
from devtools.gameday.queue_metrics import QueueMetrics, RuleMetrics
from devtools.gameday.samples import Clock, Metric, Samples
from devtools.gameday.system import System
from devtools.gameday.workflow_metrics import WorkflowMetrics

_PAUSE_SECONDS: Final = 0.4


class Watch:
    """The metrics and alarms of one system, since the watch began."""

    def __init__(self, system: System, alarms: Alarms, server_log: Path, *, minute: float = 1.0) -> None:
        self.clock = Clock(datetime.now(UTC), minute)
        self.samples = Samples()
        self.alarms = alarms
        self.states: Mapping[str, State] = {}
        logs: Any = system.stack.client("logs")
        self._functions = FunctionMetrics(logs, system.log_groups, self.clock)
        self._workflow = WorkflowMetrics(system.stack, system.services, alarms.filters, self.clock)
        self._queues = QueueMetrics(system.stack, self.clock)
        self._rule = RuleMetrics(server_log, self.clock)

    def look(self) -> None:
        """Collect what is new, and evaluate all alarms."""
        now = datetime.now(UTC)
        self._functions.collect(self.samples, now)
        self._workflow.collect(self.samples, now)
        self._queues.collect(self.samples)
        self._rule.collect(self.samples)
        self.states = evaluate(self.alarms, self.samples, self.clock.now(), self.states)

    def note(self, metric: Metric, value: float) -> None:
        """Add a value that was seen now."""
        self.samples.add(metric, self.clock.now(), value)

    def newest(self, alarm: str) -> Value:
        """Return the newest datapoint of an alarm, None when there is none."""
        points = datapoints(self.alarms.metric[alarm], self.samples, self.clock.now())
        return next((point for point in reversed(points) if point is not None), None)

    def ringing(self) -> frozenset[str]:
        """Return the names of the alarms that ring."""
        return frozenset(name for name, state in self.states.items() if state is State.ALARM)

    def wait(
        self, is_done: Callable[[], bool], *, timeout: float, meanwhile: Callable[[], None] = lambda: None
    ) -> bool:
        """Look until it is done, at most `timeout` seconds; return whether it is."""
        deadline = time.monotonic() + timeout
        while True:
            self.look()
            if is_done():
                return True
            if time.monotonic() > deadline:
                return False
            meanwhile()
            time.sleep(_PAUSE_SECONDS)

    def wait_until_over(
        self, alarms: Collection[str], *, timeout: float, meanwhile: Callable[[], None] = lambda: None
    ) -> bool:
        """Look until none of these alarms rings."""
        return self.wait(lambda: self.ringing().isdisjoint(alarms), timeout=timeout, meanwhile=meanwhile)
