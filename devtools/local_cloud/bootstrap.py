"""Creates in the local cloud what `cdk bootstrap` creates on AWS, without the 12 s of CloudFormation."""

import json
from typing import Final

from orderctl.local_cloud import LOCAL_ACCOUNT, LOCAL_REGION, local_client

# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
_QUALIFIER: Final = "hnb659fds"
_BOOTSTRAP_VERSION: Final = "30"
_ROLES: Final = (
    "deploy-role",
    "file-publishing-role",
    "image-publishing-role",
    "lookup-role",
    "cfn-exec-role",
)
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{LOCAL_ACCOUNT}:root"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudformation.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    ],
}


def bootstrap(endpoint_url: str) -> None:
    """Create the resources that `cdk deploy` needs."""
    ssm = local_client("ssm", endpoint_url)
    ssm.put_parameter(Name=f"/cdk-bootstrap/{_QUALIFIER}/version", Value=_BOOTSTRAP_VERSION, Type="String")
    local_client("s3", endpoint_url).create_bucket(
        Bucket=f"cdk-{_QUALIFIER}-assets-{LOCAL_ACCOUNT}-{LOCAL_REGION}"
    )
    iam = local_client("iam", endpoint_url)
    for role in _ROLES:
        name = f"cdk-{_QUALIFIER}-{role}-{LOCAL_ACCOUNT}-{LOCAL_REGION}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
