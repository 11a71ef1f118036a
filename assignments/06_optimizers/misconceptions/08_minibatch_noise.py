"""Wrong and right answers to section 8, “The noise of a minibatch”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- gradient_noise -------------------------------------------------------------------------------

misconception("gradient_noise", "This is the mean square; the root is missing.", id="without-root",
              hint="Take the root at the end.",
              replace="return np.sqrt((away**2).sum(axis=1).mean())",
              by="return (away**2).sum(axis=1).mean()")
misconception("gradient_noise", "The distances are averaged, not their squares.",
              id="as-a-mean-distance",
              hint="Square, then average over the minibatches, then take the root.",
              replace="return np.sqrt((away**2).sum(axis=1).mean())",
              by="return np.linalg.norm(away, axis=1).mean()")
misconception("gradient_noise", "The squares are averaged over the components, too: that is not "
              "the Euclidean distance.", id="per-component",
              hint="Add up over the D components, average over the K minibatches.",
              replace="np.sqrt((away**2).sum(axis=1).mean())", by="np.sqrt((away**2).mean())")
misconception("gradient_noise", "The spread is measured about the mean of the minibatches, not "
              "about the gradient of all data.", id="about-its-own-mean",
              hint="Subtract gradients.mean(axis=0).",
              replace="return np.sqrt",
              by="away = away - away.mean(axis=0)\n"
                 "return np.sqrt")
misconception("gradient_noise", "The gradients of a minibatch are added up, not averaged.",
              id="of-sums", hint="The gradient of a minibatch is the mean over its examples.",
              replace="gradients[batches].mean(axis=1)", by="gradients[batches].sum(axis=1)")


@alternative("gradient_noise")
def gradient_noise_with_a_loop(gradients, batches):
    whole = gradients.mean(axis=0)
    squares = [np.sum((gradients[rows].mean(axis=0) - whole) ** 2) for rows in batches]
    return float(np.mean(squares) ** 0.5)


alternative("gradient_noise", id="with-a-norm",
            replace=("away = gradients[batches].mean(axis=1)",
                     "return np.sqrt((away**2).sum(axis=1).mean())"),
            by=("centred = gradients",
                "return np.linalg.norm(centred[batches].mean(axis=1)) / np.sqrt(len(batches))"))

# --- noise_of_16 ----------------------------------------------------------------------------------

misconception("noise_of_16", "That is what happens to the variance; the noise is its root.",
              id="variance", hint="√(1/16).", source='noise_of_16 = "1/16"')
misconception("noise_of_16", "The root is taken twice.", id="fourth-root", hint="√(1/16).",
              source='noise_of_16 = "1/2"')

# --- noise_exponent -------------------------------------------------------------------------------

misconception("noise_exponent", "The noise falls as the minibatch grows: the exponent is negative.",
              id="sign", hint="Mind the sign.", source="noise_exponent = 0.5")
misconception("noise_exponent", "That is the exponent of the variance.", id="variance",
              hint="The noise is its root.", source="noise_exponent = -1.0")
