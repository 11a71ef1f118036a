# %% [markdown]
# ## 10 · Fuse a trained network
#
# Section 7 in PyTorch: a convolution and the batch norm behind it become one convolution.
# Everything else about the convolution
# (stride, padding and its mode, dilation, groups) stays as it is.

# %% solution="fuse_conv_bn" title="Fused convolution"
def fuse_conv_bn(conv, bn):
    """One convolution that does what conv and then bn do in eval mode.

    Args:
        conv: a torch.nn.Conv2d, with or without a bias, any stride, padding, padding mode,
            dilation, groups.
        bn: a torch.nn.BatchNorm2d with weight and bias, on the same device.

    Returns:
        A new torch.nn.Conv2d with a bias, of the same dtype and on the same device; conv and bn
        stay as they are.
    """
    ### BEGIN SOLUTION
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride,
                            conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused
    ### END SOLUTION

# %% [markdown] hint="fuse_conv_bn"
# The formula is that of `fold_conv`; a module only knows where to find its numbers:
# `bn.weight`, `bn.bias`, `bn.running_mean`, `bn.running_var`, `bn.eps`.

# %% [markdown] hint="fuse_conv_bn"
# Make a `torch.nn.Conv2d` with the settings of the old one
# (`conv.stride`, `conv.padding`, …) and `bias=True`,
# then `copy_` the new numbers into its `weight` and `bias` under `torch.no_grad()`.
# Or `copy.deepcopy(conv)` and replace the two.

# %% tests="fuse_conv_bn" points=3
@probe
def fused_on(x, settings, arrays, eps):
    """The output of fuse_conv_bn(conv, bn) on x, on the device of this machine,
    and what became of conv.
    """
    where = dict(dtype=check_dtype(device()), device=device())
    filters, channels = arrays["w"].shape[0], x.shape[1]
    conv = torch.nn.Conv2d(channels, filters, arrays["w"].shape[2:],
                           bias=arrays["b"] is not None, **settings).to(**where)
    bn = torch.nn.BatchNorm2d(filters, eps=eps).to(**where)
    pairs = {"w": conv.weight, "b": conv.bias, "gamma": bn.weight, "beta": bn.bias,
             "mean": bn.running_mean, "var": bn.running_var}
    with torch.no_grad():
        for name, tensor in pairs.items():
            if tensor is not None:
                tensor.copy_(torch.tensor(arrays[name]))
        fused = fuse_conv_bn(conv, bn)
        out = fused(torch.tensor(x, **where))
    kept = {name: tensor.detach().cpu().numpy().copy() for name, tensor in pairs.items()
            if tensor is not None}
    return {"out": out.cpu().numpy(), "kept": kept, "kind": type(fused).__name__,
            "modes": [conv.training, bn.training]}


arrays = {"w": np.ones((1, 1, 1, 1)), "b": np.array([5.0]), "gamma": np.array([4.0]),
          "beta": np.array([0.5]), "mean": np.array([1.0]), "var": np.array([3.0])}
got = fused_on(np.array([[[[1.0, -1.0]]]]), {}, arrays, 1.0)
check_equal("the type of fuse_conv_bn(conv, bn)", got["kind"], "Conv2d")
check_close("fuse_conv_bn of a convolution with weight 1, bias 5 and a batch norm with weight 4, "
            "bias 0.5, mean 1, variance 3, eps 1 on [1, -1]", got["out"], [[[[10.5, 6.5]]]],
            rtol=1e-5, look="The factor is 4/√(3 + 1) = 2, the bias (5 − 1) · 2 + 0.5.")
### BEGIN HIDDEN TESTS
def both_layers(x, settings, arrays, eps):
    w, b, *others = (None if arrays[name] is None else torch.tensor(arrays[name])
                     for name in ("w", "b", "mean", "var", "gamma", "beta"))
    x, settings = torch.tensor(x), dict(settings)
    if settings.pop("padding_mode", "zeros") == "circular":
        x = F.pad(x, [settings.pop("padding")] * 4, mode="circular")
    return F.batch_norm(F.conv2d(x, w, b, **settings), *others, training=False, eps=eps).numpy()


rng = hidden_rng("fuse_conv_bn")
for filters, channels, biased, settings in (
        (4, 3, True, {"padding": 1}), (3, 3, False, {"stride": 2, "padding": (0, 1)}),
        (4, 2, True, {"dilation": 2, "padding": 2, "groups": 2}),
        (6, 6, False, {"groups": 6, "stride": (1, 2)}),
        (2, 3, True, {"padding": 1, "padding_mode": "circular"})):
    arrays = {"w": rng.normal(size=(filters, channels // settings.get("groups", 1), 3, 3)),
              "b": rng.normal(size=filters) if biased else None,
              **{name: rng.uniform(0.5, 2, size=filters)
                 for name in ("gamma", "beta", "mean", "var")}}
    x = rng.normal(size=(2, channels, 6, 5))
    got = fused_on(x, settings, arrays, 0.3)
    call = f"fuse_conv_bn of Conv2d({channels}, {filters}, 3, bias={biased}, {settings})"
    check_close(f"the output of {call}", got["out"], both_layers(x, settings, arrays, 0.3),
                rtol=1e-3, atol=1e-3,
                look="Scale each filter, fold the old bias, keep stride, padding and its mode, "
                "dilation and groups, and don't forget eps.")
    for name, where in (("w", "conv (its weight)"), ("b", "conv (its bias)"),
                        ("gamma", "bn (its weight)"), ("beta", "bn (its bias)"),
                        ("mean", "bn (its running mean)"), ("var", "bn (its running variance)")):
        if name in got["kept"]:  # a device without float64 holds the nearest float32
            check(call, np.allclose(got["kept"][name], arrays[name], rtol=1e-6, atol=1e-6),
                  f"changed {where} in place",
                  look="Make new numbers; conv and bn stay as they are.")
    check_equal(f"the modes (training) of conv and bn after {call}", got["modes"], [True, True],
                look="Fuse without a call of eval().")
### END HIDDEN TESTS

# %% [markdown]
# Put it to work: a small convolutional network with *your* module is trained on the device
# of this machine, then each pair is fused, and both networks classify 1,000 digits.
# (A module of your own is no `torch.nn.BatchNorm2d`, but it has all that `fuse_conv_bn` reads.)

# %% sandboxed="convolutional"
def convolutional(seed):
    """A small convolutional network for the digits, with batch norm by hand, on the device."""
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1, bias=False), BatchNormByHand(16), torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, stride=2, padding=1), BatchNormByHand(32), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(32 * 16, 10)).to(device())


def trained_and_fused(seed, steps=40):
    """The trained network in eval mode, the same network fused, and 1,000 digits it hasn't seen."""
    X, y = data.digits(images=True)
    x, y, model = torch.tensor(X).to(device()), torch.tensor(y).to(device()), convolutional(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for rows in torch.randint(700, (steps, 50)).to(device()):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    model.eval()
    fused = torch.nn.Sequential(fuse_conv_bn(model[0], model[1]), model[2],
                                fuse_conv_bn(model[3], model[4]), *model[5:])
    return model, fused, x[700:1700], y[700:1700]

# %% experiment="fused"
model, fused, x, y = trained_and_fused(seed=4)
settle = {"cuda": torch.cuda.synchronize,
          "mps": lambda: torch.mps.synchronize()}.get(device().type, lambda: None)
with torch.no_grad():
    apart = (model(x) - fused(x)).abs().max().item()
    for name, network in (("with batch norm", model), ("fused", fused)):
        taken = milliseconds(lambda network=network: (network(x), settle()), repeats=5)
        numbers = (sum(p.numel() for p in network.parameters())
                   + sum(b.numel() for b in network.buffers()))
        print(f"{name:15}: accuracy {accuracy(network, x, y):.1%}, {numbers} numbers, "
              f"{taken:.1f} ms for 1,000 digits on {device().type}")
print(f"The scores differ by at most {apart:.0e}.")

# %% [markdown]
# **Predict.** You fuse the network,
# and then go on *training* the fused one, with the same learning rate.
# Is that the same as training on with batch norm:
# `"yes, equal outputs mean equal training"`, or `"no, only the test-mode function is the same"`?

# %% solution="training_after_fusing" title="Predict: training after fusing"
# Type your choice: training_after_fusing = "..."
### BEGIN SOLUTION
training_after_fusing = "no, only the test-mode function is the same"
### END SOLUTION

# %% [markdown] hint="training_after_fusing"
# By which statistics does batch norm normalize in train mode?
# And what did section 4 say about the gradient for weights in front of it?

# %% tests="training_after_fusing" points=1
check_one_of("training_after_fusing", training_after_fusing,
             ["yes, equal outputs mean equal training",
              "no, only the test-mode function is the same"])
### BEGIN HIDDEN TESTS
check_equal("training_after_fusing", training_after_fusing,
            "no, only the test-mode function is the same",
            look="In train mode batch norm uses the batch, its gradient goes through µ and σ, "
            "and another set of parameters is stepped.")
### END HIDDEN TESTS
