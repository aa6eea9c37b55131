"""The synthesized app is kept, so that the same app is not synthesized again."""

import sys
from pathlib import Path
from typing import Any, cast

import pytest

from devtools.checkout import REPOSITORY
from devtools.local_cloud import cdk_deploy, kept_synthesis
from devtools.local_cloud.folder import Folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where it is kept, empty."""
    return tmp_path / "store"


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """A synthesized app."""
    assembly = tmp_path / "assembly"
    (assembly / "asset.1").mkdir(parents=True)
    (assembly / "manifest.json").write_text("{}")
    (assembly / "asset.1" / "orders.py").write_text("new")
    return assembly


def test_what_was_kept_replaces_the_assembly_before(store: Path, assembly: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    (before / "asset.0").mkdir(parents=True)
    kept_synthesis.keep("a", assembly, store)

    assert kept_synthesis.restore("a", before, store)

    assert _files(before) == _files(assembly) == {"manifest.json", "asset.1", "asset.1/orders.py"}
    assert (before / "asset.1" / "orders.py").read_text() == "new"


def test_nothing_is_restored_for_other_sources(store: Path, assembly: Path) -> None:
    kept_synthesis.keep("a", assembly, store)

    assert not kept_synthesis.restore("b", assembly, store)
    assert _files(assembly) == {"manifest.json", "asset.1", "asset.1/orders.py"}


def test_only_the_last_one_is_kept(store: Path, assembly: Path) -> None:
    kept_synthesis.keep("a", assembly, store)
    kept_synthesis.keep("b", assembly, store)

    assert _files(store) == {"b.zip"}


def test_what_is_damaged_is_not_restored_and_is_replaced(store: Path, assembly: Path) -> None:
    kept_synthesis.keep("a", assembly, store)
    (store / "a.zip").write_text("")
    (store / "1.unfinished").write_text("of a process that was killed")

    assert not kept_synthesis.restore("a", assembly, store)
    assert _files(assembly) == {"manifest.json", "asset.1", "asset.1/orders.py"}
    kept_synthesis.keep("a", assembly, store)
    assert _files(store) == {"a.zip"}
    assert kept_synthesis.restore("a", assembly, store)


def test_other_sources_have_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text("first")
    digests = [kept_synthesis.sources_of(tmp_path)]
    (tmp_path / "app.py").write_text("second")
    digests.append(kept_synthesis.sources_of(tmp_path))
    monkeypatch.setattr(kept_synthesis, "local_cloud_digest", lambda: "other code that synthesizes it")
    digests.append(kept_synthesis.sources_of(tmp_path))
    monkeypatch.setattr(sys, "version", "another Python")
    digests.append(kept_synthesis.sources_of(tmp_path))
    monkeypatch.setattr(kept_synthesis, "version", lambda _: "another CDK")
    digests.append(kept_synthesis.sources_of(tmp_path))

    assert len(set(digests)) == 5
    assert kept_synthesis.sources_of(REPOSITORY) not in digests


@pytest.mark.parametrize(
    ("checkout", "started", "sources", "is_kept"),
    [
        pytest.param(REPOSITORY, 2.0, "now", True, id="nothing was edited"),
        pytest.param(REPOSITORY, 2.0, "before", False, id="edited since"),
        pytest.param(REPOSITORY, 1.0, "now", False, id="edited there and back"),
        pytest.param(Path("elsewhere"), 2.0, "now", False, id="of another checkout"),
    ],
)
def test_what_may_be_of_an_edit_in_the_middle_is_not_kept(  # noqa: PLR0913  the row of a table
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    checkout: Path,
    started: float,
    sources: str,
    *,
    is_kept: bool,
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(cdk_deploy, "app_changed_at", lambda: 1.0)
    monkeypatch.setattr(kept_synthesis, "sources_of", lambda _: "now")
    monkeypatch.setattr(kept_synthesis, "keep", lambda sources, _: kept.append(sources))
    process = cast("Any", None)

    cdk_deploy._keep_synthesis(
        cdk_deploy.Deployment(process=process, checkout=checkout, sources=sources, started=started),
        Folder.from_root(tmp_path),
    )

    assert kept == (["now"] if is_kept else [])


def _files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}
