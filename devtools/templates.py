"""Synthesis in this process, for the linter and the tests: the template of `cdk synth` without the CLI."""

import json
from pathlib import Path
from typing import Any, Final

from aws_cdk import App

from devtools.checkout import REPOSITORY
from infrastructure.config import StageConfig
from infrastructure.stack import OrderProcessingStack

_CDK_JSON: Final = REPOSITORY / "cdk.json"


def unsynthesized(config: StageConfig, outdir: Path) -> tuple[App, OrderProcessingStack]:
    """Return the app of a stage as app.py makes it, with the feature flags of cdk.json."""
    feature_flags = json.loads(_CDK_JSON.read_text())["context"]
    app = App(outdir=str(outdir), context=feature_flags, analytics_reporting=False)
    return app, OrderProcessingStack(app, config.stack_name, config=config)


def template(config: StageConfig, outdir: Path) -> dict[str, Any]:
    """Return the CloudFormation template of a stage; template and assets stay in `outdir`."""
    app, stack = unsynthesized(config, outdir)
    app.synth()
    synthesized: dict[str, Any] = json.loads((outdir / stack.template_file).read_text())
    return synthesized
