"""Names what a deployment changes: the resources whose part of the template is another one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Paths of resources in the app, such as `Functions/Orders`."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind of change that there is."""
        kinds = {"added": self.added, "changed": self.changed, "removed": self.removed}
        for kind, paths in kinds.items():
            if paths:
                yield f"{kind}: {', '.join(paths)}"


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Compare two templates; what the CDK only notes about a resource does not count."""
    old, new = before.get("Resources", {}), after.get("Resources", {})
    in_both = old.keys() & new.keys()
    return Changes(
        added=_paths(new, new.keys() - old.keys()),
        removed=_paths(old, old.keys() - new.keys()),
        changed=_paths(new, {name for name in in_both if _part(old[name]) != _part(new[name])}),
    )


def _part(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "Metadata"}


def _paths(resources: Resources, names: set[str]) -> tuple[str, ...]:
    return tuple(sorted({_path(name, resources[name]) for name in names}))


def _path(name: str, resource: Mapping[str, Any]) -> str:
    path = str(resource.get("Metadata", {}).get("aws:cdk:path", name))
    parts = path.split("/")[1:] or [path]
    return "/".join(parts[:-1] if parts[-1] in {"Resource", "Default"} else parts)
