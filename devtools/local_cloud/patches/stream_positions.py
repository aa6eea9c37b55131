"""After a restart, a function gets the changes of a table from the first one on.

MiniStack saves how far a function has read a stream, but not the stream: after a restart, the new stream has
no change at that position, and the function gets none until as many were made as before. With this patch it
reads the new stream from its beginning. What was not read before the restart is lost, and AWS loses nothing;
the local cloud has only a function that counts.
"""

from typing import Any

from ministack.services import dynamodb, lambda_svc

from devtools.local_cloud.patches.expected import PatchOutdatedError, expect_signature, expect_source


def apply() -> None:
    """Patch what is restored of the streams."""
    restore = lambda_svc._restore_esm_positions
    expect_signature(restore, "store", "positions")
    expect_source(lambda_svc._restore_state, "_restore_esm_positions(_dynamodb_stream_positions,")
    if any("stream" in name for name in dynamodb.get_state()):
        raise PatchOutdatedError("it saves the streams of DynamoDB")

    def restore_without_streams(store: Any, positions: Any) -> None:
        if store is not lambda_svc._dynamodb_stream_positions:
            restore(store, positions)

    lambda_svc._restore_esm_positions = restore_without_streams
