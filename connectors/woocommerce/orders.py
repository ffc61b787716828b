"""What WooCommerce's answers say of orders: snapshots, and what an order leaves open that the shop says if asked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from connectors import json_text
from connectors.errors import CredentialsRefused, NotFound, Rejected, Unavailable
from connectors.following import usable_id
from connectors.http import HttpClient, Params
from connectors.memo import Memo
from connectors.woocommerce.pages import PER_PAGE, is_last
from schemas.errors import Unreadable
from schemas.orders import Snapshot
from schemas.woocommerce.money import DECIMALS, META, Ambiguity
from schemas.woocommerce.order import FIELDS, digest, kept, needs_refunds, read_with_ambiguities
from schemas.woocommerce.payments import known_meta

# WooCommerce keeps six decimals of every amount and shows the shop's own, unless it is asked for more: a shop that
# rounds the order's tax alone shows parts that do not add up to its total.
ORDER: Final[Params] = {"_fields": ",".join(FIELDS), "dp": 6}

MOST_REFUND_PAGES: Final = 50  # of an order: a shop that repeats a page would never come to an end

_DECIMALS: Final = frozenset("012345678")

_Entry = tuple[Any, str]
_READABLE: Final = frozenset[Ambiguity]()


class Orders:
    """Snapshots of one shop's orders."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._decimals = Memo(self._ask_decimals)

    def listed(self, entry: _Entry) -> Snapshot:
        """An order as a list brings it; without a payload where it has to be asked for by itself."""
        found, doubts = _snapshot(entry)
        if needs_refunds(entry[0]) or Ambiguity.PAYMENTS in doubts:
            return replace(found, payload=None) if found.problem is None else found
        return _whole(found, entry[1], self._said(doubts)) if doubts else found

    def one(self, path: str, entry: _Entry) -> Snapshot:
        """An order with its refunds, and what else it leaves open; `path` is where it is."""
        found, doubts = _snapshot(entry)
        beside = self._said(doubts)
        if Ambiguity.PAYMENTS in doubts:
            meta = self._http.get(path, {"_fields": META}).json()
            beside[META] = json.dumps(known_meta(meta.get(META) if isinstance(meta, dict) else None), default=str)
        if needs_refunds(entry[0]):
            beside["refunds"] = f"[{','.join(self._refunds(path))}]"
        return _whole(found, entry[1], beside)

    def _said(self, doubts: frozenset[Ambiguity]) -> dict[str, str]:
        decimals = self._decimals.get() if Ambiguity.DECIMALS in doubts else None
        return {} if decimals is None else {DECIMALS: str(decimals)}

    def _ask_decimals(self) -> int | None:
        """The decimals of the shop's prices; None where the key may not see its settings."""
        try:
            setting = self._http.get("settings/general/woocommerce_price_num_decimals").json()
        except (CredentialsRefused, NotFound, Rejected):
            return None
        value = str(setting.get("value")) if isinstance(setting, dict) else ""
        return int(value) if value in _DECIMALS else None

    def _refunds(self, path: str) -> Iterator[str]:
        page, read = 1, 0
        while True:
            answer = self._http.get(f"{path}/refunds", {"per_page": PER_PAGE, "page": page, "dp": ORDER["dp"]})
            entries = answer.entries(PER_PAGE)
            if page > MOST_REFUND_PAGES:
                raise Unavailable("the store's list of refunds has no end", request=answer.request)
            yield from (text for _, text in entries)
            read += len(entries)
            if not entries or is_last(answer, len(entries), offset=read - len(entries)):
                return
            page += 1


def _snapshot(entry: _Entry) -> tuple[Snapshot, frozenset[Ambiguity]]:
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    try:
        order, doubts = read_with_ambiguities(value)
    except Unreadable as error:
        external_id = usable_id(value) or f"unreadable:{mark[:12]}"
        return Snapshot(
            external_id, None, mark, json_text.write_again(kept(value)), (error.path, error.problem)
        ), _READABLE
    payload = json_text.write_again(kept(value))
    found = Snapshot(order.external_id, order.updated_at, mark, payload, skus=order.skus, number=order.number)
    return found, doubts


def _whole(found: Snapshot, text: str, beside: Mapping[str, str]) -> Snapshot:
    """A snapshot of the order with what was asked for beside it."""
    if not beside:
        return found
    parts = "".join(f',"{name}":{part}' for name, part in beside.items())
    value = json_text.read(f'{{"order":{text}{parts}}}')
    payload = json_text.write_again(kept(value))
    try:
        read_with_ambiguities(value)
    except Unreadable as error:
        return replace(found, payload=payload, problem=(error.path, error.problem))
    return replace(found, payload=payload, problem=None)
