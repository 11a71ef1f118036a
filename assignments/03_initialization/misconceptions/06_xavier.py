"""Wrong and right answers to section 6, “The compromise of Xavier”."""

from autograder.lessons.variants import alternative, misconception

# --- compromise -----------------------------------------------------------------------------------

misconception("compromise", "The two have changed places.", id="swapped",
              hint="Forward, a sum has n = 100 terms.",
              source="forward_factor = 1.6\n"
                     "backward_factor = 0.4")
misconception("compromise", "These are the factors of the size, not of the variance.", id="roots",
              hint="Leave the root out.",
              source="forward_factor = 0.4**0.5\n"
                     "backward_factor = 1.6**0.5")
misconception("compromise", "Forward is right; backward, a sum has 400 terms.", id="one-for-both",
              hint="400 · 2/500.", earns=1,
              source="forward_factor = 0.4\n"
                     "backward_factor = 0.4")
misconception("compromise", "The 2 is forgotten: σ² = 2/(n + m).", id="without-the-two",
              hint="σ² = 2/500.",
              source="forward_factor = 0.2\n"
                     "backward_factor = 0.8")
alternative("compromise", id="fractions",
            source="forward_factor = 200 / 500\n"
                   "backward_factor = np.float32(800 / 500)")

# --- xavier ---------------------------------------------------------------------------------------

misconception("xavier", "The variance is used as the standard deviation.", id="normal-without-root",
              hint="Take the root of 2 / (n + m).", earns=2,
              replace="return np.sqrt(2 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))",
              by="return rng.normal(scale=2 / (fan_in + fan_out), size=(fan_in, fan_out))")
misconception("xavier", "This is He's rule, without the fan-out.", id="normal-is-he",
              hint="2 / (fan_in + fan_out).", earns=2,
              replace="np.sqrt(2 / (fan_in + fan_out))", by="np.sqrt(2 / fan_in)")
misconception("xavier", "1 / (n + m) is half of the variance.", id="normal-half",
              hint="The mean of the fans is (n + m) / 2.", earns=2,
              replace="np.sqrt(2 / (fan_in + fan_out))", by="np.sqrt(1 / (fan_in + fan_out))")
misconception("xavier", "He's gain of 2 was put in front of Xavier's fans.",
              id="normal-with-gain-of-he", hint="2 / (n + m), not 4 / (n + m).", earns=2,
              replace="np.sqrt(2 / (fan_in + fan_out))", by="np.sqrt(4 / (fan_in + fan_out))")
misconception("xavier", "The bound is the standard deviation: √3 is missing.",
              id="uniform-bound-is-std", hint="bound = √(6 / (n + m)).", earns=1,
              replace="np.sqrt(6 / (fan_in + fan_out))", by="np.sqrt(2 / (fan_in + fan_out))")
misconception("xavier", "The weights are between 0 and the bound: their mean is not 0.",
              id="uniform-positive", hint="rng.uniform(-bound, bound, …).", earns=1,
              replace="return rng.uniform(-bound, bound, size=(fan_in, fan_out))",
              by="return rng.uniform(0, 2 * bound, size=(fan_in, fan_out))")
misconception("xavier", "The bound lacks its root.", id="uniform-without-root",
              hint="bound = √(6 / (n + m)).", earns=1,
              replace="np.sqrt(6 / (fan_in + fan_out))", by="6 / (fan_in + fan_out)")
misconception("xavier", "The variance is right, but the weights are normal.",
              id="uniform-is-normal", hint="rng.uniform.", earns=1,
              replace="bound = np.sqrt(6 / (fan_in + fan_out))\n"
                      "return rng.uniform(-bound, bound, size=(fan_in, fan_out))",
              by="return np.sqrt(2 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))")
misconception("xavier", "The bound is that of PyTorch's default, √(1 / fan_in), not Xavier's.",
              id="uniform-default-of-torch", hint="bound = √(6 / (n + m)).", earns=1,
              replace="bound = np.sqrt(6 / (fan_in + fan_out))", by="bound = fan_in**-0.5")
misconception("xavier", "The function makes its own generator: all layers of a shape get the same "
              "weights.", id="uniform-own-seed", hint="Draw from the rng that you are given.",
              earns=1, replace="rng.uniform", by="np.random.default_rng(1).uniform")
alternative("xavier", id="normal-by-mean-fan",
            replace="return np.sqrt(2 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))",
            by="fan = (fan_in + fan_out) / 2\n"
               "return rng.normal(0, fan**-0.5, (fan_in, fan_out))")
alternative("xavier", id="uniform-from-unit-interval",
            replace=("bound = np.sqrt(6 / (fan_in + fan_out))",
                     "return rng.uniform(-bound, bound, size=(fan_in, fan_out))"),
            by=("std = np.sqrt(2 / (fan_in + fan_out))",
                "return (2 * rng.random((fan_in, fan_out)) - 1) * np.sqrt(3) * std"))
