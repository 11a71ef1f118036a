"""Wrong and right answers to section 4, “A learning rate for each depth”."""

from autograder.lessons.variants import alternative, misconception

# --- layer_rates ----------------------------------------------------------------------------------

misconception("layer_rates", "The largest rate is at the bottom: edges are torn up, and the head "
              "hardly learns.", id="upside-down",
              hint="The last name is the topmost part; it gets base.", earns=1,
              replace="base / factor ** (top - place)", by="base / factor**place")
misconception("layer_rates", "The rates grow towards the bottom: multiplied instead of divided.",
              id="multiplied", hint="Each part below gets a smaller rate: divide.", earns=1,
              replace="base / factor ** (top - place)", by="base * factor ** (top - place)")
misconception("layer_rates", "The rates fall by equal amounts, not by equal factors.", id="linear",
              hint="Divide by factor once for each part further down.", earns=1,
              replace="factor ** (top - place)", by="(1 + (factor - 1) * (top - place))")
misconception("layer_rates", "The topmost part gets base divided by factor already.", id="one-off",
              hint="The last name is 0 steps from the top.", earns=1,
              replace="factor ** (top - place)", by="factor ** (len(names) - place)")
misconception("layer_rates", "The parts are unfrozen from the bottom.",
              id="unfrozen-from-the-bottom", hint="The last names first: names[-k:].", earns=1,
              replace="return names[max(len(names) - 1 - epoch // every, 0) :]",
              by="return names[: min(1 + epoch // every, len(names))]")
misconception("layer_rates", "After all parts are unfrozen the slice starts before the list, and "
              "parts vanish again.", id="unfrozen-wraps-around", hint="max(…, 0).", earns=1,
              replace="return names[max(len(names) - 1 - epoch // every, 0) :]",
              by="return names[len(names) - 1 - epoch // every :]")
misconception("layer_rates", "Only the newest part is trained; the others are frozen again.",
              id="unfrozen-one-at-a-time", hint="A part that has joined in stays.", earns=1,
              replace="return names[max(len(names) - 1 - epoch // every, 0) :]",
              by="place = max(len(names) - 1 - epoch // every, 0)\n"
                 "return names[place : place + 1]")
misconception("layer_rates", "In the first stretch nothing is trained.", id="unfrozen-starts-empty",
              hint="Epoch 0 trains the head: 1 + epoch // every.", earns=1,
              replace="len(names) - 1 - epoch // every", by="len(names) - epoch // every")


@alternative("layer_rates", replaces="layer_rates")
def layer_rates_from_the_top(names, base, factor=2.6):
    rates, rate = {}, base
    for name in reversed(names):
        rates[name] = rate
        rate = rate / factor
    return rates


alternative("layer_rates", id="unfrozen-counted",
            replace="return names[max(len(names) - 1 - epoch // every, 0) :]",
            by="count = min(epoch // every + 1, len(names))\n"
               "return [name for place, name in enumerate(names) if place >= len(names) - count]")
