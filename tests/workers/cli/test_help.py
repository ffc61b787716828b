"""Every command explains itself, and refuses wrong usage in one line (INTERFACE, SPEC chapter 11)."""

from collections.abc import Iterator

import click
import pytest

from workers.cli.main import cli as root
from workers.cli.main import run


def walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))


ALL = dict(walk(root))
GROUPS = [path for path, command in ALL.items() if isinstance(command, click.Group)]
COMMANDS = [path for path in ALL if path not in GROUPS]


def named(path: tuple[str, ...]) -> str:
    return " ".join(path)


@pytest.mark.parametrize("path", ALL, ids=named)
def test_help_says_what_it_does(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*path, "--help"])

    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: storesync {named(path)} ")
    assert ALL[path].help


@pytest.mark.parametrize("path", COMMANDS, ids=named)
def test_help_of_a_command_has_an_example_of_it(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    run([*path, "--help"])

    _, _, examples = capsys.readouterr().out.partition("Example:\n")
    assert f"storesync {named(path)}" in examples


@pytest.mark.parametrize("path", COMMANDS, ids=named)
def test_wrong_arguments_are_refused_in_one_line(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*path, "--no-such-option"])

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"storesync {named(path)} --help" in err


@pytest.mark.parametrize("path", [(), *GROUPS], ids=named)
def test_unknown_command_is_refused_in_one_line(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*path, "no-such-command"])

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "no-such-command" in err
