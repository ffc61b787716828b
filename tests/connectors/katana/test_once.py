"""When a thing is looked for, sent or waited for (KAT-1)."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.katana.once import AwaitIt, Intent, IsMade, LookFor, SendIt, Step, decide_step

SENT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return SENT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("intent", "now", "has_looked", "step"),
    [
        (Intent(), at(0), False, LookFor()),
        (Intent(), at(0), True, SendIt()),
        (Intent(found_id="7"), at(0), False, IsMade("7")),
        (Intent(SENT, 3, found_id="7"), at(0), True, IsMade("7")),
        (Intent(SENT, 0), at(0), False, LookFor()),
        (Intent(SENT, 1), at(0), True, AwaitIt(at(60))),
        (Intent(SENT, 1), at(59), False, AwaitIt(at(60))),
        (Intent(SENT, 1), at(60), False, LookFor()),
        (Intent(SENT, 2), at(60), True, AwaitIt(at(600))),
        (Intent(SENT, 2), at(599), False, AwaitIt(at(600))),
        (Intent(SENT, 2), at(600), False, LookFor()),
        (Intent(SENT, 3), at(600), True, SendIt()),
        (Intent(SENT, 3), at(9999), False, LookFor()),  # it was to be sent then, and was not
        (Intent(SENT, 1), at(9999), True, LookFor()),
    ],
)
def test_KAT_1_what_is_next(intent: Intent, now: datetime, has_looked: bool, step: Step) -> None:
    assert decide_step(intent, now=now, has_looked=has_looked) == step
