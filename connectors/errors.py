"""What can go wrong outside the process.

ConnectorError
├── Unavailable             the other side is down, slow, or talks nonsense      again later
│   ├── RateLimited(until)  it asked to wait, and said how long                  not before `until`
│   ├── AnsweredInPart      it failed at a part of this one order                again later, and only this order
│   ├── MadeOrNot(until)    nobody knows whether it made what it was asked       looked for again at `until`
│   ├── RedisAway           our own Redis does not answer                        again soon
│   └── HubBusy             the hub is away or asks to wait, or two changes crossed each other   again soon
│       └── AlreadyThere    another worker made the same thing first             look again: nothing is left to do
├── CredentialsRefused      it does not accept our credentials, for this or all  a person must act
│   └── Revoked             … nor gives it a token for them any more             a person must act
├── Lacking                 it accepts them, and they do not give all the rights that the settings need
├── NotFound                it has no such thing
├── Rejected                it understood, and says no to this request           a person must act
│   ├── FieldsRejected      it names the fields that are wrong: what was sent cannot be
│   ├── TooLarge            more than we take at once                            ask for less
│   └── Unsafe              we refuse the address ourselves: not https, or a private network
│       └── NoAddress       what a person typed is none                          wrong usage
└── HubRefused              the hub's own guards say no

schemas.errors.Unreadable   a payload that breaks the schema, with the field's path
"""

from datetime import datetime

from schemas.rights import Right


class ConnectorError(Exception):
    """Something outside the process went wrong; the message says what, to what, and with which answer.

    `request` is method and address without query or credentials; `cure` is what a person should do, where that is
    known of this very answer.
    """

    target = ""  # where an answer sent us on to

    def __init__(self, problem: str, *, request: str = "", status: int | None = None, cure: str = "") -> None:
        said = f"{request}: {problem}" if request else problem
        super().__init__(f"{said}. {cure}" if cure else said)
        self.problem = problem
        self.request = request
        self.status = status
        self.cure = cure


class Unavailable(ConnectorError):
    """5xx, timeout, reset, truncated or unreadable answer: try again later."""


class RateLimited(Unavailable):
    """The vendor asked to wait until a moment (UTC)."""

    def __init__(self, problem: str, *, until: datetime, request: str = "", status: int | None = None) -> None:
        super().__init__(problem, request=request, status=status)
        self.until = until


class AnsweredInPart(Unavailable):
    """An error stands in place of a part of an order; others may come whole (ORD-10)."""


class MadeOrNot(Unavailable):
    """It did not say clearly whether it made what it was asked to: it is looked for again at a moment (UTC; KAT-1)."""

    def __init__(self, problem: str, *, until: datetime) -> None:
        super().__init__(problem)
        self.until = until


class RedisAway(Unavailable):
    """Redis did not answer: locks, waits and bells have to wait. No store is to blame for it."""


class HubBusy(Unavailable):
    """The hub did not answer, or another change crossed this one; `until` is when to come again, where it is known."""

    def __init__(self, problem: str, *, until: datetime | None = None) -> None:
        super().__init__(problem)
        self.until = until


class AlreadyThere(HubBusy):
    """The order or fulfilment exists: another worker was faster (ORD-6, FUL-7). The transaction must roll back."""


class CredentialsRefused(ConnectorError):
    """401 or 403 in the vendor's own words.

    `right` is what the call needed: without one of those that orders do not need, only what needs it stops. Where it
    is None the store needs attention.
    """

    def __init__(
        self, problem: str, *, request: str = "", status: int | None = None, cure: str = "", right: Right | None = None
    ) -> None:
        super().__init__(problem, request=request, status=status, cure=cure)
        self.right = right


class Revoked(CredentialsRefused):
    """The store gives no token for our credentials (DOR-3); the words say what a person does about it."""


class Lacking(ConnectorError):
    """The credentials are good, and lack a right that the settings need (DOR-4)."""


class NotFound(ConnectorError):
    """404 or the vendor's own word for it."""


class Rejected(ConnectorError):
    """Another 4xx: the same request would be rejected again."""


class FieldsRejected(Rejected):
    """The vendor names what is wrong of a body, by its paths: nothing but another body helps."""

    def __init__(self, problem: str, *, fields: tuple[str, ...], request: str = "", status: int | None = None) -> None:
        super().__init__(problem, request=request, status=status)
        self.fields = fields


class TooLarge(Rejected):
    """An answer beyond what we take at once: a list is asked for in smaller pages."""


class Unsafe(Rejected):
    """An address that storesync does not call (SPEC chapter 11)."""


class NoAddress(Unsafe):
    """What a person typed as a shop's address is none that could be called."""


class HubRefused(ConnectorError):
    """The hub's guards refuse a change: an invoice, a locked period, not enough left to deliver."""
