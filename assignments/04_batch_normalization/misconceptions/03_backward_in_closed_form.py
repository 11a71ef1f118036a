"""Wrong and right answers to section 3, “The backward pass in closed form”."""

from autograder.lessons.variants import alternative, misconception

# --- batchnorm_backward_alt -----------------------------------------------------------------------

misconception("batchnorm_backward_alt", "The brackets hold sums over the batch, not means.",
              id="sums-for-means", hint="dbeta / N and dgamma / N.",
              replace="/ len(dout) - xhat * (dgamma / len(dout))", by="- xhat * dgamma")
misconception("batchnorm_backward_alt", "The mean of dout is not subtracted.",
              id="forgets-the-mean", hint="dout − dbeta / N − xhat · dgamma / N.",
              replace="dout - dbeta / len(dout)", by="dout")
misconception("batchnorm_backward_alt", "The component along xhat is not subtracted.",
              id="forgets-the-component-along-xhat", hint="dout − dbeta / N − xhat · dgamma / N.",
              replace="dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))",
              by="dx = gamma / std * (dout - dbeta / len(dout))")
misconception("batchnorm_backward_alt", "The component along xhat is added.",
              id="adds-the-component", hint="Both means are subtracted.",
              replace="dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))",
              by="dx = gamma / std * (dout - dbeta / len(dout) + xhat * (dgamma / len(dout)))")
misconception("batchnorm_backward_alt", "The means are divided by N − 1.", id="divides-by-one-less",
              hint="Divide by N, as in the forward pass.",
              replace="dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))",
              by="dx = gamma / std * (dout - dbeta / (len(dout) - 1) - xhat * "
                 "(dgamma / (len(dout) - 1)))")
misconception("batchnorm_backward_alt", "The division by the standard deviation is missing.",
              id="without-the-deviation", hint="γ / std stands in front.",
              replace=("_, std, xhat, gamma = cache", "gamma / std"),
              by=("_, _, xhat, gamma = cache", "gamma"))
misconception("batchnorm_backward_alt", "The bracket is divided by the variance.",
              id="with-the-variance", hint="γ / std stands in front; std is the root.",
              replace="gamma / std", by="gamma / std**2")
misconception("batchnorm_backward_alt", "γ was multiplied into dout already, and stands in front "
              "once more.", id="gamma-twice", hint="γ appears once in dx.",
              replace="dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))",
              by="dx = gamma / std * (gamma * dout - gamma * dbeta / len(dout) - xhat * "
                 "(gamma * dgamma / len(dout)))")
alternative("batchnorm_backward_alt", id="with-means",
            replace="dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))",
            by="dx = gamma / std * (dout - dout.mean(axis=0) - xhat * (dout * xhat).mean(axis=0))")
alternative("batchnorm_backward_alt", id="over-one-fraction",
            replace="dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))",
            by="dx = (1.0 / len(dout)) * gamma * (1 / std) * (len(dout) * dout - dout.sum(axis=0) "
               "- xhat * np.sum(dout * xhat, axis=0))")
alternative("batchnorm_backward_alt", id="by-einsum",
            replace="(dout * xhat).sum(axis=0)", by='np.einsum("nd,nd->d", dout, xhat)')

# --- faster ---------------------------------------------------------------------------------------

misconception("faster", "The graph computes more arrays of full size on its way.", id="the-graph",
              hint="Count the operations on (N, D) arrays in both.", source='faster = "the graph"')
misconception("faster", "Equal results don't mean equal work.", id="neither",
              hint="Count the operations on (N, D) arrays in both.", source='faster = "neither"')
alternative("faster", id="single-quotes", source="faster = 'the closed' + ' form'")
