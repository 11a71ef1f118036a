import numpy as np

from autograder.authoring.claims import claim


@claim("After sixty zeros, the average with β = 0.9 has forgotten, the one with 0.98 has not")
def the_larger_beta_remembers_longer(lesson, seed):
    numbers = np.concatenate([np.random.default_rng(seed).uniform(0.9, 1.1, 60), np.zeros(60)])
    short, long = (lesson.moving_average(numbers, beta)[-1] for beta in (0.9, 0.98))
    return short < 0.01 < 0.1 < long
