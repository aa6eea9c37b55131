"""The role that an operator assumes: what orderctl does with a stack, and nothing else."""

from collections.abc import Iterable

from aws_cdk import Aws, Stack
from aws_cdk.aws_iam import AccountRootPrincipal, PolicyStatement, Role
from constructs import Construct

from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_ORDERS_INDEX, Stage
from infrastructure.api import Api
from infrastructure.config import StageConfig
from infrastructure.functions import Functions
from infrastructure.messaging import Messaging
from infrastructure.storage import Storage
from infrastructure.workflow import Workflow


class OperatorRole(Construct):
    """Whoever the account's IAM policies allow to may assume it."""

    def __init__(  # noqa: PLR0913  what an operator works with
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        storage: Storage,
        messaging: Messaging,
        functions: Functions,
        workflow: Workflow,
        api: Api,
    ) -> None:
        super().__init__(scope, id_)
        self.role = Role(self, "Role", assumed_by=AccountRootPrincipal())
        self._allow_orders(storage, messaging)
        self._allow_workflow(workflow)
        # Of the sweeper: when it ran last.
        logs = (workflow.log_group, functions.log_groups["Sweeper"])
        self._allow(["logs:FilterLogEvents"], [each.log_group_arn for each in logs])
        self._allow_api(api)
        self._allow_import()
        if config.stage != Stage.PROD:
            self._allow_faults(functions)

    def _allow_orders(self, storage: Storage, messaging: Messaging) -> None:
        orders, inventory = storage.orders.table_arn, storage.inventory.table_arn
        indexes = [f"{orders}/index/{name}" for name in (OPEN_ORDERS_INDEX, CUSTOMER_ORDERS_INDEX)]
        read_and_change = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
        self._allow([*read_and_change, "dynamodb:GetItem"], [orders])
        self._allow(["dynamodb:Query"], indexes)
        self._allow(
            [*read_and_change, "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Scan"], [inventory]
        )
        self._allow(["events:PutEvents"], [messaging.bus.event_bus_arn])
        self._allow(
            [
                *("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"),
                *("sqs:DeleteMessage", "sqs:GetQueueAttributes"),
            ],
            [queue.queue_arn for queue in messaging.dead_letter_queues],
        )

    def _allow_workflow(self, workflow: Workflow) -> None:
        machine = workflow.state_machine.state_machine_arn
        # Also a call that names the alias is allowed by the ARN of the state machine.
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        self._allow(
            [
                *("states:DescribeStateMachine", "states:ListStateMachineVersions"),
                *("states:DescribeStateMachineAlias", "states:UpdateStateMachineAlias"),
            ],
            [machine],
        )

    def _allow_api(self, api: Api) -> None:
        stack = Stack.of(self)
        # A stack that is asked for by its name has this ARN: https://github.com/aws/aws-parallelcluster/pull/754
        by_name = stack.format_arn(
            service="cloudformation", resource="stack", resource_name=f"{Aws.STACK_NAME}/*"
        )
        self._allow(["cloudformation:DescribeStacks"], [by_name])
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
        key = stack.format_arn(
            service="apigateway", account="", resource="/apikeys", resource_name=api.key.key_id
        )
        self._allow(["apigateway:GET"], [key])
        self._allow(["execute-api:Invoke"], api.method_arns)

    def _allow_import(self) -> None:
        # It places no more orders at once than the account has executions; the action has no resources.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        self._allow(["lambda:GetAccountSettings"], ["*"])

    def _allow_faults(self, functions: Functions) -> None:
        services = (functions.inventory, functions.payment, functions.notification)
        self._allow(
            ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration", "lambda:GetFunction"],
            [function.function_arn for function in services],
        )

    def _allow(self, actions: Iterable[str], resource_arns: Iterable[str]) -> None:
        self.role.add_to_policy(PolicyStatement(actions=list(actions), resources=list(resource_arns)))
