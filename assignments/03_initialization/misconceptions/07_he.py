"""Wrong and right answers to section 7, “ReLU, and the rule of He”."""

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- xavier_with_relu -----------------------------------------------------------------------------

misconception("xavier_with_relu", "That is the share of the mean square; the root is missing.",
              id="variance", hint="(1/√2)²⁰.", source="xavier_with_relu = 2.0**-20")
misconception("xavier_with_relu", "That is the share after one layer.", id="one-layer",
              hint="Twenty of them.", source="xavier_with_relu = 2**-0.5")
misconception("xavier_with_relu", "1/20 would be a loss that adds up; it multiplies.", id="adds",
              hint="(1/√2)²⁰.", source="xavier_with_relu = 1 / 20")
alternative("xavier_with_relu", id="rounded", source="xavier_with_relu = 0.001")

# --- he_normal ------------------------------------------------------------------------------------

misconception("he_normal", "He's 2 stands above Xavier's fans: the signal is halved once more "
              "where they are equal.", id="fans-of-xavier",
              hint="Divide by one fan, not by the sum.",
              replace="fans[mode]", by="(fan_in + fan_out)")
misconception("he_normal", "The slope is ignored.", id="ignores-the-slope",
              hint="2 / ((1 + slope²) · fan).",
              replace="((1 + slope**2) * fans[mode])", by="fans[mode]")
misconception("he_normal", "The slope enters without its square.", id="slope-not-squared",
              hint="E[h²] holds slope².", replace="1 + slope**2", by="1 + slope")
misconception("he_normal", "The two fans are swapped.", id="swaps-the-fans",
              hint="fan_in is the number of inputs, the first argument.",
              replace='{"fan_in": fan_in, "fan_out": fan_out}',
              by='{"fan_in": fan_out, "fan_out": fan_in}')
misconception("he_normal", "The variance is used as the standard deviation.", id="without-root",
              hint="Take the root.",
              replace="np.sqrt(2 / ((1 + slope**2) * fans[mode]))",
              by="2 / ((1 + slope**2) * fans[mode])")
misconception("he_normal", "An unknown mode passes in silence, as fan-out.", id="accepts-any-mode",
              hint="raise ValueError.",
              replace="if mode not in fans:",
              by="fans.setdefault(mode, fan_out)\n"
                 "if mode not in fans:")
misconception("he_normal", "The mode fan_out is ignored.", id="always-fan-in",
              hint="Let the mode choose the fan.", replace="fans[mode]", by="fan_in")
misconception("he_normal", "The 2 is missing: this is LeCun's rule.", id="without-the-two",
              hint="A ReLU halves the mean square.", replace="np.sqrt(2 / (", by="np.sqrt(1 / (")
misconception("he_normal", "The function makes its own generator: all layers of a shape get the "
              "same weights.", id="own-seed", hint="Draw from the rng that you are given.",
              replace="rng.normal", by="np.random.default_rng(42).normal")


@alternative("he_normal")
def he_normal_by_gain(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    try:
        fan = dict(fan_in=fan_in, fan_out=fan_out)[mode]
    except KeyError:
        raise ValueError(f"no mode {mode}") from None
    gain = torch.nn.init.calculate_gain("leaky_relu", slope)
    return rng.normal(0.0, gain / fan**0.5, size=(fan_in, fan_out))


@alternative("he_normal")
def he_normal_in_float32(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode == "fan_in":
        fan = fan_in
    elif mode == "fan_out":
        fan = fan_out
    else:
        raise ValueError(mode)
    return (rng.standard_normal((fan_in, fan_out))
            * (2 / fan / (1 + slope * slope)) ** 0.5).astype(np.float32)


# --- fans -----------------------------------------------------------------------------------------

misconception("fans", "The area of the kernel is forgotten.", id="without-the-area",
              hint="Both fans times the product of shape[2:].",
              replace="return shape[1] * area, shape[0] * area", by="return shape[1], shape[0]")
misconception("fans", "The fan-in and the fan-out are swapped: PyTorch has the outputs first.",
              id="swapped", hint="shape is (out, in, …).",
              replace="shape[1] * area, shape[0] * area", by="shape[0] * area, shape[1] * area")
misconception("fans", "The area is missing in the fan-out: one input goes into k·k places of each "
              "output channel.", id="area-for-the-fan-in-only", hint="Both fans hold the area.",
              replace="shape[0] * area", by="shape[0]")
misconception("fans", "The kernel is taken for a square: k·k of its first side.", id="of-a-square",
              hint="The product of shape[2:].",
              replace=('raise ValueError(f"a layer has inputs and outputs, {tuple(shape)} is one '
                       'number")', "int(np.prod(shape[2:]))"),
              by=('raise ValueError("no fans")', "shape[2] ** 2 if len(shape) > 2 else 1"))
misconception("fans", "A bias gets fans of 1 in silence.", id="of-a-bias",
              hint="raise ValueError for fewer than two numbers.",
              replace=("if len(shape) < 2:\n"
                       '    raise ValueError(f"a layer has inputs and outputs, {tuple(shape)} is '
                       'one number")',
                       "shape[1] * area"), by=("", "(shape[1] if len(shape) > 1 else 1) * area"))


@alternative("fans")
def fans_with_a_loop(shape):
    if len(shape) <= 1:
        raise ValueError("weights have two dimensions or more")
    fan_out, fan_in = shape[:2]
    for k in shape[2:]:
        fan_in, fan_out = fan_in * k, fan_out * k
    return fan_in, fan_out


alternative("fans", id="by-division",
            replace="return shape[1] * area, shape[0] * area",
            by="return [int(np.prod(shape)) // shape[0], int(np.prod(shape)) // shape[1]]")

# --- forgotten_area -------------------------------------------------------------------------------

misconception("forgotten_area", "That is the factor of the mean square.", id="variance",
              hint="Take its root.", source="forgotten_area = 9")
misconception("forgotten_area", "The sum has nine times as many terms, so it grows.", id="shrinks",
              hint="More terms, more variance.", source="forgotten_area = 1 / 3")
misconception("forgotten_area", "It would be 1 with the area in the fan-in.", id="kept",
              hint="Nine times as many terms.", source="forgotten_area = 1")
alternative("forgotten_area", id="formula", source="forgotten_area = np.sqrt(3 * 3)")
