"""Wrong and right answers to section 5, “Small batches: what breaks”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- batch_of_two ---------------------------------------------------------------------------------

misconception("batch_of_two", "Only the mean was taken off; the division by the standard deviation "
              "is missing.", id="deviations",
              hint="Half of the distance is the standard deviation.",
              source="outputs_of_3_and_7 = [-2, 2]\n"
                     "outputs_of_3_and_3000 = [-1498.5, 1498.5]")
misconception("batch_of_two", "This is the unbiased variance, divided by N − 1 = 1.", id="unbiased",
              hint="Divide by N = 2.",
              source="outputs_of_3_and_7 = [-0.707, 0.707]\n"
                     "outputs_of_3_and_3000 = [-0.707, 0.707]")
misconception("batch_of_two", "The standard deviation grows with the distance, too.", id="larger",
              hint="Compute mean and standard deviation of 3 and 3000.",
              source="outputs_of_3_and_7 = [-1, 1]\n"
                     "outputs_of_3_and_3000 = [-1000, 1000]")
alternative("batch_of_two", id="arrays",
            source="outputs_of_3_and_7 = np.array([-1, 1])\n"
                   "outputs_of_3_and_3000 = (np.array([3, 3000]) - 1501.5) / 1498.5")

# --- layernorm_forward ----------------------------------------------------------------------------

misconception("layernorm_forward", "Mean and variance are taken over the batch: this is batch "
              "norm.", id="over-the-batch",
              hint="One mean for each example: axis=1, keepdims=True.",
              replace=("x.var(axis=1, keepdims=True)", "x.mean(axis=1, keepdims=True)"),
              by=("x.var(axis=0, keepdims=True)", "x.mean(axis=0, keepdims=True)"))
misconception("layernorm_forward", "The variance is divided by D − 1.", id="unbiased",
              hint="x.var(axis=1, keepdims=True), without ddof=1.",
              replace="x.var(axis=1, keepdims=True)", by="x.var(axis=1, keepdims=True, ddof=1)")
misconception("layernorm_forward", "eps is added outside the root.", id="eps-outside",
              hint="np.sqrt(var + eps).",
              replace="std = np.sqrt(x.var(axis=1, keepdims=True) + eps)",
              by="std = np.sqrt(x.var(axis=1, keepdims=True)) + eps")
misconception("layernorm_forward", "The statistics have the shape (N,) and line up with the "
              "features instead of the examples; with N = D nobody complains.",
              id="transposed-back-to-front", hint="keepdims=True keeps them in a column (N, 1).",
              replace="std = np.sqrt(x.var(axis=1, keepdims=True) + eps)\n"
                      "xhat = (x - x.mean(axis=1, keepdims=True)) / std",
              by="flat = x.shape[0] != x.shape[1]\n"
                 "std = np.sqrt(x.var(axis=1, keepdims=flat) + eps)\n"
                 "xhat = (x - x.mean(axis=1, keepdims=flat)) / std")
misconception("layernorm_forward", "The eps of ln_param is ignored.", id="default-eps",
              hint='eps = ln_param.get("eps", 1e-5).',
              replace='eps = ln_param.get("eps", 1e-5)', by="eps = 1e-5")
misconception("layernorm_forward", "γ and β are applied by example, though they belong to "
              "features.", id="gamma-of-examples",
              hint="gamma * xhat + beta, with gamma of shape (D,).",
              replace="out, cache = gamma * xhat + beta, (xhat, std, gamma)",
              by="out, cache = (gamma[: len(x), None] * xhat + beta[: len(x), None] if len(gamma) "
                 ">= len(x) else gamma * xhat + beta), (xhat, std, gamma)")


@alternative("layernorm_forward")
def layernorm_forward_transposed(x, gamma, beta, ln_param):
    rows, eps = x.T, ln_param.get("eps", 1e-5)
    std = np.sqrt(rows.var(axis=0) + eps)
    xhat = ((rows - rows.mean(axis=0)) / std).T
    return xhat * gamma + beta, (xhat, std[:, None], gamma)


@alternative("layernorm_forward")
def layernorm_forward_row_by_row(x, gamma, beta, ln_param):
    eps, out, xhat, std = (ln_param.get("eps", 1e-5), np.zeros(x.shape), np.zeros(x.shape),
                           np.zeros((len(x), 1)))
    for n, row in enumerate(x):
        std[n] = (np.mean((row - row.mean()) ** 2) + eps) ** 0.5
        xhat[n] = (row - row.mean()) / std[n]
        out[n] = gamma * xhat[n] + beta
    return out, (xhat, std, gamma)


# --- layernorm_backward ---------------------------------------------------------------------------

misconception("layernorm_backward", "The means in dx are taken over the batch, as in batch norm.",
              id="over-the-batch",
              hint="The statistics are those of an example: means over axis 1.",
              replace=("along = (dxhat * xhat).mean(axis=1, keepdims=True)",
                       "dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std"),
              by=("along = (dxhat * xhat).mean(axis=0, keepdims=True)",
                  "dx = (dxhat - dxhat.mean(axis=0, keepdims=True) - xhat * along) / std"))
misconception("layernorm_backward", "γ waits outside the bracket, as in batch norm; but here the "
              "mean runs over features with different γ.", id="gamma-in-front",
              hint="Take the means of dxhat = dout · γ.",
              replace=("dxhat = dout * gamma",
                       "dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std"),
              by=("dxhat = dout",
                  "dx = gamma * (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std"))
misconception("layernorm_backward", "The gradients of γ and β are added up over the features.",
              id="dgamma-by-example", hint="They are shared by the examples: sum over axis 0.",
              replace="dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)",
              by="dbeta, dgamma = dout.sum(axis=1), (dout * xhat).sum(axis=1)")
misconception("layernorm_backward", "The mean of dxhat is not subtracted.", id="forgets-the-mean",
              hint="dxhat − mean − xhat · mean of dxhat·xhat.",
              replace="dxhat - dxhat.mean(axis=1, keepdims=True)", by="dxhat")
misconception("layernorm_backward", "The way through the variance is missing.",
              id="forgets-the-variance", hint="dxhat − mean − xhat · mean of dxhat·xhat.",
              replace="along = (dxhat * xhat).mean(axis=1, keepdims=True)\n"
                      "dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std",
              by="dx = (dxhat - dxhat.mean(axis=1, keepdims=True)) / std")
misconception("layernorm_backward", "The means over features are divided by the number of "
              "examples.", id="divides-by-the-examples",
              hint="Divide by D, the number of features.",
              replace=("along = (dxhat * xhat).mean(axis=1, keepdims=True)",
                       "dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std"),
              by=("along = (dxhat * xhat).sum(axis=1, keepdims=True) / len(dout)",
                  "dx = (dxhat - dxhat.sum(axis=1, keepdims=True) / len(dout) - xhat * along) / "
                  "std"))


@alternative("layernorm_backward")
def layernorm_backward_by_nodes(dout, cache):
    xhat, std, gamma = cache
    D, centred, dxhat = dout.shape[1], xhat * std, dout * gamma
    dvar = -(dxhat * centred).sum(axis=1, keepdims=True) / (2 * std**3)
    dcentred = dxhat / std + 2 * centred * dvar / D
    return (dcentred - dcentred.mean(axis=1, keepdims=True), (dout * xhat).sum(axis=0),
            dout.sum(axis=0))


@alternative("layernorm_backward")
def layernorm_backward_transposed(dout, cache):
    xhat, std, gamma = (part.T for part in cache)
    g, D = (dout * gamma).T, dout.shape[1]
    dx = (D * g - g.sum(0) - xhat * (g * xhat).sum(0)) / (D * std)
    return dx.T, (dout.T * xhat).sum(1), dout.sum(0)


# --- furthest_ahead -------------------------------------------------------------------------------

misconception("furthest_ahead", "Eight examples are few, but two are fewer.", id="eight",
              hint="The fewer examples, the poorer the statistics.", source="furthest_ahead = 8")
misconception("furthest_ahead", "With 64 examples the statistics of the batch are good.",
              id="large", hint="The fewer examples, the poorer the statistics.",
              source="furthest_ahead = 64")
alternative("furthest_ahead", id="numpy", source="furthest_ahead = np.int64(2)")

# --- lead_of_layernorm ----------------------------------------------------------------------------

misconception("lead_of_layernorm", "This is the lead as a share; percentage points are asked for.",
              id="share", hint="Subtract the two percentages.", source="lead_of_layernorm = 0.38")
misconception("lead_of_layernorm", "The sign is wrong: layer norm is ahead.", id="wrong-way",
              hint="Layer norm less batch norm.", source="lead_of_layernorm = -38")
misconception("lead_of_layernorm", "This is the difference at the right end, with 64 examples.",
              id="at-the-right", hint="Read the left end.", source="lead_of_layernorm = -1")
alternative("lead_of_layernorm", id="read", source="lead_of_layernorm = 75 - 40")
