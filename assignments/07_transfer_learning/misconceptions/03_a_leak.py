"""Wrong and right answers to section 3, “A leak”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- leaked ---------------------------------------------------------------------------------------

misconception("leaked", "Patches of different photographs are compared, too.",
              id="across-photographs",
              hint="Two patches overlap only on the same photograph: compare column 0.",
              replace="same & (apart < side).all(axis=2)", by="(apart < side).all(axis=2)")
misconception("leaked", "Overlap in height or in width is taken for overlap.",
              id="by-height-or-width", hint="Both are needed: all, not any.",
              replace="(apart < side).all(axis=2)", by="(apart < side).any(axis=2)")
misconception("leaked", "Patches that only touch count as leaked.", id="by-touching",
              hint="Less than side apart, not at most side.",
              replace="(apart < side).all(axis=2)", by="(apart <= side).all(axis=2)")
misconception("leaked", "Only test patches to the lower right of a training patch are found.",
              id="one-way", hint="The distance may have either sign: take its absolute value.",
              replace=("np.abs(test[:, None, 1:] - train[None, :, 1:])", "(apart < side)"),
              by=("test[:, None, 1:] - train[None, :, 1:]", "((apart >= 0) & (apart < side))"))
misconception("leaked", "Only identical patches are found.", id="only-duplicates",
              hint="Patches that share a part leak as well.",
              replace="return (same & (apart < side).all(axis=2)).any(axis=1)",
              by="return (test[:, None] == train[None]).all(axis=2).any(axis=1)")
misconception("leaked", "The distance between the corners is taken as the crow flies.",
              id="in-circles", hint="Squares overlap by height and by width, each for itself.",
              replace=("np.abs(test[:, None, 1:] - train[None, :, 1:])",
                       "(apart < side).all(axis=2)"),
              by=("np.linalg.norm((test[:, None, 1:] - train[None, :, 1:]).astype(float), axis=2)",
                  "(apart < side)"))


@alternative("leaked")
def leaked_in_loops(train, test, side):
    return [any(p == q and a < c + side and c < a + side and b < d + side and d < b + side
                for q, c, d in train.tolist()) for p, a, b in test.tolist()]


@alternative("leaked")
def leaked_by_pixels(train, test, side):
    covered = {(p, a + i, b + j) for p, a, b in train.tolist() for i in range(side)
               for j in range(side)}
    return np.array([any((p, a + i, b + j) in covered for i in range(side) for j in range(side))
                     for p, a, b in test.tolist()], dtype=bool)


# --- random_split ---------------------------------------------------------------------------------

misconception("random_split", "More test pictures look like training pictures now, so the number "
              "rises.", id="lower", hint="Which test set is more like the training set?",
              source='random_split = "lower"')
misconception("random_split", "The classifier is the same; the question isn't.", id="the-same",
              hint="Which test set is more like the training set?",
              source='random_split = "the same"')
