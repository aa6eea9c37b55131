"""Opens a shop in this process, for the tests and for what is kept of a release."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from tests.workflow.deployment import Deployment
from tests.workflow.in_process_shop import InProcessShop


@contextmanager
def opened(deployment: Deployment) -> Iterator[InProcessShop]:
    """Open a shop with two products; the handlers have the deployed environment."""
    with pytest.MonkeyPatch.context() as patch:
        _make_requests_atomic(patch)
        for name, value in deployment.environment.items():
            patch.setenv(name, value)
        shop = InProcessShop(deployment=deployment)
        shop.stock("mug", 10)
        shop.stock("lamp", 10)
        _clear_services()
        yield shop
        _clear_services()


def _make_requests_atomic(patch: pytest.MonkeyPatch) -> None:
    """Let one thread at a time use moto: branches run in threads, and moto's tables are not thread-safe."""
    lock = threading.Lock()
    original = BotocoreStubber.process_request

    def process_request(self: BotocoreStubber, request: Any) -> Any:
        with lock:
            return original(self, request)

    patch.setattr(BotocoreStubber, "process_request", process_request)


def _clear_services() -> None:
    """Clear the handlers' cached adapters, which have the table names of an earlier test."""
    for service in ("inventory", "payment", "notification"):
        _clear_caches(import_module(f"handlers.{service}"))


def _clear_caches(module: ModuleType) -> None:
    for value in vars(module).values():
        if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
            value.cache_clear()
