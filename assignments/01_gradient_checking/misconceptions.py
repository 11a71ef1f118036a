"""Wrong answers that the tests of this notebook must catch, and right ones that they must accept."""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.misconceptions import alternative, misconception

# --- 1 · Do two gradients agree? ---------------------------------------------------------------


@misconception(
    "relative_error",
    "The difference is divided by the sum of the two, which halves large errors.",
    hint="The denominator is the larger absolute value: np.maximum(abs(a), abs(n)).",
)
def relative_error_over_the_sum(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    total = np.abs(a) + np.abs(n)
    return np.abs(a - n) / np.where(total == 0, 1.0, total)


@misconception(
    "relative_error",
    "A small constant in the denominator makes every error between tiny gradients look harmless.",
    hint="Divide by max(|a|, |n|) itself, and treat only 0/0 apart.",
)
def relative_error_with_an_epsilon(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    return np.abs(a - n) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(n)))


@misconception(
    "relative_error",
    "Only the analytic gradient stands in the denominator.",
    hint="Take the larger of |a| and |n|, so that the error is the same with a and n exchanged.",
)
def relative_error_over_the_analytic(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    return np.abs(a - n) / np.where(a == 0, 1.0, np.abs(a))


@misconception(
    "relative_error",
    "All entries share the largest gradient of the whole array as their denominator.",
    hint="np.maximum compares entry by entry; np.max takes one number from the whole array.",
)
def relative_error_with_one_denominator(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    larger = max(np.max(np.abs(a)), np.max(np.abs(n)))
    return np.abs(a - n) / (larger if larger > 0 else 1.0)


@misconception(
    "relative_error",
    "The function returns one number, the largest error, instead of one error for each entry.",
    hint="Return the array; whoever wants the largest error takes np.max of it.",
)
def relative_error_as_one_number(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    larger = np.maximum(np.abs(a), np.abs(n))
    return np.max(np.abs(a - n) / np.where(larger == 0, 1.0, larger))


@misconception(
    "relative_error",
    "Where both gradients are 0 the result is NaN, because 0 was divided by 0.",
    hint="Put 1 into the denominator where it would be 0; the numerator is 0 there anyway.",
)
def relative_error_zero_by_zero(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))


@misconception(
    "relative_error",
    "NaN is replaced by 0, so a gradient that is not a number passes as perfect agreement.",
    hint="Treat 0/0 by looking at the denominator, not by cleaning NaN from the result.",
)
def relative_error_that_forgives_nan(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(a - n) / np.maximum(np.abs(a), np.abs(n)))


@misconception(
    "relative_error",
    "The denominator is the larger number, not the larger absolute value, and can be negative.",
    hint="Take absolute values first: np.maximum(np.abs(a), np.abs(n)).",
)
def relative_error_without_absolute_values(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    larger = np.maximum(a, n)
    return np.abs(a - n) / np.where(larger == 0, 1.0, larger)


@alternative("relative_error")
def relative_error_by_division_where(a, n):
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    larger = np.maximum(np.abs(a), np.abs(n))
    return np.divide(np.abs(a - n), larger, out=np.zeros_like(larger), where=larger != 0)


@alternative("relative_error")
def relative_error_adding_one_to_zeros(a, n):
    a, n = np.array(a, dtype=float), np.array(n, dtype=float)
    both_zero = (a == 0) & (n == 0)
    return np.abs(a - n) / (np.maximum(np.abs(a), np.abs(n)) + both_zero)


# --- 2 · Measuring a gradient ------------------------------------------------------------------


@misconception(
    "numerical_gradient",
    "These are forward differences; centered ones are more accurate by an order.",
    hint="Evaluate at x + h and at x - h, and divide the difference by 2h.",
)
def numerical_gradient_forward(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    here = f(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        gradient[i] = (f(x) - here) / h
        x[i] = value
    return gradient


@misconception(
    "numerical_gradient",
    "The difference over a distance of 2h is divided by h, so the gradient is twice too large.",
    hint="From x - h to x + h it is 2h.",
)
def numerical_gradient_divided_by_h(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = f(x)
        x[i] = value - h
        gradient[i] = (above - f(x)) / h
        x[i] = value
    return gradient


@misconception(
    "numerical_gradient",
    "A coordinate stays at x - h when the next one moves.",
    hint="Put the old value back at the end of the loop: x[i] = value.",
)
def numerical_gradient_without_putting_back(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = f(x)
        x[i] = value - h
        gradient[i] = (above - f(x)) / (2 * h)
    return gradient


@misconception(
    "numerical_gradient",
    "x[i] += h, then -= 2h, then += h doesn't come back exactly: the caller's x has been rounded.",
    hint="Remember the old value and put it back, or work on a copy.",
)
def numerical_gradient_that_drifts(f, x, h=1e-5):
    if x.dtype.kind != "f":
        x = x.astype(float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        below = f(x)
        x[i] += h
        gradient[i] = (above - below) / (2 * h)
    return gradient


@misconception(
    "numerical_gradient",
    "An array of integers cannot hold x + 1e-5, so its gradient comes out wrong.",
    hint="Convert: x = np.array(x, dtype=float).",
)
def numerical_gradient_of_integers(f, x, h=1e-5):
    x = x.copy()
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = f(x)
        x[i] = value - h
        below = f(x)
        x[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient


@misconception(
    "numerical_gradient",
    "The step that was given is ignored in favour of 1e-5.",
    hint="Use the argument h.",
)
def numerical_gradient_with_its_own_step(f, x, h=1e-5):
    h = 1e-5
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = f(x)
        x[i] = value - h
        below = f(x)
        x[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient


@misconception(
    "numerical_gradient",
    "All coordinates move at once, which measures the sum of all partial derivatives.",
    hint="Move one coordinate at a time, and leave the others where they are.",
)
def numerical_gradient_of_all_at_once(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))


@misconception(
    "numerical_gradient",
    "ravel() copies an array that isn't contiguous, and f never sees the copy move.",
    hint="Index x itself, with np.ndindex(x.shape), or reshape a contiguous copy.",
)
def numerical_gradient_of_a_ravelled_copy(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    flat, gradient = x.ravel(), np.zeros(x.size)
    for i in range(flat.size):
        value = flat[i]
        flat[i] = value + h
        above = f(x)
        flat[i] = value - h
        below = f(x)
        flat[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient.reshape(x.shape)


@misconception(
    "numerical_gradient",
    "Only the first axis is walked: in a matrix a whole row moves at once.",
    hint="Visit every entry: for i in np.ndindex(x.shape).",
)
def numerical_gradient_row_by_row(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (f(above) - f(below)) / (2 * h)
    return gradient


@alternative("numerical_gradient")
def numerical_gradient_with_unit_vectors(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(x.shape)


@alternative("numerical_gradient")
def numerical_gradient_with_nditer(f, x, h=1e-5):
    x = np.asarray(x).astype(float)
    gradient = np.empty(x.shape)
    entries = np.nditer(x, flags=["multi_index"])
    while not entries.finished:
        i = entries.multi_index
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
        entries.iternext()
    return gradient


@misconception(
    "numerical_gradient_array",
    "The upstream gradient df is not used.",
    hint="Weight the change of each output with df before you sum.",
)
def numerical_gradient_array_without_df(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(f(x))
        x[i] = value - h
        below = np.array(f(x))
        x[i] = value
        gradient[i] = np.sum(above - below) / (2 * h)
    return gradient


@misconception(
    "numerical_gradient_array",
    "f returned the very array that is changed next, so above and below are the same.",
    hint="Keep copies: above = np.array(f(x)).",
)
def numerical_gradient_array_without_copies(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = f(x)
        x[i] = value - h
        below = f(x)
        gradient[i] = np.sum(df * (above - below)) / (2 * h)
        x[i] = value
    return gradient


@misconception(
    "numerical_gradient_array",
    "The changes are averaged over the outputs; the chain rule sums them.",
    hint="np.sum(df * (above - below)) / (2 * h).",
)
def numerical_gradient_array_averaged(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(f(x))
        x[i] = value - h
        below = np.array(f(x))
        x[i] = value
        gradient[i] = np.mean(df * (above - below)) / (2 * h)
    return gradient


@misconception(
    "numerical_gradient_array",
    "This multiplies entry by entry, which is right for elementwise functions only.",
    hint="One coordinate of x may change every output: move it alone and sum over all outputs.",
)
def numerical_gradient_array_elementwise(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    return df * (np.array(f(x + h)) - np.array(f(x - h))) / (2 * h)


@misconception(
    "numerical_gradient_array",
    "These are forward differences; centered ones are more accurate by an order.",
    hint="Evaluate at x + h and at x - h, and divide by 2h.",
)
def numerical_gradient_array_forward(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    gradient, here = np.zeros_like(x), np.array(f(x))
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        gradient[i] = np.sum(df * (np.array(f(x)) - here)) / h
        x[i] = value
    return gradient


@misconception(
    "numerical_gradient_array",
    "An array of integers cannot hold x + 1e-5.",
    hint="Convert: x = np.array(x, dtype=float).",
)
def numerical_gradient_array_of_integers(f, x, df, h=1e-5):
    x = np.array(x)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(f(x))
        x[i] = value - h
        below = np.array(f(x))
        x[i] = value
        gradient[i] = np.sum(df * (above - below)) / (2 * h)
    return gradient


@alternative("numerical_gradient_array")
def numerical_gradient_array_by_the_jacobian(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    jacobian = [np.ravel(f(x + e)) - np.ravel(f(x - e)) for e in steps]
    return (np.array(jacobian) @ np.ravel(df) / (2 * h)).reshape(x.shape)


@alternative("numerical_gradient_array")
def numerical_gradient_array_of_a_scalar(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        values = []
        for step in (h, -h):
            moved = x.copy()
            moved[i] += step
            values.append(np.sum(f(moved) * df))
        gradient[i] = (values[0] - values[1]) / (2 * h)
    return gradient


@misconception(
    "order_of_accuracy",
    "The line is fitted to h and the errors themselves, not to their logarithms.",
    hint="C * h**p is a straight line only on logarithmic axes.",
)
def order_of_accuracy_without_logarithms(h, errors):
    return np.polyfit(h, errors, 1)[0]


@misconception(
    "order_of_accuracy",
    "log(error) / log(h) is the order only if the constant C is 1.",
    hint="Take the slope between points: a difference of logarithms over a difference.",
)
def order_of_accuracy_as_a_quotient(h, errors):
    return np.mean(np.log(errors) / np.log(h))


@misconception(
    "order_of_accuracy",
    "The axes are exchanged: this is 1/p.",
    hint="The slope of log(error) over log(h): polyfit(log h, log error).",
)
def order_of_accuracy_with_axes_exchanged(h, errors):
    return np.polyfit(np.log(errors), np.log(h), 1)[0]


@misconception(
    "order_of_accuracy",
    "log2 of the quotient of two errors is the order only if h was halved.",
    hint="Divide by the logarithm of the quotient of the steps.",
)
def order_of_accuracy_of_halved_steps(h, errors):
    return np.log2(errors[0] / errors[1])


@alternative("order_of_accuracy")
def order_of_accuracy_between_the_ends(h, errors):
    return np.log(errors[-1] / errors[0]) / np.log(h[-1] / h[0])


@alternative("order_of_accuracy")
def order_of_accuracy_by_least_squares(h, errors):
    u, v = np.log10(h), np.log10(errors)
    u, v = u - u.mean(), v - v.mean()
    return float(u @ v / (u @ u))


misconception(
    "predicted_factor",
    "That is what a forward difference gains.",
    hint="Its error goes with h²: what is (1/10)²?",
    source='predicted_factor = "10"',
    name="centered_of_order_one",
)
misconception(
    "predicted_factor",
    "The third derivative stands in the error, but the step stands there squared.",
    hint="The error is h²/6 f'''.",
    source='predicted_factor = "1000"',
    name="centered_of_order_three",
)
misconception(
    "predicted_tiny_step",
    "Truncation gets smaller, but rounding grows like 1/h, and it has long been the larger one.",
    hint="Compare h² with 1e-16 / h at h = 1e-12.",
    source='predicted_tiny_step = "better"',
    name="the_smaller_the_better",
)
misconception(
    "predicted_tiny_step",
    "The two errors balance at one step only; far to its left rounding dominates.",
    hint="Compare h² with 1e-16 / h at h = 1e-5 and at h = 1e-12.",
    source='predicted_tiny_step = "the same"',
    name="no_difference",
)
misconception(
    "best_steps",
    "These are the valleys of forward differences; centered ones have theirs at larger steps.",
    hint="Read the triangles on the solid curves.",
    source="best_h_float64 = 1e-8\nbest_h_float32 = 3e-4",
    name="the_valleys_of_forward_differences",
)
misconception(
    "best_steps",
    "The step for float64 is used in float32 too, where its rounding error is about one per cent.",
    hint="float32 has half the digits, and its valley lies further right.",
    source="best_h_float64 = 1e-5\nbest_h_float32 = 1e-5",
    name="one_step_for_both",
    earns=1,
)
misconception(
    "best_steps",
    "These are machine epsilons, where nothing is left of the difference.",
    hint="The best step is near the cube root of epsilon.",
    source="best_h_float64 = 2.2e-16\nbest_h_float32 = 1.2e-7",
    name="machine_epsilon",
)
alternative(
    "best_steps",
    name="from_the_formula",
    source="best_h_float64, best_h_float32 = (3 * 2**-53) ** (1 / 3), (3 * 2**-24) ** (1 / 3)",
)
alternative(
    "best_steps", name="powers_of_ten", source="best_h_float64 = 1e-5\nbest_h_float32 = 5e-3"
)

# --- 3 · Two losses worth checking -------------------------------------------------------------


@misconception(
    "softmax_loss",
    "exp of a large score overflows, and the loss becomes NaN.",
    hint="Subtract the largest score of each row first.",
)
def softmax_loss_that_overflows(scores, y):
    with np.errstate(all="ignore"):
        N = len(y)
        e = np.exp(scores)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(N), y]))
        p[np.arange(N), y] -= 1
    return loss, p / N


@misconception(
    "softmax_loss",
    "The largest score of the whole batch is subtracted: rows far below it vanish altogether.",
    hint="np.max(scores, axis=1, keepdims=True): every example has its own maximum.",
)
def softmax_loss_with_one_maximum(scores, y):
    with np.errstate(all="ignore"):
        N = len(y)
        shifted = scores - np.max(scores)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        dscores = np.exp(log_p)
        dscores[np.arange(N), y] -= 1
    return -np.mean(log_p[np.arange(N), y]), dscores / N


@misconception(
    "softmax_loss",
    "log(p + 1e-12) caps the loss at 27.6, however wrong the scores are.",
    hint="Compute log p directly: shifted - log(sum(exp(shifted))).",
)
def softmax_loss_with_a_cap(scores, y):
    N = len(y)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(N), y] + 1e-12))
    p[np.arange(N), y] -= 1
    return loss, p / N


@misconception(
    "softmax_loss",
    "The loss is a mean over the examples, but its gradient was not divided by N.",
    hint="dscores / N.",
)
def softmax_loss_with_a_gradient_of_the_sum(scores, y):
    N = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[np.arange(N), y] -= 1
    return -np.mean(log_p[np.arange(N), y]), dscores


@misconception(
    "softmax_loss",
    "The loss is summed over the batch, so it grows with the number of examples.",
    hint="The mean over the examples: np.mean, and dscores / N.",
)
def softmax_loss_summed(scores, y):
    N = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[np.arange(N), y] -= 1
    return -np.sum(log_p[np.arange(N), y]), dscores


@misconception(
    "softmax_loss",
    "The maximum was subtracted in place, which changes the caller's scores.",
    hint="shifted = scores - maximum makes a new array; scores -= maximum doesn't.",
)
def softmax_loss_in_place(scores, y):
    N = len(y)
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[np.arange(N), y] -= 1
    return -np.mean(log_p[np.arange(N), y]), dscores / N


@misconception(
    "softmax_loss",
    "The probabilities are normalized over the batch: each column sums to 1, not each row.",
    hint="axis=1 is the axis of the classes.",
)
def softmax_loss_over_the_batch(scores, y):
    N = len(y)
    shifted = scores - scores.max(axis=0, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))
    dscores = np.exp(log_p)
    dscores[np.arange(N), y] -= 1
    return -np.mean(log_p[np.arange(N), y]), dscores / N


@misconception(
    "softmax_loss",
    "The gradient is the probabilities alone; the right class lacks its -1.",
    hint="dscores[np.arange(N), y] -= 1.",
)
def softmax_loss_without_the_right_class(scores, y):
    N = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(N), y]), np.exp(log_p) / N


@alternative("softmax_loss")
def softmax_loss_with_one_hot_labels(scores, y):
    N, C = scores.shape
    right = np.eye(C)[y]
    top = scores.max(axis=1)
    log_sum = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    log_p = scores - log_sum[:, None]
    return -(right * log_p).sum() / N, (np.exp(log_p) - right) / N


@alternative("softmax_loss")
def softmax_loss_by_autograd(scores, y):
    s = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    loss = F.cross_entropy(s, torch.as_tensor(y))
    loss.backward()
    return loss.item(), s.grad.numpy()


@alternative("softmax_loss")
def softmax_loss_one_example_at_a_time(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, (s, right) in enumerate(zip(scores, y)):
        s = s - s.max()
        e = np.exp(s)
        loss += (np.log(e.sum()) - s[right]) / len(y)
        dscores[n] = e / e.sum() / len(y)
        dscores[n, right] -= 1 / len(y)
    return loss, dscores


@misconception(
    "svm_loss",
    "The right class is counted too, with its own margin of 1: the loss is 1 too large.",
    hint="Set margins[np.arange(N), y] = 0 before you sum.",
)
def svm_loss_counting_the_right_class(scores, y):
    N = len(y)
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    dscores = (margins > 0).astype(float)
    dscores[rows, y] -= dscores.sum(axis=1)
    return margins.sum() / N, dscores / N


@misconception(
    "svm_loss",
    "The right score is pushed once, not once for each violated margin.",
    hint="Its gradient is minus the number of violated margins in its row.",
)
def svm_loss_with_one_push(scores, y):
    N = len(y)
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = np.where(np.any(margins > 0, axis=1), -1.0, 0.0)
    return margins.sum() / N, dscores / N


@misconception(
    "svm_loss",
    "A margin that is met exactly still gets a gradient.",
    hint="Use a strict inequality: s_j - s_y + 1 > 0.",
)
def svm_loss_that_is_not_strict(scores, y):
    N = len(y)
    rows = np.arange(N)
    raw = scores - scores[rows, y][:, None] + 1
    margins = np.maximum(0, raw)
    margins[rows, y] = 0
    dscores = (raw >= 0).astype(float)
    dscores[rows, y] = 0
    dscores[rows, y] = -dscores.sum(axis=1)
    return margins.sum() / N, dscores / N


@misconception(
    "svm_loss",
    "The loss is divided by the number of classes as well, as PyTorch's multi_margin_loss does.",
    hint="Sum over the classes, mean over the examples: np.sum(margins) / N.",
)
def svm_loss_averaged_over_classes(scores, y):
    N, C = scores.shape
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = -dscores.sum(axis=1)
    return margins.mean(), dscores / (N * C)


@misconception(
    "svm_loss",
    "Only the worst class is charged: that is the loss of Crammer and Singer.",
    hint="Weston and Watkins sum over all classes that violate their margin.",
)
def svm_loss_of_the_worst_class(scores, y):
    N = len(y)
    rows = np.arange(N)
    margins = scores - scores[rows, y][:, None] + 1
    margins[rows, y] = 0
    worst = margins.argmax(axis=1)
    dscores = np.zeros(scores.shape)
    violated = margins[rows, worst] > 0
    dscores[rows, worst] += violated
    dscores[rows, y] -= violated
    return np.maximum(0, margins).max(axis=1).mean(), dscores / N


@misconception(
    "svm_loss",
    "The loss is a mean over the examples, but its gradient was not divided by N.",
    hint="dscores / N.",
)
def svm_loss_with_a_gradient_of_the_sum(scores, y):
    N = len(y)
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = -dscores.sum(axis=1)
    return margins.sum() / N, dscores


@misconception(
    "svm_loss",
    "The margins are squared: that is the squared hinge loss.",
    hint="Sum max(0, s_j - s_y + 1) as it is.",
)
def svm_loss_squared(scores, y):
    N = len(y)
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = 2 * margins
    dscores[rows, y] = -dscores.sum(axis=1)
    return (margins**2).sum() / N, dscores / N


@alternative("svm_loss")
def svm_loss_one_example_at_a_time(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, right in enumerate(y):
        for j in range(scores.shape[1]):
            margin = scores[n, j] - scores[n, right] + 1
            if j != right and margin > 0:
                loss += margin
                dscores[n, j] += 1
                dscores[n, right] -= 1
    return loss / len(y), dscores / len(y)


@alternative("svm_loss")
def svm_loss_with_a_mask(scores, y):
    N, C = scores.shape
    wrong = np.arange(C) != np.asarray(y)[:, None]
    margins = wrong * np.clip(1 + scores - np.take_along_axis(scores, y[:, None], 1), 0, None)
    violated = 1.0 * (margins > 0)
    return margins.sum(axis=1).mean(), (violated - ~wrong * violated.sum(axis=1)[:, None]) / N


# --- 4 · Before you train ----------------------------------------------------------------------


@misconception(
    "chance_losses",
    "This is log2 C, in bits; the loss is measured in nats.",
    hint="np.log is the natural logarithm.",
)
def chance_losses_in_bits(C):
    return np.log2(C), C - 1.0


@misconception(
    "chance_losses",
    "There are C - 1 wrong classes, not C: the right one has no margin.",
    hint="The sum runs over j ≠ y.",
)
def chance_losses_counting_the_right_class(C):
    return np.log(C), float(C)


@misconception(
    "chance_losses",
    "The logarithm of 1/C is negative, and a loss is minus that.",
    hint="-log(1/C) = log(C).",
)
def chance_losses_with_the_wrong_sign(C):
    return np.log(1 / C), C - 1.0


@misconception(
    "chance_losses",
    "(C - 1) / C is the rate of errors of a guess; each missing margin costs a full 1.",
    hint="C - 1 margins, each short by 1.",
)
def chance_losses_as_rates(C):
    return np.log(C), (C - 1) / C


@alternative("chance_losses")
def chance_losses_as_an_array(C):
    return -np.array([np.log(1 / C), 1 - C])


@alternative("chance_losses")
def chance_losses_from_equal_scores(C):
    s = np.zeros(C)
    return np.log(np.exp(s).sum()) - s[0], np.maximum(0, s[1:] - s[0] + 1).sum()


misconception(
    "diagnosis",
    "More classes don't explain B and D: compare them with 50 ln 10 and with ln 50.",
    hint="115.1 / 50 = 2.303, and e**3.912 = 50.",
    source='diagnosis = {"A": "healthy", "B": "too many classes", '
    '"C": "counts the right class", "D": "too many classes"}',
    name="too_many_classes",
    earns=1,
)
misconception(
    "diagnosis",
    "An SVM loss of 10 is not the chance loss of ten classes, which is 9.",
    hint="C - 1 margins of 1 each.",
    source='diagnosis = {"A": "healthy", "B": "summed over the batch", "C": "healthy", '
    '"D": "normalized over the batch axis"}',
    name="a_healthy_ten",
    earns=1.5,
)
misconception(
    "diagnosis",
    "Four different numbers cannot all be healthy.",
    hint="Softmax starts at ln 10 = 2.303, the SVM at 9.",
    source='diagnosis = dict.fromkeys("ABCD", "healthy")',
    name="all_healthy",
    earns=0.5,
)


@misconception(
    "descend",
    "The step goes along the gradient, uphill.",
    hint="Subtract learning_rate * gradient.",
)
def descend_uphill(loss_and_gradients, params, learning_rate, steps):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(params)
        losses.append(loss)
        for name in params:
            params[name] = params[name] + learning_rate * gradients[name]
    return params, losses


@misconception(
    "descend",
    "The caller's arrays are changed: dict(params) copies the dict, not the arrays in it.",
    hint="Copy every array, or write params[name] = params[name] - step in place of -=.",
)
def descend_in_the_callers_arrays(loss_and_gradients, params, learning_rate, steps):
    params = dict(params)
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(params)
        losses.append(loss)
        for name in params:
            params[name] -= learning_rate * gradients[name]
    return params, losses


@misconception(
    "descend",
    "The losses are those after each step, so the first one, the chance loss, is missing.",
    hint="Append the loss that comes with the gradients, before you step.",
)
def descend_with_losses_after_the_step(loss_and_gradients, params, learning_rate, steps):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    losses = []
    for _ in range(steps):
        gradients = loss_and_gradients(params)[1]
        for name in params:
            params[name] = params[name] - learning_rate * gradients[name]
        losses.append(loss_and_gradients(params)[0])
    return params, losses


@misconception(
    "descend",
    "Each parameter gets a gradient that was computed after the others had moved.",
    hint="Call loss_and_gradients once a step, then move all parameters.",
)
def descend_one_parameter_after_the_other(loss_and_gradients, params, learning_rate, steps):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    losses = []
    for _ in range(steps):
        losses.append(loss_and_gradients(params)[0])
        for name in params:
            gradient = loss_and_gradients(params)[1][name]
            params[name] = params[name] - learning_rate * gradient
    return params, losses


@misconception(
    "descend",
    "Only the first parameter moves.",
    hint="The return is inside the loop over the names, or a break is: move every parameter.",
)
def descend_in_one_parameter(loss_and_gradients, params, learning_rate, steps):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(params)
        losses.append(loss)
        first = next(iter(params))
        params[first] = params[first] - learning_rate * gradients[first]
    return params, losses


@misconception(
    "descend",
    "The gradients are those of the starting point at every step.",
    hint="Compute them anew in each step, inside the loop.",
)
def descend_with_old_gradients(loss_and_gradients, params, learning_rate, steps):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    loss, gradients = loss_and_gradients(params)
    losses = []
    for _ in range(steps):
        losses.append(loss)
        for name in params:
            params[name] = params[name] - learning_rate * gradients[name]
    return params, losses


@alternative("descend")
def descend_making_new_dicts(loss_and_gradients, params, learning_rate, steps):
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(params)
        losses.append(float(loss))
        params = {k: v - learning_rate * gradients[k] for k, v in params.items()}
    return params, losses


@alternative("descend")
def descend_in_its_own_copies(loss_and_gradients, params, learning_rate, steps):
    params = {name: value.copy() for name, value in params.items()}
    losses = np.empty(steps)
    for step in range(steps):
        losses[step], gradients = loss_and_gradients(params)
        for name, gradient in gradients.items():
            params[name] -= learning_rate * gradient
    return params, list(losses)


misconception(
    "predicted_failure",
    "A network with more parameters than examples learns any labels by heart.",
    hint="Random labels cost a few steps more, nothing else.",
    source='predicted_failure = "random labels"',
    name="random_labels_cannot_be_learned",
)
misconception(
    "predicted_failure",
    "A wrong gradient may still point downhill.",
    hint="That is why a falling loss proves nothing about the gradient.",
    source='predicted_failure = "broken gradient"',
    name="a_wrong_gradient_stops_training",
)
misconception(
    "predicted_failure",
    "The right program has all that it needs.",
    hint="Ask which program cannot reach zero even at its best point.",
    source='predicted_failure = "right"',
    name="the_right_program_fails",
)

# --- 5 · Five ways to fool a gradient check ----------------------------------------------------


@misconception(
    "sampled_errors",
    "Only the first parameter was checked.",
    hint="The return belongs behind the loop over the names.",
)
def sampled_errors_of_the_first_parameter(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            n = (above - below) / (2 * h)
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
        return worst


@misconception(
    "sampled_errors",
    "The draws were made from all parameters in one long vector, so small arrays are never drawn.",
    hint="Draw entries from every array by itself.",
)
def sampled_errors_of_one_long_vector(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    places = [(name, i) for name, value in params.items() for i in range(value.size)]
    worst = dict.fromkeys(params, 0.0)
    for place in rng.choice(len(places), size=min(samples, len(places)), replace=False):
        name, i = places[place]
        flat, a = params[name].reshape(-1), np.ravel(gradients[name])[i]
        old = flat[i]
        flat[i] = old + h
        above = loss(params)
        flat[i] = old - h
        below = loss(params)
        flat[i] = old
        n = (above - below) / (2 * h)
        worst[name] = max(worst[name], float(abs(a - n) / max(abs(a), abs(n), 1e-300)))
    return worst


@misconception(
    "sampled_errors",
    "The first entries of each array are checked, not random ones.",
    hint="rng.choice(size, size=k, replace=False).",
)
def sampled_errors_of_the_first_entries(loss, params, gradients, samples=3, h=1e-5, seed=0):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in range(min(samples, flat.size)):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            n = (above - below) / (2 * h)
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "sampled_errors",
    "max(worst, nan) is worst in Python, so a gradient that is NaN passes.",
    hint="Collect the errors in a list and take np.max of it.",
)
def sampled_errors_that_lose_nan(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        worst[name] = 0.0
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            a, n = float(analytic[i]), float((above - below) / (2 * h))
            if max(abs(a), abs(n)) > 0:
                worst[name] = max(worst[name], abs(a - n) / max(abs(a), abs(n)))
    return worst


@misconception(
    "sampled_errors",
    "The mean error hides a single wrong entry among many right ones.",
    hint="Return the largest error: np.max.",
)
def sampled_errors_averaged(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            n = (above - below) / (2 * h)
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.mean(errors))
    return worst


@misconception(
    "sampled_errors",
    "Every entry of every array is checked, which takes forever for a real network.",
    hint="Check min(samples, size) entries of each array.",
)
def sampled_errors_of_everything(loss, params, gradients, samples=3, h=1e-5, seed=0):
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in range(flat.size):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            n = (above - below) / (2 * h)
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "sampled_errors",
    "The entries are drawn with replacement, so some are checked twice and others never.",
    hint="rng.choice(size, size=k, replace=False).",
)
def sampled_errors_with_replacement(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in rng.integers(flat.size, size=samples):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            n = (above - below) / (2 * h)
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "sampled_errors",
    "The seed is ignored: every call looks at the same entries.",
    hint="Draw from the generator rng, which is made from seed.",
)
def sampled_errors_with_a_fixed_seed(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(0)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            n = (above - below) / (2 * h)
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "sampled_errors",
    "These are forward differences; their error is easily mistaken for a bug.",
    hint="Evaluate at + h and at - h, and divide by 2h.",
)
def sampled_errors_forward(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.ravel(gradients[name])
        errors = []
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old, here = flat[i], loss(params)
            flat[i] = old + h
            n = (loss(params) - here) / h
            flat[i] = old
            errors.append(abs(analytic[i] - n) / max(abs(analytic[i]), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "sampled_errors",
    "A lower limit of the denominator makes every error between tiny gradients look harmless.",
    hint="Divide by max(|a|, |n|) itself, and treat only 0/0 apart.",
)
def sampled_errors_with_an_epsilon(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        errors = []
        for place in rng.permutation(value.size)[:samples]:
            i = np.unravel_index(place, value.shape)
            old = value[i]
            value[i] = old + h
            above = loss(params)
            value[i] = old - h
            below = loss(params)
            value[i] = old
            a, n = gradients[name][i], (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n), 1e-8))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "sampled_errors",
    "A parameter that the loss does not use has an error of NaN, because 0 was divided by 0.",
    hint="Where both gradients are 0 the error is 0: relative_error does that.",
)
def sampled_errors_zero_by_zero(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        errors = []
        for place in rng.permutation(value.size)[:samples]:
            i = np.unravel_index(place, value.shape)
            old = value[i]
            value[i] = old + h
            above = loss(params)
            value[i] = old - h
            below = loss(params)
            value[i] = old
            a, n = gradients[name][i], (above - below) / (2 * h)
            errors.append(abs(a - n) / np.maximum(abs(a), abs(n)))
        worst[name] = float(np.max(errors))
    return worst


@alternative("sampled_errors")
def sampled_errors_with_copies(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)

    def moved(name, place, step):
        changed = {k: np.array(v, dtype=float) for k, v in params.items()}
        changed[name][place] += step
        return loss(changed)

    worst = {}
    for name, analytic in gradients.items():
        errors = [0.0]
        for i in rng.permutation(np.size(analytic))[:samples]:
            place = np.unravel_index(i, np.shape(analytic))
            n = (moved(name, place, h) - moved(name, place, -h)) / (2 * h)
            if analytic[place] != n:
                errors.append(abs(analytic[place] - n) / max(abs(analytic[place]), abs(n)))
        worst[name] = np.max(errors)
    return worst


@alternative("sampled_errors")
def sampled_errors_in_the_callers_arrays(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    worst = {}
    for name in sorted(params):
        value, size = params[name], params[name].size
        analytic, numeric = [], []
        for i in rng.choice(size, min(size, samples), replace=False):
            old = value.flat[i]
            value.flat[i] = old + h
            above = loss(params)
            value.flat[i] = old - h
            below = loss(params)
            value.flat[i] = old
            analytic.append(gradients[name].flat[i])
            numeric.append((above - below) / (2 * h))
        a, n = np.array(analytic), np.array(numeric)
        worst[name] = float(np.max(np.abs(a - n) / (np.maximum(abs(a), abs(n)) + (a == n))))
    return worst


misconception(
    "predicted_kink",
    "That is the right gradient, but the difference reaches over to the sloping side.",
    hint="x + h = 9e-6 is positive.",
    source='predicted_kink = "0"',
    name="as_if_there_were_no_kink",
)
misconception(
    "predicted_kink",
    "One half would come out at x = 0; here less than half of the way is on the sloping side.",
    hint="The ReLU rises by 9e-6 over a distance of 2e-5.",
    source='predicted_kink = "0.5"',
    name="as_if_x_were_zero",
)
misconception(
    "predicted_kink",
    "One is the slope on the other side; the difference averages both.",
    hint="The ReLU rises by 9e-6 over a distance of 2e-5.",
    source='predicted_kink = "1"',
    name="the_slope_of_the_other_side",
)


@misconception(
    "kink_crossed",
    "Only x and x + h are compared; a kink between x - h and x goes unnoticed.",
    hint="A centered difference reaches from x - h to x + h: compare those two.",
)
def kink_crossed_to_the_right(winners, x, h=1e-5):
    x = np.array(x, dtype=float)
    crossed = np.zeros(x.shape, dtype=bool)
    here = np.array(winners(x))
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        crossed[i] = np.any(np.array(winners(x)) != here)
        x[i] = value
    return crossed


@misconception(
    "kink_crossed",
    "All winners would have to change; one is enough.",
    hint="np.any, not np.all.",
)
def kink_crossed_by_all_winners(winners, x, h=1e-5):
    x = np.array(x, dtype=float)
    crossed = np.zeros(x.shape, dtype=bool)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(winners(x))
        x[i] = value - h
        crossed[i] = np.all(above != np.array(winners(x)))
        x[i] = value
    return crossed


@misconception(
    "kink_crossed",
    "All coordinates move at once, and the winners are compared place by place.",
    hint="Move one coordinate at a time, as numerical_gradient does.",
)
def kink_crossed_by_all_coordinates(winners, x, h=1e-5):
    x = np.array(x, dtype=float)
    changed = np.array(winners(x + h)) != np.array(winners(x - h))
    return changed if changed.shape == x.shape else np.full(x.shape, np.any(changed))


@misconception(
    "kink_crossed",
    "The answer is one truth value for all coordinates.",
    hint="Return an array of the shape of x, one answer for each coordinate.",
)
def kink_crossed_somewhere(winners, x, h=1e-5):
    x = np.array(x, dtype=float)
    found = False
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(winners(x))
        x[i] = value - h
        found = found or bool(np.any(above != np.array(winners(x))))
        x[i] = value
    return found


@misconception(
    "kink_crossed",
    "Closeness to zero is taken for a kink; with weights or a maximum, kinks lie elsewhere.",
    hint="Ask winners, at x + h and at x - h.",
)
def kink_crossed_near_zero(winners, x, h=1e-5):
    return np.abs(np.asarray(x, dtype=float)) < h


@alternative("kink_crossed")
def kink_crossed_with_unit_vectors(winners, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    changed = [np.any(np.not_equal(winners(x + e), winners(x - e))) for e in steps]
    return np.array(changed).reshape(x.shape)


@alternative("kink_crossed")
def kink_crossed_by_comparing_arrays(winners, x, h=1e-5):
    crossed = np.empty(x.shape, dtype=bool)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i], down[i] = x[i] + h, x[i] - h
        crossed[i] = not np.array_equal(winners(up), winners(down))
    return crossed


misconception(
    "predicted_masking",
    "The difference of the two gradients doesn't change, and the gradients grow.",
    hint="What is |1.1 d + r - (d + r)| / |1.1 d + r| for a large r?",
    source='predicted_masking = "it stays"',
    name="regularization_does_not_matter",
)
misconception(
    "predicted_masking",
    "The regularization's gradient is right, so adding more of it adds no error.",
    hint="What is |1.1 d + r - (d + r)| / |1.1 d + r| for a large r?",
    source='predicted_masking = "it grows"',
    name="more_terms_more_error",
)


@misconception(
    "errors_of_terms",
    "The sum of the terms was checked, where a large right term hides a small wrong one.",
    hint="Check each term against its own differences.",
)
def errors_of_terms_in_their_sum(terms, w, h=1e-5):
    numeric = numerical_gradient(lambda w: sum(t(w)[0] for t in terms.values()), w, h)
    analytic = sum(t(w)[1] for t in terms.values())
    return dict.fromkeys(terms, np.max(relative_error(analytic, numeric)))


@misconception(
    "errors_of_terms",
    "The mean error hides a single wrong entry.",
    hint="Return the largest error: np.max.",
)
def errors_of_terms_at_the_median(terms, w, h=1e-5):
    return {
        name: np.median(relative_error(t(w)[1], numerical_gradient(lambda w, t=t: t(w)[0], w, h)))
        for name, t in terms.items()
    }


@misconception(
    "errors_of_terms",
    "All terms were compared with the differences of the last one: a lambda looks up its names late.",
    hint="Compute the numerical gradient in the loop in which the lambda is made.",
)
def errors_of_terms_with_a_late_lambda(terms, w, h=1e-5):
    values = {}
    for name, term in terms.items():
        values[name] = lambda w: term(w)[0]  # noqa: B023
    return {
        name: np.max(relative_error(terms[name](w)[1], numerical_gradient(values[name], w, h)))
        for name in terms
    }


@misconception(
    "errors_of_terms",
    "The absolute difference was returned, which is large for large gradients that are right.",
    hint="Divide: use relative_error.",
)
def errors_of_terms_absolute(terms, w, h=1e-5):
    return {
        name: np.max(np.abs(t(w)[1] - numerical_gradient(lambda w, t=t: t(w)[0], w, h)))
        for name, t in terms.items()
    }


@misconception(
    "errors_of_terms",
    "The step that was given is not passed on, so the differences use 1e-5.",
    hint="numerical_gradient(…, w, h): hand the step on.",
)
def errors_of_terms_with_the_default_step(terms, w, h=1e-5):
    errors = {}
    for name, term in terms.items():
        numeric = numerical_gradient(lambda w, term=term: term(w)[0], w)
        errors[name] = np.max(relative_error(term(w)[1], numeric))
    return errors


@alternative("errors_of_terms")
def errors_of_terms_in_a_comprehension(terms, w, h=1e-5):
    return {
        name: float(relative_error(numerical_gradient(lambda w, t=t: t(w)[0], w, h), t(w)[1]).max())
        for name, t in terms.items()
    }


@alternative("errors_of_terms")
def errors_of_terms_without_other_answers(terms, w, h=1e-5):
    def error(term):
        worst = []
        for i, e in enumerate(h * np.eye(len(w))):
            a, n = term(w)[1][i], (term(w + e)[0] - term(w - e)[0]) / (2 * h)
            worst.append(abs(a - n) / max(abs(a), abs(n)) if a != n else 0.0)
        return np.max(worst)

    return {name: error(term) for name, term in terms.items()}


@misconception(
    "frozen",
    "The generator is made once and moves on, so every call draws other numbers.",
    hint="Make it inside the function that is returned.",
)
def frozen_with_one_generator(noisy, seed=0):
    rng = np.random.default_rng(seed)
    return lambda x: noisy(x, rng)


@misconception(
    "frozen",
    "The generator has no seed, so every call draws other numbers.",
    hint="np.random.default_rng(seed).",
)
def frozen_without_a_seed(noisy, seed=0):
    return lambda x: noisy(x, np.random.default_rng())


@misconception(
    "frozen",
    "The seed is always 0, whatever was asked for.",
    hint="Pass the argument on: np.random.default_rng(seed).",
)
def frozen_with_seed_zero(noisy, seed=0):
    return lambda x: noisy(x, np.random.default_rng(0))


@misconception(
    "frozen",
    "The first value is kept and returned for every x.",
    hint="Freeze the draws, not the value: call noisy anew for every x.",
)
def frozen_with_its_first_value(noisy, seed=0):
    kept = []

    def f(x):
        if not kept:
            kept.append(noisy(x, np.random.default_rng(seed)))
        return kept[0]

    return f


@misconception(
    "frozen",
    "NumPy's global generator is seeded, from which noisy doesn't draw.",
    hint="Give noisy a generator of its own: np.random.default_rng(seed).",
)
def frozen_by_the_global_seed(noisy, seed=0):
    rng = np.random.default_rng(seed)

    def f(x):
        np.random.seed(seed)
        return noisy(x, rng)

    return f


@alternative("frozen")
def frozen_by_a_named_function(noisy, seed=0):
    def f(x):
        rng = np.random.Generator(np.random.PCG64(seed))
        return noisy(x, rng)

    return f


@alternative("frozen")
def frozen_by_rewinding(noisy, seed=0):
    rng = np.random.default_rng(seed)
    start = rng.bit_generator.state

    def f(x):
        rng.bit_generator.state = start
        return noisy(x, rng)

    return f


misconception(
    "hidden_by_zeros",
    "W2 = 0 doesn't make its own gradient zero: that one is hidden.T @ dscores.",
    hint="Zeros stop what flows through W2, to the layers before it.",
    source='hidden_by_zeros = ["W2", "b2"]',
    name="the_parameters_that_are_zero",
)
misconception(
    "hidden_by_zeros",
    "The gradient of b2 is the sum of dscores, which is not zero.",
    hint="Only what is made from dhidden is zero.",
    source='hidden_by_zeros = ["W1", "b1", "W2", "b2"]',
    name="all_of_them",
)
misconception(
    "hidden_by_zeros",
    "b1 gets its gradient from dhidden as well.",
    hint="Which gradients are made from dhidden?",
    source='hidden_by_zeros = ["W1"]',
    name="without_the_bias",
)
alternative("hidden_by_zeros", name="in_another_order", source='hidden_by_zeros = ("b1", "W1")')

# --- 6 · A bug hunt ----------------------------------------------------------------------------


@misconception(
    "errors_of_layer",
    "With an upstream gradient of ones many wrong layers look right.",
    hint="Draw dout from a standard normal distribution.",
)
def errors_of_layer_with_ones(forward, backward, inputs, h=1e-5, seed=0):
    out, cache = forward(*inputs)
    dout = np.ones(out.shape)
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    errors = []
    for k, gradient in enumerate(gradients):

        def output(x, k=k):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        errors.append(np.max(relative_error(gradient, numeric)))
    return errors


@misconception(
    "errors_of_layer",
    "Only the gradient with respect to the first input was checked.",
    hint="Weights and biases are inputs too: one error for each.",
)
def errors_of_layer_in_the_first_input(forward, backward, inputs, h=1e-5, seed=0):
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    numeric = numerical_gradient_array(
        lambda x: forward(x, *inputs[1:])[0], inputs[0], dout, h
    )
    return [np.max(relative_error(gradients[0], numeric))] * len(inputs)


@misconception(
    "errors_of_layer",
    "The numerical gradient was given another upstream gradient than backward.",
    hint="Draw dout once, and use it twice.",
)
def errors_of_layer_with_two_upstream_gradients(forward, backward, inputs, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    out, cache = forward(*inputs)
    gradients = backward(rng.normal(size=out.shape), cache)
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    dout, errors = rng.normal(size=out.shape), []
    for k, gradient in enumerate(gradients):

        def output(x, k=k):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        errors.append(np.max(relative_error(gradient, numeric)))
    return errors


@misconception(
    "errors_of_layer",
    "A gradient that comes bare was taken for a tuple, and its rows for gradients.",
    hint="Wrap a bare array: gradients = (gradients,).",
)
def errors_of_layer_of_bare_gradients(forward, backward, inputs, h=1e-5, seed=0):
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    errors = []
    for k, gradient in enumerate(backward(dout, cache)):

        def output(x, k=k):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        errors.append(np.max(relative_error(gradient, numeric)))
    return errors


@misconception(
    "errors_of_layer",
    "The smallest error was returned: one right entry is enough to pass.",
    hint="np.max of the relative errors.",
)
def errors_of_layer_at_their_best(forward, backward, inputs, h=1e-5, seed=0):
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    errors = []
    for k, gradient in enumerate(gradients):

        def output(x, k=k):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        errors.append(np.min(relative_error(gradient, numeric)))
    return errors


@misconception(
    "errors_of_layer",
    "The step that was given is not passed on, so the differences use 1e-5.",
    hint="numerical_gradient_array(…, dout, h): hand the step on.",
)
def errors_of_layer_with_the_default_step(forward, backward, inputs, h=1e-5, seed=0):
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    errors = []
    for k, gradient in enumerate(gradients):

        def output(x, k=k):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout)
        errors.append(np.max(relative_error(gradient, numeric)))
    return errors


@alternative("errors_of_layer")
def errors_of_layer_with_uniform_dout(forward, backward, inputs, h=1e-5, seed=0):
    out, cache = forward(*inputs)
    dout = 1 + np.random.default_rng(seed).random(out.shape)
    gradients = backward(dout, cache)
    if len(inputs) == 1 and not isinstance(gradients, (tuple, list)):
        gradients = [gradients]
    errors = []
    for k in range(len(inputs)):

        def output(x, k=k):
            arguments = list(inputs)
            arguments[k] = x
            return forward(*arguments)[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        errors.append(float(relative_error(gradients[k], numeric).max()))
    return errors


@alternative("errors_of_layer")
def errors_of_layer_without_other_answers(forward, backward, inputs, h=1e-5, seed=0):
    inputs = [np.array(x, dtype=float) for x in inputs]
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).standard_normal(np.shape(out))
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    errors = []
    for x, gradient in zip(inputs, gradients):
        worst = []
        for i in np.ndindex(x.shape):
            old = x[i]
            x[i] = old + h
            above = np.sum(dout * forward(*inputs)[0])
            x[i] = old - h
            below = np.sum(dout * forward(*inputs)[0])
            x[i] = old
            a, n = gradient[i], (above - below) / (2 * h)
            worst.append(0.0 if a == n else abs(a - n) / max(abs(a), abs(n)))
        errors.append(np.max(worst))
    return errors


misconception(
    "broken_layers",
    "standardize is missing: with an upstream gradient of ones its error can't be seen.",
    hint="Draw dout at random.",
    source='broken_layers = ["affine", "tanh"]',
    name="hunted_with_ones",
    earns=2,
)
misconception(
    "broken_layers",
    "tanh is missing: near 0, x² and out² are nearly the same.",
    hint="Draw the inputs from a standard normal distribution, not tiny ones.",
    source='broken_layers = ["affine", "standardize"]',
    name="hunted_with_tiny_inputs",
    earns=2,
)
misconception(
    "broken_layers",
    "affine is missing: with one example, a sum and a mean over the examples are the same.",
    hint="Use several rows.",
    source='broken_layers = ["tanh", "standardize"]',
    name="hunted_with_one_example",
    earns=2,
)
misconception(
    "broken_layers",
    "Two of the five layers are right.",
    hint="Measure each of them before you accuse it.",
    source='broken_layers = ["affine", "tanh", "leaky_relu", "softmax", "standardize"]',
    name="all_of_them",
    earns=1,
)
misconception(
    "broken_layers",
    "softmax is right: its formula is a short form of the full Jacobian.",
    hint="Measure it with errors_of_layer.",
    source='broken_layers = ["softmax", "leaky_relu"]',
    name="the_suspicious_ones",
)
alternative(
    "broken_layers",
    name="in_another_order",
    source='broken_layers = ["standardize", "affine", "tanh"]',
)
alternative(
    "broken_layers",
    name="found_by_measuring",
    source="""x = np.random.default_rng(0).normal(size=(4, 5))
w, b = np.random.default_rng(1).normal(size=(5, 3)), np.zeros(3)
hunted = {
    "affine": errors_of_layer(affine_forward, affine_backward, [x, w, b]),
    "tanh": errors_of_layer(tanh_forward, tanh_backward, [x]),
    "leaky_relu": errors_of_layer(leaky_relu_forward, leaky_relu_backward, [x]),
    "softmax": errors_of_layer(softmax_forward, softmax_backward, [x]),
    "standardize": errors_of_layer(standardize_forward, standardize_backward, [x]),
}
broken_layers = [name for name, errors in hunted.items() if max(errors) > 1e-5]""",
)

# --- 7 · The same in PyTorch -------------------------------------------------------------------


@misconception(
    "softplus",
    "The backward pass ignores the upstream gradient.",
    hint="The chain rule: multiply both gradients with dout.",
)
class SoftplusWithoutUpstream(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return slope, torch.sum((x * slope - out) / beta)


@misconception(
    "softplus",
    "exp overflows for large inputs, and the output is infinite.",
    hint="torch.logaddexp(beta * x, torch.zeros_like(x)) doesn't.",
)
class SoftplusThatOverflows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = torch.log(1 + torch.exp(beta * x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return dout * slope, torch.sum(dout * (x * slope - out) / beta)


@misconception(
    "softplus",
    "The gradient with respect to beta lacks the division by beta.",
    hint="(x sigmoid(beta x) - s) / beta.",
)
class SoftplusWithoutDividingByBeta(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return dout * slope, torch.sum(dout * (x * slope - out))


@misconception(
    "softplus",
    "The slope is sigmoid(x), as if beta were 1.",
    hint="The derivative of log(1 + exp(beta x)) / beta is sigmoid(beta x).",
)
class SoftplusWithTheSlopeOfBetaOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(x)
        return dout * slope, torch.sum(dout * (x * slope - out) / beta)


@misconception(
    "softplus",
    "The slope carries an extra factor beta, which the division by beta in s cancels.",
    hint="d/dx log(1 + exp(beta x)) / beta = beta sigmoid(beta x) / beta.",
)
class SoftplusWithAnExtraBeta(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return dout * beta * slope, torch.sum(dout * (x * slope - out) / beta)


@misconception(
    "softplus",
    "The gradient with respect to beta is averaged; one beta serves all entries, so it is a sum.",
    hint="torch.sum over all entries.",
)
class SoftplusWithAMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return dout * slope, torch.mean(dout * (x * slope - out) / beta)


@alternative("softplus")
class SoftplusByTheMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        z = beta * x
        out = (z.clamp(min=0) + torch.log1p(torch.exp(-z.abs()))) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        p = 1 / (1 + torch.exp(-beta * x))
        dx = p * dout
        return dx, (dx * x).sum() / beta - (dout * out).sum() / beta


@alternative("softplus")
class SoftplusThatKeepsPlainAttributes(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.x, ctx.beta = x.detach(), beta.item()
        return -F.logsigmoid(-beta * x) / beta

    @staticmethod
    def backward(ctx, dout):
        z = ctx.beta * ctx.x
        slope = torch.sigmoid(z)
        dbeta = dout * (z * slope + F.logsigmoid(-z)) / ctx.beta**2
        return dout * slope, dbeta.sum()


@alternative("softplus")
class SoftplusByTorch(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = F.softplus(beta * x) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = 1 / (1 + torch.exp(-beta * x))
        return dout * slope, (dout * (x * slope - out)).sum() / beta


@misconception(
    "passes_gradcheck",
    "The inputs stay in float32, where rounding alone makes right gradients fail.",
    hint="Convert floats to torch.float64.",
)
def passes_gradcheck_in_float32(function, *inputs):
    import warnings

    copies = [
        x.detach().clone().requires_grad_() if x.is_floating_point() else x for x in inputs
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.autograd.gradcheck(function, copies, raise_exception=False)


@misconception(
    "passes_gradcheck",
    "A wrong gradient raises an error where False was asked for.",
    hint="raise_exception=False.",
)
def passes_gradcheck_that_raises(function, *inputs):
    copies = [
        x.detach().double().clone().requires_grad_() if x.is_floating_point() else x
        for x in inputs
    ]
    return torch.autograd.gradcheck(function, copies)


@misconception(
    "passes_gradcheck",
    "Only the first input requires a gradient, so the others are never checked.",
    hint="requires_grad_() on every copy that holds floats.",
)
def passes_gradcheck_of_the_first_input(function, *inputs):
    copies = [x.detach().double().clone() if x.is_floating_point() else x for x in inputs]
    copies[0].requires_grad_()
    return torch.autograd.gradcheck(function, copies, raise_exception=False)


@misconception(
    "passes_gradcheck",
    "The tolerances are so loose that an error of one per cent passes.",
    hint="Go to float64 and keep gradcheck's own tolerances.",
)
def passes_gradcheck_with_loose_tolerances(function, *inputs):
    copies = [
        x.detach().double().clone().requires_grad_() if x.is_floating_point() else x
        for x in inputs
    ]
    return torch.autograd.gradcheck(
        function, copies, eps=1e-3, atol=1e-2, rtol=1e-2, raise_exception=False
    )


@misconception(
    "passes_gradcheck",
    "Labels were turned into floats, which a loss such as cross-entropy takes for probabilities.",
    hint="Convert only what is_floating_point().",
)
def passes_gradcheck_of_labels(function, *inputs):
    copies = [x.detach().double().clone().requires_grad_() for x in inputs]
    return torch.autograd.gradcheck(function, copies, raise_exception=False)


@misconception(
    "passes_gradcheck",
    "The caller's own tensor was made to require a gradient: double() of a float64 is no copy.",
    hint="Detach and copy: x.detach().to(torch.float64, copy=True).",
)
def passes_gradcheck_of_the_callers_tensors(function, *inputs):
    tensors = [x.double().requires_grad_() if x.is_floating_point() else x for x in inputs]
    return torch.autograd.gradcheck(function, tensors, raise_exception=False)


@alternative("passes_gradcheck")
def passes_gradcheck_by_catching(function, *inputs):
    copies = []
    for x in inputs:
        if x.is_floating_point():
            x = x.detach().cpu().clone().double()
            x.requires_grad = True
        copies.append(x)
    try:
        return torch.autograd.gradcheck(function, tuple(copies))
    except RuntimeError:
        return False


@alternative("passes_gradcheck")
def passes_gradcheck_through_numpy(function, *inputs):
    copies = tuple(
        torch.tensor(x.detach().cpu().numpy(), dtype=torch.float64, requires_grad=True)
        if x.dtype.is_floating_point
        else x
        for x in inputs
    )
    return bool(torch.autograd.gradcheck(function, copies, raise_exception=False))


misconception(
    "predicted_gradcheck",
    "A right gradient is not enough: the differences must be accurate too.",
    hint="What does rounding in float32, 6e-8, become when it is divided by 2e-6?",
    source='predicted_gradcheck = "it passes"',
    name="what_is_right_passes",
)


@misconception(
    "module_errors",
    "Old gradients were not cleared, and backward added the new ones to them.",
    hint="model.zero_grad() before backward.",
)
def module_errors_with_stale_gradients(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        flat = parameter.detach().view(-1)
        grad = parameter.grad
        analytic = torch.zeros_like(flat) if grad is None else grad.reshape(-1)
        errors = []
        for i in rng.choice(len(flat), size=min(samples, len(flat)), replace=False):
            old = flat[i].item()
            flat[i] = old + h
            above = loss(model).item()
            flat[i] = old - h
            below = loss(model).item()
            flat[i] = old
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "Parameters without a gradient are passed over, so a cut in the graph is never found.",
    hint="A gradient of None counts as zero: compare it with the differences.",
)
def module_errors_that_pass_over_none(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            worst[name] = 0.0
            continue
        flat, analytic = parameter.detach().view(-1), parameter.grad.reshape(-1)
        errors = []
        for i in rng.choice(len(flat), size=min(samples, len(flat)), replace=False):
            old = flat[i].item()
            flat[i] = old + h
            above = loss(model).item()
            flat[i] = old - h
            below = loss(model).item()
            flat[i] = old
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "The entries stay at x - h: the parameters are not the same afterwards.",
    hint="Write the old value back after the second evaluation.",
)
def module_errors_without_putting_back(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        flat = parameter.detach().view(-1)
        grad = parameter.grad
        analytic = torch.zeros_like(flat) if grad is None else grad.reshape(-1)
        errors = []
        for i in rng.choice(len(flat), size=min(samples, len(flat)), replace=False):
            flat[i] += h
            above = loss(model).item()
            flat[i] -= 2 * h
            below = loss(model).item()
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "The copy moves, not the parameter: clone() shares no memory with it.",
    hint="parameter.detach().view(-1) is a view, parameter.detach().clone() is not.",
)
def module_errors_of_a_clone(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        flat = parameter.detach().clone().view(-1)
        grad = parameter.grad
        analytic = torch.zeros_like(flat) if grad is None else grad.reshape(-1)
        errors = []
        for i in rng.choice(len(flat), size=min(samples, len(flat)), replace=False):
            old = flat[i].item()
            flat[i] = old + h
            above = loss(model).item()
            flat[i] = old - h
            below = loss(model).item()
            flat[i] = old
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "The first entries of each parameter are checked, not random ones.",
    hint="rng.choice(size, size=k, replace=False).",
)
def module_errors_of_the_first_entries(model, loss, samples=3, h=1e-6, seed=0):
    model.zero_grad()
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        flat = parameter.detach().view(-1)
        grad = parameter.grad
        analytic = torch.zeros_like(flat) if grad is None else grad.reshape(-1)
        errors = []
        for i in range(min(samples, len(flat))):
            old = flat[i].item()
            flat[i] = old + h
            above = loss(model).item()
            flat[i] = old - h
            below = loss(model).item()
            flat[i] = old
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n), 1e-300))
        worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "These are forward differences; centered ones are more accurate by an order.",
    hint="Evaluate at old + h and at old - h, and divide by 2h.",
)
def module_errors_forward(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            flat, grad = parameter.view(-1), parameter.grad
            analytic = np.zeros(len(flat)) if grad is None else grad.numpy().reshape(-1)
            errors = []
            for i in rng.permutation(len(flat))[:samples]:
                old = flat[i].item()
                flat[i] = old + h
                above = loss(model).item()
                flat[i] = old
                below = loss(model).item()
                flat[i] = old
                a, n = analytic[i], (above - below) / h
                errors.append(0.0 if a == n else abs(a - n) / max(abs(a), abs(n)))
            worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "A lower limit of the denominator makes every error between tiny gradients look harmless.",
    hint="Divide by max(|a|, |n|) itself, and treat only 0/0 apart.",
)
def module_errors_with_an_epsilon(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            flat, grad = parameter.view(-1), parameter.grad
            analytic = np.zeros(len(flat)) if grad is None else grad.numpy().reshape(-1)
            errors = []
            for i in rng.permutation(len(flat))[:samples]:
                old = flat[i].item()
                flat[i] = old + h
                above = loss(model).item()
                flat[i] = old - h
                below = loss(model).item()
                flat[i] = old
                a, n = analytic[i], (above - below) / (2 * h)
                errors.append(abs(a - n) / max(abs(a), abs(n), 1e-8))
            worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "A parameter that the loss does not use has an error of NaN, because 0 was divided by 0.",
    hint="Where both gradients are 0 the error is 0.",
)
def module_errors_zero_by_zero(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            flat, grad = parameter.view(-1), parameter.grad
            analytic = np.zeros(len(flat)) if grad is None else grad.numpy().reshape(-1)
            errors = []
            for i in rng.permutation(len(flat))[:samples]:
                old = flat[i].item()
                flat[i] = old + h
                above = loss(model).item()
                flat[i] = old - h
                below = loss(model).item()
                flat[i] = old
                a, n = analytic[i], (above - below) / (2 * h)
                errors.append(abs(a - n) / np.maximum(abs(a), abs(n)))
            worst[name] = float(np.max(errors))
    return worst


@misconception(
    "module_errors",
    "Entries are drawn with replacement, so that some are checked twice and others never.",
    hint="rng.choice(size, size=min(samples, size), replace=False).",
)
def module_errors_with_replacement(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    model.zero_grad()
    loss(model).backward()
    worst = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            flat, grad = parameter.view(-1), parameter.grad
            analytic = np.zeros(len(flat)) if grad is None else grad.numpy().reshape(-1)
            errors = []
            for i in rng.integers(len(flat), size=samples):
                old = flat[i].item()
                flat[i] = old + h
                above = loss(model).item()
                flat[i] = old - h
                below = loss(model).item()
                flat[i] = old
                a, n = analytic[i], (above - below) / (2 * h)
                errors.append(0.0 if a == n else abs(a - n) / max(abs(a), abs(n)))
            worst[name] = float(np.max(errors))
    return worst


@alternative("module_errors")
def module_errors_with_autograd_grad(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    names, parameters = zip(*model.named_parameters())
    gradients = torch.autograd.grad(loss(model), parameters, allow_unused=True)
    worst = {}
    with torch.no_grad():
        for name, parameter, gradient in zip(names, parameters, gradients):
            errors = []
            for i in rng.permutation(parameter.numel())[:samples]:
                place = np.unravel_index(i, parameter.shape)
                old = parameter[place].item()
                parameter[place] = old + h
                above = loss(model)
                parameter[place] = old - h
                below = loss(model)
                parameter[place] = old
                a = 0.0 if gradient is None else gradient[place].item()
                n = (above - below).item() / (2 * h)
                errors.append(0.0 if a == n else abs(a - n) / max(abs(a), abs(n)))
            worst[name] = max(errors)
    return worst


@alternative("module_errors")
def module_errors_through_data(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.grad = None
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        kept, errors = parameter.data, []
        for i in rng.choice(kept.numel(), min(samples, kept.numel()), replace=False):
            step = torch.zeros(kept.numel(), dtype=kept.dtype)
            step[i] = h
            parameter.data = kept + step.reshape(kept.shape)
            above = loss(model).item()
            parameter.data = kept - step.reshape(kept.shape)
            below = loss(model).item()
            parameter.data = kept
            a = parameter.grad.flatten()[i].item() if parameter.grad is not None else 0.0
            n = (above - below) / (2 * h)
            errors.append(abs(a - n) / (max(abs(a), abs(n)) or 1.0))
        worst[name] = float(np.max(errors))
    return worst
