"""Lets moto and botocore remember what they compute anew for each request, though it is always the same."""

import inspect
import sys
from functools import cache
from types import ModuleType
from typing import Any, Final

import botocore.useragent
import jsonpath_ng.ext
import moto.core.models
import moto.core.utils
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from moto.core.models import MockAWS
from moto.sns.models import Subscription

# Their results depend on their arguments alone, which are texts and classes; nobody changes a parsed path.
_PURE: Final = (
    (moto.core.utils, "camelcase_to_underscores"),
    (moto.core.utils, "method_names_from_class"),
    (botocore.useragent, "sanitize_user_agent_string_component"),
    (jsonpath_ng.ext, "parse"),
)


def quicken() -> None:
    """Call it once in a process."""
    for module, name in _PURE:
        _remember(module, name)
    _register_once()
    _make_one_key()


def _remember(module: ModuleType, name: str) -> None:
    original = getattr(module, name)
    remembering = cache(original)
    for user in list(sys.modules.values()):
        if vars(user).get(name) is original:
            setattr(user, name, remembering)


def _register_once() -> None:
    """Make only once the 1,300 patterns by which moto answers other libraries than botocore.

    It takes longer to make them than to create the tables.
    """
    original = MockAWS._enable_patching
    registered: dict[str, list[Any]] = {}

    def enable(self: MockAWS, reset: bool = True) -> None:  # noqa: FBT001, FBT002  as moto has it
        if not registered:
            original(self, reset)
            registered.update(moto.core.models.responses_mock._registry._registered)
            return
        moto.core.models.botocore_stubber.enabled = True
        if reset:
            self.reset()
        moto.core.models.responses_mock.start()
        for method, patterns in registered.items():
            moto.core.models.responses_mock._registry._registered[method] = list(patterns)

    MockAWS._enable_patching = enable  # type: ignore[method-assign]


def _make_one_key() -> None:
    """Sign the notifications of all topics with one key; to make one takes 0.1 s."""
    key = cache(lambda: generate_private_key(public_exponent=65_537, key_size=2_048))
    if "return rsa.generate_private_key(" not in inspect.getsource(Subscription):
        raise RuntimeError(
            "this version of moto signs notifications in another way: is the patch still needed?"
        )
    Subscription.private_key = lambda _: key()  # type: ignore[method-assign]
