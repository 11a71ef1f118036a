# %% [markdown]
# ## 10 · In PyTorch
#
# Now the real thing.
# An optimizer in PyTorch is a subclass of `torch.optim.Optimizer`.
# It holds *parameter groups*, dictionaries with a list of parameters and the settings for them,
# and for each parameter a *state*.
# Keep the memory in `self.state[p]` and nowhere else:
# then `state_dict()` saves it, and training goes on after a restart as if nothing had happened.
#
# Your `AdamWByHand` uses the names of PyTorch's own AdamW.
# The last test saves your checkpoint in mid-training and lets PyTorch's AdamW go on from it.

# %% solution="torch_adamw" title="AdamW in PyTorch" forbid="torch.optim.AdamW torch.optim.Adam"
class AdamWByHand(torch.optim.Optimizer):
    """AdamW (Loshchilov & Hutter 2019), step for step like ``torch.optim.AdamW``.

    Args:
        params: parameters, or a list of groups: dictionaries with "params" and, where they differ
            from the defaults, "lr", "betas", "eps", "weight_decay".
        lr, betas, eps, weight_decay: the defaults for all groups.

    State, for each parameter p that has had a gradient: ``self.state[p]`` holds ``"step"`` (the
    number of steps of this parameter), ``"exp_avg"`` (m) and ``"exp_avg_sq"`` (v), tensors of the
    shape, dtype and device of p. A parameter whose ``grad`` is None is left alone: no step, no
    decay, no state. No ``grad`` is changed.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        """Change all parameters in place; returns the loss of the closure, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        ### BEGIN SOLUTION
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p),
                                 exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))
        ### END SOLUTION
        return loss

# %% [markdown] hint="torch_adamw"
# Two loops: over `self.param_groups`, and over `group["params"]`.
# All settings come from the group,
# since groups may differ and a schedule changes `group["lr"]` later.

# %% [markdown] hint="torch_adamw"
# `state = self.state[p]` is an empty dictionary at first.
# Fill it with `step=0` and two tensors `torch.zeros_like(p)`;
# after loading a checkpoint it is full already.

# %% [markdown] hint="torch_adamw"
# Change `p` in place (`p.mul_`, `p.sub_`, `p.copy_`):
# `p = p - …` only gives a new tensor a name, and the network never sees it.

# %% tests="torch_adamw" part="steps" points=2
@probe
def walk_by_hand(start, slopes, settings):
    """The path of one parameter on the device of this machine."""
    p = torch.nn.Parameter(torch.tensor(start, dtype=check_dtype(device()), device=device()))
    optimizer, path = AdamWByHand([p], **settings), []
    for slope in slopes:
        p.grad = torch.tensor(slope, dtype=p.dtype, device=p.device)
        optimizer.step()
        path.append(p.detach().cpu().numpy().copy())
    return path


got = walk_by_hand(np.array([1.0, -2.0]), np.array([[0.0, 3.0]]), {"lr": 0.1, "weight_decay": 0.5})
check_close("one step of AdamWByHand from [1, -2] with the gradient [0, 3], lr=0.1, "
            "weight_decay=0.5", got[0],
            [0.95, -2.0], rtol=1e-5, look="The same numbers as in the test of adamw.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_adamw")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(8, 3, 2))
settings = {"lr": rng.uniform(0.05, 0.3), "betas": (rng.uniform(0.6, 0.9), rng.uniform(0.8, 0.99)),
            "eps": rng.uniform(0.01, 0.1), "weight_decay": rng.uniform(0.1, 0.6)}
check_walk("AdamWByHand", np.array(walk_by_hand(start, slopes, settings)),
           torch_path(torch.optim.AdamW, slopes, start, 8, **settings)[1:],
           look="Compare it line by line with adamw.")

@probe
def gradient_after_a_step(start, slope):
    p = torch.nn.Parameter(torch.tensor(start, dtype=check_dtype(device()), device=device()))
    p.grad = torch.tensor(slope, dtype=p.dtype, device=p.device)
    AdamWByHand([p], weight_decay=0.5).step()
    return p.grad.cpu().numpy()


check_close("p.grad after a step of AdamWByHand", gradient_after_a_step(start, slopes[0]),
            slopes[0], rtol=1e-5, atol=1e-6,
            look="Only p and its state change: no in-place operation on p.grad.")
### END HIDDEN TESTS

# %% tests="torch_adamw" part="groups" points=2
@probe
def walk_two(one, two, slopes, firsts, seconds):
    """Two groups; idle never has a gradient, b has one in every other step only."""
    where = dict(dtype=check_dtype(device()), device=device())
    a, b = (torch.nn.Parameter(torch.tensor(start, **where)) for start in (one, two))
    idle = torch.nn.Parameter(torch.ones(1, **where))
    stepper = AdamWByHand([{"params": [idle, a], **firsts}, {"params": [b], **seconds}], lr=0.01)
    for count, slope in enumerate(slopes):
        a.grad = torch.tensor(slope, **where)
        b.grad = torch.tensor(slope, **where) if count % 2 else None
        stepper.step()
    return a.detach().cpu().numpy().copy(), b.detach().cpu().numpy().copy()


a, b = walk_two(np.array([1.0]), np.array([1.0]), np.array([[2.0]]),
                {"lr": 0.5, "weight_decay": 0.0}, {})
check_close("one step of a group with lr=0.5, weight_decay=0, from [1]", a, [0.5], rtol=1e-5,
            look="The settings come from the group, not from the defaults; a parameter without a "
            "gradient is passed over, and the others go on.")
check_close("one step of a parameter [1] without a gradient", b, [1.0], rtol=1e-5,
            look="It is left alone: no decay either.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_adamw_groups")
one, two, slopes = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(6, 3))
firsts = {"lr": rng.uniform(0.1, 0.3), "betas": (0.5, 0.9), "weight_decay": rng.uniform(0.2, 0.6)}
seconds = {"lr": rng.uniform(0.03, 0.08), "eps": rng.uniform(0.05, 0.2), "weight_decay": 0.0}
expected_one = torch_path(torch.optim.AdamW, slopes, one, 6, **firsts)[-1]
expected_two = torch_path(torch.optim.AdamW, slopes[1::2], two, 3, **seconds)[-1]
a, b = walk_two(one, two, slopes, firsts, seconds)
check_close("six steps of a group with its own lr, betas and weight_decay", a, expected_one,
            rtol=1e-4, atol=1e-5, look="Take lr, betas, eps and weight_decay from the group.")
check_close("three steps of a parameter that has a gradient in every other step only", b,
            expected_two, rtol=1e-4, atol=1e-5, look="Each parameter counts its own steps.")
### END HIDDEN TESTS

# %% tests="torch_adamw" part="checkpoint" points=2
@probe
def interrupted(start, slopes, settings, successor):
    """Half of the steps by hand, a checkpoint, the other half by a new optimizer."""
    import copy

    kind = AdamWByHand if successor == "by hand" else torch.optim.AdamW
    p = torch.nn.Parameter(torch.tensor(start, dtype=check_dtype(device()), device=device()))
    first = AdamWByHand([p], **settings)
    for count, slope in enumerate(slopes):
        if count == len(slopes) // 2:
            checkpoint = copy.deepcopy(first.state_dict())
            p = torch.nn.Parameter(p.detach().clone())
            first = kind([p])
            first.load_state_dict(checkpoint)
        p.grad = torch.tensor(slope, dtype=p.dtype, device=p.device)
        first.step()
    return p.detach().cpu().numpy().copy()


slopes = np.array([[1.0], [-2.0], [1.0], [0.5]])
expected = torch_path(torch.optim.AdamW, slopes, np.array([1.0]), 4, lr=0.1)[-1]
check_close("four steps of AdamWByHand, saved and loaded after two",
            interrupted(np.array([1.0]), slopes, {"lr": 0.1}, "by hand"), expected, rtol=1e-4,
            look="All memory must live in self.state[p], or a checkpoint loses it.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_adamw_checkpoint")
start, slopes = rng.normal(size=3), rng.normal(size=(8, 3))
settings = {"lr": rng.uniform(0.05, 0.3), "betas": (0.8, 0.95),
            "weight_decay": rng.uniform(0.1, 0.5)}
expected = torch_path(torch.optim.AdamW, slopes, start, 8, **settings)[-1]
for successor in ("by hand", "torch"):
    check_close(
        f"eight steps, the last four after loading your checkpoint into the AdamW {successor}",
        interrupted(start, slopes, settings, successor), expected, rtol=1e-4, atol=1e-5,
        look="The state of p holds step, exp_avg and exp_avg_sq, as in PyTorch.")
### END HIDDEN TESTS

# %% [markdown]
# ### A schedule in PyTorch
#
# `torch.optim.lr_scheduler.LambdaLR` multiplies the initial learning rate
# of *each group* by a factor that depends on the step.
# Write with it the schedule of Vaswani et al. (2017), scaled so that its peak is 1:
# a linear rise over `warmup` steps, then a fall with the inverse square root.

# %% solution="warmup_rsqrt" title="Schedule in PyTorch"
def warmup_rsqrt(optimizer, warmup):
    """A scheduler for the optimizer: linear warm-up, then 1/√step.

    Args:
        optimizer: a torch.optim.Optimizer, whose groups have learning rates of their own.
        warmup: the number of steps of the rise, at least 1.

    Returns:
        A torch.optim.lr_scheduler.LambdaLR. With k steps done before, the learning rate of each
        group is its initial one times min((k + 1) / warmup, √(warmup / (k + 1))).
    """
    ### BEGIN SOLUTION
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min((k + 1) / warmup, (warmup / (k + 1)) ** 0.5)
    )
    ### END SOLUTION

# %% [markdown] hint="warmup_rsqrt"
# `LambdaLR(optimizer, function)` calls `function(k)` with the number of steps done.
# Must it return a learning rate or a factor?

# %% tests="warmup_rsqrt" points=2
@probe
def rates_of(initial, warmup, steps):
    """The learning rates of groups that begin with the given ones, step by step."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in initial]
    optimizer = torch.optim.SGD(groups)
    scheduler, rates = warmup_rsqrt(optimizer, warmup), []
    for _ in range(steps):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


check_close("the learning rates of warmup_rsqrt(optimizer, 2), initial 0.4, over 8 steps",
            np.array(rates_of([0.4], 2, 8))[[0, 1, 7], 0], [0.2, 0.4, 0.2], rtol=1e-6,
            look="Half, all, and after eight steps √(2/8) of the initial rate.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("warmup_rsqrt")
initial, warmup = rng.uniform(0.1, 0.9, size=2), int(rng.integers(3, 9))
done = np.arange(1, 4 * warmup + 1)
factor = np.where(done < warmup, done / warmup, np.sqrt(warmup / done))
check_close(f"the learning rates of two groups over {4 * warmup} steps, warmup={warmup}",
            np.array(rates_of(list(initial), warmup, 4 * warmup)), factor[:, None] * initial,
            rtol=1e-5,
            look="The function gives a factor; LambdaLR multiplies each group's own rate by it.")
### END HIDDEN TESTS

# %% [markdown]
# ### Fused and foreach
#
# PyTorch's AdamW comes in three builds that compute the same:
# `foreach=False` walks over the parameters one by one, as you did;
# `foreach=True` hands lists of tensors to each operation;
# `fused=True` does the whole update in one go.
#
# **Predict.** What does the fused build mainly save, for a network of many small tensors:
# `"arithmetic"`, `"memory for m and v"`, or `"calls and trips through memory"`?

# %% solution="fused_saves" title="Predict: what fusing saves"
# Type your choice: fused_saves = "..."
### BEGIN SOLUTION
fused_saves = "calls and trips through memory"
### END SOLUTION

# %% [markdown] hint="fused_saves"
# Count in your `step`:
# how many operations, each of which reads and writes whole tensors, does one parameter cost?
# How many of them would a single loop over the numbers need?

# %% tests="fused_saves" points=1
check_one_of("fused_saves", fused_saves,
             ["arithmetic", "memory for m and v", "calls and trips through memory"])
### BEGIN HIDDEN TESTS
check_equal(
    "fused_saves", fused_saves, "calls and trips through memory",
    look="m and v are needed all the same, and each number still costs the same few operations.")
### END HIDDEN TESTS

# %% sandboxed="four_builds"
import time


def four_builds(where):
    """Four AdamWs by name, each over 100 small tensors of its own that have gradients."""
    kinds = {"by hand": (AdamWByHand, {}), "one by one": (torch.optim.AdamW, {"foreach": False}),
             "foreach": (torch.optim.AdamW, {"foreach": True}),
             "fused": (torch.optim.AdamW, {"fused": True})}
    made = {}
    for name, (kind, settings) in kinds.items():
        tensors = [torch.nn.Parameter(torch.ones(32, 32, device=where)) for _ in range(100)]
        for tensor in tensors:
            tensor.grad = torch.ones_like(tensor)
        made[name] = kind(tensors, **settings)
    return made


def milliseconds_a_step(optimizer, where):
    """The median time of six steps, after two to warm up."""
    wait = {"cuda": torch.cuda.synchronize, "mps": lambda: torch.mps.synchronize()}
    settle, seconds = wait.get(where.type, lambda: None), []
    for _ in range(8):
        settle()  # a GPU works behind our back: wait for it before looking at the clock
        begin = time.perf_counter()
        optimizer.step()
        settle()
        seconds.append(time.perf_counter() - begin)
    return 1000 * np.median(seconds[2:])

# %% experiment="fused"
where = device()
costs = {name: milliseconds_a_step(optimizer, where)
         for name, optimizer in progress(four_builds(where).items(), "builds")}
figure, axes = plt.subplots(figsize=(6.4, 2.4))
axes.bar_label(axes.barh(list(costs), list(costs.values())), fmt="%.2f ms", padding=3)
axes.set(xlabel=f"milliseconds a step (median of 6), 100 tensors of 32 × 32 on {where.type}",
         xlim=(0, 1.2 * max(costs.values())))
axes.invert_yaxis()
show(figure, "Milliseconds for one step of AdamW over 100 small tensors, four bars: "
     + "; ".join(f"{name} {cost:.2f}" for name, cost in costs.items()) + ".")
