"""schemas.meaning: what changes a digest and what does not."""

from typing import Any

import pytest

from schemas.meaning import Shape, digest_of, shape_of

SHAPE: Shape = shape_of("id", "total", lines=[shape_of("sku")])
ORDER = {"id": 1, "total": "9.00", "lines": [{"sku": "A"}]}


@pytest.mark.parametrize(
    "changed",
    [{"id": 2}, {"total": "9.01"}, {"lines": []}, {"lines": [{"sku": "B"}]}, {"lines": [{"sku": "A"}, {"sku": "A"}]}],
)
def test_a_field_that_is_read_changes_the_digest(changed: dict[str, Any]) -> None:
    assert digest_of(ORDER | changed, SHAPE) != digest_of(ORDER, SHAPE)


@pytest.mark.parametrize("changed", [{"seen": 1}, {"lines": [{"sku": "A", "image": "x.png"}]}])
def test_any_other_field_does_not(changed: dict[str, Any]) -> None:
    assert digest_of(ORDER | changed, SHAPE) == digest_of(ORDER, SHAPE)


@pytest.mark.parametrize("junk", [None, 1, "x", [], {}, {"lines": {"sku": []}}, {"lines": [3, [4]]}])
def test_junk_has_a_digest_too(junk: Any) -> None:
    assert len(digest_of(junk, SHAPE)) == 64


def test_depth_is_not_followed_where_nothing_is_read() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]

    assert digest_of({"id": deep}, SHAPE) == digest_of({"id": []}, SHAPE)
