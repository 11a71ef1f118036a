# %% [markdown]
# ## 5 · Small batches: what breaks
#
# The statistics of a batch are *estimates*, and from few examples they are poor ones.
# **With pencil and paper:**
# a batch of two examples, one feature with the values 3 and 7, ε = 0, γ = 1, β = 0, train mode.
# What are the two outputs?
# And for the values 3 and 3000?

# %% solution="batch_of_two" title="A batch of two"
# Type the two lists: outputs_of_3_and_7 = [..., ...] and outputs_of_3_and_3000 = [..., ...]
### BEGIN SOLUTION
outputs_of_3_and_7 = [-1.0, 1.0]
outputs_of_3_and_3000 = [-1.0, 1.0]
### END SOLUTION

# %% [markdown] hint="batch_of_two"
# The mean is in the middle of two values,
# and the standard deviation (divided by N = 2) is half of their distance.

# %% tests="batch_of_two" points=1
for name, value in (("outputs_of_3_and_7", outputs_of_3_and_7),
                    ("outputs_of_3_and_3000", outputs_of_3_and_3000)):
    check(name, np.shape(value) == (2,), "wants a list of two numbers")
### BEGIN HIDDEN TESTS
check_close("outputs_of_3_and_7", outputs_of_3_and_7, [-1, 1], rtol=1e-3,
            look="Mean 5, standard deviation 2.")
check_close("outputs_of_3_and_3000", outputs_of_3_and_3000, [-1, 1], rtol=1e-3,
            look="Mean and standard deviation stretch with the values: "
            "all that is left is which one is larger.")
### END HIDDEN TESTS

# %% [markdown]
# All that is left of a feature is which of the two examples has more of it.
# (With a batch of one, nothing is left:
# the output is β whatever the input, and every gradient below is zero.)
# And the network is then *tested* with running averages, which behave quite differently.
# Layer norm takes its statistics within each example and has none of this.
# You will need it for the experiment, so write it first.
#
# ### Layer norm
#
# Ba, Kiros & Hinton (2016) turn the table round: each *example* is normalized over its D features.
# γ and β stay one number a feature.
# There is no batch in it, so there are no running statistics,
# and training and testing are the same.
# (The original transformer uses it.)

# %% solution="layernorm_forward" title="Layer norm forward"
def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalization (Ba, Kiros & Hinton 2016).

    Args:
        x: a minibatch, an array (N, D).
        gamma, beta: the scale and the shift of each feature, arrays (D,).
        ln_param: ``eps`` (default 1e-5, inside the root). There is no mode.

    Returns:
        (out, cache): out of shape (N, D); each example is normalized over its D features
        (variance divided by D), then scaled and shifted; cache for the backward pass.
    """
    eps = ln_param.get("eps", 1e-5)
    ### BEGIN SOLUTION
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    ### END SOLUTION
    return out, cache

# %% [markdown] hint="layernorm_forward"
# One mean for each *example* now.
# Which axis?
# And which shape must the N means have, so that they can be subtracted from an (N, D) array?
# (`keepdims=True`)

# %% [markdown] hint="layernorm_forward"
# γ and β still have the shape (D,): `gamma * xhat + beta` is the same line as in batch norm.

# %% tests="layernorm_forward" points=2
got, _ = layernorm_forward(np.array([[1.0, 3.0], [10.0, 50.0]]), np.array([1.0, 2.0]),
                           np.array([0.0, 5.0]), {"eps": 0.0})
check_close("layernorm_forward([[1, 3], [10, 50]], gamma=[1, 2], beta=[0, 5], {'eps': 0})[0]", got,
            [[-1.0, 7.0], [-1.0, 7.0]], rtol=1e-5,
            look="Each row becomes (−1, 1), then each column gets its γ and β.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("layernorm_forward")
for shape in ((3, 6), (4, 4), (1, 5)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[0], 1)) + rng.normal(size=shape)
    gamma, beta, eps = (rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1]),
                        rng.uniform(0.05, 0.4))
    for given, used in (({"eps": eps}, eps), ({}, 1e-5)):
        small = x if given else 3e-3 * x
        expected = F.layer_norm(torch.tensor(small), shape[1:], torch.tensor(gamma),
                                torch.tensor(beta), used).numpy()
        check_close(f"layernorm_forward on an array {shape}, eps={used:g},",
                    layernorm_forward(small.copy(), gamma, beta, given)[0],
                    expected, rtol=1e-3, atol=1e-4,
                    look="Statistics of each row over its D features, divided by D, "
                    "eps inside the root; γ and β by column.")
### END HIDDEN TESTS

# %% [markdown]
# **The backward pass** is yours to derive.
# It is the one of batch norm with the axes changed, and one more trap:
# the means are now over *features*, and each feature has its own γ.
# (In batch norm γ was a common factor of the whole column, and could wait outside the bracket.)

# %% solution="layernorm_backward" title="Layer norm backward" needs="layernorm_forward"
def layernorm_backward(dout, cache):
    """The backward pass of layer normalization.

    Args:
        dout: the gradient of the loss for the output, an array (N, D).
        cache: what ``layernorm_forward`` returned.

    Returns:
        (dx, dgamma, dbeta): arrays (N, D), (D,), (D,).
    """
    ### BEGIN SOLUTION
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    along = (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="layernorm_backward"
# γ and β are shared by the N examples, as before: their gradients are sums over which axis?
# And the means in `dx`?

# %% [markdown] hint="layernorm_backward"
# Begin with `dxhat = dout * gamma`;
# use it everywhere in `dx` where batch norm's closed form has `dout`.
# Then `dx = (dxhat - mean of dxhat - xhat * mean of dxhat·xhat) / std`, with means over axis 1.

# %% tests="layernorm_backward" points=3
x, dout = np.array([[1.0, 3.0, 5.0]]), np.array([[1.0, 0.0, 0.0]])
_, cache = layernorm_forward(x, np.array([2.0, 1.0, 1.0]), np.zeros(3), {"eps": 0.0})
dx, dgamma, dbeta = layernorm_backward(dout, cache)
call = "layernorm_backward([[1, 0, 0]], cache) for x=[[1, 3, 5]], gamma=[2, 1, 1], eps=0,"
check_close(f"dgamma and dbeta of {call}", [dgamma, dbeta], [[-1.5**0.5, 0, 0], [1, 0, 0]],
            rtol=1e-5, atol=1e-7)
check_close(f"dx of {call}", dx, np.array([[1.0, -2.0, 1.0]]) / 24**0.5, rtol=1e-5, atol=1e-6,
            look="The row sums to 0: a shift of all features of an example changes nothing.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("layernorm_backward")
for shape, eps in (((4, 6), 1e-5), ((5, 5), 0.4), ((1, 4), 0.1)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[0], 1)) + rng.normal(size=shape)
    gamma, beta, dout = (rng.uniform(0.3, 3, size=shape[1]), rng.normal(size=shape[1]),
                         rng.normal(size=shape) + 0.5)
    _, cache = layernorm_forward(x.copy(), gamma.copy(), beta.copy(), {"eps": eps})
    got = layernorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.layer_norm(leaves[0], shape[1:], leaves[1], leaves[2], eps).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of layernorm_backward on an array {shape}, eps={eps:g},", have,
                    leaf.grad.numpy(), rtol=1e-3, atol=1e-5,
                    look="dgamma and dbeta add up over examples; "
                    "the means in dx are over features, with γ inside.")
### END HIDDEN TESTS

# %% [markdown]
# ### The experiment
#
# A network with two hidden layers is trained on digits with minibatches of 2,
# 3, 4, 8, 16 and 64 examples, for the same number of steps,
# once with your batch norm and once with your layer norm.
# Then it is *tested*, batch norm with its running statistics, on 400 digits that it hasn't seen.
#
# **Predict.** At which batch size is layer norm furthest ahead in accuracy: 2, 8 or 64?

# %% solution="furthest_ahead" title="Predict: layer norm furthest ahead"
# Type your choice, a number: furthest_ahead = ...
### BEGIN SOLUTION
furthest_ahead = 2
### END SOLUTION

# %% [markdown] hint="furthest_ahead"
# How good an estimate of a mean and a variance can you get from so many examples?

# %% tests="furthest_ahead" points=1
check_one_of("furthest_ahead", furthest_ahead, [2, 8, 64])
### BEGIN HIDDEN TESTS
# On 20 seeds of 20: a lead of 34 points or more with two examples, far less with eight and 64.
check_equal("furthest_ahead", furthest_ahead, 2,
            look="The fewer examples, the noisier their mean and variance.")
### END HIDDEN TESTS

# %% sandboxed="small_batches"
BATCHES = [2, 3, 4, 8, 16, 64]


def tested_accuracy(kind, batch, seed):
    """The share of 400 new digits that a network gets right,
    trained with minibatches of this size.
    """
    X, y = digits_for_numpy()
    layers, _ = train(kind, 0.15, 0.05, seed, steps=150, batch=batch, hidden=(50, 50))
    scores, _ = scores_of(layers, X[500:900], mode="test")
    return float((scores.argmax(axis=1) == y[500:900]).mean())

# %% experiment="small_batches"
figure, axes = plt.subplots(figsize=(6.4, 3.4))
for kind, label, style in (("layer", "layer norm", "o-"), ("batch", "batch norm", "s--")):
    reached = [tested_accuracy(kind, batch, seed=4) for batch in progress(BATCHES, label)]
    axes.semilogx(BATCHES, 100 * np.array(reached), style, label=label)
    print(f"{label}: " + ", ".join(f"{100 * r:.0f} % with {b}" for r, b in zip(reached, BATCHES)))
axes.set(xlabel="examples in a minibatch", ylabel="accuracy in test mode (%)", ylim=(0, 100),
         xticks=BATCHES, xticklabels=BATCHES, title="Batch norm needs a batch")
axes.minorticks_off()
axes.legend(loc="lower right")
show(figure, "Accuracy in test mode against the size of the minibatch, from 2 to 64. "
     "Layer norm is near 80 percent everywhere. Batch norm is as good from 8 on, more than ten "
     "points worse with 3 and 4 examples, and falls to less than half of it with 2.")

# %% [markdown]
# Read off: by how many percentage points is layer norm ahead with minibatches of two?

# %% solution="lead_of_layernorm" title="Lead of layer norm"
# Type the lead in percentage points: lead_of_layernorm = ...
### BEGIN SOLUTION
lead_of_layernorm = 46
### END SOLUTION

# %% [markdown] hint="lead_of_layernorm"
# Subtract the two numbers above the picture that stand in front of "with 2".

# %% tests="lead_of_layernorm" points=1
check("lead_of_layernorm", -100 <= lead_of_layernorm <= 100,
      f"{lead_of_layernorm} is not a difference of two percentages")
### BEGIN HIDDEN TESTS
# 20 seeds gave leads of 34 to 57 points.
check("lead_of_layernorm", 20 <= lead_of_layernorm <= 60,
      f"is {lead_of_layernorm:g}, but your picture says something else",
      look="Accuracy of layer norm less accuracy of batch norm at the left end, in "
      "percentage points.")
### END HIDDEN TESTS

# %% [markdown]
# Batch renormalization (Ioffe, 2017)
# mends this by letting the running averages correct the batch during training already;
# group norm, next, by not using the batch at all;
# and who trains on many GPUs lets them exchange their statistics (`SyncBatchNorm`).
