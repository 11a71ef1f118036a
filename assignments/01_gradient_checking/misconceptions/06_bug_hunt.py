"""Wrong and right answers to section 6, “A bug hunt”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- errors_of_layer ------------------------------------------------------------------------------

misconception("errors_of_layer", "With an upstream gradient of ones many wrong layers look right.",
              id="with-ones", hint="Draw dout from a standard normal distribution.",
              replace="np.random.default_rng(seed).normal(size=out.shape)", by="np.ones(out.shape)")
misconception("errors_of_layer", "Only the gradient with respect to the first input was checked.",
              id="in-the-first-input",
              hint="Weights and biases are inputs too: one error for each.",
              replace="[error(k) for k in range(len(inputs))]", by="[error(0)] * len(inputs)")
misconception("errors_of_layer", "The numerical gradient was given another upstream gradient than "
              "backward.", id="with-two-upstream-gradients",
              hint="Draw dout once, and use it twice.",
              replace="backward(dout, cache)",
              by="backward(np.random.default_rng(seed + 1).normal(size=out.shape), cache)")
misconception("errors_of_layer", "A gradient that comes bare was taken for a tuple, and its rows "
              "for gradients.", id="of-bare-gradients",
              hint="Wrap a bare array: gradients = (gradients,).",
              replace=("if not isinstance(gradients, (tuple, list)):\n"
                       "    gradients = (gradients,)",
                       "range(len(inputs))"), by=("", "range(len(gradients))"))
misconception("errors_of_layer", "The smallest error was returned: one right entry is enough to "
              "pass.", id="at-their-best", hint="np.max of the relative errors.",
              replace="np.max(relative_error", by="np.min(relative_error")
misconception("errors_of_layer", "The step that was given is not passed on, so the differences use "
              "1e-5.", id="with-the-default-step",
              hint="numerical_gradient_array(…, dout, h): hand the step on.",
              replace="inputs[k], dout, h)", by="inputs[k], dout)")


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


# --- broken_layers --------------------------------------------------------------------------------

misconception("broken_layers", "standardize is missing: with an upstream gradient of ones its "
              "error can't be seen.", id="hunted-with-ones", hint="Draw dout at random.", earns=2,
              source='broken_layers = ["affine", "tanh"]')
misconception("broken_layers", "tanh is missing: near 0, x² and out² are nearly the same.",
              id="hunted-with-tiny-inputs",
              hint="Draw the inputs from a standard normal distribution, not tiny ones.", earns=2,
              source='broken_layers = ["affine", "standardize"]')
misconception("broken_layers", "affine is missing: with one example, a sum and a mean over the "
              "examples are the same.", id="hunted-with-one-example", hint="Use several rows.",
              earns=2, source='broken_layers = ["tanh", "standardize"]')
misconception("broken_layers", "Two of the five layers are right.", id="all-of-them",
              hint="Measure each of them before you accuse it.", earns=1,
              source='broken_layers = ["affine", "tanh", "leaky_relu", "softmax", "standardize"]')
misconception("broken_layers", "softmax is right: its formula is a short form of the full "
              "Jacobian.", id="the-suspicious-ones", hint="Measure it with errors_of_layer.",
              source='broken_layers = ["softmax", "leaky_relu"]')
alternative("broken_layers", id="in-another-order",
            source='broken_layers = ["standardize", "affine", "tanh"]')
alternative("broken_layers", id="found-by-measuring",
            source="x = np.random.default_rng(0).normal(size=(4, 5))\n"
                   "w, b = np.random.default_rng(1).normal(size=(5, 3)), np.zeros(3)\n"
                   "hunted = {\n"
                   '    "affine": errors_of_layer(affine_forward, affine_backward, [x, w, b]),\n'
                   '    "tanh": errors_of_layer(tanh_forward, tanh_backward, [x]),\n'
                   '    "leaky_relu": errors_of_layer(leaky_relu_forward, leaky_relu_backward, '
                   "[x]),\n"
                   '    "softmax": errors_of_layer(softmax_forward, softmax_backward, [x]),\n'
                   '    "standardize": errors_of_layer(standardize_forward, standardize_backward, '
                   "[x]),\n"
                   "}\n"
                   "broken_layers = [name for name, errors in hunted.items() if max(errors) > "
                   "1e-5]")
