# %% [markdown]
# ## 9 · The contest
#
# A problem made for overfitting: 120 digits for training,
# and three in ten of their labels are replaced at random.
# 500 clean test digits, 197 clean ones for validation.
# The network (64 – 64 – 10) can learn every wrong label by heart.
# Six networks are trained side by side, each on digits and from a start of its own,
# so that one run gives six measurements.

# %% shared="contest_data"
def contest_data(seed, networks=6, noise=0.3, share=1):
    """Tensors on the device: X (S, 120, 64), noisy y (S, 120), and validation and test sets.

    Every ``share`` networks in a row get the same training data.
    """
    rng = np.random.default_rng(seed)
    x, y = digits()
    order = rng.permutation(len(x))
    rows = np.stack([rng.choice(order[:900], 120, replace=False) for _ in range(networks)])
    noisy = np.where(rng.random(rows.shape) < noise, rng.integers(10, size=rows.shape), y[rows])
    first = np.arange(networks) // share * share
    rows, noisy = rows[first], noisy[first]
    held, test = order[1600:], order[900:1400]
    return [torch.tensor(part).to(device())
            for part in (x[rows], noisy, x[held], y[held], x[test], y[test])]

# %% sandboxed="stack"
class Stack(torch.nn.Module):
    """S networks 64 – 64 – 10 side by side: inputs (S, N, 64) give scores (S, N, 10)."""

    def __init__(self, networks, keep, seed):
        super().__init__()
        start = torch.Generator().manual_seed(seed)
        self.w1 = torch.nn.Parameter(
            torch.randn(networks, 64, 64, generator=start) * (2 / 64) ** 0.5)
        self.b1 = torch.nn.Parameter(torch.zeros(networks, 1, 64))
        self.w2 = torch.nn.Parameter(torch.randn(networks, 64, 10, generator=start) / 8)
        self.b2 = torch.nn.Parameter(torch.zeros(networks, 1, 10))
        self.dropout = KeepDropout(keep) if keep < 1 else torch.nn.Identity()

    def forward(self, x):
        return self.dropout(torch.relu(x @ self.w1 + self.b1)) @ self.w2 + self.b2


def random_shifts(x, choose):
    """Each image (…, 64) moved by at most a pixel along each axis; zeros come in."""
    padded = torch.nn.functional.pad(x.reshape(-1, 8, 8), (1, 1, 1, 1))
    places = padded.unfold(1, 8, 1).unfold(2, 8, 1).reshape(-1, 9, 64)
    which = torch.randint(9, (len(places),), generator=choose).to(x.device)
    return places[torch.arange(len(places), device=x.device), which].reshape(x.shape)

# %% sandboxed="train_stack"
def train_stack(seed, keep=1.0, decay=0.0, limit=None, shifts=False, mix=False, steps=80):
    """Train six networks;
    returns validation losses and test accuracies (S, checks), the stack and the data.
    """
    x, y, held_x, held_y, test_x, test_y = data = contest_data(seed)
    torch.manual_seed(seed)
    choose, labels = torch.Generator().manual_seed(seed), torch.nn.functional.one_hot(y, 10).float()
    stack = Stack(len(x), keep, seed).to(device())
    groups = [{"params": [stack.w1, stack.w2], "weight_decay": decay},
              {"params": [stack.b1, stack.b2]}]
    optimizer, losses, scores = (torch.optim.AdamW(groups, lr=0.01, weight_decay=0.0, fused=True),
                                 [], [])
    for step in range(steps):
        inputs, targets = (random_shifts(x, choose) if shifts else x), labels
        if mix:
            share, partner = (np.random.default_rng((seed, step)).beta(1, 1),
                              torch.randperm(x.shape[1], generator=choose))
            inputs, targets = (share * a + (1 - share) * a[:, partner] for a in (inputs, targets))
        loss = -(targets * torch.log_softmax(stack(inputs), -1)).sum(-1).mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if limit:  # max-norm, after the update
            for w in (stack.w1.data, stack.w2.data):
                w.mul_((limit / w.norm(dim=1, keepdim=True)).clamp(max=1))
        if step % 5 == 4:
            losses.append(validation_losses(stack, held_x, held_y))
            scores.append(accuracies(stack, test_x, test_y))
    return np.array(losses).T, np.array(scores).T, stack, data

# %% shared="measures"
@torch.no_grad()
def validation_losses(stack, x, y):
    """The mean cross-entropy of each network of a stack, in evaluation mode."""
    stack.eval()
    chances = torch.log_softmax(stack(x), -1)
    stack.train()
    return -chances[:, torch.arange(len(y)), y].mean(1).cpu().numpy()


@torch.no_grad()
def accuracies(stack, x, y):
    """The share of right answers of each network of a stack, in evaluation mode."""
    stack.eval()
    right = stack(x).argmax(-1) == y
    stack.train()
    return right.float().mean(1).cpu().numpy()

# %% sandboxed="recipes"
recipes = {"nothing": {}, "mixup": {"mix": True}, "weight decay": {"decay": 5.0},
           "dropout": {"keep": 0.5}, "shifts": {"shifts": True}, "max-norm": {"limit": 1.0}}


def stopped_accuracies(losses, scores, patience=4):
    """The test accuracy of each network at the check that early stopping goes back to."""
    stopped = []
    for losses_of_one, scores_of_one in zip(losses, scores, strict=True):
        stopper = EarlyStopping(patience)
        for loss, score in zip(losses_of_one, scores_of_one, strict=True):
            if stopper.update(float(loss), {"accuracy": np.array(score)}):
                break
        stopped.append(float(stopper.best_weights["accuracy"]))
    return np.array(stopped)

# %% [markdown]
# **Predict.** Each means is used alone, for 80 steps.
# Which of these four leads to the best test accuracy on this problem: `"dropout"` with $p = 0.5$,
# `"shifts"` by at most a pixel, `"mixup"`, or `"early stopping"` of a network without any of them?

# %% solution="winner" title="Predict: winner of the contest"
# Type your choice: winner = "..."
### BEGIN SOLUTION
winner = "early stopping"
### END SOLUTION

# %% [markdown] hint="winner"
# Three of them keep the network from learning the wrong labels *well*.
# Which one keeps it from learning them at all?
# A network learns first what most examples have in common.

# %% tests="winner" points=1
check_one_of("winner", winner, ["dropout", "shifts", "mixup", "early stopping"])
### BEGIN HIDDEN TESTS
# On 19 of 20 seeds it was the best of the four.
check_equal("winner", winner, "early stopping",
            look="Look at the left picture: the wrong labels are learnt late, "
            "long after the digits.")
### END HIDDEN TESTS

# %% experiment="contest"
runs = {name: train_stack(5, **recipe) for name, recipe in progress(recipes.items(), "recipes")}
bars = {name: scores[:, -1] for name, (_, scores, _, _) in runs.items()}
_, _, stack, (*_, test_x, test_y) = runs["shifts"]
bars["shifts left on"] = accuracies(stack,
                                    random_shifts(test_x, torch.Generator().manual_seed(5)), test_y)
bars["early stopping"] = stopped_accuracies(*runs["nothing"][:2])
means = {name: 100 * accuracy.mean() for name, accuracy in bars.items()}

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.6), width_ratios=(1, 1.15))
checks = np.arange(5, 81, 5)
for name, colour, dash in (("nothing", "black", "-"), ("dropout", "blue", "--"),
                           ("shifts", "green", "-.")):
    left.plot(checks, 100 * runs[name][1].mean(axis=0), dash, color=COLOURS[colour], label=name)
left.set(xlabel="step", ylabel="test accuracy in %", title="Learnt, then unlearnt")
left.legend(loc="lower right", bbox_to_anchor=(1.0, 0.0))
for name, accuracy in bars.items():
    error = 100 * accuracy.std(ddof=1) / len(accuracy) ** 0.5
    right.errorbar(means[name], name, xerr=error, fmt="o", capsize=3,
                   color=COLOURS["orange" if name == "early stopping"
                                 else "black" if name == "nothing" else "blue"])
    right.annotate(f"{means[name]:.1f}", (means[name] + error, name), (7, -4),
                   textcoords="offset points")
right.set(xlim=(58, 86), xlabel="test accuracy in %, mean of 6 ± standard error",
          title="Each means alone, at the end")
right.invert_yaxis()
figure.subplots_adjust(wspace=0.5)
show(figure, "Left: test accuracy over 80 steps for three recipes. "
     "Without any means it rises within twenty steps and falls for the rest of the run; "
     "with dropout it falls only a little, and with shifts it rises slowly and does not fall. "
     "Right: the test accuracy at the end, with standard errors: "
     + ", ".join(f"{name} {mean:.1f}" for name, mean in means.items()) + " percent.")

# %% [markdown]
# ("Shifts left on" is the network that was trained with shifts, tested on randomly shifted images:
# your prediction of section 5.)
# Read off the right picture: how many percentage points is early stopping above nothing?

# %% solution="stopping_gain" title="Gain of early stopping"
# Type the gain in percentage points: stopping_gain = ...
### BEGIN SOLUTION
stopping_gain = 13.2
### END SOLUTION

# %% [markdown] hint="stopping_gain"
# The last point minus the first, in percentage points (so 12, not 0.12).

# %% tests="stopping_gain" points=1
check("stopping_gain", -100 < stopping_gain < 100,
      f"{stopping_gain} is not a difference of percentages")
### BEGIN HIDDEN TESTS
# 20 seeds gave 8.4 to 14.6.
check("stopping_gain", 6.5 <= stopping_gain <= 16.5,
      f"is {stopping_gain:g}, but your picture says something else",
      look="In percentage points: early stopping minus nothing.")
### END HIDDEN TESTS

# %% [markdown]
# Weight decay and max-norm, both strong here, do about as well:
# small weights cannot learn single digits by heart.
# But don't take this ranking home:
# it belongs to this problem, with its wrong labels, its 80 steps, its clean validation set.
# What carries over is the left picture.
# Look at the curve before you choose the medicine.
# And the means add up: most good recipes use three or four of them at once.
#
# ### Averages
#
# At last, averages, on the same digits: one network;
# its running average (your `WeightEMA`); five *snapshots* from one run,
# taken each time its learning rate has come down (Huang, Li et al., 2017);
# and six independent networks, trained on the same digits from different starts.
# Once with clean labels, and once with the wrong ones.
# Each number is a mean over two draws of the training data.

# %% sandboxed="train_together"
def train_together(seed, noise, cycles=5, length=16):
    """Twice six networks on the same digits, with a cyclic learning rate.

    Returns the stack with its running average for weights, the test scores (cycles, 12, N, C) at
    the end of each cycle, and the test set.
    """
    x, y, _, _, test_x, test_y = contest_data(seed, 12, noise, share=6)
    torch.manual_seed(seed)
    stack, ema, scores = Stack(12, 1.0, seed).to(device()), WeightEMA(0.97), []
    optimizer = torch.optim.AdamW(stack.parameters(), lr=0.01, weight_decay=0.0, fused=True)
    for step in range(cycles * length):
        batch = torch.randint(120, (30,))  # a minibatch, the same rows for all
        loss = (torch.nn.functional.cross_entropy(stack(x[:, batch]).flatten(0, 1),
                                                  y[:, batch].flatten(), reduction="sum") / 30)
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + np.cos(np.pi * (step % length) / length))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema.update(stack)
        if step % length == length - 1:
            scores.append(stack(test_x).detach().cpu().double().numpy())
    stack.load_state_dict(ema.state_dict())
    return stack, np.array(scores), test_x, test_y

# %% sandboxed="four_ways"
def four_ways(seed, noise):
    """Test accuracies of one network and of three averages, each a mean over two data sets."""
    average, scores, test_x, test_y = train_together(seed, noise)
    labels = test_y.cpu().numpy()

    def right(members):
        return np.mean(ensemble_predict(members).argmax(-1) == labels)

    return {"one network": (scores[-1].argmax(-1) == labels).mean(),
            "running average": accuracies(average, test_x, test_y).mean(),
            "5 snapshots": np.mean([right(scores[:, k]) for k in range(12)]),
            "6 independent": np.mean([right(scores[-1, k : k + 6]) for k in (0, 6)])}

# %% [markdown]
# **Predict.** In which case does the running average gain more over the one network:
# with `"clean labels"`, with `"wrong labels"`, or is there `"no difference"`?
# (And which average is the best in each case?)

# %% solution="gains_more" title="Predict: gain of an average"
# Type your choice: gains_more = "..."
### BEGIN SOLUTION
gains_more = "wrong labels"
### END SOLUTION

# %% [markdown] hint="gains_more"
# When has a network learnt the digits, and when the wrong labels?
# From which time are the weights that the running average remembers?

# %% tests="gains_more" points=1
check_one_of("gains_more", gains_more, ["clean labels", "wrong labels", "no difference"])
### BEGIN HIDDEN TESTS
# On 20 of 20 seeds.
check_equal(
    "gains_more", gains_more, "wrong labels",
    look="The average holds weights from the time before the wrong labels were learnt by heart.")
### END HIDDEN TESTS

# %% experiment="ensembles"
results = {"clean labels": four_ways(5, 0.0), "three in ten labels replaced": four_ways(5, 0.3)}
figure, panels = plt.subplots(1, 2, figsize=(9.0, 2.3), sharey=True)
for axes, (title, bars) in zip(panels, results.items(), strict=True):
    for name, value in bars.items():
        axes.plot(100 * value, name, "o",
                  color=COLOURS["orange" if value == max(bars.values()) else "blue"])
        axes.annotate(f"{100 * value:.1f}", (100 * value, name), (8, -4),
                      textcoords="offset points")
    axes.set(xlabel="test accuracy in %", title=title)
    axes.margins(x=0.25, y=0.2)
    axes.locator_params(axis="x", nbins=4)
panels[0].invert_yaxis()
show(figure, "Test accuracy in percent of one network and three averages, the best one in orange. "
     + "; ".join(
         title + ": " + ", ".join(f"{name} {100 * value:.1f}" for name, value in bars.items())
         for title, bars in results.items()) + ".")

# %% [markdown]
# Six independent networks are better than one in both cases:
# they err in different places, and averaging cancels what differs.
# The averages over time bring next to nothing with clean labels and most with wrong ones.
# They have members from the time *before* the wrong labels were learnt,
# while the six independent networks have all learnt them by heart,
# and a mistake that all members share no average takes back.
# (What would six networks do that are stopped in time?)
