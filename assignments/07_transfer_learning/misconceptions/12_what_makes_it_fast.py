"""Wrong and right answers to section 12, “What makes it fast”."""

from autograder.lessons.variants import misconception

# --- saves_most -----------------------------------------------------------------------------------

misconception("saves_most", "It makes each pass faster, but all 20 passes remain; some processors "
              "even become slower.", id="amp", hint="How often must the body see a picture?",
              source='saves_most = "mixed precision"')
misconception("saves_most", "It makes each pass a little faster, but all 20 passes remain.",
              id="layout", hint="How often must the body see a picture?",
              source='saves_most = "channels last"')
misconception("saves_most", "The number of pictures stays the same, and so does the work.",
              id="batches", hint="How often must the body see a picture?",
              source='saves_most = "larger batches"')
