"""The page of the faults: what makes a service fail on purpose, to see how the system reacts. Not in prod."""

from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handlers.contract.fault import Fault, InvalidFault
from orderctl.console.actions import Form, post
from orderctl.console.context import console_of
from orderctl.console.rendering import page
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.display.fault_text import consequences, fault_text
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.stack import Stack

_NOT_FOUND: Final = 404
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFault:
    """The present fault of a service. A call can be `most_latency` seconds slower and still succeed."""

    service: Service
    fault: Fault | None
    most_latency: float

    @property
    def text(self) -> str:
        """Say what it does to the calls of the service."""
        return fault_text(self.fault)

    @property
    def consequence(self) -> str:
        """Say what it does to orders; "" when no call fails."""
        return consequence(self.service, self.fault)


def consequence(service: Service, fault: Fault | None) -> str:
    """Say what a fault does to orders; the page has a button instead of the command that ends it."""
    return " ".join(consequences(service, fault)[:-1])


def _page(request: Request) -> Response:
    _require_not_prod(request)
    stack = console_of(request).stack
    workflow = DeployedWorkflow(stack)
    return page(request, "faults.html", faults=[_read(stack, service, workflow) for service in Service])


def _turn(request: Request, form: Form) -> Response:
    """Turn a fault on or off. It says what that does first, and does it when that is confirmed."""
    _require_not_prod(request)
    service = _service(request)
    wanted = _wanted(form)
    switch = FaultSwitch(console_of(request).stack, service)
    if form.text("confirmed") != "yes":
        switch.check(wanted)
        return page(
            request,
            "faults_confirm.html",
            service=service,
            wanted=wanted,
            words=fault_text(wanted),
            consequence=consequence(service, wanted),
        )
    if wanted:
        switch.turn_on(wanted)
    else:
        switch.turn_off()
    return page(request, "faults_done.html", each=_read(console_of(request).stack, service))


def _read(stack: Stack, service: Service, workflow: DeployedWorkflow | None = None) -> ServiceFault:
    switch = FaultSwitch(stack, service, workflow)
    try:
        fault = switch.read()
    except InvalidFault as error:
        raise OperatorError(
            f"The fault of the {service} service can't be read",
            why=str(error),
            what_to_do=f"End it with `orderctl fault {service} off`.",
        ) from None
    return ServiceFault(service=service, fault=fault, most_latency=switch.most_latency())


def _wanted(form: Form) -> Fault | None:
    """Return the fault that the form asks for; None to turn it off. Its rate is in percent."""
    if form.text("action") != "on":
        return None
    try:
        fault = Fault(
            rate=float(form.text("rate") or _PERCENT) / _PERCENT, latency=float(form.text("latency") or 0)
        )
    except (InvalidFault, ValueError):
        raise OperatorError(
            "That is no fault",
            what_to_do="The share of calls that fail is a number from 0 to 100, the latency of seconds.",
        ) from None
    if not fault.rate and not fault.latency:
        raise OperatorError("That fault does nothing", what_to_do="Let some calls fail, or make them slower.")
    return fault


def _service(request: Request) -> Service:
    try:
        return Service(request.path_params["service"])
    except ValueError:
        raise HTTPException(_NOT_FOUND) from None


def _require_not_prod(request: Request) -> None:
    if console_of(request).is_prod:
        raise HTTPException(_NOT_FOUND)


ROUTES: Final = [
    Route("/faults", _page),
    post("/faults/{service}", _turn),
]
