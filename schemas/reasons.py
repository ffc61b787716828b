"""Every reason code, each with its sentence for people and its cure. The one list; docs/reasons.md is made from it."""

import re
from enum import StrEnum
from typing import Final

ORDER: Final = "STORE EXTERNAL_ID"  # stands in a cure for the order that it is about


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
        "Nothing to do: it is looked at again when the order changes, or a setting lets its status in.",
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
        "storesync account set multi_currency=on; such orders then come by themselves.",
    )
    NO_EXCHANGE_RATE = (
        "no_exchange_rate",
        "There is no exchange rate from the order's currency to the base currency.",
        "storesync rates set CURRENCY RATE; the orders in that currency then come by themselves.",
    )
    NOTHING_TO_DELIVER = (
        "nothing_to_deliver",
        "Everything on the order was refunded or removed.",
        "Nothing to do: it is looked at again when the order changes.",
    )
    NO_ITEMS = (
        "no_items",
        "The order has no items, only fees or shipping: there is nothing to deliver.",
        "Nothing to do: it is looked at again when the order changes.",
    )
    PAYMENT_PENDING = (
        "payment_pending",
        "The order is not paid yet.",
        "Nothing to do: it is looked at again when it is paid."
        " storesync store set NAME orders.payment_pending=on imports such orders, this one too.",
    )
    NOT_OPEN = (
        "not_open",
        "The order was cancelled or archived in the store.",
        "Nothing to do: it is looked at again when it is opened again.",
    )
    ALREADY_FULFILLED = (
        "already_fulfilled",
        "The store has fulfilled the order.",
        "Nothing to do: only orders with something left to deliver are imported.",
    )
    ON_HOLD = (
        "on_hold",
        "A fulfilment of the order is on hold in the store.",
        "Release the hold in the store; the order is then looked at again.",
    )
    CREATED_BEFORE_ACTIVATION = (
        "created_before_activation",
        "The order was created before the store was connected or last resumed.",
        "Nothing to do: enter the order in the hub by hand if it is still wanted.",
    )
    # deleted in the hub because the store took the order back
    CANCELLED_IN_STORE = (
        "cancelled_in_store",
        "The store cancelled, refunded or archived the order before anything of it was shipped.",
        "Nothing to do: it is imported again if the store opens it again.",
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
    ANSWERED_IN_PART = (
        "answered_in_part",
        "The store answered with an error of its own in place of a part of this order; its words are in the detail.",
        "It is tried again by itself, and other orders go on. If it stays, open the order in the store and ask the"
        " store's support.",
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
    WRITE_REFUSED = (
        "write_refused",
        "The store lets itself be read, and refuses this: the credentials lack the right that is named in the detail.",
        "Give the right in the shop, then storesync store check NAME; it is also tried again by itself,"
        " every quarter of an hour.",
    )
    WEBHOOKS_REFUSED = (
        "webhooks_refused",
        "The store does not tell everything by itself that it was asked to tell; why is in the detail."
        " It is asked every fetch.every instead, and nothing is lost.",
        "Mend what is named, then storesync store webhooks NAME --repair; it is also tried again every day.",
    )
    WEBHOOK_UNPROVED = (
        "webhook_unproved",
        "A message at the store's webhook address was not signed with the store's secret: nothing of it was taken.",
        "Where the shop signs with another secret now, give it: storesync store set NAME --credential KEY=VALUE."
        " Else somebody else knows the address, and there is nothing to do.",
    )
    WEBHOOK_EARLIER_SECRET = (
        "webhook_earlier_secret",
        "The shop asked for buyers to be erased, signed with a secret that was replaced here: nothing was erased.",
        "End the earlier secret in the shop's app, so that the shop signs with today's; what was asked for meanwhile:"
        " storesync privacy erase EMAIL.",
    )
    WEBHOOK_OTHER_TIME = (
        "webhook_other_time",
        "A message was rightly signed, but more than five minutes before or after it came: nothing of it was taken.",
        "Set the clock of the web process' machine; where it is right, the platform's is not, or it sends old messages"
        " again. Orders come every fetch.every meanwhile.",
    )
    WEBHOOK_OTHER_SHOP = (
        "webhook_other_shop",
        "A message was rightly signed, but for another shop of the same app or account: nothing of it was taken.",
        "Give each shop the address of its own store: storesync store show NAME, the line webhooks.",
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
        "The hub's database or our Redis did not answer, or two changes met.",
        "It is tried again by itself; see storesync doctor.",
    )
    UNEXPECTED_ERROR = (
        "unexpected_error",
        "Something happened that storesync does not expect: most likely a bug.",
        "storesync retry STORE EXTERNAL_ID; if it comes again, report it with the detail.",
    )
    NOTIFICATION_FAILED = (
        "notification_failed",
        "A notification service did not take a message, or not in time; which one is in the detail.",
        "It is tried again by itself for a day. storesync alert test, which tries at once;"
        " storesync account set alerts.to=URL, for another address.",
    )
    # noted: imported, and worth a look
    TOTAL_MISMATCH = (
        "total_mismatch",
        "The rows do not add up to the store's total.",
        "Compare the order with the store's; a discount or fee plugin may hide an amount.",
    )
    BUYER_WITHHELD = (
        "buyer_withheld",
        "The store does not let storesync read who ordered: the order came in without its buyer and addresses.",
        "Give the app access to protected customer data in the store (docs/shopify.md), then enter this order's buyer"
        " by hand.",
    )
    LINE_WITHOUT_SKU = (
        "line_without_sku",
        "A line has no SKU; its row points to a product made for the store's product.",
        "Give the product a SKU in the store.",
    )
    CUSTOM_ITEMS_LEFT_OUT = (
        "custom_items_left_out",
        "Custom items of the order are not imported; they are named in the detail.",
        "storesync store set NAME orders.custom_items=on, then storesync retry STORE EXTERNAL_ID, if it is in the hub.",
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
    HELD_BACK = (
        "held_back",
        "The store changed what is packed, delivered or invoiced in the hub; that part stays as it is.",
        "Compare the rows named in the detail with the store's, and settle the difference by hand.",
    )
    KEPT_INVOICED = (
        "kept_invoiced",
        "The store cancelled the order, but it has an invoice in the hub and stays.",
        "Credit the invoice, or tell the customer; the hub's order is yours to close.",
    )
    KEPT_LOCKED = (
        "kept_locked",
        "The store cancelled the order, but it lies in a locked inventory period and stays.",
        "Open the period and storesync retry STORE EXTERNAL_ID, or settle it by hand.",
    )
    LOCATION_NOT_MAPPED = (
        "location_not_mapped",
        "The store ships a line from a location that has no location in the hub; the row stays where it is.",
        "storesync store set NAME location_map=..., then storesync retry STORE EXTERNAL_ID.",
    )
    VOIDED_IN_HUB = (
        "voided_in_hub",
        "The order is voided in the hub, and its store goes on with it.",
        "Cancel it in the store too, or bring it back: storesync hub order mark ORDER voided --undo.",
    )
    # stock: why a store does not show the hub's quantity (SPEC chapter 8)
    STOCK_SYNC_OFF = (
        "stock_sync_off",
        "Stock sync is off for the store.",
        "storesync store set NAME stock.sync=on.",
    )
    NO_STORE_ITEM = (
        "no_store_item",
        "The store has no item with this SKU; nothing is created there.",
        "Give the store's product this SKU, exactly; it is looked for again when the store's catalogue changes.",
    )
    NO_HUB_ITEM = (
        "no_hub_item",
        "The hub has no product with this SKU that carries stock.",
        "Nothing to do, unless the SKU was changed in the hub by mistake.",
    )
    NEVER_COUNTED = (
        "never_counted",
        "Nobody ever counted the item in the hub at this location: what the store shows stays as it is.",
        "Count it: storesync hub stock adjust SKU 5, or 0 where there are none; many at once with storesync hub stock"
        " import FILE.csv. It is then told by itself. storesync store set NAME stock.tell_uncounted=on tells such items"
        " all the same.",
    )
    LOCATION_UNKNOWN = (
        "location_unknown",
        "The hub has no location with the code whose stock the store is to show; it is named in the detail.",
        "storesync location list, then storesync store set NAME location=CODE, or its location_map,"
        " or storesync account set default_location=CODE.",
    )
    TRACKING_OFF = (
        "tracking_off",
        "The store does not count the pieces of this item, and storesync does not switch that on.",
        "Switch inventory tracking on for the item in the store.",
    )
    STORE_ITEM_GONE = (
        "store_item_gone",
        "The item was deleted in the store.",
        "Nothing to do: its SKU is looked for again when the store's catalogue changes.",
    )
    NOT_STOCKED_HERE = (
        "not_stocked_here",
        "The store does not let the item be stocked at this location.",
        "Stock the item at the location in the store; it is told with the next change.",
    )
    SKU_MOVED = (
        "sku_moved",
        "The store's item has another SKU now; it is named in the detail.",
        "Nothing to do: both SKUs are looked up and told again at once.",
    )
    MOVED_IN_STORE = (
        "moved_in_store",
        "The store's figure moved since it was last known.",
        "Nothing to do: it is told again at once.",
    )
    WOULD_EMPTY_STORE = (
        "would_empty_store",
        "The store would show less than half of what it shows: what never showed the hub's figure is not told.",
        "Look which side is right: storesync stock push --store NAME --all --dry-run. If the hub is:"
        " storesync stock push --store NAME --all. If the store is: storesync store import NAME stock --again.",
    )
    ORDERS_UNREAD = (
        "orders_unread",
        "Orders of the store for this SKU are still being read; its stock waits for them, a minute at most.",
        "Nothing to do.",
    )
    # counting: why a SKU of a store or file is not counted (STK-11)
    COUNTED_BEFORE = (
        "counted_before",
        "The item was counted at this location before.",
        "Nothing to do; to count it anew: the same command with --again.",
    )
    FIGURES_DIFFER = (
        "figures_differ",
        "The store has several items with this SKU, and they show different figures.",
        "Give each its own SKU or the same figure in the store, or count it: storesync hub stock adjust SKU 5.",
    )
    FIGURE_UNKNOWN = (
        "figure_unknown",
        "The store shows no figure in whole pieces of this item at a location that the hub's stands for.",
        "Count it by hand: storesync hub stock adjust SKU 5.",
    )
    BATCH_NOT_NAMED = (
        "batch_not_named",
        "The item is batch-tracked in the hub, and a store does not tell its batches.",
        "Count it with a file that has a column batch: storesync hub stock import FILE.csv.",
    )
    STOCK_OF_PARTS = (
        "stock_of_parts",
        "The item is a bundle in the hub: its stock is that of its components.",
        "Count the components.",
    )
    # fulfilment, both ways (SPEC chapters 6 and 7)
    LINE_NOT_MATCHED = (
        "line_not_matched",
        "A line of the store's fulfilment or return belongs to no row of the order."
        " Nothing of such a fulfilment is delivered; of such a return the other lines are kept.",
        "Compare the lines named in the detail with the hub's order, then storesync retry STORE EXTERNAL_ID.",
    )
    MORE_THAN_ORDERED = (
        "more_than_ordered",
        "The store's fulfilment has more pieces than the row has left; nothing of it was delivered.",
        "Correct the row's quantity, then storesync retry STORE EXTERNAL_ID.",
    )
    RETURN_INCOMPLETE = (
        "return_incomplete",
        "A return of the store is not in the hub as a whole: what was not delivered there cannot come back there.",
        "It is tried again once more is delivered; else record in the hub by hand what is named in the detail.",
    )
    TWICE_IN_HUB = (
        "twice_in_hub",
        "The hub has another order that says it is this one of the store; it was not made here, and stays as it is.",
        "Look at both in the hub and delete the one that is too much; end the hub's own link to the shop, if any.",
    )
    FOUND_OTHERWISE = (
        "found_otherwise",
        "The hub had the order already, and it is not as it would be made; what differs is named in the detail.",
        "Compare the order in the hub with the store's, and mend by hand what is named.",
    )
    BATCH_SHORTAGE = (
        "batch_shortage",
        "The batches at the location do not hold enough; the rest was delivered without a batch.",
        "Receive or adjust the batch, and correct the hub's batches by hand.",
    )
    PARTIAL_NOT_SENT = (
        "partial_not_sent",
        "The platform knows no partly delivered orders; it is told when the whole order is delivered.",
        "Nothing to do.",
    )
    PICKUP_NOT_SENT = (
        "pickup_not_sent",
        "The buyer picks the order up: the store is not told by storesync.",
        "Mark the order as picked up in the store.",
    )
    NOT_FULFILLABLE = (
        "not_fulfillable",
        "The store does not let these pieces be fulfilled now: they are on hold, closed, or with somebody else.",
        "Release them in the store: they are then told by themselves.",
    )
    COMPLETED_IN_STORE = (
        "completed_in_store",
        "The store has completed the order: a fulfilment would take it back, and is not told.",
        "Nothing to do; the hub's order has the tracking number. It is told if the store opens the order again.",
    )
    FULFILLMENT_SYNC_OFF = (
        "fulfillment_sync_off",
        "Fulfilment sync is off for the store.",
        "storesync store set NAME fulfillment.sync=on; it is then told by itself.",
    )


def cure_of(code: str | None, store: str, order: str = "") -> str:
    """The cure of a stored code, naming this store, and this order where there is one."""
    _, cure = describe(code)
    if order:
        cure = cure.replace(ORDER, f"{store} {order}")
    return filled(cure, store)


def filled(cure: str, store: str) -> str:
    """A cure with the store's name in the place of what stands for it."""
    return re.sub(r"\bNAME\b|\bSTORE\b", store, cure)


def describe(code: str | None) -> tuple[str, str]:
    """The sentence and the cure of a stored code; both empty for none."""
    return next(((reason.sentence, reason.cure) for reason in Reason if reason == code), ("", ""))
