"""Check the templates of all stages with cdk-nag, cfn-lint (the workflow included) and checkov."""

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aws_cdk import Acknowledgment, Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from devtools.accepted_findings import ACCEPTED, Finding, Linter, not_accepted
from devtools.asl.definition import for_cfn_lint, read_definition
from devtools.checkov import checkov_findings
from devtools.templates import unsynthesized
from handlers.contract.names import PaymentProvider, Stage
from infrastructure.config import StageConfig
from infrastructure.stack import OrderProcessingStack

# Prod must choose a payment provider. Stripe has all resources of the other one.
_OF_PROD: Final = {
    "payment_gateway": PaymentProvider.STRIPE,
    "stripe_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe-AbCdEf",
    "contact_data_days": "90",
    "monthly_budget": "50",
    "operations_email": "ops@example.com",
}


def main() -> None:
    """Print the findings for the templates of all stages, and exit with 1 if there are any."""
    with TemporaryDirectory() as folder:
        templates = {config: Path(folder, config.stage) for config in _configs()}
        found = list(_cdk_nag(templates))
        files = [outdir / f"{config.stack_name}.template.json" for config, outdir in templates.items()]
        found += not_accepted(Linter.CFN_LINT, chain.from_iterable(map(_cfn_lint, files)), ACCEPTED)
        found += not_accepted(Linter.CHECKOV, checkov_findings(files), ACCEPTED)
    for finding in found:
        print(finding)  # noqa: T201  the output of a command
    sys.exit(1 if found else 0)


def _configs() -> Iterator[StageConfig]:
    for stage in Stage:
        yield StageConfig.for_stage(stage, **(_OF_PROD if stage is Stage.PROD else {}))


def _cdk_nag(outdirs: Mapping[StageConfig, Path]) -> Iterator[str]:
    """Synthesize each stage; cdk-nag looks at its constructs meanwhile."""
    for config, outdir in outdirs.items():
        app, stack = unsynthesized(config, outdir)
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        _accept(stack)
        try:
            app.synth()
        except RuntimeError:
            yield f"{config.stage}: cdk-nag's findings are in the report above"


def _accept(stack: OrderProcessingStack) -> None:
    for accepted in ACCEPTED:
        if accepted.linter is Linter.CDK_NAG:
            Validations.of(stack.node.find_child(accepted.under)).acknowledge(
                Acknowledgment(id=f"AwsSolutions::AwsSolutions-{accepted.rule}", reason=accepted.reason)
            )


def _cfn_lint(file: Path) -> Iterator[Finding]:
    template = json.loads(file.read_text())
    _inline_definitions(template)
    for match in lint(json.dumps(template), config=ManualArgs()):
        path = [str(part) for part in match.path or []]
        yield Finding(
            rule=match.rule.id,
            resource=path[1] if path[:1] == ["Resources"] else "",
            text=f"{match.message} ({file.name}: {'/'.join(path)})",
        )


def _inline_definitions(template: dict[str, Any]) -> None:
    """Put the workflow into the template, because cfn-lint does not read an S3 location."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            del resource["Properties"]["DefinitionS3Location"]
            resource["Properties"]["DefinitionString"] = json.dumps(for_cfn_lint(read_definition()))


if __name__ == "__main__":
    main()
