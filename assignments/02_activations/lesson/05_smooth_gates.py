# %% [markdown]
# ## 5 · Smooth gates: GELU and SiLU
#
# ReLU multiplies x by a hard gate, 0 or 1.
# GELU (Hendrycks & Gimpel, 2016) multiplies it by a soft one,
# the probability that a standard normal variable is below x:
#
# $$\text{GELU}(x) = x\,\Phi(x), \qquad \Phi(x) = \tfrac12\left(1 + \text{erf}(x/\sqrt2)\right)$$
#
# `erf` is imported from SciPy.
# The derivative follows from the product rule;
# $\Phi'$ is the density of the normal distribution, $\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}$.

# %% solution="gelu" title="GELU"
def gelu_forward(x):
    """The exact GELU x · Φ(x) of each number of x, an array of any shape: (out, cache)."""
    ### BEGIN SOLUTION
    cdf = 0.5 * (1 + erf(x / np.sqrt(2)))
    return x * cdf, (x, cdf)
    ### END SOLUTION


def gelu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    x, cdf = cache
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    return dout * (cdf + x * density)
    ### END SOLUTION

# %% [markdown] hint="gelu"
# Forward: one line for Φ, one for the product.
# Backward: $(uv)' = u'v + uv'$ with $u = x$ and $v = \Phi$.

# %% [markdown] hint="gelu"
# The derivative is $\Phi(x) + x\,\varphi(x)$.
# At 1 it is 0.841 + 0.242 = 1.083: yes, above 1.

# %% tests="gelu" part="forward" points=1
check_close("out of gelu_forward([-1, 0, 1, 1000])",
            gelu_forward(np.array([-1.0, 0.0, 1.0, 1000.0]))[0],
            [-0.15865525, 0.0, 0.84134475, 1000.0], rtol=1e-5,
            look="Φ(1) = 0.84134475: 84 % lie below one standard deviation.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu")
x = np.append(2 * rng.normal(size=9), [2.7, -2.7, -1000.0]).reshape(3, 4)
given = x.copy()
# The tanh form is off by up to 5e-4, near ±2.7.
check_close("out of gelu_forward on an array of shape (3, 4)", gelu_forward(given)[0],
            referee(F.gelu, x, x)[0],
            rtol=1e-5, atol=1e-6, look="The exact form has erf in it, not tanh or a sigmoid.")
check_unchanged("gelu_forward", "x", x, given)
check_close("out of gelu_forward([-1, 2]), integers,", gelu_forward(np.array([-1, 2]))[0],
            [-0.15865525, 1.95449974], rtol=1e-5)
### END HIDDEN TESTS

# %% tests="gelu" part="backward" points=2
_, cache = gelu_forward(np.array([0.0, 1.0, -1000.0]))
check_close("gelu_backward([2, 1, 1]) at [0, 1, -1000]",
            gelu_backward(np.array([2.0, 1.0, 1.0]), cache), [1.0, 1.08331547, 0.0],
            rtol=1e-5, atol=1e-7, look="At 1 it is Φ + 1 · φ = 0.8413 + 0.2420.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu_backward")
x, dout = np.append(2 * rng.normal(size=10), [1.9, -1.9]).reshape(3, 4), 1 + rng.random(size=(3, 4))
given = dout.copy()
got = gelu_backward(given, gelu_forward(x.copy())[1])
check_close("gelu_backward on an array of shape (3, 4)", got, referee(F.gelu, dout, x)[1],
            rtol=1e-5, atol=1e-6, look="Two terms: Φ(x) and x times the density.")
check_unchanged("gelu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### The tanh form
#
# The same paper gives an approximation without erf, which several well-known models were trained
# with (GPT-2 among them; PyTorch calls it `approximate="tanh"`):
#
# $$\tfrac12\,x\left(1 + \tanh u\right), \qquad u = \sqrt{2/\pi}\,\left(x + 0.044715\,x^3\right)$$
#
# Differentiate it as it stands: product rule, then chain rule, with $\tanh' = 1 - \tanh^2$.

# %% solution="gelu_tanh" title="GELU by tanh"
def gelu_tanh_forward(x):
    """The tanh form of GELU of each number of x, an array of any shape: (out, cache)."""
    ### BEGIN SOLUTION
    bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + bend), (x, bend)
    ### END SOLUTION


def gelu_tanh_backward(dout, cache):
    """The gradient of the tanh form (not of the exact one), of the shape of dout."""
    ### BEGIN SOLUTION
    x, bend = cache
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)
    ### END SOLUTION

# %% [markdown] hint="gelu_tanh"
# Name the parts: `u`, then `bend = np.tanh(u)`, then `0.5 * x * (1 + bend)`.
# Which of them contain x?

# %% [markdown] hint="gelu_tanh"
# $\tfrac12(1 + \tanh u) + \tfrac12\,x\,(1 - \tanh^2 u)\,u'$,
# with $u' = \sqrt{2/\pi}\,(1 + 3 \cdot 0.044715\,x^2)$.

# %% tests="gelu_tanh" part="forward" points=1
check_close("out of gelu_tanh_forward([-1, 0, 1, 100])",
            gelu_tanh_forward(np.array([-1.0, 0.0, 1.0, 100.0]))[0],
            [-0.15880801, 0.0, 0.84119199, 100.0], rtol=1e-5,
            look="A little off the exact −0.15866 and 0.84134: it is an approximation.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu_tanh")
x = np.append(2 * rng.normal(size=10), [2.7, -2.7]).reshape(3, 4)
given = x.copy()
check_close("out of gelu_tanh_forward on an array of shape (3, 4)", gelu_tanh_forward(given)[0],
            referee(lambda t: F.gelu(t, approximate="tanh"), x, x)[0], rtol=1e-5, atol=1e-6,
            look="√(2/π) multiplies the whole bracket x + 0.044715 x³.")
check_unchanged("gelu_tanh_forward", "x", x, given)
### END HIDDEN TESTS

# %% tests="gelu_tanh" part="backward" points=2
_, cache = gelu_tanh_forward(np.array([0.0, 1.0, -50.0]))
check_close("gelu_tanh_backward([2, 1, 1]) at [0, 1, -50]",
            gelu_tanh_backward(np.array([2.0, 1.0, 1.0]), cache),
            [1.0, 1.08296408, 0.0], rtol=1e-5, atol=1e-7,
            look="Three factors in the second term: x/2, 1 − tanh², and u'.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu_tanh_backward")
x, dout = np.append(2 * rng.normal(size=10), [1.9, -1.9]).reshape(3, 4), 1 + rng.random(size=(3, 4))
given = dout.copy()
got = gelu_tanh_backward(given, gelu_tanh_forward(x.copy())[1])
check_close("gelu_tanh_backward on an array of shape (3, 4)", got,
            referee(lambda t: F.gelu(t, approximate="tanh"), dout, x)[1], rtol=1e-5, atol=1e-6,
            look="Don't forget u', the derivative of what is inside the tanh.")
check_unchanged("gelu_tanh_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# How far apart are the two?
# Weights that were trained with one form and run with the other carry
# that difference through every layer, so it is worth a number.

# %% experiment="gelu_gap"
x = np.linspace(-5, 5, 1001)
gap = gelu_tanh_forward(x)[0] - gelu_forward(x)[0]
figure, axes = plt.subplots(figsize=(7, 2.9))
axes.plot(x, 1e4 * gap, color=COLOURS["purple"])
axes.set(xlabel="x", ylabel="difference, in 0.0001", title="GELU: the tanh form less the exact one",
         yticks=range(-2, 6))
show(figure, "The difference between the tanh form and the exact form of GELU for x from -5 to 5, "
     "symmetric about zero: 0 at 0, a dip to about -2.3 ten-thousandths at -1.4 and 1.4, "
     "a peak of nearly 5 at -2.7 and 2.7, and almost 0 beyond 4.5.")

# %% [markdown]
# What is the largest difference, as an absolute value?

# %% solution="gelu_gap" title="Gap between two GELUs"
# Type the number: gelu_gap = ...
### BEGIN SOLUTION
gelu_gap = 4.7e-4
### END SOLUTION

# %% [markdown] hint="gelu_gap"
# The axis is in units of 0.0001.
# Which is further from 0, the peaks or the dips?

# %% tests="gelu_gap" points=1
check("gelu_gap", gelu_gap > 0, f"{gelu_gap}: give the absolute value")
### BEGIN HIDDEN TESTS
x = torch.linspace(-6, 6, 6001, dtype=torch.float64)
largest = (F.gelu(x) - F.gelu(x, approximate="tanh")).abs().max().item()
check_close("gelu_gap", gelu_gap, largest, rtol=0.12,
            look="Near ±2.7; the unit of the axis is 0.0001.")
### END HIDDEN TESTS

# %% [markdown]
# ### SiLU
#
# With the sigmoid as the gate it is SiLU (Hendrycks & Gimpel, 2016; Elfwing et al., 2018),
# found again by a search over formulas and called Swish
# (Ramachandran et al., 2017): $x\,\sigma(x)$.
# `expit` is SciPy's stable sigmoid; use it here.

# %% solution="silu" title="SiLU"
def silu_forward(x):
    """x · sigmoid(x) of each number of x, an array of any shape, of floats or integers:
    (out, cache).

    No overflow, no NaN and no warning for any finite x.
    """
    ### BEGIN SOLUTION
    gate = expit(x)
    return x * gate, (x, gate)
    ### END SOLUTION


def silu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    x, gate = cache
    return dout * (gate + x * gate * (1 - gate))
    ### END SOLUTION

# %% [markdown] hint="silu"
# Here the output alone doesn't tell x
# (the function falls and then rises, so two inputs share an output).
# What must the cache hold?

# %% [markdown] hint="silu"
# The product rule: $\sigma + x\,\sigma(1-\sigma)$.

# %% tests="silu" part="forward" points=1
x = np.array([-1000.0, 0.0, np.log(3.0), 1000.0])
check_close("out of silu_forward([-1000, 0, log 3, 1000])", silu_forward(x.copy())[0],
            [0.0, 0.0, 0.75 * np.log(3), 1000.0], rtol=1e-5, atol=1e-7)
said = complaints(silu_forward, silu_backward, x)
check("silu_forward([-1000, 0, log 3, 1000])", not said, f"NumPy warns: {', '.join(said)}",
      look="Use expit for the gate.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("silu")
x = 3 * rng.normal(size=(3, 4))
given = x.copy()
check_close("out of silu_forward on an array of shape (3, 4)", silu_forward(given)[0],
            referee(F.silu, x, x)[0],
            rtol=1e-5, atol=1e-6, look="The gate is σ(x), without a factor inside.")
check_unchanged("silu_forward", "x", x, given)
check_close("out of silu_forward([-2, 3]), integers,", silu_forward(np.array([-2, 3]))[0],
            referee(F.silu, [0, 0], [-2, 3])[0], rtol=1e-5)
### END HIDDEN TESTS

# %% tests="silu" part="backward" points=2
_, cache = silu_forward(np.array([0.0, np.log(3.0), -1000.0]))
check_close("silu_backward([2, 1, 1]) at [0, log 3, -1000]",
            silu_backward(np.array([2.0, 1.0, 1.0]), cache),
            [1.0, 0.75 + 0.1875 * np.log(3), 0.0], rtol=1e-5, atol=1e-7,
            look="At log 3 the gate is 0.75: 0.75 + log 3 · 0.75 · 0.25.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("silu_backward")
x, dout = 2 * rng.normal(size=(3, 4)), 1 + rng.random(size=(3, 4))
given = dout.copy()
got = silu_backward(given, silu_forward(x.copy())[1])
check_close("silu_backward on an array of shape (3, 4)", got, referee(F.silu, dout, x)[1],
            rtol=1e-5, atol=1e-6, look="σ(x) + x σ(x) (1 − σ(x)), with the input x.")
check_unchanged("silu_backward", "dout", dout, given)
### END HIDDEN TESTS
