"""Wrong and right answers to section 6, “Saddles and turned valleys”."""

from autograder.lessons.variants import alternative, misconception

# --- saddle_steps ---------------------------------------------------------------------------------

misconception("saddle_steps", "The distance grows by a factor, not by a constant amount.",
              id="linear", hint="1.1 to the power of t is 10⁶.", source="saddle_steps = 10_000_000")
misconception("saddle_steps", "That takes the logarithm to the base e for the growth: the factor "
              "of a step is 1.1, not e to the power of 0.1.", id="as-a-flow",
              hint="Divide by ln 1.1, which is a bit less than 0.1.", source="saddle_steps = 138")
alternative("saddle_steps", id="not-rounded", source="saddle_steps = np.log(1e6) / np.log(1.1)")

# --- rotation -------------------------------------------------------------------------------------

misconception("rotation", "SGD only scales the gradient, which turns with the valley: so does its "
              "path.", id="sgd", hint="Whose step treats each axis on its own?",
              source='rotation = "sgd"')
misconception("rotation", "Adding up gradients commutes with a rotation: momentum's path turns "
              "along.", id="momentum", hint="Whose step treats each axis on its own?",
              source='rotation = "momentum"')
misconception("rotation", "The problem is as hard as before, but one rule uses the axes: dividing "
              "each component by its own size doesn't commute with a rotation.", id="nobody",
              hint="Whose step treats each axis on its own?", source='rotation = "nobody"')

# --- slowdown -------------------------------------------------------------------------------------

misconception("slowdown", "That is the inverse: straight to turned.", id="inverted",
              hint="Divide the larger number by the smaller one.", source="slowdown = 0.125")
misconception("slowdown", "No difference? That would be so for SGD and momentum.", id="none",
              hint="Read the legends for Adam.", source="slowdown = 1.0")
