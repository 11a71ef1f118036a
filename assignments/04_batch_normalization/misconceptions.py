"""Wrong answers to the tasks of this notebook that people give, and right ones in other words."""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.misconceptions import alternative, misconception

# --- batchnorm_forward ------------------------------------------------------------------------------


@misconception("batchnorm_forward", "The batch is normalized by the unbiased variance, divided by N − 1.",
               hint="Divide by N: x.var(axis=0), without ddof=1.", earns=2)
def batchnorm_forward_unbiased(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0, ddof=1)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "Mean and variance are taken within each example: this is layer norm.",
               hint="One mean for each feature: average over axis 0.", earns=2)
def batchnorm_forward_over_the_features(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean.mean()
        running_var[:] = momentum * running_var + (1 - momentum) * var.mean()
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "One mean and one variance serve all features together.",
               hint="Average over axis 0 only; the result has the shape (D,).", earns=2)
def batchnorm_forward_over_everything(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(), x.var()
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "eps is added to the standard deviation, outside the root.",
               hint="np.sqrt(var + eps).", earns=2)
def batchnorm_forward_eps_outside(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var) + eps
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "eps is left out, so a feature that is nearly constant is blown up.",
               hint="np.sqrt(var + eps).", earns=2)
def batchnorm_forward_without_eps(x, gamma, beta, bn_param):
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + 1e-300)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "momentum is used as the share of the new batch, which is the convention "
               "of PyTorch.",
               hint="Here running = momentum · running + (1 − momentum) · batch.", earns=4)
def batchnorm_forward_momentum_of_torch(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = (1 - momentum) * running_mean + momentum * mean
        running_var[:] = (1 - momentum) * running_var + momentum * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "Test mode normalizes by the statistics of the test batch.",
               hint="In test mode use running_mean and running_var.", earns=4)
def batchnorm_forward_tests_by_the_batch(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = x.mean(axis=0), x.var(axis=0)
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "The running statistics go on changing in test mode.",
               hint="Update them in train mode only.", earns=4)
def batchnorm_forward_updates_in_test_mode(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean.copy(), running_var.copy()
        running_mean[:] = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
        running_var[:] = momentum * running_var + (1 - momentum) * x.var(axis=0)
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "`running_mean = …` gives the name to a new array; the one in bn_param "
               "never changes.",
               hint="Change the array in place: running_mean[:] = … or running_mean *= ….", earns=4)
def batchnorm_forward_rebinds_the_names(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "New arrays are stored in bn_param; who holds the old ones, or a copy of "
               "the dictionary, never sees the update.",
               hint="Change the given arrays in place: running_mean[:] = ….", earns=4)
def batchnorm_forward_rebinds_in_the_dictionary(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "In train mode, too, the running statistics are used to normalize.",
               hint="Train mode normalizes by the batch; the running ones are only kept "
                    "up to date.", earns=4)
def batchnorm_forward_trains_by_the_running_statistics(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    mean, var = running_mean, running_var
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "The running average takes in the standard deviation in place of the "
               "variance.",
               hint="running_var takes in the variance; the root is drawn when it is "
                    "used.", earns=4)
def batchnorm_forward_averages_the_deviation(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * np.sqrt(var + eps)
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "The running average takes in the unbiased variance, as in PyTorch; here "
               "the variance is divided by N.",
               hint="Use the same variance for both: x.var(axis=0).", earns=4)
def batchnorm_forward_running_unbiased(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * x.var(axis=0, ddof=1)
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "In test mode the scale and the shift are left out.",
               hint="out = gamma · xhat + beta, in both modes.", earns=4)
def batchnorm_forward_forgets_gamma_in_test_mode(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    gamma, beta = (gamma, beta) if bn_param["mode"] == "train" else (1.0, 0.0)
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "The variance is computed as the mean of the squares less the square of "
               "the mean, which loses all digits when the mean is large.",
               hint="Subtract the mean first: ((x − mean)²).mean(axis=0).", earns=4)
def batchnorm_forward_squares_first(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), (x**2).mean(axis=0) - x.mean(axis=0) ** 2
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "The deviation from the mean is divided by the variance; the root is "
               "missing.",
               hint="Divide by np.sqrt(var + eps).", earns=2)
def batchnorm_forward_divides_by_the_variance(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, var + eps
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@misconception("batchnorm_forward", "A mode that is spelled wrongly passes silently as test mode.",
               hint="Raise ValueError for anything but train and test.", earns=4)
def batchnorm_forward_any_other_mode_is_test(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@alternative("batchnorm_forward")
def batchnorm_forward_with_in_place_operators(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean *= momentum
        running_mean += (1 - momentum) * mean
        running_var -= (1 - momentum) * (running_var - var)
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


@alternative("batchnorm_forward")
def batchnorm_forward_by_hand(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.sum(axis=0) / len(x), ((x - x.sum(axis=0) / len(x)) ** 2).sum(axis=0) / len(x)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, (var + eps) ** 0.5
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache


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
            bn_param["running_mean"][d] = momentum * bn_param["running_mean"][d] + (1 - momentum) * mean
            bn_param["running_var"][d] = momentum * bn_param["running_var"][d] + (1 - momentum) * var
        centred[:, d], std[d] = x[:, d] - mean, np.sqrt(var + eps)
        out[:, d] = gamma[d] * centred[:, d] / std[d] + beta[d]
    return out, (centred, std, centred / std, gamma)


@alternative("batchnorm_forward")
def batchnorm_forward_in_float32(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    x = x.astype(np.float32)
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    return out, cache

# --- small answers of section 1 ---------------------------------------------------------------------

misconception("torch_momentum", "0.9 is the share that we keep; PyTorch asks for the share of the new "
              "batch.",
              hint="1 − 0.9.",
              source='torch_momentum = 0.9', name="torch_momentum_the_same")

misconception("torch_momentum", "A share of a running average lies between 0 and 1.",
              hint="The two shares add up to 1.",
              source='torch_momentum = 1 / 0.9', name="torch_momentum_inverse")

alternative("torch_momentum", source='torch_momentum = 1 - 0.9', name="torch_momentum_computed")

misconception("warm_up_steps", "After 1/(1 − 0.9) = 10 steps a third of the start is still there.",
              hint="Solve 0.9 to the power of t = 0.01.",
              source='warm_up_steps = 10', name="warm_up_steps_one_time_constant")

misconception("warm_up_steps", "This is the number for PyTorch's momentum 0.9, which keeps a tenth.",
              hint="Here 0.9 is kept in each step.",
              source='warm_up_steps = 2', name="warm_up_steps_of_torch")

misconception("warm_up_steps", "The distance shrinks by a factor in each step, not by an equal amount.",
              hint="Solve 0.9 to the power of t = 0.01.",
              source='warm_up_steps = 100', name="warm_up_steps_linear")

alternative("warm_up_steps", source='warm_up_steps = np.log(0.01) / np.log(0.9)', name="warm_up_steps_exact")

misconception("shrink", "That would be the factor of a linear network, √(100 · 0.05²); ReLU throws "
              "half of the signal away.",
              hint="Read the picture: σ of a layer over σ of the layer before.",
              source='shrink = 0.5', name="shrink_without_relu")

misconception("shrink", "This is the factor of the variance; the picture shows standard deviations.",
              hint="Draw the root.",
              source='shrink = 0.125', name="shrink_squared")

misconception("shrink", "That is the right panel; the left one is meant.",
              hint="σ falls from layer to layer on the left.",
              source='shrink = 1.0', name="shrink_not_at_all")

alternative("shrink", source='shrink = (7e-5 / 0.5) ** (1 / 9)', name="shrink_from_the_picture")

# --- identity_params --------------------------------------------------------------------------------


@misconception("identity_params", "γ is the variance; the layer divides by its root.",
               hint="γ = √(σ² + eps).")
def identity_params_variance(x, eps=1e-5):
    gamma, beta = x.var(axis=0) + eps, x.mean(axis=0)
    return gamma, beta


@misconception("identity_params", "γ is σ without eps: the layer divides by a little more than that.",
               hint="γ = √(σ² + eps).")
def identity_params_without_eps(x, eps=1e-5):
    gamma, beta = x.std(axis=0), x.mean(axis=0)
    return gamma, beta


@misconception("identity_params", "γ is the unbiased standard deviation; the layer divides by the biased "
               "one.",
               hint="Divide the squares by N.")
def identity_params_unbiased(x, eps=1e-5):
    gamma, beta = np.sqrt(x.var(axis=0, ddof=1) + eps), x.mean(axis=0)
    return gamma, beta


@misconception("identity_params", "γ divides once more, in place of undoing the division.",
               hint="xhat · γ must be x − µ: γ is what the layer divided by.")
def identity_params_inverse(x, eps=1e-5):
    gamma, beta = 1 / np.sqrt(x.var(axis=0) + eps), x.mean(axis=0)
    return gamma, beta


@misconception("identity_params", "β has the wrong sign: the layer has taken the mean off, β gives it back.",
               hint="β = µ.")
def identity_params_minus_the_mean(x, eps=1e-5):
    gamma, beta = np.sqrt(x.var(axis=0) + eps), -x.mean(axis=0)
    return gamma, beta


@misconception("identity_params", "Mean and deviation are those of the examples, not of the features.",
               hint="Average over axis 0.")
def identity_params_of_the_examples(x, eps=1e-5):
    gamma, beta = np.sqrt(x.var(axis=1) + eps), x.mean(axis=1)
    return gamma, beta


@alternative("identity_params")
def identity_params_by_hand(x, eps=1e-5):
    gamma, beta = (np.mean((x - x.mean(axis=0)) ** 2, axis=0) + eps) ** 0.5, x.mean(axis=0)
    return gamma, beta


@alternative("identity_params")
def identity_params_in_float32(x, eps=1e-5):
    gamma, beta = np.sqrt(x.astype(np.float32).var(axis=0) + np.float32(eps)), x.mean(axis=0)
    return gamma, beta


@alternative("identity_params")
def identity_params_in_lists(x, eps=1e-5):
    gamma = [float(np.sqrt(np.var(column) + eps)) for column in x.T]
    return np.array(gamma), np.array([float(np.mean(column)) for column in x.T])

# --- backward ---------------------------------------------------------------------------------------

misconception("bias_gradient", "A shift of all examples of a feature is taken off again with the mean.",
              hint="Does the output change when b changes?",
              source='bias_gradient = 1.0', name="bias_gradient_one")

misconception("bias_gradient", "eps plays no part in it: the shift cancels exactly.",
              hint="x − mean(x) is the same for x + 7.",
              source='bias_gradient = 1e-5', name="bias_gradient_small")

alternative("bias_gradient", source='bias_gradient = 0', name="bias_gradient_integer")


@misconception("batchnorm_backward", "The way through the mean is missing: dx doesn't sum to 0.",
               hint="dmean = −dcentred.sum(axis=0); each x gets dmean / N.")
def batchnorm_backward_forgets_the_mean(dout, cache):
    centred, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dx = dcentred
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "The way through the variance is missing: the standard deviation was taken"
               " for a constant.",
               hint="centred has a second gradient, through std.")
def batchnorm_backward_forgets_the_variance(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dcentred = dxhat / std
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "Mean and variance are taken for constants, as in test mode.",
               hint="In train mode both are functions of x.")
def batchnorm_backward_constant_statistics(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dx = dxhat / std
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "The gradient for the mean is taken from the direct way only, before the "
               "ways are added, with the wrong sign.",
               hint="Each x gets dmean / N, and dmean = −dcentred.sum(axis=0).")
def batchnorm_backward_mean_of_the_variance_only(dout, cache):
    centred, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred - dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "The derivative of the square root lacks its factor ½.",
               hint="dvar = dstd / (2 · std).")
def batchnorm_backward_one_half_forgotten(dout, cache):
    centred, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / std
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "The variance's share is divided by N − 1, though the forward pass divides"
               " by N.",
               hint="2 · centred · dvar / N.")
def batchnorm_backward_divides_by_one_less(dout, cache):
    centred, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / (len(dout) - 1)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "dout is passed on without γ.",
               hint="dxhat = dout · γ.")
def batchnorm_backward_forgets_gamma(dout, cache):
    centred, std, xhat, _ = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "The gradients of γ and β are not added up over the batch; their mean is "
               "returned.",
               hint="γ and β are shared by N examples: their gradients are sums.")
def batchnorm_backward_dgamma_not_summed(dout, cache):
    centred, std, xhat, gamma = cache
    dbeta = dout.mean(axis=0)
    dgamma = (dout * xhat).mean(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "dgamma is taken with the centred input in place of the normalized one.",
               hint="dgamma = sum of dout · xhat.")
def batchnorm_backward_dgamma_of_the_centred(dout, cache):
    centred, std, _, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * centred).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward", "The gradients come back in another order.",
               hint="In the order of the inputs: dx, dgamma, dbeta.")
def batchnorm_backward_in_another_order(dout, cache):
    centred, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dbeta, dgamma


@alternative("batchnorm_backward")
def batchnorm_backward_by_the_jacobian(dout, cache):
    _, std, xhat, gamma = cache
    N, D = dout.shape
    dx = np.zeros((N, D))
    for d in range(D):
        jacobian = (np.eye(N) - 1 / N - np.outer(xhat[:, d], xhat[:, d]) / N) * gamma[d] / std[d]
        dx[:, d] = jacobian.T @ dout[:, d]
    return dx, (dout * xhat).sum(0), dout.sum(0)


@alternative("batchnorm_backward")
def batchnorm_backward_as_in_the_paper(dout, cache):
    centred, std, xhat, gamma = cache
    N = len(dout)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * centred * -0.5 * std**-3, axis=0)
    dmean = np.sum(-dxhat / std, axis=0) + dvar * np.mean(-2 * centred, axis=0)
    dx = dxhat / std + dvar * 2 * centred / N + dmean / N
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)


@alternative("batchnorm_backward")
def batchnorm_backward_in_float32(dout, cache):
    centred, std, xhat, gamma = (np.asarray(part, dtype=np.float32) for part in cache)
    dout = dout.astype(np.float32)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The brackets hold sums over the batch, not means.",
               hint="dbeta / N and dgamma / N.")
def batchnorm_backward_alt_sums_for_means(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The mean of dout is not subtracted.",
               hint="dout − dbeta / N − xhat · dgamma / N.")
def batchnorm_backward_alt_forgets_the_mean(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - xhat * (dgamma / len(dout)))
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The component along xhat is not subtracted.",
               hint="dout − dbeta / N − xhat · dgamma / N.")
def batchnorm_backward_alt_forgets_the_component_along_xhat(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - dbeta / len(dout))
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The component along xhat is added.",
               hint="Both means are subtracted.")
def batchnorm_backward_alt_adds_the_component(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - dbeta / len(dout) + xhat * (dgamma / len(dout)))
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The means are divided by N − 1.",
               hint="Divide by N, as in the forward pass.")
def batchnorm_backward_alt_divides_by_one_less(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - dbeta / (len(dout) - 1) - xhat * (dgamma / (len(dout) - 1)))
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The division by the standard deviation is missing.",
               hint="γ / std stands in front.")
def batchnorm_backward_alt_without_the_deviation(dout, cache):
    _, _, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "The bracket is divided by the variance.",
               hint="γ / std stands in front; std is the root.")
def batchnorm_backward_alt_with_the_variance(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std**2 * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))
    return dx, dgamma, dbeta


@misconception("batchnorm_backward_alt", "γ was multiplied into dout already, and stands in front once more.",
               hint="γ appears once in dx.")
def batchnorm_backward_alt_gamma_twice(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (gamma * dout - gamma * dbeta / len(dout) - xhat * (gamma * dgamma / len(dout)))
    return dx, dgamma, dbeta


@alternative("batchnorm_backward_alt")
def batchnorm_backward_alt_with_means(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - dout.mean(axis=0) - xhat * (dout * xhat).mean(axis=0))
    return dx, dgamma, dbeta


@alternative("batchnorm_backward_alt")
def batchnorm_backward_alt_over_one_fraction(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = (1.0 / len(dout)) * gamma * (1 / std) * (len(dout) * dout - dout.sum(axis=0) - xhat * np.sum(dout * xhat, axis=0))
    return dx, dgamma, dbeta


@alternative("batchnorm_backward_alt")
def batchnorm_backward_alt_by_einsum(dout, cache):
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = np.einsum("nd,nd->d", dout, xhat)
    dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))
    return dx, dgamma, dbeta

misconception("faster", "The graph computes more arrays of full size on its way.",
              hint="Count the operations on (N, D) arrays in both.",
              source='faster = "the graph"', name="faster_the_graph")

misconception("faster", "Equal results don't mean equal work.",
              hint="Count the operations on (N, D) arrays in both.",
              source='faster = "neither"', name="faster_neither")

alternative("faster", source="faster = 'the closed' + ' form'", name="faster_single_quotes")

# --- what it does for training ----------------------------------------------------------------------

misconception("gradient_factor", "This would be a network whose output grows with W.",
              hint="L(10 W) = L(W): differentiate both sides.",
              source='gradient_factor = 10.0', name="gradient_factor_ten")

misconception("gradient_factor", "The output is unchanged, but the gradient passes the division by a σ that "
              "is ten times as large.",
              hint="Look for 1/std in dx.",
              source='gradient_factor = 1.0', name="gradient_factor_one")

misconception("gradient_factor", "That is the size of the step relative to W; the gradient itself has one "
              "factor of 1/10.",
              hint="L(10 W) = L(W): differentiate both sides once.",
              source='gradient_factor = 0.01', name="gradient_factor_squared")

alternative("gradient_factor", source='gradient_factor = 1 / 10', name="gradient_factor_fraction")

misconception("loss_at_small_scale", "Nothing is learned: the gradients are products of tiny matrices.",
              hint="Ten equal probabilities.",
              source='loss_at_small_scale = "0"', name="loss_at_small_scale_zero")

misconception("loss_at_small_scale", "Too small a scale does not blow up; too large a one does.",
              hint="Ten equal probabilities.",
              source='loss_at_small_scale = "infinite"', name="loss_at_small_scale_infinite")

alternative("loss_at_small_scale", source="loss_at_small_scale = 'ln 10'", name="loss_at_small_scale_read")

misconception("largest_rate", "Batch norm brakes: large weights get small gradients.",
              hint="Compare the right ends of the two curves.",
              source='largest_rate = "smaller"', name="largest_rate_smaller")

misconception("largest_rate", "The curves end at different rates.",
              hint="Compare the right ends of the two curves.",
              source='largest_rate = "the same"', name="largest_rate_same")

alternative("largest_rate", source="largest_rate = 'larger'", name="largest_rate_read")

misconception("rate_ratio", "The two curves leave the region below 1.5 at different rates.",
              hint="Compare the rightmost points below 1.5.",
              source='rate_ratio = 1.0', name="rate_ratio_same")

misconception("rate_ratio", "The ratio is upside down.",
              hint="Divide the rate of batch norm by that of the plain network.",
              source='rate_ratio = 1 / 3.2', name="rate_ratio_upside_down")

misconception("rate_ratio", "That is the width of the axis, not the distance of the two points.",
              hint="Count the points between the two; each is a factor of 3.2.",
              source='rate_ratio = 10000.0', name="rate_ratio_of_the_axis")

alternative("rate_ratio", source='rate_ratio = 10 ** 0.5', name="rate_ratio_root_of_ten")

misconception("batch_of_two", "Only the mean was taken off; the division by the standard deviation is "
              "missing.",
              hint="Half of the distance is the standard deviation.",
              source='outputs_of_3_and_7 = [-2, 2]\noutputs_of_3_and_3000 = [-1498.5, 1498.5]', name="batch_of_two_deviations")

misconception("batch_of_two", "This is the unbiased variance, divided by N − 1 = 1.",
              hint="Divide by N = 2.",
              source='outputs_of_3_and_7 = [-0.707, 0.707]\noutputs_of_3_and_3000 = [-0.707, 0.707]', name="batch_of_two_unbiased")

misconception("batch_of_two", "The standard deviation grows with the distance, too.",
              hint="Compute mean and standard deviation of 3 and 3000.",
              source='outputs_of_3_and_7 = [-1, 1]\noutputs_of_3_and_3000 = [-1000, 1000]', name="batch_of_two_larger")

alternative("batch_of_two", source='outputs_of_3_and_7 = np.array([-1, 1])\noutputs_of_3_and_3000 = (np.array([3, 3000]) - 1501.5) / 1498.5', name="batch_of_two_arrays")

# --- layer norm -------------------------------------------------------------------------------------


@misconception("layernorm_forward", "Mean and variance are taken over the batch: this is batch norm.",
               hint="One mean for each example: axis=1, keepdims=True.")
def layernorm_forward_over_the_batch(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    std = np.sqrt(x.var(axis=0, keepdims=True) + eps)
    xhat = (x - x.mean(axis=0, keepdims=True)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    return out, cache


@misconception("layernorm_forward", "The variance is divided by D − 1.",
               hint="x.var(axis=1, keepdims=True), without ddof=1.")
def layernorm_forward_unbiased(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    std = np.sqrt(x.var(axis=1, keepdims=True, ddof=1) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    return out, cache


@misconception("layernorm_forward", "eps is added outside the root.",
               hint="np.sqrt(var + eps).")
def layernorm_forward_eps_outside(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    std = np.sqrt(x.var(axis=1, keepdims=True)) + eps
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    return out, cache


@misconception("layernorm_forward", "The statistics have the shape (N,) and line up with the features instead "
               "of the examples; with N = D nobody complains.",
               hint="keepdims=True keeps them in a column (N, 1).")
def layernorm_forward_transposed_back_to_front(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    flat = x.shape[0] != x.shape[1]
    std = np.sqrt(x.var(axis=1, keepdims=flat) + eps)
    xhat = (x - x.mean(axis=1, keepdims=flat)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    return out, cache


@misconception("layernorm_forward", "The eps of ln_param is ignored.",
               hint="eps = ln_param.get(\"eps\", 1e-5).")
def layernorm_forward_default_eps(x, gamma, beta, ln_param):
    eps = 1e-5
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    return out, cache


@misconception("layernorm_forward", "γ and β are applied by example, though they belong to features.",
               hint="gamma * xhat + beta, with gamma of shape (D,).")
def layernorm_forward_gamma_of_examples(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    out, cache = (gamma[: len(x), None] * xhat + beta[: len(x), None] if len(gamma) >= len(x) else gamma * xhat + beta), (xhat, std, gamma)
    return out, cache


@alternative("layernorm_forward")
def layernorm_forward_transposed(x, gamma, beta, ln_param):
    rows, eps = x.T, ln_param.get("eps", 1e-5)
    std = np.sqrt(rows.var(axis=0) + eps)
    xhat = ((rows - rows.mean(axis=0)) / std).T
    return xhat * gamma + beta, (xhat, std[:, None], gamma)


@alternative("layernorm_forward")
def layernorm_forward_row_by_row(x, gamma, beta, ln_param):
    eps, out, xhat, std = ln_param.get("eps", 1e-5), np.zeros(x.shape), np.zeros(x.shape), np.zeros((len(x), 1))
    for n, row in enumerate(x):
        std[n] = (np.mean((row - row.mean()) ** 2) + eps) ** 0.5
        xhat[n] = (row - row.mean()) / std[n]
        out[n] = gamma * xhat[n] + beta
    return out, (xhat, std, gamma)


@misconception("layernorm_backward", "The means in dx are taken over the batch, as in batch norm.",
               hint="The statistics are those of an example: means over axis 1.")
def layernorm_backward_over_the_batch(dout, cache):
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    along = (dxhat * xhat).mean(axis=0, keepdims=True)
    dx = (dxhat - dxhat.mean(axis=0, keepdims=True) - xhat * along) / std
    return dx, dgamma, dbeta


@misconception("layernorm_backward", "γ waits outside the bracket, as in batch norm; but here the mean runs "
               "over features with different γ.",
               hint="Take the means of dxhat = dout · γ.")
def layernorm_backward_gamma_in_front(dout, cache):
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout
    along = (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = gamma * (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std
    return dx, dgamma, dbeta


@misconception("layernorm_backward", "The gradients of γ and β are added up over the features.",
               hint="They are shared by the examples: sum over axis 0.")
def layernorm_backward_dgamma_by_example(dout, cache):
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=1), (dout * xhat).sum(axis=1)
    dxhat = dout * gamma
    along = (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std
    return dx, dgamma, dbeta


@misconception("layernorm_backward", "The mean of dxhat is not subtracted.",
               hint="dxhat − mean − xhat · mean of dxhat·xhat.")
def layernorm_backward_forgets_the_mean(dout, cache):
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    along = (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = (dxhat - xhat * along) / std
    return dx, dgamma, dbeta


@misconception("layernorm_backward", "The way through the variance is missing.",
               hint="dxhat − mean − xhat · mean of dxhat·xhat.")
def layernorm_backward_forgets_the_variance(dout, cache):
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(axis=1, keepdims=True)) / std
    return dx, dgamma, dbeta


@misconception("layernorm_backward", "The means over features are divided by the number of examples.",
               hint="Divide by D, the number of features.")
def layernorm_backward_divides_by_the_examples(dout, cache):
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    along = (dxhat * xhat).sum(axis=1, keepdims=True) / len(dout)
    dx = (dxhat - dxhat.sum(axis=1, keepdims=True) / len(dout) - xhat * along) / std
    return dx, dgamma, dbeta


@alternative("layernorm_backward")
def layernorm_backward_by_nodes(dout, cache):
    xhat, std, gamma = cache
    D, centred, dxhat = dout.shape[1], xhat * std, dout * gamma
    dvar = -(dxhat * centred).sum(axis=1, keepdims=True) / (2 * std**3)
    dcentred = dxhat / std + 2 * centred * dvar / D
    return dcentred - dcentred.mean(axis=1, keepdims=True), (dout * xhat).sum(axis=0), dout.sum(axis=0)


@alternative("layernorm_backward")
def layernorm_backward_transposed(dout, cache):
    xhat, std, gamma = (part.T for part in cache)
    g, D = (dout * gamma).T, dout.shape[1]
    dx = (D * g - g.sum(0) - xhat * (g * xhat).sum(0)) / (D * std)
    return dx.T, (dout.T * xhat).sum(1), dout.sum(0)

misconception("furthest_ahead", "Eight examples are few, but two are fewer.",
              hint="The fewer examples, the poorer the statistics.",
              source='furthest_ahead = 8', name="furthest_ahead_eight")

misconception("furthest_ahead", "With 64 examples the statistics of the batch are good.",
              hint="The fewer examples, the poorer the statistics.",
              source='furthest_ahead = 64', name="furthest_ahead_large")

alternative("furthest_ahead", source='furthest_ahead = np.int64(2)', name="furthest_ahead_numpy")

misconception("lead_of_layernorm", "This is the lead as a share; percentage points are asked for.",
              hint="Subtract the two percentages.",
              source='lead_of_layernorm = 0.38', name="lead_of_layernorm_share")

misconception("lead_of_layernorm", "The sign is wrong: layer norm is ahead.",
              hint="Layer norm less batch norm.",
              source='lead_of_layernorm = -38', name="lead_of_layernorm_wrong_way")

misconception("lead_of_layernorm", "This is the difference at the right end, with 64 examples.",
              hint="Read the left end.",
              source='lead_of_layernorm = -1', name="lead_of_layernorm_at_the_right")

alternative("lead_of_layernorm", source='lead_of_layernorm = 75 - 40', name="lead_of_layernorm_read")

# --- images -----------------------------------------------------------------------------------------

misconception("numbers_in_a_mean", "The places of the image were forgotten.",
              hint="Each one includes 14 · 14 places.",
              source='numbers_in_a_mean = {"batch": 8, "layer": 32, "instance": 1, "group": 8}', name="numbers_in_a_mean_without_places")

misconception("numbers_in_a_mean", "Batch norm and layer norm have changed places.",
              hint="Batch norm runs over examples and places of one channel.",
              source='numbers_in_a_mean = {"batch": 6272, "layer": 1568, "instance": 196, "group": 1568}', name="numbers_in_a_mean_batch_and_layer_exchanged", earns=1)

misconception("numbers_in_a_mean", "4 is the number of groups; a group has 32/4 = 8 channels.",
              hint="How many channels share a mean?",
              source='numbers_in_a_mean = {"batch": 1568, "layer": 6272, "instance": 196, "group": 4 * 196}', name="numbers_in_a_mean_group_of_four", earns=1.5)

alternative("numbers_in_a_mean", source='numbers_in_a_mean = dict(batch=1568, layer=6272, instance=196, group=(32 // 4) * 196)', name="numbers_in_a_mean_multiplied")


@misconception("spatial_batchnorm", "The data is reshaped without being transposed, so the columns mix all "
               "channels.",
               hint="Bring the channels to the end first: x.transpose(0, 2, 3, "
                    "1).reshape(-1, C).", replaces="spatial_batchnorm_forward")
def spatial_batchnorm_forward_reshapes_only(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat, cache = batchnorm_forward(x.reshape(-1, C), gamma, beta, bn_param)
    out = flat.reshape(N, C, H, W)
    return out, cache


@misconception("spatial_batchnorm", "The way back is a reshape only: the numbers land in the wrong places.",
               hint="flat.reshape(N, H, W, C).transpose(0, 3, 1, 2).", replaces="spatial_batchnorm_forward", earns=2)
def spatial_batchnorm_forward_comes_back_by_reshape(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, bn_param)
    out = flat.reshape(N, C, H, W)
    return out, cache


@misconception("spatial_batchnorm", "Each place of each channel is normalized on its own, over the examples "
               "only.",
               hint="Places are examples too: (N·H·W, C).", replaces="spatial_batchnorm_forward")
def spatial_batchnorm_forward_place_by_place(x, gamma, beta, bn_param):
    std = np.sqrt(x.var(axis=0) + bn_param.get("eps", 1e-5))
    xhat = (x - x.mean(axis=0)) / std
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, xhat, gamma)
    return out, cache


@misconception("spatial_batchnorm", "batchnorm_forward gets copies of the running statistics, which are thrown"
               " away.",
               hint="Hand the given bn_param on as it is.", replaces="spatial_batchnorm_forward", earns=2)
def spatial_batchnorm_forward_copies_bn_param(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, {name: np.array(value) if "running" in name else value for name, value in bn_param.items()})
    out = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, cache


@misconception("spatial_batchnorm", "The mode is always train: test mode normalizes by the batch.",
               hint="Hand the given bn_param on, with its mode.", replaces="spatial_batchnorm_forward", earns=2)
def spatial_batchnorm_forward_always_trains(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, {**bn_param, "mode": "train"})
    out = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, cache


@misconception("spatial_batchnorm", "dout is reshaped without being transposed, so it doesn't meet the xhat it"
               " belongs to.",
               hint="dout goes the way of x: transpose, then reshape.", replaces="spatial_batchnorm_backward", earns=2)
def spatial_batchnorm_backward_dout_is_only_reshaped(dout, cache):
    N, C, H, W = dout.shape
    flat, dgamma, dbeta = batchnorm_backward(dout.reshape(-1, C), cache)
    dx = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta


@misconception("spatial_batchnorm", "dx is reshaped without being transposed back.",
               hint="flat.reshape(N, H, W, C).transpose(0, 3, 1, 2).", replaces="spatial_batchnorm_backward", earns=2)
def spatial_batchnorm_backward_dx_comes_back_by_reshape(dout, cache):
    N, C, H, W = dout.shape
    flat, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    dx = flat.reshape(N, C, H, W)
    return dx, dgamma, dbeta


@alternative("spatial_batchnorm", replaces="spatial_batchnorm_forward")
def spatial_batchnorm_forward_by_moveaxis(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat, cache = batchnorm_forward(np.moveaxis(x, 1, -1).reshape(-1, C), gamma, beta, bn_param)
    out = np.moveaxis(flat.reshape(N, H, W, C), -1, 1)
    return out, cache


@alternative("spatial_batchnorm", replaces="spatial_batchnorm_backward")
def spatial_batchnorm_backward_by_einsum(dout, cache):
    N, C, H, W = dout.shape
    flat, dgamma, dbeta = batchnorm_backward(np.einsum("nchw->nhwc", dout).reshape(-1, C), cache)
    dx = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta


@alternative("spatial_batchnorm", replaces="spatial_batchnorm_backward")
def spatial_batchnorm_backward_by_rollaxis(dout, cache):
    N, C, H, W = dout.shape
    flat, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    dx = np.rollaxis(flat.reshape(N, H, W, C), 3, 1)
    return dx, dgamma, dbeta


@misconception("spatial_groupnorm", "The groups are interleaved (every G-th channel) in place of neighbours.",
               hint="Channels 0 to C/G − 1 are the first group: reshape to (N, G, −1).", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_interleaved(x, gamma, beta, G, gn_param):
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, C // G, G, -1).swapaxes(1, 2).reshape(N, G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(N, G, C // G, -1).swapaxes(1, 2).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    return out, cache


@misconception("spatial_groupnorm", "The groups are normalized over the examples as well.",
               hint="Each example has statistics of its own.", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_over_the_batch(x, gamma, beta, G, gn_param):
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, G, -1)
    std = np.sqrt(grouped.var(axis=(0, 2), keepdims=True) + eps)
    xhat = ((grouped - grouped.mean(axis=(0, 2), keepdims=True)) / std).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    return out, cache


@misconception("spatial_groupnorm", "G is taken for the number of channels in a group.",
               hint="G is the number of groups: reshape to (N, G, −1).", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_groups_of_size_g(x, gamma, beta, G, gn_param):
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, C // G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    return out, cache


@misconception("spatial_groupnorm", "Each place is normalized over the channels of its group, the places "
               "apart.",
               hint="A group's mean runs over its channels and all places.", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_place_by_place(x, gamma, beta, G, gn_param):
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, G, C // G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    return out, cache


@misconception("spatial_groupnorm", "The variance is divided by one less than the number of values.",
               hint="Divide by the number of values in the group.", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_unbiased(x, gamma, beta, G, gn_param):
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True, ddof=1 if grouped.shape[2] > 1 else 0) + eps)
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    return out, cache


@misconception("spatial_groupnorm", "eps is added outside the root.",
               hint="np.sqrt(var + eps).", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_eps_outside(x, gamma, beta, G, gn_param):
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True)) + eps
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    return out, cache


@misconception("spatial_groupnorm", "γ waits outside the bracket, though the channels of a group have "
               "different γ.",
               hint="Multiply dout by γ before the means are taken.", replaces="spatial_groupnorm_backward", earns=2)
def spatial_groupnorm_backward_gamma_in_front(dout, cache):
    xhat, std, gamma, G = cache
    dbeta, dgamma = dout.sum(axis=(0, 2, 3)), (dout * xhat).sum(axis=(0, 2, 3))
    shape = (len(dout), G, -1)
    dxhat, grouped = dout.reshape(shape), xhat.reshape(shape)
    along = (dxhat * grouped).mean(axis=2, keepdims=True)
    dx = ((dxhat - dxhat.mean(axis=2, keepdims=True) - grouped * along) / std).reshape(dout.shape) * gamma[:, None, None]
    return dx, dgamma, dbeta


@misconception("spatial_groupnorm", "The mean over the group is not subtracted.",
               hint="dxhat − mean − xhat · mean of dxhat·xhat.", replaces="spatial_groupnorm_backward", earns=2)
def spatial_groupnorm_backward_forgets_the_mean(dout, cache):
    xhat, std, gamma, G = cache
    dbeta, dgamma = dout.sum(axis=(0, 2, 3)), (dout * xhat).sum(axis=(0, 2, 3))
    shape = (len(dout), G, -1)
    dxhat, grouped = (dout * gamma[:, None, None]).reshape(shape), xhat.reshape(shape)
    along = (dxhat * grouped).mean(axis=2, keepdims=True)
    dx = ((dxhat - grouped * along) / std).reshape(dout.shape)
    return dx, dgamma, dbeta


@misconception("spatial_groupnorm", "dgamma and dbeta are means over the examples, not sums.",
               hint="Sum over examples and places, axes (0, 2, 3).", replaces="spatial_groupnorm_backward", earns=2)
def spatial_groupnorm_backward_dgamma_by_example(dout, cache):
    xhat, std, gamma, G = cache
    dbeta, dgamma = dout.sum(axis=(2, 3)).mean(axis=0), (dout * xhat).sum(axis=(2, 3)).mean(axis=0)
    shape = (len(dout), G, -1)
    dxhat, grouped = (dout * gamma[:, None, None]).reshape(shape), xhat.reshape(shape)
    along = (dxhat * grouped).mean(axis=2, keepdims=True)
    dx = ((dxhat - dxhat.mean(axis=2, keepdims=True) - grouped * along) / std).reshape(dout.shape)
    return dx, dgamma, dbeta


@misconception("spatial_groupnorm", "The means in dx are taken channel by channel, as if each channel were a "
               "group.",
               hint="The means are those of the group.", replaces="spatial_groupnorm_backward", earns=2)
def spatial_groupnorm_backward_by_channel(dout, cache):
    xhat, std, gamma, G = cache
    dbeta, dgamma = dout.sum(axis=(0, 2, 3)), (dout * xhat).sum(axis=(0, 2, 3))
    shape = (len(dout), dout.shape[1], -1)
    std = np.repeat(std, dout.shape[1] // G, axis=1)
    dxhat, grouped = (dout * gamma[:, None, None]).reshape(shape), xhat.reshape(shape)
    along = (dxhat * grouped).mean(axis=2, keepdims=True)
    dx = ((dxhat - dxhat.mean(axis=2, keepdims=True) - grouped * along) / std).reshape(dout.shape)
    return dx, dgamma, dbeta


@alternative("spatial_groupnorm", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_in_five_axes(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    if C % G != 0:
        raise ValueError(f"{G} does not divide {C}")
    five = x.reshape(N, G, C // G, H, W)
    mean, var = five.mean(axis=(2, 3, 4), keepdims=True), five.var(axis=(2, 3, 4), keepdims=True)
    std = np.sqrt(var + gn_param.get("eps", 1e-5))
    xhat = ((five - mean) / std).reshape(N, C, H, W)
    return xhat * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1), (xhat, std.reshape(N, G, 1), gamma, G)


@alternative("spatial_groupnorm", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_group_by_group(x, gamma, beta, G, gn_param):
    (N, C, _, _), eps = x.shape, gn_param.get("eps", 1e-5)
    if C % G:
        raise ValueError("uneven groups")
    xhat, std, size = np.zeros(x.shape), np.zeros((N, G, 1)), C // G
    for n in range(N):
        for g in range(G):
            part = x[n, g * size:(g + 1) * size]
            std[n, g] = np.sqrt(part.var() + eps)
            xhat[n, g * size:(g + 1) * size] = (part - part.mean()) / std[n, g]
    return gamma[None, :, None, None] * xhat + beta[None, :, None, None], (xhat, std, gamma, G)


@alternative("spatial_groupnorm", replaces="spatial_groupnorm_backward")
def spatial_groupnorm_backward_by_sums(dout, cache):
    xhat, std, gamma, G = cache
    N, C, H, W = dout.shape
    size = C // G * H * W
    g, h = (dout * gamma.reshape(1, C, 1, 1)).reshape(N, G, size), xhat.reshape(N, G, size)
    dx = (size * g - g.sum(-1, keepdims=True) - h * (g * h).sum(-1, keepdims=True)) / (size * std)
    return dx.reshape(N, C, H, W), np.einsum("nchw,nchw->c", dout, xhat), np.einsum("nchw->c", dout)

# --- fold -------------------------------------------------------------------------------------------


@misconception("fold", "The old bias is dropped.",
               hint="The new bias is (b − mean) · scale + beta.", replaces="fold_linear", earns=2)
def fold_linear_drops_the_old_bias(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0
    return W * scale, (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The old bias is kept as it was; but it passes batch norm, too, and is "
               "scaled.",
               hint="(b − mean) · scale + beta.", replaces="fold_linear", earns=2)
def fold_linear_keeps_the_old_bias_unscaled(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return W * scale, old - bn_param["running_mean"] * scale + beta


@misconception("fold", "eps is left out of the scale.",
               hint="scale = gamma / √(running_var + eps).", replaces="fold_linear", earns=2)
def fold_linear_without_eps(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"])
    old = 0.0 if b is None else b
    return W * scale, (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The scale divides by the variance; the root is missing.",
               hint="scale = gamma / √(running_var + eps).", replaces="fold_linear", earns=2)
def fold_linear_by_the_variance(W, b, gamma, beta, bn_param):
    scale = gamma / (bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return W * scale, (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The running mean is not taken off.",
               hint="(b − mean) · scale + beta.", replaces="fold_linear", earns=2)
def fold_linear_forgets_the_mean(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return W * scale, (old) * scale + beta


@misconception("fold", "The given weights are changed in place: the layer in training is spoiled.",
               hint="Return new arrays.", replaces="fold_linear", earns=2)
def fold_linear_in_place(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    W *= scale
    return W, (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The old bias is dropped.",
               hint="The new bias is (b − mean) · scale + beta.", replaces="fold_conv", earns=2)
def fold_conv_drops_the_old_bias(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The old bias is kept as it was; but it passes batch norm, too, and is "
               "scaled.",
               hint="(b − mean) · scale + beta.", replaces="fold_conv", earns=2)
def fold_conv_keeps_the_old_bias_unscaled(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], old - bn_param["running_mean"] * scale + beta


@misconception("fold", "eps is left out of the scale.",
               hint="scale = gamma / √(running_var + eps).", replaces="fold_conv", earns=2)
def fold_conv_without_eps(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"])
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The scale divides by the variance; the root is missing.",
               hint="scale = gamma / √(running_var + eps).", replaces="fold_conv", earns=2)
def fold_conv_by_the_variance(w, b, gamma, beta, bn_param):
    scale = gamma / (bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The running mean is not taken off.",
               hint="(b − mean) · scale + beta.", replaces="fold_conv", earns=2)
def fold_conv_forgets_the_mean(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old) * scale + beta


@misconception("fold", "The given weights are changed in place: the layer in training is spoiled.",
               hint="Return new arrays.", replaces="fold_conv", earns=2)
def fold_conv_in_place(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    w *= scale[:, None, None, None]
    return w, (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The rows of W are scaled where the shapes allow it: that scales the "
               "inputs, not the outputs.",
               hint="Output m is made by column m: W * scale.", replaces="fold_linear", earns=2)
def fold_linear_scales_the_rows(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return (W * scale[:, None] if len(W) == len(scale) else W * scale), (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The input channels are scaled where the shapes allow it.",
               hint="Scale each filter w[f]: scale[:, None, None, None].", replaces="fold_conv", earns=2)
def fold_conv_scales_the_input_channels(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return w * (scale[:, None, None] if w.shape[1] == len(scale) else scale[:, None, None, None]), (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The given bias is changed in place.",
               hint="b - mean makes a new array, b -= mean doesn't.", replaces="fold_linear", earns=2)
def fold_linear_changes_the_bias(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    if b is None:
        b = np.zeros(len(gamma))
    b -= bn_param["running_mean"]
    b *= scale
    b += beta
    return W * scale, b


@misconception("fold", "eps is added to the running variance in place, for all who use it later.",
               hint="running_var + eps makes a new array, running_var += eps doesn't.", replaces="fold_conv", earns=2)
def fold_conv_changes_the_running_variance(w, b, gamma, beta, bn_param):
    var = bn_param["running_var"]
    var += bn_param.get("eps", 1e-5)
    scale = gamma / np.sqrt(var)
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta


@alternative("fold", replaces="fold_linear")
def fold_linear_by_a_diagonal_matrix(W, b, gamma, beta, bn_param):
    s = gamma / (bn_param["running_var"] + bn_param.get("eps", 1e-5)) ** 0.5
    b = np.zeros(len(gamma)) if b is None else b
    return W @ np.diag(s), s * b - s * bn_param["running_mean"] + beta


@alternative("fold", replaces="fold_conv")
def fold_conv_by_einsum(w, b, gamma, beta, bn_param):
    s = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    shift = beta - s * bn_param["running_mean"]
    return np.einsum("fchw,f->fchw", w, s), shift if b is None else shift + s * b


@alternative("fold", replaces="fold_linear")
def fold_linear_in_float32(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    W, scale = W.astype(np.float32), scale.astype(np.float32)
    return W * scale, (old - bn_param["running_mean"]) * scale + beta

# --- bugs -------------------------------------------------------------------------------------------

misconception("bugs", "In program A the test set is only looked at after training; nothing of it "
              "gets into the weights.",
              hint="In which mode is the model in line 12?",
              source='bug_kind = {"A": "statistics of the test set leak into training", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 11, "B": 5, "C": 7}', name="bugs_a_leaks", earns=5)

misconception("bugs", "A and B have changed places: B calls eval() and then goes on training.",
              hint="Which program trains after eval()?",
              source='bug_kind = {"A": "trains in test mode", "B": "tests in train mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 11, "B": 5, "C": 7}', name="bugs_a_and_b_exchanged", earns=4)

misconception("bugs", "Line 14 is right: for the test the model belongs into eval mode. What is "
              "missing is the way back.",
              hint="Where should train() stand, so that every epoch begins with it?",
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 11, "B": 14, "C": 7}', name="bugs_b_at_the_evaluation", earns=5)

misconception("bugs", "Line 5 freezes the weights as it should; running statistics are no "
              "parameters.",
              hint="Which line lets the statistics move?",
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 11, "B": 5, "C": 5}', name="bugs_c_at_the_freezing", earns=5)

misconception("bugs", "Line 6 is right: each epoch trains in train mode.",
              hint="Something is missing before the test.",
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 6, "B": 5, "C": 7}', name="bugs_a_at_train", earns=5)

misconception("bugs", "Program C never sees the test set, and its head has no batch norm at all.",
              hint="What does a body in train mode do with each batch that passes?",
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics of the test set leak into training"}\nbug_line = {"A": 11, "B": 5, "C": 8}', name="bugs_c_leaks", earns=4)

alternative("bugs", source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 12, "B": 8, "C": 7}', name="bugs_other_places")

alternative("bugs", source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 12, "B": 7, "C": 7}', name="bugs_b_after_the_for")

alternative("bugs", source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 11, "B": 9, "C": 7}', name="bugs_b_before_the_forward_pass")

alternative("bugs", source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": "statistics drift though the weights are frozen"}\nbug_line = {"A": 11, "B": 17, "C": 7}', name="bugs_b_at_the_end_of_the_loop")

# --- accuracy ---------------------------------------------------------------------------------------


@misconception("accuracy", "The model is never set to eval mode: the batch normalizes itself, and the"
               " running statistics change.",
               hint="Call model.eval() before you measure. (torch.no_grad() switches the "
                    "graph off, not batch norm.)")
def accuracy_without_eval(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "The model is left in eval mode, so that the next epoch trains in it.",
               hint="Put every module back into its mode.")
def accuracy_stays_in_eval(model, x, y):
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    return share


@misconception("accuracy", "The model is always set to train mode afterwards, even if it was in eval "
               "mode, and frozen parts wake up.",
               hint="Note the mode of each module before.")
def accuracy_always_back_to_train(model, x, y):
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    model.train()
    return share


@misconception("accuracy", "Only the mode of the model itself is noted, and given to all modules in "
               "it: frozen parts wake up.",
               hint="Note the mode of each module in model.modules().")
def accuracy_restores_the_outer_mode(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    model.train(modes[0][1])
    return share


@misconception("accuracy", "The scores are computed with a graph, which costs memory for nothing.",
               hint="Call the model under torch.no_grad().")
def accuracy_with_a_graph(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "The number of right answers comes back, not their share.",
               hint="Divide by the number of examples.")
def accuracy_counts(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).sum().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "Only the outermost module is set to eval mode; the batch norms inside go "
               "on training.",
               hint="model.eval() reaches all modules; model.training = False only one.")
def accuracy_outermost_only(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.training = False
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "Modes are noted for the children only, not for what is inside them.",
               hint="model.modules() walks through all levels.")
def accuracy_children_only(model, x, y):
    modes = [(module, module.training) for module in model.children()]
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "Autograd is switched off and never on again: the next training step fails.",
               hint="`with torch.no_grad():` ends by itself.")
def accuracy_switches_autograd_off(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    torch.set_grad_enabled(False)
    share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "The parameters are frozen so that no graph is built, and stay frozen.",
               hint="torch.no_grad() needs no change of the model.")
def accuracy_freezes_the_parameters(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@misconception("accuracy", "The gradients that were there are cleared, out of habit.",
               hint="Measuring needs no zero_grad().")
def accuracy_clears_the_gradients(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    model.zero_grad()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share


@alternative("accuracy")
def accuracy_restored_by_train(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        right = (torch.max(model(x), 1)[1] == y).sum()
    for module, training in modes:  # from the outside to the inside, so that the last word is each module's own
        module.train(training)
    return right.item() / len(y)


@alternative("accuracy")
def accuracy_with_a_dictionary(model, x, y):
    before = {name: module.training for name, module in model.named_modules()}
    try:
        with torch.inference_mode():
            scores = model.eval()(x)
    finally:
        for name, module in model.named_modules():
            module.training = before[name]
    return (scores.argmax(1) == y).double().mean().item()


@alternative("accuracy")
def accuracy_on_a_copy(model, x, y):
    import copy

    with torch.no_grad():
        return int((copy.deepcopy(model).eval()(x).max(dim=1).indices == y).sum()) / len(y)

# --- torch_batchnorm --------------------------------------------------------------------------------


@misconception("torch_batchnorm", "The running variance takes in the biased variance.",
               hint="PyTorch keeps the unbiased one: var · n / (n − 1).", replaces="BatchNormByHand", earns=3)
class BiasedRunning(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The batch is normalized by the unbiased variance.",
               hint="Normalize by the variance divided by n; only the running estimate is"
                    " unbiased.", replaces="BatchNormByHand", earns=6)
class UnbiasedEverywhere(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "eps is added outside the root.",
               hint="(var + eps).sqrt().", replaces="BatchNormByHand", earns=5)
class EpsOutside(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel).sqrt() + self.eps)
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "momentum is the share that is kept, as in the NumPy layer; in PyTorch it "
               "is the share of the new batch.",
               hint="running += momentum · (new − running).", replaces="BatchNormByHand", earns=3)
class MomentumOfCs231n(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else 1 - self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The running statistics are parameters: an optimizer would change them, "
               "and weight decay would shrink them.",
               hint="self.register_buffer(…).", replaces="BatchNormByHand", earns=6)
class StatisticsAreParameters(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.running_mean = torch.nn.Parameter(torch.zeros(num_features), requires_grad=False)
        self.running_var = torch.nn.Parameter(torch.ones(num_features), requires_grad=False)
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The running statistics are plain attributes: no checkpoint holds them, "
               "and they don't move with the module.",
               hint="self.register_buffer(…).", replaces="BatchNormByHand", earns=6)
class StatisticsAreAttributes(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.running_mean = torch.zeros(num_features)
        self.running_var = torch.ones(num_features)
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        self.running_mean, self.running_var = self.running_mean.to(x), self.running_var.to(x)
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The counter is a Python number: the checkpoint lacks num_batches_tracked.",
               hint="Register it as a buffer, torch.tensor(0, dtype=torch.long).", replaces="BatchNormByHand", earns=6)
class CounterIsANumber(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.num_batches_tracked = 0

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The counter is a float tensor, which PyTorch's is not.",
               hint="torch.tensor(0, dtype=torch.long).", replaces="BatchNormByHand", earns=6)
class CounterIsAFloat(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0.0))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "num_batches_tracked is never counted up.",
               hint="self.num_batches_tracked += 1 in train mode.", replaces="BatchNormByHand", earns=3)
class NeverCounts(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                share = 1 / (self.num_batches_tracked + 1) if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "momentum=None is treated like 0.1.",
               hint="None means a cumulative average: share 1/k for the k-th batch.", replaces="BatchNormByHand", earns=5)
class NoneIsATenth(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 0.1 if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The cumulative average counts the start (0 and 1) as if it were a batch.",
               hint="Count first: the first batch has share 1.", replaces="BatchNormByHand", earns=5)
class NoneCountsTheStart(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / (self.num_batches_tracked + 1) if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The running statistics are updated with a graph: they require a gradient,"
               " and memory grows from batch to batch.",
               hint="Update them under torch.no_grad().", replaces="BatchNormByHand", earns=5)
class KeepsTheGraph(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            if True:
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean = self.running_mean + share * (mean - self.running_mean)
                self.running_var = self.running_var + share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "Mean and variance are computed without a graph, so the gradient lacks the"
               " ways through them.",
               hint="Only the update of the running statistics is under torch.no_grad().", replaces="BatchNormByHand", earns=6)
class DetachedStatistics(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.detach().mean(dim=axes), x.detach().var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "The variance of an image's channel is taken place by place and averaged: "
               "what differs between places is lost.",
               hint="For (N, C, H, W) take mean and variance over N, H and W at once.", replaces="BatchNormByHand", earns=3)
class ExamplesOnly(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=0, correction=0).reshape(x.shape[1], -1).mean(dim=1)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "Eval mode normalizes by the batch.",
               hint="In eval mode use the buffers.", replaces="BatchNormByHand", earns=5)
class EvalByTheBatch(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if not self.training:
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "Eval mode updates the running statistics.",
               hint="Update them in train mode only.", replaces="BatchNormByHand", earns=5)
class EvalUpdates(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        if not self.training:
            with torch.no_grad():
                self.running_mean += 0.1 * (x.mean(dim=axes) - self.running_mean)
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "A single value a channel passes in train mode, and the running variance "
               "becomes NaN.",
               hint="Raise ValueError if n is 1.", replaces="BatchNormByHand", earns=7)
class OneValuePasses(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / max(n - 1, 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "A single image is refused, though its channels have many values.",
               hint="Count the values a channel, not the examples.", replaces="BatchNormByHand", earns=7)
class RefusesASingleImage(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if len(x) == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / max(n - 1, 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "Only (N, C) is checked; an image of a single place passes.",
               hint="n = x.numel() // x.shape[1], for both kinds of input.", replaces="BatchNormByHand", earns=7)
class ChecksFeaturesOnly(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if x.dim() == 2 and len(x) == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / max(n - 1, 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@misconception("torch_batchnorm", "`self.momentum or …` takes the momentum 0.0 for None.",
               hint="Ask `is None`: 0.0 is a share, too.", replaces="BatchNormByHand", earns=5)
class ZeroIsNone(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = self.momentum or 1 / self.num_batches_tracked
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / max(n - 1, 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@alternative("torch_batchnorm", replaces="BatchNormByHand")
class WithTorchFunctions(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = torch.nn.Parameter(torch.ones(num_features)), torch.nn.Parameter(torch.zeros(num_features))
        for name, value in (("running_mean", torch.zeros(num_features)), ("running_var", torch.ones(num_features)),
                            ("num_batches_tracked", torch.zeros((), dtype=torch.int64))):
            self.register_buffer(name, value)

    def forward(self, x):
        rows = x.movedim(1, -1)
        flat = rows.reshape(-1, x.shape[1])
        if self.training:
            if len(flat) < 2:
                raise ValueError(f"{len(flat)} value")
            var, mean = torch.var_mean(flat, dim=0, unbiased=False)
            self.num_batches_tracked.add_(1)
            share = self.momentum if self.momentum is not None else 1.0 / self.num_batches_tracked.item()
            self.running_mean.lerp_(mean.detach(), share)
            self.running_var.lerp_(flat.detach().var(dim=0), share)
        else:
            mean, var = self.running_mean, self.running_var
        out = (rows - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias
        return out.movedim(-1, 1)


@alternative("torch_batchnorm", replaces="BatchNormByHand")
class ByRebindingBuffers(torch.nn.Module):

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean = (1 - share) * self.running_mean + share * mean
                self.running_var = (1 - share) * self.running_var + share * x.var(dim=axes, correction=1)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)


@alternative("torch_batchnorm", replaces="BatchNormByHand")
class ByFunctional(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        share = self.momentum
        if self.training:
            if x.numel() == x.shape[1]:
                raise ValueError("more than one value, please")
            self.num_batches_tracked += 1
            if share is None:
                share = 1 / float(self.num_batches_tracked)
        mean, var, n = self.running_mean, self.running_var, x.numel() // x.shape[1]
        if not self.training:
            return F.batch_norm(x, mean, var, self.weight, self.bias, False, 0.0, self.eps)
        with torch.no_grad():
            rows = x.transpose(0, 1).reshape(x.shape[1], n)
            mean.mul_(1 - share).add_(rows.mean(dim=1), alpha=share)
            var.mul_(1 - share).add_(rows.var(dim=1), alpha=share)
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, max(self.eps, 1e-14))

# --- fuse_conv_bn -----------------------------------------------------------------------------------


@misconception("fuse_conv_bn", "The bias of the convolution is dropped.",
               hint="(old bias − mean) · scale + beta.")
def fuse_conv_bn_drops_the_old_bias(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "eps is left out of the scale.",
               hint="bn.weight / (bn.running_var + bn.eps).sqrt().")
def fuse_conv_bn_without_eps(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / bn.running_var.sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The usual eps is taken, not the one of the layer.",
               hint="bn.eps.")
def fuse_conv_bn_default_eps(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + 1e-5).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The input channels are scaled where the shapes allow it.",
               hint="scale[:, None, None, None]: one factor for each filter.")
def fuse_conv_bn_scales_the_input_channels(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * (scale[:, None, None] if conv.weight.shape[1] == len(scale) else scale[:, None, None, None]))
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "Stride, padding, dilation and groups are those of a fresh convolution.",
               hint="Pass conv.stride, conv.padding, conv.dilation, conv.groups on.")
def fuse_conv_bn_forgets_the_geometry(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "Dilation and groups are forgotten.",
               hint="Pass conv.dilation and conv.groups on.")
def fuse_conv_bn_forgets_dilation_and_groups(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The old convolution is changed in place, so the network in training is "
               "spoiled.",
               hint="Make a new Conv2d, or a deep copy.")
def fuse_conv_bn_changes_the_convolution(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight.mul_(scale[:, None, None, None]))
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The old bias is changed in place.",
               hint="bias - mean makes a new tensor, bias -= mean doesn't.")
def fuse_conv_bn_changes_the_bias(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = torch.zeros_like(bn.bias) if conv.bias is None else conv.bias
        old -= bn.running_mean
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_(old * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The padding mode is forgotten: the new convolution pads with zeros.",
               hint="Pass padding_mode=conv.padding_mode on.")
def fuse_conv_bn_forgets_the_padding_mode(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The given batch norm is left in eval mode.",
               hint="Its running statistics can be read in any mode.")
def fuse_conv_bn_sets_eval_mode(conv, bn):
    bn.eval()
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The scale divides by the variance; the root is missing.",
               hint="(bn.running_var + bn.eps).sqrt().")
def fuse_conv_bn_by_the_variance(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps)
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "The old bias is added as it was; it passes batch norm, too, and is "
               "scaled.",
               hint="(old bias − mean) · scale + beta.")
def fuse_conv_bn_keeps_the_old_bias_unscaled(conv, bn):
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_(old - bn.running_mean * scale + bn.bias)
    return fused


@misconception("fuse_conv_bn", "Both layers come back in a Sequential; nothing is fused.",
               hint="Return one torch.nn.Conv2d.")
def fuse_conv_bn_a_sequence(conv, bn):
    return torch.nn.Sequential(conv, bn).eval()


@alternative("fuse_conv_bn")
def fuse_conv_bn_on_a_deep_copy(conv, bn):
    import copy

    fused = copy.deepcopy(conv)
    scale = (bn.weight * torch.rsqrt(bn.running_var + bn.eps)).detach()
    fused.weight.data = conv.weight.data * scale.view(-1, 1, 1, 1)
    old = torch.zeros_like(bn.running_mean) if conv.bias is None else conv.bias.detach()
    fused.bias = torch.nn.Parameter(bn.bias.detach() + scale * (old - bn.running_mean))
    return fused


@alternative("fuse_conv_bn")
def fuse_conv_bn_by_einsum(conv, bn):
    with torch.no_grad():
        shift = bn.bias - bn.weight * bn.running_mean / torch.sqrt(bn.running_var + bn.eps)
        scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
        fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, stride=conv.stride, padding=conv.padding,
                                dilation=conv.dilation, groups=conv.groups, padding_mode=conv.padding_mode).to(conv.weight)
        fused.weight.copy_(torch.einsum("fchw,f->fchw", conv.weight, scale))
        fused.bias.copy_(shift if conv.bias is None else shift + scale * conv.bias)
    return fused

misconception("training_after_fusing", "Equal outputs in test mode; in train mode batch norm uses the batch, and "
              "other numbers are stepped.",
              hint="By what does batch norm normalize in train mode?",
              source='training_after_fusing = "yes, equal outputs mean equal training"', name="training_after_fusing_yes")

alternative("training_after_fusing", source="training_after_fusing = 'no, only the test-mode' + ' function is the same'", name="training_after_fusing_words")
