"""Says what a fault does to a service and its orders."""

from typing import Any

from handlers.contract.fault import Fault
from orderctl.fault_switch import Service


def fault_text(fault: Fault | None) -> str:
    """Say what the fault does to the calls of its service."""
    if fault is None:
        return "off, its calls are served as usual"
    if fault.rate == 1:
        failing = "every call fails"
    else:
        failing = f"about {fault.rate:.0%} of its calls fail" if fault.rate else "no call fails"
    slow = f", and each takes {fault.latency:g} s longer" if fault.latency else ""
    return f"on, {failing}{slow}"


def consequences(service: Service, fault: Fault | None) -> list[str]:
    """Say what the fault does to orders, and how it ends."""
    if fault is None:
        return []
    goes_on = "the order goes on" if service is Service.NOTIFICATION else "the order is ON_HOLD"
    parked = f"A step that fails in all its attempts is parked on the {service} queue, and {goes_on}."
    return [*([parked] if fault.rate else []), f"`orderctl fault {service} off` ends it."]


def fault_json(service: Service, fault: Fault | None) -> dict[str, Any]:
    """Return the fault; without one, rate and latency are 0."""
    return {
        "service": service.value,
        "on": fault is not None,
        "rate": fault.rate if fault else 0.0,
        "latencySeconds": fault.latency if fault else 0.0,
        "explanation": fault_text(fault),
    }
