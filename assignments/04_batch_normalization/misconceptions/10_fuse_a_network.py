"""Wrong and right answers to section 10, “Fuse a trained network”."""

import torch

from autograder.lessons.variants import alternative, misconception

# --- fuse_conv_bn ---------------------------------------------------------------------------------

misconception("fuse_conv_bn", "The bias of the convolution is dropped.", id="drops-the-old-bias",
              hint="(old bias − mean) · scale + beta.",
              replace="old = 0.0 if conv.bias is None else conv.bias", by="old = 0.0")
misconception("fuse_conv_bn", "eps is left out of the scale.", id="without-eps",
              hint="bn.weight / (bn.running_var + bn.eps).sqrt().",
              replace="(bn.running_var + bn.eps).sqrt()", by="bn.running_var.sqrt()")
misconception("fuse_conv_bn", "The usual eps is taken, not the one of the layer.", id="default-eps",
              hint="bn.eps.",
              replace="(bn.running_var + bn.eps).sqrt()", by="(bn.running_var + 1e-5).sqrt()")
misconception("fuse_conv_bn", "The input channels are scaled where the shapes allow it.",
              id="scales-the-input-channels",
              hint="scale[:, None, None, None]: one factor for each filter.",
              replace="fused.weight.copy_(conv.weight * scale[:, None, None, None])",
              by="fused.weight.copy_(conv.weight * (scale[:, None, None] if conv.weight.shape[1] "
                 "== len(scale) else scale[:, None, None, None]))")
misconception("fuse_conv_bn", "Stride, padding, dilation and groups are those of a fresh "
              "convolution.", id="forgets-the-geometry",
              hint="Pass conv.stride, conv.padding, conv.dilation, conv.groups on.",
              replace=(" conv.stride,", "conv.padding,", "conv.dilation, conv.groups, "),
              by=("", "", ""))
misconception("fuse_conv_bn", "Dilation and groups are forgotten.",
              id="forgets-dilation-and-groups", hint="Pass conv.dilation and conv.groups on.",
              replace="conv.dilation, conv.groups, ", by="")
misconception("fuse_conv_bn", "The old convolution is changed in place, so the network in training "
              "is spoiled.", id="changes-the-convolution",
              hint="Make a new Conv2d, or a deep copy.",
              replace="fused.weight.copy_(conv.weight * scale[:, None, None, None])",
              by="fused.weight.copy_(conv.weight.mul_(scale[:, None, None, None]))")
misconception("fuse_conv_bn", "The old bias is changed in place.", id="changes-the-bias",
              hint="bias - mean makes a new tensor, bias -= mean doesn't.",
              replace=("old = 0.0 if conv.bias is None else conv.bias",
                       "(old - bn.running_mean) * scale + bn.bias"),
              by=("old = torch.zeros_like(bn.bias) if conv.bias is None else conv.bias\n"
                  "old -= bn.running_mean",
                  "old * scale + bn.bias"))
misconception("fuse_conv_bn", "The padding mode is forgotten: the new convolution pads with zeros.",
              id="forgets-the-padding-mode", hint="Pass padding_mode=conv.padding_mode on.",
              replace=", padding_mode=conv.padding_mode", by="")
misconception("fuse_conv_bn", "The given batch norm is left in eval mode.", id="sets-eval-mode",
              hint="Its running statistics can be read in any mode.",
              replace="return fused",
              by="bn.eval()\n"
                 "return fused")
misconception("fuse_conv_bn", "The scale divides by the variance; the root is missing.",
              id="by-the-variance", hint="(bn.running_var + bn.eps).sqrt().",
              replace="(bn.running_var + bn.eps).sqrt()", by="(bn.running_var + bn.eps)")
misconception("fuse_conv_bn", "The old bias is added as it was; it passes batch norm, too, and is "
              "scaled.", id="keeps-the-old-bias-unscaled", hint="(old bias − mean) · scale + beta.",
              replace="(old - bn.running_mean) * scale", by="old - bn.running_mean * scale")


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
        fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size,
                                stride=conv.stride, padding=conv.padding,
                                dilation=conv.dilation, groups=conv.groups,
                                padding_mode=conv.padding_mode).to(conv.weight)
        fused.weight.copy_(torch.einsum("fchw,f->fchw", conv.weight, scale))
        fused.bias.copy_(shift if conv.bias is None else shift + scale * conv.bias)
    return fused


# --- training_after_fusing ------------------------------------------------------------------------

misconception("training_after_fusing", "Equal outputs in test mode; in train mode batch norm uses "
              "the batch, and other numbers are stepped.", id="yes",
              hint="By what does batch norm normalize in train mode?",
              source='training_after_fusing = "yes, equal outputs mean equal training"')
alternative("training_after_fusing", id="words",
            source="training_after_fusing = 'no, only the test-mode' + ' function is the same'")
