"""Wrong and right answers to section 9, “The contest”."""

from autograder.lessons.variants import misconception

# --- winner ---------------------------------------------------------------------------------------

misconception("winner", "Dropout slows the learning of the wrong labels down, but in 80 steps they "
              "are learnt all the same.", id="dropout",
              hint="Which one goes back to a time before that?", source='winner = "dropout"')
misconception("winner", "Mixed labels are harder to learn by heart, but not impossible.",
              id="mixup", hint="Which one goes back to a time before that?",
              source='winner = "mixup"')
misconception("winner", "Shifts make more of the data, but the wrong labels are shifted with them.",
              id="shifts", hint="Which one goes back to a time before that?",
              source='winner = "shifts"')

# --- stopping_gain --------------------------------------------------------------------------------

misconception("stopping_gain", "That is a share, not percentage points.", id="as-a-share",
              hint="Subtract the numbers beside the points.", source="stopping_gain = 0.12")
misconception("stopping_gain", "The sign: early stopping is better than nothing.", id="sign",
              hint="The last point minus the first.", source="stopping_gain = -12.0")
misconception("stopping_gain", "That is the accuracy, not the gain.", id="is-the-accuracy",
              hint="Subtract the number of nothing.", source="stopping_gain = 78.0")

# --- gains_more -----------------------------------------------------------------------------------

misconception("gains_more", "With clean labels the weights of the last steps are as good as their "
              "average.", id="clean",
              hint="What does the average remember that the last network has forgotten?",
              source='gains_more = "clean labels"')
misconception("gains_more", "An average over time holds young weights, and these differ where "
              "labels are wrong.", id="nothing", hint="Compare the two pictures.",
              source='gains_more = "no difference"')
