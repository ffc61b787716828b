"""With how many examples a property is tried: all of them in CI, and at home, where tests run all day, 25 at a time.

At home they are other ones each time.
"""

import os
from typing import Any, Final

import hypothesis

IN_CI: Final = bool(os.environ.get("CI"))
AT_HOME: Final = 25


def examples(most: int, **more: Any) -> hypothesis.settings:
    """So many in CI. More: what else `hypothesis.settings` takes."""
    return hypothesis.settings(max_examples=most if IN_CI else min(most, AT_HOME), **more)
