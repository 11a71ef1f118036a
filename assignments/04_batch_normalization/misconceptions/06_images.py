"""Wrong and right answers to section 6, “Images: spatial batch norm and group norm”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- numbers_in_a_mean ----------------------------------------------------------------------------

misconception("numbers_in_a_mean", "The places of the image were forgotten.", id="without-places",
              hint="Each one includes 14 · 14 places.",
              source='numbers_in_a_mean = {"batch": 8, "layer": 32, "instance": 1, "group": 8}')
misconception("numbers_in_a_mean", "Batch norm and layer norm have changed places.",
              id="batch-and-layer-exchanged",
              hint="Batch norm runs over examples and places of one channel.", earns=1,
              source='numbers_in_a_mean = {"batch": 6272, "layer": 1568, "instance": 196, "group": '
                     "1568}")
misconception("numbers_in_a_mean", "4 is the number of groups; a group has 32/4 = 8 channels.",
              id="group-of-four", hint="How many channels share a mean?", earns=1.5,
              source='numbers_in_a_mean = {"batch": 1568, "layer": 6272, "instance": 196, "group": '
                     "4 * 196}")
alternative("numbers_in_a_mean", id="multiplied",
            source="numbers_in_a_mean = dict(batch=1568, layer=6272, instance=196, group=(32 // 4) "
                   "* 196)")

# --- spatial_batchnorm ----------------------------------------------------------------------------

misconception("spatial_batchnorm", "The data is reshaped without being transposed, so the columns "
              "mix all channels.", id="forward-reshapes-only",
              hint="Bring the channels to the end first: x.transpose(0, 2, 3, 1).reshape(-1, C).",
              replace=("x.transpose(0, 2, 3, 1).reshape(-1, C)",
                       "out = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)"),
              by=("x.reshape(-1, C)", "out = flat.reshape(N, C, H, W)"))
misconception("spatial_batchnorm", "The way back is a reshape only: the numbers land in the wrong "
              "places.", id="forward-comes-back-by-reshape",
              hint="flat.reshape(N, H, W, C).transpose(0, 3, 1, 2).", earns=2,
              replace="out = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
              by="out = flat.reshape(N, C, H, W)")


@misconception("spatial_batchnorm", "Each place of each channel is normalized on its own, over the "
               "examples only.", hint="Places are examples too: (N·H·W, C).",
               replaces="spatial_batchnorm_forward")
def spatial_batchnorm_forward_place_by_place(x, gamma, beta, bn_param):
    std = np.sqrt(x.var(axis=0) + bn_param.get("eps", 1e-5))
    xhat = (x - x.mean(axis=0)) / std
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, xhat, gamma)
    return out, cache


misconception("spatial_batchnorm", "batchnorm_forward gets copies of the running statistics, which "
              "are thrown away.", id="forward-copies-bn-param",
              hint="Hand the given bn_param on as it is.", earns=2,
              replace="bn_param",
              by='{name: np.array(value) if "running" in name else value for name, value in '
                 "bn_param.items()}")
misconception("spatial_batchnorm", "The mode is always train: test mode normalizes by the batch.",
              id="forward-always-trains", hint="Hand the given bn_param on, with its mode.",
              earns=2, replace="bn_param", by='{**bn_param, "mode": "train"}')
misconception("spatial_batchnorm", "dout is reshaped without being transposed, so it doesn't meet "
              "the xhat it belongs to.", id="backward-dout-is-only-reshaped",
              hint="dout goes the way of x: transpose, then reshape.", earns=2,
              replace="dout.transpose(0, 2, 3, 1).reshape(-1, C)", by="dout.reshape(-1, C)")
misconception("spatial_batchnorm", "dx is reshaped without being transposed back.",
              id="backward-dx-comes-back-by-reshape",
              hint="flat.reshape(N, H, W, C).transpose(0, 3, 1, 2).", earns=2,
              replace="dx = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
              by="dx = flat.reshape(N, C, H, W)")
alternative("spatial_batchnorm", id="forward-by-moveaxis",
            replace=("x.transpose(0, 2, 3, 1).reshape",
                     "out = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)"),
            by=("np.moveaxis(x, 1, -1).reshape",
                "out = np.moveaxis(flat.reshape(N, H, W, C), -1, 1)"))
alternative("spatial_batchnorm", id="backward-by-einsum",
            replace="dout.transpose(0, 2, 3, 1)", by='np.einsum("nchw->nhwc", dout)')
alternative("spatial_batchnorm", id="backward-by-rollaxis",
            replace="dx = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
            by="dx = np.rollaxis(flat.reshape(N, H, W, C), 3, 1)")

# --- spatial_groupnorm ----------------------------------------------------------------------------

misconception("spatial_groupnorm", "The groups are interleaved (every G-th channel) in place of "
              "neighbours.", id="forward-interleaved",
              hint="Channels 0 to C/G − 1 are the first group: reshape to (N, G, −1).",
              replace=("x.reshape",
                       "xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / "
                       "std).reshape(x.shape)"),
              by=("x.reshape(N, C // G, G, -1).swapaxes(1, 2).reshape",
                  "xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(N, G, C "
                  "// G, -1).swapaxes(1, 2).reshape(x.shape)"))
misconception("spatial_groupnorm", "The groups are normalized over the examples as well.",
              id="forward-over-the-batch", hint="Each example has statistics of its own.",
              replace=("std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)",
                       "xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / "
                       "std).reshape(x.shape)"),
              by=("std = np.sqrt(grouped.var(axis=(0, 2), keepdims=True) + eps)",
                  "xhat = ((grouped - grouped.mean(axis=(0, 2), keepdims=True)) / "
                  "std).reshape(x.shape)"))
misconception("spatial_groupnorm", "G is taken for the number of channels in a group.",
              id="forward-groups-of-size-g",
              hint="G is the number of groups: reshape to (N, G, −1).",
              replace="grouped = x.reshape(N, G, -1)", by="grouped = x.reshape(N, C // G, -1)")
misconception("spatial_groupnorm", "Each place is normalized over the channels of its group, the "
              "places apart.", id="forward-place-by-place",
              hint="A group's mean runs over its channels and all places.",
              replace="x.reshape(N, G, -1)", by="x.reshape(N, G, C // G, -1)")
misconception("spatial_groupnorm", "The variance is divided by one less than the number of values.",
              id="forward-unbiased", hint="Divide by the number of values in the group.",
              replace="std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)",
              by="std = np.sqrt(grouped.var(axis=2, keepdims=True, ddof=1 if grouped.shape[2] > 1 "
                 "else 0) + eps)")
misconception("spatial_groupnorm", "eps is added outside the root.", id="forward-eps-outside",
              hint="np.sqrt(var + eps).",
              replace="std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)",
              by="std = np.sqrt(grouped.var(axis=2, keepdims=True)) + eps")
misconception("spatial_groupnorm", "γ waits outside the bracket, though the channels of a group "
              "have different γ.", id="backward-gamma-in-front",
              hint="Multiply dout by γ before the means are taken.", earns=2,
              replace=("(dout * gamma[:, None, None]).reshape(shape)", "reshape(dout.shape)"),
              by=("dout.reshape(shape)", "reshape(dout.shape) * gamma[:, None, None]"))
misconception("spatial_groupnorm", "The mean over the group is not subtracted.",
              id="backward-forgets-the-mean", hint="dxhat − mean − xhat · mean of dxhat·xhat.",
              earns=2, replace="dxhat - dxhat.mean(axis=2, keepdims=True)", by="dxhat")
misconception("spatial_groupnorm", "dgamma and dbeta are means over the examples, not sums.",
              id="backward-dgamma-by-example", hint="Sum over examples and places, axes (0, 2, 3).",
              earns=2,
              replace="dbeta, dgamma = dout.sum(axis=(0, 2, 3)), (dout * xhat).sum(axis=(0, 2, 3))",
              by="dbeta, dgamma = dout.sum(axis=(2, 3)).mean(axis=0), "
                 "(dout * xhat).sum(axis=(2, 3)).mean(axis=0)")
misconception("spatial_groupnorm", "The means in dx are taken channel by channel, as if each "
              "channel were a group.", id="backward-by-channel",
              hint="The means are those of the group.", earns=2,
              replace="shape = (len(dout), G, -1)",
              by="shape = (len(dout), dout.shape[1], -1)\n"
                 "std = np.repeat(std, dout.shape[1] // G, axis=1)")


@alternative("spatial_groupnorm", replaces="spatial_groupnorm_forward")
def spatial_groupnorm_forward_in_five_axes(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    if C % G != 0:
        raise ValueError(f"{G} does not divide {C}")
    five = x.reshape(N, G, C // G, H, W)
    mean, var = five.mean(axis=(2, 3, 4), keepdims=True), five.var(axis=(2, 3, 4), keepdims=True)
    std = np.sqrt(var + gn_param.get("eps", 1e-5))
    xhat = ((five - mean) / std).reshape(N, C, H, W)
    return xhat * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1), (xhat, std.reshape(N, G, 1),
                                                                         gamma, G)


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
