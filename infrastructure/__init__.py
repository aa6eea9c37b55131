"""The AWS resources: one construct per capability, one stack that wires them."""
