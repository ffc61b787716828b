"""A WooCommerce sandbox in a process of its own: prints its address and credentials as JSON, then serves."""

import json
import sys

from sandbox import open_sandbox, seed_plain


def main() -> None:
    """Serve a shop with so many plain orders of three lines, every second buyer a new one."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        seed_plain(sandbox.shop, orders=int(sys.argv[1]), lines=3)
        print(json.dumps({"url": sandbox.url, "credentials": dict(sandbox.credentials)}), flush=True)
        sandbox.wait()


if __name__ == "__main__":
    main()
