"""BigCommerce's catalogue and inventory API v3: which items carry stock, and telling them their quantities. No rule.

Products are read with their variants, 250 a call: the one answer in which a product, how it is tracked, and all its
variants are of the same moment. Their levels there are of all places together, less safety stock; what is on hand at
the default place, which the stock call sets, is read of the inventory's list, 1,000 items a call, for those products.
That list alone has no names, leaves out what is not tracked, and has no order, so pages of all of it would lose items;
the list of variants has 250 a call too, and says nothing of tracking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.bigcommerce.client import ShopClient
from connectors.error_answers import ErrorAnswer, error_of
from connectors.errors import Rejected, TooLarge, Unavailable
from connectors.http import Answer, Params, more_than
from connectors.memo import Memo
from schemas.bigcommerce.catalogue import (
    FIELDS,
    Listed,
    id_of,
    product_of,
    read_identity,
    read_list,
    read_on_hand,
    read_product,
    read_sku,
)
from schemas.bigcommerce.stock import adjustment, culprits, is_adjustable, read_accepted, read_locations, read_places
from schemas.errors import Unreadable
from schemas.reasons import Reason
from schemas.stock import CataloguePage, NotTold, StoreLocation, another_sku

if TYPE_CHECKING:
    from schemas.actions import TellStock

PER_PAGE: Final = 250  # products, the most that BigCommerce gives
ITEMS_PER_PAGE: Final = 1000  # of the inventory's list, likewise
MOST_VARIANTS: Final = 600  # of a product
LOCATIONS_PER_PAGE: Final = 250
MOST_PAGES: Final = 40  # of locations
ROUNDS: Final = 20  # refusals of one batch that name somebody, at most

_WITH_VARIANTS: Final = {"include": "variants", "include_fields": ",".join(FIELDS)}
_PRODUCT: Final = "product/"
_VARIANT: Final = "variant/"
_ADJUST: Final = "v3/inventory/adjustments/absolute"
_SKUS_LENGTH: Final = 1500  # of the SKUs in one address
_SECOND: Final = timedelta(seconds=1)


class Inventory:
    """The items of one shop, at its default place."""

    def __init__(self, http: ShopClient) -> None:
        self._http = http
        self._defaults = Memo(self._ask_defaults)

    # -- reading -------------------------------------------------------------------------------------------------

    def catalogue(self, since: datetime | None, after: str | None = None) -> Iterator[CataloguePage]:
        """Every item, or those of products modified since a moment, by product id; a position is the last one's id.

        Each page asks for the ids beyond the last one's: a product that comes or goes meanwhile moves no other.
        """
        only: Params = {} if since is None else {"date_modified:min": _written(since - _SECOND)}
        beyond, limit = int(after or 0), PER_PAGE
        while True:
            asked = {**only, "sort": "id", "direction": "asc", "id:greater": beyond}
            listed, limit = self._products(asked, limit)
            if _is_last(listed, limit):
                yield self._page(listed)
                return
            last = max(map(id_of, listed.entries))
            if last <= beyond:
                raise Unavailable("the store repeats a page of its catalogue")
            yield replace(self._page(listed), position=str(last))
            beyond = last

    def find(self, skus: Sequence[str]) -> CataloguePage:
        """The items whose SKU is exactly one of these.

        The inventory's list knows the SKUs of what is tracked, the list of products their own SKUs; an untracked
        variant is found by the catalogue alone. A list cannot name a SKU with a comma: each of those is asked for by
        itself.
        """
        wanted = dict.fromkeys(skus)
        plain = [sku for sku in wanted if "," not in sku]
        tracked = [one for names in _chunks(plain) for one in self._tracked(names)]
        known = {sku for sku, _ in tracked}
        products = dict.fromkeys(product for sku, product in tracked if sku in wanted)
        for names in _chunks([sku for sku in plain if sku not in known]):
            listed = self._list("catalog/products", {"sku:in": names, "include_fields": "sku", "limit": PER_PAGE})
            products |= dict.fromkeys(str(id_of(entry)) for entry in listed.entries if id_of(entry))
        for sku in (sku for sku in wanted if "," in sku):
            listed = self._list("catalog/variants", {"sku": sku, "limit": PER_PAGE})
            products |= dict.fromkeys(filter(None, map(product_of, listed.entries)))
        found = _together([self._page(listed) for listed in self._listed(list(products))])
        return replace(found, items=tuple(item for item in found.items if item.sku in wanted))

    def _tracked(self, names: str) -> list[tuple[str, str]]:
        """SKU and product of what the inventory's list has of some SKUs."""
        listed = self._list("inventory/items", {"sku:in": names, "limit": ITEMS_PER_PAGE})
        return [one for one in map(read_identity, listed.entries) if one]

    def _listed(self, ids: Sequence[str]) -> Iterator[Listed]:
        """Some products with their variants, in pieces."""
        limit = PER_PAGE
        while ids:
            listed, limit = self._products({}, limit, ids=ids)
            yield listed
            ids = ids[limit:]

    def _products(self, asked: Params, limit: int, *, ids: Sequence[str] = ()) -> tuple[Listed, int]:
        """As many products with their variants as fit into an answer, and how many that was to be.

        A product may have 600 variants: an answer that is too large is asked for with half as many.
        """
        while True:
            these: Params = {"id:in": ",".join(ids[:limit])} if ids else {}
            try:
                return self._list("catalog/products", {**_WITH_VARIANTS, **asked, **these, "limit": limit}), limit
            except Rejected as error:
                if error.status is not None or limit == 1:
                    raise
                limit //= 2

    def _page(self, listed: Listed) -> CataloguePage:
        on_hand = self._on_hand([str(id_of(entry)) for entry in listed.entries if id_of(entry)])
        return _together([read_product(entry, on_hand) for entry in listed.entries])

    def _on_hand(self, products: Sequence[str]) -> dict[str, int | None]:
        """What is on hand of some products' items at the default place; nothing where the shop names no such place."""
        places = self._defaults.get() if products else ()
        if len(places) != 1:
            return {}
        try:
            return read_on_hand(self._counted(products, places[0]), places[0])
        except TooLarge:
            half = len(products) // 2
            if not half:
                raise
            return self._on_hand(products[:half]) | self._on_hand(products[half:])

    def _counted(self, products: Sequence[str], place: int) -> list[Any]:
        """The entries of some products in the inventory's list, which has no order: one may be missing."""
        asked: Params = {"product_id:in": ",".join(products), "location_id:in": place, "limit": ITEMS_PER_PAGE}
        found: list[Any] = []
        for page in range(1, len(products) * MOST_VARIANTS // ITEMS_PER_PAGE + 2):
            listed = self._list("inventory/items", {**asked, "page": page})
            found += listed.entries
            if not listed.entries or (listed.total is not None and listed.total <= len(found)):
                break
        return found

    def _list(self, path: str, params: Params) -> Listed:
        answer = self._http.get(f"v3/{path}", params)
        try:
            listed = read_list(answer.json())
        except Unreadable as error:
            raise Unavailable(f"the answer is no list: {error}", request=answer.request) from error
        most = int(params.get("limit", PER_PAGE))
        if len(listed.entries) > most:
            raise Unavailable(more_than(most), request=answer.request)
        return listed

    def locations(self) -> tuple[StoreLocation, ...]:
        """Every location, by its id."""
        found: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            listed = self._list("inventory/locations", {"limit": LOCATIONS_PER_PAGE, "page": page})
            found += listed.entries
            if len(listed.entries) < LOCATIONS_PER_PAGE:
                break
        return read_locations(found, defaults=self._defaults.get())

    # -- telling -------------------------------------------------------------------------------------------------

    def tell(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Set quantities at the default place; a 200 means that they are accepted, and shown a moment later.

        The answer names no item: which SKUs they have is asked before. A refusal applies nothing of its batch: whom it
        names is left out, and the rest is sent again. Raises Rejected where it names nobody (STK-8).
        """
        refused = [_unknown(tell) for tell in tells if not is_adjustable(tell.external_id)]
        left = [tell for tell in tells if is_adjustable(tell.external_id)]
        renamed = self._renamed(left)
        refused += renamed.values()
        left = [tell for tell in left if tell.external_id not in renamed]
        rounds = 0
        while left and not _is_accepted(answer := self._adjust(left)):
            named = culprits(_said(answer), left)
            rounds += 1
            if not named or rounds > ROUNDS:
                raise self._refusal(answer)
            refused += named
            gone = {one.external_id for one in named}
            left = [tell for tell in left if tell.external_id not in gone]
        return tuple(refused)

    def _renamed(self, tells: Sequence[TellStock]) -> dict[str, NotTold]:
        """The items that have another SKU now than is meant (STK-3)."""
        skus = self._skus([tell.external_id for tell in tells])
        now = {tell.external_id: skus.get(tell.external_id, tell.sku) for tell in tells}
        return {
            one.external_id: another_sku(one, now[one.external_id]) for one in tells if now[one.external_id] != one.sku
        }

    def _skus(self, items: Sequence[str]) -> dict[str, str]:
        """The SKUs that some items have now, empty for those that have none; nothing of what is gone."""
        found: dict[str, str] = {}
        for listed in self._listed([item.removeprefix(_PRODUCT) for item in items if item.startswith(_PRODUCT)]):
            for page in (read_product(entry, {}) for entry in listed.entries):
                found |= {item.external_id: item.sku for item in page.items}
                found |= {} if page.items else dict.fromkeys(page.gone, "")
        variants = [item.removeprefix(_VARIANT) for item in items if item.startswith(_VARIANT)]
        for start in range(0, len(variants), PER_PAGE):
            asked: Params = {"variant_id:in": ",".join(variants[start : start + PER_PAGE]), "limit": ITEMS_PER_PAGE}
            found |= dict(filter(None, map(read_sku, self._list("inventory/items", asked).entries)))
        return found

    def _adjust(self, tells: Sequence[TellStock]) -> Answer:
        return self._http.put(_ADJUST, adjustment(tells, self._place()), answers={422})

    def _place(self) -> int:
        """The shop's default place."""
        places = self._defaults.get()
        if len(places) != 1:
            raise Rejected(f"the shop names {len(places)} default locations in place of one")
        return places[0]

    def _ask_defaults(self) -> tuple[int, ...]:
        return read_places(self._list("inventory/locations", {"is_default": "true"}).entries)

    def _refusal(self, answer: Answer) -> Exception:
        self._defaults.forget()  # it may be the place that is refused: it is asked for again
        return error_of(ErrorAnswer(answer.headers, answer.text.encode(), 422), answer.request, now=datetime.now(UTC))


def _together(pages: Sequence[CataloguePage]) -> CataloguePage:
    return CataloguePage(
        tuple(item for page in pages for item in page.items),
        tuple(name for page in pages for name in page.gone),
        without_sku=sum(page.without_sku for page in pages),
    )


def _is_last(listed: Listed, limit: int) -> bool:
    """Whether nothing comes after: a page that is not full, and the shop's own count of what is left agrees."""
    count = len(listed.entries)
    return count == 0 or (count < limit and listed.total is not None and listed.total <= count)


def _is_accepted(answer: Answer) -> bool:
    """Whether the shop took an adjustment; false where it refuses it. Raises Unavailable where it says neither."""
    if answer.status == 422:
        return False
    try:
        read_accepted(answer.json())
    except Unreadable as error:
        raise Unavailable(f"the answer does not say that stock was taken: {error}", request=answer.request) from error
    return True


def _said(answer: Answer) -> Any:
    try:
        return answer.json()
    except Unavailable:
        return None  # a refusal without a word that can be read


def _unknown(tell: TellStock) -> NotTold:
    return NotTold(tell.external_id, tell.place, Reason.STORE_ITEM_GONE, "this is no id of a BigCommerce item")


def _chunks(skus: Sequence[str]) -> Iterator[str]:
    """SKUs with commas between them, each piece as long as an address takes."""
    part: list[str] = []
    for sku in skus:
        if part and (len(part) == PER_PAGE or len(",".join([*part, sku]).encode()) > _SKUS_LENGTH):
            yield ",".join(part)
            part = []
        part.append(sku)
    if part:
        yield ",".join(part)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
