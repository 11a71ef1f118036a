"""Wrong and right answers to section 7, “Schedules”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- decay ----------------------------------------------------------------------------------------

misconception("decay", "After the last step the rate goes on falling, below final and below zero.",
              id="linear-decay-without-end", hint="Clip the share of the way at 1.", earns=3,
              replace="* min(step / total, 1.0)", by="* step / total")
misconception("decay", "The line falls to zero and stops at final on the way, too early.",
              id="linear-decay-clipped-at-final", hint="The line itself goes from base to final.",
              earns=3,
              replace="return base + (final - base) * min(step / total, 1.0)",
              by="return max(base * (1 - step / total), final)")
misconception("decay", "The rate falls in every step: the division is not a whole-number one.",
              id="step-decay-without-steps", hint="Count whole stretches: step // every.", earns=3,
              replace="base * factor ** (step // every)", by="base * factor ** (step / every)")
misconception("decay", "The rate drops one step too early.", id="step-decay-one-early",
              hint="Steps 0 to every − 1 have the base rate.", earns=3,
              replace="factor ** (step // every)", by="factor ** ((step + 1) // every)")
misconception("decay", "rate is the base of the power here, not the rate of an exponential.",
              id="exponential-decay-as-a-power", hint="base · exp(−rate · step).", earns=3,
              replace="base * np.exp(-rate * step)", by="base * (1 - rate) ** step")
misconception("decay", "The exponent has the wrong sign: the rate explodes.",
              id="exponential-growth", hint="base · exp(−rate · step).", earns=3,
              replace="base * np.exp(-rate * step)", by="base * np.exp(rate * step)")
misconception("decay", "The rate is a power of 1 + rate: that is exponential decay once more.",
              id="inverse-decay-as-a-power", hint="Divide by 1 + rate · step.", earns=3,
              replace="return base / (1 + rate * step)", by="return base / (1 + rate) ** step")
misconception("decay", "The root makes it fall more slowly than 1/t.", id="inverse-root-decay",
              hint="Divide by 1 + rate · step, without a root.", earns=3,
              replace="base / (1 + rate * step)", by="base / np.sqrt(1 + rate * step)")
alternative("decay", id="linear-decay-with-interp",
            replace="return base + (final - base) * min(step / total, 1.0)",
            by="return np.interp(step, [0, total], [base, final])")
alternative("decay", id="step-decay-with-a-loop",
            replace="return base * factor ** (step // every)",
            by="for _ in range(int(step / every)):\n"
               "    base *= factor\n"
               "return base")
alternative("decay", id="exponential-decay-with-e",
            replace="base * np.exp(-rate * step)", by="base * np.e ** (-rate * step)")

# --- cosine_warmup --------------------------------------------------------------------------------

misconception("cosine_warmup", "The first step of the warm-up has rate 0 and does nothing.",
              id="from-zero", hint="Step 0 gets base · 1 / warmup: count step + 1.",
              replace="return base * (step + 1) / warmup", by="return base * step / warmup")
misconception("cosine_warmup", "The cosine counts from step 0 and not from the end of the warm-up: "
              "the rate jumps there.", id="cosine-without-offset",
              hint="The share of the way is (step − warmup) / (total − warmup).",
              replace="(step - warmup) / (total - warmup)", by="step / total")
misconception("cosine_warmup", "The cosine takes total steps after the warm-up, so it ends too "
              "late.", id="cosine-too-long",
              hint="total includes the warm-up: the cosine has total − warmup steps.",
              replace="(step - warmup) / (total - warmup)", by="(step - warmup) / total")
misconception("cosine_warmup", "After its last step the rate rises again.", id="cosine-comes-back",
              hint="Clip the share of the way at 1.",
              replace="share = min((step - warmup) / (total - warmup), 1.0)",
              by="share = (step - warmup) / (total - warmup)")
misconception("cosine_warmup", "This is a quarter of a cosine: it ends steeply instead of gently.",
              id="quarter-of-a-cosine", hint="(1 + cos(π · share)) / 2 is flat at both ends.",
              replace="* (1 + np.cos(np.pi * share)) / 2", by="* np.cos(np.pi / 2 * share)")
misconception("cosine_warmup", "final is added to the whole curve, so it starts above base.",
              id="cosine-lifted", hint="The cosine spans base − final, and final is added to that.",
              replace="base - final", by="base")
misconception("cosine_warmup", "The rise begins near final, not near zero.", id="from-final",
              hint="The warm-up knows nothing of final: base · (step + 1) / warmup.",
              replace="return base * (step + 1) / warmup",
              by="return final + (base - final) * (step + 1) / warmup")
misconception("cosine_warmup", "The cosine falls to zero and is cut off at final on the way, too "
              "early.", id="cosine-clipped-at-final",
              hint="The cosine itself spans base − final, and final is added to it.",
              replace="return final + (base - final) * (1 + np.cos(np.pi * share)) / 2",
              by="return max(final, base * (1 + np.cos(np.pi * share)) / 2)")


@alternative("cosine_warmup")
def cosine_warmup_with_a_square(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return (step + 1) * (base / warmup)
    if step >= total:
        return final
    half = np.pi / 2 * (step - warmup) / (total - warmup)
    return base * np.cos(half) ** 2 + final * np.sin(half) ** 2


@alternative("cosine_warmup")
def cosine_warmup_with_clip(step, base, total, warmup=0, final=0.0):
    rise = min((step + 1) / warmup, 1) if warmup else 1
    share = np.clip((step - warmup) / (total - warmup), 0, 1)
    return rise * base if rise < 1 else final + 0.5 * (base - final) * (1 + np.cos(np.pi * share))


# --- highest_floor --------------------------------------------------------------------------------

misconception("highest_floor", "The step schedule does lower its rate, and its floor with it.",
              id="step", hint="Who never lowers the rate?", source='highest_floor = "step"')
misconception("highest_floor", "The inverse schedule falls slowly, but it falls.", id="inverse",
              hint="Who never lowers the rate?", source='highest_floor = "inverse"')
