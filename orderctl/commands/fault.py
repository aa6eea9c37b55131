"""Breaks a service on purpose: fault."""

import re
from enum import StrEnum
from typing import Annotated

import typer

from handlers.contract.fault import Fault, InvalidFault
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import output, step

app = typer.Typer()


class Action(StrEnum):
    """What to do with the switch."""

    ON = "on"
    OFF = "off"
    STATUS = "status"


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)?", text)
    if not found:
        raise OperatorError(f"{text!r} is no time", what_to_do="Write for example 2s or 500ms.")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


@app.command()
def fault(  # noqa: PLR0913  one parameter an option
    *,
    service: Annotated[Service, typer.Argument()],
    action: Annotated[Action, typer.Argument()],
    rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of invocations that fail; all, if not given.")
    ] = None,
    latency: Annotated[
        str, typer.Option(metavar="TIME", help="Delay each one by e.g. 2s; alone: none fails.")
    ] = "0s",
    force: Annotated[bool, typer.Option("--force", help="Also in the stage prod.")] = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let a service fail as if what it depends on were broken, or leave it alone again.

    The switch is the function's environment variable FAULT_INJECTION: its console page shows it, and a
    deployment that changes the function takes it away.
    """
    switch = FaultSwitch(find_stack(stack, profile, region), service)
    if action is Action.ON:
        wanted = _fault(rate, _seconds(latency))
        with step(f"breaking the {service} service"):
            switch.turn_on(wanted, force=force)
    elif action is Action.OFF:
        with step(f"mending the {service} service"):
            switch.turn_off()
    output.print(f"{service}: {_said(switch.read())}")


def _fault(rate: float | None, latency: float) -> Fault:
    try:
        return Fault(rate=rate if rate is not None else float(not latency), latency=latency)
    except InvalidFault as error:
        raise OperatorError(str(error)) from None


def _said(fault: Fault | None) -> str:
    if fault is None:
        return "off"
    delay = f", each after {fault.latency:g} s" if fault.latency else ""
    return f"on: {fault.rate:.0%} of its invocations fail{delay}"
