"""Every reason code, each with its sentence for people and its cure. The one list; docs/reasons.md is made from it."""

from enum import StrEnum


class Reason(StrEnum):
    """Why something was not done, was put aside, or deserves a look. Codes are part of the public interface."""

    sentence: str
    cure: str

    def __new__(cls, code: str, sentence: str, cure: str) -> "Reason":
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        member.cure = cure
        return member

    # skipped: the order is fine, it is just not one of ours now
    STATUS_NOT_IMPORTED = (
        "status_not_imported",
        "Orders in this status are not imported.",
        "Nothing to do: it is looked at again when the order changes.",
    )
    UNKNOWN_STATUS = (
        "unknown_status",
        "The store sent a status that storesync does not know.",
        "Move the order to a standard status in the store, or report the status.",
    )
    DELETED_IN_HUB = (
        "deleted_in_hub",
        "The order was imported once and then deleted in the hub.",
        "Leave it, or bring it back on purpose: storesync order reimport STORE EXTERNAL_ID.",
    )
    FOREIGN_CURRENCY = (
        "foreign_currency",
        "The order is not in the base currency and multi-currency is off.",
        "storesync account set multi_currency=on, then storesync retry STORE EXTERNAL_ID.",
    )
    NO_EXCHANGE_RATE = (
        "no_exchange_rate",
        "There is no exchange rate from the order's currency to the base currency.",
        "storesync rates set CURRENCY RATE, then storesync retry STORE EXTERNAL_ID.",
    )
    NOTHING_TO_DELIVER = (
        "nothing_to_deliver",
        "Everything on the order was refunded or removed.",
        "Nothing to do: it is looked at again when the order changes.",
    )
    # failed: set aside, a person or time can mend it
    INVALID_PAYLOAD = (
        "invalid_payload",
        "The store sent an order that cannot be read; the field is named in the detail.",
        "Correct the order in the store, then storesync retry STORE EXTERNAL_ID.",
    )
    STORE_UNAVAILABLE = (
        "store_unavailable",
        "The store did not answer, or answered with an error of its own.",
        "It is tried again by itself; see storesync store check NAME.",
    )
    RATE_LIMITED = (
        "rate_limited",
        "The store asked to wait.",
        "Nothing to do: it goes on when the store allows it.",
    )
    CREDENTIALS_REFUSED = (
        "credentials_refused",
        "The store refused the credentials.",
        "storesync store set NAME --credential KEY=VALUE, then storesync store check NAME.",
    )
    NOT_FOUND_IN_STORE = (
        "not_found_in_store",
        "The store has no order with this id.",
        "Check the id; if the order was deleted in the store there is nothing to do.",
    )
    REFUSED_BY_STORE = (
        "refused_by_store",
        "The store refused the request; its words are in the detail.",
        "Correct what the store names, then storesync retry STORE EXTERNAL_ID.",
    )
    REFUSED_BY_HUB = (
        "refused_by_hub",
        "The hub's own checks refused the change; they are named in the detail.",
        "Correct what is named, then storesync retry STORE EXTERNAL_ID.",
    )
    HUB_BUSY = (
        "hub_busy",
        "The hub's database did not answer or had a conflict.",
        "It is tried again by itself; see storesync doctor.",
    )
    UNEXPECTED_ERROR = (
        "unexpected_error",
        "Something happened that storesync does not expect: most likely a bug.",
        "storesync retry STORE EXTERNAL_ID; if it comes again, report it with the detail.",
    )
    # noted: imported, and worth a look
    TOTAL_MISMATCH = (
        "total_mismatch",
        "The rows do not add up to the store's total.",
        "Compare the order with the store's; a discount or fee plugin may hide an amount.",
    )
    LINE_WITHOUT_SKU = (
        "line_without_sku",
        "A line has no SKU; its row points to a product made for the store's product.",
        "Give the product a SKU in the store.",
    )
    SEVERAL_SHIP_TO = (
        "several_ship_to",
        "The order ships to several addresses; the first one is used.",
        "Split the delivery by hand if it matters.",
    )
    REFUNDED_APART = (
        "refunded_apart",
        "Money was refunded without naming a line; rows and totals are without it.",
        "Nothing to do unless the refund was meant for a line.",
    )
    NAME_CHANGED = (
        "name_changed",
        "A text was shortened or cleaned of signs that cannot be stored.",
        "Nothing to do.",
    )


def describe(code: str | None) -> tuple[str, str]:
    """The sentence and the cure of a stored code; both empty for none."""
    return next(((reason.sentence, reason.cure) for reason in Reason if reason == code), ("", ""))
