"""Who may put events of this system on its bus."""

from collections.abc import Sequence

from aws_cdk.aws_events import CfnEventBusPolicy, EventBus
from aws_cdk.aws_iam import IRole
from constructs import Construct

from handlers.contract.names import EVENT_SOURCE


class BusPolicy(Construct):
    """Denies everybody else the source of this system, also those who may put events on every bus.

    Other sources stay free: other teams may use the bus too.
    """

    def __init__(self, scope: Construct, id_: str, *, bus: EventBus, speakers: Sequence[IRole]) -> None:
        super().__init__(scope, id_)
        CfnEventBusPolicy(
            self,
            "Policy",
            event_bus_name=bus.event_bus_name,
            statement_id="OnlyThisSystemSpeaksForIt",
            statement={
                "Sid": "OnlyThisSystemSpeaksForIt",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": bus.event_bus_arn,
                "Condition": {
                    # A request has up to ten entries, and the key has the sources of all of them.
                    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
                    "ForAnyValue:StringEquals": {"events:source": EVENT_SOURCE},
                    # Of a session it is the ARN of its role.
                    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
                    "ArnNotEquals": {"aws:PrincipalArn": [role.role_arn for role in speakers]},
                },
            },
        )
