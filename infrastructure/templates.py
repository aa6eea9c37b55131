"""Synthesis in this process, for the linter and the tests: the template of `cdk synth` without the CLI."""

import json
from pathlib import Path
from typing import Any, Final

from aws_cdk import App

from infrastructure.config import StageConfig
from infrastructure.stack import OrderProcessingStack

_CDK_JSON: Final = Path(__file__).parent.parent / "cdk.json"


def template(config: StageConfig, outdir: Path) -> dict[str, Any]:
    """Return the CloudFormation template of a stage; template and assets stay in `outdir`."""
    feature_flags = json.loads(_CDK_JSON.read_text())["context"]
    app = App(outdir=str(outdir), context=feature_flags, analytics_reporting=False)
    OrderProcessingStack(app, config.stack_name, config=config)
    app.synth()
    synthesized: dict[str, Any] = json.loads((outdir / f"{config.stack_name}.template.json").read_text())
    return synthesized
