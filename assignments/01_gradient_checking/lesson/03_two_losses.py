# %% [markdown]
# ## 3 · Two losses worth checking
#
# A classifier gives each of $C$ classes a *score*.
# The **softmax loss** turns the scores $s$ of one example into probabilities
# and takes minus the logarithm of the right one:
#
# $$
# L = -\log \frac{e^{s_y}}{\sum_j e^{s_j}}, \qquad
# \frac{\partial L}{\partial s_j} = p_j - [j = y].
# $$
#
# Two traps: $e^{1000}$ overflows and $\log 0$ is $-\infty$.
# Subtracting the same number from all scores of an example changes nothing,
# so subtract the largest, and never take the logarithm of a probability that has already become 0.

# %% solution="softmax_loss" title="Softmax loss"
def softmax_loss(scores, y):
    """Softmax followed by cross-entropy, averaged over the examples.

    Args:
        scores: shape (N, C), any finite numbers, however large. Not changed.
        y: the right classes, N integers from 0 to C - 1.

    Returns:
        (loss, dscores): the mean loss over the N examples, in nats, and its gradient with
        respect to scores, of shape (N, C).
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[rows, y] -= 1
    return -np.mean(log_p[rows, y]), dscores / len(y)
    ### END SOLUTION

# %% [markdown] hint="softmax_loss"
# Write $\log p_j$ without a quotient:
# $\log p_j = s_j - m - \log\sum_k e^{s_k - m}$ with the largest score $m$ of the same example.
# Which of these terms can overflow?

# %% [markdown] hint="softmax_loss"
# `keepdims=True` keeps the row maxima as a column of shape (N, 1), which lines up with scores.
# `log_p[np.arange(N), y]` picks one entry a row.

# %% [markdown] hint="softmax_loss"
# The loss is a mean over N examples, so the gradient of each example carries a factor 1/N.

# %% tests="softmax_loss" points=4 changes="shown"
loss, dscores = softmax_loss(np.zeros((2, 4)), np.array([0, 3]))
check_close("softmax_loss(zeros (2, 4), [0, 3])[0]", loss, np.log(4),
            look="Four equal scores: the right class has probability 1/4.")
check_close("softmax_loss(zeros (2, 4), [0, 3])[1]", dscores,
            [[-0.375, 0.125, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]],
            look="(p - one-hot) / N, here (1/4 - [right class]) / 2.")
loss, dscores = softmax_loss(np.array([[1000.0, 0.0], [0.0, -1000.0], [0.0, 0.0]]),
                             np.array([1, 1, 0]))
check_close("softmax_loss([[1000, 0], [0, -1000], [0, 0]], [1, 1, 0])[0]", loss,
            (1000 + 1000 + np.log(2)) / 3,
            look="exp(1000) overflows: subtract the largest score of each row first.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("softmax_loss")
for N, C, scale, says in ((3, 5, 1.0, ""), (7, 4, 30.0, " of size 30"), (4, 4, 3.0, " (4, 4)")):
    scores, y = scale * rng.normal(size=(N, C)), rng.integers(C, size=N)
    before, exact = scores.copy(), torch.tensor(scores, requires_grad=True)
    expected = F.cross_entropy(exact, torch.tensor(y))
    expected.backward()
    loss, dscores = softmax_loss(scores, y)
    check_close(f"softmax_loss(random scores{says}, y)[0]", loss, expected, rtol=1e-9,
                look="The mean over the examples, with the natural logarithm.")
    check_close(f"softmax_loss(random scores{says}, y)[1]", dscores, exact.grad,
                rtol=1e-7, atol=1e-15, look="Don't forget that the loss is a mean.")
    check_unchanged("softmax_loss(scores, y)", "scores", before, scores)
# Rows 2000 apart: the maximum of the whole array is no help to the second row.
top = rng.uniform(900, 1100)
scores = np.array([[top, top - 1, top - 2], [-top, -top - 1, -top + 1]])
loss, dscores = softmax_loss(scores, np.array([0, 2]))
exact = torch.tensor([[2.0, 1.0, 0.0], [1.0, 0.0, 2.0]], dtype=torch.float64, requires_grad=True)
expected = F.cross_entropy(exact, torch.tensor([0, 2]))
expected.backward()
# top - 1 is rounded to 1e-13, so is the loss.
check_close("softmax_loss of one row near 1000 and one near -1000: loss", loss, expected, rtol=1e-9,
            look="Each example needs its own maximum.")
check_close("softmax_loss of one row near 1000 and one near -1000: gradient", dscores, exact.grad,
            rtol=1e-9, look="Each example needs its own maximum.")
### END HIDDEN TESTS

# %% [markdown]
# The **multiclass SVM loss** (Weston and Watkins, 1999) wants the right score to be larger
# than every other one by a margin of 1, and charges what is missing:
#
# $$L = \sum_{j \ne y} \max(0,\; s_j - s_y + 1).$$
#
# Each class that violates its margin pushes its own score down by 1 and the right score up by 1.
# A class whose margin is met, even exactly, pushes nothing.

# %% solution="svm_loss" title="SVM loss"
def svm_loss(scores, y):
    """The multiclass SVM loss of Weston and Watkins with margin 1, averaged over the examples.

    Args:
        scores: shape (N, C). Not changed.
        y: the right classes, N integers from 0 to C - 1.

    Returns:
        (loss, dscores): the mean over the N examples of the sum over wrong classes of
        max(0, s_j - s_y + 1), and its gradient with respect to scores, of shape (N, C).
        A margin that is met exactly contributes no gradient.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = -np.sum(dscores, axis=1)
    return np.sum(margins) / len(y), dscores / len(y)
    ### END SOLUTION

# %% [markdown] hint="svm_loss"
# `scores[np.arange(N), y][:, None]` is the column of right scores.
# What does the formula give for $j = y$, and what should it give?

# %% [markdown] hint="svm_loss"
# The gradient of a wrong class is 1 where its margin is violated.
# The right score stands in every term of its row: how many of them are violated?

# %% tests="svm_loss" points=4
loss, dscores = svm_loss(np.array([[3.0, 1.0, 2.5], [0.0, 2.0, 0.5]]), np.array([0, 0]))
check_close("svm_loss([[3, 1, 2.5], [0, 2, 0.5]], [0, 0])[0]", loss, (0.5 + 3.0 + 1.5) / 2,
            look="Only the wrong classes count, and the loss is a mean over the examples.")
check_close("svm_loss([[3, 1, 2.5], [0, 2, 0.5]], [0, 0])[1]", dscores,
            [[-0.5, 0.0, 0.5], [-1.0, 0.5, 0.5]],
            look="The right score is pushed once for each violated margin of its row.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("svm_loss")
for N, C, scale in ((5, 4, 1.0), (3, 7, 2.0), (4, 4, 500.0)):
    scores, y = scale * rng.normal(size=(N, C)), rng.integers(C, size=N)
    before, exact = scores.copy(), torch.tensor(scores, requires_grad=True)
    # torch divides by the number of classes as well.
    expected = C * F.multi_margin_loss(exact, torch.tensor(y), margin=1.0)
    expected.backward()
    loss, dscores = svm_loss(scores, y)
    check_close(f"svm_loss(random scores ({N}, {C}), y)[0]", loss, expected, rtol=1e-9, atol=1e-12,
                look="Sum over the wrong classes, mean over the examples.")
    check_close(f"svm_loss(random scores ({N}, {C}), y)[1]", dscores, exact.grad,
                rtol=1e-9, atol=1e-12)
    check_unchanged("svm_loss(scores, y)", "scores", before, scores)
loss, dscores = svm_loss(np.array([[1.0, 0.0, -3.0]]), np.array([0]))
check_close("svm_loss([[1, 0, -3]], [0])[0]", loss, 0.0, look="Both margins are met.")
check_close("svm_loss([[1, 0, -3]], [0])[1]", dscores, [[0.0, 0.0, 0.0]],
            look="A margin of exactly 1 is met: use a strict inequality.")
### END HIDDEN TESTS

# %% [markdown]
# Now your tools meet your losses.
# This cell compares each gradient with its numerical twin; both numbers should be below $10^{-7}$.

# %% sandboxed="largest_error"
def largest_error(loss, seed=0):
    """The largest relative error of the gradient of a loss at random scores (4, 6)."""
    rng = np.random.default_rng(seed)
    scores, y = rng.normal(size=(4, 6)), rng.integers(6, size=4)
    numeric = numerical_gradient(lambda scores: loss(scores, y)[0], scores)
    return np.max(relative_error(loss(scores, y)[1], numeric))

# %% experiment="check_losses"
print(f"softmax_loss: largest relative error {largest_error(softmax_loss):.1e}")
print(f"    svm_loss: largest relative error {largest_error(svm_loss):.1e}")
