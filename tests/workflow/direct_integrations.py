"""The AWS services that the workflow calls directly; a test can intervene in each call."""

from dataclasses import dataclass
from typing import Any

from tests.workflow.deployment import Deployment
from tests.workflow.interventions import Interventions


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectIntegrations:
    """Replaces the boto3 client of DynamoDB, EventBridge or SQS."""

    client: Any
    deployment: Deployment
    interventions: Interventions

    def update_item(self, **request: Any) -> Any:
        call = "settle" if "#status = " in request["UpdateExpression"] else "close"
        return self.interventions.around(call, lambda: self.client.update_item(**request))

    def put_events(self, **request: Any) -> Any:
        return self.interventions.around("announce", lambda: self.client.put_events(**request))

    def send_message(self, **request: Any) -> Any:
        queue = self._queue(request["QueueUrl"])
        return self.interventions.around(f"park {queue}", lambda: self.client.send_message(**request))

    def _queue(self, url: str) -> str:
        (placeholder,) = (name for name, value in self.deployment.substitutions.items() if value == url)
        return placeholder.removesuffix("DlqUrl").lower()
