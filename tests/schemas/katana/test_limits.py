"""What Katana's headers say of its limit (KAT-2)."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.katana.limits import Quota, may_ask_at, read_quota

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
RESET = datetime(2026, 11, 29, 12, 0, 40, tzinfo=UTC)


@pytest.mark.parametrize("text", [str(int(RESET.timestamp())), str(int(RESET.timestamp()) * 1000)])
def test_KAT_2_the_reset_is_read_in_seconds_and_in_milliseconds(text: str) -> None:
    assert read_quota({"X-Ratelimit-Reset": text, "X-Ratelimit-Remaining": "3"}) == Quota(3, RESET)


@pytest.mark.parametrize("text", ["", "soon", "-1", "²", "9" * 14, "9" * 40])
def test_KAT_2_what_is_no_number_says_nothing(text: str) -> None:
    quota = read_quota({"X-Ratelimit-Reset": text, "X-Ratelimit-Remaining": ""})

    assert quota.remaining is None
    assert quota.reset is None or quota.reset.year < 9999


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7", "X-Ratelimit-Reset": str(int(RESET.timestamp()))}, 7),
        ({"X-Ratelimit-Reset": str(int(RESET.timestamp()))}, 40),
        ({"X-Ratelimit-Reset": "1"}, 1),
        ({}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "99999999"}, 3600),
    ],
)
def test_KAT_2_a_429_says_when_to_come_again(headers: dict[str, str], seconds: int) -> None:
    assert may_ask_at(headers, NOW) == NOW + timedelta(seconds=seconds)
