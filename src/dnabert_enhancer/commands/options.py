"""Options of a command: their types, their defaults from the settings, and what was given."""

from __future__ import annotations

import argparse
import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from dnabert_enhancer.genome import Genome

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

    def having(self, **more: Any) -> Options:  # the options' types
        """Return these options with further ones."""
        return Options(self.command, self.command_line, self._given | more, quiet=self.quiet)

    def refuse(self, names: Iterable[str], what: str) -> None:
        """Raise `InputError` when an option was given that does not apply to `what`."""
        for name in names:
            if name in self:
                option = "--" + name.replace("_", "-")
                raise InputError(f"{option} does not apply to {what}", remedy=f"leave {option} out")


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
    if "choices" in declared:  # members of an enumeration are shown as they are typed
        declared["choices"] = [
            str(choice) if isinstance(choice, str) else choice for choice in declared["choices"]
        ]
    name = option or "--" + field.replace("_", "-")
    action = group.add_argument(name, dest=field, default=argparse.SUPPRESS, help=help, **declared)
    # for those who compare forms with the parser
    vars(action)["setting_default"] = default


def add_models(
    group: argparse.ArgumentParser | argparse._ArgumentGroup,
    of_outputs: str,
    of_mean: str = "reported with the standard deviation",
) -> None:
    """Add ``--model``, which may be repeated.

    Parameters
    ----------
    group : parser or argument group
    of_outputs : str
        For the help: which outputs can be taken.
    of_mean : str
        For the help: what becomes of an ensemble's mean.
    """
    group.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        help="model directory or archive (.tar.gz), a name of models list, or hub:NAME@REVISION/SUBFOLDER"
        f" (default: the packaged one); :OUTPUT at the end takes one of its outputs{of_outputs}. Several "
        f"times, or a folder whose sub-folders are models: an ensemble, whose mean is {of_mean}",
    )


def models_of(options: Options) -> str | tuple[str, ...] | None:
    """Return what `load_model` takes of ``--model``."""
    models: tuple[str, ...] = options.get("model", ())
    return (models[0] if len(models) == 1 else models) or None


def add_assembly_report(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add the option that names the contigs of the genome further."""
    parser.add_argument(
        "--assembly-report",
        metavar="FILE",
        help="NCBI's *_assembly_report.txt: files may name contigs as in any of its columns",
    )


def name_and_path(text: str) -> tuple[str, str]:
    """Return both parts of NAME=PATH."""
    match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAME=PATH, with a name of letters, digits, _ . or -"
        )
    return match[1], match[2]


def add_places(group: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add ``--genes`` and ``--annotate``, which tell what lies around a variant."""
    group.add_argument("--genes", metavar="FILE", help="genes as BED, GTF or GFF3")
    group.add_argument(
        "--annotate",
        action="append",
        type=name_and_path,
        metavar="NAME=BED",
        help="name the regions of this BED that a record lies in; can be repeated",
    )


def annotations_of(options: Options) -> dict[str, str]:
    """Return the paths of ``--annotate`` by their names."""
    tracks: dict[str, str] = {}
    for name, path in options.get("annotate", ()):
        if name in tracks:
            raise InputError(f"--annotate {name} is given twice", remedy="give different names")
        tracks[name] = path
    return tracks


def genome_of(options: Options) -> Genome:
    """Return the genome of ``--genome`` with the names of ``--assembly-report``."""
    from dnabert_enhancer.genome import Genome

    return Genome(options["genome"], options.get("assembly_report"))


def add_engine_arguments(parser: argparse.ArgumentParser, *, exact: bool = False) -> None:
    """Add the engine's options, as a group of their own; of those that are `exact`, see `EngineSettings`."""
    from dnabert_enhancer.engine import BackendName, Device, EngineSettings, Precision, Strand

    group = parser.add_argument_group("engine")
    add_setting(group, EngineSettings, "device", "where the model runs", choices=[*Device])
    add_setting(group, EngineSettings, "backend", "what runs it; auto follows a rule", choices=[*BackendName])
    add_setting(
        group,
        EngineSettings,
        "precision",
        "number format of the computation; auto: float32, "
        + (
            "since small differences are the result"
            if exact
            else "or bfloat16 or int8 on processors made for it where results agree"
        ),
        choices=[*Precision],
    )
    add_setting(
        group,
        EngineSettings,
        "batch_size",
        "windows computed together; 0: chosen automatically",
        type=int,
        metavar="N",
    )
    add_setting(
        group, EngineSettings, "threads", "CPU threads; 0: all that are available", type=int, metavar="N"
    )
    add_setting(
        group,
        EngineSettings,
        "strand",
        "both averages a window with its reverse complement",
        choices=[*Strand],
    )


def add_null(group: argparse._ArgumentGroup) -> None:
    """Add ``--null``, ``--no-null`` and ``--null-exclude``."""
    from dnabert_enhancer.scan import NullKind

    group.add_argument(
        "--null",
        nargs="?",
        const=str(NullKind.SHUFFLE),
        choices=[str(kind) for kind in NullKind],
        default=argparse.SUPPRESS,
        help="what q-values compare with: shuffle (the default), shuffled windows; genome, windows of the "
        "genome outside --regions and --null-exclude; none is faster",
    )
    group.add_argument(
        "--no-null",
        dest="null",
        action="store_const",
        const=str(NullKind.NONE),
        default=argparse.SUPPRESS,
        help="the same as --null none",
    )
    group.add_argument(
        "--null-exclude",
        nargs="+",
        action="extend",
        metavar="BED",
        help="what is marked, such as known enhancers and promoters: --null genome leaves it out",
    )


def _frozen(value: Any) -> Any:  # any option's value
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value


def positive_integer(text: str) -> int:
    """Return a whole number above 0."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def positive_number(text: str) -> float:
    """Return a finite number above 0."""
    number = _number(text)
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def number_from_zero(text: str) -> float:
    """Return a finite number of 0 or more."""
    number = _number(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return number


def fraction(text: str) -> float:
    """Return a number from 0 to 1."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def whole_number(text: str) -> int:
    """Return a whole number from 0 on."""
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def shard(text: str) -> tuple[int, int]:
    """Return I and N of a shard I/N, I from 1."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N with I from 1 to N, such as 2/8")
    return int(match[1]), int(match[2])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
