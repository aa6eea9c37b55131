"""Says in the browser what went wrong: a page has no options of a command, and a local cloud is no AWS."""

import re
from typing import Final

from botocore.exceptions import NoCredentialsError

from orderctl.aws_calls import NO_RESPONSE, operator_error
from orderctl.errors import OperatorError

# What a person adds to a command, and not to a page.
_OPTION: Final = re.compile(
    r", or check --stage(?=\.)|(?<=the network), --region, and for a local cloud `orderctl status`(?=\.)"
)


def problem(error: Exception, *, is_local: bool) -> OperatorError:
    """Return an error of AWS, of the way to it or of `orderctl` as a page says it."""
    if is_local and isinstance(error, NO_RESPONSE):
        return OperatorError("The local cloud does not respond", what_to_do="Start it with `orderctl up`.")
    if isinstance(error, NoCredentialsError):
        return OperatorError(
            "No AWS credentials were found",
            what_to_do="Sign in to AWS, or start the console with --profile.",
        )
    explained = error if isinstance(error, OperatorError) else operator_error(error)
    if explained is None:
        return OperatorError(str(error) or type(error).__name__)
    return OperatorError(explained.what, why=explained.why, what_to_do=_OPTION.sub("", explained.what_to_do))


def problem_text(error: Exception, is_local: bool) -> str:
    """Return it in one line."""
    explained = problem(error, is_local=is_local)
    return " ".join(f"{line.rstrip('.')}." for line in str(explained).splitlines())
