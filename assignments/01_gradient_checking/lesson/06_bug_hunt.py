# %% [markdown]
# ## 6 · A bug hunt
#
# In a network of many layers you want to know *which* one is wrong.
# So check each alone.
# A layer is a pair: `forward(*inputs)` returns `(out, cache)`,
# and `backward(dout, cache)` returns the gradients in the order of the inputs, as a tuple;
# a single one may come bare.
#
# A real upstream gradient `dout` has no structure.
# Draw it at random: with `dout` of all ones many a wrong layer looks right.

# %% solution="errors_of_layer" title="Layer check" needs="relative_error numerical_gradient_array"
def errors_of_layer(forward, backward, inputs, h=1e-5, seed=0):
    """Check the gradient of a layer with respect to each of its inputs.

    Args:
        forward: takes the inputs, returns (out, cache).
        backward: takes (dout, cache), returns a tuple of gradients in the order of the inputs,
            or a bare array if there is one input.
        inputs: a list of arrays of floats.
        h: the step.
        seed: draws the upstream gradient dout from a standard normal distribution.

    Returns:
        a list: the largest relative error of the gradient with respect to each input.
    """
    ### BEGIN SOLUTION
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    gradients = backward(dout, cache)
    if not isinstance(gradients, (tuple, list)):
        gradients = (gradients,)

    def error(k):
        def output(x):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        return np.max(relative_error(gradients[k], numeric))

    return [error(k) for k in range(len(inputs))]
    ### END SOLUTION

# %% [markdown] hint="errors_of_layer"
# Run forward once, draw `dout` in the shape of `out`, run backward once.
# Then one numerical gradient for each input, while the others stay as they are.

# %% [markdown] hint="errors_of_layer"
# For input number k, `lambda x: forward(*inputs[:k], x, *inputs[k + 1:])[0]` is a function
# of that input alone; give it to `numerical_gradient_array` with `dout`.

# %% tests="errors_of_layer" points=3
x, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, -1.0], [0.5, 2.0]])
errors = errors_of_layer(lambda x, w: (x @ w, (x, w)),
                         lambda dout, cache: (dout @ cache[1].T, 2 * cache[0].T @ dout), [x, w])
check_equal("the number of errors for a layer with two inputs", len(errors), 2)
check("errors_of_layer(x @ w)[0]", errors[0] < 1e-6, f"is {errors[0]}, but dx is right")
check("errors_of_layer(x @ w)[1]", errors[1] > 0.1,
      f"is {errors[1]}, but dw is twice what it should be")
errors = errors_of_layer(lambda x: (x**2, x), lambda dout, x: 2 * x * dout, [x])
check("errors_of_layer(x²)", len(errors) == 1 and errors[0] < 1e-6,
      f"returned {errors}, expected one error below 1e-6", look="A single gradient may come bare.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("errors_of_layer")
x, w, b = rng.normal(size=(3, 2)), rng.normal(size=(2, 4)), rng.normal(size=4)
for wrong in range(4):
    factor = np.where(np.arange(3) == wrong, 1.2, 1.0)  # in the last round nothing is wrong
    errors = errors_of_layer(
        lambda x, w, b: (x @ w + b, (x, w)),
        lambda dout, cache, c=factor: (c[0] * dout @ cache[1].T, c[1] * cache[0].T @ dout,
                                       c[2] * dout.sum(axis=0)),
        [x, w, b], seed=wrong)
    verdict = [bool(error > 0.01) for error in errors]
    check_equal(f"which of x, w, b are wrong, errors_of_layer(affine) = {errors}", verdict,
                [k == wrong for k in range(3)], look="One error for each input, in their order.")
# A gradient that comes back at the wrong places, and a softmax:
# both look right if dout is constant.
errors = errors_of_layer(lambda x: (x[:, ::-1].copy(), None), lambda dout, cache: (dout,), [x])
check("errors_of_layer(columns in reverse)", errors[0] > 0.01,
      f"is {errors[0]:.1e}, but its backward pass forgets to reverse", look="Draw dout at random.")

def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

errors = errors_of_layer(lambda x: (softmax(x), softmax(x)),
                         lambda dout, p: (p * (dout - dout.mean()),), [x])
check("errors_of_layer(softmax)", errors[0] > 0.01,
      f"is {errors[0]:.1e}, but its backward pass is wrong", look="Draw dout at random.")
# At 1, the centered difference of a cube is 3 + h².
errors = errors_of_layer(lambda x: (x**3, x), lambda dout, x: 3 * x**2 * dout,
                         [np.ones((2, 2))], h=0.1)
check_close("errors_of_layer(x³ at 1, h=0.1)", errors, [0.01 / 3.01], rtol=1e-6,
            look="Centered differences with the h that was given.")
one = np.ones((3, 2))
one[0, 0] = 0
errors = errors_of_layer(lambda x: (x**2, x), lambda dout, x: (2 * x * dout * one,), [x])
check("errors_of_layer(x²) with one wrong entry of six", errors[0] > 0.9,
      f"is {errors[0]:.1e}, expected 1", look="The largest error, not the mean.")
errors = errors_of_layer(lambda x: (x**2, x), lambda dout, x: (2 * x * dout * np.nan,), [x])
check("errors_of_layer(x²) with gradients that are NaN", not errors[0] < 1e-6,
      f"is {errors[0]:.1e}", look="NaN agrees with nothing.")
### END HIDDEN TESTS

# %% [markdown]
# Here are five layers.
# Each looks right at first sight, and some are not.

# %% sandboxed="layers"
def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, np.mean(dout, axis=0)

def tanh_forward(x):
    return np.tanh(x), x

def tanh_backward(dout, x):
    return dout * (1 - x**2)

def leaky_relu_forward(x, slope=0.1):
    return np.maximum(x, slope * x), (x, slope)

def leaky_relu_backward(dout, cache):
    x, slope = cache
    return np.where(x > 0, dout, slope * dout)

# %% sandboxed="more_layers"
def softmax_forward(x):
    p = np.exp(x - np.max(x, axis=1, keepdims=True))
    p = p / np.sum(p, axis=1, keepdims=True)
    return p, p

def softmax_backward(dout, p):
    return p * (dout - np.sum(p * dout, axis=1, keepdims=True))

def standardize_forward(x):
    """Give every row mean 0 and standard deviation 1."""
    centred = x - np.mean(x, axis=1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-8)
    return centred / deviation, deviation

def standardize_backward(dout, deviation):
    dcentred = dout / deviation
    return dcentred - np.mean(dcentred, axis=1, keepdims=True)

# %% [markdown]
# Which layers have a wrong backward pass?
# Use the cell below for your hunt, and leave the list as its result.
# Each wrong layer that you find earns a point, each right one that you accuse costs one.

# %% solution="broken_layers" title="Bug hunt"
# Type broken_layers = followed by a list of names out of
# "affine", "tanh", "leaky_relu", "softmax", "standardize".
### BEGIN SOLUTION
broken_layers = [
    "affine",  # the bias is added to every row, so its gradient is a sum, not a mean
    "tanh",  # 1 - out², not 1 - x²: nearly the same close to 0
    "standardize",  # the deviation depends on x too, and passes on a gradient of its own
]
### END SOLUTION

# %% [markdown] hint="broken_layers"
# Draw inputs from a standard normal distribution:
# with tiny inputs, or with a single example, two of the errors disappear.

# %% [markdown] hint="broken_layers"
# `x = np.random.default_rng(0).normal(size=(4, 5))`,
# then `print(errors_of_layer(tanh_forward, tanh_backward, [x]))`.
# The affine layer wants three inputs: `x`, `w` of shape (5, 3) and `b` of shape (3,).

# %% tests="broken_layers" points=3
check("broken_layers", isinstance(broken_layers, (list, tuple, set)), "is no list of names")
for name in broken_layers:
    check_one_of("a name in broken_layers", name,
                 ["affine", "tanh", "leaky_relu", "softmax", "standardize"])
### BEGIN HIDDEN TESTS
found = set(broken_layers) & {"affine", "tanh", "standardize"}
accused = set(broken_layers) - found
marks = len(found) - len(accused)
check("broken_layers", marks > 0,
      f"finds {len(found)} wrong layers and accuses {len(accused)} right ones",
      look="Inputs from a standard normal distribution, several rows, and a random dout.")
float(marks)
### END HIDDEN TESTS
