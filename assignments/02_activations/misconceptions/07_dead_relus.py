"""Wrong and right answers to section 7, “Dead ReLUs”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- dead_units -----------------------------------------------------------------------------------


@misconception("dead_units", "A unit that is off for a single example counts as dead; that is "
               "sparsity, not death.",
               hint="Dead is who is off for all examples: ask whether any output is above 0.")
def dead_units_off_once(batches):
    return np.any([(out == 0).any(axis=0) for out in batches], axis=0)


@misconception("dead_units", "A unit that is off for one whole batch counts as dead; another batch "
               "may switch it on.", hint="Combine the batches with “and”: dead in all of them.")
def dead_units_in_any_batch(batches):
    return np.any([(out == 0).all(axis=0) for out in batches], axis=0)


misconception("dead_units", "Only the last batch is looked at.", id="of-the-last-batch",
              hint="Collect over all batches.", replace="ever_on |= ", by="ever_on = ")
misconception("dead_units", "Small outputs are taken for zero; a small output has its full "
              "gradient.", id="with-a-threshold", hint="> 0, without a threshold.",
              replace="(out > 0)", by="(out > 1e-3)")
misconception("dead_units", "np.isclose takes every output up to 1e-8 for zero; a small output has "
              "its full gradient.", id="close-to-zero", hint="> 0, without a tolerance.",
              replace="(out > 0)", by="(~np.isclose(out, 0))")
misconception("dead_units", "The mask is that of the living.", id="living", hint="True means dead.",
              replace="return ~ever_on", by="return ever_on")
misconception("dead_units", "The number of dead units comes back, not the mask.", id="count",
              hint="Return a boolean array (H,).",
              replace="return ~ever_on", by="return int((~ever_on).sum())")


@misconception("dead_units", "The axis is wrong: these are the examples for which all units are "
               "off.", hint="Units are columns: any(axis=0).")
def dead_units_examples(batches):
    return ~(np.concatenate(batches) > 0).any(axis=1)


@alternative("dead_units")
def dead_units_of_the_whole(batches):
    return np.concatenate(batches).max(axis=0) == 0


@alternative("dead_units")
def dead_units_by_sums(batches):
    return sum(np.count_nonzero(out, axis=0) for out in batches) == 0


@alternative("dead_units")
def dead_units_batch_by_batch(batches):
    return np.logical_and.reduce([(out <= 0).all(axis=0) for out in batches])


# --- casualties -----------------------------------------------------------------------------------

misconception("casualties", "Between a rate of 1 and one of 2.8 lies a cliff.", id="hardly-any",
              hint="Run the experiment and look right.", source='casualties = "hardly any"')
misconception("casualties", "Once it begins it doesn't stop at a fifth: dead units don't come "
              "back.", id="a-fifth", hint="Run the experiment and look right.",
              source='casualties = "about a fifth"')
alternative("casualties", id="spelt", source="casualties = 'm' + 'ost'")

# --- deadly_rate ----------------------------------------------------------------------------------

misconception("deadly_rate", "There the dying begins, but fewer than half are dead.", id="too-low",
              hint="Above the dotted line.", source="deadly_rate = 1.4")
misconception("deadly_rate", "Half were dead already at the rate before.", id="too-high",
              hint="The first point above the dotted line.", source="deadly_rate = 2.8")
misconception("deadly_rate", "That is the rate with the best accuracy.", id="best-accuracy",
              hint="Read the red curve.", source="deadly_rate = 1.0")
alternative("deadly_rate", id="whole", source="deadly_rate = 2")

# --- come_back ------------------------------------------------------------------------------------

misconception("come_back", "A dead unit has no gradient: neither its weights nor its bias can "
              "move.", id="half",
              hint="What is dout * (x > 0) for a unit that is off for every example?",
              source='come_back = "about half"')
misconception("come_back", "A gentle rate doesn't help where the gradient is exactly zero.",
              id="all", hint="What is dout * (x > 0) for a unit that is off for every example?",
              source='come_back = "nearly all"')
alternative("come_back", id="joined", source='come_back = "none" + " or next to none"')

# --- revive ---------------------------------------------------------------------------------------

misconception("revive", "The bias is set to 0; a unit whose weights all point down stays dead.",
              id="to-zero", hint="Look at x @ W: the bias must lift its largest values above 0.",
              replace="b, -between", by="b, 0.0")
misconception("revive", "All units get a new bias, also the living ones, which forget what they "
              "have learned.", id="everybody", hint="np.where(dead, new, b).",
              replace="return np.where((drive + b > 0).any(axis=0), b, -between)",
              by="return -between")
misconception("revive", "The new bias is added to the old one, which counts twice.", id="on-top",
              hint="The quantile of x @ W, without b, replaces b.",
              replace="b, -between", by="b, b - between")
misconception("revive", "The sign is wrong: the threshold must be subtracted.", id="wrong-sign",
              hint="The bias is minus the quantile.", replace="b, -between", by="b, between")
misconception("revive", "The units are on for all but the given share of the examples.",
              id="the-other-share", hint="The quantile 1 − share.",
              replace="round(share * len(x))", by="round((1 - share) * len(x))")
misconception("revive", "Units that are on for few examples are lifted, too; one example is enough "
              "to be alive.", id="the-rare", hint="Dead is who is on for no example at all.",
              replace=".any(axis=0)", by=".mean(axis=0) >= share")
misconception("revive", "The given biases are changed in place.", id="in-place",
              hint="Return a new array.",
              replace="return np.where((drive + b > 0).any(axis=0), b, -between)",
              by="b[:] = np.where((drive + b > 0).any(axis=0), b, -between)\n"
                 "return b")
misconception("revive", "One quantile over all units is used; each unit needs its own.",
              id="with-one-threshold", hint="axis=0.",
              replace="(ordered[-wanted] + ordered[-wanted - 1]) / 2",
              by="np.quantile(drive, 1 - share)")
misconception("revive", "share · N is cut off: 0.29 · 100 is 28.999… in floats, and int makes 28 "
              "of it.", id="cuts-off", hint="round(share * len(x)).",
              replace="round(share * len(x))", by="int(share * len(x))")
misconception("revive", "A unit whose largest x @ W + b is exactly 0 is taken for alive; its "
              "output is 0 for all examples.", id="spares-the-zero",
              hint="Alive means above 0 somewhere.", replace="drive + b > 0", by="drive + b >= 0")


@alternative("revive")
def revive_by_shifting(x, W, b, share=0.1):
    z = x @ W + b
    return b - np.where(z.max(axis=0) <= 0, np.quantile(z, 1 - share, axis=0), 0)


@alternative("revive")
def revive_by_quantile(x, W, b, share=0.1):
    drive = x @ W
    dead = ~(drive + b > 0).any(axis=0)
    return np.where(dead, -np.quantile(drive, 1 - share, axis=0), b)


@alternative("revive")
def revive_by_loops(x, W, b, share=0.1):
    new = b.copy()
    for h in range(len(b)):
        drive = sorted((x @ W[:, h]).tolist(), reverse=True)
        if drive[0] + b[h] <= 0:
            count = round(share * len(x))
            new[h] = -0.5 * (drive[count - 1] + drive[count])
    return new
