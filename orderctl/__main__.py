"""The entry point of orderctl. Ctrl-C, a closed pipe or a full disk print no traceback."""

import errno
import gc
import os
import signal
import sys

_FAILED = 1
# What a write to standard output fails with: a full disk, a quota, a broken device, a closed file or pipe.
_NOT_WRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EPIPE}
# A command is short, and most of what it loads lives to its end: looking for garbage as often as Python does
# by default takes 0.1 s.
_ALLOCATIONS_BETWEEN_COLLECTIONS = 500_000


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    # Until the command line can handle Ctrl-C, it ends the process without a word.
    handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if handled:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from orderctl.main import app  # noqa: PLC0415  takes most of the start-up

    if handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code: int | str | None = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    except OSError as error:
        if error.errno not in _NOT_WRITABLE:
            raise
        code = _not_written(error)
    finally:
        # The rest is over in no time: a second Ctrl-C must not print a traceback of the interpreter's end.
        if handled:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code or _flush())


def _flush() -> int:
    """Write what is buffered, and return the exit code."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        return _not_written(error)
    return 0


def _not_written(error: OSError) -> int:
    """Say why standard output can't be written, and return the exit code. A pipe may be closed silently."""
    # The interpreter would try again to write what is buffered.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno != errno.EPIPE:
        sys.stderr.write(f"error: The output can't be written: {error.strerror}\n")
    return _FAILED


if __name__ == "__main__":
    main()
