"""Which cells of a notebook a test needs, as far as its source tells.

A test whose lines were changed is judged again with these cells alone. What cannot be told is
answered with all of them: a cell that the student wrote and that does more than bind names may
have changed anything.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from functools import cached_property, lru_cache

from autograder.judging.plan import LessonStep, Step, TestStep
from autograder.lessons.python_source import (
    NOT_PYTHON,
    bound_by,
    dotted_name,
    free_names,
    import_aliases,
    top_level_names,
    walk,
)
from autograder.lessons.quiet import is_quiet

#: Stands for the random states that a process has one of each, among names.
_RANDOM_STATE = "<random state>"
#: Modules with a random state of the process, and the parts of them that have none.
_WITH_RANDOM_STATE = ("nnlab.pretrained", "numpy.random", "random", "torch")
_WITHOUT_RANDOM_STATE = (
    "numpy.random.default_rng", "numpy.random.Generator", "numpy.random.SeedSequence",
    "torch.float", "torch.float32", "torch.float64", "torch.int64", "torch.long", "torch.no_grad",
    "torch.tensor", "torch.as_tensor", "torch.from_numpy", "torch.zeros", "torch.ones",
    "torch.Tensor",
)  # fmt: skip
#: Words of lines that change how a whole library behaves.
_SETTINGS = frozenset(
    {
        "environ", "filterwarnings", "manual_seed", "rcParams", "seed", "set_default_device",
        "set_default_dtype", "set_grad_enabled", "set_num_threads", "set_printoptions", "seterr",
        "simplefilter", "use_deterministic_algorithms",
    }
)  # fmt: skip

#: What a cell's source tells is asked for each test of each submission, and most cells are alike.
_by_source = lru_cache(maxsize=4096)


class Needs:
    """What each test of a planned notebook needs.

    Args:
        steps: made by :func:`autograder.judging.plan.plan`.
        files: the names of what lies beside the notebook.
    """

    def __init__(self, steps: list[Step], files: Iterable[str] = ()) -> None:
        self._steps = steps
        self._running = [step for step in steps if step.runs]
        # A module beside the notebook may have the name of one that is known here.
        self._knows = not any(name.endswith(".py") for name in files)

    def of(self, test: TestStep) -> list[Step]:
        """The cells that have to run before a test, in order; in doubt all that stand before it."""
        before = self._before(test)
        if not self._knows or not all(self._is_quiet[id(step)] for step in before if _own(step)):
            return before
        names = {*free_names(test.source), *self._random_state_of([test])}
        needed: set[int] = set()
        grows = True
        while grows:
            grows = False
            for step in before:
                if id(step) not in needed and self._is_needed(step, names, before):
                    needed.add(id(step))
                    names |= free_names(step.source) | self._random_state_of([step])
                    grows = True
        return [step for step in before if id(step) in needed]

    def _before(self, test: TestStep) -> list[Step]:
        place = next(number for number, step in enumerate(self._steps) if step is test)
        return [step for step in self._steps[:place] if step.runs]

    def _is_needed(self, step: Step, names: set[str], before: list[Step]) -> bool:
        if names & set(top_level_names(step.source)):
            return True
        if self._is_quiet[id(step)]:
            return False
        if _changes_settings(step.source):
            return True
        # It may change what it can reach.
        reached = self._reached(step, before)
        return bool((reached & names) - self._modules - self._fixed)

    def _reached(self, step: Step, before: list[Step]) -> set[str]:
        """The names that a cell reads, and those that the cells read which bind these, and so on;
        and the random state, if any of them has to do with it."""
        found: set[str] = set()
        through = {id(step): step}
        pending = set(free_names(step.source))
        while pending:
            name = pending.pop()
            found.add(name)
            for other in before:
                if id(other) not in through and name in top_level_names(other.source):
                    through[id(other)] = other
                    pending |= free_names(other.source) - found
        return found | self._random_state_of(through.values())

    def _random_state_of(self, steps: Iterable[Step]) -> set[str]:
        uses = any(_uses_random_state(step.source, self._aliases) for step in steps)
        return {_RANDOM_STATE} if uses else set()

    @cached_property
    def _aliases(self) -> frozenset[tuple[str, str]]:
        """What the notebook's names of modules mean, as far as nothing else binds them."""
        found = import_aliases(step.source for step in self._running)
        return frozenset(
            (name, full) for name, full in found.items() if name not in self._bound_otherwise
        )

    @cached_property
    def _bound_otherwise(self) -> set[str]:
        """The names that something else than an import binds at a cell's top level."""
        return {name for step in self._running for name in _bound_without_imports(step.source)}

    @cached_property
    def _modules(self) -> set[str]:
        """The names of modules, which every cell reads and none is meant to change."""
        return {name for name, _ in self._aliases}

    @cached_property
    def _fixed(self) -> set[str]:
        """The names of functions, classes and numbers, which who reads them does not change."""
        fixed: set[str] = set()
        changed: set[str] = set()
        for step in self._running:
            mine = _bound_to_fixed(step.source)
            fixed |= mine
            changed |= set(top_level_names(step.source)) - mine
            changed |= _with_attributes_set(step.source)
        return fixed - changed

    @cached_property
    def _is_quiet(self) -> dict[int, bool]:
        aliases = self._aliases
        rebound = self._bound_otherwise
        return {
            # A builtin that was given another meaning is pure no more.
            id(step): is_quiet(step.source, aliases)
            and not (_builtins_called(step.source) & rebound)
            for step in self._running
        }


def _own(step: Step) -> bool:
    """Whether a cell is the student's own writing."""
    return not isinstance(step, LessonStep) or step.cell.is_students


@_by_source
def _changes_settings(source: str) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in _SETTINGS)
        or (isinstance(node, ast.Name) and node.id in _SETTINGS)
        for node in walk(source)
    )


@_by_source
def _uses_random_state(source: str, aliases: frozenset[tuple[str, str]]) -> bool:
    known = dict(aliases)
    for node in walk(source):
        if isinstance(node, (ast.Attribute, ast.Name)):
            full = dotted_name(node, known)
            with_state = _begins(full, _WITH_RANDOM_STATE)
            # A module alone is the beginning of a longer name, which is looked at by itself.
            is_module = full in _WITH_RANDOM_STATE
            if with_state and not is_module and not _begins(full, _WITHOUT_RANDOM_STATE):
                return True
    return False


def _begins(full: str, names: Iterable[str]) -> bool:
    return any(full == name or full.startswith(f"{name}.") for name in names)


@_by_source
def _builtins_called(source: str) -> set[str]:
    called = {
        node.func.id
        for node in walk(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return called & set(dir(builtins))


@_by_source
def _bound_to_fixed(source: str) -> set[str]:
    """The names that a cell binds to a function, a class, a number or a word, and to nothing
    else."""
    try:
        body = ast.parse(source).body
    except NOT_PYTHON:
        return set()
    fixed: set[str] = set()
    others: set[str] = set()
    for statement in body:
        is_definition = isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
        is_plain = value is not None and all(map(_is_plain, ast.walk(value)))
        (fixed if is_definition or is_plain else others).update(bound_by(statement))
    return fixed - others


def _is_plain(node: ast.AST) -> bool:
    plain = (
        ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp,
        ast.operator, ast.unaryop, ast.expr_context,
    )  # fmt: skip
    return isinstance(node, plain)


@_by_source
def _with_attributes_set(source: str) -> set[str]:
    """The names of which a cell sets an attribute or an item anywhere."""
    found = set()
    for node in walk(source):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            target: ast.AST = node
            while isinstance(target, (ast.Attribute, ast.Subscript)):
                target = target.value
            if isinstance(target, ast.Name):
                found.add(target.id)
    return found


@_by_source
def _bound_without_imports(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except NOT_PYTHON:
        return set()
    others = [one for one in tree.body if not isinstance(one, (ast.Import, ast.ImportFrom))]
    return set(top_level_names(ast.unparse(ast.Module(others, [])))) if others else set()
