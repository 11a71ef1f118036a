"""Wrong and right answers to section 3, “Zero-centred or not: the zig-zag”."""

from autograder.lessons.variants import alternative, misconception

# --- signs ----------------------------------------------------------------------------------------

misconception("signs", "The inputs are all positive, and ∂L/∂z, the other factor, is one number "
              "for all of them.", id="mixed",
              hint="How many different signs can one number times positive numbers have?",
              source='signs = "of either sign"')
misconception("signs", "∂L/∂z may be negative; then all gradients are.", id="positive",
              hint="They agree, but on which sign is open.", source='signs = "all positive"')
alternative("signs", id="joined", source='signs = " ".join(["of", "one", "sign"])')

# --- same_sign_share ------------------------------------------------------------------------------

misconception("same_sign_share", "Rows are compared, but the units are the columns.", id="of-rows",
              hint="all(axis=0) goes down a column.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="return np.mean((dW >= 0).all(axis=1) | (dW <= 0).all(axis=1))")
misconception("same_sign_share", "A zero spoils the column; it goes with either sign.", id="strict",
              hint=">= and <=.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="return np.mean((dW > 0).all(axis=0) | (dW < 0).all(axis=0))")
misconception("same_sign_share", "Columns with negative gradients only are left out; their weights "
              "agree, too.", id="of-the-positive", hint="All ≥ 0, or all ≤ 0.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="return np.mean((dW >= 0).all(axis=0))")
misconception("same_sign_share", "A column counts if most of its signs agree; all have to.",
              id="by-majority", hint="No two of opposite sign.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="share = (dW >= 0).mean(axis=0)\n"
                 "return np.mean((share > 0.7) | (share < 0.3))")
misconception("same_sign_share", "That is the number of the units, not their share.", id="counts",
              hint="Divide by H.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="return np.sum((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))")
misconception("same_sign_share", "The sum of the signs is compared with D, which a zero entry "
              "misses.", id="by-sums", hint="Ask whether all are ≥ 0, or all ≤ 0.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="return np.mean(np.abs(np.sign(dW).sum(axis=0)) == len(dW))")
misconception("same_sign_share", "Only neighbours are compared, so a zero between 1 and −1 hides "
              "that they disagree.", id="of-neighbours",
              hint="Ask whether all are ≥ 0, or all ≤ 0.",
              replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
              by="return np.mean((dW[:-1] * dW[1:] >= 0).all(axis=0))")
alternative("same_sign_share", id="by-extremes",
            replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
            by="return float((dW.min(axis=0) * dW.max(axis=0) >= 0).mean())")


@alternative("same_sign_share")
def same_sign_share_by_loop(dW):
    agree = 0
    for column in dW.T:
        agree += not ((column > 0).any() and (column < 0).any())
    return agree / dW.shape[1]


alternative("same_sign_share", id="by-absolute-sums",
            replace="return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))",
            by="return np.mean(np.isclose(np.abs(dW.sum(axis=0)), np.abs(dW).sum(axis=0), "
               "rtol=1e-12))")

# --- detour ---------------------------------------------------------------------------------------

misconception("detour", "That is the right picture, with centred inputs.", id="of-the-centred",
              hint="The left picture has the positive inputs.", source="detour = 1.2")
misconception("detour", "That is the ratio of the eigenvalues, not that of the lengths.",
              id="of-the-eigenvalues", hint="Read the title of the left picture.",
              source="detour = 7.0")
misconception("detour", "The path is much longer than the straight way.", id="none",
              hint="Read the title of the left picture.", source="detour = 1.0")
alternative("detour", id="rounded", source="detour = np.float32(2.5)")
