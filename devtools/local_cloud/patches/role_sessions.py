"""Sessions of roles are registered by one thread at a time.

MiniStack looks through all sessions for expired ones, in the thread of each worker that starts. When another
one registered its session in that moment, the start failed with a RuntimeError, which no Retry knows: in a
burst of first orders, one could end ON_HOLD. Only a cloud that enforces roles has such sessions.
"""

import threading
from typing import Any

from ministack.services import sts

from devtools.local_cloud.patches.expected import expect_signature, expect_source


def apply() -> None:
    """Patch the registration."""
    register = sts.register_session
    expect_signature(register, "access_key", "session")
    expect_source(register, "_evict_expired_sessions()")
    registering = threading.Lock()

    def register_alone(access_key: str, session: dict[str, Any]) -> None:
        with registering:
            register(access_key, session)

    sts.register_session = register_alone
