"""Lets moto and botocore remember what they compute anew for each request, though it is always the same."""

import inspect
import sys
from functools import cache
from types import ModuleType
from typing import Any, Final

import botocore.useragent
import jsonpath_ng.ext
import moto.backend_index
import moto.core.models
import moto.core.utils
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from moto.core.model import Shape
from moto.core.models import MockAWS
from moto.core.serialize import (
    AttributePicker,
    AttributePickerContext,
    ResponseSerializer,
    XFormedAttributePicker,
)
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import Validator
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
    _put_own_services_first()
    _remember_names()
    _traverse_quickly()
    _parse_updates_once()


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
    _check(Subscription, "return rsa.generate_private_key(")
    Subscription.private_key = lambda _: key()  # type: ignore[method-assign]


# Their names in moto are those in their addresses.
_OWN_SERVICES: Final = ("dynamodb", "sqs", "sns", "events")


def _put_own_services_first() -> None:
    """Let moto look for the service of a request among these first; it knows 250, and tries each pattern."""
    patterns = moto.backend_index.backend_url_patterns
    for service in _OWN_SERVICES:
        url = f"https://{service}.us-east-1.amazonaws.com/"
        if next(name for name, pattern in patterns if pattern.match(url)) != service:
            raise RuntimeError(f"moto does not answer {url} as {service}")
    patterns.sort(key=lambda each: each[0] not in _OWN_SERVICES)


def _remember_names() -> None:
    """Remember under which names moto looks for a member of a response; it tries up to ten for each.

    They depend on the classes of moto and on the model of the service alone. Most members are those of a
    DynamoDB attribute, which has one of ten.
    """
    _check(AttributePicker, "for possible_key in self.get_possible_keys(context):")
    _check(ResponseSerializer.get_value, "return self._value_picker(context)")
    picker_names = XFormedAttributePicker.get_possible_keys
    get_value = ResponseSerializer.get_value
    known: dict[tuple[type, Shape, str], tuple[str, ...]] = {}

    def names(self: XFormedAttributePicker, context: AttributePickerContext) -> tuple[str, ...]:
        key = (type(context.obj), context.shape, context.key)
        found = known.get(key)
        if found is None:
            found = known[key] = tuple(dict.fromkeys(picker_names(self, context)))
        return found

    def quick_value(self: ResponseSerializer, value: Any, key: str, shape: Shape) -> Any:
        if type(value) is dict and not self._value_picker.response_transformers:
            found = known.get((dict, shape, key))
            if found is not None and value.keys().isdisjoint(found):
                return None
        return get_value(self, value, key, shape)

    XFormedAttributePicker.get_possible_keys = names  # type: ignore[assignment,method-assign]
    ResponseSerializer.get_value = quick_value  # type: ignore[method-assign]


def _traverse_quickly() -> None:
    """Ask once for a class of traversals, not for each node, which nodes of an expression it changes."""
    _check(DepthFirstTraverser.nodes_to_be_processed, "tuple(k for k in self._processing_map().keys())")
    nodes = DepthFirstTraverser.nodes_to_be_processed
    known: dict[type, tuple[type, ...]] = {}

    def remembered(self: DepthFirstTraverser) -> tuple[type, ...]:
        found = known.get(type(self))
        if found is None:
            found = known[type(self)] = nodes(self)
        return found

    DepthFirstTraverser.nodes_to_be_processed = remembered


def _parse_updates_once() -> None:
    """Parse an update expression once; who changes the result has a copy."""
    _check(Validator.__init__, "self.node_to_validate = deepcopy(expression)")
    UpdateExpressionParser.make = cache(UpdateExpressionParser.make)


def _check(part: Any, has: str) -> None:
    if has not in inspect.getsource(part):
        raise RuntimeError(f"this version of moto has no more `{has}`: is the patch still needed?")
