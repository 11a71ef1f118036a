"""Wrong and right answers to section 6, “Noise as a measure of doubt”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- mc_dropout -----------------------------------------------------------------------------------

misconception("mc_dropout", "The standard deviation divides by samples, not by samples − 1.",
              id="biased", hint="ddof=1.",
              replace="answers.std(axis=0, ddof=1)", by="answers.std(axis=0)")
misconception("mc_dropout", "The network is asked once and its answer repeated: no spread at all.",
              id="asks-once", hint="Call network(x) in every round.",
              replace="([network(x) for _ in range(samples)])", by="([network(x)] * samples)")
misconception("mc_dropout", "The spread is taken over the batch, not over the answers.",
              id="over-the-batch", hint="axis=0 of np.stack(answers).",
              replace="return answers.mean(axis=0), answers.std(axis=0, ddof=1)",
              by="return answers.mean(axis=1), answers.std(axis=1, ddof=1)")
misconception("mc_dropout", "This is the error of the mean, which falls with more samples; the "
              "spread doesn't.", id="standard-error", hint="Don't divide by √samples.",
              replace="std(axis=0, ddof=1)", by="std(axis=0, ddof=1) / np.sqrt(samples)")
misconception("mc_dropout", "This is the variance: the root is missing.", id="variance",
              hint="std, not var.",
              replace="answers.std(axis=0, ddof=1)", by="answers.var(axis=0, ddof=1)")


@alternative("mc_dropout")
def mc_dropout_by_sums(network, x, samples):
    answers = [network(x) for _ in range(samples)]
    mean = sum(answers) / samples
    return mean, np.sqrt(sum((answer - mean) ** 2 for answer in answers) / (samples - 1))


@alternative("mc_dropout")
def mc_dropout_running(network, x, samples):
    mean = np.array(network(x), dtype=float)
    squares = np.zeros_like(mean)
    for count in range(2, samples + 1):  # Welford
        answer = network(x)
        change = answer - mean
        mean = mean + change / count
        squares = squares + change * (answer - mean)
    return mean, (squares / (samples - 1)) ** 0.5


# --- spread_ratio ---------------------------------------------------------------------------------

misconception("spread_ratio", "The spread is wider without data, not narrower.", id="inverse",
              hint="The title says how many times.", source="spread_ratio = 0.13")
misconception("spread_ratio", "The band opens to both sides: the ratio is far from 1.", id="one",
              hint="Read the title.", source="spread_ratio = 1.0")
