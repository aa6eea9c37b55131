"""moto's interpreter is loaded without what it does not need; that is there as soon as it is used."""

import subprocess
import sys

_SCRIPT = """
import sys
import devtools.asl.interpreter
assert not [name for name in sys.modules if name.startswith("moto.ec2")], "EC2 was loaded"
import moto.batch
from moto.backends import get_backend
assert get_backend("batch") is moto.batch.batch_backends
assert "moto.ec2.models" in sys.modules
"""


def test_the_interpreter_loads_without_ec2_and_batch_works_when_it_is_used() -> None:
    run = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False)  # noqa: S603  ours

    assert run.returncode == 0, run.stderr
