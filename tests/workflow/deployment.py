"""The tables, queues, bus and topic of the synthesized stack, in moto."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from devtools.asl.definition import DEFINITION
from tests.aws_tables import TableNames, create_tables
from tests.moto_clients import REGION, client
from tests.moto_state import in_moto
from tests.waiting import TIMEOUT_SECONDS

ACCOUNT: Final = "123456789012"

_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)}")
_TIMEOUT: Final = re.compile(r'(?<="TimeoutSeconds": )\d+')
_USED: Final = ("dynamodb", "events", "sns", "sqs")
_SERVICES: Final = {"InventoryFunctionArn", "PaymentFunctionArn", "NotificationFunctionArn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """`names` has the `Ref` of each resource; `substitutions` has the value of each placeholder.

    The listener is a queue with all events of the bus; the inbox is a queue with all notifications.
    """

    template: Mapping[str, Any]
    tables: TableNames
    names: Mapping[str, str]
    substitutions: Mapping[str, str]
    listener_url: str
    inbox_url: str

    @property
    def definition(self) -> str:
        """The workflow with longer timeouts, because its calls take real time and the machine may be busy."""
        filled = _PLACEHOLDER.sub(lambda match: self.substitutions[match[1]], DEFINITION.read_text())
        return _TIMEOUT.sub(str(TIMEOUT_SECONDS), filled)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the three services; only their logging variables differ."""
        variables: dict[str, str] = {}
        for placeholder in sorted(_SERVICES):
            function = self.function(self.substitutions[placeholder])
            variables |= function["Environment"]["Variables"]
        return {name: resolve(value, self.names) for name, value in variables.items()}

    def environment_of(self, service: str) -> dict[str, str]:
        """The environment of one function, which may be one that the workflow does not call."""
        (variables,) = (
            resource["Properties"]["Environment"]["Variables"]
            for resource in self.template["Resources"].values()
            if resource.get("Properties", {}).get("Handler") == f"handlers.{service}.handler"
        )
        return {name: resolve(value, self.names) for name, value in variables.items()}

    def hide_messages(self) -> None:
        """Hide the messages of earlier tests; SQS purges a queue only once a minute."""
        dead_letters = (url for name, url in self.substitutions.items() if name.endswith("DlqUrl"))
        for url in (*dead_letters, self.listener_url, self.inbox_url):
            received = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 12 * 60 * 60}
            while "Messages" in client("sqs").receive_message(**received):
                pass

    def function(self, arn: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.template["Resources"][arn.rpartition(":")[2]]["Properties"]
        return properties


@contextmanager
def deployed(template: Mapping[str, Any]) -> Iterator[Deployment]:
    """Start moto with the resources of the workflow, which are empty."""
    with in_moto(_USED, deploy, template) as deployment:
        yield deployment


def deploy(template: Mapping[str, Any]) -> Deployment:
    """Create the resources of the workflow; call it inside `mock_aws`."""
    tables = create_tables(template)
    makers = {
        "AWS::SQS::Queue": _create_queue,
        "AWS::SNS::Topic": _create_topic,
        "AWS::Events::EventBus": _create_bus,
    }
    names = {tables.orders: tables.orders, tables.inventory: tables.inventory}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] in makers:
            names[logical_id] = makers[resource["Type"]](logical_id, resource["Properties"])
    substitutions = _only(template, "AWS::StepFunctions::StateMachine")["DefinitionSubstitutions"]
    bus = _only(template, "AWS::Events::EventBus")["Name"]
    # The other topic is for operators.
    (topic_arn,) = (arn for name, arn in names.items() if name.startswith("MessagingNotifications"))
    return Deployment(
        template=template,
        tables=tables,
        names=names,
        substitutions={name: resolve(value, names) for name, value in substitutions.items()},
        listener_url=_listen(bus),
        inbox_url=_subscribe(topic_arn),
    )


def resolve(value: Any, names: Mapping[str, str]) -> str:
    match value:
        case str():
            return value
        case {"Ref": logical_id}:
            return names[logical_id]
        case {"Fn::GetAtt": [logical_id, "Arn"]}:
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{logical_id}"
    raise ValueError(f"unknown value in the template: {json.dumps(value)}")


def _create_queue(logical_id: str, _: Mapping[str, Any]) -> str:
    url: str = client("sqs").create_queue(QueueName=logical_id)["QueueUrl"]
    return url


def _create_topic(logical_id: str, _: Mapping[str, Any]) -> str:
    arn: str = client("sns").create_topic(Name=logical_id)["TopicArn"]
    return arn


def _create_bus(_: str, properties: Mapping[str, Any]) -> str:
    client("events").create_event_bus(Name=properties["Name"])
    name: str = properties["Name"]
    return name


def _only(template: Mapping[str, Any], type_: str) -> dict[str, Any]:
    (properties,) = (
        resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == type_
    )
    return dict(properties)


def _listen(bus: str) -> str:
    events = client("events")
    url = _create_queue("listener", {})
    pattern = json.dumps({"account": [ACCOUNT]})
    events.put_rule(Name="everything", EventBusName=bus, EventPattern=pattern)
    target = {"Id": "listener", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:listener"}
    events.put_targets(Rule="everything", EventBusName=bus, Targets=[target])
    return url


def _subscribe(topic_arn: str) -> str:
    url = _create_queue("inbox", {})
    client("sns").subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"
    )
    return url
