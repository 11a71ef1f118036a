"""Wrong and right answers to the second part of section 5, “Five ways to fool a gradient check”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- predicted_masking ----------------------------------------------------------------------------

misconception("predicted_masking", "The difference of the two gradients doesn't change, and the "
              "gradients grow.", id="regularization-does-not-matter",
              hint="What is |1.1 d + r - (d + r)| / |1.1 d + r| for a large r?",
              source='predicted_masking = "it stays"')
misconception("predicted_masking", "The regularization's gradient is right, so adding more of it "
              "adds no error.", id="more-terms-more-error",
              hint="What is |1.1 d + r - (d + r)| / |1.1 d + r| for a large r?",
              source='predicted_masking = "it grows"')

# --- errors_of_terms ------------------------------------------------------------------------------


@misconception("errors_of_terms", "The sum of the terms was checked, where a large right term "
               "hides a small wrong one.", hint="Check each term against its own differences.")
def errors_of_terms_in_their_sum(terms, w, h=1e-5):
    numeric = numerical_gradient(lambda w: sum(t(w)[0] for t in terms.values()), w, h)
    analytic = sum(t(w)[1] for t in terms.values())
    return dict.fromkeys(terms, np.max(relative_error(analytic, numeric)))


misconception("errors_of_terms", "The mean error hides a single wrong entry.", id="at-the-median",
              hint="Return the largest error: np.max.",
              replace="np.max(relative_error", by="np.median(relative_error")


@misconception("errors_of_terms", "All terms were compared with the differences of the last one: a "
               "lambda looks up its names late.",
               hint="Compute the numerical gradient in the loop in which the lambda is made.")
def errors_of_terms_with_a_late_lambda(terms, w, h=1e-5):
    values = {}
    for name, term in terms.items():
        values[name] = lambda w: term(w)[0]  # noqa: B023
    return {
        name: np.max(relative_error(terms[name](w)[1], numerical_gradient(values[name], w, h)))
        for name in terms
    }


misconception("errors_of_terms", "The absolute difference was returned, which is large for large "
              "gradients that are right.", id="absolute", hint="Divide: use relative_error.",
              replace="relative_error(term(w)[1], numeric)", by="np.abs(term(w)[1] - numeric)")
misconception("errors_of_terms", "The step that was given is not passed on, so the differences use "
              "1e-5.", id="with-the-default-step",
              hint="numerical_gradient(…, w, h): hand the step on.",
              replace="term(w)[0], w, h)", by="term(w)[0], w)")


@alternative("errors_of_terms")
def errors_of_terms_in_a_comprehension(terms, w, h=1e-5):
    return {
        name: float(relative_error(numerical_gradient(lambda w, t=t: t(w)[0], w, h), t(w)[1]).max())
        for name, t in terms.items()
    }


@alternative("errors_of_terms")
def errors_of_terms_without_other_answers(terms, w, h=1e-5):
    def error(term):
        worst = []
        for i, e in enumerate(h * np.eye(len(w))):
            a, n = term(w)[1][i], (term(w + e)[0] - term(w - e)[0]) / (2 * h)
            worst.append(abs(a - n) / max(abs(a), abs(n)) if a != n else 0.0)
        return np.max(worst)

    return {name: error(term) for name, term in terms.items()}


# --- frozen ---------------------------------------------------------------------------------------

misconception("frozen", "The generator is made once and moves on, so every call draws other "
              "numbers.", id="with-one-generator",
              hint="Make it inside the function that is returned.",
              replace="return lambda x: noisy(x, np.random.default_rng(seed))",
              by="rng = np.random.default_rng(seed)\n"
                 "return lambda x: noisy(x, rng)")
misconception("frozen", "The generator has no seed, so every call draws other numbers.",
              id="without-a-seed", hint="np.random.default_rng(seed).",
              replace="np.random.default_rng(seed)", by="np.random.default_rng()")
misconception("frozen", "The seed is always 0, whatever was asked for.", id="with-seed-zero",
              hint="Pass the argument on: np.random.default_rng(seed).",
              replace="np.random.default_rng(seed)", by="np.random.default_rng(0)")


@misconception("frozen", "The first value is kept and returned for every x.",
               hint="Freeze the draws, not the value: call noisy anew for every x.")
def frozen_with_its_first_value(noisy, seed=0):
    kept = []

    def f(x):
        if not kept:
            kept.append(noisy(x, np.random.default_rng(seed)))
        return kept[0]

    return f


@misconception("frozen", "NumPy's global generator is seeded, from which noisy doesn't draw.",
               hint="Give noisy a generator of its own: np.random.default_rng(seed).")
def frozen_by_the_global_seed(noisy, seed=0):
    rng = np.random.default_rng(seed)

    def f(x):
        np.random.seed(seed)
        return noisy(x, rng)

    return f


@alternative("frozen")
def frozen_by_a_named_function(noisy, seed=0):
    def f(x):
        rng = np.random.Generator(np.random.PCG64(seed))
        return noisy(x, rng)

    return f


@alternative("frozen")
def frozen_by_rewinding(noisy, seed=0):
    rng = np.random.default_rng(seed)
    start = rng.bit_generator.state

    def f(x):
        rng.bit_generator.state = start
        return noisy(x, rng)

    return f


# --- hidden_by_zeros ------------------------------------------------------------------------------

misconception("hidden_by_zeros", "W2 = 0 doesn't make its own gradient zero: that one is hidden.T "
              "@ dscores.", id="the-parameters-that-are-zero",
              hint="Zeros stop what flows through W2, to the layers before it.",
              source='hidden_by_zeros = ["W2", "b2"]')
misconception("hidden_by_zeros", "The gradient of b2 is the sum of dscores, which is not zero.",
              id="all-of-them", hint="Only what is made from dhidden is zero.",
              source='hidden_by_zeros = ["W1", "b1", "W2", "b2"]')
misconception("hidden_by_zeros", "b1 gets its gradient from dhidden as well.",
              id="without-the-bias", hint="Which gradients are made from dhidden?",
              source='hidden_by_zeros = ["W1"]')
alternative("hidden_by_zeros", id="in-another-order", source='hidden_by_zeros = ("b1", "W1")')
