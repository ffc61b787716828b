"""Settings are previewed before they are saved, and never over somebody else's (STG-4)."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.postgres import journal
from sandbox import RunningSandbox, open_sandbox
from schemas.setting_words import WORDS
from schemas.settings import STORE_SETTINGS
from schemas.stores import StoreState
from tasks.held import Process
from tasks.jobs import do_job
from tasks.stores import change_store, set_state
from tests.tasks.bad_input import open_bench
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import rung, store_of
from tests.workers.web.console.browsing import Person, form_with, words

ON = {"orders.payment_pending": "on"}


@pytest.fixture
def north() -> Iterator[RunningSandbox[Any]]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def store_id(held: Process, north: RunningSandbox[Any]) -> int:
    """The shop, connected as `north`."""
    return open_bench(held, north, "shopify", name="north").store_id


def type_in(person: Person, path: str, *, form: str = "settings", **typed: str) -> Any:
    """A form of a page, as it stands there, with something typed, sent."""
    return person.post(path, **{**form_with(person.get(path).text, form=form), **typed})


def settings(held: Process, store_id: int) -> dict[str, Any]:
    """What is saved."""
    return dict(store_of(held, store_id).settings)


def work(held: Process) -> list[str]:
    """Do every job that was asked for; what came of each."""
    return [do_job(number) for (number,) in rung(held.redis, "fetch")]


def test_STG_4_every_setting_has_its_words() -> None:
    assert WORDS.keys() == STORE_SETTINGS.keys()
    for one in WORDS.values():
        assert one.title
        assert one.effect.endswith(".")
        assert one.back.endswith(".")


def test_STG_4_a_setting_is_shown_with_its_default_and_effect_and_previewed_before_it_is_saved(
    held: Process, north: RunningSandbox[Any], store_id: int, operator: Person
) -> None:
    line = {"sku": "TBL-1", "price": "30.00"}
    for _ in range(2):
        north.shop.place_order({"lines": [line], "financial": "PENDING"})
    north.shop.place_order({"lines": [line], "financial": "VOIDED"})
    import_all(held, store_id)
    page = operator.text("/stores/north/orders")
    assert "“Payment pending” orders Orders whose payment is pending come in too. Default: off. Off" in page
    assert "“Paid” orders" in page
    assert "The order is not paid yet. 2 now" in page

    preview = type_in(operator, "/stores/north/orders", **ON)

    assert preview.status_code == 200
    note = words(preview.text)
    assert "Before this is saved You switched “Payment pending” orders on. Saving it lets 2 orders in" in note
    assert "Switched off again later, they stay in the hub." in note
    assert "storesync store set north orders.payment_pending=on" in note
    assert settings(held, store_id) == {}

    answer = operator.post("/stores/north/orders", **form_with(preview.text, act="save"))

    assert answer.headers["Location"] == "/stores/north/orders#said"
    assert settings(held, store_id) == {"orders.payment_pending": True}
    assert "Saved. It holds from now on." in operator.text("/stores/north/orders")
    with held.pool.connection() as connection:
        line_ = journal.lines(connection, journal.Which(store_id))[-1]
    assert (line_.action, line_.outcome, line_.who) == ("reconfigure", "saved", "operator")
    again = operator.post("/stores/north/orders", **form_with(preview.text, act="save"))
    assert (again.status_code, settings(held, store_id)) == (303, {"orders.payment_pending": True})


def test_STG_4_what_somebody_else_saved_meanwhile_stays_and_both_values_are_shown(
    held: Process, store_id: int, operator: Person
) -> None:
    preview = type_in(operator, "/stores/north/orders", **ON)
    change_store(held, store_of(held, store_id), {"orders.changes": "off"}, {})
    mine = form_with(preview.text, act="save")

    theirs = words(operator.post("/stores/north/orders", **mine).text)
    assert "Bring order changes Off not changed" in theirs
    assert "“Payment pending” orders Off On" in theirs
    answer = operator.post("/stores/north/orders", **mine, **{"orders.changes": "on"})

    assert answer.status_code == 409
    assert settings(held, store_id) == {"orders.changes": False}
    said = words(answer.text)
    assert "Somebody else saved meanwhile Nothing of yours is saved." in said
    assert "Bring order changes Off On" in said
    yours = operator.post("/stores/north/orders", **form_with(answer.text, **{"orders.changes": "on"}))
    assert "Before this is saved" in words(yours.text)
    operator.post("/stores/north/orders", **form_with(yours.text, act="save"))
    assert settings(held, store_id) == {"orders.changes": True, "orders.payment_pending": True}


def test_STG_4_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(
    held: Process, store_id: int, operator: Person
) -> None:
    typed = {"orders.custom_item_kind": "<script>alert(1)</script>", "orders.returns": "maybe", **ON}

    answer = type_in(operator, "/stores/north/orders", **typed)

    assert answer.status_code == 422
    assert answer.text.count("must be service or product") == 2
    assert 'href="#orders-custom_item_kind"' in answer.text
    assert 'aria-describedby="orders-returns-wrong"' in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text
    assert form_with(answer.text, form="settings")["orders.payment_pending"] == "on"
    assert settings(held, store_id) == {}


def test_STG_4_what_the_shop_has_to_be_asked_for_a_worker_asks(
    held: Process, north: RunningSandbox[Any], store_id: int, operator: Person
) -> None:
    change_store(held, store_of(held, store_id), {"fulfillment.sync": "off"}, {})
    rung(held.redis, "fetch")

    answer = type_in(operator, "/stores/north/orders", **{"fulfillment.sync": "on"})
    where = answer.headers["Location"].partition("#")[0]
    assert (answer.status_code, "job=" in where) == (303, True)
    assert "The preview: asked of the shop" in operator.text(where)
    assert 'http-equiv="refresh"' in operator.get(where).text
    assert work(held) == ["done"]
    preview = operator.get(where).text
    assert "looked at from both sides" in words(preview)

    answer = operator.post("/stores/north/orders", **form_with(preview, act="save"))
    assert settings(held, store_id) == {"fulfillment.sync": False}
    assert work(held) == ["done"]

    assert settings(held, store_id) == {"fulfillment.sync": True}
    assert "Saved." in operator.text(answer.headers["Location"].partition("#")[0])


def test_STG_4_a_worker_saves_nothing_over_somebody_else(held: Process, store_id: int, operator: Person) -> None:
    change_store(held, store_of(held, store_id), {"fulfillment.sync": "off"}, {})
    rung(held.redis, "fetch")
    where = type_in(operator, "/stores/north/orders", **{"fulfillment.sync": "on", **ON}).headers["Location"]
    work(held)
    preview = operator.get(where.partition("#")[0]).text
    saving = operator.post("/stores/north/orders", **form_with(preview, act="save")).headers["Location"]
    change_store(held, store_of(held, store_id), {"orders.payment_pending": "on"}, {})

    assert work(held) == ["failed"]

    assert settings(held, store_id) == {"fulfillment.sync": False, "orders.payment_pending": True}
    assert "somebody else saved other values meanwhile" in operator.text(saving.partition("#")[0])


def test_STG_4_a_store_that_was_disconnected_meanwhile_is_changed_by_nobody(
    held: Process, store_id: int, operator: Person, viewer: Person
) -> None:
    mine = form_with(type_in(operator, "/stores/north/orders", **ON).text, act="save")
    assert "Operators can change these settings." in viewer.text("/stores/north/orders")
    set_state(held, store_of(held, store_id), StoreState.DISCONNECTED)

    assert operator.post("/stores/north/orders", **mine).status_code == 409
    assert "nothing of it can be changed" in operator.text("/stores/north/orders")
    assert settings(held, store_id) == {}
