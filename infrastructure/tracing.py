"""How many requests of the API X-Ray follows. The trace of a request goes on in the workflow of its order.

API Gateway decides. The orders function sends the trace id with the event, EventBridge gives it to the state
machine, and that to its functions: they all follow what API Gateway decided.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-related-service-xray.html
"""

from typing import Final

from aws_cdk import Names
from aws_cdk.aws_xray import CfnSamplingRule
from constructs import Construct

# https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html
_LONGEST_NAME: Final = 32
_ANY: Final = "*"


class SamplingRule(Construct):
    """A rule for the API of one stack. Without one, it is a request a second and 5 % of the others."""

    def __init__(self, scope: Construct, id_: str, *, traced_as: str, percent: int) -> None:
        super().__init__(scope, id_)
        CfnSamplingRule(
            self,
            "Rule",
            sampling_rule=CfnSamplingRule.SamplingRuleProperty(
                rule_name=Names.unique_resource_name(self, max_length=_LONGEST_NAME),
                # Before the default rule, which is 10000.
                priority=1_000,
                version=1,
                service_type="AWS::ApiGateway::Stage",
                service_name=traced_as,
                fixed_rate=percent / 100,
                # It would be added to the percentage.
                reservoir_size=0,
                host=_ANY,
                http_method=_ANY,
                url_path=_ANY,
                resource_arn=_ANY,
            ),
        )
