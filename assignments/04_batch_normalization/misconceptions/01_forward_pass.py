"""Wrong and right answers to section 1, “The forward pass”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- batchnorm_forward ----------------------------------------------------------------------------

misconception("batchnorm_forward", "The batch is normalized by the unbiased variance, divided by N "
              "− 1.", id="unbiased", hint="Divide by N: x.var(axis=0), without ddof=1.", earns=2,
              replace="x.var(axis=0)", by="x.var(axis=0, ddof=1)")
misconception("batchnorm_forward", "Mean and variance are taken within each example: this is layer "
              "norm.", id="over-the-features",
              hint="One mean for each feature: average over axis 0.", earns=2,
              replace=("mean, var = x.mean(axis=0), x.var(axis=0)", "(1 - momentum) * mean",
                       "(1 - momentum) * var"),
              by=("mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)",
                  "(1 - momentum) * mean.mean()", "(1 - momentum) * var.mean()"))
misconception("batchnorm_forward", "One mean and one variance serve all features together.",
              id="over-everything", hint="Average over axis 0 only; the result has the shape (D,).",
              earns=2, replace="x.mean(axis=0), x.var(axis=0)", by="x.mean(), x.var()")
misconception("batchnorm_forward", "eps is added to the standard deviation, outside the root.",
              id="eps-outside", hint="np.sqrt(var + eps).", earns=2,
              replace="x - mean, np.sqrt(var + eps)", by="x - mean, np.sqrt(var) + eps")
misconception("batchnorm_forward", "eps is left out, so a feature that is nearly constant is blown "
              "up.", id="without-eps", hint="np.sqrt(var + eps).", earns=2,
              replace="np.sqrt(var + eps)", by="np.sqrt(var + 1e-300)")
misconception("batchnorm_forward", "momentum is used as the share of the new batch, which is the "
              "convention of PyTorch.", id="momentum-of-torch",
              hint="Here running = momentum · running + (1 − momentum) · batch.", earns=4,
              replace=("running_mean[:] = momentum * running_mean + (1 - momentum) * mean",
                       "running_var[:] = momentum * running_var + (1 - momentum) * var"),
              by=("running_mean[:] = (1 - momentum) * running_mean + momentum * mean",
                  "running_var[:] = (1 - momentum) * running_var + momentum * var"))
misconception("batchnorm_forward", "Test mode normalizes by the statistics of the test batch.",
              id="tests-by-the-batch", hint="In test mode use running_mean and running_var.",
              earns=4, replace="running_mean, running_var", by="x.mean(axis=0), x.var(axis=0)")
misconception("batchnorm_forward", "The running statistics go on changing in test mode.",
              id="updates-in-test-mode", hint="Update them in train mode only.", earns=4,
              replace="mean, var = running_mean, running_var",
              by="mean, var = running_mean.copy(), running_var.copy()\n"
                 "running_mean[:] = momentum * running_mean + (1 - momentum) * x.mean(axis=0)\n"
                 "running_var[:] = momentum * running_var + (1 - momentum) * x.var(axis=0)")
misconception("batchnorm_forward", "`running_mean = …` gives the name to a new array; the one in "
              "bn_param never changes.", id="rebinds-the-names",
              hint="Change the array in place: running_mean[:] = … or running_mean *= ….", earns=4,
              replace=("running_mean[:]", "running_var[:]"), by=("running_mean", "running_var"))
misconception("batchnorm_forward", "New arrays are stored in bn_param; who holds the old ones, or "
              "a copy of the dictionary, never sees the update.", id="rebinds-in-the-dictionary",
              hint="Change the given arrays in place: running_mean[:] = ….", earns=4,
              replace=("running_mean[:]", "running_var[:]"),
              by=('bn_param["running_mean"]', 'bn_param["running_var"]'))
misconception("batchnorm_forward", "In train mode, too, the running statistics are used to "
              "normalize.", id="trains-by-the-running-statistics",
              hint="Train mode normalizes by the batch; the running ones are only kept up to date.",
              earns=4,
              replace="centred, std = x - mean, np.sqrt(var + eps)",
              by="mean, var = running_mean, running_var\n"
                 "centred, std = x - mean, np.sqrt(var + eps)")
misconception("batchnorm_forward", "The running average takes in the standard deviation in place "
              "of the variance.", id="averages-the-deviation",
              hint="running_var takes in the variance; the root is drawn when it is used.", earns=4,
              replace="(1 - momentum) * var", by="(1 - momentum) * np.sqrt(var + eps)")
misconception("batchnorm_forward", "The running average takes in the unbiased variance, as in "
              "PyTorch; here the variance is divided by N.", id="running-unbiased",
              hint="Use the same variance for both: x.var(axis=0).", earns=4,
              replace="(1 - momentum) * var", by="(1 - momentum) * x.var(axis=0, ddof=1)")
misconception("batchnorm_forward", "In test mode the scale and the shift are left out.",
              id="forgets-gamma-in-test-mode", hint="out = gamma · xhat + beta, in both modes.",
              earns=4,
              replace="xhat = centred / std",
              by="xhat = centred / std\n"
                 'gamma, beta = (gamma, beta) if bn_param["mode"] == "train" else (1.0, 0.0)')
misconception("batchnorm_forward", "The variance is computed as the mean of the squares less the "
              "square of the mean, which loses all digits when the mean is large.",
              id="squares-first", hint="Subtract the mean first: ((x − mean)²).mean(axis=0).",
              earns=4, replace="x.var(axis=0)", by="(x**2).mean(axis=0) - x.mean(axis=0) ** 2")
misconception("batchnorm_forward", "The deviation from the mean is divided by the variance; the "
              "root is missing.", id="divides-by-the-variance",
              hint="Divide by np.sqrt(var + eps).", earns=2,
              replace="x - mean, np.sqrt(var + eps)", by="x - mean, var + eps")
misconception("batchnorm_forward", "A mode that is spelled wrongly passes silently as test mode.",
              id="any-other-mode-is-test", hint="Raise ValueError for anything but train and test.",
              earns=4,
              replace='elif bn_param["mode"] == "test":', by='elif bn_param["mode"] != "train":')
alternative("batchnorm_forward", id="with-in-place-operators",
            replace="running_mean[:] = momentum * running_mean + (1 - momentum) * mean\n"
                    "running_var[:] = momentum * running_var + (1 - momentum) * var",
            by="running_mean *= momentum\n"
               "running_mean += (1 - momentum) * mean\n"
               "running_var -= (1 - momentum) * (running_var - var)")
alternative("batchnorm_forward", id="by-hand",
            replace=("mean, var = x.mean(axis=0), x.var(axis=0)", "x - mean, np.sqrt(var + eps)"),
            by=("mean, var = x.sum(axis=0) / len(x), ((x - x.sum(axis=0) / len(x)) ** "
                "2).sum(axis=0) / len(x)", "x - mean, (var + eps) ** 0.5"))


@alternative("batchnorm_forward")
def batchnorm_forward_feature_by_feature(x, gamma, beta, bn_param):
    mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    if mode not in ("train", "test"):
        raise ValueError(mode)
    D = x.shape[1]
    bn_param.setdefault("running_mean", np.zeros(D))
    bn_param.setdefault("running_var", np.ones(D))
    out, centred, std = np.zeros(x.shape), np.zeros(x.shape), np.zeros(D)
    for d in range(D):
        mean, var = bn_param["running_mean"][d], bn_param["running_var"][d]
        if mode == "train":
            mean, var = np.mean(x[:, d]), np.var(x[:, d])
            bn_param["running_mean"][d] = (momentum * bn_param["running_mean"][d]
                                           + (1 - momentum) * mean)
            bn_param["running_var"][d] = (momentum * bn_param["running_var"][d]
                                          + (1 - momentum) * var)
        centred[:, d], std[d] = x[:, d] - mean, np.sqrt(var + eps)
        out[:, d] = gamma[d] * centred[:, d] / std[d] + beta[d]
    return out, (centred, std, centred / std, gamma)


alternative("batchnorm_forward", id="in-float32",
            replace='if bn_param["mode"] == "train":',
            by="x = x.astype(np.float32)\n"
               'if bn_param["mode"] == "train":')

# --- torch_momentum -------------------------------------------------------------------------------

misconception("torch_momentum", "0.9 is the share that we keep; PyTorch asks for the share of the "
              "new batch.", id="the-same", hint="1 − 0.9.", source="torch_momentum = 0.9")
misconception("torch_momentum", "A share of a running average lies between 0 and 1.", id="inverse",
              hint="The two shares add up to 1.", source="torch_momentum = 1 / 0.9")
alternative("torch_momentum", id="computed", source="torch_momentum = 1 - 0.9")

# --- warm_up_steps --------------------------------------------------------------------------------

misconception("warm_up_steps", "After 1/(1 − 0.9) = 10 steps a third of the start is still there.",
              id="one-time-constant", hint="Solve 0.9 to the power of t = 0.01.",
              source="warm_up_steps = 10")
misconception("warm_up_steps", "This is the number for PyTorch's momentum 0.9, which keeps a "
              "tenth.", id="of-torch", hint="Here 0.9 is kept in each step.",
              source="warm_up_steps = 2")
misconception("warm_up_steps", "The distance shrinks by a factor in each step, not by an equal "
              "amount.", id="linear", hint="Solve 0.9 to the power of t = 0.01.",
              source="warm_up_steps = 100")
alternative("warm_up_steps", id="exact", source="warm_up_steps = np.log(0.01) / np.log(0.9)")

# --- shrink ---------------------------------------------------------------------------------------

misconception("shrink", "That would be the factor of a linear network, √(100 · 0.05²); ReLU throws "
              "half of the signal away.", id="without-relu",
              hint="Read the picture: σ of a layer over σ of the layer before.",
              source="shrink = 0.5")
misconception("shrink", "This is the factor of the variance; the picture shows standard "
              "deviations.", id="squared", hint="Draw the root.", source="shrink = 0.125")
misconception("shrink", "That is the right panel; the left one is meant.", id="not-at-all",
              hint="σ falls from layer to layer on the left.", source="shrink = 1.0")
alternative("shrink", id="from-the-picture", source="shrink = (7e-5 / 0.5) ** (1 / 9)")

# --- identity_params ------------------------------------------------------------------------------

misconception("identity_params", "γ is the variance; the layer divides by its root.", id="variance",
              hint="γ = √(σ² + eps).",
              replace="np.sqrt(x.var(axis=0) + eps)", by="x.var(axis=0) + eps")
misconception("identity_params", "γ is σ without eps: the layer divides by a little more than "
              "that.", id="without-eps", hint="γ = √(σ² + eps).",
              replace="np.sqrt(x.var(axis=0) + eps)", by="x.std(axis=0)")
misconception("identity_params", "γ is the unbiased standard deviation; the layer divides by the "
              "biased one.", id="unbiased", hint="Divide the squares by N.",
              replace="np.sqrt(x.var(axis=0) + eps)", by="np.sqrt(x.var(axis=0, ddof=1) + eps)")
misconception("identity_params", "γ divides once more, in place of undoing the division.",
              id="inverse", hint="xhat · γ must be x − µ: γ is what the layer divided by.",
              replace="np.sqrt(x.var(axis=0) + eps)", by="1 / np.sqrt(x.var(axis=0) + eps)")
misconception("identity_params", "β has the wrong sign: the layer has taken the mean off, β gives "
              "it back.", id="minus-the-mean", hint="β = µ.",
              replace="x.mean(axis=0)", by="-x.mean(axis=0)")
misconception("identity_params", "Mean and deviation are those of the examples, not of the "
              "features.", id="of-the-examples", hint="Average over axis 0.",
              replace="gamma, beta = np.sqrt(x.var(axis=0) + eps), x.mean(axis=0)",
              by="gamma, beta = np.sqrt(x.var(axis=1) + eps), x.mean(axis=1)")
alternative("identity_params", id="by-hand",
            replace="gamma, beta = np.sqrt(x.var(axis=0) + eps), x.mean(axis=0)",
            by="gamma, beta = (np.mean((x - x.mean(axis=0)) ** 2, axis=0) + eps) ** 0.5, "
               "x.mean(axis=0)")
alternative("identity_params", id="in-float32",
            replace="gamma, beta = np.sqrt(x.var(axis=0) + eps), x.mean(axis=0)",
            by="gamma, beta = np.sqrt(x.astype(np.float32).var(axis=0) + np.float32(eps)), "
               "x.mean(axis=0)")


@alternative("identity_params")
def identity_params_in_lists(x, eps=1e-5):
    gamma = [float(np.sqrt(np.var(column) + eps)) for column in x.T]
    return np.array(gamma), np.array([float(np.mean(column)) for column in x.T])
