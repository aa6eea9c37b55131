"""fault: makes a service fail on purpose."""

import re
from enum import StrEnum
from typing import Annotated

import typer

from handlers.contract.fault import Fault, InvalidFault
from orderctl.display.fault_text import consequences, fault_json, fault_text
from orderctl.display.json_output import AsJson, print_json
from orderctl.errors import WrongArguments
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import output, step


class Action(StrEnum):
    """What to do with the fault."""

    ON = "on"
    OFF = "off"
    STATUS = "status"


def _parse_seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)?", text)
    if not found:
        raise WrongArguments(f"{text!r} is not a time", what_to_do="Write for example 2s or 500ms.")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def fault(  # noqa: PLR0913  one parameter an option
    *,
    service: Annotated[Service, typer.Argument()],
    action: Annotated[Action, typer.Argument()],
    rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of its calls that fail. Default: all.")
    ] = None,
    latency: Annotated[
        str,
        typer.Option(metavar="TIME", help="Each call takes so much longer; without --rate, none fails."),
    ] = "0s",
    force: Annotated[bool, typer.Option("--force", help="Allow it in the stage prod.")] = False,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Make a service fail on purpose, or end the fault.

    The fault is in the environment variable FAULT_INJECTION of the function. The console shows it, and a
    deployment that changes the function removes it.
    """
    switch = FaultSwitch(find_stack(stack, profile, region), service)
    if action is Action.ON:
        wanted = _fault(rate, _parse_seconds(latency))
        with step(f"turning on the fault of the {service} service"):
            switch.turn_on(wanted, force=force)
    elif action is Action.OFF:
        with step(f"turning off the fault of the {service} service"):
            switch.turn_off()
    found = switch.read()
    if as_json:
        print_json(fault_json(service, found))
    else:
        output.print("\n".join([f"{service}: {fault_text(found)}", *consequences(service, found)]))


def _fault(rate: float | None, latency: float) -> Fault:
    try:
        return Fault(rate=rate if rate is not None else float(not latency), latency=latency)
    except InvalidFault as error:
        raise WrongArguments(str(error)) from None
