"""Wrong and right answers to section 6, “Maxout”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- maxout ---------------------------------------------------------------------------------------

misconception("maxout", "The maximum goes over the units, not over the pieces of each unit.",
              id="over-units", hint="axis=2.",
              replace="return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)",
              by="return x.max(axis=1), (x.shape, x.argmax(axis=1)[..., None])")
misconception("maxout", "The largest absolute value wins; it should be the largest value.",
              id="by-absolute-value", hint="x.argmax(axis=2).",
              replace="x.argmax(axis=2)[..., None]", by="np.abs(x).argmax(axis=2)[..., None]")
misconception("maxout", "The result is cut off at 0; maxout has no such floor.", id="with-a-floor",
              hint="The largest piece, also if all are negative.", earns=2,
              replace="winner = x.argmax(axis=2)[..., None]\n"
                      "return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)",
              by="return np.maximum(x.max(axis=2), 0), (x.shape, x.argmax(axis=2)[..., None])")
misconception("maxout", "The unit axis is kept with length 1: the output should be (N, D).",
              id="keeps-the-axis", hint="x.max(axis=2).", earns=2,
              replace="winner = x.argmax(axis=2)[..., None]\n"
                      "return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)",
              by="return x.max(axis=2, keepdims=True), (x.shape, x.argmax(axis=2)[..., None])")
misconception("maxout", "Where pieces tie, the last one gets the gradient; the first should.",
              id="last-of-equals", hint="argmax finds the first.", earns=1,
              replace=("winner = x.argmax(axis=2)[..., None]",
                       "return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)"),
              by=("last = x.shape[2] - 1 - x[..., ::-1].argmax(axis=2)",
                  "return x.max(axis=2), (x.shape, last[..., None])"))
misconception("maxout", "Where pieces tie, all of them get the whole gradient: it is paid out "
              "twice.", id="pays-twice",
              hint="Use argmax, which names one piece; x == out names all of the largest.", earns=1,
              source="    out = x.max(axis=2)\n"
                     "    return out, x == out[..., None]\n"
                     "\n"
                     "\n"
                     "def maxout_backward(dout, cache):\n"
                     "    return cache * dout[..., None]\n")
misconception("maxout", "Where pieces tie, the gradient is shared between them; here the first "
              "gets all.", id="shares", hint="argmax names the first.", earns=1,
              source="    out = x.max(axis=2)\n"
                     "    winners = x == out[..., None]\n"
                     "    return out, winners / winners.sum(axis=2, keepdims=True)\n"
                     "\n"
                     "\n"
                     "def maxout_backward(dout, cache):\n"
                     "    return cache * dout[..., None]\n")
misconception("maxout", "All pieces get the gradient, the losers, too.", id="backward-to-all",
              hint="Only the winner acted on the output.", earns=1,
              replace="np.put_along_axis(dx, winner, dout[..., None], axis=2)\n"
                      "return dx", by="return np.broadcast_to(dout[..., None], shape).copy()")
misconception("maxout", "The winner gets 1; it should get its dout.", id="backward-ones",
              hint="Put dout there.", earns=1,
              replace="dx = np.zeros(shape)\n"
                      "np.put_along_axis(dx, winner, dout[..., None], axis=2)\n"
                      "return dx", by="return (np.arange(shape[2]) == winner).astype(float)")
alternative("maxout", id="backward-by-mask",
            replace="dx = np.zeros(shape)\n"
                    "np.put_along_axis(dx, winner, dout[..., None], axis=2)\n"
                    "return dx",
            by="return np.where(np.arange(shape[2]) == winner, dout[..., None], 0.0)")


@alternative("maxout", replaces="maxout_backward")
def maxout_backward_by_loops(dout, cache):
    shape, winner = cache
    dx = np.zeros(shape, dtype=np.float32)
    for n in range(shape[0]):
        for d in range(shape[1]):
            dx[n, d, winner[n, d, 0]] = dout[n, d]
    return dx


alternative("maxout", id="piece-by-piece",
            source="    out, winner = x[:, :, 0].copy(), np.zeros(x.shape[:2], dtype=int)\n"
                   "    for k in range(1, x.shape[2]):\n"
                   "        better = x[:, :, k] > out\n"
                   "        out[better], winner[better] = x[:, :, k][better], k\n"
                   "    return out, np.eye(x.shape[2])[winner]\n"
                   "\n"
                   "\n"
                   "def maxout_backward(dout, cache):\n"
                   '    return np.einsum("nd,ndk->ndk", dout, cache)\n')
