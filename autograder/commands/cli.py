"""The command ``autograder``: its commands, each in a file of its own."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from autograder import __version__
from autograder.classes.errors import PoolError
from autograder.commands.build import build
from autograder.commands.cache import cache
from autograder.commands.check import check
from autograder.commands.claims import claims
from autograder.commands.collect import collect
from autograder.commands.demo import demo
from autograder.commands.doctor import doctor
from autograder.commands.extras import needs_class
from autograder.commands.grade import grade
from autograder.commands.handout import handout
from autograder.commands.new import new
from autograder.commands.output import err, escape, out, prepare_streams
from autograder.commands.prove import prove
from autograder.commands.publish import publish
from autograder.commands.refresh import refresh

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Build, prove and grade the notebooks of a course.",
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"autograder {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Build, prove and grade the notebooks of a course."""


for _for_everybody in (check, refresh, doctor):
    app.command()(_for_everybody)
for _for_classes in (new, build, prove, claims, handout, publish, collect, grade, demo, cache):
    app.command()(needs_class(_for_classes))


def _skip_slow_imports() -> None:
    """Leave out what other packages import for features that nothing here uses.

    nbformat imports jsonschema, which builds 38 grammars for the format "iri" if rfc3987-syntax
    can be imported: more than a second of every command. No notebook's schema asks for "iri".
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def main() -> None:
    """Entry point of the command."""
    _skip_slow_imports()
    prepare_streams()
    try:
        app()
    except KeyboardInterrupt as error:  # second Ctrl-C
        raise SystemExit(130) from error
    except PoolError as error:
        err.print(f"[red]autograder:[/red] {escape(str(error))}", soft_wrap=True)
        raise SystemExit(error.code) from error


if __name__ == "__main__":
    main()
