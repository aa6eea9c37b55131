"""Trust in AWS services: a service may assume a role only on behalf of this account."""

from typing import Final

from aws_cdk import Aws
from aws_cdk.aws_iam import ServicePrincipal

# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
ONLY_THIS_ACCOUNT: Final = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


def service_of_this_account(service: str) -> ServicePrincipal:
    """Return the principal of a service that sends the account whose resource it works for."""
    return ServicePrincipal(service, conditions=ONLY_THIS_ACCOUNT)
