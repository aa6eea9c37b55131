"""The API keeps its id and its key from one local cloud to the next, so that what was pasted still works.

MiniStack chooses new ones for each new API.
"""

import os
from typing import Any, Final

from ministack.services import apigateway_v1

from devtools.local_cloud.patches.expected import expect_signature, expect_source

# The launcher sets them; see devtools/local_cloud/address.py.
API_ID: Final = "LOCAL_CLOUD_API_ID"
API_KEY: Final = "LOCAL_CLOUD_API_KEY"


def apply() -> None:
    """Patch the creation of the first REST API and of the first API key."""
    create_api, create_key = apigateway_v1._create_rest_api, apigateway_v1._create_api_key
    expect_signature(create_api, "data")
    expect_source(apigateway_v1._resolve_custom_rest_api_id, 'tags.get("ms-custom-id")')
    expect_signature(create_key, "data")
    expect_source(create_key, 'data.get("value")')
    api_id, api_key = os.environ[API_ID], os.environ[API_KEY]

    def create_api_with_our_id(data: dict[str, Any]) -> Any:
        if apigateway_v1.find_api_scope(api_id) is None:
            data = {**data, "tags": {**data.get("tags", {}), "ms-custom-id": api_id}}
        return create_api(data)

    def create_key_with_our_value(data: dict[str, Any]) -> Any:
        taken = any(key["value"] == api_key for key in apigateway_v1._api_keys.values())
        if data.get("value") is None and not taken:
            data = {**data, "value": api_key}
        return create_key(data)

    apigateway_v1._create_rest_api = create_api_with_our_id
    apigateway_v1._create_api_key = create_key_with_our_value
