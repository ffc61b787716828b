"""Stock: the hub's SKUs beside what each store shows of them, what differs, and why; as a page and as a file."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import hubs
from connectors.hubs import our_hub
from connectors.postgres import Connection, stock_view, stores
from schemas.hub import StockLevel
from schemas.hub_facts import HubFacts
from schemas.money import plain
from schemas.orders import ZERO
from schemas.reasons import Reason
from schemas.text import clean
from schemas.users import Role
from tasks.rules.stock import wanted_quantities
from workers.cli.hub import items
from workers.cli.hub.items import NextSkus
from workers.seen_stock import Sight, look_at_skus, why_not
from workers.web.console import desk, listed
from workers.web.console.frame import needs
from workers.web.console.listed import read_way

pages: Final = Blueprint("stock", __name__, template_folder="templates")

DIFFERS: Final = "1"  # what is asked for by `differs`: SKUs of which a store shows something else
NEVER: Final = "never"  # … or that nobody ever counted

ROWS: Final = 50  # on a page
COLUMNS: Final = 4  # stores beside each other; of more one is chosen
MOST_SIGNS: Final = 200  # of what is searched for
MOST_LOOKED: Final = 1000  # SKUs that a page looks through for those that differ, or for a word of two signs
MOST_LINES: Final = 500_000  # of a file
PORTION: Final = 500  # of a file
PART: Final = 250  # of a search for what differs; a page looks through two of them
_TURNS: Final = 2  # portions that a page looks through


@dataclass(frozen=True, slots=True)
class AskedStock:
    """What a person asked for."""

    q: str = ""
    location: str = ""
    store: str = ""
    differs: str = ""

    def address(self, **changed: str) -> str:
        """The page that shows it, with nothing empty in its address."""
        return listed.address("stock.stock", self, changed)

    def file(self) -> str:
        """The file that has it."""
        return listed.address("stock.stock_file", self, {})


@dataclass(frozen=True, slots=True)
class Cell:
    """A store beside a SKU: the pieces it shows and is to show, None where nobody knows or nothing is; and words."""

    store: str
    shows: int | None
    wanted: int | None
    differs: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class SkuLine:
    """A SKU: what the hub has of it at the locations that are asked for, and the stores beside it."""

    sku: str
    name: str
    levels: Sequence[StockLevel]
    cells: Sequence[Cell]

    @property
    def in_stock(self) -> str:
        """Pieces on the shelf."""
        return plain(sum((level.in_stock for level in self.levels), ZERO))

    @property
    def committed(self) -> str:
        """Pieces that are promised."""
        return plain(sum((level.committed for level in self.levels), ZERO))

    @property
    def is_counted(self) -> bool:
        """Whether anybody ever counted it."""
        return any(level.is_counted for level in self.levels)

    @property
    def to_show(self) -> list[int]:
        """What the stores that sell it are to show, each figure once."""
        return sorted({cell.wanted for cell in self.cells if cell.wanted is not None})

    @property
    def differs(self) -> bool:
        """Whether one of them shows something else."""
        return any(cell.differs for cell in self.cells)


@dataclass(frozen=True, slots=True)
class StockList:
    """What the list is read from."""

    connection: Connection
    facts: HubFacts
    asked: AskedStock
    shown: Sequence[str]  # the stores that stand beside

    def portion(self, after: str, limit: int) -> NextSkus:
        """The next SKUs that are called as somebody asked, or fewer; the rest begins where nobody looked yet."""
        connection, text = self.connection, self.asked.q
        if not self.facts.shares_transaction:  # it is asked over the network: what its SKUs are, the stores know too
            return items.cut(stock_view.sold(connection, after=after, prefix=text, limit=limit + 1), limit)
        return items.next_skus(connection, text, after=after, limit=limit, most_looked=MOST_LOOKED)

    def lines(self, names: dict[str, str]) -> list[SkuLine]:
        """These SKUs, each with what stands beside it; of a search for what differs or was never counted, only that."""
        levels: dict[str, list[StockLevel]] = {sku: [] for sku in names}
        if self.facts.shares_transaction:
            for level in our_hub(self.connection).levels(list(names)):
                levels[level.sku].append(level)
        if self.asked.differs == NEVER:
            names = {sku: name for sku, name in names.items() if not any(map(self._is_counted, levels[sku]))}
        sights = look_at_skus(self.connection, {sku: levels[sku] for sku in names}, most_unread=0)
        if self.asked.differs == DIFFERS:
            names = {sku: name for sku, name in names.items() if any(sight.differs for sight in sights[sku])}
        lines = [self._line(sku, name, levels[sku], sights[sku]) for sku, name in names.items()]
        return [line for line in lines if line.differs or self.asked.differs != DIFFERS]

    def _is_counted(self, level: StockLevel) -> bool:
        return level.is_counted and self.asked.location in {"", level.location}

    def _line(self, sku: str, name: str, levels: Sequence[StockLevel], sights: Sequence[Sight]) -> SkuLine:
        here = [level for level in levels if self.asked.location in {"", level.location}]
        cells = [_cell(sight, self.asked.location) for sight in sights if sight.store.name in self.shown]
        return SkuLine(sku, name, here, cells)

    def page(self, after: str) -> tuple[list[SkuLine], str | None]:
        """The lines of a page, and where the next one begins; None where there is none."""
        is_looking = bool(self.asked.differs)
        found: list[SkuLine] = []
        beyond: str | None = after
        for _ in range(_TURNS):
            portion = self.portion(beyond or "", PART if is_looking else ROWS - len(found))
            found, beyond = found + self.lines(portion.names), portion.beyond
            if len(found) > ROWS:
                return found[:ROWS], found[ROWS - 1].sku
            if beyond is None or len(found) == ROWS:
                break
        return found, beyond


def _cell(sight: Sight, location: str) -> Cell:
    """A store's figures at its places, or at those of them that stand for one location of the hub."""
    name = sight.store.name
    counted = {item.external_id for item in sight.items if item.is_tracked}
    places = [place for place, code in sight.places.items() if location in {"", code}]
    if not sight.items:
        is_known = sight.here.store.catalogue_whole_at is not None
        return Cell(name, None, None, False, "no item with this SKU" if is_known else "its catalogue was not read yet")
    if not counted:
        return Cell(name, None, None, False, "its pieces are not counted there")
    if not places:
        return Cell(name, None, None, False, "sells from another location")
    tells = [tell.external_id for tell in sight.push.tells if tell.place in places] if sight.push else []
    item = tells[0] if tells else min(counted)
    wanted = wanted_quantities(sight.levels, store=sight.store, location=sight.location) if sight.levels else {}
    here = [wanted[place] for place in places if place in wanted]
    differs = bool(tells) or (sight.differs and not here)
    return Cell(name, _shows(sight, item, places), sum(here) if here else None, differs, _why(sight) if differs else "")


def _shows(sight: Sight, external_id: str, places: Sequence[str]) -> int | None:
    known = {one.place: one.shown for one in sight.items if one.external_id == external_id and one.place is not None}
    figures = [known[place] for place in places if place in known]
    return None if not figures or None in figures else sum(figure or 0 for figure in figures)


def _why(sight: Sight) -> str:
    """Why it shows something else, in a few words."""
    reason = why_not(sight)
    if reason:
        return str(reason).replace("_", " ")
    if sight.store.state != "active":
        return f"the store is {sight.store.state}".replace("_", " ")
    return "is told now" if sight.is_pending else "not told yet"


# -- pages -----------------------------------------------------------------------------------------------------------


@pages.get("/stock")
@needs(Role.VIEWER)
def stock() -> ResponseReturnValue:
    """A page of the list."""
    shelf, names = _shelf(request.args)
    way = read_way(request.args.get("after", ""))
    lines, beyond = shelf.page(_read_place(way.place))
    return render_template(
        "stock.html",
        asked=shelf.asked,
        lines=lines,
        shown=shelf.shown,
        stores=names,
        hub=shelf.facts,
        locations=_locations(shelf),
        way=way,
        older=way.older(_place_text(beyond)) if beyond is not None else "",
        beyond=beyond,
        uncounted=sum(any(cell.words == _UNCOUNTED for cell in line.cells) for line in lines),
    )


_UNCOUNTED: Final = Reason.NEVER_COUNTED.replace("_", " ")


@pages.get("/stock.csv")
@needs(Role.VIEWER)
def stock_file() -> ResponseReturnValue:
    """The same SKUs as a file, so many at most, a portion at a time."""
    shelf, names = _shelf(request.args)
    every = StockList(shelf.connection, shelf.facts, shelf.asked, names if not shelf.asked.store else shelf.shown)
    return listed.file("stock.csv", _file(every))


def _file(shelf: StockList) -> Iterator[str]:
    """A head, and a line for each SKU; no spreadsheet takes a cell for a formula."""
    columns = [f"{name} {what}" for name in shelf.shown for what in ("shows", "to show", "why")]
    yield listed.line(["sku", "name", "in stock", "committed", "counted", *columns])
    beyond: str | None = ""
    for _ in range(MOST_LINES // PORTION):
        portion = shelf.portion(beyond or "", PORTION)
        yield "".join(listed.line(_cells(line)) for line in shelf.lines(portion.names))
        beyond = portion.beyond
        if beyond is None:
            return


def _cells(line: SkuLine) -> list[str]:
    head = [line.sku, line.name]
    head += [line.in_stock, line.committed, "yes" if line.is_counted else "no"] if line.levels else ["", "", ""]
    figures = [[_text(cell.shows), _text(cell.wanted), cell.words] for cell in line.cells]
    return head + [text for cell in figures for text in cell]


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


@pages.post("/stock")
@needs(Role.VIEWER)
def search() -> ResponseReturnValue:
    """What was asked for, as an address; the one SKU that is called exactly so, at once."""
    asked = _asked(request.form)
    if asked.q and asked == AskedStock(asked.q) and is_known(desk.connection(), asked.q):
        return redirect(sku_address(asked.q), 303)
    return redirect(asked.address(), 303)


def is_known(connection: Connection, sku: str) -> bool:
    """Whether hub or stores have something with exactly this SKU."""
    if stock_view.items(connection, [sku]):
        return True
    is_ours = hubs.facts_of(stores.account(connection).hub).shares_transaction
    return is_ours and items.is_item(connection, sku)


def sku_address(sku: str) -> str:
    """The page of a SKU: at the end of its address, or behind it where a browser or server would read it otherwise."""
    if any(part in {"", ".", ".."} for part in sku.split("/")):
        return f"{url_for('stock_sku.odd_sku')}?sku={quote(sku, safe='')}"
    return url_for("stock_sku.sku", sku=sku)


def _shelf(given: Any) -> tuple[StockList, list[str]]:
    """What the list is read from, and the names of all stores."""
    connection, asked = desk.connection(), _asked(given)
    names = [row.name for row in stores.stores(connection)]
    if asked.store and asked.store not in names:
        abort(404)
    shelf = StockList(
        connection,
        hubs.facts_of(stores.account(connection).hub),
        asked,
        [asked.store] if asked.store else names[:COLUMNS],
    )
    if asked.location and asked.location not in _locations(shelf):
        abort(404)
    return shelf, names


def _locations(shelf: StockList) -> list[str]:
    """The hub's locations; of one over the network those that somebody named."""
    if not shelf.facts.shares_transaction:
        return []
    return [place.code for place in our_hub(shelf.connection).locations()]


def _asked(given: Any) -> AskedStock:
    values = {name: clean(given.get(name, ""))[:MOST_SIGNS].strip() for name in AskedStock.__slots__}
    return AskedStock(**values | {"differs": values["differs"] if values["differs"] in {DIFFERS, NEVER} else ""})


def _place_text(sku: str) -> str:
    return urlsafe_b64encode(sku.encode()).decode()


def _read_place(text: str) -> str:
    """Behind which SKU a page begins; an address that nobody of us made begins at the first."""
    try:
        return clean(urlsafe_b64decode(text.encode()).decode())
    except ValueError:
        return ""
