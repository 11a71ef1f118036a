"""Wrong and right answers to section 7, “Many networks, one answer”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- ensemble_predict -----------------------------------------------------------------------------

misconception("ensemble_predict", "The scores are averaged, not the probabilities.",
              id="averages-scores", hint="First the softmax, then the mean.",
              replace="odds = np.exp(scores - scores.max(axis=2, keepdims=True))\n"
                      "return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)",
              by="mean = scores.mean(axis=0)\n"
                 "odds = np.exp(mean - mean.max(axis=1, keepdims=True))\n"
                 "return odds / odds.sum(axis=1, keepdims=True)")
misconception("ensemble_predict", "The softmax runs over the networks, not over the classes.",
              id="wrong-axis", hint="axis=2.",
              replace=("odds = np.exp(scores - scores.max(axis=2, keepdims=True))",
                       "odds.sum(axis=2, keepdims=True)"),
              by=("odds = np.exp(scores - scores.max(axis=0, keepdims=True))",
                  "odds.sum(axis=0, keepdims=True)"))
misconception("ensemble_predict", "np.exp of large scores is infinite, and the quotient NaN.",
              id="overflows", hint="Subtract the largest score of each example first.",
              replace="odds = np.exp(scores - scores.max(axis=2, keepdims=True))\n"
                      "return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)",
              by='with np.errstate(all="ignore"):\n'
                 "    odds = np.exp(scores)\n"
                 "    return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)")
misconception("ensemble_predict", "Each network casts one vote: how sure it is gets lost.",
              id="votes", hint="Average the probabilities.",
              replace="odds = np.exp(scores - scores.max(axis=2, keepdims=True))\n"
                      "return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)",
              by="return np.eye(scores.shape[2])[scores.argmax(axis=2)].mean(axis=0)")
misconception("ensemble_predict", "The largest of all scores is subtracted: those of other "
              "networks become zero.", id="one-maximum",
              hint="Subtract the largest score of each example of each network: axis=2.",
              replace="odds = np.exp(scores - scores.max(axis=2, keepdims=True))\n"
                      "return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)",
              by='with np.errstate(all="ignore"):\n'
                 "    odds = np.exp(scores - scores.max())\n"
                 "    return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)")
misconception("ensemble_predict", "The probabilities are added up, not averaged.", id="sums",
              hint="Divide by the number of networks.",
              replace="return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)",
              by="return (odds / odds.sum(axis=2, keepdims=True)).sum(axis=0)")


@alternative("ensemble_predict")
def ensemble_predict_in_a_loop(scores):
    total = 0.0
    for one in scores:
        odds = np.exp(one - one.max(axis=1, keepdims=True))
        total = total + odds / odds.sum(axis=1, keepdims=True)
    return total / len(scores)


alternative("ensemble_predict", id="by-torch",
            replace="odds = np.exp(scores - scores.max(axis=2, keepdims=True))\n"
                    "return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)",
            by="return torch.softmax(torch.as_tensor(scores), dim=-1).mean(dim=0).numpy()")

# --- ema_step -------------------------------------------------------------------------------------

misconception("ema_step", "The average starts at zero and is not corrected for it: too small at "
              "first.", id="without-correction", hint="Divide by 1 − β^t.",
              replace=("sums, t = state or ({name: 0.0 for name in weights}, 0)",
                       "return {name: value / (1 - decay ** (t + 1)) for name, value in "
                       "sums.items()}, (sums, t + 1)"),
              by=("sums = state or {name: 0.0 for name in weights}",
                  "return {name: value.copy() for name, value in sums.items()}, sums"))


@misconception("ema_step", "The average starts at the first weights, which then keep a share of "
               "β^(t−1).", hint="Start at zero and divide by 1 − β^t.")
def ema_step_from_the_first(weights, state=None, decay=0.9):
    sums = {name: w.copy() if state is None else decay * state[name] + (1 - decay) * w
            for name, w in weights.items()}
    return {name: value.copy() for name, value in sums.items()}, sums


misconception("ema_step", "β and 1 − β have changed places: the newest weights get the share β.",
              id="swapped", hint="β keeps, 1 − β takes in.",
              replace=("decay * sums[name] + (1 - decay)", "1 - decay ** (t + 1)"),
              by=("(1 - decay) * sums[name] + decay", "1 - (1 - decay) ** (t + 1)"))
misconception("ema_step", "The corrected average is kept as the state, so it is corrected again "
              "and again.", id="corrects-the-state",
              hint="Keep the uncorrected average; correct a copy.",
              replace=("sums = {name: decay * sums[name] + (1 - decay) * w for name, w in "
                       "weights.items()}", "value / (1 - decay ** (t + 1))"),
              by=("sums = {name: (decay * sums[name] + (1 - decay) * w) / (1 - decay ** (t + 1)) "
                  "for name, w in weights.items()}", "value.copy()"))
misconception("ema_step", "This is the plain mean of all steps: it never forgets.", id="plain-mean",
              hint="β a + (1 − β) w.",
              replace=("decay * sums[name] + (1 - decay) * w", "value / (1 - decay ** (t + 1))"),
              by=("sums[name] + w", "value / (t + 1)"))
misconception("ema_step", "t counts from 0: the first correction is by 1 − β⁰ = 0.",
              id="counts-from-zero", hint="After the first step t is 1.",
              replace="value / (1 - decay ** (t + 1))", by="value / max(1 - decay**t, 1e-8)")


@misconception("ema_step", "The first average is the very arrays that the training goes on "
               "changing.", hint="Keep copies.")
def ema_step_keeps_references(weights, state=None, decay=0.9):
    if state is None:
        return dict(weights), (dict(weights), 1 - decay, 1)
    last, _, t = state
    old = 1 - decay**t
    new = 1 - decay ** (t + 1)
    average = {name: (decay * old * last[name] + (1 - decay) * w) / new
               for name, w in weights.items()}
    return average, (average, new, t + 1)


@alternative("ema_step")
def ema_step_with_a_history(weights, state=None, decay=0.9):
    history = [*(state or []), {name: w.copy() for name, w in weights.items()}]
    shares = decay ** np.arange(len(history))[::-1]
    average = {name: sum(s * past[name] for s, past in zip(shares, history)) / shares.sum()
               for name in weights}
    return average, history


@alternative("ema_step")
def ema_step_with_a_changing_rate(weights, state=None, decay=0.9):
    average, t = ({}, 0) if state is None else state
    rate = (1 - decay) / (1 - decay ** (t + 1))
    new = {name: w.copy() if t == 0 else average[name] + rate * (w - average[name])
           for name, w in weights.items()}
    return {name: value.copy() for name, value in new.items()}, (new, t + 1)
