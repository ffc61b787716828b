"""JSON as money needs it: decimals never through a float, NaN refused, and every entry with the text it was sent as."""

import decimal
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring, encode_basestring_ascii
from secrets import token_hex
from typing import Any, Final, NoReturn

from schemas.errors import Unreadable

MOST_VALUES: Final = 2_000_000  # of one answer: a page of orders of 20 MB has half as many

_SPACE: Final = re.compile(r"[ \t\n\r]*")


class NotJson(ValueError):
    """A text that is no JSON, or none that can be kept."""


class TooMany(ValueError):
    """A list with more entries than were asked for."""


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no number")


_NO_NUMBER: Final = Decimal("NaN")
_MOST_DIGITS: Final = 4000
_BEYOND_NUMBERS: Final = "1e9999999999999999999"  # read as the same: a number that decimals do not have
_HALF: Final = re.compile("[\ud800-\udfff]")


def _decimal(text: str) -> Decimal:
    """The decimal, or NaN for an exponent beyond what decimals have: whoever reads the field refuses it."""
    try:
        return Decimal(text)
    except decimal.InvalidOperation:
        return _NO_NUMBER


def _whole(text: str) -> int | Decimal:
    """The whole number; Python makes no integer of thousands of digits."""
    return int(text) if len(text) < _MOST_DIGITS else Decimal(text)


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
# Slower, and takes an integer of thousands of digits: one absurd number must not make a page of orders unreadable.
_PATIENT: Final = json.JSONDecoder(parse_float=_decimal, parse_int=_whole, parse_constant=_refuse_constant)

_BEYOND: Final = (ValueError, decimal.InvalidOperation)
_BROKEN: Final = (ValueError, RecursionError)  # broken, or nested too deep


def read(text: str) -> Any:
    """The value of a JSON text. Raises NotJson."""
    try:
        value, end = _value(text, _skip(text, 0))
        _expect_end(text, end)
    except _BROKEN as error:
        raise NotJson("is not JSON") from error
    return value


def read_payload(text: str) -> Any:
    """The value of a snapshot's payload. Raises Unreadable."""
    try:
        return read(text)
    except NotJson as error:
        raise Unreadable("", "is not JSON") from error


def write(value: Any) -> str:
    """A value as JSON, which `read` reads as the same. Raises RecursionError, and TypeError for a float (MAP-5)."""
    text = _written(value, encode_basestring)
    # Half of a surrogate pair, which JSON may name, and UTF-8 cannot hold.
    return _written(value, encode_basestring_ascii) if _HALF.search(text) else text


def write_again(value: Any) -> str:
    """The same for a value that `read` gave, which has no floats: several times as fast."""
    text = _ENCODER.encode(value)
    if _NUMBER in text:
        text = _NUMBERS.sub(r"\1", text)
    return write(value) if _HALF.search(text) else text


def _number(value: Any) -> str:
    """A decimal as a text that nobody can have sent; its quotes are taken off it again."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is nothing that JSON has")
    return f"{_NUMBER}{value}" if value.is_finite() else f"{_NUMBER}{_BEYOND_NUMBERS}"


_NUMBER: Final = f"@{token_hex(8)}@"
_NUMBERS: Final = re.compile(f'"{_NUMBER}([^"]*)"')
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=_number)


def _written(value: Any, quoted: Callable[[str], str]) -> str:
    match value:
        case str():
            return quoted(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ",".join(f"{quoted(key)}:{_written(part, quoted)}" for key, part in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(_written(part, quoted) for part in value) + "]"
        case Decimal() if not value.is_finite():
            return _BEYOND_NUMBERS
        case int() | Decimal():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} is nothing that JSON has, and a float is no amount")


def holds_too_much(text: str) -> bool:
    """Whether a text has more values than any page of a shop: reading it would take our memory, whatever they are."""
    return len(text) > MOST_VALUES and sum(map(text.count, ",[{")) > MOST_VALUES


def entries(text: str, most: int) -> list[tuple[Any, str]]:
    """Every entry of a JSON list with the text it was sent as. Raises NotJson, or TooMany before more are read."""
    try:
        return _entries(text, most)
    except TooMany:
        raise
    except _BROKEN as error:
        raise NotJson("is not a JSON list") from error


def _entries(text: str, most: int) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    at = _expect(text, 0, "[")
    if text[at : at + 1] == "]":
        _expect_end(text, at + 1)
        return found
    while True:
        if len(found) == most:
            raise TooMany
        value, end = _value(text, at)
        found.append((value, text[at:end]))
        end = _skip(text, end)
        if text[end : end + 1] == "]":
            _expect_end(text, end + 1)
            return found
        at = _expect(text, end, ",")


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except _BEYOND:
        return _PATIENT.raw_decode(text, at)


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise NotJson(f"{sign} is missing")
    return _skip(text, at + 1)


def _expect_end(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise NotJson("goes on after its end")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
