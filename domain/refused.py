"""The one way in which the domain says no."""

from collections.abc import Mapping


class Refused(Exception):
    """What was proposed is well formed, but the record, the lane or the policy forbids it.

    `code` is kebab-case and stable: clients switch on it. `detail` says what would have to change,
    as JSON-ready values; it may name items of the record, so it is released only to a reader who
    may know the rule behind the refusal.
    """

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code = code
        self.detail: Mapping[str, object] = detail


class Unprocessable(Exception):
    """A proposal that no record could accept: `path` names the field, `mend` what is right."""

    def __init__(self, path: str, mend: str) -> None:
        super().__init__(f"{path}: {mend}")
        self.path = path
        self.mend = mend
