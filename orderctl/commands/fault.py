"""fault: makes a service fail on purpose."""

import re
from enum import StrEnum
from typing import Annotated

import typer

from handlers.contract.fault import Fault, InvalidFault
from orderctl.errors import OperatorError
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
        raise OperatorError(f"{text!r} is not a time", what_to_do="Write for example 2s or 500ms.")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def fault(  # noqa: PLR0913  one parameter an option
    *,
    service: Annotated[Service, typer.Argument()],
    action: Annotated[Action, typer.Argument()],
    rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of invocations that fail. Default: all.")
    ] = None,
    latency: Annotated[
        str,
        typer.Option(metavar="TIME", help="Delay each invocation; without --rate, none fails."),
    ] = "0s",
    force: Annotated[bool, typer.Option("--force", help="Allow it in the stage prod.")] = False,
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
    output.print(f"{service}: {_fault_text(switch.read())}")


def _fault(rate: float | None, latency: float) -> Fault:
    try:
        return Fault(rate=rate if rate is not None else float(not latency), latency=latency)
    except InvalidFault as error:
        raise OperatorError(str(error)) from None


def _fault_text(fault: Fault | None) -> str:
    if fault is None:
        return "off"
    delay = f", each after {fault.latency:g} s" if fault.latency else ""
    return f"on: {fault.rate:.0%} of its invocations fail{delay}"
