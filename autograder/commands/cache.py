"""autograder cache: what a folder of results holds, and how to empty it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.output import fail, out


def cache(
    folder: Annotated[
        Path | None,
        typer.Argument(envvar="AUTOGRADER_CACHE", help="The folder that grade --cache names."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all results in it.")] = False,
) -> None:
    """Show what a cache of results holds, or clear it. Marks are not touched."""
    from autograder.classes.cache import ResultCache

    if folder is None:
        fail("name the cache's folder, or set AUTOGRADER_CACHE")
    if not folder.is_dir():
        fail(f"{folder} is no folder; 'autograder grade --cache {folder} NAME' makes it")
    store = ResultCache(folder, "")
    if clear:
        out.print(f"{folder}: {store.clear()} results removed", soft_wrap=True)
        return
    size = store.size()
    others = f", {size.others} other files" if size.others else ""
    out.print(
        f"{folder}: {size.entries} results, {size.bytes / 1e6:.1f} MB{others}", soft_wrap=True
    )
