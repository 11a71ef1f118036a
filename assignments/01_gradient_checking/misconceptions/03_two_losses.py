"""Wrong and right answers to section 3, “Two losses worth checking”."""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.lessons.variants import alternative, misconception

# --- softmax_loss ---------------------------------------------------------------------------------

misconception("softmax_loss", "exp of a large score overflows, and the loss becomes NaN.",
              id="that-overflows", hint="Subtract the largest score of each row first.",
              replace="shifted = scores - np.max(scores, axis=1, keepdims=True)",
              by="shifted = scores")
misconception("softmax_loss", "The largest score of the whole batch is subtracted: rows far below "
              "it vanish altogether.", id="with-one-maximum",
              hint="np.max(scores, axis=1, keepdims=True): every example has its own maximum.",
              replace="np.max(scores, axis=1, keepdims=True)", by="np.max(scores)")
misconception("softmax_loss", "log(p + 1e-12) caps the loss at 27.6, however wrong the scores are.",
              id="with-a-cap", hint="Compute log p directly: shifted - log(sum(exp(shifted))).",
              replace="-np.mean(log_p[rows, y])",
              by="-np.mean(np.log(np.exp(log_p[rows, y]) + 1e-12))")
misconception("softmax_loss", "The loss is a mean over the examples, but its gradient was not "
              "divided by N.", id="with-a-gradient-of-the-sum", hint="dscores / N.",
              replace="dscores / len(y)", by="dscores")
misconception("softmax_loss", "The loss is summed over the batch, so it grows with the number of "
              "examples.", id="summed",
              hint="The mean over the examples: np.mean, and dscores / N.",
              replace="-np.mean(log_p[rows, y]), dscores / len(y)",
              by="-np.sum(log_p[rows, y]), dscores")
misconception("softmax_loss", "The maximum was subtracted in place, which changes the caller's "
              "scores.", id="in-place",
              hint="shifted = scores - maximum makes a new array; scores -= maximum doesn't.",
              replace="shifted = scores - np.max(scores, axis=1, keepdims=True)",
              by="scores -= np.max(scores, axis=1, keepdims=True)\n"
                 "shifted = scores")
misconception("softmax_loss", "The probabilities are normalized over the batch: each column sums "
              "to 1, not each row.", id="over-the-batch", hint="axis=1 is the axis of the classes.",
              replace=("np.max(scores, axis=1, keepdims=True)",
                       "np.sum(np.exp(shifted), axis=1, keepdims=True)"),
              by=("np.max(scores, axis=0, keepdims=True)",
                  "np.sum(np.exp(shifted), axis=0, keepdims=True)"))
misconception("softmax_loss", "The gradient is the probabilities alone; the right class lacks its "
              "-1.", id="without-the-right-class", hint="dscores[np.arange(N), y] -= 1.",
              replace="dscores[rows, y] -= 1", by="")


@alternative("softmax_loss")
def softmax_loss_with_one_hot_labels(scores, y):
    N, C = scores.shape
    right = np.eye(C)[y]
    top = scores.max(axis=1)
    log_sum = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    log_p = scores - log_sum[:, None]
    return -(right * log_p).sum() / N, (np.exp(log_p) - right) / N


@alternative("softmax_loss")
def softmax_loss_by_autograd(scores, y):
    s = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    loss = F.cross_entropy(s, torch.as_tensor(y))
    loss.backward()
    return loss.item(), s.grad.numpy()


@alternative("softmax_loss")
def softmax_loss_one_example_at_a_time(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, (s, right) in enumerate(zip(scores, y)):
        s = s - s.max()
        e = np.exp(s)
        loss += (np.log(e.sum()) - s[right]) / len(y)
        dscores[n] = e / e.sum() / len(y)
        dscores[n, right] -= 1 / len(y)
    return loss, dscores


# --- svm_loss -------------------------------------------------------------------------------------

misconception("svm_loss", "The right class is counted too, with its own margin of 1: the loss is 1 "
              "too large.", id="counting-the-right-class",
              hint="Set margins[np.arange(N), y] = 0 before you sum.",
              replace=("margins[rows, y] = 0", "dscores[rows, y] = -np.sum(dscores, axis=1)"),
              by=("", "dscores[rows, y] -= np.sum(dscores, axis=1)"))
misconception("svm_loss", "The right score is pushed once, not once for each violated margin.",
              id="with-one-push",
              hint="Its gradient is minus the number of violated margins in its row.",
              replace="-np.sum(dscores, axis=1)",
              by="np.where(np.any(margins > 0, axis=1), -1.0, 0.0)")
misconception("svm_loss", "A margin that is met exactly still gets a gradient.",
              id="that-is-not-strict", hint="Use a strict inequality: s_j - s_y + 1 > 0.",
              replace=("margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)",
                       "dscores = (margins > 0).astype(float)"),
              by=("raw = scores - scores[rows, y][:, None] + 1\n"
                  "margins = np.maximum(0, raw)",
                  "dscores = (raw >= 0).astype(float)\n"
                  "dscores[rows, y] = 0"))
misconception("svm_loss", "The loss is divided by the number of classes as well, as PyTorch's "
              "multi_margin_loss does.", id="averaged-over-classes",
              hint="Sum over the classes, mean over the examples: np.sum(margins) / N.",
              replace="np.sum(margins) / len(y), dscores / len(y)",
              by="np.mean(margins), dscores / dscores.size")


@misconception("svm_loss", "Only the worst class is charged: that is the loss of Crammer and "
               "Singer.", hint="Weston and Watkins sum over all classes that violate their margin.")
def svm_loss_of_the_worst_class(scores, y):
    N = len(y)
    rows = np.arange(N)
    margins = scores - scores[rows, y][:, None] + 1
    margins[rows, y] = 0
    worst = margins.argmax(axis=1)
    dscores = np.zeros(scores.shape)
    violated = margins[rows, worst] > 0
    dscores[rows, worst] += violated
    dscores[rows, y] -= violated
    return np.maximum(0, margins).max(axis=1).mean(), dscores / N


misconception("svm_loss", "The loss is a mean over the examples, but its gradient was not divided "
              "by N.", id="with-a-gradient-of-the-sum", hint="dscores / N.",
              replace="dscores / len(y)", by="dscores")
misconception("svm_loss", "The margins are squared: that is the squared hinge loss.", id="squared",
              hint="Sum max(0, s_j - s_y + 1) as it is.",
              replace=("dscores = (margins > 0).astype(float)", "np.sum(margins) / len(y)"),
              by=("dscores = 2 * margins", "(margins**2).sum() / len(y)"))


@alternative("svm_loss")
def svm_loss_one_example_at_a_time(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, right in enumerate(y):
        for j in range(scores.shape[1]):
            margin = scores[n, j] - scores[n, right] + 1
            if j != right and margin > 0:
                loss += margin
                dscores[n, j] += 1
                dscores[n, right] -= 1
    return loss / len(y), dscores / len(y)


@alternative("svm_loss")
def svm_loss_with_a_mask(scores, y):
    N, C = scores.shape
    wrong = np.arange(C) != np.asarray(y)[:, None]
    margins = wrong * np.clip(1 + scores - np.take_along_axis(scores, y[:, None], 1), 0, None)
    violated = 1.0 * (margins > 0)
    return margins.sum(axis=1).mean(), (violated - ~wrong * violated.sum(axis=1)[:, None]) / N
