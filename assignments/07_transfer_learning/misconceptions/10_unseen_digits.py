"""Wrong and right answers to section 10, “Digits that have never been seen”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- relabel --------------------------------------------------------------------------------------

misconception("relabel", "Subtracting 5 works for the digits 5 to 9 only.", id="minus-five",
              hint="Look each label up in the list.",
              replace="places[label] for label", by="label - 5 for label")
misconception("relabel", "The smallest label that occurs is subtracted; in another set that is "
              "another one.", id="minus-the-smallest", hint="Look each label up in the list.",
              replace="places[label] for label", by="label - np.min(labels) for label")
misconception("relabel", "The classes are numbered by the labels that occur, so training and test "
              "may be numbered differently.", id="by-what-occurs",
              hint="The list of classes decides, not the set at hand.",
              replace="places[label] for label",
              by="np.unique(labels).tolist().index(label) for label")
misconception("relabel", "The classes are sorted first; the order of the list is lost.",
              id="sorted", hint="Take the list as it is.",
              replace="enumerate(classes)", by="enumerate(sorted(classes))")
misconception("relabel", "An unknown label silently gets a place.", id="silent",
              hint="Raise a ValueError.",
              replace=("set(np.asarray(labels).tolist()) - set(places)", "places[label] for label"),
              by=("set()", "places.get(label, -1) for label"))
misconception("relabel", "A label that is missing raises a KeyError.", id="with-a-key-error",
              hint="Look for missing labels first, and raise a ValueError.",
              replace="set(np.asarray(labels).tolist()) - set(places)", by="set()")


@alternative("relabel")
def relabel_by_index(labels, classes):
    classes = list(classes)
    return np.array([classes.index(label) for label in labels])


@alternative("relabel")
def relabel_by_comparison(labels, classes):
    same = np.asarray(labels)[:, None] == np.asarray(classes)[None]
    if not same.any(axis=1).all():
        raise ValueError("a label is not among the classes")
    return same.argmax(axis=1)


# --- digits_behind --------------------------------------------------------------------------------

misconception("digits_behind", "That is the difference between fine-tuning and training from "
              "scratch.", id="fine-tuned", hint="Take the bar in the middle.",
              source="digits_behind = 1")
misconception("digits_behind", "The sign is wrong: the features are behind, the question asks by "
              "how much.", id="sign", hint="From scratch minus features.",
              source="digits_behind = -14.6")
misconception("digits_behind", "That is the accuracy on the features, not a difference.",
              id="accuracy", hint="Subtract.", source="digits_behind = 79")
