# %% [markdown]
# ## 9 · PyTorch: which ones train at all?
#
# From here on the weights are PyTorch's, (out, in) and (out, in, height, width),
# and `nn.init` has all the rules:
# `nn.init.xavier_uniform_`, `nn.init.kaiming_normal_` (He's first name), `nn.init.orthogonal_`.
# The underscore means: in place, without autograd.
#
# What do you get if you do nothing?
# `nn.Linear` and `nn.Conv2d` draw weights uniformly between $-1/\sqrt{n}$ and $1/\sqrt{n}$,
# with the fan-in $n$.
# (In the source it says `kaiming_uniform_(a=math.sqrt(5))`, which sounds like He and isn't.)

# %% [markdown]
# **With pencil and paper.** By which factor does a ReLU layer with these weights
# (its bias set to zero) multiply the mean *square* of the signal?
# Compare with the 1 that He's rule is made for.

# %% solution="default_factor" title="Factor of PyTorch's default"
# Type the factor: default_factor = ...
### BEGIN SOLUTION
default_factor = 1 / 6
### END SOLUTION

# %% [markdown] hint="default_factor"
# The variance of a uniform number between $-a$ and $a$ is $a^2/3$.
# Then $n$ terms, and half is lost in the ReLU.

# %% tests="default_factor" points=1
check("default_factor", default_factor > 0, f"{default_factor} is not a positive factor")
### BEGIN HIDDEN TESTS
# 3 %: rounded to two digits, a sixth is 0.17, which is 2 % off.
check_close("default_factor", default_factor, 1 / 6, rtol=0.03,
            look="n · 1/(3n), and half of it: 1/6.")
### END HIDDEN TESTS

# %% [markdown]
# Mind one trap of `nn.init.kaiming_normal_(weight, a=0, mode="fan_in", nonlinearity="leaky_relu")`:
# the slope `a` counts only with `nonlinearity="leaky_relu"`.
# With `nonlinearity="relu"`, an `a` that you give is ignored in silence.

# %% solution="initialize" title="Initializing a model"
def initialize(model, scheme, slope=0.0):
    """Initialize all linear layers and 2-D convolutions of a model, in place; biases become zero.

    Args:
        model: an nn.Module. Its nn.Linear and nn.Conv2d layers are initialized, at any depth;
            all other layers (normalization, for instance) stay as they are.
        scheme: "small": normal, standard deviation 0.01;
            "xavier": Xavier uniform, gain 1;
            "he": He normal, fan-in, for a (leaky) ReLU with the slope;
            "orthogonal": orthogonal, with the gain √(2 / (1 + slope²)).
        slope: the slope of the activation on the negative side, for "he" and "orthogonal".

    Returns:
        The model.

    Raises:
        ValueError: another scheme.
    """
    ### BEGIN SOLUTION
    rules = {
        "small": lambda weight: nn.init.normal_(weight, std=0.01),
        "xavier": nn.init.xavier_uniform_,
        "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
        "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5),
    }
    if scheme not in rules:
        raise ValueError(f"the scheme is one of {list(rules)}, not {scheme!r}")
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model
    ### END SOLUTION

# %% [markdown] hint="initialize"
# `model.modules()` visits all layers at any depth, `model.children()` only the outermost.
# Which of them have weights that these rules are for?
# And does each layer have a bias?

# %% [markdown] hint="initialize"
# `isinstance(layer, (nn.Linear, nn.Conv2d))`;
# for each of them one of `nn.init.normal_(weight, std=0.01)`, `nn.init.xavier_uniform_(weight)`,
# `nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu")`,
# `nn.init.orthogonal_(weight, gain)`;
# then `nn.init.zeros_(layer.bias)`, if there is one.

# %% tests="initialize" points=3
@probe
def initialized(scheme, slope, seed):
    """What initialize makes of a nested model: weights, biases, and what it should leave alone."""
    torch.manual_seed(seed)
    inner = nn.Sequential(nn.Conv2d(30, 60, 3), nn.BatchNorm2d(60),
                          nn.Conv2d(60, 20, (1, 5), bias=False))
    model = nn.Sequential(inner, nn.LayerNorm((20, 3, 5)), nn.Flatten(),
                          nn.Linear(300, 80)).to(device())
    nn.init.constant_(inner[1].weight, 0.7)
    nn.init.constant_(inner[1].bias, 0.3)
    before = [id(p) for p in model.parameters()]
    same = initialize(model, scheme, slope) is model
    plain = [p.detach().cpu().numpy()
             for p in (inner[0].weight, inner[2].weight, model[3].weight,
                       inner[0].bias, model[3].bias, inner[1].weight, inner[1].bias,
                       model[1].weight)]
    kept = (before == [id(p) for p in model.parameters()]
            and all(p.requires_grad for p in model.parameters()))
    return plain, same, kept


arrays, same, kept = initialized("small", 0.0, 0)
check("initialize(model, 'small')", same, "return the model")
check_close("the standard deviation of the first convolution after initialize(model, 'small')",
            np.std(arrays[0]), 0.01, rtol=0.03, look="nn.init.normal_(weight, std=0.01)")
check_close("the largest bias after initialize(model, 'small')",
            max(np.abs(arrays[3]).max(), np.abs(arrays[4]).max()), 0.0,
            look="Set the biases to zero, too.")
check_raises("initialize(model, 'kaiming')", ValueError, initialized, "kaiming", 0.0, 0)
### BEGIN HIDDEN TESTS
check("initialize(model, scheme)", kept, "replaced a parameter, or froze it",
      look="Fill the parameters in place.")
slope, seed = float(hidden_rng("initialize").uniform(0.4, 0.7)), hidden_seed("initialize")
for scheme, a in (("xavier", 0.0), ("he", 0.0), ("he", slope), ("orthogonal", slope)):
    arrays, _, _ = initialized(scheme, a, seed)
    for W in arrays[:3]:
        area = int(np.prod(W.shape[2:]))
        fan_in, fan_out, flat = W.shape[1] * area, W.shape[0] * area, W.reshape(len(W), -1)
        call = f"the weights {W.shape} after initialize(model, {scheme!r}, slope={a:.2g})"
        gain = (2 / (1 + a * a)) ** 0.5
        if scheme == "orthogonal":
            check_close(f"the singular values of {call}", np.linalg.svd(flat, compute_uv=False),
                        np.full(min(flat.shape), gain), rtol=1e-3,
                        look="The gain is √(2 / (1 + slope²)).")
            continue
        # The smallest layer has 6,000 numbers: their variance is known to 1.8 %.
        wanted = 2 / (fan_in + fan_out) if scheme == "xavier" else gain**2 / fan_in
        check_close(f"the variance of {call}", np.var(W), wanted, rtol=0.1,
                    look="Which rule, which fan, which slope?")
        kurtosis = 1.8 if scheme == "xavier" else 3.0
        check_close(f"the kurtosis of {call}", np.mean(W**4.0) / np.mean(W**2.0) ** 2,
                    kurtosis, atol=0.35, look="Xavier uniform, He normal.")
    check_close("the largest bias", max(np.abs(arrays[3]).max(), np.abs(arrays[4]).max()), 0.0,
                look="Biases are zero.")
    check_close("weight and bias of the normalization layer", [arrays[5][0], arrays[6][0]],
                [0.7, 0.3], rtol=1e-5, look="Only nn.Linear and nn.Conv2d are to be initialized.")
    check_close(
        "the weights (20, 3, 5) of a layer normalization", arrays[7], np.ones((20, 3, 5)),
        rtol=1e-5,
        look="What counts is the class of a layer, not how many dimensions its weights have.")
### END HIDDEN TESTS

# %% [markdown]
# ### One pass of data, in PyTorch
#
# The same idea as `scale_layers`, for a model that you know nothing about.
# A **forward hook**, `layer.register_forward_hook(function)`,
# is called as `function(layer, inputs, output)` after the layer has run;
# what it returns, if it isn't None, takes the place of the output.
# So one forward pass is enough: measure, divide the weights, and hand on the corrected output.
# With every bias at zero, that is `output / spread`.

# %% solution="lsuv_" title="LSUV in PyTorch"
@torch.no_grad()
def lsuv_(model, batch):
    """Scale each linear layer and convolution so that its output varies by 1 on a batch, in place.

    Args:
        model: an nn.Module whose layers run one after another in ``model(batch)``. The biases of
            its nn.Linear and nn.Conv2d layers are set to zero, and each one's weights are divided
            by one number, so that its output has standard deviation 1 over the whole batch.
        batch: inputs, on the device of the model.

    Returns:
        The model, with no hook left on it.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

    def rescale(layer, inputs, output):
        ### BEGIN SOLUTION
        spread = output.std()
        layer.weight /= spread
        return output / spread
        ### END SOLUTION

    ### BEGIN SOLUTION
    for layer in layers:
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    hooks = [layer.register_forward_hook(rescale) for layer in layers]
    model(batch)
    for hook in hooks:
        hook.remove()
    return model
    ### END SOLUTION

# %% [markdown] hint="lsuv_"
# `register_forward_hook` returns a handle.
# What would happen in training if you forgot `handle.remove()`?

# %% [markdown] hint="lsuv_"
# Biases first: zero them before the pass.
# In the hook: `spread = output.std()`, `layer.weight /= spread` (fine under `torch.no_grad()`),
# `return output / spread`.

# %% [markdown]
# The test tries it on this network, whose second convolution lies in a block and has no bias.

# %% sandboxed="nested_network"
def nested_network(activation):
    """Two convolutions and a linear layer for images (N, 2, 6, 6)."""
    block = nn.Sequential(nn.Conv2d(6, 4, 3, bias=False), activation())
    return nn.Sequential(nn.Conv2d(2, 6, 3), activation(), block, nn.Flatten(), nn.Linear(16, 10))

# %% tests="lsuv_" points=3
@probe
def after_lsuv(batch, scales, seed, relu):
    """A nested model after lsuv_, as plain data:
    spreads, factors on the weights, what is left over.
    """
    torch.manual_seed(seed)
    model = nested_network(nn.ReLU if relu else nn.Tanh).to(device(), check_dtype(device()))
    layers = [model[0], model[2][0], model[4]]
    for layer, scale in zip(layers, scales):
        layer.weight.data.mul_(scale)
    old, parameters = ([layer.weight.detach().clone() for layer in layers],
                       [id(p) for p in model.parameters()])
    images = torch.tensor(batch, dtype=check_dtype(device()), device=device())
    same = lsuv_(model, images) is model
    new, hooks = ([layer.weight.detach().clone() for layer in layers],
                  [len(x._forward_hooks) for x in model.modules()])
    model(3 * images)  # a hook that was left behind would act again
    still = all(torch.equal(layer.weight, weight) for layer, weight in zip(layers, new))
    z = [layers[0](images)]
    z.append(layers[1](model[1](z[0])))
    z.append(layers[2](model[3](model[2][1](z[1]))))
    return {"spreads": [float(output.detach().std()) for output in z], "same": same, "still": still,
            "factors": [(after / before).cpu().numpy().ravel() for after, before in zip(new, old)],
            "bias": max(float(layers[k].bias.detach().abs().max()) for k in (0, 2)),
            "hooks": sum(hooks),
            "kept": parameters == [id(p) for p in model.parameters() if p.requires_grad],
            "training": model.training}


batch = np.random.default_rng(0).normal(size=(20, 2, 6, 6))
got = after_lsuv(batch, (5.0, 0.1, 1.0), 0, False)
# Divided by n or by n − 1, a standard deviation of 200 numbers differs by a quarter of a percent.
check_close("the standard deviations of the three layers after lsuv_(model, batch)", got["spreads"],
            np.ones(3), rtol=5e-3,
            look="Measure each layer behind the corrected ones, over the whole batch.")
check_equal("the number of hooks after lsuv_(model, batch)", got["hooks"], 0,
            look="Remove what you registered.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("lsuv_")
for relu in (False, True):
    batch = rng.normal(size=(25, 2, 6, 6)) * rng.uniform(0.3, 3) + rng.uniform(0.5, 1)
    got = after_lsuv(batch, tuple(rng.uniform(0.05, 4, size=3)), hidden_seed("lsuv_"), relu)
    check_close("the standard deviations of the three layers after lsuv_(model, batch)",
                got["spreads"], np.ones(3), rtol=5e-3,
                look="Hand on the corrected output, so that the next layer is measured behind it.")
    for factors in got["factors"]:
        check_close("the factors on the weights of a layer", factors,
                    np.full(factors.shape, factors[0]), rtol=1e-3,
                    look="Divide the whole layer by one number.")
    check_close("the largest bias after lsuv_(model, batch)", got["bias"], 0.0,
                look="Set the biases to zero first.")
    check("lsuv_(model, batch)", got["still"],
          "left something on the model that changes the weights in later passes")
    check("lsuv_(model, batch)", got["kept"], "replaced a parameter or froze it",
          look="Change the weights in place.")
    check("lsuv_(model, batch)", got["same"], "return the model")
    check("lsuv_(model, batch)", got["training"],
          "left a model in evaluation mode that came in training mode",
          look="model.eval() outlives the function.")
### END HIDDEN TESTS

# %% [markdown]
# ### Ten layers
#
# A plain convolutional network for the digits, nine convolutions and one linear layer,
# no normalization, no shortcuts, trained with SGD and momentum.
# Four starts: PyTorch's default, `"xavier"`, `"he"`, and `"orthogonal"` followed by `lsuv_`.
#
# **Predict.** Will the network in PyTorch's default initialization learn anything
# in these first steps: `"yes"` or `"no"`?

# %% solution="default_trains" title="Predict: PyTorch's default start"
# Type your choice: default_trains = "..."
### BEGIN SOLUTION
default_trains = "no"
### END SOLUTION

# %% [markdown] hint="default_trains"
# You know its factor for the mean square of the signal.
# To the power of 9?

# %% tests="default_trains" points=1
check_one_of("default_trains", default_trains, ["yes", "no"])
### BEGIN HIDDEN TESTS
check_equal("default_trains", default_trains, "no",
            look="(1/6)⁹ is 10⁻⁷: hardly more than the biases reach the output, "
            "and they are the same for every image.")
### END HIDDEN TESTS

# %% sandboxed="plain_network"
def plain_network(depth, channels=16):
    """Convolutions and ReLUs, then one linear layer, for images (N, 1, 8, 8); on the device."""
    layers = [nn.Conv2d(1, channels, 3, stride=2, padding=1), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * channels, 10)).to(device())

# %% sandboxed="train_deep"
def train_deep(start, seed, depth=10, steps=30, batch=32, rate=0.015):
    """The training losses of the plain network from "default", "lsuv",
    or a scheme of initialize.
    """
    X_train, y, X_test, _ = split_digits(seed)
    where = dict(device=device())
    X = torch.tensor(standardize(X_train, X_test)[0],
                     dtype=torch.float32, **where).reshape(-1, 1, 8, 8)
    y = torch.tensor(y, **where)
    torch.manual_seed(seed)
    model, losses = plain_network(depth), []
    if start == "lsuv":
        lsuv_(initialize(model, "orthogonal"), X[:200])
    elif start != "default":
        initialize(model, start)
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(p) for p in parameters]
    order = torch.randint(len(X), (steps, batch), generator=torch.Generator().manual_seed(seed))
    for rows in order.to(**where):
        loss = nn.functional.cross_entropy(model(X[rows]), y[rows])
        for p, v, slope in zip(parameters, velocities, torch.autograd.grad(loss, parameters)):
            v.mul_(0.9).add_(slope)
            p.data.sub_(rate * v)
        losses.append(loss.detach())  # stays on the device: asking for the number would wait for it
    return torch.stack(losses).cpu().numpy()

# %% experiment="which_train"
starts = {"default": ("black", "PyTorch's default"), "xavier": ("orange", "Xavier"),
          "he": ("blue", "He"), "lsuv": ("green", "orthogonal + one pass")}
figure, axes = plt.subplots(figsize=(7.2, 3.3))
for start, (colour, name) in progress(starts.items(), "starts"):
    losses = train_deep(start, seed=0)
    smooth = np.convolve(losses, np.ones(5) / 5, mode="valid")
    axes.plot(np.arange(5, len(losses) + 1), smooth, color=COLOURS[colour], label=name,
              linewidth=6.0 if start == "default" else 1.8)
axes.set(xlabel="step", ylabel="training loss (mean of 5 steps)", ylim=(0, 2.7),
         title="Ten layers, four starts")
axes.legend(loc="lower left")
show(figure, "Training losses of a network of ten layers from four starts. "
     "PyTorch's default and Xavier stay at 2.3, the loss of guessing, on one line. "
     "He's rule and orthogonal weights with one pass of data fall below 1.")

# %% [markdown]
# Which of the four got below a loss of 2 in the picture?
# Type a list with their short names, out of `"default"`, `"xavier"`, `"he"` and `"lsuv"`.

# %% solution="which_train" title="Which starts train"
# Type the list: which_train = ["...", ...]
### BEGIN SOLUTION
which_train = ["he", "lsuv"]
### END SOLUTION

# %% [markdown] hint="which_train"
# Two lines lie on one another at ln 10.

# %% tests="which_train" points=2
names = ["default", "xavier", "he", "lsuv"]
check("which_train", len(which_train) > 0 and all(name in names for name in which_train),
      f"wants a list of names out of {names}")
### BEGIN HIDDEN TESTS
right = [(name in which_train) == (name in ("he", "lsuv")) for name in names]
check("which_train", sum(right) >= 3, "has more than one name too many or missing",
      look="Compare each curve with the loss of guessing, 2.3.")
2.0 if all(right) else 1.0
### END HIDDEN TESTS

# %% [markdown]
# Two details.
# *Zero padding*: at a border, a kernel of nine sees only six or four pixels that are not padding,
# and on 4 × 4 pixels most places are borders.
# The signal loses in every layer, even with He's rule, and the formula doesn't know;
# the pass of data does.
# And *depth*: with `depth=4` Xavier's rule trains as well,
# and with `depth=3` so does PyTorch's default.
# Copy the cell and try.
