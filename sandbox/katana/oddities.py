"""Every oddity of Katana's as a switch. Defaults are what was seen live; "not known" is what nobody has shown."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any


class OddityError(ValueError):
    """A switch that does not exist, or a value of another kind; the message says which."""


@dataclass(slots=True)
class Oddities:
    """How the stand-in behaves where Katana surprises, or where it is not known what Katana does."""

    # The wire
    limit: int = 60  # requests in a window
    window_seconds: float = 60.0
    says_limit: bool = True  # the headers of the limit are there
    reset_in_seconds: bool = False  # X-Ratelimit-Reset in seconds, not in milliseconds
    budget_is_shared: bool = True  # all keys spend of one limit; not known
    wraps_errors: bool = True  # {"error": {…}}; flat as the examples of the documents otherwise
    delete_status: int = 204
    lag_seconds: float = 0.0  # so long reads show what was before a write; more than ten minutes were seen
    numbers_by_book: bool = False  # numbers and texts as the documents' examples have them
    ignored_filters: tuple[str, ...] = ()  # more of them: "sales_orders.ecommerce_order_id"

    # What reads find
    sku_filter_folds_case: bool = False  # not known
    email_filter_folds_case: bool = False  # not known
    deleted_returns_are_listed: bool = False  # the documents disagree
    fulfillments_have_dates: bool = False  # the documents name them, the examples have none
    row_total_less_discount: bool = False
    total_with_tax: bool = False  # not known
    total_in_cents: bool = False  # each row's part of it rounded; not known

    # What writes do
    wipes_additional_info: tuple[str, ...] = ("manufacturing_orders", "products", "materials", "stock_adjustments")
    product_patch_fills_defaults: bool = False  # not known
    adjustment_needs_number: bool = False
    order_numbers_are_unique: bool = False  # said, and not kept
    currency_of_plan_only: bool = False  # orders in the base currency alone; not known
    status_patch_works: bool = False  # PATCH {"status": "DELIVERED"} delivers; 200 and nothing done was seen
    rows_move_their_order: bool = True  # a changed row moves its order's updated_at; not known
    last_row_can_go: bool = True  # not known
    row_moves_manufacturing: bool = True  # a changed quantity moves its NOT_STARTED manufacturing order; not known
    own_row_location_is_kept: bool = True  # a row's location on the create; not known
    gives_out_batches: bool = True  # the oldest first where a fulfilment names none; not known over the API
    pending_is_committed: bool = False  # not known
    batches_go_negative: bool = True  # not known
    split_parcel_is_new: bool = True  # of a packed parcel that goes out in part, the part gets the new id; not known
    adjustment_delete_takes_back: bool = True  # not known
    invoiced_delete_status: int = 422  # or 412; not known

    # What it tells
    webhooks_need_https: bool = True
    webhooks_at_most: int = 0  # so many of an account, 0 for no limit; not known
    webhooks_give_up: bool = False  # one is switched off when the last try fails; not known
    webhooks_by_hand: bool = False  # held back until they are sent by hand
    webhook_pace: float = 1.0  # how long a second between tries takes
    webhook_copies: int = 1
    webhooks_backwards: bool = False  # of what is held back the last one first
    webhooks_merge_bursts: bool = False  # of what is held back each one once
    webhook_ids_as_text: bool = False
    october_events: bool = True  # sales_order.invoiced and sales_order.ready_for_fulfillment

    def set(self, given: Mapping[str, Any]) -> None:
        """Change switches by name. Raises OddityError and changes none then."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in given.items():
            if name not in kinds:
                raise OddityError(f"there is no oddity {name!r}; there are {', '.join(kinds)}")
            if not isinstance(value, _TAKEN.get(kinds[name], kinds[name])) or isinstance(value, bool) != (
                kinds[name] is bool
            ):
                raise OddityError(f"{name} must be of the kind {kinds[name].__name__}")
        for name, value in given.items():
            setattr(self, name, kinds[name](value))

    def summary(self) -> dict[str, Any]:
        """All switches."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


_TAKEN: dict[type, tuple[type, ...]] = {float: (int, float, Decimal), tuple: (list, tuple)}
