"""The code of the Lambda functions: one module per function, over adapters, over a pure domain."""
