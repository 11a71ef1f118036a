# %% [markdown]
# ## 7 · The same in PyTorch
#
# Autograd writes backward passes for you, as long as it knows each operation.
# When it doesn't, or when its formula is slow or unstable, you write a `torch.autograd.Function`:
# `forward` computes and saves what backward needs,
# `backward` takes the upstream gradient and returns one gradient for each input.
#
# The *softplus* is a ReLU without a kink (Dugas et al., 2000):
# $\;s(x) = \frac1\beta\log(1+e^{\beta x})$.
# The sharpness $\beta$ shall be learned, so both inputs have gradients:
#
# $$
# \frac{\partial s}{\partial x} = \sigma(\beta x), \qquad
# \frac{\partial s}{\partial \beta} = \frac{x\,\sigma(\beta x) - s}{\beta}.
# $$
#
# One $\beta$ serves all entries of $x$, hence its gradient is a sum over all of them.

# %% solution="softplus" title="Softplus in PyTorch"
class Softplus(torch.autograd.Function):
    """log(1 + exp(beta x)) / beta, with gradients for both; use it as Softplus.apply(x, beta)."""

    @staticmethod
    def forward(ctx, x, beta):
        """Softplus of every entry, stable for any x.

        Args:
            x: a tensor of floats, of any shape, however large its entries.
            beta: the sharpness, a positive tensor without dimensions, of the dtype of x.

        Returns:
            a tensor of the shape, dtype and device of x.
        """
        ### BEGIN SOLUTION
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """The gradients (dx, dbeta) of a loss whose gradient with respect to the output is dout."""
        ### BEGIN SOLUTION
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return dout * slope, torch.sum(dout * (x * slope - out) / beta)
        ### END SOLUTION

# %% [markdown] hint="softplus"
# `torch.exp(1000.)` is infinite.
# `torch.logaddexp(a, b)` computes $\log(e^a + e^b)$ without overflow;
# which $a$ and $b$ give $\log(1 + e^{\beta x})$?

# %% [markdown] hint="softplus"
# `ctx.save_for_backward(x, beta, out)` in forward, `x, beta, out = ctx.saved_tensors` in backward.
# `torch.sigmoid` is stable.

# %% [markdown] hint="softplus"
# Every gradient starts with `dout * …`: the chain rule.
# `dbeta` must have the shape of `beta`, so sum over all entries.

# %% tests="softplus" points=4
@probe
def softplus_and_gradients(x, beta, dout, where="cpu", dtype=torch.float64):
    x = torch.tensor(x, dtype=dtype, device=where, requires_grad=True)
    beta = torch.tensor(beta, dtype=dtype, device=where, requires_grad=True)
    out = Softplus.apply(x, beta)
    torch.sum(out * torch.tensor(dout, dtype=dtype, device=where)).backward()
    return out.detach().cpu(), x.grad.cpu(), beta.grad.cpu()

out, dx, dbeta = softplus_and_gradients([0.0, 0.0], 2.0, [1.0, 3.0])
check_close("Softplus.apply([0, 0], beta=2)", out, [np.log(2) / 2] * 2, look="log(1 + exp(0)) / 2.")
check_close("its gradient with respect to x for dout = [1, 3]", dx, [0.5, 1.5],
            look="sigmoid(0) = 1/2, times dout.")
check_close("its gradient with respect to beta for dout = [1, 3]", dbeta, -np.log(2),
            look="(x sigmoid(beta x) - s) / beta at x = 0, times dout, summed over the entries.")
out, dx, dbeta = softplus_and_gradients([1000.0, -1000.0], 1.0, [1.0, 1.0])
check_close("Softplus.apply([1000, -1000], beta=1)", out, [1000.0, 0.0],
            look="exp(1000) overflows.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("softplus")
for shape, size in (((4,), 1.0), ((3, 2), 5.0), ((2, 3, 2), 800.0)):
    x, beta, dout = size * rng.normal(size=shape), rng.uniform(0.3, 3), rng.normal(size=shape)
    exact_x = torch.tensor(x, requires_grad=True)
    exact_beta = torch.tensor(beta, dtype=torch.float64, requires_grad=True)
    expected = (torch.logaddexp(exact_beta * exact_x,
                                torch.zeros(shape, dtype=torch.float64)) / exact_beta)
    torch.sum(expected * torch.tensor(dout)).backward()
    out, dx, dbeta = softplus_and_gradients(x, beta, dout)
    call = f"Softplus.apply(x of shape {shape}, {beta:.3f})"
    check_close(call, out, expected, rtol=1e-9, atol=1e-12)
    check_close(f"dx of {call}", dx, exact_x.grad, rtol=1e-9, atol=1e-12,
                look="Multiply with dout.")
    # The terms of the sum are of size |x| / beta and cancel. F.softplus, which is welcome, leaves
    # out exp(-beta x) = 2e-9 above beta x = 20.
    check_close(f"dbeta of {call}", dbeta, exact_beta.grad, rtol=1e-9, atol=1e-8 + 1e-12 * size**2,
                look="Multiply with dout, divide by beta, sum over all entries.")
# In float32 on the fastest device: 6e-8 a rounding, a few of them, terms of size 10.
x, dout = 3 * rng.normal(size=6), rng.normal(size=6)
for name, got, exact in zip(("out", "dx", "dbeta"),
                            softplus_and_gradients(x, 0.5, dout, str(device()), torch.float32),
                            softplus_and_gradients(x, 0.5, dout)):
    check_close(f"{name} of Softplus in float32 on {device()}", got, exact, rtol=1e-4, atol=1e-4)
### END HIDDEN TESTS

# %% [markdown]
# ### gradcheck
#
# `torch.autograd.gradcheck` is your `errors_of_layer`, grown up.
# It is as strict as you should be: with its default step of $10^{-6}$ it needs float64.
# Write a wrapper that always gives it that.

# %% solution="passes_gradcheck" title="Gradcheck in float64"
def passes_gradcheck(function, *inputs):
    """Whether the gradients of function agree with differences, checked in float64 on the CPU.

    Args:
        function: takes as many tensors as there are inputs, returns a tensor.
        inputs: tensors of any dtype, on any device. They are not changed, nor is their
            requires_grad. Gradients are checked for all that hold floats; others, such as
            labels, are passed on as they are.

    Returns:
        True or False; a gradient that is wrong raises nothing.
    """
    ### BEGIN SOLUTION
    copies = [
        x.detach().to("cpu", torch.float64, copy=True).requires_grad_()
        if x.is_floating_point() else x
        for x in inputs
    ]
    return torch.autograd.gradcheck(function, copies, raise_exception=False)
    ### END SOLUTION

# %% [markdown] hint="passes_gradcheck"
# For each input that `is_floating_point()` make a copy in float64 that requires a gradient.
# Why must labels stay integers?

# %% [markdown] hint="passes_gradcheck"
# `x.detach().to("cpu", torch.float64, copy=True).requires_grad_()` makes the copy,
# and `gradcheck(function, copies, raise_exception=False)` answers True or False.

# %% tests="passes_gradcheck" points=3
@probe
def verdicts_on_float32():
    x = torch.tensor([-1.0, 0.3, 2.0])
    good = passes_gradcheck(torch.tanh, x)
    bad = passes_gradcheck(lambda x: x * x.detach(), x)
    return good, bad, x.requires_grad

good, bad, requires_grad = verdicts_on_float32()
check_equal("passes_gradcheck(torch.tanh, x in float32)", good, True,
            look="Convert to float64 first.")
check_equal("passes_gradcheck(lambda x: x * x.detach(), x)", bad, False,
            look="The detached factor gets no gradient, so x² has the gradient x.")
check_equal("x.requires_grad after the check", requires_grad, False, look="Work on copies.")
### BEGIN HIDDEN TESTS
@probe
def verdicts(x, y, labels, slack):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sin()

        @staticmethod
        def backward(ctx, dout):
            return slack * dout

    x, y, labels = torch.tensor(x), torch.tensor(y), torch.tensor(labels)
    kept = x.clone()
    answers = [
        passes_gradcheck(lambda x, y: x @ y.T, x.float(), y.float()),
        passes_gradcheck(lambda x, y: x @ y.detach().T, x, y),
        passes_gradcheck(lambda x, y: x.detach() @ y.T, x, y),
        passes_gradcheck(F.cross_entropy, x.float(), labels),
        passes_gradcheck(lambda x: x.sin() + Scaled.apply(x) - Scaled.apply(x.detach()), x),
    ]
    return answers, bool(torch.equal(kept, x)), x.requires_grad or y.requires_grad

rng = hidden_rng("passes_gradcheck")
answers, unchanged, requires_grad = verdicts(rng.uniform(0.5, 1, size=(2, 3)),
                                             rng.uniform(0.5, 1, size=(2, 3)),
                                             rng.integers(3, size=2),
                                             float(rng.uniform(0.003, 0.01)))
for call, got, expected, look in zip(
        ("x @ y.T, x, y in float32", "x @ y.detach().T, x, y", "x.detach() @ y.T, x, y",
         "F.cross_entropy, x in float32, labels", "a gradient that is off by less than 1 %, x"),
        answers, (True, False, False, True, False),
        ("Both inputs in float64.", "Check the gradients of all inputs.",
         "Check the gradients of all inputs.",
         "Leave integers as they are.", "Don't loosen the tolerances."),
):
    check_equal(f"passes_gradcheck({call})", got, expected, look=look)
check_equal("whether x is the same after the checks", unchanged, True, look="Work on copies.")
check_equal("x.requires_grad or y.requires_grad after the checks", requires_grad, False,
            look="Work on copies.")
### END HIDDEN TESTS

# %% [markdown]
# **Prediction.** `torch.tanh` is right, beyond doubt.
# You call `torch.autograd.gradcheck` directly, on an input in *float32*.
# What does it say?

# %% solution="predicted_gradcheck" title="Predict: gradcheck in float32"
# Type predicted_gradcheck = followed by "it passes" or "it fails".
### BEGIN SOLUTION
predicted_gradcheck = "it fails"
### END SOLUTION

# %% tests="predicted_gradcheck" points=1
check_one_of("predicted_gradcheck", predicted_gradcheck, ["it passes", "it fails"])
### BEGIN HIDDEN TESTS
check("predicted_gradcheck", predicted_gradcheck == "it fails",
      f"you said {predicted_gradcheck!r}; measuring says otherwise",
      look="Rounding in float32 divided by 2h: 6e-8 / 2e-6 is an error of several per cent.")
### END HIDDEN TESTS

# %% sandboxed="errors_of_tanh"
def errors_of_tanh(dtype, where, h=1e-6, seed=0):
    """Relative errors of centered differences of torch.tanh against its gradient,
    computed in dtype.
    """
    x = torch.tensor(np.random.default_rng(seed).normal(size=300), dtype=dtype, device=where)
    x.requires_grad_()
    torch.tanh(x).sum().backward()
    with torch.no_grad():
        numeric = (torch.tanh(x + h) - torch.tanh(x - h)) / (2 * h)
    return relative_error(x.grad.cpu().numpy(), numeric.cpu().numpy())

# %% experiment="precision"
def draw_precision():
    figure, axes = plt.subplots(figsize=(7, 3.2))
    bins = np.logspace(-12, 1, 66)
    for dtype, where, colour in ((torch.float64, "cpu", "blue"),
                                 (torch.float32, device(), "orange")):
        name = str(dtype).removeprefix("torch.")
        axes.hist(errors_of_tanh(dtype, where), bins, color=COLOURS[colour], alpha=0.85,
                  label=f"{name}, on {torch.device(where).type}")
    axes.axvline(1e-3, color="black", ls="--", lw=1)
    axes.text(7e-4, 62, "gradcheck's rtol", ha="right", va="top")
    axes.set(xscale="log", xlabel="relative error at h = 1e-6", ylabel="inputs", ylim=(0, 64),
             title="The same right gradient, checked in two precisions")
    axes.legend(loc="upper left")
    show(figure,
         alt="Histogram of the relative errors of 300 centered differences of tanh with step 1e-6. "
         "In float64 they lie around 1e-10, far below the dashed line at 1e-3 that marks the "
         "tolerance of gradcheck; in float32 they lie around 1e-2, most of them beyond the line.")

draw_precision()
