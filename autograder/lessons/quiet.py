"""Which source does nothing but bind names, so that leaving it out changes nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache

from autograder.lessons.python_source import NOT_PYTHON, dotted_name

#: Functions of Python that change nothing, whatever plain values they get.
_PURE_BUILTINS = frozenset(
    {
        "abs", "bool", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "pow",
        "print", "range", "round", "set", "sorted", "str", "sum", "tuple",
    }
)  # fmt: skip
#: Functions of libraries that change nothing either.
_PURE_NUMPY = frozenset(
    {
        "numpy.arange", "numpy.array", "numpy.asarray", "numpy.cos", "numpy.exp", "numpy.eye",
        "numpy.float32", "numpy.float64", "numpy.full", "numpy.int64", "numpy.linspace",
        "numpy.log", "numpy.log10", "numpy.log2", "numpy.logspace", "numpy.mean", "numpy.ones",
        "numpy.sin", "numpy.sqrt", "numpy.sum", "numpy.tanh", "numpy.tile", "numpy.zeros",
    }
)  # fmt: skip
#: Decorators that only make another function of the one below them.
_PURE_DECORATORS = frozenset(
    {
        "classmethod", "dataclass", "dataclasses.dataclass", "functools.cache",
        "functools.lru_cache", "functools.wraps", "property", "staticmethod",
        "torch.inference_mode", "torch.no_grad",
    }
)  # fmt: skip
#: Modules whose import does nothing that another cell would notice.
_PLAIN_MODULES = frozenset(
    {
        "__future__", "abc", "collections", "copy", "dataclasses", "enum", "functools",
        "itertools", "math", "matplotlib", "nnlab", "numpy", "operator", "random", "statistics",
        "time", "torch", "typing",
    }
)  # fmt: skip
#: Names by which code reaches what other cells have left behind, or changes it unseen.
_REACHING = frozenset(
    {
        "In", "Out", "_", "__", "___", "__builtins__", "__import__", "builtins", "delattr", "eval",
        "exec", "exit", "get_ipython", "globals", "locals", "quit", "setattr", "vars",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def is_quiet(source: str, aliases: frozenset[tuple[str, str]]) -> bool:
    """Whether running ``source`` does nothing but bind names to functions, classes, plain values.

    A function's body is not run when the cell is; but a body that reaches for the notebook's other
    names (``global``, ``exec``, ``globals()``) makes its cell one of which nothing can be told. In
    doubt the answer is False.

    Args:
        aliases: what the notebook's imports mean, as pairs (``python_source.import_aliases``).
    """
    try:
        tree = ast.parse(source)
    except NOT_PYTHON:
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in _REACHING):
            return False
    return _Quiet(dict(aliases)).body(tree.body)


class _Quiet:
    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = dict(aliases)

    def body(self, statements: Iterable[ast.stmt]) -> bool:
        return all(self._statement(statement) for statement in statements)

    def _statement(self, node: ast.stmt) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._function(node)
        if isinstance(node, ast.ClassDef):
            plain = not node.keywords and self._all(node.bases)
            return plain and self._decorators(node.decorator_list) and self.body(node.body)
        if isinstance(node, ast.Import):
            return all(_is_plain(alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            star = any(alias.name == "*" for alias in node.names)
            return not star and not node.level and _is_plain(node.module or "")
        if isinstance(node, ast.Assign):
            return all(map(_is_target, node.targets)) and self._value(node.value)
        if isinstance(node, ast.AnnAssign):
            plain = isinstance(node.target, ast.Name) and self._value(node.annotation)
            return plain and (node.value is None or self._value(node.value))
        if isinstance(node, ast.Expr):
            return self._value(node.value)
        if isinstance(node, ast.Raise):  # the stub of what is not written yet
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            return isinstance(raised, ast.Name) and node.cause is None
        return isinstance(node, ast.Pass)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        annotations = [one.annotation for one in every if one is not None]
        values = [*given.defaults, *given.kw_defaults, *annotations, node.returns]
        return self._decorators(node.decorator_list) and self._all(values)

    def _decorators(self, nodes: Iterable[ast.expr]) -> bool:
        for node in nodes:
            target = node
            if isinstance(node, ast.Call):
                if not self._all([*node.args, *(word.value for word in node.keywords)]):
                    return False
                target = node.func
            is_setter = isinstance(target, ast.Attribute) and target.attr in ("setter", "deleter")
            if not is_setter and self._named(target) not in _PURE_DECORATORS:
                return False
        return True

    def _all(self, nodes: Iterable[ast.expr | None]) -> bool:
        return all(node is None or self._value(node) for node in nodes)

    def _named(self, node: ast.expr) -> str:
        """The full name of what an expression reads; of a builtin its own."""
        full = dotted_name(node, self._aliases)
        if full or not isinstance(node, ast.Name):
            return full
        return node.id

    def _value(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            name = self._named(node.func)
            pure = name in _PURE_BUILTINS or name in _PURE_NUMPY or name.startswith("math.")
            values = [*node.args, *(word.value for word in node.keywords)]
            return pure and self._all(values)
        if isinstance(node, ast.Lambda):
            return True
        plain = (
            ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set,
            ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice,
            ast.JoinedStr, ast.FormattedValue, ast.Starred, ast.expr_context, ast.operator,
            ast.unaryop, ast.boolop, ast.cmpop,
        )  # fmt: skip
        return isinstance(node, plain) and all(map(self._value, ast.iter_child_nodes(node)))


def _is_plain(module: str) -> bool:
    return module.split(".")[0] in _PLAIN_MODULES


def _is_target(node: ast.expr) -> bool:
    """Whether an assignment to ``node`` binds names, and changes no object."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(map(_is_target, node.elts))
    if isinstance(node, ast.Starred):
        return _is_target(node.value)
    return isinstance(node, ast.Name)
