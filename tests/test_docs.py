"""The pages tell the truth: reasons, settings, commands, limits, triggers and links agree with what is there."""

import contextlib
import importlib
import io
import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from connectors import config, platforms, postgres
from schemas.account import Account, settings_of
from schemas.journal import Action, Outcome
from schemas.reasons import Reason
from schemas.settings import ACCOUNT_SETTINGS, STORE_SETTINGS
from workers.cli.explain.trail import SAID
from workers.cli.main import cli

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
OWN: Final = sorted(DOCS.glob("*.md"))  # performance.md included
HOW_TO: Final = sorted((DOCS / "how-to").glob("*.md"))
PAGES: Final = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *OWN,
    *HOW_TO,
    *sorted((DOCS / "decisions").glob("*.md")),
]

SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "days": 86400}


def read(name: str) -> str:
    return (DOCS / name).read_text()


def row_of(page: str, first: str) -> list[str]:
    """The cells of the table row that begins with this cell."""
    (line,) = (line for line in read(page).splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def as_text(value: object) -> str:
    """A setting's value as the page shows it."""
    words = {True: "on", False: "off"}
    return words[value] if isinstance(value, bool) else str(value) or "(empty)"


# -- reasons and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", Reason, ids=str)
def test_every_reason_stands_with_its_sentence_and_cure(reason: Reason) -> None:
    _, sentence, cure = row_of("reasons.md", f"`{reason}`")

    assert (sentence, cure) == (reason.sentence, reason.cure)


def test_reasons_page_has_no_reason_that_the_code_has_not() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", read("reasons.md"), re.MULTILINE)

    assert sorted(codes) == sorted(Reason)


def words_of_the_journal() -> dict[str, list[str]]:
    """The rows of the tables of words, by what they begin with."""
    rows = [line.strip("| ").split(" | ") for line in read("journal.md").splitlines() if line.startswith("| `")]
    assert len(rows) == len({first for first, *_ in rows})
    return {first.strip("`"): rest for first, *rest in rows}


def test_every_word_of_the_journal_stands_with_its_sentence() -> None:
    told = {word: sentence for word, (sentence, *_) in words_of_the_journal().items()}

    assert told == {word: word.sentence for word in (*Action, *Outcome)}


def test_the_outcomes_of_the_actions_are_all_there_are() -> None:
    outcomes: dict[str, list[str]] = {
        action: re.findall(r"\w+", words_of_the_journal()[action][1]) for action in Action
    }

    assert {word for words in outcomes.values() for word in words} == {*Outcome}
    assert [pair for pair in SAID if pair[1] not in outcomes[pair[0]]] == []


@pytest.mark.parametrize("key", STORE_SETTINGS)
def test_every_setting_stands_with_its_platforms_and_default(key: str) -> None:
    setting = STORE_SETTINGS[key]

    _, named, default, *_ = row_of("settings.md", f"`{key}`")

    assert named.split(", ") == [name for name in platforms.PLATFORMS if setting.has(platforms.record(name))]
    assert default == f"`{as_text(setting.default)}`"


@pytest.mark.parametrize("key", ACCOUNT_SETTINGS)
def test_every_account_setting_stands_with_its_default(key: str) -> None:
    defaults = settings_of(Account())

    _, default, *_ = row_of("settings.md", f"`{key}`")

    assert default == f"`{as_text(defaults.get(key, ''))}`"  # a secret is no field of what all may read


def test_settings_page_has_no_key_that_the_code_has_not() -> None:
    keys = re.findall(r"^\| `([\w.]+)` \|", read("settings.md"), re.MULTILINE)

    assert sorted(keys) == sorted([*STORE_SETTINGS, *ACCOUNT_SETTINGS])


@pytest.mark.parametrize("platform", platforms.PLATFORMS)
def test_every_platform_has_a_page_with_its_credentials_and_statuses(platform: str) -> None:
    facts, page = platforms.record(platform), read(f"{platform}.md")
    words = [*facts.credentials, *facts.optional_credentials, *facts.statuses]

    assert [word for word in words if f"`{word}`" not in page] == []


def test_every_variable_of_the_environment_stands_in_deployment() -> None:
    names = re.findall(r'environ\.get\("(\w+)"', Path(config.__file__).read_text())

    assert names
    assert [name for name in names if f"\n| `{name}` |" not in read("deployment.md")] == []


# -- limits ------------------------------------------------------------------------------------------------------------

LIMITS: Final = re.findall(
    r"^\| .+ \| ([\d.]+)(?: (\w+))? \| `([\w.]+)\.(\w+)` \|$", read("architecture.md"), re.MULTILINE
)


@pytest.mark.parametrize(("number", "unit", "module", "name"), LIMITS)
def test_every_limit_is_the_code_s(number: str, unit: str, module: str, name: str) -> None:
    value = getattr(importlib.import_module(module), name)
    seconds = value.total_seconds() if isinstance(value, timedelta) else value

    assert seconds == float(number) * SECONDS.get(unit, 1)


def test_limits_are_found() -> None:
    assert len(LIMITS) > 20


# -- commands ----------------------------------------------------------------------------------------------------------


def walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS: Final = dict(walk(cli))


def examples(command: click.Command) -> list[str]:
    _, _, lines = (command.epilog or "").partition("Example:\n")
    return [" ".join(line.split()) for line in re.sub(r"\\\n\s*", "", lines).splitlines()]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_stands_with_its_options_and_examples(path: tuple[str, ...]) -> None:
    (line,) = (line for line in read("commands.md").splitlines() if re.match(rf"\| `{' '.join(path)}[` ]", line))
    shown = line.replace(r"\|", "|")
    options = {name for option in COMMANDS[path].params for name in option.opts if name.startswith("--")} - {"--json"}

    assert [option for option in options if f"`{option}" not in shown] == []
    assert [example for example in examples(COMMANDS[path]) if f"`{example}`" not in shown] == []


def code_of(page: Path) -> Iterator[str]:
    """The code of a page, one line of a block or one span at a time."""
    text = re.sub(r"\\\n\s*", "", page.read_text())
    for place, part in enumerate(re.split(r"^ *```.*$", text, flags=re.MULTILINE)):
        yield from (line.strip() for line in part.splitlines()) if place % 2 else re.findall(r"`([^`\n]+)`", part)


def typed(code: str) -> list[str]:
    """The storesync commands in a line of code, each up to what ends a command in a shell."""
    found = re.findall(r"(?:^|(?<!-U)(?<!-d)\s)storesync ([a-z](?:'[^']*'|\"[^\"]*\"|[^|;&])*)", code)
    return [re.split(r" +[#<>]+ ", command)[0].rstrip() for command in found]


CODE: Final = [(page, line) for page in PAGES if page.name != "CHANGELOG.md" for line in code_of(page)]
TYPED: Final = [(page.name, command) for page, code in CODE for command in typed(code)]


def parse(words: list[str]) -> None:
    """Let click read a command without running it; a command named alone, without arguments, is only looked up."""
    group: click.Command = cli
    while isinstance(group, click.Group) and words:
        name, *words = words
        group = group.commands[name]
    with contextlib.suppress(click.exceptions.Exit), contextlib.redirect_stdout(io.StringIO()):
        if words:
            group.make_context(group.name, words)


@pytest.mark.parametrize(("page", "command"), TYPED)
def test_every_command_that_a_page_types_can_be_typed(page: str, command: str) -> None:
    parse(shlex.split(command))


@pytest.mark.parametrize("reason", Reason, ids=str)
def test_every_cure_can_be_typed(reason: Reason) -> None:
    for command in re.findall(r"storesync ([^,;]+?)(?=[,;]|\.$|\. |$)", reason.cure):
        parse(shlex.split(command))


def test_commands_are_found_where_pages_type_them() -> None:
    assert typed("docker compose exec worker storesync doctor") == ["doctor"]
    assert typed("storesync order list --json | jq . | xargs storesync retry acme") == [
        "order list --json",
        "retry acme",
    ]
    assert typed("pg_dump -U storesync storesync > file") == []
    assert len(TYPED) > 50


@pytest.mark.parametrize(
    "wrong", ["no-such-command", "sync acme --no-such-option", "hub mo set 3 LATER", "retry acme x y"]
)
def test_what_cannot_be_typed_is_found(wrong: str) -> None:
    with pytest.raises((KeyError, click.UsageError)):
        parse(shlex.split(wrong))


def chosen(command: str) -> dict[str, str]:
    """The settings that a command gives a value; a file or a word in capitals is nobody's value, nor are dots."""
    words = [word.removeprefix("--set=") for word in shlex.split(re.sub(r"--credential[ =]\S+", "", command))]
    pairs = [word.split("=", 1) for word in words if re.match(r"[a-z][\w.]*=", word)]
    return {key: value for key, value in pairs if not re.match(r"@|[A-Z]{4,}$|\.\.\.", value)}


SETS: Final = [(page, words) for page, words in TYPED if re.match(r"(store (set|connect)|account set) ", words)]


@pytest.mark.parametrize(("page", "command"), SETS)
def test_every_setting_that_a_page_types_is_taken(page: str, command: str) -> None:
    for key, value in chosen(command).items():
        parse = ACCOUNT_SETTINGS[key] if command.startswith("account") else STORE_SETTINGS[key].parse
        parse(value)


def test_settings_are_found_where_pages_type_them() -> None:
    assert chosen("store set acme fetch.every=5m --credential consumer_key=@key.txt location=") == {
        "fetch.every": "5m",
        "location": "",
    }
    assert sum(len(chosen(command)) for _, command in SETS) > 20


# What else a page types, and what has to be there for it.
ELSE: Final = {
    r"(?:^|&& )make(?: -C \S+)? ([a-z-]+)": set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    ),
    r"\bpython3? -m (bench\.\w+|tests\.[\w.]+|workers\.\w+)": {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for folder in ("bench", "tests/flows", "workers")
        for file in (ROOT / folder).rglob("*.py")
    }
    | {"workers.web"},
    r"\bdocker compose (?:exec|run|logs|restart)(?: -\S+| \"\S+\")* ([a-z][\w-]+)": set(
        yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ),
    r"\b(storesync[\w-]*(?:\.target|@(?=\d)|-(?:setup|up|courier|beat|web|flower)\b))": {
        file.name.removesuffix(".service") for file in (ROOT / "deploy" / "systemd").iterdir()
    },
}


@pytest.mark.parametrize("pattern", ELSE)
def test_whatever_else_a_page_types_is_there(pattern: str) -> None:
    found = {(page.name, name) for page, line in CODE for name in re.findall(pattern, line)}

    assert len(found) > 1
    assert [(page, name) for page, name in sorted(found) if name not in ELSE[pattern]] == []


def said_by_the_console() -> str:
    """All that its pages say and that is written somewhere."""
    folder = ROOT / "workers" / "web" / "console"
    files = (*folder.glob("*.py"), *folder.glob("templates/*.html"), ROOT / "schemas" / "setting_words.py")
    return "\n".join(file.read_text() for file in files)


@pytest.mark.parametrize("page", [DOCS / "start.md", *HOW_TO], ids=lambda page: page.name)
def test_every_button_that_a_page_names_is_in_the_console(page: Path) -> None:
    lines = [line for line in page.read_text().splitlines() if re.search(r"\bconsole\b", line, re.IGNORECASE)]
    named = {words for line in lines for words in re.findall(r"\*\*([^*]+)\*\*", line)} - {"Console.", "Command."}

    assert [words for words in named if words not in said_by_the_console()] == []


# -- links and words ---------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere_in_the_project(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page

        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:schemas|connectors|tasks|workers|tests|bench|docs)/[\w./-]+)`", page.read_text())

    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_table_is_cut_in_two(page: Path) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", page.read_text(), re.MULTILINE)

    assert all(re.match(r"\|.*\n\|[-|: ]+\|\n", block) for block in blocks)


def test_the_decision_lists_every_trigger_that_points_out_of_the_hub(connection: postgres.Connection) -> None:
    named = re.findall(r"`(mark_\w+)`", read("decisions/0005-built-in-hub.md"))
    found = connection.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'mark\\_%'").fetchall()

    assert sorted(named) == sorted(row["tgname"] for row in found)


def test_the_index_lists_every_page() -> None:
    assert {DOCS / link for link in links(DOCS / "index.md")} >= {*OWN, *HOW_TO} - {DOCS / "index.md"}


def test_every_picture_is_shown_small_and_says_what_it_shows() -> None:
    shown = [
        (page.parent / link, words)
        for page in PAGES
        for words, link in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
    ]

    assert [picture.name for picture, words in shown if not words] == []
    assert {picture.resolve() for picture, _ in shown} == {*(DOCS / "pictures").iterdir()}
    assert [picture.name for picture, _ in shown if picture.stat().st_size > 120_000] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_knows_the_machine_it_was_written_on(page: Path) -> None:
    private: Any = re.search(r"/(work|home|Users|tmp|root)/|\.\./shared", page.read_text())

    assert private is None


def test_every_promise_of_security_is_held_by_a_test_that_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", read("security.md")))
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^\s*def (test_\w+)", file.read_text(), re.MULTILINE)
    }

    assert named
    assert sorted(named - there) == []
