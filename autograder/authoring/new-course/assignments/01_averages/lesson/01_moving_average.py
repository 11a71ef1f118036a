# %% [markdown]
# ## 1 · A moving average
#
# It begins at 0, and each number $x_t$ moves it a little:
#
# $$m_t = \beta\, m_{t-1} + (1 - \beta)\, x_t$$

# %% solution="moving_average" title="The moving average"
def moving_average(xs, beta):
    """The averages m_1, …, m_n of the numbers ``xs``, an array (n,); ``xs`` stays as it is."""
    ### BEGIN SOLUTION
    averages, m = np.zeros(len(xs)), 0.0
    for t, x in enumerate(xs):
        m = beta * m + (1 - beta) * x
        averages[t] = m
    return averages
    ### END SOLUTION

# %% [markdown] hint="moving_average"
# What must you remember from one number to the next?

# %% [markdown] hint="moving_average"
# One variable, `m`, which begins at 0. Change it by the formula, then store it.

# %% tests="moving_average" points=2
got = moving_average(np.array([1.0, 1.0, 5.0]), 0.5)
check_shape("moving_average([1, 1, 5], 0.5)", got, (3,))
check_close("moving_average([1, 1, 5], 0.5)", got, [0.5, 0.75, 2.875],
            look="The first average is half way from 0 to 1.")
### BEGIN HIDDEN TESTS
from scipy.signal import lfilter

xs = hidden_rng("moving_average").normal(size=50)
for beta in (0.0, 0.9, 0.99):
    check_close(f"moving_average(xs, {beta})", moving_average(xs.copy(), beta),
                lfilter([1 - beta], [1, -beta], xs))
### END HIDDEN TESTS

# %% experiment="forgetting"
numbers = np.concatenate([np.ones(60), np.zeros(60)])
figure, axes = plt.subplots()
for beta in (0.5, 0.9, 0.98):
    axes.plot(moving_average(numbers, beta), label=f"β = {beta}")
axes.set(xlabel="t", ylabel="average")
axes.legend()
show(figure, alt="Averages of sixty ones and sixty zeros: the larger β, the later each follows.")
