"""The error that a command reports to the person at the terminal."""


class OperatorError(Exception):
    """Ends a command with exit code 1; its text is printed instead of a traceback."""

    def __init__(self, what: str, *, why: str = "", what_to_do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.what_to_do = what_to_do

    def __str__(self) -> str:
        headline = f"{self.what}: {self.why}" if self.why else self.what
        return "\n".join(filter(None, [headline, self.what_to_do]))
