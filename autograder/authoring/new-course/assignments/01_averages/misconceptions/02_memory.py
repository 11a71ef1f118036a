import numpy as np

from autograder.lessons.variants import alternative, misconception

misconception(
    "memory", "That is the sum of the weights' powers, not of the ages.", id="one-too-many",
    hint="The newest number has the age 0.",
    replace="return beta / (1 - beta)", by="return 1 / (1 - beta)",
)  # fmt: skip
misconception(
    "memory", "The weight 1 - beta is forgotten.", id="without-the-weight",
    hint="Each term has the factor 1 - beta.",
    replace="return beta / (1 - beta)", by="return beta / (1 - beta) ** 2",
)  # fmt: skip


@alternative("memory")
def memory_summed(beta):
    ages = np.arange(20_000)
    return np.sum(ages * (1 - beta) * beta**ages)
