"""Dashboard and alarms of a stage, and the topic that tells operators."""

from constructs import Construct

from infrastructure.monitoring.alarms import Alarms
from infrastructure.monitoring.dashboard import StageDashboard
from infrastructure.monitoring.operations_topic import OperationsTopic
from infrastructure.monitoring.watched import Watched


class Monitoring(Construct):
    """Without an address the alarms exist, and nobody is told."""

    def __init__(self, scope: Construct, id_: str, *, watched: Watched) -> None:
        super().__init__(scope, id_)
        operations = OperationsTopic(self, "Operations", email=watched.config.operations_email)
        alarms = Alarms(self, "Alarms", watched=watched, topic=operations.topic)
        StageDashboard(
            self,
            "Dashboard",
            watched=watched,
            alarms=alarms.notifying,
            failures=alarms.failures.metrics.values(),
        )
