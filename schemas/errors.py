"""What a schema may answer instead of a value."""


class Unreadable(ValueError):
    """A payload that breaks the schema (SPEC chapter 11).

    `path` names the field as people write it: `line_items.0.quantity`; it is empty when the whole is meant.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'payload'}: {problem}")
        self.path = path
        self.problem = problem


class SettingRefused(ValueError):
    """A setting that is unknown, of the wrong type, or of another platform; `key` names it (SPEC chapter 2)."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


class UserRefused(Exception):
    """What was asked for of a user of the console cannot be: a line that says why."""
