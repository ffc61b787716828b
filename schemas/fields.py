"""Marshmallow fields that read hostile JSON: text, ids, decimals and times, and the base schema of every vendor's."""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, ClassVar, Final, TypeVar, cast

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing

from schemas.errors import Unreadable
from schemas.meaning import Shape
from schemas.money import LIMIT, is_currency
from schemas.text import clean

MOST_VALUES: Final = 150_000  # of one order or product: 1,500 lines with everything that shops say of them
MOST_ENTRIES: Final = 10_000  # of one list in it

_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")

LONG_AGO: Final = datetime(1990, 1, 1, tzinfo=UTC)  # before any order


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
        if not is_currency(code):
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

    def read_plainly(self, value: Any, *_: Any) -> Any:
        """On the short way. Raises ValidationError without saying what is wrong."""
        if value is missing and self.required:
            raise _NOT_PLAIN
        is_empty = value is missing or value is None or value == []
        return cast("VendorSchema", self.schema).load_plainly({} if is_empty else value, many=False)


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

    def read_plainly(self, value: Any, *_: Any) -> Any:
        """On the short way. Raises ValidationError without saying what is wrong."""
        if (value is missing or value is None) and not self.required:
            return []
        return cast("VendorSchema", self.schema).load_plainly(listed(value), many=True)


class Hints(Parts):
    """A list of objects that an order is as good without: what cannot be read of it is left out."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        try:
            return super().deserialize(value, attr, data, **kwargs)
        except ValidationError:
            return list(self._readable(listed(value)))

    def read_plainly(self, value: Any, *of: Any) -> Any:
        """On the short way, where all can be read."""
        try:
            return super().read_plainly(value, *of)
        except ValidationError:
            return self.deserialize(value, *of)

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
    """The base of every vendor schema: fields we do not need are ignored (SPEC chapter 11).

    Reading orders is most of what an import costs, so what is as it should be is read on a short way through the same
    fields. Where something is wrong marshmallow reads it again, and says what. A schema with hooks `has_hooks`, and is
    read by marshmallow alone.
    """

    class Meta:
        unknown = EXCLUDE

    has_hooks: ClassVar[bool] = False

    def load(self, data: Any, *, many: bool | None = None, **kwargs: Any) -> Any:
        """As marshmallow's own. Raises ValidationError."""
        try:
            return self.load_plainly(data, many=bool(self.many if many is None else many))
        except ValidationError:
            return super().load(data, many=many, **kwargs)

    def load_plainly(self, data: Any, *, many: bool) -> Any:
        """What is as it should be. Raises ValidationError without saying what is wrong."""
        if many:
            if not isinstance(data, list):
                raise _NOT_PLAIN
            return [self.load_plainly(one, many=False) for one in data]
        if self.has_hooks or not isinstance(data, dict):
            raise _NOT_PLAIN
        read = {}
        for name, key, deserialize in self._plan:
            value = deserialize(data.get(key, missing), key, data)
            if value is not missing:
                read[name] = value
        return read

    @cached_property
    def _plan(self) -> list[tuple[str, str, Callable[..., Any]]]:
        fields = self.load_fields.items()
        return [(name, one.data_key or name, getattr(one, "read_plainly", one.deserialize)) for name, one in fields]


_NOT_PLAIN: Final = ValidationError("marshmallow reads it")


def shape_read(schema: Schema) -> Shape:
    """Everything that a schema reads of what is inside it."""
    return {field.data_key or name: _part_read(field) for name, field in schema.fields.items()}


def _part_read(field: Any) -> Any:
    if not isinstance(field, fields.Nested):
        return None
    return [shape_read(field.schema)] if field.many else shape_read(field.schema)


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
    left, waiting = MOST_VALUES, [payload] if isinstance(payload, dict | list) else []
    while waiting:
        one = waiting.pop()
        left -= len(one)
        if left < 0 or (isinstance(one, list) and len(one) > MOST_ENTRIES):
            raise Unreadable(
                "",
                f"is larger than anything that a shop sells: more than {MOST_VALUES} values, or"
                f" {MOST_ENTRIES} in one list",
            )
        parts = one.values() if isinstance(one, dict) else one
        waiting += [part for part in parts if isinstance(part, dict | list)]


def first_problem(messages: Any, path: tuple[str, ...] = ()) -> tuple[str, str]:
    """Path and words of the first problem in marshmallow's nested messages."""
    while isinstance(messages, Mapping):
        key, messages = next(iter(messages.items()))
        path = path if key == "_schema" else (*path, str(key))
    words = messages[0] if isinstance(messages, list) and messages else messages
    return (".".join(path), str(words).rstrip(".").lower())
