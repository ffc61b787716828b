"""connectors.platforms: what of a platform is loaded, and when."""

import subprocess
import sys

import pytest

from connectors import platforms


def loaded_by(code: str) -> set[str]:
    """The modules of platforms, and requests, that are loaded once this ran in a process of its own."""
    script = f"import sys\nfrom connectors import platforms\n{code}\nprint(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return {name for name in said.stdout.split() if name == "requests" or {*name.split(".")} & {*platforms.PLATFORMS}}


def test_to_know_the_names_loads_no_platform() -> None:
    assert loaded_by("import connectors.errors") == set()


def test_a_record_loads_what_it_is_and_nothing_that_speaks() -> None:
    parts = {"schemas.shopify", "schemas.shopify.platform", "schemas.shopify.stock_file"}

    assert loaded_by("platforms.record('shopify')") == parts


@pytest.mark.long
def test_a_store_that_is_opened_loads_its_platform_alone() -> None:
    found = loaded_by("platforms.open_store('shopify', 'https://a.example', {'access_token': 'shpat_1'})")

    assert {"connectors.shopify.connector", "requests"} <= found
    assert {name.split(".")[1] for name in found - {"requests"}} == {"shopify"}


@pytest.mark.parametrize("platform", platforms.PLATFORMS)
def test_every_platform_is_called_in_its_record_as_in_the_list(platform: str) -> None:
    assert platforms.record(platform).name == platform
