"""What a person has to want, in sentences: how many SKUs, the first of them by name, and all pieces (STK-10)."""

import pytest

from tasks.rules.doubts import Doubt, doubts_of
from tasks.rules.stock_loss import Loss


def test_STK_10_nothing_is_said_where_nobody_is_asked() -> None:
    doubt = Doubt("acme", Loss(100, 50))

    assert (doubt.is_to_be_asked, doubt.sentences) == (False, [])
    assert doubts_of({"acme": {"shows": 100, "would_show": 50}}) == doubts_of({}) == ""


@pytest.mark.parametrize(
    ("uncounted", "said"),
    [
        (
            {"A-1": 589},
            "acme would be told 0 of 1 SKU that nobody ever counted in the hub: A-1 (shows 589). Count them first.",
        ),
        (
            {f"S-{number}": None if number == 5 else 1234 for number in range(1, 1008)},
            "acme would be told 0 of 1,007 SKUs that nobody ever counted in the hub: S-1 (shows 1,234),"
            " S-2 (shows 1,234), S-3 (shows 1,234), S-4 (shows 1,234), S-5 (shows nobody knows what)"
            " and 1,002 more. Count them first.",
        ),
    ],
)
def test_STK_10_what_nobody_counted_is_named(uncounted: dict[str, int | None], said: str) -> None:
    assert Doubt("acme", Loss(uncounted=uncounted)).sentences == [said]


def test_STK_10_each_store_says_what_it_would_show() -> None:
    found = {"acme": {"shows": 1178, "would_show": 1}, "berta": {"shows": 9, "would_show": 0}}

    assert doubts_of(found) == (
        "acme would show 1 pieces over all, and shows 1,178 now. berta would show 0 pieces over all, and shows 9 now."
    )


def test_STK_2_what_is_sold_and_would_be_sold_again_is_a_doubt_of_its_own() -> None:
    doubt = Doubt("acme", sells_again=True)

    assert doubt.is_to_be_asked
    assert [sentence.partition(":")[0] for sentence in doubt.sentences] == [
        "A piece that the shop of acme sells is put on sale there again, until it is packed or delivered in the hub"
    ]
