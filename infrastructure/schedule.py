"""A schedule that invokes a function."""

from aws_cdk.aws_iam import PolicyStatement, Role
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_scheduler import CfnSchedule
from constructs import Construct

from infrastructure.trust import service_of_this_account


def invoke_on_schedule(scope: Construct, id_: str, function: Function, expression: str) -> None:
    """Invoke the function by this expression of the scheduler, each time once.

    The next invocation does what this one could not. Retries gain nothing.
    """
    role = Role(
        scope,
        "ScheduleRole",
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        assumed_by=service_of_this_account("scheduler.amazonaws.com"),
    )
    role.add_to_policy(PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn]))
    schedule = CfnSchedule(
        scope,
        id_,
        schedule_expression=expression,
        flexible_time_window=CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=CfnSchedule.TargetProperty(
            arn=function.function_arn,
            role_arn=role.role_arn,
            retry_policy=CfnSchedule.RetryPolicyProperty(
                maximum_retry_attempts=0, maximum_event_age_in_seconds=60
            ),
        ),
    )
    # Without it the first invocations of a new stack are refused.
    schedule.node.add_dependency(role)
