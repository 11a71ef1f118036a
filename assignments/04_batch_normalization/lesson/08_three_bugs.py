# %% [markdown]
# ## 8 · Three programs, three bugs
#
# From here on it is PyTorch,
# where `model.train()` and `model.eval()` choose the mode of every layer in the model.
# Nothing reminds you to call them,
# and a program that calls them at the wrong time runs without a complaint.
# The next three programs train the same small network;
# **each has one bug, about the mode of batch norm**.
# (They use PyTorch's own layers, and nothing that you wrote.)

# %% sandboxed="small_network"
def small_network():
    """Two hidden layers with batch norm, for the digits."""
    return torch.nn.Sequential(
        torch.nn.Linear(64, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU(),
        torch.nn.Linear(32, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU(), torch.nn.Linear(32, 10))


def share_right(scores, y):
    """The share of the rows of scores (N, 10) whose largest entry is at the label."""
    return (scores.argmax(dim=1) == y).float().mean().item()

# %% sandboxed="program_a"
def program_a(x, y, test_batches, seed):                               # line 1
    torch.manual_seed(seed)                                            # line 2
    model = small_network()                                            # line 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)            # line 4
    for _ in range(4):                                                 # line 5
        model.train()                                                  # line 6
        for rows in torch.randperm(len(x)).split(50):                  # line 7
            optimizer.zero_grad()                                      # line 8
            F.cross_entropy(model(x[rows]), y[rows]).backward()        # line 9
            optimizer.step()                                           # line 10
    with torch.no_grad():                                              # line 11
        found = [share_right(model(x), y) for x, y in test_batches]    # line 12
    return float(np.mean(found))                                       # line 13

# %% sandboxed="program_b"
def program_b(x, y, x_test, y_test, seed):                             # line 1
    torch.manual_seed(seed)                                            # line 2
    model = small_network()                                            # line 3
    optimizer = torch.optim.SGD(model.parameters(), lr=2.0)            # line 4
    model.train()                                                      # line 5
    losses = []                                                        # line 6
    for _ in range(5):                                                 # line 7
        for rows in torch.randperm(len(x)).split(50):                  # line 8
            loss = F.cross_entropy(model(x[rows]), y[rows])            # line 9
            optimizer.zero_grad()                                      # line 10
            loss.backward()                                            # line 11
            optimizer.step()                                           # line 12
            losses.append(loss.item())                                 # line 13
        model.eval()                                                   # line 14
        with torch.no_grad():                                          # line 15
            print(f"{share_right(model(x_test), y_test):.0%}", end=" ")  # line 16
    return losses                                                      # line 17

# %% sandboxed="program_c"
def program_c(trained, x_new, y_new, seed):                            # line 1
    torch.manual_seed(seed)                                            # line 2
    body, head = trained[:-1], torch.nn.Linear(32, 10)                 # line 3
    for parameter in body.parameters():                                # line 4
        parameter.requires_grad_(False)  # only the head should change   line 5
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)             # line 6
    body.train()                                                       # line 7
    head.train()                                                       # line 8
    for _ in range(4):                                                 # line 9
        for rows in torch.randperm(len(x_new)).split(50):              # line 10
            optimizer.zero_grad()                                      # line 11
            F.cross_entropy(head(body(x_new[rows])), y_new[rows]).backward()  # line 12
            optimizer.step()                                           # line 13
    return head                                                        # line 14

# %% [markdown]
# Here are their symptoms.
# Program A is tested on the same 300 images three times:
# all in one batch, in batches of one digit each, and two by two.
# Of program B you see the loss of each step of five epochs, 12 steps each.
# Program C gets a network that is trained already
# and gives it a new head for images with black and white exchanged;
# what you see is how the *old* network, body and old head,
# does on the *old* images before and after that.

# %% sandboxed="tensors"
def tensors():
    """600 digits to train on and 300 to test on: x, y, x_test, y_test."""
    X, y = digits_for_numpy()
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    return X[:600], y[:600], X[600:900], y[600:900]

# %% sandboxed="symptoms"
def symptoms_a(seed):
    """The accuracies of program A on 300 test images in three arrangements."""
    x, y, x_test, y_test = tensors()
    by_digit = [y_test == digit for digit in range(10)]
    arrangements = {"in one\nbatch": [slice(None)], "digit\nby digit": by_digit,
                    "two\nby two": [slice(k, k + 2) for k in range(0, 300, 2)]}
    return {name: program_a(x, y, [(x_test[rows], y_test[rows]) for rows in arrangement], seed)
            for name, arrangement in arrangements.items()}


def symptoms_c(seed):
    """The accuracy of a network on its own test images, before and after program C had it."""
    x, y, x_test, y_test = tensors()
    torch.manual_seed(seed)
    model, found = small_network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for rows in torch.randperm(len(x)).repeat(4).split(50):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    for _ in range(2):
        model.eval()
        found.append(share_right(model(x_test), y_test))
        program_c(model, 1 - x, y, seed)
    return found

# %% experiment="symptoms"
print("Program B reports after each epoch: ", end="")
a, b, c = symptoms_a(seed=4), program_b(*tensors(), seed=4), symptoms_c(seed=4)
figure, (one, two, three) = plt.subplots(1, 3, figsize=(10.4, 3.0))
one.bar_label(one.bar(list(a), [100 * share for share in a.values()], width=0.6), fmt="%.0f")
one.set(title="A: one test set, three ways", ylabel="accuracy (%)", ylim=(0, 110))
two.semilogy(range(1, 61), b)
two.vlines(range(12, 60, 12), 0.02, 100, color="0.5", linestyle=":")
two.text(22, 3, "then above 50,\nsoon no number", fontsize=9, backgroundcolor="white")
two.set(title="B: loss of each step", xlabel="step (dotted: end of an epoch)", ylabel="loss",
        ylim=(0.05, 50))
three.bar_label(three.bar(["before", "after"], [100 * share for share in c], width=0.5), fmt="%.0f")
three.set(title="C: the old network", ylabel="accuracy (%)", ylim=(0, 110))
figure.subplots_adjust(wspace=0.35)
ways = ", ".join(f"{100 * share:.0f} percent {' '.join(name.split())}" for name, share in a.items())
show(figure, f"Three panels. A: the accuracy on one test set is {ways}. B: the loss falls in the "
     "first epoch, rises as soon as the second begins, and leaves the axis a few steps later. "
     f"C: the old network's accuracy is {100 * c[0]:.0f} percent before its body was used with a "
     f"new head and {100 * c[1]:.0f} percent after.")

# %% [markdown]
# **Find the bugs.** For each program, say which bug it has (`bug_kind`), one of
#
# - `"trains in test mode"`
# - `"tests in train mode"`
# - `"statistics drift though the weights are frozen"`
# - `"statistics of the test set leak into training"`
#
# and where (`bug_line`): the number of the line that is wrong or in the wrong place,
# or before which a line is missing.

# %% solution="bugs" title="Three bugs"
# bug_kind = {"A": "...", "B": "...", "C": "..."} and bug_line = {"A": ..., "B": ..., "C": ...}
### BEGIN SOLUTION
bug_kind = {"A": "tests in train mode", "B": "trains in test mode",
            "C": "statistics drift though the weights are frozen"}
bug_line = {"A": 11, "B": 5, "C": 7}
### END SOLUTION

# %% [markdown] hint="bugs"
# Walk through each program with a finger and say aloud, at every call of the model,
# in which mode it is.
# Look twice at the second round of a loop.

# %% [markdown] hint="bugs"
# What is shared by an answer to an image and the other images of the same test batch?
# Who calls `train()` again after `eval()`?
# Does `requires_grad_(False)` stop a running average?

# %% tests="bugs" part="kinds" points=3
kinds = ["trains in test mode", "tests in train mode",
         "statistics drift though the weights are frozen",
         "statistics of the test set leak into training"]
check("bug_kind", sorted(bug_kind) == ["A", "B", "C"], "wants the three keys A, B and C")
for program in "ABC":
    check_one_of(f"bug_kind[{program!r}]", bug_kind[program], kinds)
### BEGIN HIDDEN TESTS
right = {"A": kinds[1], "B": kinds[0], "C": kinds[2]}
found = [program for program in right if bug_kind[program] == right[program]]
check("bug_kind", found, "none of the three is right",
      look="Say at every call of the model in which mode it is.")
1.0 * len(found)
### END HIDDEN TESTS

# %% tests="bugs" part="lines" points=3
check("bug_line", sorted(bug_line) == ["A", "B", "C"], "wants the three keys A, B and C")
for program in "ABC":
    check(f"bug_line[{program!r}]", 1 <= bug_line[program] <= 17,
          f"{bug_line[program]} is not the number of a line")
### BEGIN HIDDEN TESTS
# A: eval() is missing before line 11 (or 12).
# B: train() stands before the loop, not in it (5; 7 and 8 are where it belongs, and it would also
# do its work before line 9, or after 16 as the loop's last line, which is before 17).
# C: line 7 sets the frozen body to train mode.
right = {"A": (11, 12), "B": (5, 7, 8, 9, 17), "C": (7,)}
found = [program for program in right if bug_line[program] in right[program]]
check("bug_line", found, "none of the three is right",
      look="A lacks a line, in B a line is executed too rarely, "
      "and in C one line does the opposite of what is meant.")
1.0 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# One function would have spared us two of the three:
# one that measures accuracy and leaves no trace.
# Write it.
# Mind that a model may hold modules in *different* modes (a frozen body in eval mode under a head
# that trains), so "back to train mode" is not the same as "as it was".

# %% solution="accuracy" title="Accuracy in eval mode"
def accuracy(model, x, y):
    """The share of examples that a classifier gets right in eval mode, measured without a trace.

    Args:
        model: a torch.nn.Module; model(x) are scores (N, C).
        x: the inputs, a tensor whose first axis has length N.
        y: the labels, an integer tensor (N,).

    Returns:
        A float between 0 and 1. Afterwards, each module of the model is in the mode in which it
        was before; parameters, buffers and gradients are unchanged, and no graph was built.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share
    ### END SOLUTION

# %% [markdown] hint="accuracy"
# `model.modules()` walks over the model and everything in it.
# Each one has an attribute `training`; write them down before you call `model.eval()`.

# %% [markdown] hint="accuracy"
# `module.train(mode)` sets the mode of a module *and of all modules inside it*.
# `module.training = mode` sets one only.

# %% tests="accuracy" points=3
@probe
def measured(x, y, modes):
    """What accuracy returns for a fixed model, and what it leaves behind."""
    body = torch.nn.Sequential(torch.nn.BatchNorm1d(x.shape[1]), torch.nn.Identity())
    model, grads = torch.nn.Sequential(body, torch.nn.BatchNorm1d(x.shape[1], affine=False)), []
    model.register_forward_hook(lambda module, given, out: grads.append(out.requires_grad))
    for module, mode in zip(model.modules(), modes):
        module.training = mode
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    share = accuracy(model, torch.tensor(x, dtype=torch.float32), torch.tensor(y))
    left = {"modes": [module.training for module in model.modules()], "graph": any(grads),
            "means": [buffer.numpy().copy() for name, buffer in model.named_buffers()
                      if name.endswith("mean")],
            "gradients": [p.grad is not None and bool((p.grad == 1).all())
                          for p in model.parameters()],
            "frozen": not all(p.requires_grad for p in model.parameters()),
            "off": not torch.is_grad_enabled()}
    torch.set_grad_enabled(True)
    return {"share": share, **left}


x = np.array([[9.0, 1.0], [8.0, 2.0], [7.0, 3.0], [1.0, 2.0]])
got = measured(x, np.array([0, 0, 1, 1]), [True] * 5)
call = "accuracy of a model of two batch norms that is in train mode"
check_close(call, got["share"], 0.75, rtol=1e-6,
            look="In eval mode a fresh batch norm passes its input on; "
            "three of the four rows are right then.")
check_equal(f"the modes of its modules after {call}", got["modes"], [True] * 5,
            look="Put each module back into the mode it was in.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("accuracy")
x = rng.normal(size=(12, 3)) * [1, 4, 1] + [2, 0, 1]
y = rng.integers(3, size=12)
for modes in ([True, False, True, False, True], [True, True, False, True, False], [False] * 5):
    got = measured(x, y, modes)
    check_close("accuracy of a model with modules in different modes", got["share"],
                np.mean(x.argmax(axis=1) == y), rtol=1e-6,
                look="All of the model has to be in eval mode while you measure.")
    check_equal(
        "the modes of its modules afterwards", got["modes"], modes,
        look="Note the mode of each module before; model.train() would wake up frozen parts.")
    check_close("the running means of the model afterwards", got["means"],
                np.zeros((2, 3)), atol=1e-9, look="No statistics may change.")
    check("accuracy", not got["graph"], "let the model build a graph",
          look="Call it under torch.no_grad().")
    check("accuracy", not got["off"], "left autograd switched off for all that follows",
          look="Use `with torch.no_grad():`, which ends.")
    check("accuracy", not got["frozen"], "left parameters that no longer require a gradient",
          look="torch.no_grad() needs no change of the model.")
    check("accuracy", all(got["gradients"]), "changed the gradients that the parameters held",
          look="Measuring needs no zero_grad().")
check("accuracy", type(got["share"]) is float or np.ndim(got["share"]) == 0, "wants one number")
### END HIDDEN TESTS
