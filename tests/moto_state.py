"""Makes what a test needs in moto only once, and gives every test its own copy of that."""

import io
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import Any, Final, TypeVar

from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BaseBackend

from tests.moto_clients import REGION

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was made, what it was made of, and the pickled state of the services at that time."""

    make: Callable[..., Any]
    of: tuple[Any, ...]
    made: Any
    states: dict[str, bytes]


_kept: Final[list[Kept]] = []


@contextmanager
def in_moto(services: Sequence[str], make: Callable[..., Made], *of: Any) -> Iterator[Made]:
    """Start moto, empty but for what `make(*of)` makes in these services; nobody may change its result."""
    with mock_aws():
        yield made_once(services, make, *of)


def made_once(services: Sequence[str], make: Callable[..., Made], *of: Any) -> Made:
    """Make something in services that are still empty; call it inside `mock_aws`."""
    for kept in _kept:
        # A template is slow to compare.
        if kept.make == make and all(its is mine for its, mine in zip(kept.of, of, strict=True)):
            for service, state in kept.states.items():
                vars(_backend(service)).update(_Unpickler(io.BytesIO(state)).load())
            return kept.made  # type: ignore[no-any-return]  # of the same function
    made = make(*of)
    states = {service: _state(service) for service in services}
    _kept.append(Kept(make=make, of=of, made=made, states=states))
    return made


def _backend(service: str) -> BaseBackend:
    backend: BaseBackend = get_backend(service)[DEFAULT_ACCOUNT_ID][REGION]  # type: ignore[call-overload]
    return backend


def _state(service: str) -> bytes:
    file = io.BytesIO()
    _Pickler(file).dump(vars(_backend(service)))
    return file.getvalue()


class _Pickler(pickle.Pickler):
    """Pickles the state of a service; in it, a service is its name, and a lock is a new one."""

    def persistent_id(self, value: Any) -> str | None:
        if isinstance(value, BaseBackend):
            return type(value).__module__.split(".")[1]
        return "a lock" if isinstance(value, Condition) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> Any:
        return Condition() if name == "a lock" else _backend(name)
