# %% [markdown]
# ## Explore further
#
# Nothing here is marked.
#
# - **A derivative without a difference.** For an analytic $f$,
#   $\operatorname{Im} f(x + ih) / h$ has an error of order $h^2$ and no cancellation:
#   take $h = 10^{-100}$ (Squire and Trapp, 1998).
#   Add it to the picture of the valley.
#   Which of the functions in this notebook does it work for, and why not for the ReLU?
# - **Richardson.** Combine centered differences with steps $h$ and $2h$ so
#   that the $h^2$ term cancels.
#   Measure the order with `order_of_accuracy`.
# - **One direction in place of all.**
#   Compare $\frac{f(x+hv)-f(x-hv)}{2h}$ with $v\cdot\nabla f$ for a random $v$:
#   two evaluations for a million parameters.
#   Which errors does it find, and what does it cost in precision?
# - **A step that is one.** In floating point `(x + h) - x` is not $h$.
#   Divide by what it really is, and draw the valley of float32 again.
# - **Second derivatives.** Make `Softplus` differentiable twice,
#   and let `torch.autograd.gradgradcheck` judge it.
# - **Forward mode.** Compare your numerical gradients with `torch.func.jvp`
#   and `torch.func.vmap` over unit vectors.
