# %% [markdown]
# ## 1 · Do two gradients agree?
#
# You have a gradient $a$ from a formula (the *analytic* one) and a gradient $n$ from measuring
# (the *numerical* one).
# Their difference alone says little: $10^{-4}$ is excellent for gradients around 1,
# and useless for gradients around $10^{-5}$.
# So we divide by the larger of the two:
#
# $$
# \text{relative error} = \frac{|a - n|}{\max(|a|, |n|)}, \qquad
# \text{and } 0 \text{ where both are } 0.
# $$
#
# A rule of thumb for float64: above $10^{-2}$ the gradient is probably wrong;
# between $10^{-2}$ and $10^{-4}$ be uneasy; below $10^{-4}$ is fine if the function has kinks;
# below $10^{-7}$ be happy.

# %% solution="relative_error" title="Relative error"
def relative_error(a, n):
    """Compare an analytic gradient with a numerical one, entry by entry.

    Args:
        a, n: two arrays (or nested lists) of one shape, or two numbers; integers are welcome.

    Returns:
        |a - n| / max(|a|, |n|) for each entry, in the shape of the inputs, without a unit.
        An entry is 0 where both inputs are 0, and NaN where either input is NaN: a gradient
        that is not a number agrees with nothing.
    """
    ### BEGIN SOLUTION
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    larger = np.maximum(np.abs(a), np.abs(n))
    return np.abs(a - n) / np.where(larger == 0, 1.0, larger)
    ### END SOLUTION

# %% [markdown] hint="relative_error"
# Which two operations of NumPy take the absolute value of every entry,
# and the larger of two arrays entry by entry?

# %% [markdown] hint="relative_error"
# Where both are 0 the numerator is 0 too.
# What could you put into the denominator there, so that the quotient is 0 without a warning?
# `np.where(condition, this, that)` helps.

# %% tests="relative_error" points=2
check_close("relative_error([1, -2, 0, 0], [1, -1, 0, 1e-9])",
            relative_error([1.0, -2.0, 0.0, 0.0], [1.0, -1.0, 0.0, 1e-9]), [0.0, 0.5, 0.0, 1.0],
            look="Divide by the larger absolute value; where both are 0, the error is 0.")
check_close("relative_error(3, -3)", relative_error(3, -3), 2.0,
            look="A wrong sign is an error of 2: |3 - (-3)| / 3.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("relative_error")
a = rng.normal(size=(4, 5)) * 10.0 ** rng.integers(-12, 12, size=(4, 5))
n = a * (1 + rng.uniform(-0.9, 0.9, size=(4, 5)))
check_close("relative_error(a, n) for gradients of all magnitudes", relative_error(a, n),
            [[abs(p - q) / max(abs(p), abs(q)) for p, q in zip(*rows)] for rows in zip(a, n)],
            look="Every entry has its own denominator, and nothing else is added to it.")
with_nan = np.asarray(relative_error([1.0, np.nan, 2.0], [1.0, 1.0, np.nan]), dtype=float)
check("relative_error([1, nan, 2], [1, 1, nan])",
      np.isnan(with_nan).tolist() == [False, True, True],
      f"returned {with_nan.tolist()}, expected [0, nan, nan]",
      look="A gradient that is NaN must not pass as agreement.")
### END HIDDEN TESTS
