"""A request that records nothing, and what to do about it."""


class ActivityRefusedError(Exception):
    """What was asked cannot be recorded. `path` is the field at fault; '' for the whole request.

    `is_conflict`: the id it came with is that of another event.
    """

    def __init__(self, code: str, path: str, message: str, *, is_conflict: bool = False) -> None:
        super().__init__(f"`{path}` {message}" if path else message)
        self.code, self.path, self.is_conflict = str(code), path, is_conflict
