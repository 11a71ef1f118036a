# ---
# title: A small lesson for the tests
# minutes: 5
# limits:
#   cell_seconds: 5
#   test_seconds: 3
# ---

# %% [markdown]
# # A small lesson
# It asks for one thing of each kind that a lesson can ask for.

# %% shared="imports"
import numpy as np
import torch

from nnlab.testing import (
    check,
    check_close,
    check_equal,
    check_one_of,
    check_raises,
    hidden_rng,
    probe,
)

SCALE = 2.0


# %% sandboxed="square"
def square(x):
    return x * x


# %% [markdown]
# ## 1 · A function


# %% solution="double" title="Doubling"
def double(x):
    """Twice ``x``. A negative ``x`` is a ValueError."""
    ### BEGIN SOLUTION
    if np.any(np.asarray(x) < 0):
        raise ValueError("x is negative")
    return SCALE * x
    ### END SOLUTION


# %% [markdown] hint="double"
# What is x + x?

# %% [markdown] hint="double"
# Multiply by two.

# %% tests="double" points=2
check_close("double(3)", double(3.0), 6.0, look="Read the first line of its docstring.")
### BEGIN HIDDEN TESTS
numbers = hidden_rng("double").uniform(1, 2, size=(2, 3))
check_close("double(numbers)", double(numbers.copy()), numbers + numbers)
check_raises("double(-1.0)", ValueError, double, -1.0)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · A change in place, a callback, a handle


# %% solution="update" title="A change in place"
def update(state, function):
    """Put ``function(state["x"])`` into ``state["y"]``; return the state and a way to undo it."""
    ### BEGIN SOLUTION
    state["y"] = function(state["x"])
    state["x"] += 1
    return state, lambda: state.pop("y")
    ### END SOLUTION


# %% tests="update" points=3 changes="shown"
state = {"x": np.zeros(2), "names": ["a"]}
seen = []
returned, undo = update(state, lambda x: seen.append(x.copy()) or x + 5)
check("update(state, f)", returned is state, "it must return the state it was given")
check_close("state['x'] after update", state["x"], [1.0, 1.0])
check_close("state['y'] after update", state["y"], [5.0, 5.0])
check_equal("the number of calls of f", len(seen), 1)
### BEGIN HIDDEN TESTS
check_close("undo()", undo(), [5.0, 5.0])
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · A class, through a probe


# %% solution="Line" title="A line"
class Line(torch.nn.Module):
    """y = a·x + b with parameters a and b, both zero at first."""

    ### BEGIN SOLUTION
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(()))
        self.b = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.a * x + self.b

    ### END SOLUTION


# %% tests="Line" points=4
@probe
def after_one_step(x, y, rate):
    line = Line()
    ((line(x) - y) ** 2).mean().backward()
    return {name: float(p.detach() - rate * p.grad) for name, p in line.named_parameters()}


got = after_one_step(torch.ones(4), torch.full((4,), 2.0), 0.5)
check_equal("the names of Line's parameters", sorted(got), ["a", "b"])
score = 2.0
### BEGIN HIDDEN TESTS
x, y = hidden_rng("Line").normal(size=(2, 8))
expected = {"a": 0.2 * np.mean(x * y), "b": 0.2 * np.mean(y)}
got = after_one_step(torch.tensor(x), torch.tensor(y), 0.1)
score += sum(abs(got.get(name, np.inf) - value) < 1e-6 for name, value in expected.items())
### END HIDDEN TESTS
float(score)

# %% [markdown]
# ## 4 · An experiment and what is read off it

# %% experiment="squares"
import matplotlib.pyplot as plt

squares = [square(k) for k in range(5)]
plt.plot(squares)
plt.show()

# %% solution="largest" title="The largest square"
# Type the largest of the five squares.
### BEGIN SOLUTION
largest = 16
### END SOLUTION

# %% tests="largest" points=1
check_one_of("largest", largest, [4, 9, 16, 25])
### BEGIN HIDDEN TESTS
check_equal("largest", largest, 16)
### END HIDDEN TESTS

# %% [markdown] answer="why" title="Why" points=2
# **Why?**
#
# ### BEGIN SOLUTION
# Because the square of the largest number is the largest square here.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 2 points for a word about growth.
# ### END MARK SCHEME
