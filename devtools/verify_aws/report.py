"""The report of a run, in Markdown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from devtools.verify_aws.part import Part
from devtools.verify_aws.plan import Plan


def report(plan: Plan, parts: Sequence[Part], began: datetime) -> str:
    """Return the whole text."""
    return "\n".join(_lines(plan, parts, began)) + "\n"


def passed(parts: Sequence[Part]) -> bool:
    """Tell whether every part is as it should be."""
    return all(part.found.ok for part in parts)


def _lines(plan: Plan, parts: Sequence[Part], began: datetime) -> Iterator[str]:
    yield f"# verify-aws of {plan.place.stage}: {'passed' if passed(parts) else 'FAILED'}"
    yield ""
    yield f"- began {began.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"- stack {plan.place.stack_name}, Region {plan.place.region}, account {plan.account}"
    yield f"- on {plan.where}"
    if plan.tests:
        yield f"- only the tests `{plan.tests}`"
    yield ""
    yield "| part | | took | |"
    yield "|---|---|---|---|"
    for part in parts:
        first_line = next(iter(part.found.text.splitlines()), "").replace("|", "\\|")
        yield f"| {part.name} | {'✓' if part.found.ok else '✗'} | {_duration(part.seconds)} | {first_line} |"
    for part in parts:
        if part.found.details:
            yield from ("", f"## {part.name}")
            for paragraph in part.found.details:
                yield from ("", paragraph)
    if any(part.name == "destroy" and (plan.keep or not part.found.ok) for part in parts):
        yield from ("", "## What is left", "", f"To destroy the stage by hand: `{plan.by_hand}`")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
