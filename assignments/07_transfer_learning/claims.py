"""What the experiments of this lesson claim, as functions of the seed."""

from functools import lru_cache

import numpy as np

from autograder.authoring.claims import claim


@lru_cache(maxsize=2)
def _sets(collect, domain, seed):
    """A domain and what the network makes of it; several claims of one seed share it."""
    return collect(domain, seed)


def _draws(lesson, known, seed, count=5):
    return [lesson.draw(known[0].y, 10, 5 * seed + k) for k in range(count)]


def _lead(lesson, seed):
    """Mean accuracy of the linear classifier on features minus that of training from scratch."""
    near = _sets(lesson.collect, lesson.near_domain, seed)
    draws = _draws(lesson, near, seed)
    scratch = [lesson.from_scratch(*near, rows, k) for k, rows in enumerate(draws)]
    transfer = [lesson.linear_accuracy(*near, rows) for rows in draws]
    return np.mean(transfer) - np.mean(scratch)


@claim("Transfer is 15 to 42 points ahead of training from scratch, ten labels a class, 5 draws")
def transfer_is_ahead(lesson, seed):
    return bool(0.15 <= _lead(lesson, seed) <= 0.42)


@claim("The nearest centroid on features is more than 40 points ahead of that on pixels")
def features_beat_pixels(lesson, seed):
    near = _sets(lesson.collect, lesson.near_domain, seed)
    draws = _draws(lesson, near, seed)
    features = [lesson.centroid_accuracy(*near, rows) for rows in draws]
    pixels = [lesson.centroid_accuracy(*near, rows, pixels=True) for rows in draws]
    return bool(np.mean(features) - np.mean(pixels) > 0.4)


@claim("The linear classifier on the features gets 62 to 82 % right")
def features_accuracy(lesson, seed):
    near = _sets(lesson.collect, lesson.near_domain, seed)
    draws = _draws(lesson, near, seed)
    return bool(0.62 <= np.mean([lesson.linear_accuracy(*near, rows) for rows in draws]) <= 0.82)


@claim("Test patches from anywhere give a higher accuracy than those from the other half")
def a_random_split_flatters(lesson, seed):
    network = lesson.pretrained.load()
    honest, leaky = (lesson.split_accuracy(network, split, seed) for split in ("halves", "random"))
    return bool(leaky > honest + 0.02)


@claim("With the largest rate at the bottom, fine-tuning is lowest of five ways after an epoch")
def upside_down_is_lowest(lesson, seed):
    near = _sets(lesson.collect, lesson.near_domain, seed)
    rows = lesson.draw(near[0].y, 10, seed)
    ways = ("head", "one rate", "by depth", "gradual", "upside down")
    after = {way: lesson.fine_tune(*near, rows, way, epochs=1, seed=seed)[-1] for way in ways}
    return min(after, key=after.get) == "upside down"


@claim("For the digits alone, features after block 9 are 5 points or more ahead of the top's")
def far_features_lie_lower(lesson, seed):
    ahead = []
    for domain in (lesson.near_domain, lesson.far_domain):
        scores = lesson.by_depth(*_sets(lesson.collect, domain, seed), seed)
        ahead.append(scores[lesson.DEPTHS.index("blocks.9")] - scores[-1])
    return bool(ahead[0] < 0.05 <= ahead[1])


@claim("For ten labels of each digit, the top is less than 15 points ahead of scratch")
def far_and_small(lesson, seed):
    far = _sets(lesson.collect, lesson.far_domain, seed)
    runs = lesson.corner(*far, 10, range(3 * seed, 3 * seed + 3))
    scratch, top, tuned = (np.mean(runs[method]) for method in ("scratch", "top", "fine-tuned"))
    return bool(max(top, tuned) - scratch < 0.15)


@claim("For the digits, features after block 9 beat scratch, with ten labels a class and thirty")
def lower_features_beat_scratch(lesson, seed):
    far = _sets(lesson.collect, lesson.far_domain, seed)
    ahead = []
    for a_class in (10, 30):
        rows = [lesson.draw(far[0].y, a_class, 3 * seed + k) for k in range(3)]
        scratch = [lesson.from_scratch(*far, chosen, k) for k, chosen in enumerate(rows)]
        below = [lesson.linear_accuracy(*far, chosen, "blocks.9") for chosen in rows]
        ahead.append(np.mean(below) - np.mean(scratch))
    return bool(min(ahead) > 0)


@claim("On 5 to 9, features learned on 0 to 4 are 8 to 26 points behind scratch")
def narrow_features_fall_behind(lesson, seed):
    runs = [lesson.digit_runs(3 * seed + k) for k in range(3)]
    behind = np.mean([run["scratch"] - run["features"] for run in runs])
    return bool(0.08 <= behind <= 0.26)
