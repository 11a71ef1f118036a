"""What the tests of nnlab share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def imported_anew() -> Callable[[str], ModuleType]:
    """Import a module as a new process would: nothing that its loaders keep has been read yet."""

    def import_module(name: str) -> ModuleType:
        spec = importlib.util.find_spec(name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return import_module
