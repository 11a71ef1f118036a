"""Wrong and right answers to section 8, “Directions, and what no formula knows”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- directions -----------------------------------------------------------------------------------

misconception("directions", "Only the mean square of the factors is 1; each layer spreads them "
              "further.", id="kept", hint="What does a power do to numbers around 1?",
              source='directions = "all keep about their length"')

# --- orthogonal -----------------------------------------------------------------------------------

misconception("orthogonal", "The signs of LAPACK's QR are left as they are: Q is orthogonal, but "
              "not uniform.", id="without-signs", hint="Q * np.sign(np.diag(R)).",
              replace="Q = Q * np.sign(np.diag(R))", by="")
misconception("orthogonal", "A wide matrix comes out too narrow: QR gives at most fan_in columns.",
              id="never-wide", hint="Decompose the tall matrix and transpose.",
              replace=("(max(fan_in, fan_out), min(fan_in, fan_out))",
                       "(Q if fan_in >= fan_out else Q.T)"), by=("(fan_in, fan_out)", "Q"))
misconception("orthogonal", "A square orthogonal matrix of the larger side is cut to fan_out rows, "
              "not columns.", id="transposed", hint="The shape is (fan_in, fan_out).",
              replace="Q if fan_in >= fan_out else Q.T", by="Q.T if fan_in >= fan_out else Q")
misconception("orthogonal", "The gain is ignored.", id="without-gain",
              hint="Multiply the matrix by the gain.",
              replace="return gain * (Q if fan_in >= fan_out else Q.T)",
              by="return Q if fan_in >= fan_out else Q.T")


@misconception("orthogonal", "The columns of a Gaussian matrix were made unit vectors, but not "
               "orthogonal.", hint="Use np.linalg.qr.")
def orthogonal_only_normalized(fan_in, fan_out, rng, gain=1.0):
    W = rng.normal(size=(fan_in, fan_out))
    return gain * W / np.linalg.norm(W, axis=0 if fan_in >= fan_out else 1, keepdims=True)


misconception("orthogonal", "The function makes its own generator: it returns the same matrix "
              "every time.", id="own-seed", hint="Draw from the rng that you are given.",
              replace="tall = rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))\n"
                      "Q, R = np.linalg.qr(tall)",
              by="own = np.random.default_rng(0)\n"
                 "Q, R = np.linalg.qr(own.normal(size=(max(fan_in, fan_out), "
                 "min(fan_in, fan_out))))")


@alternative("orthogonal")
def orthogonal_cut_from_a_square(fan_in, fan_out, rng, gain=1.0):
    size = max(fan_in, fan_out)
    Q, R = np.linalg.qr(rng.normal(size=(size, size)))
    return gain * (Q * np.sign(np.diag(R)))[:fan_in, :fan_out]


@alternative("orthogonal")
def orthogonal_by_svd(fan_in, fan_out, rng, gain=1.0):
    U, _, Vt = np.linalg.svd(rng.normal(size=(fan_in, fan_out)), full_matrices=False)
    return gain * U @ Vt


# --- surviving ------------------------------------------------------------------------------------

misconception("surviving", "That is how many do not survive.", id="the-others",
              hint="Count from the left.", source="surviving = 75")
misconception("surviving", "That is the number that keep their whole length.", id="whole-length",
              hint="The grey line is at a tenth.", source="surviving = 10")
misconception("surviving", "That is the orthogonal stack.", id="orthogonal",
              hint="Look at the orange curve.", source="surviving = 100")
alternative("surviving", id="read-off", source="surviving = 24.0")

# --- scale_layers ---------------------------------------------------------------------------------

misconception("scale_layers", "All layers are measured in the old network, before any is "
              "corrected.", id="all-at-once", hint="Compute the next h with the new weights.",
              replace="activation(h @ scaled[-1])", by="activation(h @ W)")
misconception("scale_layers", "The weights are divided by the variance.", id="by-the-variance",
              hint="Divide by the standard deviation.",
              replace="spread = (h @ W).std()", by="spread = (h @ W).var()")
misconception("scale_layers", "The output is measured after the activation.",
              id="after-the-activation", hint="Measure h @ W itself.",
              replace="spread = (h @ W).std()", by="spread = activation(h @ W).std()")
misconception("scale_layers", "Each unit gets a factor of its own: the layer's shape is changed.",
              id="each-unit",
              hint="One standard deviation over all examples and units: .std() without an axis.",
              replace=("spread = (h @ W).std()", "if not spread > 0:"),
              by=("spread = (h @ W).std(axis=0)", "if not np.all(spread > 0):"))
misconception("scale_layers", "A layer whose output is constant is divided by zero: NaN, in "
              "silence.", id="divides-by-zero",
              hint="raise ValueError where the spread is not positive.",
              replace="if not spread > 0:", by="if spread < 0:")
misconception("scale_layers", "The root mean square is made 1, not the standard deviation: the "
              "mean of the output is counted as variation.", id="by-rms",
              hint="z.std() takes the mean off.",
              replace="spread = (h @ W).std()", by="spread = np.sqrt(np.mean((h @ W) ** 2))")
misconception("scale_layers", "The weights that were handed in are changed in place.",
              id="in-place", hint="W / spread makes a new array, W /= spread does not.",
              replace="scaled.append(W / spread)",
              by="W /= spread\n"
                 "scaled.append(W)")
misconception("scale_layers", "The activations between the layers are left out.", id="linear",
              hint="h = activation(h @ W).",
              replace="h = activation(h @ scaled[-1])", by="h = h @ scaled[-1]")


@alternative("scale_layers")
def scale_layers_scales_the_output(weights, X, activation):
    h, scaled = X.astype(float), []
    for W in weights:
        z = h @ W
        variance = np.mean((z - z.mean()) ** 2)
        if variance == 0:
            raise ValueError("a constant layer")
        factor = variance**-0.5
        scaled.append(factor * W)
        h = activation(factor * z)
    return scaled


@alternative("scale_layers")
def scale_layers_from_the_start_each_time(weights, X, activation):
    scaled = [W.copy() for W in weights]
    for layer in range(len(scaled)):
        h = X
        for W in scaled[:layer]:
            h = activation(h @ W)
        spread = np.std(h @ scaled[layer])
        if spread < 1e-300:
            raise ValueError("a constant layer")
        scaled[layer] = scaled[layer] / spread
    return scaled


# --- he_with_silu ---------------------------------------------------------------------------------

misconception("he_with_silu", "The curve falls by more than two powers of ten.", id="power",
              hint="The scale is logarithmic.", source="he_with_silu = 2.2")
misconception("he_with_silu", "That is the share that is left; divide the other way round.",
              id="share", hint="The first point divided by the last.",
              source="he_with_silu = 1 / 165")
misconception("he_with_silu", "That is the green curve.", id="green",
              hint="Look at the orange one.", source="he_with_silu = 1.0")
alternative("he_with_silu", id="read-off", source="he_with_silu = 1.4 / 0.008")
