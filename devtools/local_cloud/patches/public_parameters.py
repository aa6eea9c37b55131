"""The public parameter with the ARN of Powertools' layer exists, as in every AWS account.

MiniStack refuses to create a parameter under `/aws`. It has no public layers and skips this one:
the Lambdas import Powertools from the virtual environment.
https://docs.aws.amazon.com/powertools/python/latest/getting-started/install/
"""

from importlib.metadata import version
from typing import Final

from ministack.services import ssm

from devtools.local_cloud.patches.expected import PatchOutdatedError, expect_source
from orderctl.local_cloud import LOCAL_REGION

_LAYER: Final = (
    f"arn:aws:lambda:{LOCAL_REGION}:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:1"
)


def apply() -> None:
    """Add the parameter of the Powertools version that is installed."""
    expect_source(ssm._public_parameter, "_PUBLIC_AMI_PARAMETERS.get(name)")
    if not isinstance(ssm._PUBLIC_AMI_PARAMETERS, dict):
        raise PatchOutdatedError("its public parameters are no dict")
    name = f"/aws/service/powertools/python/arm64/python3.13/{version('aws-lambda-powertools')}"
    ssm._PUBLIC_AMI_PARAMETERS[name] = _LAYER
