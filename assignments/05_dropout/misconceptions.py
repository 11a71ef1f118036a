"""Wrong answers to the tasks of this notebook that people give, and right ones in other words."""

import itertools

import numpy as np
import torch

from autograder.misconceptions import alternative, misconception

# --- dropout_forward -----------------------------------------------------------------------------


@misconception("dropout_forward", "p is taken for the probability of dropping, as in PyTorch.",
               hint="Here p keeps: the mask is one where the random number is below p.")
def dropout_forward_p_drops(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    mask = (np.random.default_rng(seed).random(x.shape) > p) / (1 - p) if p < 1 else 0 * x
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "Units are kept with probability 1 − p, but scaled with 1/p.",
               hint="Keep where rng.random(...) < p.")
def dropout_forward_keeps_the_others(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    mask = (np.random.default_rng(seed).random(x.shape) > p) / p
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "What is kept is not scaled, so the expectation shrinks in training.",
               hint="Divide the mask by p.")
def dropout_forward_without_scaling(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    mask = (np.random.default_rng(seed).random(x.shape) < p) * 1.0
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "Training divides by p, and test time multiplies by p as well.",
               hint="Inverted dropout does nothing at test time: return x.")
def dropout_forward_scales_at_test_time(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    mask = (np.random.default_rng(seed).random(x.shape) < p) / p if mode == "train" else p
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "Units are dropped at test time, too: the mode is not looked at.",
               hint="In test mode return x.")
def dropout_forward_left_on(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    mask = (np.random.default_rng(seed).random(x.shape) < p) / p
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "One mask serves the whole batch: all examples lose the same units.",
               hint="Draw x.shape random numbers, not x.shape[1:].")
def dropout_forward_one_mask_for_the_batch(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    mask = (np.random.default_rng(seed).random(x.shape[1:]) < p) / p * np.ones_like(x)
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "The global generator is seeded, so every call with a seed resets the random "
               "numbers of the whole program.", hint="rng = np.random.default_rng(seed), then rng.random(x.shape).")
def dropout_forward_seeds_everybody(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    if seed is not None:
        np.random.seed(seed)
    mask = (np.random.rand(*x.shape) < p) / p
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "Without a seed, a fixed one is used: every step drops the same units.",
               hint="np.random.default_rng(None) gives other numbers each time: pass the seed on as it is.")
def dropout_forward_always_the_same(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    mask = (np.random.default_rng(dropout_param.get("seed", 0)).random(x.shape) < p) / p
    return x * mask, (dropout_param, mask)


@misconception("dropout_forward", "x is multiplied in place, so the layer before loses its activations.",
               hint="out = x * mask makes a new array; x *= mask does not.")
def dropout_forward_in_place(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    mask = (np.random.default_rng(seed).random(x.shape) < p) / p
    x *= mask
    return x, (dropout_param, mask)


@misconception("dropout_forward", "`if seed:` takes the seed 0 for no seed at all.",
               hint="np.random.default_rng(seed) knows what to do with None: pass the seed on as it is.")
def dropout_forward_zero_is_no_seed(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    if mode == "test":
        return x, (dropout_param, None)
    rng = np.random.default_rng(seed) if seed else np.random.default_rng()
    mask = (rng.random(x.shape) < p) / p
    return x * mask, (dropout_param, mask)


@alternative("dropout_forward")
def dropout_forward_by_randomstate(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    mask = np.ones(x.shape)
    if mode == "train":
        mask = (np.random.RandomState(seed).rand(*x.shape) < p) / p
    return x * mask, (dropout_param, mask)


@alternative("dropout_forward")
def dropout_forward_binomial(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(f"mode is {mode!r}, want 'train' or 'test'")
    if mode == "test":
        return x.copy(), (dropout_param, None)
    kept = np.random.default_rng(seed).binomial(1, p, size=x.shape)
    return x * kept / p, (dropout_param, kept / p)


@alternative("dropout_forward")
def dropout_forward_with_where(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    if mode not in ("train", "test"):
        raise ValueError(f"mode is {mode!r}, want 'train' or 'test'")
    mask = None
    if mode == "train":
        dropped = np.random.default_rng(dropout_param.get("seed")).random(x.shape) >= p
        mask = np.where(dropped, 0.0, 1 / p)
        x = np.where(dropped, 0.0, x / p)
    return x, (dropout_param, mask)


@alternative("dropout_forward")
def dropout_forward_in_float32(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    if mode not in ("train", "test"):
        raise ValueError(mode)
    x = np.array(x, dtype=np.float32)
    if mode == "test":
        return x, (dropout_param, None)
    rng = np.random.default_rng(dropout_param.get("seed"))
    mask = (rng.random(x.shape, dtype=np.float32) < p).astype(np.float32) / np.float32(p)
    return x * mask, (dropout_param, mask)


# --- dropout_backward ----------------------------------------------------------------------------


@misconception("dropout_backward", "The mask is drawn anew: the gradient goes through other units than the data did.",
               hint="Use the mask of the forward pass, out of the cache.")
def dropout_backward_draws_again(dout, cache):
    dropout_param, mask = cache
    if mask is None:
        return dout
    return dout * (np.random.default_rng().random(dout.shape) < dropout_param["p"]) / dropout_param["p"]


@misconception("dropout_backward", "The factor 1/p is forgotten on the way back.",
               hint="out = x · mask with mask 0 or 1/p, so dx = dout · mask.")
def dropout_backward_without_scaling(dout, cache):
    _, mask = cache
    return dout if mask is None else dout * (mask > 0)


@misconception("dropout_backward", "The gradient is divided by p once more than the data were.",
               hint="The mask holds 1/p already.")
def dropout_backward_scales_twice(dout, cache):
    dropout_param, mask = cache
    return dout if mask is None else dout * mask / dropout_param["p"]


@misconception("dropout_backward", "In test mode the gradient is multiplied by p, though the data were not.",
               hint="At test time out is x: return dout.")
def dropout_backward_scales_at_test_time(dout, cache):
    dropout_param, mask = cache
    return dout * dropout_param["p"] if mask is None else dout * mask


@misconception("dropout_backward", "The gradient comes back as if nothing had been dropped.",
               hint="Multiply by the mask.")
def dropout_backward_ignores_the_mask(dout, cache):
    return dout


@alternative("dropout_backward")
def dropout_backward_in_place(dout, cache):
    if cache[1] is not None:
        dout *= cache[1]
    return dout


@alternative("dropout_backward")
def dropout_backward_with_where(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "test":
        return dout.copy()
    return np.where(mask > 0, dout / dropout_param["p"], 0.0)


# --- plain_dropout -------------------------------------------------------------------------------


@misconception("plain_dropout", "This is the inverted form: it scales in training.",
               hint="Here training only drops; test time multiplies by p.",
               replaces="plain_dropout_forward")
def plain_dropout_is_inverted(x, dropout_param):
    p = dropout_param["p"]
    if dropout_param["mode"] == "test":
        return x, 1.0
    mask = (np.random.default_rng(dropout_param.get("seed")).random(x.shape) < p) / p
    return x * mask, mask


@misconception("plain_dropout", "At test time x is divided by p, so it grows in place of shrinking.",
               hint="In training only a share p of the units is there: at test time multiply by p.",
               replaces="plain_dropout_forward")
def plain_dropout_divides(x, dropout_param):
    p = dropout_param["p"]
    if dropout_param["mode"] == "test":
        return x / p, 1 / p
    mask = np.random.default_rng(dropout_param.get("seed")).random(x.shape) < p
    return x * mask, mask


@misconception("plain_dropout", "At test time x is multiplied by 1 − p: p is taken for the probability of dropping.",
               hint="p keeps.", replaces="plain_dropout_forward")
def plain_dropout_p_drops(x, dropout_param):
    p = dropout_param["p"]
    if dropout_param["mode"] == "test":
        return x * (1 - p), 1 - p
    mask = np.random.default_rng(dropout_param.get("seed")).random(x.shape) >= p
    return x * mask, mask


@misconception("plain_dropout", "Test time is forgotten: nothing is scaled anywhere.",
               hint="The plain form owes the factor p at test time.", earns=0, replaces="plain_dropout_forward")
def plain_dropout_never_scales(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x, 1.0
    mask = np.random.default_rng(dropout_param.get("seed")).random(x.shape) < dropout_param["p"]
    return x * mask, mask


@misconception("plain_dropout", "At test time the gradient is passed on without the factor p.",
               hint="out = p · x, so dx = p · dout.", earns=1, replaces="plain_dropout_backward")
def plain_dropout_backward_forgets_p(dout, cache):
    return dout if np.ndim(cache) == 0 else dout * cache


@misconception("plain_dropout", "The dropped units are set to zero in x itself: the layer before loses its activations.",
               hint="x * factor makes a new array.", earns=1, replaces="plain_dropout_forward")
def plain_dropout_in_place(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode == "test":
        return p * x, p
    keep = np.random.default_rng(seed).random(x.shape) < p
    x[~keep] = 0.0
    return x, keep


@misconception("plain_dropout", "One mask serves the whole batch: all examples lose the same units.",
               hint="Draw x.shape random numbers, not x.shape[1:].", earns=1, replaces="plain_dropout_forward")
def plain_dropout_one_mask(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    factor = np.random.default_rng(seed).random(x.shape[1:]) < p if mode == "train" else p
    return x * factor, factor


@alternative("plain_dropout", replaces="plain_dropout_forward")
def plain_dropout_with_cases(x, dropout_param):
    if dropout_param["mode"] == "test":
        return dropout_param["p"] * x, dropout_param["p"]
    kept = np.random.default_rng(dropout_param.get("seed")).binomial(1, dropout_param["p"], x.shape)
    out = x.copy()
    out[kept == 0] = 0.0
    return out, kept


@alternative("plain_dropout", replaces="plain_dropout_backward")
def plain_dropout_backward_multiplies(dout, cache):
    return np.multiply(dout, cache, dtype=np.float32)


misconception("scaled_twice", "That is the factor of one layer; there are three.", hint="Multiply the factors: 0.5³.",
              source="scaled_twice = 0.5", name="scaled_twice_one_layer")
misconception("scaled_twice", "The factors multiply, they don't add up.", hint="0.5 · 0.5 · 0.5.",
              source="scaled_twice = 1.5", name="scaled_twice_added")
misconception("scaled_twice", "The scores get too small, not too large: test time multiplies by p.",
              hint="Training was right; test time adds a factor 0.5 in each layer.",
              source="scaled_twice = 8.0", name="scaled_twice_inverse")
alternative("scaled_twice", source="scaled_twice = 1 / 8", name="scaled_twice_fraction")
alternative("scaled_twice", source="scaled_twice = np.float32(0.5) ** 3", name="scaled_twice_power")

# --- averages ------------------------------------------------------------------------------------


@misconception("averages", "All masks get the same weight, which is right for p = 0.5 only.",
               hint="A mask with k ones has the probability p^k (1 − p)^(n − k).", earns=1, replaces="exact_average")
def averages_unweighted(network, n, p):
    return np.mean([network(np.array(bits)) for bits in itertools.product((0.0, 1.0), repeat=n)])


@misconception("averages", "p and 1 − p have changed places in the weights.",
               hint="Ones are kept, with probability p.", earns=1, replaces="exact_average")
def averages_p_drops(network, n, p):
    masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), repeat=n)]
    return sum((1 - p) ** m.sum() * p ** (n - m.sum()) * network(m) for m in masks)


@misconception("averages", "The factor (1 − p) for every dropped unit is missing, so the weights don't add up to 1.",
               hint="p^k (1 − p)^(n − k).", earns=1, replaces="exact_average")
def averages_half_a_weight(network, n, p):
    masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), repeat=n)]
    return sum(p ** m.sum() * network(m) for m in masks)


@misconception("averages", "The mask that drops everything is left out.",
               hint="range(2**n) begins at 0, and so do the masks.", earns=1, replaces="exact_average")
def averages_without_the_empty_mask(network, n, p):
    masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), repeat=n)][1:]
    return sum(p ** m.sum() * (1 - p) ** (n - m.sum()) * network(m) for m in masks)


@misconception("averages", "This is the scaling approximation, network(p), not the average over the masks.",
               hint="Call the network once for each of the 2ⁿ masks.", earns=1, replaces="exact_average")
def averages_by_scaling(network, n, p):
    return network(np.full(n, p))


@misconception("averages", "The samples are weighted with their probability, though likely ones are drawn more often "
               "already.", hint="A plain mean.", earns=2, replaces="monte_carlo_average")
def averages_weights_samples(network, n, p, samples, seed=None):
    masks = (np.random.default_rng(seed).random((samples, n)) < p).astype(float)
    weights = [p ** m.sum() * (1 - p) ** (n - m.sum()) for m in masks]
    return np.sum([w * network(m) for w, m in zip(weights, masks)]) / np.sum(weights)


@misconception("averages", "A new generator with the same seed in every round: all masks are the same.",
               hint="Make the generator once, before the loop.", earns=2, replaces="monte_carlo_average")
def averages_reseeds(network, n, p, samples, seed=None):
    total = 0.0
    for _ in range(samples):
        total += network((np.random.default_rng(seed).random(n) < p).astype(float))
    return total / samples


@misconception("averages", "The masks are scaled by 1/p: the network gets other numbers than 0 and 1.",
               hint="The mask says who is there; what the network does with it is its own affair.",
               earns=2, replaces="monte_carlo_average")
def averages_scales_masks(network, n, p, samples, seed=None):
    masks = (np.random.default_rng(seed).random((samples, n)) < p) / p
    return np.mean([network(mask) for mask in masks])


@alternative("averages", replaces="exact_average")
def averages_by_counting(network, n, p):
    total = 0.0
    for code in range(2**n):
        mask = np.array([(code >> unit) & 1 for unit in range(n)], dtype=float)
        total += np.prod(np.where(mask == 1, p, 1 - p)) * network(mask)
    return total


@alternative("averages", replaces="exact_average")
def averages_by_recursion(network, n, p):
    def branch(bits):
        if len(bits) == n:
            return network(np.array(bits, dtype=float))
        return p * branch([*bits, 1]) + (1 - p) * branch([*bits, 0])

    return branch([])


@alternative("averages", replaces="monte_carlo_average")
def averages_in_a_loop(network, n, p, samples, seed=None):
    rng, total = np.random.default_rng(seed), 0.0
    for _ in range(samples):
        total += network(rng.binomial(1, p, size=n).astype(float))
    return total / samples


misconception("against_scaling", "Convex functions have it the other way round: think of the average of relu(−1) and relu(1).",
              hint="½ (0 + 1) against relu(0) = 0.", source='against_scaling = "smaller"', name="against_scaling_smaller")
misconception("against_scaling", "Expectation and ReLU cannot change places; only linear functions allow that.",
              hint="E relu(z) is not relu(E z).", source='against_scaling = "equal"', name="against_scaling_equal")
misconception("sampling_exponent", "The error falls: the exponent is negative.", hint="Mind the sign.",
              source="sampling_exponent = 0.5", name="sampling_exponent_sign")
misconception("sampling_exponent", "The variance falls like 1/samples; the error is its root.",
              hint="Read the legend again.", source="sampling_exponent = -1.0", name="sampling_exponent_of_the_variance")
alternative("sampling_exponent", source="sampling_exponent = -0.52", name="sampling_exponent_read_off")

# --- spatial_dropout -----------------------------------------------------------------------------


@misconception("spatial_dropout", "Single pixels are dropped: this is ordinary dropout.",
               hint="One random number for each channel: a mask (N, C, 1, 1).", replaces="spatial_dropout_forward")
def spatial_dropout_per_pixel(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(x.shape) < p) / p
    return x * mask, mask


@misconception("spatial_dropout", "All examples lose the same channels.", hint="A mask (N, C, 1, 1), not (1, C, 1, 1).",
               replaces="spatial_dropout_forward")
def spatial_dropout_for_the_batch(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((1, x.shape[1], 1, 1)) < p) / p
    return x * mask, mask


@misconception("spatial_dropout", "Whole examples are dropped, with all of their channels.",
               hint="A mask (N, C, 1, 1), not (N, 1, 1, 1).", replaces="spatial_dropout_forward")
def spatial_dropout_whole_examples(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((len(x), 1, 1, 1)) < p) / p
    return x * mask, mask


@misconception("spatial_dropout", "The last axis is taken for the channels: columns of pixels are dropped.",
               hint="The shape is (N, C, H, W): channels are axis 1.", replaces="spatial_dropout_forward")
def spatial_dropout_last_axis(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((len(x), 1, 1, x.shape[3])) < p) / p
    return x * mask, mask


@misconception("spatial_dropout", "Test time multiplies by p, though training has divided by it.",
               hint="Inverted: at test time return x.", replaces="spatial_dropout_forward")
def spatial_dropout_scales_at_test_time(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    mask = p
    if mode == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((*x.shape[:2], 1, 1)) < p) / p
    return x * mask, mask


@misconception("spatial_dropout", "p is taken for the probability of dropping a channel.", hint="p keeps.",
               replaces="spatial_dropout_forward")
def spatial_dropout_p_drops(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((*x.shape[:2], 1, 1)) >= p) / (1 - p)
    return x * mask, mask


@misconception("spatial_dropout", "The factor 1/p is forgotten on the way back.", hint="dx = dout · mask.",
               replaces="spatial_dropout_backward")
def spatial_dropout_backward_unscaled(dout, cache):
    return dout * (np.asarray(cache) > 0)


@misconception("spatial_dropout", "x is multiplied in place, so the layer before loses its activations.",
               hint="x * mask makes a new array; x *= mask does not.", replaces="spatial_dropout_forward")
def spatial_dropout_in_place(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    mask = np.ones((*x.shape[:2], 1, 1))
    if mode == "train":
        mask = (np.random.default_rng(seed).random(mask.shape) < p) / p
    x *= mask
    return x, mask


@alternative("spatial_dropout", replaces="spatial_dropout_forward")
def spatial_dropout_in_a_loop(x, dropout_param):
    mode, p, rng = dropout_param["mode"], dropout_param["p"], np.random.default_rng(dropout_param.get("seed"))
    mask = np.ones(x.shape)
    if mode == "train":
        for example in range(x.shape[0]):
            for channel in range(x.shape[1]):
                mask[example, channel] = rng.binomial(1, p) / p
    return x * mask, mask


@alternative("spatial_dropout", replaces="spatial_dropout_backward")
def spatial_dropout_backward_in_place(dout, cache):
    dout *= cache
    return dout


# --- dropconnect ---------------------------------------------------------------------------------


@misconception("dropconnect", "The inputs are dropped, not the weights: this is dropout.",
               hint="The mask has an entry for each weight of each example: (N, D, M).", earns=2,
               replaces="dropconnect_forward")
def dropconnect_masks_inputs(x, w, b, dropout_param):
    p = dropout_param["p"]
    mask = np.ones((*x.shape, 1))
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(mask.shape) < p) / p
    mask = np.broadcast_to(mask, (*x.shape, w.shape[1]))
    return np.einsum("nd,ndm->nm", x, w * mask) + b, (x, w, mask)


@misconception("dropconnect", "The outputs are dropped, not the weights: this is dropout after the layer.",
               hint="Mask the weights before the product.", earns=2, replaces="dropconnect_forward")
def dropconnect_masks_outputs(x, w, b, dropout_param):
    p = dropout_param["p"]
    mask = np.ones((len(x), 1, w.shape[1]))
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(mask.shape) < p) / p
    mask = np.broadcast_to(mask, (*x.shape, w.shape[1]))
    return np.einsum("nd,ndm->nm", x, w * mask) + b, (x, w, mask)


@misconception("dropconnect", "One thinned matrix serves the whole batch.", hint="Each example has a mask of its own.",
               earns=2, replaces="dropconnect_forward")
def dropconnect_one_mask(x, w, b, dropout_param):
    p = dropout_param["p"]
    mask = np.ones(w.shape)
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(w.shape) < p) / p
    return x @ (w * mask) + b, (x, w, np.broadcast_to(mask, (len(x), *w.shape)))


@misconception("dropconnect", "The bias is scaled by 1/p as well.", hint="Add b after the scaling, as it is.",
               earns=2, replaces="dropconnect_forward")
def dropconnect_scales_the_bias(x, w, b, dropout_param):
    p = dropout_param["p"]
    mask = np.ones((*x.shape, w.shape[1]))
    if dropout_param["mode"] == "test":
        return x @ w + b, (x, w, mask)
    mask = (np.random.default_rng(dropout_param.get("seed")).random(mask.shape) < p) / p
    return np.einsum("nd,ndm->nm", x, w * mask) + b / p, (x, w, mask)


@misconception("dropconnect", "The kept weights are not scaled in training.", hint="w · mask / p.",
               replaces="dropconnect_forward")
def dropconnect_without_scaling(x, w, b, dropout_param):
    mask = np.ones((*x.shape, w.shape[1]))
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(mask.shape) < dropout_param["p"]) * 1.0
    return np.einsum("nd,ndm->nm", x, w * mask) + b, (x, w, mask)


@misconception("dropconnect", "Test time multiplies the weights by p, though training has divided by it.",
               hint="At test time x @ w + b.", replaces="dropconnect_forward")
def dropconnect_scales_at_test_time(x, w, b, dropout_param):
    p = dropout_param["p"]
    mask = np.full((*x.shape, w.shape[1]), p)
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(mask.shape) < p) / p
    return np.einsum("nd,ndm->nm", x, w * mask) + b, (x, w, mask)


@misconception("dropconnect", "dx goes back through the full weights.", hint="Through w · mask, example by example.",
               earns=2, replaces="dropconnect_backward")
def dropconnect_backward_full_weights(dout, cache):
    x, w, mask = cache
    return dout @ w.T, np.einsum("nd,nm,ndm->dm", x, dout, mask), dout.sum(axis=0)


@misconception("dropconnect", "dw is not masked: weights that took no part get a gradient.",
               hint="dw = Σ outer(x, dout) · mask.", earns=2, replaces="dropconnect_backward")
def dropconnect_backward_unmasked(dout, cache):
    x, w, mask = cache
    return np.einsum("nm,ndm->nd", dout, w * mask), x.T @ dout, dout.sum(axis=0)


@misconception("dropconnect", "The factor 1/p is missing in dw.", hint="The mask with its 1/p stands in dw, too.",
               earns=2, replaces="dropconnect_backward")
def dropconnect_backward_unscaled(dout, cache):
    x, w, mask = cache
    return (np.einsum("nm,ndm->nd", dout, w * mask), np.einsum("nd,nm,ndm->dm", x, dout, (mask > 0) * 1.0),
            dout.sum(axis=0))


@misconception("dropconnect", "The gradients of weights and bias are averaged over the batch; dout holds the 1/N already.",
               hint="Sum over the examples.", earns=2, replaces="dropconnect_backward")
def dropconnect_backward_averages(dout, cache):
    x, w, mask = cache
    return (np.einsum("nm,ndm->nd", dout, w * mask), np.einsum("nd,nm,ndm->dm", x, dout, mask) / len(x),
            dout.mean(axis=0))


@alternative("dropconnect", replaces="dropconnect_forward")
def dropconnect_example_by_example(x, w, b, dropout_param):
    p, rng = dropout_param["p"], np.random.default_rng(dropout_param.get("seed"))
    out, masks = np.zeros((len(x), w.shape[1])), np.ones((len(x), *w.shape))
    for n in range(len(x)):
        if dropout_param["mode"] == "train":
            masks[n] = rng.binomial(1, p, size=w.shape) / p
        out[n] = x[n] @ (w * masks[n]) + b
    return out, (x, w, masks)


@alternative("dropconnect", replaces="dropconnect_backward")
def dropconnect_backward_example_by_example(dout, cache):
    x, w, mask = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for n in range(len(x)):
        dx[n] = (w * mask[n]) @ dout[n]
        dw += np.outer(x[n], dout[n]) * mask[n]
    return dx, dw, np.ones(len(x)) @ dout


# --- stochastic_depth ----------------------------------------------------------------------------


@misconception("stochastic_depth", "The branch is dropped for the whole batch at once.",
               hint="One random number for each example.", replaces="stochastic_depth_forward")
def stochastic_depth_for_the_batch(x, branch, dropout_param):
    p, mask = dropout_param["p"], 1.0
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random() < p) / p
    return x + mask * branch, mask


@misconception("stochastic_depth", "Single units of the branch are dropped: this is dropout.",
               hint="A mask (N, 1, …, 1).", replaces="stochastic_depth_forward")
def stochastic_depth_per_unit(x, branch, dropout_param):
    p, mask = dropout_param["p"], 1.0
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random(x.shape) < p) / p
    return x + mask * branch, mask


@misconception("stochastic_depth", "The shortcut is dropped together with the branch, so the example is lost.",
               hint="x + mask · branch.", replaces="stochastic_depth_forward")
def stochastic_depth_drops_the_shortcut(x, branch, dropout_param):
    p, mask = dropout_param["p"], 1.0
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((len(x),) + (1,) * (x.ndim - 1)) < p) / p
    return (x + branch) * mask, mask


@misconception("stochastic_depth", "At test time the branch is multiplied by p, as in the paper, but training has "
               "divided by p already.", hint="x + branch at test time.", replaces="stochastic_depth_forward")
def stochastic_depth_scales_at_test_time(x, branch, dropout_param):
    p, mask = dropout_param["p"], dropout_param["p"]
    if dropout_param["mode"] == "train":
        mask = (np.random.default_rng(dropout_param.get("seed")).random((len(x),) + (1,) * (x.ndim - 1)) < p) / p
    return x + mask * branch, mask


@misconception("stochastic_depth", "The kept branches are not scaled, so the network at test time is louder than in training.",
               hint="x + branch/p where the branch is kept.", replaces="stochastic_depth_forward")
def stochastic_depth_without_scaling(x, branch, dropout_param):
    p, mask = dropout_param["p"], 1.0
    if dropout_param["mode"] == "train":
        mask = 1.0 * (np.random.default_rng(dropout_param.get("seed")).random((len(x),) + (1,) * (x.ndim - 1)) < p)
    return x + mask * branch, mask


@misconception("stochastic_depth", "The gradient of the shortcut is masked, too: dropped examples learn nothing below.",
               hint="dx = dout.", replaces="stochastic_depth_backward")
def stochastic_depth_backward_masks_both(dout, cache):
    return dout * cache, dout * cache


@misconception("stochastic_depth", "The gradient of the branch is not masked.", hint="dbranch = dout · mask.",
               replaces="stochastic_depth_backward")
def stochastic_depth_backward_masks_nothing(dout, cache):
    return dout, dout


@misconception("stochastic_depth", "The gradient of the branch is added to dx here; it reaches x by way of f, later.",
               hint="dx is the gradient of the shortcut alone: dout.", replaces="stochastic_depth_backward")
def stochastic_depth_backward_adds(dout, cache):
    return dout + dout * cache, dout * cache


@misconception("stochastic_depth", "The branch is added to x in place: whoever needs x on the way back finds something else.",
               hint="x + mask * branch makes a new array; x += … does not.", replaces="stochastic_depth_forward")
def stochastic_depth_in_place(x, branch, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    mask = np.ones((len(x),) + (1,) * (x.ndim - 1))
    if mode == "train":
        mask = (np.random.default_rng(seed).random(mask.shape) < p) / p
    x += mask * branch
    return x, mask


@alternative("stochastic_depth", replaces="stochastic_depth_forward")
def stochastic_depth_example_by_example(x, branch, dropout_param):
    p, rng = dropout_param["p"], np.random.default_rng(dropout_param.get("seed"))
    mask = np.ones(x.shape)
    if dropout_param["mode"] == "train":
        for n in range(len(x)):
            mask[n] = rng.binomial(1, p) / p
    return x + mask * branch, mask


@alternative("stochastic_depth", replaces="stochastic_depth_backward")
def stochastic_depth_backward_copies(dout, cache):
    return dout.copy(), np.broadcast_to(cache, dout.shape) * dout


misconception("expected_depth", "That is the last block's probability for all blocks; early ones are kept more often.",
              hint="Add up 1 − ℓ/L · 0.5 over ℓ = 1 … 54.", source="expected_depth = 27", name="expected_depth_last_block")
misconception("expected_depth", "That counts all blocks: some of them are dropped.", hint="Add up the p_ℓ.",
              source="expected_depth = 54", name="expected_depth_all")
misconception("expected_depth", "That is how many are dropped on average.", hint="54 minus this number.",
              source="expected_depth = 13.75", name="expected_depth_dropped")
alternative("expected_depth", source="expected_depth = sum(1 - k / 54 * 0.5 for k in range(1, 55))", name="expected_depth_sum")
alternative("expected_depth", source="expected_depth = 40", name="expected_depth_of_the_paper")

# --- fractional_max_pool -------------------------------------------------------------------------


@misconception("fractional_max_pool", "The term − ⌊αu⌋ is missing, so the first window begins too late.",
               hint="s_i = ⌊α(i + u)⌋ − ⌊αu⌋; s_0 is always 0.")
def fractional_max_pool_without_offset(x, size, kernel, u):
    def starts(n, u):
        alpha = (n - kernel) / (size - 1)
        return [min(int(alpha * (i + u)), n - kernel) for i in range(size - 1)] + [n - kernel]

    out = np.zeros((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[0])):
        for j, c in enumerate(starts(x.shape[3], u[1])):
            out[:, :, i, j] = x[:, :, r : r + kernel, c : c + kernel].max(axis=(2, 3))
    return out


@misconception("fractional_max_pool", "Rows and columns have changed their random numbers.",
               hint="u[0] is for the rows.")
def fractional_max_pool_swapped(x, size, kernel, u):
    def starts(n, u):
        alpha = (n - kernel) / (size - 1)
        return [int(alpha * (i + u)) - int(alpha * u) for i in range(size - 1)] + [n - kernel]

    out = np.zeros((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[1])):
        for j, c in enumerate(starts(x.shape[3], u[0])):
            out[:, :, i, j] = x[:, :, r : r + kernel, c : c + kernel].max(axis=(2, 3))
    return out


@misconception("fractional_max_pool", "The windows are averaged.", hint="The maximum of each window.")
def fractional_max_pool_averages(x, size, kernel, u):
    def starts(n, u):
        alpha = (n - kernel) / (size - 1)
        return [int(alpha * (i + u)) - int(alpha * u) for i in range(size - 1)] + [n - kernel]

    out = np.zeros((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[0])):
        for j, c in enumerate(starts(x.shape[3], u[1])):
            out[:, :, i, j] = x[:, :, r : r + kernel, c : c + kernel].mean(axis=(2, 3))
    return out


@misconception("fractional_max_pool", "α is n / size, not (n − kernel) / (size − 1).", hint="The windows begin at 0 and end at n.")
def fractional_max_pool_other_alpha(x, size, kernel, u):
    def starts(n, u):
        alpha = n / size
        return [min(int(alpha * (i + u)) - int(alpha * u), n - kernel) for i in range(size - 1)] + [n - kernel]

    out = np.zeros((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[0])):
        for j, c in enumerate(starts(x.shape[3], u[1])):
            out[:, :, i, j] = x[:, :, r : r + kernel, c : c + kernel].max(axis=(2, 3))
    return out


@misconception("fractional_max_pool", "The output begins as zeros and takes maxima with them: negative inputs are lost.",
               hint="Take the maximum of the window alone.")
def fractional_max_pool_from_zero(x, size, kernel, u):
    def starts(n, u):
        alpha = (n - kernel) / (size - 1)
        return [int(alpha * (i + u)) - int(alpha * u) for i in range(size - 1)] + [n - kernel]

    out = np.zeros((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[0])):
        for j, c in enumerate(starts(x.shape[3], u[1])):
            out[:, :, i, j] = np.maximum(out[:, :, i, j], x[:, :, r : r + kernel, c : c + kernel].max(axis=(2, 3)))
    return out


@alternative("fractional_max_pool")
def fractional_max_pool_in_loops(x, size, kernel, u):
    def starts(n, u):
        alpha = (n - kernel) / (size - 1)
        return [int(alpha * (i + u)) - int(alpha * u) for i in range(size - 1)] + [n - kernel]

    out = np.empty((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[0])):
        for j, c in enumerate(starts(x.shape[3], u[1])):
            out[:, :, i, j] = x[:, :, r : r + kernel, c : c + kernel].max(axis=(2, 3))
    return out


@alternative("fractional_max_pool")
def fractional_max_pool_axis_by_axis(x, size, kernel, u):
    for axis in (2, 3):
        n = x.shape[axis]
        alpha = (n - kernel) / (size - 1)
        first = [int(np.floor(alpha * (i + u[axis - 2]))) - int(np.floor(alpha * u[axis - 2])) for i in range(size - 1)]
        x = np.stack([np.take(x, range(s, s + kernel), axis=axis).max(axis=axis) for s in [*first, n - kernel]], axis=axis)
    return x


# --- l2_penalty ----------------------------------------------------------------------------------


@misconception("l2_penalty", "Biases and normalization parameters are penalized as well.",
               hint="Only names that begin with W.")
def l2_penalty_on_everything(params, strength):
    return (0.5 * strength * sum(np.sum(w**2) for w in params.values()),
            {name: strength * w for name, w in params.items()})


@misconception("l2_penalty", "The factor ½ is missing in the loss: the gradient is not its derivative.",
               hint="½ λ Σ w².")
def l2_penalty_without_half(params, strength):
    weights = {name: w for name, w in params.items() if name.startswith("W")}
    return (strength * sum(np.sum(w**2) for w in weights.values()),
            {name: strength * weights.get(name, 0.0 * w) for name, w in params.items()})


@misconception("l2_penalty", "The gradient is 2λw, the derivative of λw² and not of ½λw².", hint="λw.")
def l2_penalty_twice_the_gradient(params, strength):
    weights = {name: w for name, w in params.items() if name.startswith("W")}
    return (0.5 * strength * sum(np.sum(w**2) for w in weights.values()),
            {name: 2 * strength * weights.get(name, 0.0 * w) for name, w in params.items()})


@misconception("l2_penalty", "The squares are averaged: the penalty then depends on the size of the layer.",
               hint="Sum, not mean.")
def l2_penalty_of_the_mean(params, strength):
    weights = {name: w for name, w in params.items() if name.startswith("W")}
    return (0.5 * strength * sum(np.mean(w**2) for w in weights.values()),
            {name: strength * weights.get(name, 0.0 * w) for name, w in params.items()})


@misconception("l2_penalty", "The length of the weights is penalized, not its square.", hint="No root: ½ λ Σ w².")
def l2_penalty_of_the_norm(params, strength):
    weights = {name: w for name, w in params.items() if name.startswith("W")}
    return (0.5 * strength * sum(np.linalg.norm(w) for w in weights.values()),
            {name: strength * weights.get(name, 0.0 * w) for name, w in params.items()})


@misconception("l2_penalty", "The loss leaves the biases out, but the gradient does not.",
               hint="The gradient is zero for every name that does not begin with W.")
def l2_penalty_gradient_on_everything(params, strength):
    weights = {name: w for name, w in params.items() if name.startswith("W")}
    return (0.5 * strength * sum(np.sum(w**2) for w in weights.values()),
            {name: strength * w for name, w in params.items()})


@misconception("l2_penalty", "Every name with a W in it is penalized, not only those that begin with it.",
               hint='name.startswith("W"), not "W" in name.')
def l2_penalty_w_anywhere(params, strength):
    loss, grads = 0.0, {}
    for name, value in params.items():
        grads[name] = np.zeros_like(value)
        if "W" in name:
            loss += 0.5 * strength * np.sum(value * value)
            grads[name] = strength * value
    return loss, grads


@misconception("l2_penalty", "The number of axes decides, not the name.", hint='Here the rule is name.startswith("W").')
def l2_penalty_by_axes(params, strength):
    loss, grads = 0.0, {}
    for name, value in params.items():
        grads[name] = np.zeros_like(value)
        if value.ndim > 1:
            loss += 0.5 * strength * np.sum(value * value)
            grads[name] = strength * value
    return loss, grads


@alternative("l2_penalty")
def l2_penalty_in_a_loop(params, strength):
    loss, grads = 0.0, {}
    for name in params:
        grads[name] = np.zeros(params[name].shape)
        if name[0] == "W":
            loss += strength / 2 * np.linalg.norm(params[name]) ** 2
            grads[name] += strength * params[name]
    return loss, grads


@alternative("l2_penalty")
def l2_penalty_with_a_factor(params, strength):
    factors = {name: strength * name.startswith("W") for name in params}
    grads = {name: factors[name] * params[name].astype(np.float32) for name in params}
    return sum(float((grads[name] * params[name]).sum()) / 2 for name in params), grads


# --- momentum_with_decay -------------------------------------------------------------------------


@misconception("momentum_with_decay", "The decoupled decay is inside the gradient, so the velocity remembers it: this is L2.",
               hint="Decoupled: the velocity gets dw alone.")
def momentum_with_decay_always_l2(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * (dw + config["weight_decay"] * w)
    return w + config["velocity"], config


@misconception("momentum_with_decay", "The decay is always taken off beside the velocity: L2 goes through it.",
               hint="L2: add weight_decay · w to dw.")
def momentum_with_decay_always_decoupled(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + config["velocity"] - config["learning_rate"] * config["weight_decay"] * w, config


@misconception("momentum_with_decay", "The decoupled decay forgets the learning rate.", hint="η λ w.")
def momentum_with_decay_without_rate(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    decay = config["weight_decay"] * w
    slope = dw if config["decoupled"] else dw + decay
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * slope
    return w + config["velocity"] - (decay if config["decoupled"] else 0), config


@misconception("momentum_with_decay", "The decoupled decay shrinks the weight after the step, velocity and all.",
               hint="η λ w, with w before the step.")
def momentum_with_decay_after_the_step(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    rate, decay = config["learning_rate"], config["weight_decay"]
    slope = dw if config["decoupled"] else dw + decay * w
    config["velocity"] = config["momentum"] * config["velocity"] - rate * slope
    next_w = w + config["velocity"]
    return next_w * (1 - rate * decay if config["decoupled"] else 1), config


@misconception("momentum_with_decay", "The decay is stored in the velocity in the decoupled form, too.",
               hint="Only the weights shrink; config['velocity'] stays without the decay.")
def momentum_with_decay_in_the_velocity(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    rate, decay = config["learning_rate"], config["weight_decay"] * w
    config["velocity"] = config["momentum"] * config["velocity"] - rate * dw
    config["velocity"] = config["velocity"] - rate * decay
    return w + config["velocity"], config


@misconception("momentum_with_decay", "The L2 gradient has a factor 2.", hint="½ λ w² has the derivative λ w.")
def momentum_with_decay_factor_two(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    rate, decay = config["learning_rate"], config["weight_decay"] * w
    slope = dw if config["decoupled"] else dw + 2 * decay
    config["velocity"] = config["momentum"] * config["velocity"] - rate * slope
    return w + config["velocity"] - (rate * decay if config["decoupled"] else 0), config


@alternative("momentum_with_decay")
def momentum_with_decay_shrinks_first(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    rate, decay = config["learning_rate"], config["weight_decay"]
    if config["decoupled"]:
        w = (1 - rate * decay) * w
    else:
        dw = dw + decay * w
    config["velocity"] = config["momentum"] * config["velocity"] - rate * dw
    return w + config["velocity"], config


@alternative("momentum_with_decay")
def momentum_with_decay_in_place(w, dw, config=None):
    config = {} if config is None else config
    rate, decay = config.setdefault("learning_rate", 1e-2), config.get("weight_decay", 1e-2)
    velocity = config.setdefault("velocity", np.zeros(w.shape))
    velocity *= config.get("momentum", 0.9)
    if config.get("decoupled"):
        velocity -= rate * dw
        w *= 1 - rate * decay
    else:
        velocity -= rate * (dw + decay * w)
    w += velocity
    return w, config


misconception("same_decay", "A velocity remembers the decay of earlier weights; decoupled decay does not.",
              hint="Set µ = 0 and compare.", source='same_decay = "momentum"', name="same_decay_momentum")
misconception("same_decay", "Adam divides the L2 term by the size of the gradient: that is what AdamW was made for.",
              hint="Which rule neither remembers nor divides?", source='same_decay = "Adam"', name="same_decay_adam")
misconception("same_decay", "With µ = 0 both are w − ηg − ηλw.", hint="Write both down.",
              source='same_decay = "none of them"', name="same_decay_none")

# --- max_norm ------------------------------------------------------------------------------------


@misconception("max_norm", "The rows are limited: the weights out of one input, not those into one unit.",
               hint="np.linalg.norm(w, axis=0).")
def max_norm_of_rows(w, limit):
    lengths = np.linalg.norm(w, axis=1, keepdims=True)
    return w * (limit / np.maximum(lengths, limit))


@misconception("max_norm", "Short columns are stretched to the limit as well.", hint="Only long columns change.")
def max_norm_stretches(w, limit):
    lengths = np.linalg.norm(w, axis=0)
    return w * limit / np.where(lengths > 0, lengths, 1.0)


@misconception("max_norm", "The whole matrix is limited, not each column.", hint="One length for each column: axis=0.")
def max_norm_of_the_matrix(w, limit):
    return w * (limit / max(np.linalg.norm(w), limit))


@misconception("max_norm", "Each weight is clipped on its own, which changes the direction.",
               hint="Multiply a long column by limit / length.")
def max_norm_clips(w, limit):
    return np.clip(w, -limit, limit)


@misconception("max_norm", "The squared length is compared with the limit: the root is missing.",
               hint="The Euclidean length is a root.")
def max_norm_without_root(w, limit):
    lengths = (w**2).sum(axis=0)
    return w * (limit / np.maximum(lengths, limit))


@misconception("max_norm", "A column of zeros is divided by its length, 0, and becomes NaN.",
               hint="Divide by np.maximum(lengths, limit).")
def max_norm_of_zeros(w, limit):
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(w, axis=0)
        return w / lengths * np.minimum(lengths, limit)


@alternative("max_norm")
def max_norm_in_a_loop(w, limit):
    for unit in range(w.shape[1]):
        length = np.sqrt(np.sum(w[:, unit] ** 2))
        if length > limit:
            w[:, unit] *= limit / length
    return w


@alternative("max_norm")
def max_norm_with_clip(w, limit):
    lengths = np.linalg.norm(w, axis=0, keepdims=True)
    return w * np.clip(lengths, 0, limit) / (lengths + 1e-8)


# --- early_stopping ------------------------------------------------------------------------------


@misconception("early_stopping", "The best weights are the same arrays that the training goes on changing.",
               hint="Copy each array: {name: value.copy() …}.")
class EarlyStoppingKeepsReferences:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = 0

    def update(self, loss, weights):
        if loss < self.best_loss:
            self.best_loss, self.best_step, self.best_weights = loss, self.checks, weights
        self.checks += 1
        return self.best_step is not None and self.checks - 1 - self.best_step >= self.patience


@misconception("early_stopping", "The dictionary is copied, but not the arrays in it.",
               hint="weights.copy() is shallow; copy the values.")
class EarlyStoppingCopiesTheDictionary:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = 0

    def update(self, loss, weights):
        if loss < self.best_loss:
            self.best_loss, self.best_step, self.best_weights = loss, self.checks, dict(weights)
        self.checks += 1
        return self.best_step is not None and self.checks - 1 - self.best_step >= self.patience


@misconception("early_stopping", "The last weights come back, not the best ones.",
               hint="Store the weights only when the loss is a new best.")
class EarlyStoppingReturnsTheLast:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = 0

    def update(self, loss, weights):
        self.best_weights = {name: value.copy() for name, value in weights.items()}
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
        self.checks += 1
        return self.checks - 1 - self.best_step >= self.patience


@misconception("early_stopping", "Patience is off by one: it waits one check too long.",
               hint="Stop at the check that makes `patience` in a row: >=, not >.")
class EarlyStoppingTooPatient:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = 0

    def update(self, loss, weights):
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        self.checks += 1
        return self.checks - 1 - self.best_step > self.patience


@misconception("early_stopping", "Patience is off by one: it stops one check too early.",
               hint="The best check itself is not one without improvement.")
class EarlyStoppingTooHasty:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = 0

    def update(self, loss, weights):
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        self.checks += 1
        return self.checks - self.best_step >= self.patience


@misconception("early_stopping", "The count of bad checks is never set back to zero.",
               hint="An improvement starts the count anew.")
class EarlyStoppingNeverForgives:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = self.bad = 0

    def update(self, loss, weights):
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        else:
            self.bad += 1
        self.checks += 1
        return self.bad >= self.patience


@misconception("early_stopping", "The loss is compared with the last one, not with the best one.",
               hint="Only a loss below best_loss is an improvement.")
class EarlyStoppingComparesWithTheLast:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks, self.bad, self.last = 0, 0, np.inf

    def update(self, loss, weights):
        self.bad = 0 if loss < self.last else self.bad + 1
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        self.checks, self.last = self.checks + 1, loss
        return self.bad >= self.patience


@misconception("early_stopping", "An equal loss counts as an improvement, so a plateau lasts for ever.",
               hint="Below the best one: <, not <=.")
class EarlyStoppingTakesTies:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = 0

    def update(self, loss, weights):
        if loss <= self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        self.checks += 1
        return self.checks - 1 - self.best_step >= self.patience


@misconception("early_stopping", "`loss >= best` is False for NaN, which is then taken for an improvement.",
               hint="Ask whether the loss is below the best one, and count everything else as bad.")
class EarlyStoppingTakesNaN:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
        self.checks = self.bad = 0

    def update(self, loss, weights):
        if loss >= self.best_loss:
            self.bad += 1
        else:
            self.bad, self.best_loss, self.best_step = 0, loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        self.checks += 1
        return self.bad >= self.patience


@alternative("early_stopping")
class EarlyStoppingCountsBadChecks:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, float("inf"), None, None
        self.step = self.bad = 0

    def update(self, loss, weights):
        improved = loss < self.best_loss
        self.bad = 0 if improved else self.bad + 1
        if improved:
            self.best_loss, self.best_step = loss, self.step
            self.best_weights = {name: np.array(value) for name, value in weights.items()}
        self.step += 1
        return self.bad >= self.patience


@alternative("early_stopping")
class EarlyStoppingWithAHistory:
    def __init__(self, patience):
        self.patience, self.losses = patience, []
        self.best_loss, self.best_step, self.best_weights = np.inf, None, None

    def update(self, loss, weights):
        import copy

        self.losses.append(loss)
        best = int(np.nanargmin(self.losses))
        if best == len(self.losses) - 1:
            self.best_loss, self.best_step, self.best_weights = loss, best, copy.deepcopy(weights)
        return len(self.losses) - 1 - best >= self.patience


# --- augmentation --------------------------------------------------------------------------------


@misconception("flip_and_shift", "The images are turned upside down: the wrong axis.", hint="Left and right are the last axis.",
               earns=1, replaces="flip")
def flip_upside_down(x, chosen):
    return np.where(chosen[:, None, None, None], x[:, :, ::-1], x)


@misconception("flip_and_shift", "All images are mirrored, chosen or not.", hint="Only where chosen is True.",
               earns=1, replaces="flip")
def flip_all(x, chosen):
    return x[:, :, :, ::-1]


@misconception("flip_and_shift", "The channels are reversed, not the columns.", hint="Axis 3, not axis 1.",
               earns=1, replaces="flip")
def flip_channels(x, chosen):
    return np.where(chosen[:, None, None, None], x[:, ::-1, :, :], x)


@misconception("flip_and_shift", "The images are mirrored in place: the training data change for good.",
               hint="Copy x first.", earns=1, replaces="flip")
def flip_in_place(x, chosen):
    x[chosen] = x[chosen][:, :, :, ::-1].copy()
    return x


@misconception("flip_and_shift", "What leaves on one side comes in on the other.", hint="np.roll wraps around; pad with zeros.",
               earns=1, replaces="shift")
def shift_wraps_around(x, down, right):
    return np.roll(x, (down, right), axis=(2, 3))


@misconception("flip_and_shift", "The images move the other way: up and left.",
               hint="Positive numbers move down and right.", earns=1, replaces="shift")
def shift_the_other_way(x, down, right):
    (top, left), (height, width) = (abs(down), abs(right)), x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    return padded[:, :, top + down : top + down + height, left + right : left + right + width]


@misconception("flip_and_shift", "Rows and columns have changed places.", hint="down is along axis 2.",
               earns=1, replaces="shift")
def shift_swapped(x, down, right):
    (top, left), (height, width) = (abs(right), abs(down)), x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    return padded[:, :, top - right : top - right + height, left - down : left - down + width]


@misconception("flip_and_shift", "The border pixels are repeated where zeros should come in.",
               hint="np.pad(..., mode='constant').", earns=1, replaces="shift")
def shift_smears(x, down, right):
    (top, left), (height, width) = (abs(down), abs(right)), x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)), mode="edge")
    return padded[:, :, top - down : top - down + height, left - right : left - right + width]


@alternative("flip_and_shift", replaces="flip")
def flip_on_a_copy(x, chosen):
    out = x.copy()
    for index in np.flatnonzero(chosen):
        out[index] = np.flip(x[index], axis=-1)
    return out


@alternative("flip_and_shift", replaces="shift")
def shift_by_rolling_and_clearing(x, down, right):
    out = np.roll(x, (down, right), axis=(2, 3))
    if down:
        out[:, :, :down] = out[:, :, :down] * 0 if down > 0 else out[:, :, :down]
        if down < 0:
            out[:, :, down:] = 0
    if right > 0:
        out[:, :, :, :right] = 0
    elif right < 0:
        out[:, :, :, right:] = 0
    return out


@misconception("crop_and_cutout", "All images are cut at the same place.", hint="Draw a place for each image.",
               earns=2, replaces="random_crop")
def crop_one_place(x, pad, seed=None):
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    r, c = np.random.default_rng(seed).integers(2 * pad + 1, size=2)
    return padded[:, :, r : r + height, c : c + width]


@misconception("crop_and_cutout", "The last place never comes up: integers(n) gives 0 to n − 1.",
               hint="There are 2·pad + 1 places along each axis.", earns=2, replaces="random_crop")
def crop_off_by_one(x, pad, seed=None):
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    places = np.random.default_rng(seed).integers(2 * pad, size=(len(x), 2))
    return np.stack([image[:, r : r + height, c : c + width] for image, (r, c) in zip(padded, places)])


@misconception("crop_and_cutout", "Row and column are the same number: the windows lie on the diagonal.",
               hint="Draw two numbers for each image.", earns=2, replaces="random_crop")
def crop_on_the_diagonal(x, pad, seed=None):
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    places = np.random.default_rng(seed).integers(2 * pad + 1, size=len(x))
    return np.stack([image[:, r : r + height, r : r + width] for image, r in zip(padded, places)])


@misconception("crop_and_cutout", "The border is filled with mirrored pixels, not with zeros.",
               hint="np.pad pads with zeros if you don't tell it otherwise.", earns=2, replaces="random_crop")
def crop_reflects(x, pad, seed=None):
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="reflect")
    places = np.random.default_rng(seed).integers(2 * pad + 1, size=(len(x), 2))
    return np.stack([image[:, r : r + height, c : c + width] for image, (r, c) in zip(padded, places)])


@misconception("crop_and_cutout", "At the border the first row is negative, which Python counts from the other end.",
               hint="max(row, 0).", earns=2, replaces="cutout")
def cutout_negative_rows(x, rows, cols, size):
    out = x.copy()
    for image, row, col in zip(out, rows - size // 2, cols - size // 2):
        image[:, row : row + size, col : col + size] = 0.0
    return out


@misconception("crop_and_cutout", "At the border the square is pushed back into the image, whole.",
               hint="It may hang over; what is outside is lost.", earns=2, replaces="cutout")
def cutout_pushed_inside(x, rows, cols, size):
    out = x.copy()
    rows = np.clip(rows - size // 2, 0, x.shape[2] - size)
    cols = np.clip(cols - size // 2, 0, x.shape[3] - size)
    for image, row, col in zip(out, rows, cols):
        image[:, row : row + size, col : col + size] = 0.0
    return out


@misconception("crop_and_cutout", "The square begins at the centre: it is not centred.", hint="It begins at rows − size // 2.",
               earns=2, replaces="cutout")
def cutout_from_the_centre(x, rows, cols, size):
    out = x.copy()
    for image, row, col in zip(out, rows, cols):
        image[:, row : row + size, col : col + size] = 0.0
    return out


@misconception("crop_and_cutout", "The holes are cut into the training data themselves.", hint="Copy x first.",
               earns=2, replaces="cutout")
def cutout_in_place(x, rows, cols, size):
    for image, row, col in zip(x, rows - size // 2, cols - size // 2):
        image[:, max(row, 0) : max(row + size, 0), max(col, 0) : max(col + size, 0)] = 0.0
    return x


@misconception("crop_and_cutout", "Only the first channel is cut.", hint="All channels: image[:, rows, cols].",
               earns=2, replaces="cutout")
def cutout_first_channel(x, rows, cols, size):
    out = x.copy()
    for image, row, col in zip(out, rows - size // 2, cols - size // 2):
        image[0, max(row, 0) : max(row + size, 0), max(col, 0) : max(col + size, 0)] = 0.0
    return out


@alternative("crop_and_cutout", replaces="random_crop")
def crop_in_a_loop(x, pad, seed=None):
    rng, out = np.random.default_rng(seed), np.zeros_like(x)
    height, width = x.shape[2:]
    for n in range(len(x)):
        padded = np.zeros((x.shape[1], height + 2 * pad, width + 2 * pad))
        padded[:, pad : pad + height, pad : pad + width] = x[n]
        r, c = rng.integers(0, 2 * pad, endpoint=True), rng.integers(0, 2 * pad, endpoint=True)
        out[n] = padded[:, r : r + height, c : c + width]
    return out


@alternative("crop_and_cutout", replaces="cutout")
def cutout_with_a_mask(x, rows, cols, size):
    low = size // 2
    r, c = np.arange(x.shape[2])[None, :], np.arange(x.shape[3])[None, :]
    hole_r = (r >= rows[:, None] - low) & (r < rows[:, None] - low + size)
    hole_c = (c >= cols[:, None] - low) & (c < cols[:, None] - low + size)
    return x * ~(hole_r[:, None, :, None] & hole_c[:, None, None, :])


# --- mixup ---------------------------------------------------------------------------------------


@misconception("mixup", "The inputs are mixed, the labels are not.", hint="Mix y with the same share and partners.")
def mixup_without_labels(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return share * x + (1 - share) * x[partner], y.copy()


@misconception("mixup", "Inputs and labels are mixed with different partners.", hint="Draw the permutation once.")
def mixup_two_permutations(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share, one, two = rng.beta(alpha, alpha), rng.permutation(len(x)), rng.permutation(len(x))
    return share * x + (1 - share) * x[one], share * y + (1 - share) * y[two]


@misconception("mixup", "The shares of example and partner have changed places in the labels.",
               hint="share · y + (1 − share) · y[partner].")
def mixup_swapped_shares(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return share * x + (1 - share) * x[partner], (1 - share) * y + share * y[partner]


@misconception("mixup", "The share is uniform, whatever alpha is.", hint="rng.beta(alpha, alpha).")
def mixup_uniform(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share, partner = rng.random(), rng.permutation(len(x))
    return share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]


@misconception("mixup", "Each example has a share of its own.", hint="One λ for the whole batch.")
def mixup_share_for_each(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share, partner = rng.beta(alpha, alpha, size=(len(x), 1)), rng.permutation(len(x))
    return share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]


@misconception("mixup", "Partners are drawn with replacement: some examples are used often, some never.",
               hint="rng.permutation(len(x)).")
def mixup_with_replacement(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share, partner = rng.beta(alpha, alpha), rng.integers(len(x), size=len(x))
    return share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]


@misconception("mixup", "The partners are always the same: the batch in reverse.", hint="rng.permutation(len(x)).")
def mixup_in_reverse(x, y, alpha, seed=None):
    share = np.random.default_rng(seed).beta(alpha, alpha)
    return share * x + (1 - share) * x[::-1], share * y + (1 - share) * y[::-1]


@alternative("mixup")
def mixup_with_the_partner_first(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    partner = np.argsort(rng.random(len(x)))
    share = rng.beta(alpha, alpha)
    return x[partner] + share * (x - x[partner]), y[partner] + share * (y - y[partner])


@alternative("mixup")
def mixup_by_a_matrix(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    share = rng.beta(alpha, alpha)
    mixing = share * np.eye(len(x)) + (1 - share) * rng.permutation(np.eye(len(x)))
    return np.tensordot(mixing, x, axes=1), mixing @ y


misconception("left_on", "A single random copy is a noisy look, not a better one.",
              hint="Only an average over many copies could help.", source='left_on = "better"', name="left_on_better")
misconception("left_on", "The network has learnt to bear shifts, but not without a loss: pixels leave the image.",
              hint="Noise at test time costs accuracy.", source='left_on = "the same"', name="left_on_the_same")

# --- mc_dropout ----------------------------------------------------------------------------------


@misconception("mc_dropout", "The standard deviation divides by samples, not by samples − 1.", hint="ddof=1.")
def mc_dropout_biased(network, x, samples):
    answers = np.stack([network(x) for _ in range(samples)])
    return answers.mean(axis=0), answers.std(axis=0)


@misconception("mc_dropout", "The network is asked once and its answer repeated: no spread at all.",
               hint="Call network(x) in every round.")
def mc_dropout_asks_once(network, x, samples):
    answers = np.stack([network(x)] * samples)
    return answers.mean(axis=0), answers.std(axis=0, ddof=1)


@misconception("mc_dropout", "The spread is taken over the batch, not over the answers.", hint="axis=0 of np.stack(answers).")
def mc_dropout_over_the_batch(network, x, samples):
    answers = np.stack([network(x) for _ in range(samples)])
    return answers.mean(axis=1), answers.std(axis=1, ddof=1)


@misconception("mc_dropout", "This is the error of the mean, which falls with more samples; the spread doesn't.",
               hint="Don't divide by √samples.")
def mc_dropout_standard_error(network, x, samples):
    answers = np.stack([network(x) for _ in range(samples)])
    return answers.mean(axis=0), answers.std(axis=0, ddof=1) / np.sqrt(samples)


@misconception("mc_dropout", "This is the variance: the root is missing.", hint="std, not var.")
def mc_dropout_variance(network, x, samples):
    answers = np.stack([network(x) for _ in range(samples)])
    return answers.mean(axis=0), answers.var(axis=0, ddof=1)


@alternative("mc_dropout")
def mc_dropout_by_sums(network, x, samples):
    answers = [network(x) for _ in range(samples)]
    mean = sum(answers) / samples
    return mean, np.sqrt(sum((answer - mean) ** 2 for answer in answers) / (samples - 1))


@alternative("mc_dropout")
def mc_dropout_running(network, x, samples):
    mean = np.array(network(x), dtype=float)
    squares = np.zeros_like(mean)
    for count in range(2, samples + 1):  # Welford
        answer = network(x)
        change = answer - mean
        mean = mean + change / count
        squares = squares + change * (answer - mean)
    return mean, (squares / (samples - 1)) ** 0.5


misconception("spread_ratio", "The spread is wider without data, not narrower.", hint="The title says how many times.",
              source="spread_ratio = 0.13", name="spread_ratio_inverse")
misconception("spread_ratio", "The band opens to both sides: the ratio is far from 1.", hint="Read the title.",
              source="spread_ratio = 1.0", name="spread_ratio_one")

# --- ensembles -----------------------------------------------------------------------------------


@misconception("ensemble_predict", "The scores are averaged, not the probabilities.", hint="First the softmax, then the mean.")
def ensemble_predict_averages_scores(scores):
    mean = scores.mean(axis=0)
    odds = np.exp(mean - mean.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@misconception("ensemble_predict", "The softmax runs over the networks, not over the classes.", hint="axis=2.")
def ensemble_predict_wrong_axis(scores):
    odds = np.exp(scores - scores.max(axis=0, keepdims=True))
    return (odds / odds.sum(axis=0, keepdims=True)).mean(axis=0)


@misconception("ensemble_predict", "np.exp of large scores is infinite, and the quotient NaN.",
               hint="Subtract the largest score of each example first.")
def ensemble_predict_overflows(scores):
    with np.errstate(all="ignore"):
        odds = np.exp(scores)
        return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)


@misconception("ensemble_predict", "Each network casts one vote: how sure it is gets lost.",
               hint="Average the probabilities.")
def ensemble_predict_votes(scores):
    return np.eye(scores.shape[2])[scores.argmax(axis=2)].mean(axis=0)


@misconception("ensemble_predict", "The largest of all scores is subtracted: those of other networks become zero.",
               hint="Subtract the largest score of each example of each network: axis=2.")
def ensemble_predict_one_maximum(scores):
    with np.errstate(all="ignore"):
        odds = np.exp(scores - scores.max())
        return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)


@misconception("ensemble_predict", "The probabilities are added up, not averaged.", hint="Divide by the number of networks.")
def ensemble_predict_sums(scores):
    odds = np.exp(scores - scores.max(axis=2, keepdims=True))
    return (odds / odds.sum(axis=2, keepdims=True)).sum(axis=0)


@alternative("ensemble_predict")
def ensemble_predict_in_a_loop(scores):
    total = 0.0
    for one in scores:
        odds = np.exp(one - one.max(axis=1, keepdims=True))
        total = total + odds / odds.sum(axis=1, keepdims=True)
    return total / len(scores)


@alternative("ensemble_predict")
def ensemble_predict_by_torch(scores):
    return torch.softmax(torch.as_tensor(scores), dim=-1).mean(dim=0).numpy()


@misconception("ema_step", "The average starts at zero and is not corrected for it: too small at first.",
               hint="Divide by 1 − β^t.")
def ema_step_without_correction(weights, state=None, decay=0.9):
    sums = state or {name: 0.0 for name in weights}
    sums = {name: decay * sums[name] + (1 - decay) * w for name, w in weights.items()}
    return {name: value.copy() for name, value in sums.items()}, sums


@misconception("ema_step", "The average starts at the first weights, which then keep a share of β^(t−1).",
               hint="Start at zero and divide by 1 − β^t.")
def ema_step_from_the_first(weights, state=None, decay=0.9):
    sums = {name: w.copy() if state is None else decay * state[name] + (1 - decay) * w for name, w in weights.items()}
    return {name: value.copy() for name, value in sums.items()}, sums


@misconception("ema_step", "β and 1 − β have changed places: the newest weights get the share β.",
               hint="β keeps, 1 − β takes in.")
def ema_step_swapped(weights, state=None, decay=0.9):
    sums, t = state or ({name: 0.0 for name in weights}, 0)
    sums = {name: (1 - decay) * sums[name] + decay * w for name, w in weights.items()}
    return {name: value / (1 - (1 - decay) ** (t + 1)) for name, value in sums.items()}, (sums, t + 1)


@misconception("ema_step", "The corrected average is kept as the state, so it is corrected again and again.",
               hint="Keep the uncorrected average; correct a copy.")
def ema_step_corrects_the_state(weights, state=None, decay=0.9):
    sums, t = state or ({name: 0.0 for name in weights}, 0)
    sums = {name: (decay * sums[name] + (1 - decay) * w) / (1 - decay ** (t + 1)) for name, w in weights.items()}
    return {name: value.copy() for name, value in sums.items()}, (sums, t + 1)


@misconception("ema_step", "This is the plain mean of all steps: it never forgets.", hint="β a + (1 − β) w.")
def ema_step_plain_mean(weights, state=None, decay=0.9):
    sums, t = state or ({name: 0.0 for name in weights}, 0)
    sums = {name: sums[name] + w for name, w in weights.items()}
    return {name: value / (t + 1) for name, value in sums.items()}, (sums, t + 1)


@misconception("ema_step", "t counts from 0: the first correction is by 1 − β⁰ = 0.", hint="After the first step t is 1.")
def ema_step_counts_from_zero(weights, state=None, decay=0.9):
    sums, t = state or ({name: 0.0 for name in weights}, 0)
    sums = {name: decay * sums[name] + (1 - decay) * w for name, w in weights.items()}
    return {name: value / max(1 - decay**t, 1e-8) for name, value in sums.items()}, (sums, t + 1)


@misconception("ema_step", "The first average is the very arrays that the training goes on changing.",
               hint="Keep copies.")
def ema_step_keeps_references(weights, state=None, decay=0.9):
    if state is None:
        return dict(weights), (dict(weights), 1 - decay, 1)
    last, _, t = state
    old = 1 - decay**t
    new = 1 - decay ** (t + 1)
    average = {name: (decay * old * last[name] + (1 - decay) * w) / new for name, w in weights.items()}
    return average, (average, new, t + 1)


@alternative("ema_step")
def ema_step_with_a_history(weights, state=None, decay=0.9):
    history = [*(state or []), {name: w.copy() for name, w in weights.items()}]
    shares = decay ** np.arange(len(history))[::-1]
    average = {name: sum(s * past[name] for s, past in zip(shares, history)) / shares.sum() for name in weights}
    return average, history


@alternative("ema_step")
def ema_step_with_a_changing_rate(weights, state=None, decay=0.9):
    average, t = ({}, 0) if state is None else state
    rate = (1 - decay) / (1 - decay ** (t + 1))
    new = {name: w.copy() if t == 0 else average[name] + rate * (w - average[name]) for name, w in weights.items()}
    return {name: value.copy() for name, value in new.items()}, (new, t + 1)


# --- torch ---------------------------------------------------------------------------------------


@misconception("torch_dropout", "torch's p drops: 1 − p is what its dropout wants.", hint="F.dropout(x, 1 - self.p, self.training).")
class KeepDropoutWithTorchsP(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return torch.nn.functional.dropout(x, self.p, self.training)


@misconception("torch_dropout", "Dropout stays on after eval(): F.dropout has training=True for its default.",
               hint="Pass self.training.")
class KeepDropoutLeftOn(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return torch.nn.functional.dropout(x, 1 - self.p)


@misconception("torch_dropout", "Evaluation multiplies by p, though training divides by it.", hint="Return x after eval().")
class KeepDropoutScalesTwice(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x * self.p
        return x * (torch.rand_like(x) < self.p) / self.p


@misconception("torch_dropout", "All examples lose the same units.", hint="torch.rand_like(x), not torch.rand(x.shape[1:]).")
class KeepDropoutOneMask(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * (torch.rand(x.shape[1:], device=x.device) < self.p) / self.p


@misconception("torch_dropout", "The output is cut off from autograd: nothing below learns.", hint="No .data, no detach, no NumPy.")
class KeepDropoutDetaches(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x.detach() * (torch.rand_like(x) < self.p) / self.p


@misconception("torch_dropout", "What is kept is not scaled.", hint="Divide by self.p.")
class KeepDropoutUnscaled(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) < self.p) if self.training else x


@misconception("torch_dropout", "The mask is float32 whatever x is, so the output is float32 as well.",
               hint="mask.to(x.dtype), or draw with torch.rand_like(x) and .to(x.dtype).")
class KeepDropoutOtherDtype(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * ((torch.rand(x.shape, device=x.device) < self.p) / self.p)


@misconception("torch_dropout", "The mask is drawn once and kept: the same units are missing in every step.",
               hint="Draw in forward, in each call.")
class KeepDropoutDrawsOnce(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p, self.mask = p, None

    def forward(self, x):
        if not self.training:
            return x
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = (torch.rand_like(x) < self.p).to(x.dtype) / self.p
        return x * self.mask


@misconception("torch_dropout", "The global generator is seeded in each call: the mask is the same in every step.",
               hint="No torch.manual_seed inside a layer.")
class KeepDropoutSeeds(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        torch.manual_seed(0)
        return x * (torch.rand_like(x) < self.p).to(x.dtype) / self.p


@alternative("torch_dropout")
class KeepDropoutByTorch(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return torch.nn.functional.dropout(x, p=1 - self.p, training=self.training)


@alternative("torch_dropout")
class KeepDropoutBernoulli(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            x = x * torch.empty_like(x).bernoulli_(self.p).div_(self.p)
        return x


misconception("torch_p", "Torch's p drops: a network with p = 0.9 would hardly learn.", hint="1 − 0.9.",
              source="torch_p = 0.9", name="torch_p_keeps")
misconception("torch_p", "That is the factor 1/p of the inverted form.", hint="A probability: 1 − 0.9.",
              source="torch_p = 1 / 0.9 - 1", name="torch_p_scale")
alternative("torch_p", source="torch_p = 1 - 0.9", name="torch_p_difference")


@misconception("decay_groups", "The name decides: BatchNorm's scale is called weight, too.", hint="Use p.ndim >= 2.")
def decay_groups_by_name(network, weight_decay):
    named = list(network.named_parameters())
    return [{"params": [p for name, p in named if name.endswith("weight")], "weight_decay": weight_decay},
            {"params": [p for name, p in named if not name.endswith("weight")], "weight_decay": 0.0}]


@misconception("decay_groups", "Everything is decayed.", hint="Two groups, the second one with 0.")
def decay_groups_everything(network, weight_decay):
    params = list(network.parameters())
    return [{"params": [p for p in params if p.ndim >= 2], "weight_decay": weight_decay},
            {"params": [p for p in params if p.ndim < 2], "weight_decay": weight_decay}]


@misconception("decay_groups", "Parameters without decay are left out, so they are never trained.",
               hint="They need a group of their own, with weight_decay 0.")
def decay_groups_forgets_the_rest(network, weight_decay):
    return [{"params": [p for p in network.parameters() if p.ndim >= 2], "weight_decay": weight_decay}]


@misconception("decay_groups", "Only matrices are decayed; the kernels of convolutions have four axes.", hint="p.ndim >= 2.")
def decay_groups_matrices_only(network, weight_decay):
    params = list(network.parameters())
    return [{"params": [p for p in params if p.ndim == 2], "weight_decay": weight_decay},
            {"params": [p for p in params if p.ndim != 2], "weight_decay": 0.0}]


@misconception("decay_groups", "The groups come in the other order: the decay is on the biases.",
               hint="First the weights, with decay.")
def decay_groups_swapped(network, weight_decay):
    params = list(network.parameters())
    return [{"params": [p for p in params if p.ndim < 2], "weight_decay": weight_decay},
            {"params": [p for p in params if p.ndim >= 2], "weight_decay": 0.0}]


@misconception("decay_groups", "Only Linear and Conv2d are known; weights of other modules are not decayed.",
               hint="Ask the parameter, p.ndim >= 2, not the module.")
def decay_groups_by_module(network, weight_decay):
    decayed, others = [], []
    for module in network.modules():
        for name, p in module.named_parameters(recurse=False):
            known = isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)) and name == "weight"
            (decayed if known else others).append(p)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


@alternative("decay_groups")
def decay_groups_in_a_loop(network, weight_decay):
    groups = [{"params": [], "weight_decay": weight_decay}, {"params": [], "weight_decay": 0.0}]
    for _, p in network.named_parameters():
        groups[0 if p.dim() > 1 else 1]["params"].append(p)
    return groups


@alternative("decay_groups")
def decay_groups_by_filter(network, weight_decay):
    return [{"weight_decay": weight_decay, "params": list(filter(lambda p: len(p.shape) > 1, network.parameters()))},
            {"weight_decay": 0, "params": list(filter(lambda p: len(p.shape) <= 1, network.parameters()))}]


@misconception("weight_ema", "The buffers keep their initial values in the average network.",
               hint="Copy network.named_buffers().")
class WeightEMAForgetsBuffers:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, p in network.named_parameters():
            self.sums.setdefault(name, torch.zeros_like(p)).lerp_(p, 1 - self.decay)
        if not self.buffers:
            self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def state_dict(self):
        correction = 1 - self.decay**self.steps
        return {**{name: total / correction for name, total in self.sums.items()}, **self.buffers}


@misconception("weight_ema", "The buffers are references: they change as the training goes on.", hint="clone() them.")
class WeightEMAKeepsBuffers:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, p in network.named_parameters():
            self.sums.setdefault(name, torch.zeros_like(p)).lerp_(p, 1 - self.decay)
        self.buffers = dict(network.named_buffers())

    def state_dict(self):
        correction = 1 - self.decay**self.steps
        return {**{name: total / correction for name, total in self.sums.items()}, **self.buffers}


@misconception("weight_ema", "The average is not corrected for its start at zero.", hint="Divide by 1 − decay^steps in state_dict.")
class WeightEMAUncorrected:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        for name, p in network.named_parameters():
            self.sums.setdefault(name, torch.zeros_like(p)).lerp_(p, 1 - self.decay)
        self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def state_dict(self):
        return {**self.sums, **self.buffers}


@misconception("weight_ema", "The first weights are the parameters themselves, so the average writes into the network.",
               hint="Start from torch.zeros_like(p).")
class WeightEMAWritesIntoTheNetwork:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, p in network.named_parameters():
            self.sums.setdefault(name, p.data.mul_(0)).lerp_(p, 1 - self.decay)
        self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def state_dict(self):
        correction = 1 - self.decay**self.steps
        return {**{name: total / correction for name, total in self.sums.items()}, **self.buffers}


@misconception("weight_ema", "decay and 1 − decay have changed places.", hint="decay keeps.")
class WeightEMASwapped:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, p in network.named_parameters():
            self.sums.setdefault(name, torch.zeros_like(p)).lerp_(p, self.decay)
        self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def state_dict(self):
        correction = 1 - (1 - self.decay) ** self.steps
        return {**{name: total / correction for name, total in self.sums.items()}, **self.buffers}


@misconception("weight_ema", "The whole state_dict is averaged: running statistics lag behind, twice averaged.",
               hint="Buffers are copied, not averaged.")
class WeightEMAAveragesBuffers:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums = decay, 0, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, value in network.state_dict().items():
            self.sums[name] = self.decay * self.sums.get(name, 0.0) + (1 - self.decay) * value

    def state_dict(self):
        correction = 1 - self.decay**self.steps
        return {name: total / correction for name, total in self.sums.items()}


@misconception("weight_ema", "state_dict corrects the sums in place: each look at the average changes it.",
               hint="total / correction makes a new tensor; div_ and /= don't.")
class WeightEMACorrectsInPlace:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, p in network.named_parameters():
            self.sums.setdefault(name, torch.zeros_like(p)).lerp_(p, 1 - self.decay)
        self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def state_dict(self):
        for total in self.sums.values():
            total.div_(1 - self.decay**self.steps)
        return {**self.sums, **self.buffers}


@alternative("weight_ema")
class WeightEMAByLoops:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.average, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        for name, p in network.named_parameters():
            old = self.average.get(name, torch.zeros_like(p))
            self.average[name] = self.decay * old + (1 - self.decay) * p.detach()
        for name, buffer in network.named_buffers():
            self.buffers[name] = buffer.detach().clone()
        self.steps += 1

    def state_dict(self):
        merged = dict(self.buffers)
        for name, value in self.average.items():
            merged[name] = value / (1 - self.decay**self.steps)
        return merged


@alternative("weight_ema")
class WeightEMAWithAChangingRate:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.average = decay, 0, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        rate = (1 - self.decay) / (1 - self.decay**self.steps)
        trained = {name for name, _ in network.named_parameters()}
        for name, value in network.state_dict().items():
            if name in trained and name in self.average:
                self.average[name] += rate * (value - self.average[name])
            else:
                self.average[name] = value.clone()

    def state_dict(self):
        return {name: value.clone() for name, value in self.average.items()}


misconception("winner", "Dropout slows the learning of the wrong labels down, but in 80 steps they are learnt all the same.",
              hint="Which one goes back to a time before that?", source='winner = "dropout"', name="winner_dropout")
misconception("winner", "Mixed labels are harder to learn by heart, but not impossible.",
              hint="Which one goes back to a time before that?", source='winner = "mixup"', name="winner_mixup")
misconception("winner", "Shifts make more of the data, but the wrong labels are shifted with them.",
              hint="Which one goes back to a time before that?", source='winner = "shifts"', name="winner_shifts")
misconception("stopping_gain", "That is a share, not percentage points.", hint="Subtract the numbers beside the points.",
              source="stopping_gain = 0.12", name="stopping_gain_as_a_share")
misconception("stopping_gain", "The sign: early stopping is better than nothing.", hint="The last point minus the first.",
              source="stopping_gain = -12.0", name="stopping_gain_sign")
misconception("stopping_gain", "That is the accuracy, not the gain.", hint="Subtract the number of nothing.",
              source="stopping_gain = 78.0", name="stopping_gain_is_the_accuracy")
misconception("gains_more", "With clean labels the weights of the last steps are as good as their average.",
              hint="What does the average remember that the last network has forgotten?",
              source='gains_more = "clean labels"', name="gains_more_clean")
misconception("gains_more", "An average over time holds young weights, and these differ where labels are wrong.",
              hint="Compare the two pictures.", source='gains_more = "no difference"', name="gains_more_nothing")
