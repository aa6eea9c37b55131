"""The order workflow: an Express state machine that a new order starts, and a request to cancel one."""

from pathlib import Path
from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_events import CfnRule, EventPattern, Rule
from aws_cdk.aws_events_targets import SfnStateMachine
from aws_cdk.aws_iam import CfnRole, PolicyStatement
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_stepfunctions import (
    CfnStateMachineAlias,
    CfnStateMachineVersion,
    DefinitionBody,
    LogLevel,
    LogOptions,
    StateMachine,
    StateMachineType,
)
from constructs import Construct

from handlers.contract.names import (
    EVENT_SOURCE,
    LIVE_ALIAS,
    DetailType,
    state_machine_name,
    workflow_log_group,
)
from infrastructure.config import CONSOLE_DOMAIN, StageConfig
from infrastructure.functions import Functions
from infrastructure.messaging import Messaging
from infrastructure.storage import Storage
from infrastructure.trust import ONLY_THIS_ACCOUNT

DEFINITION: Final = Path(__file__).parent.parent / "statemachines" / "order_workflow.asl.json"


class Workflow(Construct):
    """The state machine, its permissions and its trigger."""

    def __init__(  # noqa: PLR0913  it wires what the others made
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        storage: Storage,
        messaging: Messaging,
        functions: Functions,
    ) -> None:
        super().__init__(scope, id_)
        self._messaging = messaging
        self.log_group = self._log_group(config)
        self.state_machine = StateMachine(
            self,
            "OrderWorkflow",
            # Short: each line of the log has it. A generated name has 42 characters.
            state_machine_name=state_machine_name(config.stage),
            state_machine_type=StateMachineType.EXPRESS,
            definition_body=DefinitionBody.from_file(str(DEFINITION)),
            definition_substitutions={
                "InventoryFunctionArn": functions.inventory.function_arn,
                "PaymentFunctionArn": functions.payment.function_arn,
                "NotificationFunctionArn": functions.notification.function_arn,
                "OrdersTableName": storage.orders.table_name,
                "EventBusName": messaging.bus.event_bus_name,
                "InventoryDlqUrl": messaging.inventory_dlq.queue_url,
                "PaymentDlqUrl": messaging.payment_dlq.queue_url,
                "NotificationDlqUrl": messaging.notification_dlq.queue_url,
                "DeliveryDlqUrl": messaging.delivery_dlq.queue_url,
            },
            # The console shows an Express execution from this log. It is kept nowhere else.
            logs=LogOptions(
                destination=self.log_group,
                level=LogLevel.ALL,
                include_execution_data=config.logs_execution_data,
            ),
            tracing_enabled=True,
        )
        self._grant(storage=storage, functions=functions)
        self.rule = self._start_on_events(self._publish())

    @property
    def executions_url(self) -> str:
        """The console's list of executions."""
        region = Stack.of(self).region
        console = f"https://{region}.{CONSOLE_DOMAIN}/states/home?region={region}"
        return f"{console}#/statemachines/view/{self.state_machine.state_machine_arn}"

    def _log_group(self, config: StageConfig) -> LogGroup:
        return LogGroup(
            self,
            "Logs",
            log_group_name=workflow_log_group(Stack.of(self).stack_name),
            retention=RetentionDays[config.log_retention],
            removal_policy=config.removal_policy,
        )

    def _grant(self, *, storage: Storage, functions: Functions) -> None:
        messaging = self._messaging
        services = [functions.inventory, functions.payment, functions.notification]
        self._allow("lambda:InvokeFunction", [function.function_arn for function in services])
        self._allow("dynamodb:UpdateItem", [storage.orders.table_arn])
        self._allow("events:PutEvents", [messaging.bus.event_bus_arn])
        self._allow("sqs:SendMessage", [queue.queue_arn for queue in messaging.dead_letter_queues])

    def _allow(self, action: str, resource_arns: list[str]) -> None:
        self.state_machine.add_to_role_policy(PolicyStatement(actions=[action], resources=resource_arns))

    def _publish(self) -> CfnStateMachineAlias:
        """Publish each revision of the state machine as a version, and point the alias to the newest one."""
        version = CfnStateMachineVersion(
            self,
            "Version",
            state_machine_arn=self.state_machine.state_machine_arn,
            # A new revision replaces this resource.
            state_machine_revision_id=self.state_machine.state_machine_revision_id,
        )
        # A replaced version is what one rolls back to; that of a failed deployment goes. All versions are
        # deleted with their state machine:
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        version.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        route = CfnStateMachineAlias.RoutingConfigurationVersionProperty(
            state_machine_version_arn=version.ref, weight=100
        )
        return CfnStateMachineAlias(self, "Alias", name=LIVE_ALIAS, routing_configuration=[route])

    def _start_on_events(self, alias: CfnStateMachineAlias) -> Rule:
        """Start an execution of the alias, with the whole event as its input."""
        target = SfnStateMachine(
            self.state_machine,
            # After an hour of retries the event goes to the queue. The default would hide it for a day.
            max_event_age=Duration.hours(1),
            retry_attempts=30,
            dead_letter_queue=self._messaging.delivery_dlq,
        )
        rule = Rule(
            self,
            "OrderPlaced",
            event_bus=self._messaging.bus,
            event_pattern=EventPattern(
                source=[EVENT_SOURCE],
                detail_type=[each.value for each in DetailType if each.starts_workflow],
            ),
            targets=[target],
        )
        # The target has no alias. Its role must allow the state machine itself, as it does:
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        resource = rule.node.default_child
        assert isinstance(resource, CfnRule)  # noqa: S101  for the type checker
        resource.add_property_override("Targets.0.Arn", alias.ref)
        self._trust_only_rules_of_this_account()
        return rule

    def _trust_only_rules_of_this_account(self) -> None:
        # The CDK makes the role of a target without this condition.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
        role = self.state_machine.node.find_child("EventsRole").node.default_child
        assert isinstance(role, CfnRole)  # noqa: S101  for the type checker
        role.add_property_override("AssumeRolePolicyDocument.Statement.0.Condition", ONLY_THIS_ACCOUNT)
