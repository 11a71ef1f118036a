"""Wrong and right answers to section 10, “Residual branches at birth”."""

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- residual_growth ------------------------------------------------------------------------------

misconception("residual_growth", "That is the factor of the mean square.", id="variance",
              hint="Take the root.", source="residual_growth = 2.0**24")
misconception("residual_growth", "The mean square doubles in each block; it doesn't grow by one.",
              id="adds", hint="Doubling 24 times is 2²⁴.", source="residual_growth = 24**0.5")
misconception("residual_growth", "Each block multiplies the root mean square by √2, not by 1.",
              id="one-block", hint="(√2)²⁴.", source="residual_growth = 2**0.5")
alternative("residual_growth", id="formula", source="residual_growth = np.sqrt(2) ** 24")

# --- scale_at_birth -------------------------------------------------------------------------------

misconception("scale_at_birth", "The weights are multiplied by 1/L: the branches start smaller "
              "than they must.", id="one-over-l",
              hint="1/√L: the variances of L branches add up to 1.",
              replace="*= len(blocks) ** -0.5", by="/= len(blocks)")
misconception("scale_at_birth", "Both layers of the branch are zeroed: the hidden units are zero, "
              "the last weights get no gradient, and the branch never learns.", id="zeroes-both",
              hint="Zero the last layer only.",
              replace="nn.init.zeros_(block.last.weight)",
              by="nn.init.zeros_(block.first.weight)\n"
                 "nn.init.zeros_(block.first.bias)\n"
                 "nn.init.zeros_(block.last.weight)")
misconception("scale_at_birth", "The first layer is zeroed: then the last one gets no gradient.",
              id="zeroes-the-first", hint="Zero block.last.",
              replace=("zeros_(block.last.weight)", "zeros_(block.last.bias)"),
              by=("zeros_(block.first.weight)", "zeros_(block.first.bias)"))
misconception("scale_at_birth", "Both layers are multiplied by 1/√L, so the branch gets the factor "
              "1/L.", id="scales-both", hint="Scale the last layer only.",
              replace="block.last.weight *= len(blocks) ** -0.5",
              by="block.first.weight *= len(blocks) ** -0.5\n"
                 "block.last.weight *= len(blocks) ** -0.5")
misconception("scale_at_birth", "The factor is made from the number of the block, not from the "
              "number of all blocks.", id="by-position",
              hint="L is len(blocks), the same for each.",
              replace=("for block in blocks:", "len(blocks) ** -0.5"),
              by=("for number, block in enumerate(blocks, start=1):", "number**-0.5"))
misconception("scale_at_birth", "The parameter is replaced by a new one: an optimizer that holds "
              "the old one trains nothing.", id="replaces", hint="Change it in place.",
              replace=("nn.init.zeros_(block.last.weight)", "nn.init.zeros_(block.last.bias)",
                       "block.last.weight *= len(blocks) ** -0.5"),
              by=("block.last.weight = nn.Parameter(torch.zeros_like(block.last.weight))",
                  "block.last.bias = nn.Parameter(torch.zeros_like(block.last.bias))",
                  "block.last.weight = nn.Parameter(block.last.weight * len(blocks) ** -0.5)"))
misconception("scale_at_birth", "The bias of the zeroed layer stays: the branch is a constant, not "
              "nothing.", id="forgets-the-bias", hint="nn.init.zeros_(block.last.bias), too.",
              replace="nn.init.zeros_(block.last.bias)", by="")
misconception("scale_at_birth", "The blocks are scaled, but None comes back.", id="without-return",
              hint="return blocks.", replace="return blocks", by="")


@alternative("scale_at_birth")
def scale_at_birth_with_data(blocks, how):
    if how == "zero":
        for block in blocks:
            block.last.weight.data.fill_(0.0)
            block.last.bias.data.fill_(0.0)
    elif how == "depth":
        for block in blocks:
            block.last.weight.data.div_(len(blocks) ** 0.5)
    else:
        raise ValueError(f"no such way: {how}")
    return blocks


@alternative("scale_at_birth")
def scale_at_birth_with_copy(blocks, how):
    with torch.no_grad():
        ways = {"zero": 0.0, "depth": 1 / np.sqrt(len(blocks))}
        if how not in ways:
            raise ValueError(how)
        for block in blocks:
            block.last.weight.copy_(ways[how] * block.last.weight)
            if how == "zero":
                block.last.bias.mul_(0)
        return blocks


# --- depth_growth ---------------------------------------------------------------------------------

misconception("depth_growth", "That is the network as it is.", id="unscaled",
              hint="Look at the blue curve.", source="depth_growth = 4096")
misconception("depth_growth", "That is the zero start.", id="zero", hint="Look at the blue curve.",
              source="depth_growth = 1.0")
misconception("depth_growth", "e is the limit for the mean square; its root is what grows here.",
              id="e", hint="Read the number at the end of the blue curve.",
              source="depth_growth = np.e")
alternative("depth_growth", id="limit", source="depth_growth = np.e**0.5")
