"""What a call of AWS can fail with: a refusal, no connection, a response that got lost, no credentials."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

RESPONSE_GOT_LOST = ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com/")
FAILURES = [
    pytest.param(error, id=type(error).__name__ if not isinstance(error, ClientError) else str(error))
    for error in (
        ClientError({"Error": {"Code": "ThrottlingException"}}, "Any"),
        ClientError({"Error": {"Code": "InternalServerError"}}, "Any"),
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "Any"),
        ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Any"),
        EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com/"),
        RESPONSE_GOT_LOST,
        NoCredentialsError(),
    )
]
