"""Commands whose modules are loaded when they are typed: the list of them, and the help of it, loads none."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from workers.cli.output import give_json


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """Where a command is, `module:name`, and the first sentence of its help."""

    where: str
    help: str

    def load(self) -> click.Command:
        """The command itself."""
        module, _, name = self.where.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


class Commands(MutableMapping[str, click.Command]):
    """Commands by their names; those that are listed are loaded when they are asked for."""

    def __init__(self, listed: dict[str, ListedCommand]) -> None:
        self.listed = listed
        self.there: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.there:
            self.there[name] = self.listed[name].load()
            _let_take_json(self.there[name])
        return self.there[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self.there[name] = command

    def __delitem__(self, name: str) -> None:
        del self.there[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.listed, **self.there})

    def __len__(self) -> int:
        return len({**self.listed, **self.there})

    def known(self) -> dict[str, click.Command]:
        """Them all, with a stand-in that knows its help for each that is not loaded."""
        return {name: click.Command(name, help=one.help) for name, one in self.listed.items()} | self.there


class OnDemand(click.Group):
    """A group of which some commands, or all, are listed."""

    commands: Commands

    def __init__(self, name: str | None = None, *, listed: dict[str, ListedCommand], **details: Any) -> None:
        super().__init__(name, Commands(listed), **details)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of the commands, from what is known of them without loading one."""
        click.Group(commands=self.commands.known()).format_commands(ctx, formatter)


def _let_take_json(command: click.Command) -> None:
    """A command, or all below a group; what is listed below it follows once it is loaded."""
    if not isinstance(command, click.Group):
        give_json(command)
        return
    below: Mapping[str, click.Command] = command.commands.there if isinstance(command, OnDemand) else command.commands
    for one in below.values():
        _let_take_json(one)
