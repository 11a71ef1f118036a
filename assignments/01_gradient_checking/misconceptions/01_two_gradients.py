"""Wrong and right answers to section 1, “Do two gradients agree?”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- relative_error -------------------------------------------------------------------------------

misconception("relative_error", "The difference is divided by the sum of the two, which halves "
              "large errors.", id="over-the-sum",
              hint="The denominator is the larger absolute value: np.maximum(abs(a), abs(n)).",
              replace="np.maximum(np.abs(a), np.abs(n))", by="np.abs(a) + np.abs(n)")
misconception("relative_error", "A small constant in the denominator makes every error between "
              "tiny gradients look harmless.", id="with-an-epsilon",
              hint="Divide by max(|a|, |n|) itself, and treat only 0/0 apart.",
              replace="larger = np.maximum(np.abs(a), np.abs(n))\n"
                      "return np.abs(a - n) / np.where(larger == 0, 1.0, larger)",
              by="return np.abs(a - n) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(n)))")
misconception("relative_error", "Only the analytic gradient stands in the denominator.",
              id="over-the-analytic",
              hint="Take the larger of |a| and |n|, so that the error is the same with a and n "
                   "exchanged.",
              replace="larger = np.maximum(np.abs(a), np.abs(n))\n"
                      "return np.abs(a - n) / np.where(larger == 0, 1.0, larger)",
              by="return np.abs(a - n) / np.where(a == 0, 1.0, np.abs(a))")
misconception("relative_error", "All entries share the largest gradient of the whole array as "
              "their denominator.", id="with-one-denominator",
              hint="np.maximum compares entry by entry; np.max takes one number from the whole "
                   "array.",
              replace=("larger = np.maximum(np.abs(a), np.abs(n))",
                       "return np.abs(a - n) / np.where(larger == 0, 1.0, larger)"),
              by=("larger = max(np.max(np.abs(a)), np.max(np.abs(n)))",
                  "return np.abs(a - n) / (larger if larger > 0 else 1.0)"))
misconception("relative_error", "The function returns one number, the largest error, instead of "
              "one error for each entry.", id="as-one-number",
              hint="Return the array; whoever wants the largest error takes np.max of it.",
              replace="return np.abs(a - n) / np.where(larger == 0, 1.0, larger)",
              by="return np.max(np.abs(a - n) / np.where(larger == 0, 1.0, larger))")
misconception("relative_error", "Where both gradients are 0 the result is NaN, because 0 was "
              "divided by 0.", id="zero-by-zero",
              hint="Put 1 into the denominator where it would be 0; the numerator is 0 there "
                   "anyway.",
              replace="larger = np.maximum(np.abs(a), np.abs(n))\n"
                      "return np.abs(a - n) / np.where(larger == 0, 1.0, larger)",
              by='with np.errstate(invalid="ignore"):\n'
                 "    return np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))")
misconception("relative_error", "NaN is replaced by 0, so a gradient that is not a number passes "
              "as perfect agreement.", id="that-forgives-nan",
              hint="Treat 0/0 by looking at the denominator, not by cleaning NaN from the result.",
              replace="larger = np.maximum(np.abs(a), np.abs(n))\n"
                      "return np.abs(a - n) / np.where(larger == 0, 1.0, larger)",
              by='with np.errstate(invalid="ignore"):\n'
                 "    return np.nan_to_num(np.abs(a - n) / np.maximum(np.abs(a), np.abs(n)))")
misconception("relative_error", "The denominator is the larger number, not the larger absolute "
              "value, and can be negative.", id="without-absolute-values",
              hint="Take absolute values first: np.maximum(np.abs(a), np.abs(n)).",
              replace="np.maximum(np.abs(a), np.abs(n))", by="np.maximum(a, n)")
alternative("relative_error", id="by-division-where",
            replace="return np.abs(a - n) / np.where(larger == 0, 1.0, larger)",
            by="return np.divide(np.abs(a - n), larger, out=np.zeros_like(larger), where=larger != "
               "0)")


@alternative("relative_error")
def relative_error_adding_one_to_zeros(a, n):
    a, n = np.array(a, dtype=float), np.array(n, dtype=float)
    both_zero = (a == 0) & (n == 0)
    return np.abs(a - n) / (np.maximum(np.abs(a), np.abs(n)) + both_zero)
