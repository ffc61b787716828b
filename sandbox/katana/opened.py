"""Katana's stand-in, started: an account as it is, or one with orders in it."""

from sandbox.faults import Faults
from sandbox.katana.api import ROOT
from sandbox.katana.app import create_app
from sandbox.katana.generator import seed_katana
from sandbox.katana.person import KatanaPerson
from sandbox.katana.state import KEY, KatanaAccount
from sandbox.running import RunningSandbox, Wanted
from sandbox.server import serve


def run_katana(
    account: KatanaAccount, faults: Faults | None = None, *, port: int = 0, host: str = "127.0.0.1"
) -> RunningSandbox[KatanaAccount]:
    """Serve a Katana account as it is. Raises OSError when the port is taken."""
    faults = faults or Faults()
    server = serve(create_app(account, faults), host=host, port=port)
    server.before_stop(faults.release)
    server.before_stop(account.deliveries.courier.stop)
    running = RunningSandbox(server, account, faults, {"api_key": KEY}, KatanaPerson(account), ROOT)
    account.url = running.url
    return running


def open_katana(wanted: Wanted) -> RunningSandbox[KatanaAccount]:
    """A Katana account with orders in it, which tells of orders where that is wished for; plain http may be told."""
    account = KatanaAccount()
    account.oddities.webhooks_need_https = False
    seed_katana(account, orders=wanted.orders, seed=wanted.seed)
    running = run_katana(account, Faults(wanted.faults, seed=wanted.seed), port=wanted.port, host=wanted.host)
    if wanted.webhooks_to is not None:
        events = [f"sales_order.{event}" for event in ("created", "updated", "packed", "delivered", "deleted")]
        with account.lock:
            account.webhooks.create({"url": wanted.webhooks_to, "subscribed_events": events})
    return running
