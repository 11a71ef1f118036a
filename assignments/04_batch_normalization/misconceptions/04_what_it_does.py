"""Wrong and right answers to section 4, “What it does for training”."""

from autograder.lessons.variants import alternative, misconception

# --- gradient_factor ------------------------------------------------------------------------------

misconception("gradient_factor", "This would be a network whose output grows with W.", id="ten",
              hint="L(10 W) = L(W): differentiate both sides.", source="gradient_factor = 10.0")
misconception("gradient_factor", "The output is unchanged, but the gradient passes the division by "
              "a σ that is ten times as large.", id="one", hint="Look for 1/std in dx.",
              source="gradient_factor = 1.0")
misconception("gradient_factor", "That is the size of the step relative to W; the gradient itself "
              "has one factor of 1/10.", id="squared",
              hint="L(10 W) = L(W): differentiate both sides once.",
              source="gradient_factor = 0.01")
alternative("gradient_factor", id="fraction", source="gradient_factor = 1 / 10")

# --- loss_at_small_scale --------------------------------------------------------------------------

misconception("loss_at_small_scale", "Nothing is learned: the gradients are products of tiny "
              "matrices.", id="zero", hint="Ten equal probabilities.",
              source='loss_at_small_scale = "0"')
misconception("loss_at_small_scale", "Too small a scale does not blow up; too large a one does.",
              id="infinite", hint="Ten equal probabilities.",
              source='loss_at_small_scale = "infinite"')
alternative("loss_at_small_scale", id="read", source="loss_at_small_scale = 'ln 10'")

# --- largest_rate ---------------------------------------------------------------------------------

misconception("largest_rate", "Batch norm brakes: large weights get small gradients.", id="smaller",
              hint="Compare the right ends of the two curves.", source='largest_rate = "smaller"')
misconception("largest_rate", "The curves end at different rates.", id="same",
              hint="Compare the right ends of the two curves.", source='largest_rate = "the same"')
alternative("largest_rate", id="read", source="largest_rate = 'larger'")

# --- rate_ratio -----------------------------------------------------------------------------------

misconception("rate_ratio", "The two curves leave the region below 1.5 at different rates.",
              id="same", hint="Compare the rightmost points below 1.5.", source="rate_ratio = 1.0")
misconception("rate_ratio", "The ratio is upside down.", id="upside-down",
              hint="Divide the rate of batch norm by that of the plain network.",
              source="rate_ratio = 1 / 3.2")
misconception("rate_ratio", "That is the width of the axis, not the distance of the two points.",
              id="of-the-axis", hint="Count the points between the two; each is a factor of 3.2.",
              source="rate_ratio = 10000.0")
alternative("rate_ratio", id="root-of-ten", source="rate_ratio = 10 ** 0.5")
