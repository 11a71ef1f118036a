"""Wrong and right answers to section 5, “Variance through depth”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- shrink_per_layer -----------------------------------------------------------------------------

misconception("shrink_per_layer", "That is the factor of the variance.", id="variance",
              hint="Take its root.", source="shrink_per_layer = 256 * 0.01**2")
misconception("shrink_per_layer", "256 terms of random sign don't add up to 256 times one of them.",
              id="sum", hint="Variances add up: √256.", source="shrink_per_layer = 2.56")
misconception("shrink_per_layer", "That forgets that 256 terms are summed.", id="one-term",
              hint="√256 · 0.01.", source="shrink_per_layer = 0.01")
alternative("shrink_per_layer", id="formula", source="shrink_per_layer = np.sqrt(256) * 0.01")

# --- deep -----------------------------------------------------------------------------------------

misconception("deep", "Every layer gets the input of the network: the layers stand side by side.",
              id="forward-side-by-side", hint="h = activation(h_before @ W).",
              replace=("hidden = [X]", "z = hidden[-1] @ W",
                       'hidden.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))'),
              by=("h, hidden = X, [X]", "z = h @ W",
                  'hidden.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))\n'
                  "h = z"))
misconception("deep", "The activation of the last layer is left out.", id="forward-last-is-linear",
              hint="It comes after every layer.",
              replace=("for W in weights:",
                       'hidden.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))'),
              by=("for layer, W in enumerate(weights):",
                  "if layer < len(weights) - 1:\n"
                  '    z = np.tanh(z) if activation == "tanh" else np.maximum(z, 0)\n'
                  "hidden.append(z)"))
misconception("deep", "The slope of tanh is taken at the output: 1 − tanh(h)².",
              id="backward-tanh-twice", hint="h is the tanh already: 1 − h².", earns=1,
              replace="1 - after**2", by="1 - np.tanh(after) ** 2")
misconception("deep", "The slope is taken at the layer's input, not at its output.",
              id="backward-one-layer-off", hint="1 − h² with the h that this layer put out.",
              earns=1,
              replace='dz = dhidden[0] * (1 - after**2 if activation == "tanh" else after > 0)',
              by='h = np.tanh(before @ W) if activation == "tanh" else before @ W\n'
                 'slope = 1 - h if activation == "tanh" else after >= 0\n'
                 "dz = dhidden[0] * slope")
misconception("deep", "The slopes are missing: the gradient goes back as if all layers were "
              "linear.", id="backward-without-slopes", hint="dz = dh · slope.", earns=1,
              replace=("for W, before, after in zip(weights[::-1], hidden[-2::-1], "
                       "hidden[:0:-1]):",
                       'dz = dhidden[0] * (1 - after**2 if activation == "tanh" else after > 0)\n'
                       "dweights.insert(0, before.T @ dz)\n"
                       "dhidden.insert(0, dz @ W.T)"),
              by=("for W, before in zip(weights[::-1], hidden[-2::-1]):",
                  "dweights.insert(0, before.T @ dhidden[0])\n"
                  "dhidden.insert(0, dhidden[0] @ W.T)"))
misconception("deep", "The lists run from the last layer to the first.", id="backward-reversed",
              hint="Put new gradients in front, or turn the lists round at the end.", earns=1,
              replace="return dhidden[0], dweights, dhidden[1:]",
              by="return dhidden[0], dweights[::-1], dhidden[:0:-1]")
misconception("deep", "The gradients of the weights are averaged over the batch once more.",
              id="backward-averages", hint="dW = before.T @ dz; a mean belongs to the loss.",
              earns=1, replace="before.T @ dz", by="before.T @ dz / len(dout)")
misconception("deep", "dhidden holds the gradients before the activations.",
              id="backward-before-the-activation", hint="Keep dh, not dz = dh · slope.", earns=1,
              replace="dhidden.insert(0, dz @ W.T)",
              by="dhidden[0] = dz\n"
                 "dhidden.insert(0, dz @ W.T)")


@alternative("deep", replaces="deep_forward")
def deep_forward_with_where(X, weights, activation):
    h, hidden = X, [X]
    for W in weights:
        h = np.dot(h, W)
        h = np.tanh(h) if activation == "tanh" else np.where(h > 0, h, 0.0)
        hidden.append(h)
    return list(hidden[1:]), (hidden, list(weights), activation)


@alternative("deep", replaces="deep_backward")
def deep_backward_by_index(dout, cache):
    hidden, weights, activation = cache
    depth, dh = len(weights), dout
    dweights, dhidden = [None] * depth, [None] * depth
    for layer in range(depth - 1, -1, -1):
        dhidden[layer] = dh
        h = hidden[layer + 1]
        dz = dh - dh * h * h if activation == "tanh" else np.where(h > 0, dh, 0)
        dweights[layer] = np.einsum("ni,nj->ij", hidden[layer], dz)
        dh = dz @ weights[layer].T
    return dh, dweights, dhidden


@alternative("deep", replaces="deep_forward")
def deep_forward_in_float32(X, weights, activation):
    hidden = [X.astype(np.float32)]
    for W in weights:
        z = hidden[-1] @ W.astype(np.float32)
        hidden.append(np.tanh(z) if activation == "tanh" else z * (z > 0))
    return hidden[1:], (hidden, weights, activation)


# --- lecun_normal ---------------------------------------------------------------------------------

misconception("lecun_normal", "1 / fan_in is used as the standard deviation; it is the variance.",
              id="variance-for-std", hint="Take the root: scale = 1 / √fan_in.",
              replace="return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)",
              by="return rng.normal(scale=1 / fan_in, size=(fan_in, fan_out))")
misconception("lecun_normal", "The fan-out stands where the fan-in should: that keeps the "
              "gradient, not the signal.", id="fan-out",
              hint="One output is a sum of fan_in terms.",
              replace="np.sqrt(fan_in)", by="np.sqrt(fan_out)")
misconception("lecun_normal", "The function makes its own generator: all layers of a shape get the "
              "same weights.", id="own-seed", hint="Draw from the rng that you are given.",
              replace="rng.normal", by="np.random.default_rng(0).normal")
misconception("lecun_normal", "The weights are uniform, with a bound where the standard deviation "
              "belongs.", id="uniform", hint="rng.normal(…).",
              replace="return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)",
              by="return rng.uniform(-1, 1, size=(fan_in, fan_out)) / np.sqrt(fan_in)")
misconception("lecun_normal", "The global generator is used: the rng is ignored, and the run can't "
              "be repeated.", id="global-generator", hint="rng.normal(…), not np.random.normal(…).",
              replace="rng.normal", by="np.random.normal")
misconception("lecun_normal", "The weights are (fan_out, fan_in): PyTorch's order.",
              id="transposed", hint="Weights are (fan_in, fan_out) here.",
              replace="size=(fan_in, fan_out)", by="size=(fan_out, fan_in)")
alternative("lecun_normal", id="by-scale",
            replace="return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)",
            by="return rng.normal(0.0, fan_in**-0.5, (fan_in, fan_out))")
alternative("lecun_normal", id="in-float32",
            replace="return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)",
            by="return rng.standard_normal((fan_out, fan_in), dtype=np.float32).T * "
               "np.float32(fan_in**-0.5)")

# --- saturated_gradient ---------------------------------------------------------------------------

misconception("saturated_gradient", "That is true of each saturated unit. But the few that are not "
              "saturated pass on sums of 256 weights of size 1.", id="vanished",
              hint="n · σ² · E[slope²] per layer.", source='saturated_gradient = "vanished"')
misconception("saturated_gradient", "Nothing balances here: the factor per layer is far from 1.",
              id="kept", hint="n · σ² · E[slope²] per layer.",
              source='saturated_gradient = "kept its size"')

# --- growth_of_gradient ---------------------------------------------------------------------------

misconception("growth_of_gradient", "The sign is wrong: it grows on the way back.", id="sign",
              hint="Above 1, the power is positive.", source="growth_of_gradient = -8.9")
misconception("growth_of_gradient", "That is where the picture's axis ends.", id="axis",
              hint="Read the number in the picture.", source="growth_of_gradient = 12")
misconception("growth_of_gradient", "That is the picture for σ = 1/16.", id="wrong-picture",
              hint="Read the one in the middle.", source="growth_of_gradient = 0")
alternative("growth_of_gradient", id="log", source="growth_of_gradient = np.log10(8e8)")
