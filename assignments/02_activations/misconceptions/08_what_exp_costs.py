"""Wrong and right answers to section 8, “What exp costs”."""

from autograder.lessons.variants import alternative, misconception

# --- price_of_exp ---------------------------------------------------------------------------------

misconception("price_of_exp", "An exponential is dear, but each output has one, and a thousand "
              "products.", id="more", hint="Count the operations for one output.",
              source='price_of_exp = "more"')
misconception("price_of_exp", "That would need an exponential as dear as a thousand products.",
              id="equal", hint="Count the operations for one output.",
              source='price_of_exp = "about as much"')
alternative("price_of_exp", id="joined", source='price_of_exp = "less " + "than half"')
