"""Wrong and right answers to section 9, “When does it help?”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- ahead ----------------------------------------------------------------------------------------

misconception("ahead", "180 labelled patches are few; the other one has seen a million pictures.",
              id="behind", hint="Look at the picture.", source='ahead = "behind"')
misconception("ahead", "It is more than that: compare the bars.", id="little",
              hint="Look at the picture.", source='ahead = "0 to 15"')

# --- lead -----------------------------------------------------------------------------------------

misconception("lead", "That is from scratch minus pretrained.", id="negative",
              hint="The other way round.", source="lead = -22")
misconception("lead", "That is a share; the answer is in points of per cent.", id="as-a-share",
              hint="Multiply by 100.", source="lead = 0.22")
misconception("lead", "That is the accuracy itself, not the difference.", id="is-the-accuracy",
              hint="Subtract the upper number.", source="lead = 70")

# --- winner ---------------------------------------------------------------------------------------

misconception("winner", "The highest mean wins, however much the draws scatter.", id="by-the-mean",
              hint="Compare with twice the standard error.",
              replace='"tie" if apart.mean() < 2 * error else first', by="first")
misconception("winner", "The best single draw wins.", id="by-the-best-draw", hint="Compare means.",
              replace="np.mean(runs[name])", by="np.max(runs[name])")
misconception("winner", "The two scatters are added as if the draws had nothing to do with each "
              "other.", id="unpaired", hint="Take the differences draw by draw first.",
              replace="apart.std(ddof=1) / np.sqrt(len(apart))",
              by="np.sqrt(sum(np.var(runs[name], ddof=1) / len(apart) for name in "
                 "(first, second)))")
misconception("winner", "The standard deviation of the differences divides by S.", id="biased",
              hint="ddof=1.", replace="apart.std(ddof=1)", by="apart.std()")
misconception("winner", "The standard deviation is taken for the standard error.",
              id="by-the-deviation", hint="Divide it by √S.",
              replace=" / np.sqrt(len(apart))", by="")


@misconception("winner", "The second method of the dictionary is taken for the runner-up.",
               hint="Sort by the means.")
def winner_against_the_wrong_one(runs):
    first = max(runs, key=lambda name: np.mean(runs[name]))
    other = [name for name in runs if name != first][-1]
    worst = min(runs, key=lambda name: np.mean(runs[name]))
    apart = np.asarray(runs[first]) - np.asarray(runs[worst if len(runs) > 2 else other])
    return "tie" if apart.mean() < 2 * apart.std(ddof=1) / np.sqrt(len(apart)) else first


@alternative("winner")
def winner_by_a_t_value(runs):
    ranked = sorted(((float(np.mean(scores)), name) for name, scores in runs.items()), reverse=True)
    apart = np.subtract(runs[ranked[0][1]], runs[ranked[1][1]])
    count = len(apart)
    variance = np.sum((apart - apart.mean()) ** 2) / (count - 1)
    return ranked[0][1] if apart.mean() >= 2 * np.sqrt(variance / count) else "tie"


@alternative("winner")
def winner_by_scipy(runs):
    from scipy.stats import sem

    names = sorted(runs, key=lambda name: -np.mean(runs[name]))
    apart = np.array(runs[names[0]]) - np.array(runs[names[1]])
    if np.mean(apart) < 2 * sem(apart):
        return "tie"
    return names[0]


# --- better_below ---------------------------------------------------------------------------------

misconception("better_below", "For the photographs the top is about as good as block 9: its "
              "features still fit.", id="both", hint="Compare the two points of each curve.",
              source='better_below = "both"')
misconception("better_below", "The photographs are near: what the top knows is of use to them.",
              id="photographs", hint="Compare the two points of each curve.",
              source='better_below = "the photographs"')
misconception("better_below", "The top has specialised in what ImageNet asks; digits are nothing "
              "of that kind.", id="neither", hint="Compare the two points of each curve.",
              source='better_below = "neither"')

# --- far_and_small --------------------------------------------------------------------------------

misconception("far_and_small", "A hundred digits teach a small network most of what these features "
              "know about strokes.", id="yes", hint="Look at the upper right corner of the table.",
              source='far_and_small = "yes"')
alternative("far_and_small", id="lower", source='far_and_small = "NO".lower()')
