"""Wrong and right answers to section 2, “What is the average?”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- averages -------------------------------------------------------------------------------------

misconception("averages", "All masks get the same weight, which is right for p = 0.5 only.",
              id="unweighted", hint="A mask with k ones has the probability p^k (1 − p)^(n − k).",
              earns=1, replace="p ** m.sum() * (1 - p) ** (n - m.sum())", by="0.5**n")
misconception("averages", "p and 1 − p have changed places in the weights.", id="p-drops",
              hint="Ones are kept, with probability p.", earns=1,
              replace="p ** m.sum() * (1 - p)", by="(1 - p) ** m.sum() * p")
misconception("averages", "The factor (1 − p) for every dropped unit is missing, so the weights "
              "don't add up to 1.", id="half-a-weight", hint="p^k (1 − p)^(n − k).", earns=1,
              replace="p ** m.sum() * (1 - p) ** (n - m.sum())", by="p ** m.sum()")
misconception("averages", "The mask that drops everything is left out.",
              id="without-the-empty-mask", hint="range(2**n) begins at 0, and so do the masks.",
              earns=1,
              replace="masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), "
                      "repeat=n)]",
              by="masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), repeat=n)][1:]")


@misconception("averages", "This is the scaling approximation, network(p), not the average over "
               "the masks.", hint="Call the network once for each of the 2ⁿ masks.", earns=1,
               replaces="exact_average")
def averages_by_scaling(network, n, p):
    return network(np.full(n, p))


misconception("averages", "The samples are weighted with their probability, though likely ones are "
              "drawn more often already.", id="weights-samples", hint="A plain mean.", earns=2,
              replace="return np.mean([network(mask) for mask in masks])",
              by="weights = [p ** m.sum() * (1 - p) ** (n - m.sum()) for m in masks]\n"
                 "return np.sum([w * network(m) for w, m in zip(weights, masks)]) / "
                 "np.sum(weights)")
misconception("averages", "A new generator with the same seed in every round: all masks are the "
              "same.", id="reseeds", hint="Make the generator once, before the loop.", earns=2,
              replace="masks = (np.random.default_rng(seed).random((samples, n)) < "
                      "p).astype(float)\n"
                      "return np.mean([network(mask) for mask in masks])",
              by="total = 0.0\n"
                 "for _ in range(samples):\n"
                 "    total += network((np.random.default_rng(seed).random(n) < p).astype(float))\n"
                 "return total / samples")
misconception("averages", "The masks are scaled by 1/p: the network gets other numbers than 0 and "
              "1.", id="scales-masks",
              hint="The mask says who is there; what the network does with it is its own affair.",
              earns=2,
              replace="masks = (np.random.default_rng(seed).random((samples, n)) < "
                      "p).astype(float)",
              by="masks = (np.random.default_rng(seed).random((samples, n)) < p) / p")


@alternative("averages", replaces="exact_average")
def averages_by_counting(network, n, p):
    total = 0.0
    for code in range(2**n):
        mask = np.array([(code >> unit) & 1 for unit in range(n)], dtype=float)
        total += np.prod(np.where(mask == 1, p, 1 - p)) * network(mask)
    return total


@alternative("averages", replaces="exact_average")
def averages_by_recursion(network, n, p):
    def branch(bits):
        if len(bits) == n:
            return network(np.array(bits, dtype=float))
        return p * branch([*bits, 1]) + (1 - p) * branch([*bits, 0])

    return branch([])


@alternative("averages", replaces="monte_carlo_average")
def averages_in_a_loop(network, n, p, samples, seed=None):
    rng, total = np.random.default_rng(seed), 0.0
    for _ in range(samples):
        total += network(rng.binomial(1, p, size=n).astype(float))
    return total / samples


# --- against_scaling ------------------------------------------------------------------------------

misconception("against_scaling", "Convex functions have it the other way round: think of the "
              "average of relu(−1) and relu(1).", id="smaller",
              hint="½ (0 + 1) against relu(0) = 0.", source='against_scaling = "smaller"')
misconception("against_scaling", "Expectation and ReLU cannot change places; only linear functions "
              "allow that.", id="equal", hint="E relu(z) is not relu(E z).",
              source='against_scaling = "equal"')

# --- sampling_exponent ----------------------------------------------------------------------------

misconception("sampling_exponent", "The error falls: the exponent is negative.", id="sign",
              hint="Mind the sign.", source="sampling_exponent = 0.5")
misconception("sampling_exponent", "The variance falls like 1/samples; the error is its root.",
              id="of-the-variance", hint="Read the legend again.",
              source="sampling_exponent = -1.0")
alternative("sampling_exponent", id="read-off", source="sampling_exponent = -0.52")
