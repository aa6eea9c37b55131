"""A boto3 session with the credentials of a role, which are renewed before they expire."""

from typing import Any, Final

import boto3
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.session import Session

_SESSION_NAME: Final = "orderctl"


class _AssumedRole(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    METHOD = "assume-role"

    def __init__(self, source: Session, role_arn: str) -> None:
        super().__init__(source)
        self._source = source
        self._role_arn = role_arn

    def load(self) -> Any:
        """Return credentials that are fetched at the first call, and again before they expire.

        A session lasts an hour, and a redrive can last longer.
        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._source.create_client,
            source_credentials=self._source.get_credentials(),
            role_arn=self._role_arn,
            extra_args={"RoleSessionName": _SESSION_NAME},
        )
        return DeferredRefreshableCredentials(method=self.METHOD, refresh_using=fetcher.fetch_credentials)


def assumed(profile: str | None, region: str | None, role_arn: str) -> boto3.Session:
    """Return a session that assumes a role with the credentials of a profile."""
    source, session = Session(profile=profile), Session()
    if region is not None:
        source.set_config_variable("region", region)
    session.register_component("credential_provider", CredentialResolver([_AssumedRole(source, role_arn)]))
    return boto3.Session(botocore_session=session, region_name=region)
