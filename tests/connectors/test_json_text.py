"""connectors.json_text: exact numbers and verbatim entries."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import json_text
from schemas.errors import Unreadable

BROKEN = [
    "",
    "{",
    "[1,",
    "[1 2]",
    "[1]]",
    "nul",
    "NaN",
    "[Infinity]",
    "[" * 100_000,
    "9" * 5000 + "x",
    "[1e" + "9" * 30,
    "{'a':1}",
]


def test_MAP_5_a_number_is_the_decimal_that_was_written() -> None:
    assert json_text.read('{"total": 7.10}')["total"].as_tuple() == Decimal("7.10").as_tuple()


def test_ch_11_an_absurd_number_is_one_entry_and_the_others_are_read() -> None:
    digits = "9" * 5000

    (beyond, _), (large, text), (fine, _) = json_text.entries(
        f'[{{"a": 1e{digits}}}, {{"a": {digits}}}, {{"a": 1.10}}]', 3
    )

    assert beyond["a"].is_nan()
    assert (large["a"], text) == (Decimal(digits), f'{{"a": {digits}}}')
    assert fine["a"].as_tuple() == Decimal("1.10").as_tuple()


def test_MAP_5_whole_numbers_beside_an_absurd_one_are_what_was_written() -> None:
    found = json_text.read('{"id": 9223372036854775809, "total": 1e99999999999999999999}')

    assert (found["id"], type(found["id"])) == (9223372036854775809, int)


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:12])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(json_text.NotJson):
        json_text.read(text)
    with pytest.raises(json_text.NotJson):
        json_text.entries(text, 100)
    with pytest.raises(Unreadable, match="is not JSON"):
        json_text.read_payload(text)


@pytest.mark.parametrize("text", ['{"code":"x"}', "1", '"[]"', "[1]x"])
def test_what_is_no_list_has_no_entries(text: str) -> None:
    with pytest.raises(json_text.NotJson):
        json_text.entries(text, 100)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        (" [ ] ", []),
        (
            '[{"a": 1.10, "b":"\\u00e9"} ,\n 2.50]',
            [({"a": Decimal("1.10"), "b": "é"}, '{"a": 1.10, "b":"\\u00e9"}'), (Decimal("2.50"), "2.50")],
        ),
    ],
)
def test_every_entry_keeps_its_text(text: str, entries: list[tuple[Any, str]]) -> None:
    assert json_text.entries(text, 100) == entries


@given(st.text(alphabet='[]{},:"19.e-tn \n', max_size=30))
def test_any_text_is_json_or_refused(text: str) -> None:
    try:
        entries = json_text.entries(text, 100)
    except json_text.NotJson:
        return
    assert [value for value, _ in entries] == json_text.read(text)


def test_a_list_is_read_no_further_than_was_asked_for() -> None:
    assert len(json_text.entries("[1, 2]", 2)) == 2
    for text in ("[1, 2, 3]", "[1, 2, and what follows is not even looked at"):
        with pytest.raises(json_text.TooMany):
            json_text.entries(text, 2)


@pytest.mark.parametrize("part", ["1,", "[],", "[", "{},"])
def test_what_would_take_our_memory_is_seen_before_it_is_read(part: str) -> None:
    assert json_text.holds_too_much("[" + part * (json_text.MOST_VALUES + 1))
    assert not json_text.holds_too_much("[" + part * (json_text.MOST_VALUES // 3))


def test_MAP_5_what_is_written_is_the_number_that_it_was() -> None:
    value = {"a": Decimal("12.50"), "b": [Decimal(3), 3, None, True], "c": 'ü"', "d": {}, "e": ()}

    assert json_text.write(value) == '{"a":12.50,"b":[3,3,null,true],"c":"ü\\"","d":{},"e":[]}'


@pytest.mark.parametrize("value", [1.5, {"a": [0.0]}])
def test_MAP_5_no_float_is_written(value: Any) -> None:
    with pytest.raises(TypeError):
        json_text.write(value)
