# %% [markdown]
# ### Check a module
#
# The last tool is the one that you will use most: `sampled_errors` for any `nn.Module`.
# Two things are new.
# Gradients *accumulate* in `.grad` until you clear them.
# And a parameter that never got a gradient has `.grad is None`:
# that counts as zero, and is a bug if the loss depends on the parameter.

# %% solution="module_errors" title="Module check"
def module_errors(model, loss, samples=3, h=1e-6, seed=0):
    """Check a few entries of the gradient of every parameter of a module by centered differences.

    Args:
        model: an nn.Module in float64 whose parameters all require gradients. Its parameters are
            the same afterwards; what is left in .grad doesn't matter, nor what was there before.
        loss: a function of the model that returns a tensor without dimensions.
        samples: how many entries of each parameter to check: different ones, drawn at random; all
            of them where it has no more than that.
        h: the step.
        seed: chooses the entries.

    Returns:
        a dict from the name of each parameter to the largest relative error among its checked
        entries, a float; 0 where both gradients are 0. A gradient of None counts as zero.
    """
    rng = np.random.default_rng(seed)
    ### BEGIN SOLUTION
    model.zero_grad()
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        flat = parameter.detach().view(-1)  # shares its memory with the parameter
        analytic = torch.zeros_like(flat) if parameter.grad is None else parameter.grad.reshape(-1)
        errors = []
        for i in rng.choice(len(flat), size=min(samples, len(flat)), replace=False):
            old = flat[i].item()
            flat[i] = old + h
            above = loss(model).item()
            flat[i] = old - h
            below = loss(model).item()
            flat[i] = old
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n)) if a != 0 or n != 0 else 0.0)
        worst[name] = float(np.max(errors))
    return worst
    ### END SOLUTION

# %% [markdown] hint="module_errors"
# First the analytic gradients: clear, compute the loss, backward.
# Then the loops of `sampled_errors`, over `model.named_parameters()`.

# %% [markdown] hint="module_errors"
# `parameter.detach().view(-1)` is a flat view that shares memory with the parameter
# and that autograd does not watch, so you may write into it.

# %% tests="module_errors" points=3
@probe
def errors_of_two_layers(weights, X, y, cut=False, stale=0, samples=3, seed=0):
    first, second = nn.Linear(3, 4).double(), nn.Linear(4, 2).double()
    model = nn.ModuleDict({"first": first, "second": second})
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights):
            parameter.copy_(torch.tensor(value))
    X, y = torch.tensor(X), torch.tensor(y)

    def loss(model):
        hidden = torch.tanh(model["first"](X))
        return F.cross_entropy(model["second"](hidden.detach() if cut else hidden), y)

    for _ in range(stale):
        loss(model).backward()
    errors = module_errors(model, loss, samples=samples, seed=seed)
    return errors, [parameter.detach() for parameter in model.parameters()]

fixed = np.random.default_rng(0)
weights = [fixed.normal(size=shape) for shape in ((4, 3), (4,), (2, 4), (2,))]
X, y = fixed.normal(size=(5, 3)), np.array([0, 1, 0, 1, 1])
errors, after = errors_of_two_layers(weights, X, y)
check_equal("the names in module_errors(two linear layers, …)", sorted(errors),
            ["first.bias", "first.weight", "second.bias", "second.weight"])
check("module_errors(two linear layers, …)", max(errors.values()) < 1e-5,
      f"returned {errors}, expected errors below 1e-5: autograd is right here")
### BEGIN HIDDEN TESTS
rng = hidden_rng("module_errors")
weights = [rng.normal(size=shape) for shape in ((4, 3), (4,), (2, 4), (2,))]
X, y = rng.normal(size=(6, 3)), np.array([0, 1, 0, 1, 1, 0])
errors, after = errors_of_two_layers(weights, X, y, samples=20)
# Rounding: 1e-16 / 1e-6 = 1e-10, relative to gradients that are rarely as small as 1e-5.
check("module_errors(two linear layers, samples=20)", max(errors.values()) < 1e-4,
      f"returned {errors}, expected small errors: autograd is right here",
      look="Centered differences; is each entry back before the next one moves?")
for old, new in zip(weights, after):
    check("module_errors(…)", np.array_equal(old, np.asarray(new)), "leaves the parameters changed",
          look="Write the old value back after the second evaluation.")
errors, _ = errors_of_two_layers(weights, X, y, stale=2)
check("module_errors(…) of a model whose .grad was not empty", max(errors.values()) < 1e-4,
      f"returned {errors}, expected small errors",
      look="Clear the gradients first: they accumulate.")
errors, _ = errors_of_two_layers(weights, X, y, cut=True)
check_close("module_errors(…) with hidden.detach(): first.weight and first.bias",
            [errors["first.weight"], errors["first.bias"]], [1.0, 1.0], rtol=1e-6,
            look="A gradient of None is zero; the differences are not.")
check("module_errors(…) with hidden.detach(): second.weight and second.bias",
      max(errors["second.weight"], errors["second.bias"]) < 1e-4, f"returned {errors}")

@probe
def errors_of_a_spoiled_gradient(weight, samples, seeds):
    class Spoiled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w):
            return w.clone()

        @staticmethod
        def backward(ctx, dout):
            return dout * torch.tensor([[1.0, 1.0, 1.0, 2.0]], dtype=dout.dtype)

    model = nn.Linear(4, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor(weight))
    return [module_errors(model, lambda m: (Spoiled.apply(m.weight) ** 3).sum(),
                          samples=samples, seed=seed)["weight"] for seed in seeds]

weight = rng.uniform(0.5, 1.5, size=(1, 4))
check_close("module_errors(…, samples=4, seed=0 … 19) where one entry of four is twice too large",
            errors_of_a_spoiled_gradient(weight, 4, range(20)), [0.5] * 20, rtol=1e-4,
            look="All entries, each once, and the largest error.")
found = sum(error > 0.1 for error in errors_of_a_spoiled_gradient(weight, 1, range(60)))
check("module_errors(…, samples=1, seed=0 … 59) where one entry of four is wrong",
      0 < found < 60, f"found it {found} times of 60",  # 0.75**60 = 3e-8
      look="The seed chooses the entries.")

@probe
def errors_of_cubes(scale, h):
    model = nn.Linear(4, 1).double()
    with torch.no_grad():
        model.weight.fill_(1.0)
    return module_errors(model, lambda m: scale * (m.weight**3).sum(), h=h)

for scale in (1.0, 1e-12):  # at 1, the centered difference of a cube is 3 + h²
    errors = errors_of_cubes(scale, 0.1)
    check_close(
        f"module_errors(…, h=0.1) of a weight of ones, for {scale:g} times the sum of its cubes",
        errors["weight"], 0.01 / 3.01, rtol=1e-6,
        look="Centered, with the h that was given, and nothing is added to the denominator.")
    check_close("module_errors(…) of a bias that the loss does not use", errors["bias"], 0.0,
                look="Where both gradients are 0, the error is 0.")
### END HIDDEN TESTS

# %% [markdown]
# Your `Softplus` at work: a small network overfits twenty digits on the fastest device
# of this machine, and learns how sharp its activation should be.

# %% sandboxed="train_with_softplus"
def train_with_softplus(seed=0, steps=150, learning_rate=0.5):
    """Losses and sharpness of a small network with Softplus,
    overfitting twenty digits on the device.
    """
    where = device()
    torch.manual_seed(seed)
    X, y = (torch.as_tensor(array[:20], device=where) for array in data.digits())
    first, second = nn.Linear(64, 32, device=where), nn.Linear(32, 10, device=where)
    beta = torch.tensor(1.0, device=where, requires_grad=True)
    parameters = [*first.parameters(), *second.parameters(), beta]
    losses, sharpness = [], []
    for _ in progress(range(steps), f"training on {where.type}"):
        loss = F.cross_entropy(second(Softplus.apply(first(X), beta)), y)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):
                parameter -= learning_rate * gradient
        losses.append(loss.item())
        sharpness.append(beta.item())
    return losses, sharpness

# %% experiment="sharpness"
losses_with_softplus, sharpness = train_with_softplus()

# %% experiment="sharpness_picture"
def draw_sharpness(losses, sharpness):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), gridspec_kw={"wspace": 0.28})
    left.semilogy(losses, color=COLOURS["blue"])
    left.axhline(np.log(10), color="grey", lw=1)
    left.text(len(losses), np.log(10) * 0.9, "chance: ln 10", ha="right", va="top", color="dimgrey")
    left.set(xlabel="step", ylabel="loss on twenty digits",
             title="It starts at chance and overfits …")
    right.plot(sharpness, color=COLOURS["green"])
    right.set(xlabel="step", ylabel="sharpness β", title="… and learns how sharp to be")
    show(figure,
         alt="Left: the loss of a small network with the softplus on twenty digits falls from the "
         "chance loss of 2.3 towards zero, on a logarithmic axis. Right: the sharpness beta, "
         "which starts at 1, is changed by training and levels off.")

draw_sharpness(losses_with_softplus, sharpness)
