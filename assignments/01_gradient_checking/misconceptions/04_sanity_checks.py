"""Wrong and right answers to section 4, “Before you train: two sanity checks”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- chance_losses --------------------------------------------------------------------------------

misconception("chance_losses", "This is log2 C, in bits; the loss is measured in nats.",
              id="in-bits", hint="np.log is the natural logarithm.",
              replace="return np.log(C), C - 1.0", by="return np.log2(C), C - 1.0")
misconception("chance_losses", "There are C - 1 wrong classes, not C: the right one has no margin.",
              id="counting-the-right-class", hint="The sum runs over j ≠ y.",
              replace="return np.log(C), C - 1.0", by="return np.log(C), float(C)")
misconception("chance_losses", "The logarithm of 1/C is negative, and a loss is minus that.",
              id="with-the-wrong-sign", hint="-log(1/C) = log(C).",
              replace="return np.log(C), C - 1.0", by="return np.log(1 / C), C - 1.0")
misconception("chance_losses", "(C - 1) / C is the rate of errors of a guess; each missing margin "
              "costs a full 1.", id="as-rates", hint="C - 1 margins, each short by 1.",
              replace="return np.log(C), C - 1.0", by="return np.log(C), (C - 1) / C")
alternative("chance_losses", id="as-an-array",
            replace="np.log(C), C - 1.0", by="-np.array([np.log(1 / C), 1 - C])")
alternative("chance_losses", id="from-equal-scores",
            replace="return np.log(C), C - 1.0",
            by="s = np.zeros(C)\n"
               "return np.log(np.exp(s).sum()) - s[0], np.maximum(0, s[1:] - s[0] + 1).sum()")

# --- diagnosis ------------------------------------------------------------------------------------

misconception("diagnosis", "More classes don't explain B and D: compare them with 50 ln 10 and "
              "with ln 50.", id="too-many-classes", hint="115.1 / 50 = 2.303, and e**3.912 = 50.",
              earns=1,
              source='diagnosis = {"A": "healthy", "B": "too many classes", "C": "counts the right '
                     'class", "D": "too many classes"}')
misconception("diagnosis", "An SVM loss of 10 is not the chance loss of ten classes, which is 9.",
              id="a-healthy-ten", hint="C - 1 margins of 1 each.", earns=1.5,
              source='diagnosis = {"A": "healthy", "B": "summed over the batch", "C": "healthy", '
                     '"D": "normalized over the batch axis"}')
misconception("diagnosis", "Four different numbers cannot all be healthy.", id="all-healthy",
              hint="Softmax starts at ln 10 = 2.303, the SVM at 9.", earns=0.5,
              source='diagnosis = dict.fromkeys("ABCD", "healthy")')

# --- descend --------------------------------------------------------------------------------------

misconception("descend", "The step goes along the gradient, uphill.", id="uphill",
              hint="Subtract learning_rate * gradient.",
              replace="params[name] = params[name] - learning_rate * gradients[name]",
              by="params[name] = params[name] + learning_rate * gradients[name]")
misconception("descend", "The caller's arrays are changed: dict(params) copies the dict, not the "
              "arrays in it.", id="in-the-callers-arrays",
              hint="Copy every array, or write params[name] = params[name] - step in place of -=.",
              replace=("params = {name: np.array(value, dtype=float) for name, value in "
                       "params.items()}",
                       "params[name] = params[name] - learning_rate * gradients[name]"),
              by=("params = dict(params)", "params[name] -= learning_rate * gradients[name]"))
misconception("descend", "The losses are those after each step, so the first one, the chance loss, "
              "is missing.", id="with-losses-after-the-step",
              hint="Append the loss that comes with the gradients, before you step.",
              replace="losses.append(loss)\n"
                      "for name in params:\n"
                      "    params[name] = params[name] - learning_rate * gradients[name]",
              by="for name in params:\n"
                 "    params[name] = params[name] - learning_rate * gradients[name]\n"
                 "losses.append(loss_and_gradients(params)[0])")
misconception("descend", "Each parameter gets a gradient that was computed after the others had "
              "moved.", id="one-parameter-after-the-other",
              hint="Call loss_and_gradients once a step, then move all parameters.",
              replace=("loss, gradients = loss_and_gradients(params)", "losses.append(loss)",
                       "params[name] = params[name] - learning_rate * gradients[name]"),
              by=("losses.append(loss_and_gradients(params)[0])", "",
                  "gradient = loss_and_gradients(params)[1][name]\n"
                  "params[name] = params[name] - learning_rate * gradient"))
misconception("descend", "Only the first parameter moves.", id="in-one-parameter",
              hint="The return is inside the loop over the names, or a break is: move every "
                   "parameter.",
              replace="for name in params:\n"
                      "    params[name] = params[name] - learning_rate * gradients[name]",
              by="first = next(iter(params))\n"
                 "params[first] = params[first] - learning_rate * gradients[first]")
misconception("descend", "The gradients are those of the starting point at every step.",
              id="with-old-gradients", hint="Compute them anew in each step, inside the loop.",
              replace=("losses = []", "loss, gradients = loss_and_gradients(params)"),
              by=("loss, gradients = loss_and_gradients(params)\n"
                  "losses = []",
                  ""))


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


# --- predicted_failure ----------------------------------------------------------------------------

misconception("predicted_failure", "A network with more parameters than examples learns any labels "
              "by heart.", id="random-labels-cannot-be-learned",
              hint="Random labels cost a few steps more, nothing else.",
              source='predicted_failure = "random labels"')
misconception("predicted_failure", "A wrong gradient may still point downhill.",
              id="a-wrong-gradient-stops-training",
              hint="That is why a falling loss proves nothing about the gradient.",
              source='predicted_failure = "broken gradient"')
misconception("predicted_failure", "The right program has all that it needs.",
              id="the-right-program-fails",
              hint="Ask which program cannot reach zero even at its best point.",
              source='predicted_failure = "right"')
