"""The journal for people: which lines are asked for, from when on."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from connectors import postgres
from connectors.postgres import journal
from schemas.journal import Action, Line, Outcome
from tests.workers.cli.command import Cli
from tests.workers.cli.shops import Shop, document, place, take_in
from workers.cli.main import run
from workers.cli.start import MOMENT

Following = Callable[..., list[list[str]]]

LINE = {"at", "store", "external_id", "sku", "action", "outcome", "reason", "detail", "who"}


def test_line_has_every_column(cli: Cli, acme: Shop) -> None:
    external_id = place(acme, status="on-hold")
    take_in()

    connected, skipped = document(cli("journal", "--json"))

    assert connected.keys() == skipped.keys() == LINE
    assert (connected["action"], connected["external_id"], connected["reason"]) == ("connect", None, None)
    assert (skipped["store"], skipped["external_id"], skipped["outcome"]) == ("acme", external_id, "skipped")
    assert (skipped["reason"], skipped["detail"]) == ("status_not_imported", {"status": "on-hold"})


def test_CON_2_who_types_a_command_stands_in_the_journal(cli: Cli, acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    place(acme)
    cli("store", "pause", "acme")
    cli("store", "resume", "acme")
    take_in()

    said = [(line["action"], line["who"]) for line in document(cli("journal", "--json"))]

    assert said[1:] == [("set_state", "ada (command)"), ("set_state", "ada (command)"), ("import", None)]


def test_journal_shows_what_is_asked_for(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    order = place(acme)
    place(acme)
    take_in()
    fresh_connection.execute("INSERT INTO journal (sku, action, outcome) VALUES ('A-1', 'count', 'noted')")

    def actions(*arguments: str) -> list[str]:
        return [line["action"] for line in document(cli("journal", "--json", *arguments))]

    assert actions() == actions("--since", "1h") == ["connect", "import", "import", "count"]
    assert actions("--store", "acme") == ["connect", "import", "import"]
    assert actions("--order", order) == actions("--store", "acme", "--order", order) == ["import"]
    assert actions("--sku", "A-1") == ["count"]
    assert actions("--order", "777") == actions("--since", "2999-01-01") == []


def test_since_leaves_out_what_was_before(cli: Cli, acme: Shop, fresh_connection: postgres.Connection) -> None:
    fresh_connection.execute(
        "INSERT INTO journal (action, outcome, at) VALUES ('old', 'noted', now() - interval '90 minutes')"
    )

    actions = [
        [line["action"] for line in document(cli("journal", "--json", "--since", since))] for since in ("1h", "2h")
    ]

    assert actions == [["connect"], ["connect", "old"]]


def test_text_names_store_order_and_reason(cli: Cli, acme: Shop) -> None:
    external_id = place(acme, status="on-hold")
    take_in()

    _, _, line = cli("journal").out.splitlines()

    assert line.split()[1:] == [
        "acme",
        external_id,
        "-",
        "import",
        "skipped",
        "status_not_imported",
        '{"status":',
        '"on-hold"}',
        "-",
    ]


def test_BEY_9_journal_of_new_credentials_names_them_and_keeps_them_to_itself(
    cli: Cli, acme: Shop, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(acme.credentials["consumer_secret"])

    assert cli("store", "set", "acme", "--credential", f"consumer_secret=@{tmp_path}/secret").code == 0

    printed = cli("journal", "--json").out
    assert '"consumer_secret"' in printed
    assert acme.credentials["consumer_secret"] not in printed


def test_unknown_store_is_refused(refusing_cli: Cli) -> None:
    result = refusing_cli("journal", "--store", "nope")

    assert (result.code, result.err) == (1, "storesync: there is no store 'nope': see storesync store list\n")


def test_follow_and_json_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["journal", "--follow", "--json"]) == 2
    assert "choose one" in capsys.readouterr().err


@pytest.fixture
def following(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Following:
    """`following(step, step)` follows the journal, taking a step between two looks: the lines it printed, as words."""

    def follow(*steps: Callable[[], object]) -> list[list[str]]:
        left = iter(steps)

        def meanwhile(_: float) -> None:
            if (step := next(left, None)) is None:
                raise KeyboardInterrupt
            step()

        with monkeypatch.context() as patched:
            patched.setattr("workers.cli.journal.time.sleep", meanwhile)
            result = cli("journal", "--follow")
        assert (result.code, result.err.strip()) == (130, "storesync: stopped")
        return [line.split()[1:] for line in result.out.splitlines()[1:]]

    return follow


def write(connection: postgres.Connection, action: str, outcome: str) -> None:
    """A line as another version of storesync may have written it."""
    connection.execute("INSERT INTO journal (action, outcome) VALUES (%s, %s)", (action, outcome))


def test_follow_prints_new_lines_until_it_is_stopped(
    following: Following, acme: Shop, fresh_connection: postgres.Connection
) -> None:
    (connected, later) = following(lambda: write(fresh_connection, "later\x1b]0;x\x07", "noted"), lambda: None)

    assert (connected[0], connected[3]) == ("acme", "connect")
    assert later == ["-", "-", "-", "later\\x1b]0;x\\x07", "noted", "-", "-", "-"]


def test_follow_prints_a_line_whose_transaction_ends_after_a_later_line_was_printed(
    following: Following, fresh_connection: postgres.Connection, fresh_database_url: str
) -> None:
    with ExitStack() as open_still:
        slow = open_still.enter_context(postgres.connect(fresh_database_url))
        open_still.enter_context(slow.transaction())
        journal.add(slow, Line(Action.FETCH, Outcome.NOTED))

        printed = following(
            lambda: journal.add(fresh_connection, Line(Action.PUSH, Outcome.NOTED)), open_still.close, lambda: None
        )

    assert [words[3] for words in printed] == ["push", "fetch"]


@pytest.mark.long
def test_follow_prints_every_line_however_many_come_between_two_looks(
    following: Following, fresh_connection: postgres.Connection
) -> None:
    write_many(fresh_connection, "before", 1500)

    printed = following(lambda: write_many(fresh_connection, "between", 2500), lambda: None)

    assert [words[3] for words in printed] == [f"before{n}" for n in range(501, 1501)] + [
        f"between{n}" for n in range(1, 2501)
    ]


def write_many(connection: postgres.Connection, action: str, number: int) -> None:
    connection.execute(
        "INSERT INTO journal (action, outcome) SELECT %s || n, 'noted' FROM generate_series(1, %s) n", (action, number)
    )


def test_follow_goes_on_where_it_was_however_long_nothing_came(
    following: Following, fresh_connection: postgres.Connection
) -> None:
    def write(action: str, ago: str) -> None:
        statement = "INSERT INTO journal (action, outcome, at) VALUES (%s, 'noted', now() - %s::interval)"
        fresh_connection.execute(statement, (action, ago))

    write("first", "3 days")

    printed = following(lambda: write("second", "2 days"), lambda: write("third", "0 s"), lambda: None)

    assert [words[3] for words in printed] == ["first", "second", "third"]


# -- times -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00:00+02:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31 10:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        (" 2026-01-31 ", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_moment_is_read_as_UTC_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    assert MOMENT.convert(text, None, None) == moment


@pytest.mark.parametrize(("text", "ago"), [("90s", 90), ("15m", 900), ("2h", 7200), ("3d", 259_200), ("0s", 0)])
def test_moment_may_be_so_long_ago(text: str, ago: int) -> None:
    assert abs(MOMENT.convert(text, None, None) - datetime.now(UTC) + timedelta(seconds=ago)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "h", "-2h", "1.5h", "2w", "99999999999999d", "2026-13-01", "0001-01-01T00:00+14:00"]
)
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.UsageError, match="use 2026-01-31T10:00:00Z or 2h"):
        MOMENT.convert(text, None, None)
