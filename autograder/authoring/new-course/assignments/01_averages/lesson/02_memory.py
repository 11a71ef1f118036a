# %% [markdown]
# ## 2 · How far back it remembers
#
# The number $x_{t-k}$ has the weight $(1-\beta)\,\beta^k$ in $m_t$.

# %% solution="memory" title="How long it remembers"
def memory(beta):
    """The mean age of what is in the average: the sum of k · (1 - beta) · beta**k over k ≥ 0."""
    ### BEGIN SOLUTION
    return beta / (1 - beta)
    ### END SOLUTION

# %% [markdown] hint="memory"
# The sum of $k\,q^k$ is $q/(1-q)^2$.

# %% tests="memory" points=1
check_close("memory(0.5)", memory(0.5), 1.0, look="0 · 1/2 + 1 · 1/4 + 2 · 1/8 + … is 1.")
check_close("memory(0.9)", memory(0.9), 9.0)
### BEGIN HIDDEN TESTS
q = hidden_rng("memory").uniform(0.2, 0.95)
ages = np.arange(5000)
check_close(f"memory({q:.3f})", memory(q), np.sum(ages * (1 - q) * q**ages))
### END HIDDEN TESTS

# %% [markdown] answer="why_zero" title="Why it begins too low" points=1
# **In one or two sentences:** the first averages are too small. Why?
#
# ### BEGIN SOLUTION
# The average begins at 0, and the weights of the numbers seen so far add up to less than one.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point for the start at 0 or for weights that do not add up to one.
# ### END MARK SCHEME
