"""What differs between the stages, and nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class Stage(StrEnum):
    """`local` is an emulated cloud on one machine; `dev` and `prod` are AWS accounts."""

    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One deployment of the system."""

    stage: Stage
    # Data that outlives its stack: deletion protection, and tables that stay when the stack goes.
    keeps_data: bool
    # The emulator can't create an event archive.
    archives_events: bool

    @classmethod
    def of(cls, stage: Stage) -> Self:
        """Return the configuration of a stage."""
        return cls(
            stage=stage,
            keeps_data=stage is Stage.PROD,
            archives_events=stage is not Stage.LOCAL,
        )

    @property
    def stack_name(self) -> str:
        """One name per stage, so that one account can hold several."""
        return f"{STACK_PREFIX}-{self.stage}"


STACK_PREFIX: Final = "OrderProcessing"
