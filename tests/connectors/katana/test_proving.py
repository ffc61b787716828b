"""What a Katana account has to show before anything is made there (KAT-3)."""

import pytest

from connectors.errors import CredentialsRefused, Rejected, Unavailable
from connectors.katana.client import KatanaClient
from connectors.katana.creating import Creator
from connectors.katana.proving import FILTERS, prove
from sandbox import KatanaAccount
from schemas.katana.records import AccountRecord
from tests.connectors.katana.answering import Reply, answering
from tests.connectors.katana.makers import ORIGIN, order
from tests.connectors.katana.test_client import client as client_of


@pytest.fixture
def filled(creator: Creator, account: KatanaAccount, store: int) -> KatanaAccount:
    """An account with one of everything."""
    account.services.create({"name": "Gift wrap", "variants": [{}]})
    account.fulfillments.take_rest(int(creator.create(order(account, store), ORIGIN).id), "DELIVERED")
    return account


def test_KAT_3_an_account_whose_filters_work_can_be_worked_with(client: KatanaClient, filled: KatanaAccount) -> None:
    place = str(filled.locations.default()["id"])

    assert prove(client) == AccountRecord("EUR", place, closed_until=None, delivery_days=14)
    assert {one.method for one in filled.asked_for()[-len(FILTERS) - 1 :]} == {"GET"}


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, name, _ in FILTERS])
def test_KAT_3_an_account_that_ignores_a_filter_is_refused_by_its_name(
    client: KatanaClient, filled: KatanaAccount, path: str, name: str
) -> None:
    filled.oddities.ignored_filters = (f"{path}.{name}",)

    with pytest.raises(Rejected, match=f"GET {path}: Katana ignores the filter {name}"):
        prove(client)


def test_KAT_3_a_key_that_is_refused_proves_nothing(client: KatanaClient, account: KatanaAccount) -> None:
    account.keys = set()

    with pytest.raises(CredentialsRefused):
        prove(client)


@pytest.mark.parametrize("said", ['{"base_currency_code": []}', "[]"])
def test_KAT_3_an_answer_that_cannot_be_read_proves_nothing(said: str) -> None:
    with answering(Reply(said)) as server, pytest.raises(Unavailable):
        prove(client_of(server))
