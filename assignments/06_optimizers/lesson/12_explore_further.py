# %% [markdown]
# ## Explore further (no marks)
#
# - **Race on your own course.** `races.Landscape` takes a loss and its gradient.
#   Try Rosenbrock's banana, $(1-w_1)^2 + 20\,(w_2 - w_1^2)^2$,
#   or a landscape with two minima: who ends where?
# - **Tune honestly.** In the race, each rule got a learning rate by hand.
#   Search ten rates for each rule, compare the best, and see how much of the ranking was tuning
#   (Choi et al., 2019, *On empirical comparisons of optimizers for deep learning*).
# - **Does Adam converge?** Reddi, Kale & Kumar (2018), *On the convergence of Adam and beyond*,
#   give a convex problem of one weight on which it doesn't.
#   Build it with `follow`, then add their maximum of $v$ (AMSGrad).
# - **Beyond the diagonal.** Turn the turned valley back:
#   Shampoo (Gupta, Koren & Singer, 2018) and Muon (2024) precondition matrices on both sides.
#   How many steps do they need in section 6?
# - **Overlapping batches.** Give L-BFGS minibatches that share half of their examples
#   and take $y$ on the shared half only (Berahas, Nocedal & Takáč, 2016).
#   Does it recover?
# - **How large a batch?** McCandlish et al. (2018), *An empirical model of large-batch training*,
#   predict the useful batch size from the noise that you measured in section 8.
#   Estimate it for logistic regression.
