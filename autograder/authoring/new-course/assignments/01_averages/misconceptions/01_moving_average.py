import numpy as np

from autograder.lessons.variants import alternative, misconception

misconception(
    "moving_average", "The two weights have changed places.", id="weights-exchanged",
    hint="A large beta is a long memory: it multiplies what was there.",
    replace="m = beta * m + (1 - beta) * x", by="m = (1 - beta) * m + beta * x",
)  # fmt: skip
misconception(
    "moving_average", "The average begins at the first number.", id="begins-at-the-first-number",
    hint="m_0 is 0.",
    replace="averages, m = np.zeros(len(xs)), 0.0", by="averages, m = np.zeros(len(xs)), xs[0]",
)  # fmt: skip


@misconception("moving_average", "Only the last average is returned.", hint="Return all of them.")
def moving_average_the_last_one(xs, beta):
    m = 0.0
    for x in xs:
        m = beta * m + (1 - beta) * x
    return m


@alternative("moving_average")
def moving_average_by_weights(xs, beta):
    ages = np.arange(len(xs))[:, None] - np.arange(len(xs))
    return (np.where(ages >= 0, (1 - beta) * float(beta) ** np.maximum(ages, 0), 0) * xs).sum(1)
