"""An event that can't be delivered to a rule's target goes to the target's dead-letter queue, as on AWS.

MiniStack drops it. The message is the event, and its attributes have the reason:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import json
from typing import Any

from ministack.services import eventbridge, lambda_svc, sqs, stepfunctions

from devtools.local_cloud.patches.expected import expect_signature, expect_source


def apply() -> None:
    """Patch the delivery to a target."""
    deliver = eventbridge._invoke_target
    expect_signature(deliver, "target", "event", "rule", "view")
    expect_source(eventbridge._dispatch_to_stepfunctions, "_resolve_state_machine_arn(arn) is None")
    expect_source(eventbridge._dispatch_to_lambda, "_get_func_record_for_ref(arn)")
    expect_signature(sqs._act_send_message, "data", "qurl")

    def deliver_or_park(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        missing = _missing_target(target.get("Arn", ""))
        if missing:
            _park(target, event, rule, missing)
        else:
            deliver(target, event, rule, view)

    eventbridge._invoke_target = deliver_or_park


def _missing_target(target_arn: str) -> str | None:
    service = target_arn.split(":")[2] if target_arn.count(":") > 4 else ""  # noqa: PLR2004  an ARN has six parts
    if service == "states" and stepfunctions._resolve_state_machine_arn(target_arn) is None:
        return "State machine does not exist"
    if service == "lambda" and not lambda_svc._get_func_record_for_ref(target_arn)[0]:
        return "Function does not exist"
    return None


def _park(target: Any, event: Any, rule: Any, message: str) -> None:
    eventbridge.logger.warning("EventBridge: %s not delivered: %s", target["Arn"], message)
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    attributes = {
        "RULE_ARN": rule.get("Arn", "-"),
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "RESOURCE_NOT_FOUND",
        "ERROR_MESSAGE": message,
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "0",
    }
    *_, account, name = queue_arn.split(":")
    sqs._act_send_message(
        {
            "MessageBody": json.dumps(eventbridge._pattern_event_view(event).event_with_detail()),
            "MessageAttributes": {
                key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()
            },
        },
        f"http://localhost/{account}/{name}",
    )
