"""Marshmallow fields that read hostile JSON: text, ids, decimals and times, and the base schema of every vendor's."""

import html
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing

from schemas.errors import Unreadable
from schemas.money import LIMIT, MINOR_UNITS

MOST_VALUES: Final = 150_000  # of one order or product: 1,500 lines with everything that shops say of them
MOST_ENTRIES: Final = 10_000  # of one list in it

_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")
_UNSTORABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
)  # NUL and lone surrogates break PostgreSQL


LONG_AGO: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before any order


def clean(text: str) -> str:
    """The text without control signs and half characters, trimmed."""
    return _UNSTORABLE.sub("", text).strip()


T = TypeVar("T")


class Field(fields.Field[T]):
    """A field that takes the short way when it has no validators: orders have many fields."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """The value as `_deserialize` reads it; absent and null are answered as marshmallow does."""
        if value is missing or value is None or self.validators:
            return super().deserialize(value, attr, data, **kwargs)
        return self._deserialize(value, attr, data, **kwargs)


class Text(Field[str]):
    """Any short value as clean text, cut at `limit`; null becomes the empty text."""

    def __init__(self, *, limit: int = 500, **kwargs: Any) -> None:
        super().__init__(allow_none=True, load_default="", **kwargs)
        self.limit = limit

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> str:
        return "" if value is None or value is missing else super().deserialize(value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if value is False or value in ([], {}):
            return ""  # how PHP says that there is none
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise ValidationError("must be text")
        return clean(str(value))[: self.limit]


class Words(Text):
    """Text for people, which an order is as good without: empty where it is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            return ""


class PlainText(Text):
    """Text a shop shows as HTML: tags dropped, entities resolved."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return clean(html.unescape(_TAG.sub("", text)))


class Id(Field[str]):
    """An id as text, whether the vendor sends a number or text; never empty, never 0."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValidationError("must be an id")
        text = clean(str(value))
        if not text or text == "0" or len(text) > 200:
            raise ValidationError("must be an id")
        return text


class Currency(Id):
    """An ISO 4217 code."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        if code not in MINOR_UNITS:
            raise ValidationError("must be an ISO 4217 currency")
        return code


class Number(Field[Decimal]):
    """A decimal from text or number, never through a float; refuses NaN, infinity and sizes no shop has (MAP-5)."""

    def __init__(self, *, minimum: Decimal | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise ValidationError("must be a number")
        if isinstance(value, str) and "_" in value:  # Python reads 1_000, no shop writes it
            raise ValidationError("must be a number")
        try:
            number = Decimal(value.strip() if isinstance(value, str) else value)
        except InvalidOperation:
            raise ValidationError("must be a number") from None
        # copy_abs: abs() computes, and overflows on 1e9999999
        if not number.is_finite() or number.copy_abs() >= LIMIT or number.as_tuple().exponent < -20:  # type: ignore[operator]
            raise ValidationError("is out of range")
        if self.minimum is not None and number < self.minimum:
            raise ValidationError(f"must not be below {self.minimum}")
        return number


class Hint(Field[Decimal | None]):
    """A number that an order is as good without: None where it is none."""

    number: Final = Number()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal | None:
        try:
            number: Decimal = self.number.deserialize(value)
        except ValidationError:
            return None
        return number


class Flag(Field[bool | None]):
    """A yes or no that an order is as good without: None where it is neither."""

    _field: Final = fields.Boolean()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_none=True, load_default=None, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool | None:
        try:
            return bool(self._field.deserialize(value))
        except (ValidationError, TypeError):
            return None


class Part(fields.Nested):
    """An object, where PHP writes [] for an empty one; none, or null, is an empty one."""

    def __init__(self, schema: Any, *, required: bool = False) -> None:
        super().__init__(schema, required=required, load_default=missing if required else self._empty)

    def _empty(self) -> Any:
        return self.schema.load({})

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        return super().deserialize({} if value is None or value == [] else value, attr, data, **kwargs)


class Parts(fields.Nested):
    """A list of objects, where PHP writes an object for a list with gaps; none, or null, is an empty one."""

    def __init__(self, schema: Any, *, required: bool = False) -> None:
        super().__init__(schema, many=True, required=required, load_default=missing if required else list)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        if value is None and not self.required:
            return []
        return super().deserialize(listed(value), attr, data, **kwargs)


class Hints(Parts):
    """A list of objects that an order is as good without: what cannot be read of it is left out."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        try:
            return super().deserialize(value, attr, data, **kwargs)
        except ValidationError:
            return list(self._readable(listed(value)))

    def _readable(self, value: Any) -> Iterator[Any]:
        for one in value if isinstance(value, list) else ():
            with suppress(ValidationError):
                yield self.schema.load(one, many=False)


def listed(value: Any) -> Any:
    """The list that PHP wrote as an object: {} for an empty one, the places as keys where some are missing."""
    if isinstance(value, dict) and all(isinstance(key, str) and key.isdecimal() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value


class UtcTime(Field[datetime]):
    """A UTC time; a vendor's time without zone is taken as UTC, which its field name promises (…_gmt)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value.strip())
        except (ValueError, AttributeError):
            raise ValidationError("must be a time") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if not 1990 <= moment.year <= 2200:
            raise ValidationError("is not a likely time")
        return moment.astimezone(UTC)


class VendorSchema(Schema):
    """The base of every vendor schema: fields we do not need are ignored (SPEC chapter 11)."""

    class Meta:
        unknown = EXCLUDE


def each_once(entries: Iterable[dict[str, Any]], path: str) -> list[dict[str, Any]]:
    """The entries of a list, each id once: one that comes again and is alike in all that is read is the same (MAP-12).

    Raises Unreadable with the path of an entry that has another one's id.
    """
    kept: dict[str, dict[str, Any]] = {}
    for place, entry in enumerate(entries):
        if kept.setdefault(entry["id"], entry) != entry:
            raise Unreadable(f"{path}.{place}.id", "is the id of another one as well")
    return list(kept.values())


def load(schema: Schema, payload: Any, *, is_page: bool = False) -> dict[str, Any]:
    """The payload as the schema reads it. Raises Unreadable with the path of the first bad field.

    A page of many things is as large as it is; each of them is looked at by itself.
    """
    if not is_page:
        _refuse_bulk(payload)
    try:
        loaded: dict[str, Any] = schema.load(payload)
    except ValidationError as error:
        path, problem = first_problem(error.messages)
        raise Unreadable(path, problem) from error
    return loaded


def _refuse_bulk(payload: Any) -> None:
    """Looked at before the work: reading a field takes long, and listing what is wrong with it too."""
    left, waiting = MOST_VALUES, [payload]
    while waiting:
        one = waiting.pop()
        parts = one.values() if isinstance(one, dict) else one
        if isinstance(parts, Collection) and not isinstance(parts, str):
            left -= len(parts)
            if left < 0 or (isinstance(one, list) and len(one) > MOST_ENTRIES):
                raise Unreadable(
                    "",
                    f"is larger than anything that a shop sells: more than {MOST_VALUES} values, or"
                    f" {MOST_ENTRIES} in one list",
                )
            waiting += [part for part in parts if isinstance(part, dict | list)]


def first_problem(messages: Any, path: tuple[str, ...] = ()) -> tuple[str, str]:
    """Path and words of the first problem in marshmallow's nested messages."""
    while isinstance(messages, Mapping):
        key, messages = next(iter(messages.items()))
        path = path if key == "_schema" else (*path, str(key))
    words = messages[0] if isinstance(messages, list) and messages else messages
    return (".".join(path), str(words).rstrip(".").lower())
