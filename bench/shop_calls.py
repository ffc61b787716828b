"""How many calls each platform's shop answers while 1,000 open orders are read, everything an import needs included.

python -m bench.shop_calls
"""

from collections.abc import Callable
from typing import Any

from connectors import platforms
from sandbox import RunningSandbox, open_sandbox, seed_plain, seed_plain_bigcommerce, seed_shopify_plain

ORDERS = 1000
SEEDS: dict[str, Callable[..., None]] = {
    "bigcommerce": seed_plain_bigcommerce,
    "shopify": seed_shopify_plain,
    "woocommerce": seed_plain,
}


def main() -> None:
    """Print the table."""
    print("| platform | shop calls per 1,000 orders |\n| --- | --- |")
    for platform in platforms.PLATFORMS:
        with open_sandbox(platform, orders=0) as sandbox:
            SEEDS[platform](sandbox.shop, orders=ORDERS)
            print(f"| {platform} | {_calls(platform, sandbox)} |")


def _calls(platform: str, sandbox: RunningSandbox[Any]) -> int:
    connector: Any = platforms.open_store(platform, sandbox.url, sandbox.credentials, allow_insecure=True)
    seen = set()
    for page in connector.changed_orders(None):
        for snapshot in page.snapshots:
            seen.add(snapshot.external_id)
            if snapshot.payload is None:
                connector.snapshot(snapshot.external_id)
    assert len(seen) == ORDERS, f"{platform}: {len(seen)} orders came"
    calls: int = connector.http.calls
    return calls


if __name__ == "__main__":
    main()
