# %% [markdown]
# ## 6 · The compromise of Xavier
#
# Now the way back.
# With $m$ outputs (**fan-out**), the gradient at an input is $dx_i = \sum_{j=1}^{m} w_{ij}\, dz_j$,
# a sum of $m$ terms, so
#
# $$\operatorname{Var} dx = m\,\sigma^2 \operatorname{Var} dz$$
#
# Forward wants $\sigma^2 = 1/n$, backward wants $\sigma^2 = 1/m$.
# A layer that is not square cannot have both.
# Glorot & Bengio (2010) take $\sigma^2 = \dfrac{2}{n + m}$, the harmonic mean of the two.
# (Xavier is Glorot's first name.)

# %% [markdown]
# **With pencil and paper.**
# A linear layer has 100 inputs and 400 outputs and gets Xavier's variance.
# By which factor does it multiply the *variance* of the signal on the way forward,
# and by which that of the gradient on the way back?

# %% solution="compromise" title="Xavier's compromise"
# Type the two factors: forward_factor = ... and backward_factor = ...
### BEGIN SOLUTION
forward_factor = 0.4  # 100 · 2/500
backward_factor = 1.6  # 400 · 2/500
### END SOLUTION

# %% [markdown] hint="compromise"
# $\sigma^2 = 2/500$.
# Forward, how many terms does a sum have: 100 or 400?

# %% tests="compromise" points=2
check("forward_factor", forward_factor > 0, f"{forward_factor} is not a positive factor")
check("backward_factor", backward_factor > 0, f"{backward_factor} is not a positive factor")
### BEGIN HIDDEN TESTS
right = [np.isclose(forward_factor, 0.4, rtol=0.02), np.isclose(backward_factor, 1.6, rtol=0.02)]
check("forward_factor and backward_factor", any(right), "are both wrong",
      look="Forward n·σ² with n = 100, backward m·σ² with m = 400; σ² = 2/500.")
float(sum(right))
### END HIDDEN TESTS

# %% [markdown]
# The same variance may come from a normal or from a uniform distribution.
# Uniform numbers between $-a$
# and $a$ have the variance $\frac{1}{2a}\int_{-a}^{a} x^2\,dx = a^2/3$.
# Solve for $a$ before you write.

# %% solution="xavier" title="Xavier's rule"
def xavier_normal(fan_in, fan_out, rng):
    """Normal weights (fan_in, fan_out) of mean 0 and variance 2 / (fan_in + fan_out)."""
    ### BEGIN SOLUTION
    return np.sqrt(2 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))
    ### END SOLUTION


def xavier_uniform(fan_in, fan_out, rng):
    """Uniform weights (fan_in, fan_out) of mean 0 and the same variance, 2 / (fan_in + fan_out)."""
    ### BEGIN SOLUTION
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))
    ### END SOLUTION

# %% [markdown] hint="xavier"
# Is the bound of the uniform distribution larger or smaller than its standard deviation?

# %% [markdown] hint="xavier"
# $a^2/3 = \sigma^2$, so $a = \sqrt{3}\,\sigma$,
# and with $\sigma^2 = 2/(n+m)$ the bound is $\sqrt{6/(n+m)}$.

# %% tests="xavier" part="normal" points=1
@probe
def draw(fan_in, fan_out, seed):
    """Two layers of normal weights from one generator."""
    rng = np.random.default_rng(seed)
    return xavier_normal(fan_in, fan_out, rng), xavier_normal(fan_in, fan_out, rng)


first, second = draw(300, 100, 0)
check_shape("xavier_normal(300, 100, rng)", first, (300, 100))
# 30,000 numbers estimate a standard deviation to 0.4 %.
check_close("the standard deviation of xavier_normal(300, 100, rng)", np.std(first), 200**-0.5,
            rtol=0.025, look="The variance is 2 / 400; the standard deviation is its root.")
### BEGIN HIDDEN TESTS
check("xavier_normal, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
for fan_in, fan_out in ((900, 60), (60, 900)):
    W = draw(fan_in, fan_out, hidden_seed("xavier_normal"))[0]
    call = f"xavier_normal({fan_in}, {fan_out}, rng)"
    check_shape(call, W, (fan_in, fan_out))
    check_close(f"the variance of {call}", np.var(W), 2 / 960, rtol=0.04,
                look="2 / (fan_in + fan_out).")
    check_close(f"the kurtosis of {call}", np.mean(W**4) / np.mean(W**2) ** 2, 3, rtol=0.08,
                look="Normal weights.")
### END HIDDEN TESTS

# %% tests="xavier" part="uniform" points=2
@probe
def draw(fan_in, fan_out, seed):
    """Two layers of uniform weights from one generator."""
    rng = np.random.default_rng(seed)
    return xavier_uniform(fan_in, fan_out, rng), xavier_uniform(fan_in, fan_out, rng)


first, second = draw(300, 100, 0)
check_shape("xavier_uniform(300, 100, rng)", first, (300, 100))
check_close("the standard deviation of xavier_uniform(300, 100, rng)", np.std(first), 200**-0.5,
            rtol=0.025, look="The bound is √3 times the standard deviation.")
### BEGIN HIDDEN TESTS
check("xavier_uniform, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
for fan_in, fan_out in ((900, 60), (60, 900)):
    W = draw(fan_in, fan_out, hidden_seed("xavier_uniform"))[0]
    call = f"xavier_uniform({fan_in}, {fan_out}, rng)"
    check_shape(call, W, (fan_in, fan_out))
    check_close(f"the variance of {call}", np.var(W), 2 / 960, rtol=0.04,
                look="bound² / 3 = 2 / (fan_in + fan_out).")
    for side, edge in (("largest", np.max(W)), ("smallest", -np.min(W))):  # of 54,000 numbers
        check_close(
            f"the {side} weight of {call}, without sign,", edge, (6 / 960) ** 0.5, rtol=1e-3,
            look="Uniform between −√(6 / (fan_in + fan_out)) and +√(6 / (fan_in + fan_out)).")
### END HIDDEN TESTS
