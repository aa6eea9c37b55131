"""Fixtures of the workflow tests."""

import threading
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from tests.workflow.deployment import Deployment, deploy
from tests.workflow.in_process_shop import InProcessShop


@pytest.fixture(scope="module")
def deployment(dev_template: dict[str, Any]) -> Iterator[Deployment]:
    with mock_aws():
        yield deploy(dev_template)


@pytest.fixture
def shop(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessShop]:
    """A shop with two products and empty queues; the handlers have the deployed environment."""
    _make_requests_atomic(monkeypatch)
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    deployment.hide_messages()
    shop = InProcessShop(deployment=deployment)
    shop.stock("mug", 10)
    shop.stock("lamp", 10)
    _clear_services()
    yield shop
    _clear_services()


def _make_requests_atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one thread at a time use moto: branches run in threads, and moto's tables are not thread-safe."""
    lock = threading.Lock()
    original = BotocoreStubber.process_request

    def process_request(self: BotocoreStubber, request: Any) -> Any:
        with lock:
            return original(self, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", process_request)


def _clear_services() -> None:
    """Clear the handlers' cached adapters, which have the table names of an earlier test."""
    for service in ("inventory", "payment", "notification"):
        _clear_caches(import_module(f"handlers.{service}"))


def _clear_caches(module: ModuleType) -> None:
    for value in vars(module).values():
        if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
            value.cache_clear()
