# %% [markdown]
# ## References
#
# - Stanford CS231n, lectures 6 and 7, and the notes [*Neural Networks, part 3:
#   Learning and Evaluation*](https://cs231n.github.io/neural-networks-3/):
#   gradient checks, sanity checks, thresholds of the relative error.
# - CSE 176, lecture 11; "Neural Networks III"; INFO8010, lecture 4: training neural networks.
# - Y. Bengio, [*Practical recommendations for gradient-based training
#   of deep architectures*](https://arxiv.org/abs/1206.5533), 2012, section 4.1:
#   gradient checking and controlled overfitting.
# - L. Bottou, *Stochastic gradient descent tricks*, in Neural Networks: Tricks of the Trade, 2012.
# - J. Weston, C. Watkins,
#   *Support vector machines for multi-class pattern recognition*, ESANN 1999.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, [*Understanding deep learning requires
#   rethinking generalization*](https://arxiv.org/abs/1611.03530), ICLR 2017.
# - C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia,
#   *Incorporating second-order functional knowledge for better option pricing*, NIPS 2000.
# - W. Squire, G. Trapp, *Using complex variables to estimate derivatives of real functions*,
#   SIAM Review 40 (1998).
# - E. Alpaydin, C. Kaynak,
#   [*Optical recognition of handwritten digits*](https://doi.org/10.24432/C50P49),
#   UCI Machine Learning Repository, 1998 (CC BY 4.0).
