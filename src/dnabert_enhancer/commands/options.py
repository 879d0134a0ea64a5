"""Options of a command: declared with the defaults of the settings classes, handed on as what was given."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_NOT_OPTIONS = frozenset({"command_name", "command_line", "quiet", "debug"})
_Settings = TypeVar("_Settings", bound="DataclassInstance")


class Options(Mapping[str, Any]):  # values of many types
    """The options that were given on a command line; what was left out is not in it.

    Parameters
    ----------
    command : str
        Name of the command.
    command_line : sequence of str
        The command and its arguments as they were typed.
    given : mapping
        Values by the names of the options, with underscores.
    quiet : bool
        Only warnings and errors are wanted.
    """

    def __init__(
        self, command: str, command_line: tuple[str, ...], given: Mapping[str, Any], *, quiet: bool = False
    ) -> None:
        self.command = command
        self.command_line = command_line
        self.quiet = quiet
        self._given = {name: _frozen(value) for name, value in given.items()}

    @classmethod
    def of_namespace(cls, args: argparse.Namespace) -> Options:
        """Return the options that argparse found."""
        given = {name: value for name, value in vars(args).items() if name not in _NOT_OPTIONS}
        return cls(args.command_name, tuple(args.command_line), given, quiet=args.quiet)

    def __getitem__(self, name: str) -> Any:  # the option's type
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def settings(self, kind: type[_Settings], **more: Any) -> _Settings:  # the fields' types
        """Return settings with the options of the same names; fields that were not given keep their defaults.

        Parameters
        ----------
        kind : dataclass
        **more
            Further fields, which the options do not override.
        """
        names = {field.name for field in dataclasses.fields(kind)}
        return kind(**{name: value for name, value in self.items() if name in names} | more)

    def refuse(self, names: Iterable[str], what: str) -> None:
        """Raise `InputError` when an option was given that means nothing for `what`."""
        for name in names:
            if name in self:
                option = "--" + name.replace("_", "-")
                raise InputError(f"{option} means nothing for {what}", remedy=f"leave {option} out")


def add_setting(
    group: argparse.ArgumentParser | argparse._ArgumentGroup,
    settings: type[DataclassInstance],
    field: str,
    help: str,
    *,
    option: str = "",
    **declared: Any,  # what `add_argument` takes
) -> None:
    """Declare the option of a field of a settings class; the class's default is shown, and holds.

    Parameters
    ----------
    group : parser or argument group
    settings : dataclass
    field : str
        Its name; the option is the same with hyphens.
    help : str
        What it does; a default that is a number or a word is added.
    option : str
        Name of the option where it is another, such as ``--no-pictures``.
    **declared
        What `argparse.ArgumentParser.add_argument` takes. A field that is False by default becomes a flag,
        one that is True a flag with its opposite, unless `declared` has an action.
    """
    default = {item.name: item.default for item in dataclasses.fields(settings)}[field]
    if isinstance(default, bool):
        declared.setdefault("action", argparse.BooleanOptionalAction if default else "store_true")
    elif default is not dataclasses.MISSING and default not in (None, "", ()):
        help = f"{help} (default {default})"
    name = option or "--" + field.replace("_", "-")
    action = group.add_argument(name, dest=field, default=argparse.SUPPRESS, help=help, **declared)
    # for those who compare forms with the parser
    vars(action)["setting_default"] = default


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the engine's options, as a group of their own."""
    from dnabert_enhancer.engine import BackendName, Device, EngineSettings, Precision, Strand

    group = parser.add_argument_group("engine")
    add_setting(group, EngineSettings, "device", "where the model runs", choices=[*Device])
    add_setting(group, EngineSettings, "backend", "what runs it; auto follows a rule", choices=[*BackendName])
    add_setting(
        group,
        EngineSettings,
        "precision",
        "how exactly it computes; auto is float32, or bfloat16 on processors made for it where results agree",
        choices=[*Precision],
    )
    add_setting(
        group,
        EngineSettings,
        "batch_size",
        "windows handed over together; 0 chooses",
        type=int,
        metavar="N",
    )
    add_setting(
        group, EngineSettings, "threads", "processor threads; 0 takes all it may use", type=int, metavar="N"
    )
    add_setting(
        group,
        EngineSettings,
        "strand",
        "both averages a window with its reverse complement",
        choices=[*Strand],
    )


def _frozen(value: Any) -> Any:  # any option's value
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value
