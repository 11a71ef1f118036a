"""Wrong and right answers to section 4, “Zero is a bad start”."""

from autograder.lessons.variants import alternative, misconception

# --- zero_weights ---------------------------------------------------------------------------------

misconception("zero_weights", "The hidden units are 0, so dW₂ = hᵀ ds is 0, too.", id="last-layer",
              hint="What is h?", source='zero_weights = "the last layer"')
misconception("zero_weights", "The scores have a gradient, and the last bias adds to them "
              "directly.", id="none", hint="db₂ is the sum of ds.", source='zero_weights = "none"')
misconception("zero_weights", "Nothing passes through W₂ = 0.", id="all", hint="dh = ds W₂ᵀ.",
              source='zero_weights = "all"')

# --- stuck_at -------------------------------------------------------------------------------------

misconception("stuck_at", "That is where the constant start gets to.", id="constant",
              hint="Look at the black line.", source="stuck_at = 1.8")
misconception("stuck_at", "That is the random start.", id="random", hint="Look at the black line.",
              source="stuck_at = 0.14")
misconception("stuck_at", "That is the logarithm to the base 10.", id="log10",
              hint="The loss uses the natural logarithm.", source="stuck_at = np.log10(10)")
alternative("stuck_at", id="formula", source="stuck_at = np.log(10)")
