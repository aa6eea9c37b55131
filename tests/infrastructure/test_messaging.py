"""The bus, the dead-letter queues and the topic."""

from typing import Any, Final

import pytest

from tests.infrastructure.resources import function, listed, of_type, only, published

_DLQS: Final = ("InventoryDlqUrl", "PaymentDlqUrl", "NotificationDlqUrl", "DeliveryDlqUrl")


@pytest.fixture(params=_DLQS)
def queue_id(request: pytest.FixtureRequest, dev_template: dict[str, Any]) -> str:
    return published(dev_template, request.param)


def test_there_is_one_queue_for_each_service_and_one_for_deliveries(dev_template: dict[str, Any]) -> None:
    queues = {published(dev_template, output) for output in _DLQS}

    assert queues == of_type(dev_template, "AWS::SQS::Queue").keys()
    assert len(queues) == 4


def test_a_message_is_encrypted_and_kept_for_two_weeks(dev_template: dict[str, Any], queue_id: str) -> None:
    queue = of_type(dev_template, "AWS::SQS::Queue")[queue_id]

    assert queue == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 24 * 3600}


def test_a_queue_refuses_requests_without_tls(dev_template: dict[str, Any], queue_id: str) -> None:
    (policy,) = (
        each
        for each in of_type(dev_template, "AWS::SQS::QueuePolicy").values()
        if each["Queues"] == [{"Ref": queue_id}]
    )

    denials = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]

    assert [(each["Action"], each["Condition"]) for each in denials] == [
        ("sqs:*", {"Bool": {"aws:SecureTransport": "false"}})
    ]


def test_every_event_of_the_shop_is_archived_for_30_days(dev_template: dict[str, Any]) -> None:
    archive = only(dev_template, "AWS::Events::Archive")

    assert archive["SourceArn"] == {"Fn::GetAtt": [published(dev_template, "EventBusName"), "Arn"]}
    assert archive["EventPattern"] == {"source": ["ecommerce.orders"]}
    assert archive["RetentionDays"] == 30
    # Some Regions refuse an empty one: https://github.com/aws/aws-cdk/issues/37847
    assert "KmsKeyIdentifier" not in archive


def test_notifications_are_encrypted_and_published_over_tls_only(dev_template: dict[str, Any]) -> None:
    topic = function(dev_template, "notification")["Environment"]["Variables"]["TOPIC_ARN"]
    (policy,) = (
        each for each in of_type(dev_template, "AWS::SNS::TopicPolicy").values() if each["Topics"] == [topic]
    )

    (denial,) = policy["PolicyDocument"]["Statement"]

    # An ARN of the alias would not make SNS create the key: https://github.com/aws/aws-cdk/issues/22605
    assert of_type(dev_template, "AWS::SNS::Topic")[topic["Ref"]]["KmsMasterKeyId"] == "alias/aws/sns"
    assert (denial["Effect"], listed(denial["Action"])) == ("Deny", ["sns:Publish"])


def test_an_e_mail_address_is_subscribed_when_one_is_given(template_with_options: dict[str, Any]) -> None:
    topic = function(template_with_options, "notification")["Environment"]["Variables"]["TOPIC_ARN"]
    (subscription,) = (
        each
        for each in of_type(template_with_options, "AWS::SNS::Subscription").values()
        if each["TopicArn"] == topic
    )

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_no_address_is_subscribed_by_default(dev_template: dict[str, Any]) -> None:
    assert of_type(dev_template, "AWS::SNS::Subscription") == {}
