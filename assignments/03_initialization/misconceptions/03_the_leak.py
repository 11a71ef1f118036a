"""Wrong and right answers to section 3, “The leak”."""

from autograder.lessons.variants import alternative, misconception

# --- one_at_a_time --------------------------------------------------------------------------------

misconception("one_at_a_time", "An image minus itself is nothing: no classifier sees anything in "
              "it.", id="as-good", hint="What is the mean of a feature over one image?",
              source='one_at_a_time = "as good"')
misconception("one_at_a_time", "Not even half is left: every image becomes the same zeros.",
              id="half", hint="What is the mean of a feature over one image?",
              source='one_at_a_time = "about half"')

# --- too_good -------------------------------------------------------------------------------------

misconception("too_good", "That is an accuracy, not a difference of two.", id="accuracy",
              hint="Subtract the dashed red line.", source="too_good = 93")
misconception("too_good", "The curves of the two scanners lie on one another, but the dashed lines "
              "do not.", id="nothing",
              hint="Compare the red curve's right end with the dashed red line.",
              source="too_good = 0")
misconception("too_good", "That is the difference to a single image.", id="left-end",
              hint="Take the right end of the curve.", source="too_good = 83")
alternative("too_good", id="rounded", source="too_good = 93 - 68")
