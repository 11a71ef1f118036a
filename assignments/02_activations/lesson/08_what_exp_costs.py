# %% [markdown]
# ## 8 · What exp costs
#
# The third charge against sigmoid and tanh: exponentials are expensive.
# They are, compared with a maximum.
# But compared with what?
#
# **Predict.** A layer of 1024 units on 1024 inputs, for a minibatch of 128, in NumPy.
# The exponentials of its outputs cost, compared with the matrix product before them:
# `"more"`, `"about as much"`, or `"less than half"`?

# %% solution="price_of_exp" title="Predict: what exp costs"
# Type your choice: price_of_exp = "..."
### BEGIN SOLUTION
price_of_exp = "less than half"
### END SOLUTION

# %% [markdown] hint="price_of_exp"
# Each output needs one exponential (some ten or twenty operations) and 1024 products and sums.

# %% tests="price_of_exp" points=1
check_one_of("price_of_exp", price_of_exp, ["more", "about as much", "less than half"])
### BEGIN HIDDEN TESTS
check_equal("price_of_exp", price_of_exp, "less than half",
            look="One exponential an output stands against 1024 products and sums.")
### END HIDDEN TESTS

# %% sandboxed="price_list"
def price_list(width=1024, batch=128, repeats=5):
    """Milliseconds (the least of some repeats) for the parts of one layer in NumPy, in float64."""
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=(batch, width)), rng.normal(size=(width, width)) / np.sqrt(width)
    z = x @ W
    parts = {"matrix product x @ W": lambda: x @ W, "np.maximum(z, 0)": lambda: np.maximum(z, 0),
             "np.exp(z)": lambda: np.exp(z), "np.tanh(z)": lambda: np.tanh(z),
             "erf(z)": lambda: erf(z)}
    prices = {}
    for name, part in parts.items():
        seconds = []
        for _ in range(repeats):
            begin = time.perf_counter()
            part()
            seconds.append(time.perf_counter() - begin)
        prices[name] = 1000 * min(seconds)
    return prices

# %% experiment="prices"
prices = price_list()
figure, axes = plt.subplots(figsize=(7, 2.5))
axes.bar_label(axes.barh(list(prices), list(prices.values()), color=COLOURS["sky"]),
               fmt="%.2f ms", padding=3)
axes.set(xlabel="milliseconds for 128 examples and 1024 units",
         xlim=(0, 1.2 * max(prices.values())))
axes.invert_yaxis()
show(figure, "Milliseconds for the parts of one layer, five bars: "
     + "; ".join(f"{name} {price:.2f}" for name, price in prices.items()) + ".")

# %% [markdown]
# Maximum, exp and tanh are small beside the product of a wide layer,
# and what an exponential costs depends on how it is computed:
# NumPy's exp and tanh work on several numbers at once,
# and cost one to a few times as much as a maximum, depending on the machine;
# SciPy's erf takes number by number,
# and is so dear that the tanh form of GELU looks like a bargain.
# The price counts where layers are narrow, where the product is cheap for another reason
# (depthwise convolutions, small chips without an exponential unit),
# or where an activation reads and writes memory in a pass of its own.
# The last is the true price on a GPU:
# there the arithmetic is nearly free, the trips through memory are not,
# and compilers *fuse* the activation into the operation before it.
