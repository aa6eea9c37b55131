"""The CDK app: `cdk deploy -c stage=local|dev|prod`."""

from aws_cdk import App

from infrastructure.config import Stage, StageConfig
from infrastructure.stack import OrderProcessingStack

app = App(analytics_reporting=False)
config = StageConfig.of(Stage(app.node.try_get_context("stage") or "dev"))
OrderProcessingStack(app, config.stack_name, config=config)
app.synth()
