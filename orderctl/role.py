"""Which role orderctl assumes on AWS."""

from typing import Final

# An ARN, or OPERATOR for the role that the stack has.
ROLE_VARIABLE: Final = "ORDERCTL_ROLE"
OPERATOR: Final = "operator"
