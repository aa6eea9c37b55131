"""doctor: checks an account before a deployment, and a deployed stage."""

from functools import partial
from typing import Final

from rich.text import Text

from handlers.contract.names import STACK_PREFIX, Stage
from orderctl.display.json_output import AsJson, print_json
from orderctl.doctor.examination import CHECKS, examine
from orderctl.doctor.finding import Finding, Verdict
from orderctl.doctor.place import Place
from orderctl.errors import Interrupted, OperatorError
from orderctl.local_cloud import LOCAL_REGION, local_client
from orderctl.stack import Profile, Region, StackName, aws_client, find_stack
from orderctl.terminal import output, waiting

_MARKS: Final = {
    Verdict.OK: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.PROBLEM: ("✗", "bold red"),
    Verdict.UNKNOWN: ("?", "yellow"),
}


def doctor(
    *, as_json: AsJson = False, stage: StackName = None, profile: Profile = None, region: Region = None
) -> None:
    """Check what a stage needs, before a deployment and after. Nothing is changed."""
    place = _place(stage, profile, region)
    found: dict[str, Finding] = {}
    try:
        with waiting(f"checking the stage {place.stage}"):
            for name, finding in examine(place):
                found[name] = finding
                if not as_json:
                    output.print(_line(name, finding))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: {len(found)} of {len(CHECKS)} checks are done, and nothing was changed",
            what_to_do="Run the same command again.",
        ) from None
    if as_json:
        print_json({"stage": place.stage, "checks": [_json(*each) for each in found.items()]})
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in found.values())
    if problems:
        raise OperatorError(f"{problems} of {len(found)} checks found a problem")


def _place(stack: str | None, profile: str | None, region: str | None) -> Place:
    stage = (stack or Stage.LOCAL).removeprefix(f"{STACK_PREFIX}-")
    if stage == Stage.LOCAL:
        endpoint_url = str(find_stack().endpoint_url)
        return Place(
            stage=stage, region=LOCAL_REGION, client=partial(local_client, endpoint_url=endpoint_url)
        )
    named_region, client = aws_client(f"the stage {stage}", profile, region)
    return Place(stage=stage, region=named_region, client=client)


def _json(name: str, finding: Finding) -> dict[str, str | None]:
    return {
        "check": name,
        "verdict": finding.verdict,
        "text": finding.text,
        "whatToDo": finding.what_to_do or None,
    }


def _line(name: str, finding: Finding) -> Text:
    mark, style = _MARKS[finding.verdict]
    line = Text.assemble((f"{mark} ", style), f"{name:<20}", finding.text)
    if finding.what_to_do:
        line.append(f"\n  {'':<20}{finding.what_to_do}", style="dim")
    return line
