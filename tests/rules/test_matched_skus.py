"""How the SKUs of a shop and of the hub meet (STG-3)."""

from tasks.rules.matched_skus import MatchedSkus, match_skus


def test_STG_3_each_sku_is_told_by_who_has_it_and_how_often() -> None:
    found = match_skus(
        {"BOTH": 1, "NEW": 1, "TWICE": 2}, known={"BOTH", "TWICE"}, stocked=["BOTH", "ONLY-HUB"], without_sku=3
    )

    assert found == MatchedSkus(("BOTH", "TWICE"), ("NEW",), ("TWICE",), ("ONLY-HUB",), 3)


def test_STG_3_where_nothing_is_nothing_meets() -> None:
    assert match_skus({}, known=(), stocked=(), without_sku=0) == MatchedSkus()
