"""Wrong and right answers to section 5, “The race”."""

from autograder.lessons.variants import misconception

# --- whose_track ----------------------------------------------------------------------------------

misconception("whose_track", "RMSprop and AdaGrad have changed places: AdaGrad's steps can only "
              "shrink.", id="who-tires", hint="Which of the two tracks never comes to rest?",
              earns=1,
              source='whose_track = {"A": "adagrad", "B": "sgd", "C": "rmsprop", "D": "momentum"}')
misconception("whose_track", "SGD and momentum have changed places: without a memory there is no "
              "overshoot along the floor.", id="who-overshoots",
              hint="Which of the two swings past the minimum and comes back?", earns=1,
              source='whose_track = {"A": "rmsprop", "B": "momentum", "C": "adagrad", "D": "sgd"}')
misconception("whose_track", "Every rule has left one track; each name is wanted once.",
              id="all-the-same", hint="Give each of the four names once.",
              source='whose_track = dict.fromkeys("ABCD", "sgd")')
