import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception


@misconception("double", "A negative number is doubled like any other.", hint="Raise a ValueError.")
def double_of_anything(x):
    return 2 * x


@misconception("double", "It squares.", hint="What is double(3)?")
def double_that_squares(x):
    if np.any(np.asarray(x) < 0):
        raise ValueError("negative")
    return x**2


@alternative("double")
def double_by_adding(x):
    if np.min(x) < 0:
        raise ValueError("negative")
    return x + x


@misconception("update", "The state is copied, so the caller's stays as it was.")
def update_of_a_copy(state, function):
    state = {**state, "y": function(state["x"])}
    state["x"] = state["x"] + 1
    return state, lambda: state["y"]


@alternative("update")
def update_out_of_place(state, function):
    state.update(y=function(state["x"]), x=state["x"] + 1)
    return state, lambda: state["y"]


@misconception("Line", "The offset is missing.", earns=0)
class LineThroughTheOrigin(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.a * x


@misconception("Line", "The offset is not learned.", earns=3)
class LineWithAFixedOffset(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(()))
        self.b = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.a * x + self.b * 0


@alternative("Line")
class LineOfAddcmul(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.tensor(0.0))
        self.b = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        return torch.addcmul(self.b, self.a, x)


misconception(
    "largest", "That is the last number, not its square.", source="largest = 4", id="the-number"
)
alternative("largest", source="largest = max(k * k for k in range(5))", id="computed")
