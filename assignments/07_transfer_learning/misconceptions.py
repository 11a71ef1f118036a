"""Wrong answers to the tasks of this notebook that people give, and right ones in other words."""

import copy
import hashlib

import numpy as np
import torch
from torch import nn

from autograder.misconceptions import alternative, misconception

# --- standardize -----------------------------------------------------------------------------------


@misconception("standardize", "The test set is standardized with its own mean and standard deviation.",
               hint="At test time there may be one picture: use the numbers of the training set.")
def standardize_each_by_itself(train, test):
    def scale(x):
        std = np.where(x.std(axis=0) == 0, 1, x.std(axis=0))
        return (x - x.mean(axis=0)) / std

    return scale(train), scale(test)


@misconception("standardize", "Mean and standard deviation are those of both sets together: a leak.",
               hint="Compute them from train alone.")
def standardize_together(train, test):
    both = np.concatenate([train, test])
    std = np.where(both.std(axis=0) == 0, 1, both.std(axis=0))
    return (train - both.mean(axis=0)) / std, (test - both.mean(axis=0)) / std


@misconception("standardize", "A feature that is constant in the training set is divided by 0.",
               hint="Divide by 1 where the standard deviation is 0.")
def standardize_divides_by_zero(train, test):
    with np.errstate(all="ignore"):
        return (train - train.mean(axis=0)) / train.std(axis=0), (test - train.mean(axis=0)) / train.std(axis=0)


@misconception("standardize", "One mean and one standard deviation for all features together.",
               hint="Average over axis 0: each feature has its own.")
def standardize_one_number(train, test):
    return (train - train.mean()) / train.std(), (test - train.mean()) / train.std()


@misconception("standardize", "The standard deviation divides by N − 1.", hint="np.std divides by N by default.")
def standardize_unbiased(train, test):
    std = train.std(axis=0, ddof=1)
    std = np.where(std == 0, 1, std)
    return (train - train.mean(axis=0)) / std, (test - train.mean(axis=0)) / std


@misconception("standardize", "The arrays that were given are changed in place.", hint="Make new arrays.")
def standardize_in_place(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    train -= mean
    train /= std
    test -= mean
    test /= std
    return train, test


@misconception("standardize", "A tiny number is added to the standard deviation: a constant feature is blown up.",
               hint="Divide by 1 where the standard deviation is 0.")
def standardize_with_epsilon(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0) + 1e-8
    return (train - mean) / std, (test - mean) / std


@misconception("standardize", "A feature that is constant in the training set is set to 0 in the test set.",
               hint="It is shifted, and not scaled.")
def standardize_zeroes_constants(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return tuple(np.divide(x - mean, std, out=np.zeros_like(x), where=std > 0) for x in (train, test))


@misconception("standardize", "The test set that was given is changed in place.", hint="Make new arrays.")
def standardize_test_in_place(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    test -= mean
    test /= std
    return (train - mean) / std, test


@alternative("standardize")
def standardize_by_sklearn(train, test):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


@alternative("standardize")
def standardize_by_columns(train, test):
    one, two = train.astype(np.float32), test.astype(np.float32)
    for d in range(train.shape[1]):
        mean = train[:, d].mean()
        std = np.sqrt(((train[:, d] - mean) ** 2).mean()) or 1.0
        one[:, d] = (train[:, d] - mean) / std
        two[:, d] = (test[:, d] - mean) / std
    return one, two


# --- nearest_centroid ------------------------------------------------------------------------------


@misconception("nearest_centroid", "The places of the centroids come back, not the labels.",
               hint="np.unique(labels)[place].")
def nearest_centroid_returns_places(features, labels, queries):
    centroids = np.stack([features[labels == k].mean(axis=0) for k in np.unique(labels)])
    return np.linalg.norm(queries[:, None] - centroids[None], axis=2).argmin(axis=1)


@misconception("nearest_centroid", "The features of a class are added up, so large classes lie far out.",
               hint="Take the mean of each class.")
def nearest_centroid_of_sums(features, labels, queries):
    classes = np.unique(labels)
    centroids = np.stack([features[labels == k].sum(axis=0) for k in classes])
    return classes[np.linalg.norm(queries[:, None] - centroids[None], axis=2).argmin(axis=1)]


@misconception("nearest_centroid", "This is the nearest single neighbour, not the nearest class mean.",
               hint="First average the features of each class.")
def nearest_centroid_is_a_neighbour(features, labels, queries):
    return labels[np.linalg.norm(queries[:, None] - features[None], axis=2).argmin(axis=1)]


@misconception("nearest_centroid", "The centroid with the largest dot product wins, however long it is.",
               hint="Compare distances: |q − c|² = |q|² − 2 q·c + |c|².")
def nearest_centroid_by_dot_product(features, labels, queries):
    classes = np.unique(labels)
    centroids = np.stack([features[labels == k].mean(axis=0) for k in classes])
    return classes[(queries @ centroids.T).argmax(axis=1)]


@misconception("nearest_centroid", "The distances are city-block distances.", hint="Square, add up, root.")
def nearest_centroid_in_city_blocks(features, labels, queries):
    classes = np.unique(labels)
    centroids = np.stack([features[labels == k].mean(axis=0) for k in classes])
    return classes[np.abs(queries[:, None] - centroids[None]).sum(axis=2).argmin(axis=1)]


@misconception("nearest_centroid", "The classes are taken in the order in which they occur first, the centroids in "
               "sorted order.", hint="Use one list of classes for both.")
def nearest_centroid_in_two_orders(features, labels, queries):
    order = list(dict.fromkeys(labels.tolist()))
    centroids = np.stack([features[labels == k].mean(axis=0) for k in np.unique(labels)])
    return np.array(order)[np.linalg.norm(queries[:, None] - centroids[None], axis=2).argmin(axis=1)]


@misconception("nearest_centroid", "Labels that don't occur get a centroid at the origin.",
               hint="np.unique(labels) gives the classes that there are.")
def nearest_centroid_with_ghosts(features, labels, queries):
    centroids = np.zeros((labels.max() + 1, features.shape[1]))
    for k in np.unique(labels):
        centroids[k] = features[labels == k].mean(axis=0)
    return np.linalg.norm(queries[:, None] - centroids, axis=2).argmin(axis=1)


@misconception("nearest_centroid", "The centroid is the median, not the mean.", hint="features[labels == k].mean(axis=0).")
def nearest_centroid_of_medians(features, labels, queries):
    classes = np.unique(labels)
    centroids = np.stack([np.median(features[labels == k], axis=0) for k in classes])
    return classes[np.linalg.norm(queries[:, None] - centroids, axis=2).argmin(axis=1)]


@alternative("nearest_centroid")
def nearest_centroid_expanded(features, labels, queries):
    classes, place = np.unique(labels, return_inverse=True)
    members = np.eye(len(classes))[place]
    centroids = members.T @ features / members.sum(axis=0)[:, None]
    return classes[((centroids**2).sum(axis=1) - 2 * queries @ centroids.T).argmin(axis=1)]


@alternative("nearest_centroid")
def nearest_centroid_in_loops(features, labels, queries):
    centroids = {int(k): features[labels == k].mean(axis=0) for k in set(labels.tolist())}
    return [min(centroids, key=lambda k: float(((q - centroids[k]) ** 2).sum())) for q in queries]


# --- linear_loss -----------------------------------------------------------------------------------


@misconception("linear_loss", "The exponentials overflow at large scores.", hint="Subtract each row's largest score.")
def linear_loss_overflows(W, b, X, y, decay=0.0):
    with np.errstate(all="ignore"):
        p = np.exp(X @ W + b)
        p = p / p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean() + decay / 2 * np.sum(W**2)
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    return loss, X.T @ d + decay * W, d.sum(axis=0)


@misconception("linear_loss", "The gradient is a sum over the examples, the loss a mean.", hint="Divide dscores by N.")
def linear_loss_gradient_of_the_sum(W, b, X, y, decay=0.0):
    s = X @ W + b
    s = s - s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(len(y)), y].mean() + decay / 2 * np.sum(W**2)
    d = np.exp(log_p)
    d[np.arange(len(y)), y] -= 1
    return loss, X.T @ d + decay * W, d.sum(axis=0)


@misconception("linear_loss", "The bias is decayed, too.", hint="Only W is decayed.")
def linear_loss_decays_the_bias(W, b, X, y, decay=0.0):
    s = X @ W + b
    s = s - s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(len(y)), y].mean() + decay / 2 * (np.sum(W**2) + np.sum(b**2))
    d = np.exp(log_p)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    return loss, X.T @ d + decay * W, d.sum(axis=0) + decay * b


@misconception("linear_loss", "The gradient of λ/2 · W² is λ · W, not 2λ · W.", hint="The ½ is there to cancel the 2.")
def linear_loss_decays_twice(W, b, X, y, decay=0.0):
    s = X @ W + b
    s = s - s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(len(y)), y].mean() + decay / 2 * np.sum(W**2)
    d = np.exp(log_p)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    return loss, X.T @ d + 2 * decay * W, d.sum(axis=0)


@misconception("linear_loss", "The decay is in the loss, and forgotten in the gradient.", hint="Add decay · W to dW.")
def linear_loss_forgets_the_decay(W, b, X, y, decay=0.0):
    s = X @ W + b
    s = s - s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(len(y)), y].mean() + decay / 2 * np.sum(W**2)
    d = np.exp(log_p)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    return loss, X.T @ d, d.sum(axis=0)


@misconception("linear_loss", "The largest score of the whole batch is subtracted: rows far below it underflow to log 0.",
               hint="Subtract each row's own largest score: max(axis=1, keepdims=True).")
def linear_loss_one_maximum(W, b, X, y, decay=0.0):
    s = X @ W + b
    with np.errstate(all="ignore"):
        p = np.exp(s - s.max())
        p = p / p.sum(axis=0, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean() + decay / 2 * np.sum(W**2)
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    return loss, X.T @ d + decay * W, d.sum(axis=0)


@misconception("linear_loss", "A small number inside the logarithm keeps it finite, and hides how wrong the score is.",
               hint="log p = score − log of the sum of exp(scores), after the largest score is subtracted.")
def linear_loss_log_with_epsilon(W, b, X, y, decay=0.0):
    scores = X @ W + b
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y] + 1e-12).mean() + decay / 2 * np.sum(W**2)
    p[rows, y] -= 1
    p /= len(y)
    return loss, X.T @ p + decay * W, p.sum(axis=0)


@alternative("linear_loss")
def linear_loss_by_torch(W, b, X, y, decay=0.0):
    w, c = torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)
    scores = torch.as_tensor(X) @ w + c
    loss = nn.functional.cross_entropy(scores, torch.as_tensor(y)) + decay / 2 * (w**2).sum()
    loss.backward()
    return loss.item(), w.grad.numpy(), c.grad.numpy()


@alternative("linear_loss")
def linear_loss_in_loops(W, b, X, y, decay=0.0):
    loss, dW, db = 0.5 * decay * float((W**2).sum()), decay * W, np.zeros_like(b)
    for x, label in zip(X, y):
        s = x @ W + b
        top = s.max()
        total = top + np.log(np.exp(s - top).sum())
        loss += (total - s[label]) / len(y)
        d = np.exp(s - total) - np.eye(len(b))[label]
        dW = dW + np.outer(x, d) / len(y)
        db = db + d / len(y)
    return loss, dW, db


# --- small answers of sections 2 and 3 ---------------------------------------------------------------

misconception("pixels_or_features", "The mean of ten shifted textures is grey: the pixels hardly beat guessing.",
              hint="Look at the picture: how far apart are the first two bars?",
              source='pixels_or_features = "by about 10 points"', name="pixels_or_features_ten")
misconception("pixels_or_features", "The features were learned on other pictures, but textures are textures.",
              hint="Look at the picture.", source='pixels_or_features = "not better"', name="pixels_or_features_none")
alternative("pixels_or_features", source='pixels_or_features = "by more than " + str(40) + " points"',
            name="pixels_or_features_joined")

misconception("features_accuracy", "That is the bar of the pixels.", hint="Read the lowest bar.",
              source="features_accuracy = 7", name="features_accuracy_of_pixels")
misconception("features_accuracy", "That is a share between 0 and 1; the answer is in per cent.",
              hint="Multiply by 100.", source="features_accuracy = 0.7", name="features_accuracy_as_a_share")
misconception("features_accuracy", "That is the accuracy on the training set, or wishful thinking.",
              hint="Read the lowest bar.", source="features_accuracy = 99", name="features_accuracy_too_high")

# --- leaked ------------------------------------------------------------------------------------------


@misconception("leaked", "Patches of different photographs are compared, too.",
               hint="Two patches overlap only on the same photograph: compare column 0.")
def leaked_across_photographs(train, test, side):
    apart = np.abs(test[:, None, 1:] - train[None, :, 1:])
    return (apart < side).all(axis=2).any(axis=1)


@misconception("leaked", "Overlap in height or in width is taken for overlap.", hint="Both are needed: all, not any.")
def leaked_by_height_or_width(train, test, side):
    apart = np.abs(test[:, None, 1:] - train[None, :, 1:])
    return ((test[:, None, 0] == train[None, :, 0]) & (apart < side).any(axis=2)).any(axis=1)


@misconception("leaked", "Patches that only touch count as leaked.", hint="Less than side apart, not at most side.")
def leaked_by_touching(train, test, side):
    apart = np.abs(test[:, None, 1:] - train[None, :, 1:])
    return ((test[:, None, 0] == train[None, :, 0]) & (apart <= side).all(axis=2)).any(axis=1)


@misconception("leaked", "Only test patches to the lower right of a training patch are found.",
               hint="The distance may have either sign: take its absolute value.")
def leaked_one_way(train, test, side):
    apart = test[:, None, 1:] - train[None, :, 1:]
    inside = ((apart >= 0) & (apart < side)).all(axis=2)
    return ((test[:, None, 0] == train[None, :, 0]) & inside).any(axis=1)


@misconception("leaked", "Only identical patches are found.", hint="Patches that share a part leak as well.")
def leaked_only_duplicates(train, test, side):
    return (test[:, None] == train[None]).all(axis=2).any(axis=1)


@misconception("leaked", "The distance between the corners is taken as the crow flies.",
               hint="Squares overlap by height and by width, each for itself.")
def leaked_in_circles(train, test, side):
    apart = np.linalg.norm((test[:, None, 1:] - train[None, :, 1:]).astype(float), axis=2)
    return ((test[:, None, 0] == train[None, :, 0]) & (apart < side)).any(axis=1)


@alternative("leaked")
def leaked_in_loops(train, test, side):
    return [any(p == q and a < c + side and c < a + side and b < d + side and d < b + side
                for q, c, d in train.tolist()) for p, a, b in test.tolist()]


@alternative("leaked")
def leaked_by_pixels(train, test, side):
    covered = {(p, a + i, b + j) for p, a, b in train.tolist() for i in range(side) for j in range(side)}
    return np.array([any((p, a + i, b + j) in covered for i in range(side) for j in range(side))
                     for p, a, b in test.tolist()], dtype=bool)


misconception("random_split", "More test pictures look like training pictures now, so the number rises.",
              hint="Which test set is more like the training set?", source='random_split = "lower"',
              name="random_split_lower")
misconception("random_split", "The classifier is the same; the question isn't.",
              hint="Which test set is more like the training set?", source='random_split = "the same"',
              name="random_split_the_same")

# --- layer_rates ---------------------------------------------------------------------------------------


@misconception("layer_rates", "The largest rate is at the bottom: edges are torn up, and the head hardly learns.",
               hint="The last name is the topmost part; it gets base.", replaces="layer_rates", earns=1)
def layer_rates_upside_down(names, base, factor=2.6):
    return {name: base / factor**place for place, name in enumerate(names)}


@misconception("layer_rates", "The rates grow towards the bottom: multiplied instead of divided.",
               hint="Each part below gets a smaller rate: divide.", replaces="layer_rates", earns=1)
def layer_rates_multiplied(names, base, factor=2.6):
    top = len(names) - 1
    return {name: base * factor ** (top - place) for place, name in enumerate(names)}


@misconception("layer_rates", "The rates fall by equal amounts, not by equal factors.",
               hint="Divide by factor once for each part further down.", replaces="layer_rates", earns=1)
def layer_rates_linear(names, base, factor=2.6):
    top = len(names) - 1
    return {name: base / (1 + (factor - 1) * (top - place)) for place, name in enumerate(names)}


@misconception("layer_rates", "The topmost part gets base divided by factor already.",
               hint="The last name is 0 steps from the top.", replaces="layer_rates", earns=1)
def layer_rates_one_off(names, base, factor=2.6):
    return {name: base / factor ** (len(names) - place) for place, name in enumerate(names)}


@misconception("layer_rates", "The parts are unfrozen from the bottom.", hint="The last names first: names[-k:].",
               replaces="unfrozen", earns=1)
def unfrozen_from_the_bottom(names, epoch, every):
    return names[: min(1 + epoch // every, len(names))]


@misconception("layer_rates", "After all parts are unfrozen the slice starts before the list, and parts vanish again.",
               hint="max(…, 0).", replaces="unfrozen", earns=1)
def unfrozen_wraps_around(names, epoch, every):
    return names[len(names) - 1 - epoch // every :]


@misconception("layer_rates", "Only the newest part is trained; the others are frozen again.",
               hint="A part that has joined in stays.", replaces="unfrozen", earns=1)
def unfrozen_one_at_a_time(names, epoch, every):
    place = max(len(names) - 1 - epoch // every, 0)
    return names[place : place + 1]


@misconception("layer_rates", "In the first stretch nothing is trained.", hint="Epoch 0 trains the head: 1 + epoch // every.",
               replaces="unfrozen", earns=1)
def unfrozen_starts_empty(names, epoch, every):
    return names[max(len(names) - epoch // every, 0) :]


@alternative("layer_rates", replaces="layer_rates")
def layer_rates_from_the_top(names, base, factor=2.6):
    rates, rate = {}, base
    for name in reversed(names):
        rates[name] = rate
        rate = rate / factor
    return rates


@alternative("layer_rates", replaces="unfrozen")
def unfrozen_counted(names, epoch, every):
    count = min(epoch // every + 1, len(names))
    return [name for place, name in enumerate(names) if place >= len(names) - count]

# --- layers_of -----------------------------------------------------------------------------------------


@misconception("layers_of", "Only the next level is searched.", hint="named_modules() walks through all levels.",
               replaces="layers_of", earns=1)
def layers_of_children_only(network, kind):
    return [name for name, module in network.named_children() if isinstance(module, kind)]


@misconception("layers_of", "Subclasses are left out.", hint="isinstance(module, kind) takes subclasses, too.",
               replaces="layers_of", earns=1)
def layers_of_exact_type(network, kind):
    return [name for name, module in network.named_modules() if type(module) is kind]


@misconception("layers_of", "The layers come back, not their names.", hint="Collect the names.",
               replaces="layers_of", earns=1)
def layers_of_modules(network, kind):
    return [module for _, module in network.named_modules() if isinstance(module, kind)]


@misconception("layers_of", "Only the last piece of each name is returned.", hint="The whole dotted name is the key.",
               replaces="layers_of", earns=1)
def layers_of_short_names(network, kind):
    return [name.split(".")[-1] for name, module in network.named_modules() if isinstance(module, kind)]


@misconception("layers_of", "Buffers are counted as parameters.", hint="Use parameters(), not state_dict().",
               replaces="count_parameters", earns=1)
def count_parameters_with_buffers(network):
    total = sum(t.numel() for t in network.state_dict().values())
    return total, sum(p.numel() for p in network.parameters() if p.requires_grad)


@misconception("layers_of", "Tensors are counted, not the numbers in them.", hint="p.numel() numbers a tensor.",
               replaces="count_parameters", earns=1)
def count_parameters_tensors(network):
    found = list(network.parameters())
    return len(found), sum(p.requires_grad for p in found)


@misconception("layers_of", "A tensor that two layers share is counted twice.",
               hint="network.parameters() hands out each one once.", replaces="count_parameters", earns=1)
def count_parameters_shared_twice(network):
    found = [p for _, p in network.named_parameters(remove_duplicate=False)]
    return sum(p.numel() for p in found), sum(p.numel() for p in found if p.requires_grad)


@misconception("layers_of", "Frozen parameters are left out of the total.", hint="The total counts all.",
               replaces="count_parameters", earns=1)
def count_parameters_trainable_only(network):
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return trainable, trainable


@alternative("layers_of", replaces="layers_of")
def layers_of_recursive(network, kind):
    found = []
    for name, child in network.named_children():
        if isinstance(child, kind):
            found.append(name)
        found += [f"{name}.{deeper}" for deeper in layers_of_recursive(child, kind)]
    return found


@alternative("layers_of", replaces="count_parameters")
def count_parameters_by_shape(network):
    sizes = {id(p): (int(np.prod(p.shape)), p.requires_grad) for p in network.parameters()}
    return sum(n for n, _ in sizes.values()), sum(n for n, trains in sizes.values() if trains)


misconception("heads", "That is the head's share of the body, not of everything.", hint="Divide by the total, head included.",
              source="head_share = 0.38\nnew_head = 23058", name="head_share_of_the_body", earns=1)
misconception("heads", "The biases of the new head are forgotten.", hint="18 outputs have 18 biases.",
              source="head_share = 0.275\nnew_head = 1280 * 18", name="new_head_without_biases", earns=1)
misconception("heads", "The new head doesn't sit on top of the 1,000 old outputs: it replaces them.",
              hint="It sees the 1,280 features.", source="head_share = 0.275\nnew_head = 1000 * 18 + 18",
              name="new_head_on_the_old_one", earns=1)
alternative("heads", source="head_share = 1281 / 4652\nnew_head = 18 * 1281", name="heads_as_quotients")

# --- preprocess ----------------------------------------------------------------------------------------


@misconception("preprocess", "The pixels stay between 0 and 255.", hint="Divide by 255 first.")
def preprocess_without_255(images, mean, std):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@misconception("preprocess", "Reshaping doesn't move axes: it cuts the picture into stripes.", hint="permute(0, 3, 1, 2).")
def preprocess_reshapes(images, mean, std):
    n, h, w, c = images.shape
    x = torch.from_numpy(images).reshape(n, c, h, w).float() / 255
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@misconception("preprocess", "Height and width are swapped: the picture lies on its side.", hint="permute(0, 3, 1, 2).")
def preprocess_on_its_side(images, mean, std):
    x = torch.from_numpy(images).permute(0, 3, 2, 1).float() / 255
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@misconception("preprocess", "The channels come blue first.", hint="Red is first, in the pictures and in the weights.")
def preprocess_blue_first(images, mean, std):
    x = torch.from_numpy(images[..., ::-1].copy()).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@misconception("preprocess", "The mean is subtracted before the pixels are divided by 255.",
               hint="The mean belongs to pixels from 0 to 1.")
def preprocess_mean_too_early(images, mean, std):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / 255 / torch.tensor(std).view(1, 3, 1, 1)


@misconception("preprocess", "It multiplies by the standard deviation.", hint="Divide by it.")
def preprocess_multiplies(images, mean, std):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) * torch.tensor(std).view(1, 3, 1, 1)


@misconception("preprocess", "The pictures are standardized by their own mean and standard deviation.",
               hint="Use the numbers that belong to the weights.")
def preprocess_own_statistics(images, mean, std):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return (x - x.mean((0, 2, 3), keepdim=True)) / (x.std((0, 2, 3), keepdim=True) + 1e-6)


@misconception("preprocess", "The result is in double precision; the weights are in single precision.",
               hint="float() makes a float32 tensor.")
def preprocess_in_double(images, mean, std):
    x = (images / 255 - np.array(mean)) / np.array(std)
    return torch.from_numpy(x).permute(0, 3, 1, 2)


@misconception("preprocess", "A NumPy array comes back, which no network takes.", hint="torch.from_numpy.")
def preprocess_returns_an_array(images, mean, std):
    x = (images / 255 - np.array(mean)) / np.array(std)
    return x.transpose(0, 3, 1, 2).astype(np.float32)


@alternative("preprocess")
def preprocess_in_numpy(images, mean, std):
    x = (images.astype(np.float32) / 255 - np.float32(mean)) / np.float32(std)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


@alternative("preprocess")
def preprocess_channel_by_channel(images, mean, std):
    planes = [(torch.from_numpy(images[..., c].copy()).to(torch.float32) - 255 * mean[c]) / (255 * std[c]) for c in range(3)]
    return torch.stack(planes, dim=1)


misconception("worst_input", "Most photographs survive it: shapes stay, colours don't.", hint="Look at the picture.",
              source='worst_input = "blue first"', name="worst_input_blue")
misconception("worst_input", "These numbers are not far from the right ones.", hint="Look at the picture.",
              source='worst_input = "other mean and std"', name="worst_input_other")
misconception("worst_input", "That shifts and shrinks the input by a factor of two only.", hint="Look at the picture.",
              source='worst_input = "0 to 1"', name="worst_input_unit")

# --- replace_head ----------------------------------------------------------------------------------------


@misconception("replace_head", "Setting out_features changes what the layer says of itself, not its weights.",
               hint="Put a new nn.Linear there.")
def replace_head_renamed(network, classes):
    network.head.out_features = classes
    return network


@misconception("replace_head", "The number of features is that of one network; other networks have others.",
               hint="network.head.in_features.")
def replace_head_hard_coded(network, classes):
    network.head = nn.Linear(1280, classes)
    return network


@misconception("replace_head", "The new layer is put on top of the old scores, which stay a bottleneck.",
               hint="Replace the head; it sees the features.")
def replace_head_on_top(network, classes):
    old = network.head
    network.head = nn.Sequential(old, nn.Linear(old.out_features, classes))
    return network


@misconception("replace_head", "A copy is changed and returned; the caller's network keeps its old head.",
               hint="Change the network that was given, and return it.")
def replace_head_of_a_copy(network, classes):
    network = copy.deepcopy(network)
    network.head = nn.Linear(network.head.in_features, classes).to(network.head.weight)
    return network


@misconception("replace_head", "The new head is always float32 on the CPU; the body may be elsewhere.",
               hint="Give it device= and dtype= of the old head's weight.")
def replace_head_elsewhere(network, classes):
    network.head = nn.Linear(network.head.in_features, classes)
    return network


@misconception("replace_head", "All of the network gets new weights, so nothing is transferred.",
               hint="Only the head is new.")
def replace_head_resets_all(network, classes):
    old = network.head
    network.head = nn.Linear(old.in_features, classes).to(old.weight)
    for module in network.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return network


@misconception("replace_head", "Zeros for the head: they train, but the task asks for random weights.",
               hint="Keep the initialization of nn.Linear.")
def replace_head_of_zeros(network, classes):
    old = network.head
    network.head = nn.Linear(old.in_features, classes).to(old.weight)
    nn.init.zeros_(network.head.weight)
    return network


@misconception("replace_head", "Inputs and outputs of the new layer are swapped.", hint="nn.Linear(inputs, outputs).")
def replace_head_swapped(network, classes):
    network.head = nn.Linear(classes, network.head.in_features).to(network.head.weight)
    return network


@misconception("replace_head", "Nothing is returned.", hint="return network.")
def replace_head_returns_nothing(network, classes):
    network.head = nn.Linear(network.head.in_features, classes).to(network.head.weight)


@alternative("replace_head")
def replace_head_to(network, classes):
    weight = network.head.weight
    network.add_module("head", nn.Linear(weight.shape[1], classes).to(weight))
    return network


@alternative("replace_head")
def replace_head_by_hand(network, classes):
    old = network.head
    new = nn.Linear(old.in_features, classes)
    nn.init.normal_(new.weight, std=0.5)
    nn.init.zeros_(new.bias)
    network.head = new.to(device=old.weight.device, dtype=old.weight.dtype)
    return network


misconception("late_head", "The optimizer doesn't look a layer up by its name; it holds the tensors that it was given.",
              hint="Which tensors did it get?", source='late_head = "everything"', name="late_head_everything")
misconception("late_head", "Weight and bias of the new head are both unknown to the optimizer.",
              hint="Which tensors did it get?", source='late_head = "only the bias"', name="late_head_bias")

# --- freeze ----------------------------------------------------------------------------------------------


@misconception("freeze", "requires_grad is set on the modules, where it is an attribute without meaning.",
               hint="module.requires_grad_(False), or p.requires_grad = False for each parameter.", replaces="freeze", earns=2)
def freeze_the_attribute(network):
    for module in network.modules():
        module.requires_grad = False
    network.head.requires_grad = True
    for p in network.parameters():
        p.grad = None
    return network


@misconception("freeze", "The head is frozen, too: nothing is left to train.", hint="Switch the head on again.",
               replaces="freeze", earns=2)
def freeze_everything(network):
    for p in network.parameters():
        p.requires_grad_(False)
        p.grad = None
    return network


@misconception("freeze", "Frozen parameters keep the gradients that they had, and an optimizer goes on using them.",
               hint="Set p.grad = None.", replaces="freeze", earns=2)
def freeze_keeps_gradients(network):
    network.requires_grad_(False)
    network.head.requires_grad_(True)
    return network


@misconception("freeze", "Gradients of zeros are left: momentum and weight decay still move the weights.",
               hint="None, not zeros.", replaces="freeze", earns=2)
def freeze_zeroes_gradients(network):
    network.zero_grad(set_to_none=False)
    network.requires_grad_(False)
    network.head.requires_grad_(True)
    return network


@misconception("freeze", "Convolutions are frozen, the scales and shifts of the batch norms are not.",
               hint="All parameters below the head.", replaces="freeze", earns=2)
def freeze_convolutions_only(network):
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.requires_grad_(False)
    for p in network.parameters():
        p.grad = None
    return network


@misconception("freeze", "A head that was frozen stays frozen.", hint="Switch the head on, whatever it was.",
               replaces="freeze", earns=2)
def freeze_leaves_the_head(network):
    for name, p in network.named_parameters():
        if not name.startswith("head"):
            p.requires_grad = False
            p.grad = None
    return network


@misconception("freeze", "Frozen batch norms are in training mode: their running statistics drift.",
               hint="Put them into evaluation mode after network.train().", replaces="train_mode", earns=2)
def train_mode_everywhere(network):
    return network.train()


@misconception("freeze", "train() comes last and wakes the frozen batch norms up again.", hint="First train(), then eval().",
               replaces="train_mode", earns=2)
def train_mode_in_the_wrong_order(network):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()
    network.train()
    return network


@misconception("freeze", "All batch norms sleep, also those that are trained.", hint="Only those that are frozen.",
               replaces="train_mode", earns=2)
def train_mode_all_norms_asleep(network):
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return network


@misconception("freeze", "The whole network is in evaluation mode: no dropout, and trained batch norms don't learn.",
               hint="network.train() first.", replaces="train_mode", earns=2)
def train_mode_asleep(network):
    return network.eval()


@misconception("freeze", "Only the scale of a batch norm is looked at; one that trains its shift alone falls asleep.",
               hint="None of its parameters: weight and bias.", replaces="train_mode", earns=2)
def train_mode_by_the_scale(network):
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()
    return network


@misconception("freeze", "A batch norm of which a part is frozen counts as frozen.", hint="not any(…), instead of not all(…).",
               replaces="train_mode", earns=2)
def train_mode_unless_all_train(network):
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not all(p.requires_grad for p in module.parameters()):
            module.eval()
    return network


@misconception("freeze", "The frozen parts are in evaluation mode as a whole, not only their batch norms.",
               hint="Walk over network.modules() and take the batch norms alone.", replaces="train_mode", earns=2)
def train_mode_part_by_part(network):
    network.train()
    for _, part in parts(network):
        if not any(p.requires_grad for p in part.parameters()):
            part.eval()
    return network


@alternative("freeze", replaces="freeze")
def freeze_by_name(network):
    for name, p in network.named_parameters():
        p.requires_grad = name.startswith("head.")
        if not p.requires_grad:
            p.grad = None
    return network


@alternative("freeze", replaces="train_mode")
def train_mode_layer_by_layer(network):
    network.train(True)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(module.weight.requires_grad or module.bias.requires_grad)
    return network


# --- what_changed ------------------------------------------------------------------------------------------


@misconception("what_changed", "The snapshot is not a copy: its tensors change with the network.", hint="clone().",
               replaces="snapshot")
def snapshot_without_copies(network):
    return dict(network.state_dict())


@misconception("what_changed", "detach() shares the memory with the network.", hint="detach().clone().", replaces="snapshot")
def snapshot_detached(network):
    return {name: tensor.detach() for name, tensor in network.state_dict().items()}


@misconception("what_changed", "copy() of a dictionary copies the dictionary, not the tensors in it.",
               hint="copy.deepcopy, or clone() for each tensor.", replaces="snapshot")
def snapshot_shallow(network):
    return network.state_dict().copy()


@misconception("what_changed", "Small changes are overlooked.", hint="torch.equal, not allclose.", replaces="what_changed")
def what_changed_roughly(before, network):
    return [name for name, now in network.state_dict().items() if not torch.allclose(now, before[name])]


@misconception("what_changed", "Running statistics are not looked at.", hint="Walk over state_dict().", replaces="what_changed")
def what_changed_in_parameters(before, network):
    return [name for name, now in network.named_parameters() if not torch.equal(now, before[name])]


@misconception("what_changed", "It compares sums, which changes can leave alone, and which round.",
               hint="Compare the tensors themselves.", replaces="what_changed")
def what_changed_by_sums(before, network):
    return [name for name, now in network.state_dict().items() if abs(float(now.sum() - before[name].sum())) > 1e-6]


@misconception("what_changed", "The comparison is in single precision; a smaller change is lost.", hint="torch.equal as it is.",
               replaces="what_changed")
def what_changed_in_single_precision(before, network):
    return [name for name, now in network.state_dict().items() if not torch.equal(now.float(), before[name].float())]


@alternative("what_changed", replaces="snapshot")
def snapshot_deep(network):
    return copy.deepcopy(network.state_dict())


@alternative("what_changed", replaces="what_changed")
def what_changed_by_any(before, network):
    changed = []
    for name, now in network.state_dict().items():
        if bool((now != before[name]).any()):
            changed.append(name)
    return changed


misconception("still_moves", "Weights have no gradient and no optimizer; but look at the buffers.",
              hint="Who writes into the network in a forward pass?", source='still_moves = "weights"', name="still_moves_weights")
misconception("still_moves", "Batch norms in training mode need no gradient to update their statistics.",
              hint="Look at the second line of the picture.", source='still_moves = "nothing"', name="still_moves_nothing")

# --- extract_features ----------------------------------------------------------------------------------------


@misconception("extract_features", "The network may be in training mode: dropout is on, and batch norms use the batch.",
               hint="network.eval() first.")
def extract_features_in_any_mode(network, images, batch=64):
    where, found = next(network.parameters()).device, []
    with torch.no_grad():
        for at in range(0, len(images), batch):
            found.append(network.features(torch.from_numpy(images[at : at + batch]).to(where)).cpu().numpy())
    return np.concatenate(found)


@misconception("extract_features", "Batch norms are in evaluation mode, dropout is not: the features have holes.",
               hint="network.eval() reaches every layer.")
def extract_features_with_dropout(network, images, batch=64):
    modes = {module: module.training for module in network.modules()}
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    where = next(network.parameters()).device
    with torch.no_grad():
        found = [network.features(torch.from_numpy(images[at : at + batch]).to(where)).cpu().numpy()
                 for at in range(0, len(images), batch)]
    for module, mode in modes.items():
        module.training = mode
    return np.concatenate(found)


@misconception("extract_features", "The network is left in evaluation mode: training goes on without dropout.",
               hint="Give each layer its mode back.")
def extract_features_falls_asleep(network, images, batch=64):
    network.eval()
    where = next(network.parameters()).device
    with torch.no_grad():
        return np.concatenate([network.features(torch.from_numpy(images[at : at + batch]).to(where)).cpu().numpy()
                               for at in range(0, len(images), batch)])


@misconception("extract_features", "train() at the end wakes up frozen batch norms, too.",
               hint="Remember the mode of each layer, not of the network.")
def extract_features_wakes_all(network, images, batch=64):
    training = network.training
    network.eval()
    where = next(network.parameters()).device
    with torch.no_grad():
        found = [network.features(torch.from_numpy(images[at : at + batch]).to(where)).cpu().numpy()
                 for at in range(0, len(images), batch)]
    network.train(training)
    return np.concatenate(found)


@misconception("extract_features", "A graph for gradients is built and thrown away: memory and time.", hint="torch.no_grad().")
def extract_features_with_graph(network, images, batch=64):
    modes = {module: module.training for module in network.modules()}
    network.eval()
    where = next(network.parameters()).device
    found = [network.features(torch.from_numpy(images[at : at + batch]).to(where)).detach().cpu().numpy()
             for at in range(0, len(images), batch)]
    for module, mode in modes.items():
        module.training = mode
    return np.concatenate(found)


@misconception("extract_features", "The last, smaller batch is lost.", hint="range(0, len(images), batch) reaches it.")
def extract_features_loses_the_rest(network, images, batch=64):
    modes = {module: module.training for module in network.modules()}
    network.eval()
    where = next(network.parameters()).device
    with torch.no_grad():
        found = [network.features(torch.from_numpy(images[k * batch : (k + 1) * batch]).to(where)).cpu().numpy()
                 for k in range(len(images) // batch)]
    for module, mode in modes.items():
        module.training = mode
    return np.concatenate(found)


@misconception("extract_features", "All pictures go through the network at once: it runs out of memory on real ones.",
               hint="Take slices of `batch` pictures.")
def extract_features_all_at_once(network, images, batch=64):
    modes = {module: module.training for module in network.modules()}
    network.eval()
    where = next(network.parameters()).device
    with torch.no_grad():
        found = network.features(torch.from_numpy(images).to(where)).cpu().numpy()
    for module, mode in modes.items():
        module.training = mode
    return found


@misconception("extract_features", "train(mode) of a layer reaches the layers in it as well, so the outer ones overrule the inner ones.",
               hint="Set module.training itself.")
def extract_features_restores_from_within(network, images, batch=64):
    modes, where, found = {m: m.training for m in network.modules()}, next(network.parameters()).device, []
    network.eval()
    with torch.no_grad():
        for at in range(0, len(images), batch):
            found.append(network.features(torch.from_numpy(images[at : at + batch]).to(where)).cpu().numpy())
    for module in reversed(list(modes)):
        module.train(modes[module])
    return np.concatenate(found)


@alternative("extract_features")
def extract_features_of_a_copy(network, images, batch=64):
    twin = copy.deepcopy(network).eval()
    where = next(twin.parameters()).device
    with torch.inference_mode():
        return np.concatenate([twin.features(torch.from_numpy(images[at : at + batch]).to(where)).cpu().numpy()
                               for at in range(0, len(images), batch)])


@alternative("extract_features")
def extract_features_by_split(network, images, batch=64):
    modes = [(module, module.training) for module in network.modules()]
    where = next(network.parameters()).device
    try:
        network.eval()
        with torch.inference_mode():
            pieces = [network.features(x.to(where)) for x in torch.as_tensor(images).split(batch)]
            return torch.cat(pieces).cpu().numpy()
    finally:
        for module, mode in modes:
            module.training = mode


@alternative("extract_features")
def extract_features_one_by_one(network, images, batch=64):
    asleep = {name for name, module in network.named_modules() if not module.training}
    network.train(False)
    where = next(network.parameters()).device
    with torch.no_grad():
        found = [network.features(torch.from_numpy(image[None]).to(where))[0].cpu().numpy() for image in images]
    for name, module in network.named_modules():
        module.training = name not in asleep
    return np.stack(found)


# --- fingerprint -----------------------------------------------------------------------------------------------


@misconception("fingerprint", "A sum stays the same when weights trade places.", hint="Hash the bytes, in order.")
def fingerprint_of_sums(network):
    return str(sum(float(t.double().sum()) for t in network.state_dict().values()))


@misconception("fingerprint", "Running statistics are left out: a drift goes unnoticed.", hint="Walk over state_dict().")
def fingerprint_of_parameters(network):
    digest = hashlib.sha256()
    for p in network.parameters():
        digest.update(p.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


@misconception("fingerprint", "The address of the object says nothing of its weights.", hint="Hash the numbers.")
def fingerprint_of_the_address(network):
    return str(id(network))


@misconception("fingerprint", "Names and shapes stay the same in training.", hint="Hash the numbers, too.")
def fingerprint_of_shapes(network):
    return hashlib.sha256(str([(k, tuple(v.shape)) for k, v in network.state_dict().items()]).encode()).hexdigest()


@misconception("fingerprint", "The text of a tensor is rounded, and shortened if it is long.", hint="Take the bytes.")
def fingerprint_of_the_text(network):
    return hashlib.sha256(str(dict(network.state_dict())).encode()).hexdigest()


@misconception("fingerprint", "The mode of the network is not part of its weights.", hint="Only names, parameters, buffers.")
def fingerprint_with_the_mode(network):
    digest = hashlib.sha256(str([m.training for m in network.modules()]).encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


@misconception("fingerprint", "The names are left out: the same numbers in another layer look the same.",
               hint="digest.update(name.encode()).")
def fingerprint_without_names(network):
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


@alternative("fingerprint")
def fingerprint_by_saving(network):
    joined = b"".join(name.encode() + tensor.detach().cpu().numpy().tobytes() for name, tensor in network.state_dict().items())
    return hashlib.md5(joined).hexdigest()


@alternative("fingerprint")
def fingerprint_of_lists(network):
    return hashlib.sha1(repr([(name, tensor.tolist()) for name, tensor in network.state_dict().items()]).encode()).hexdigest()


# --- rate_groups -------------------------------------------------------------------------------------------------


@misconception("rate_groups", "Frozen parameters are handed to the optimizer: weight decay and momentum may still move them.",
               hint="Take only those with requires_grad.", replaces="rate_groups", earns=2)
def rate_groups_with_the_frozen(network, rates):
    return [{"name": name, "params": list(part.parameters()), "lr": rates[name]} for name, part in parts(network)]


@misconception("rate_groups", "A part is taken or left as a whole; single frozen parameters come along.",
               hint="Ask each parameter.", replaces="rate_groups", earns=2)
def rate_groups_whole_parts(network, rates):
    return [{"name": name, "params": list(part.parameters()), "lr": rates[name]} for name, part in parts(network)
            if any(p.requires_grad for p in part.parameters())]


@misconception("rate_groups", "The rates are dealt out to the groups in order, so that a frozen part shifts all others.",
               hint="Each group has the rate of its own name.", replaces="rate_groups", earns=2)
def rate_groups_in_order(network, rates):
    groups = []
    for name, part in parts(network):
        trained = [p for p in part.parameters() if p.requires_grad]
        if trained:
            groups.append({"name": name, "params": trained, "lr": list(rates.values())[len(groups)]})
    return groups


@misconception("rate_groups", "Parts in which nothing trains have an empty group.", hint="Leave such a group out.",
               replaces="rate_groups", earns=2)
def rate_groups_empty_ones(network, rates):
    return [{"name": name, "params": [p for p in part.parameters() if p.requires_grad], "lr": rates[name]}
            for name, part in parts(network)]


@misconception("rate_groups", "The groups go from the top to the bottom.", hint="In the order of parts(network).",
               replaces="rate_groups", earns=2)
def rate_groups_reversed(network, rates):
    found = [{"name": name, "params": [p for p in part.parameters() if p.requires_grad], "lr": rates[name]}
             for name, part in parts(network)]
    return [group for group in found if group["params"]][::-1]


@misconception("rate_groups", "The part is in the optimizer, but its parameters don't require a gradient: they never move.",
               hint="part.requires_grad_(True).", replaces="unfreeze", earns=2)
def unfreeze_without_gradients(network, optimizer, name, rate):
    if any(group.get("name") == name for group in optimizer.param_groups):
        return
    part = dict(parts(network))[name]
    optimizer.add_param_group({"name": name, "params": list(part.parameters()), "lr": rate})


@misconception("rate_groups", "The part requires a gradient, but the optimizer doesn't know of it: it never moves.",
               hint="optimizer.add_param_group.", replaces="unfreeze", earns=2)
def unfreeze_without_the_optimizer(network, optimizer, name, rate):
    dict(parts(network))[name].requires_grad_(True)


@misconception("rate_groups", "The new group gets the optimizer's default rate, which is the head's.",
               hint='Say "lr": rate in the group.', replaces="unfreeze", earns=2)
def unfreeze_at_the_default_rate(network, optimizer, name, rate):
    if any(group.get("name") == name for group in optimizer.param_groups):
        return
    part = dict(parts(network))[name]
    part.requires_grad_(True)
    optimizer.add_param_group({"name": name, "params": list(part.parameters())})


@misconception("rate_groups", "The part joins the first group, with the head's rate.", hint="A group of its own.",
               replaces="unfreeze", earns=2)
def unfreeze_into_the_head(network, optimizer, name, rate):
    part = dict(parts(network))[name]
    part.requires_grad_(True)
    optimizer.param_groups[0]["params"] += list(part.parameters())


@misconception("rate_groups", "Unfreezing a part twice is an error: the optimizer has its parameters already.",
               hint="Look for the name in optimizer.param_groups first.", replaces="unfreeze", earns=2)
def unfreeze_twice_fails(network, optimizer, name, rate):
    part = dict(parts(network))[name]
    part.requires_grad_(True)
    optimizer.add_param_group({"name": name, "params": list(part.parameters()), "lr": rate})


@misconception("rate_groups", "The optimizer starts anew: momentum and averages are lost.",
               hint="add_param_group keeps them.", replaces="unfreeze", earns=2)
def unfreeze_with_amnesia(network, optimizer, name, rate):
    if any(group.get("name") == name for group in optimizer.param_groups):
        return
    part = dict(parts(network))[name]
    part.requires_grad_(True)
    optimizer.state.clear()
    optimizer.add_param_group({"name": name, "params": list(part.parameters()), "lr": rate})


@misconception("rate_groups", "The parameters are chosen by requires_grad before it is switched on: the group is empty.",
               hint="First requires_grad_(True), then the group.", replaces="unfreeze", earns=2)
def unfreeze_an_empty_group(network, optimizer, name, rate):
    if name in [group.get("name") for group in optimizer.param_groups]:
        return
    part = dict(parts(network))[name]
    trained = [p for p in part.parameters() if p.requires_grad]
    optimizer.add_param_group({"name": name, "params": trained, "lr": rate})
    part.requires_grad_(True)


@alternative("rate_groups", replaces="rate_groups")
def rate_groups_filtered(network, rates):
    found = ({"lr": rates[name], "name": name, "params": list(filter(lambda p: p.requires_grad, part.parameters()))}
             for name, part in parts(network))
    return [group for group in found if group["params"]]


@alternative("rate_groups", replaces="unfreeze")
def unfreeze_by_hand(network, optimizer, name, rate):
    if name in [group.get("name") for group in optimizer.param_groups]:
        return None
    found = []
    for key, part in parts(network):
        if key == name:
            for p in part.parameters():
                p.requires_grad = True
                found.append(p)
    optimizer.add_param_group(dict(params=found, lr=rate, name=name))
    return None


misconception("worst_way", "The head alone can't go wrong: what lies below it stays as good as it was.",
              hint="Compare the curves after the first epoch.", source='worst_way = "head"', name="worst_way_head")
misconception("worst_way", "One rate for all is not the best start, but the head still learns at full speed.",
              hint="Compare the curves after the first epoch.", source='worst_way = "one rate"', name="worst_way_one_rate")
misconception("worst_way", "Gradual unfreezing starts as gently as the head alone.",
              hint="Compare the curves after the first epoch.", source='worst_way = "gradual"', name="worst_way_gradual")
misconception("ahead", "180 labelled patches are few; the other one has seen a million pictures.",
              hint="Look at the picture.", source='ahead = "behind"', name="ahead_behind")
misconception("ahead", "It is more than that: compare the bars.", hint="Look at the picture.",
              source='ahead = "0 to 15"', name="ahead_little")
misconception("lead", "That is from scratch minus pretrained.", hint="The other way round.", source="lead = -22",
              name="lead_negative")
misconception("lead", "That is a share; the answer is in points of per cent.", hint="Multiply by 100.",
              source="lead = 0.22", name="lead_as_a_share")
misconception("lead", "That is the accuracy itself, not the difference.", hint="Subtract the upper number.",
              source="lead = 70", name="lead_is_the_accuracy")

# --- winner --------------------------------------------------------------------------------------------------------


@misconception("winner", "The highest mean wins, however much the draws scatter.", hint="Compare with twice the standard error.")
def winner_by_the_mean(runs):
    return max(runs, key=lambda name: np.mean(runs[name]))


@misconception("winner", "The best single draw wins.", hint="Compare means.")
def winner_by_the_best_draw(runs):
    second, first = sorted(runs, key=lambda name: np.max(runs[name]))[-2:]
    apart = np.asarray(runs[first]) - np.asarray(runs[second])
    return "tie" if apart.mean() < 2 * apart.std(ddof=1) / np.sqrt(len(apart)) else first


@misconception("winner", "The two scatters are added as if the draws had nothing to do with each other.",
               hint="Take the differences draw by draw first.")
def winner_unpaired(runs):
    second, first = sorted(runs, key=lambda name: np.mean(runs[name]))[-2:]
    a, b = np.asarray(runs[first]), np.asarray(runs[second])
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return "tie" if a.mean() - b.mean() < 2 * error else first


@misconception("winner", "The standard deviation of the differences divides by S.", hint="ddof=1.")
def winner_biased(runs):
    second, first = sorted(runs, key=lambda name: np.mean(runs[name]))[-2:]
    apart = np.asarray(runs[first]) - np.asarray(runs[second])
    return "tie" if apart.mean() < 2 * apart.std() / np.sqrt(len(apart)) else first


@misconception("winner", "The standard deviation is taken for the standard error.", hint="Divide it by √S.")
def winner_by_the_deviation(runs):
    second, first = sorted(runs, key=lambda name: np.mean(runs[name]))[-2:]
    apart = np.asarray(runs[first]) - np.asarray(runs[second])
    return "tie" if apart.mean() < 2 * apart.std(ddof=1) else first


@misconception("winner", "The second method of the dictionary is taken for the runner-up.", hint="Sort by the means.")
def winner_against_the_wrong_one(runs):
    first = max(runs, key=lambda name: np.mean(runs[name]))
    other = [name for name in runs if name != first][-1]
    worst = min(runs, key=lambda name: np.mean(runs[name]))
    apart = np.asarray(runs[first]) - np.asarray(runs[worst if len(runs) > 2 else other])
    return "tie" if apart.mean() < 2 * apart.std(ddof=1) / np.sqrt(len(apart)) else first


@alternative("winner")
def winner_by_a_t_value(runs):
    ranked = sorted(((float(np.mean(scores)), name) for name, scores in runs.items()), reverse=True)
    apart = np.subtract(runs[ranked[0][1]], runs[ranked[1][1]])
    count = len(apart)
    variance = np.sum((apart - apart.mean()) ** 2) / (count - 1)
    return ranked[0][1] if apart.mean() >= 2 * np.sqrt(variance / count) else "tie"


@alternative("winner")
def winner_by_scipy(runs):
    from scipy.stats import sem

    names = sorted(runs, key=lambda name: -np.mean(runs[name]))
    apart = np.array(runs[names[0]]) - np.array(runs[names[1]])
    if np.mean(apart) < 2 * sem(apart):
        return "tie"
    return names[0]


# --- relabel -------------------------------------------------------------------------------------------------------


@misconception("relabel", "Subtracting 5 works for the digits 5 to 9 only.", hint="Look each label up in the list.")
def relabel_minus_five(labels, classes):
    if not np.isin(labels, classes).all():
        raise ValueError("unknown label")
    return np.asarray(labels) - 5


@misconception("relabel", "The smallest label that occurs is subtracted; in another set that is another one.",
               hint="Look each label up in the list.")
def relabel_minus_the_smallest(labels, classes):
    if not np.isin(labels, classes).all():
        raise ValueError("unknown label")
    return np.asarray(labels) - np.min(labels)


@misconception("relabel", "The classes are numbered by the labels that occur, so training and test may be numbered differently.",
               hint="The list of classes decides, not the set at hand.")
def relabel_by_what_occurs(labels, classes):
    if not np.isin(labels, classes).all():
        raise ValueError("unknown label")
    return np.unique(labels, return_inverse=True)[1]


@misconception("relabel", "The classes are sorted first; the order of the list is lost.", hint="Take the list as it is.")
def relabel_sorted(labels, classes):
    if not np.isin(labels, classes).all():
        raise ValueError("unknown label")
    return np.searchsorted(np.sort(classes), labels)


@misconception("relabel", "An unknown label silently gets a place.", hint="Raise a ValueError.")
def relabel_silent(labels, classes):
    places = {label: place for place, label in enumerate(classes)}
    return np.array([places.get(label, -1) for label in np.asarray(labels).tolist()])


@misconception("relabel", "A label that is missing raises a KeyError.", hint="Look for missing labels first, and raise a ValueError.")
def relabel_with_a_key_error(labels, classes):
    places = {label: place for place, label in enumerate(classes)}
    return np.array([places[int(label)] for label in labels])


@alternative("relabel")
def relabel_by_index(labels, classes):
    classes = list(classes)
    return np.array([classes.index(label) for label in labels])


@alternative("relabel")
def relabel_by_comparison(labels, classes):
    same = np.asarray(labels)[:, None] == np.asarray(classes)[None]
    if not same.any(axis=1).all():
        raise ValueError("a label is not among the classes")
    return same.argmax(axis=1)


# --- save_weights and load_weights -----------------------------------------------------------------------------------


@misconception("save_weights", "The network is saved whole, as a pickle of code and data.", hint="Save network.state_dict().",
               replaces="save_weights", earns=2)
def save_weights_whole(network, file):
    torch.save(network, file)


@misconception("save_weights", "Running statistics are not saved: after loading, batch norms start from 0 and 1.",
               hint="state_dict() holds the buffers, parameters() doesn't.", replaces="save_weights", earns=2)
def save_weights_parameters_only(network, file):
    torch.save({name: p.detach() for name, p in network.named_parameters()}, file)


@misconception("save_weights", "The weights are wrapped in a dictionary that load_weights doesn't expect.",
               hint="Save the state_dict itself.", replaces="save_weights", earns=2)
def save_weights_wrapped(network, file):
    torch.save({"state": network.state_dict()}, file)


@misconception("save_weights", "strict=False skips what doesn't match, without a word.", hint="Load strictly.",
               replaces="load_weights", earns=2)
def load_weights_loosely(network, file):
    network.load_state_dict(torch.load(file, weights_only=True), strict=False)
    return network.eval()


@misconception("save_weights", "weights_only=False runs whatever code is in the file.", hint="weights_only=True.",
               replaces="load_weights", earns=2)
def load_weights_runs_code(network, file):
    network.load_state_dict(torch.load(file, weights_only=False))
    return network.eval()


@misconception("save_weights", "The network is left in training mode: its first answers have dropout in them.",
               hint="network.eval().", replaces="load_weights", earns=2)
def load_weights_awake(network, file):
    network.load_state_dict(torch.load(file, weights_only=True))
    return network.train()


@misconception("save_weights", "Names that don't match are filtered out by hand: another strict=False.",
               hint="Load strictly.", replaces="load_weights", earns=2)
def load_weights_filtered(network, file):
    state, own = torch.load(file, weights_only=True), network.state_dict()
    own.update({name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape})
    network.load_state_dict(own)
    return network.eval()


@misconception("save_weights", "Arrays of NumPy are saved; loading weights only takes tensors.", hint="Save state_dict() as it is.",
               replaces="save_weights", earns=2)
def save_weights_as_arrays(network, file):
    torch.save({name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}, file)


@alternative("save_weights", replaces="save_weights")
def save_weights_on_the_cpu(network, file):
    torch.save({name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}, file)


@alternative("save_weights", replaces="load_weights")
def load_weights_in_steps(network, file):
    state = torch.load(file, weights_only=True)
    network.load_state_dict(state, strict=True)
    network.train(False)
    return network


# --- transplant --------------------------------------------------------------------------------------------------------


@misconception("transplant", "strict=False skips what is missing below the head, too.", hint="Compare the names yourself.")
def transplant_loosely(network, state):
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    try:
        network.load_state_dict(body, strict=False)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    return network


@misconception("transplant", "What has the right name and shape is taken, whatever it is, the head of equal size included.",
               hint="Leave the head out, and insist on all the rest.")
def transplant_what_fits(network, state):
    own = network.state_dict()
    own.update({name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape})
    network.load_state_dict(own)
    return network


@misconception("transplant", "Only parameters come over; the running statistics are the network's own.",
               hint="state_dict() has buffers, too: load them.")
def transplant_without_buffers(network, state):
    named = {name: p for name, p in network.named_parameters() if not name.startswith("head.")}
    body = {name for name in state if not name.startswith("head.")}
    whole = {name for name in network.state_dict() if not name.startswith("head.")}
    if body != whole or any(p.shape != state[name].shape for name, p in named.items()):
        raise ValueError("does not fit")
    with torch.no_grad():
        for name, p in named.items():
            p.copy_(state[name])
    return network


@misconception("transplant", "Everything that begins with \"head\" is left out, a part named \"header\" as well.",
               hint='"head." with the dot.')
def transplant_header(network, state):
    own = {name: tensor.shape for name, tensor in network.state_dict().items() if not name.startswith("head")}
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head")}
    if {name: tensor.shape for name, tensor in body.items()} != own:
        raise ValueError("does not fit")
    network.load_state_dict(body, strict=False)
    return network


@misconception("transplant", "Tensors are copied one by one until one doesn't fit: the network is left half changed.",
               hint="Check everything first, then load.")
def transplant_half(network, state):
    own = network.state_dict()
    for name, tensor in state.items():
        if not name.startswith("head."):
            if name not in own or own[name].shape != tensor.shape:
                raise ValueError(name)
            own[name].copy_(tensor)
    if any(name not in state for name in own if not name.startswith("head.")):
        raise ValueError("a name is missing")
    return network


@misconception("transplant", "Names are compared after loading, when the network has changed already.",
               hint="Check first, load afterwards.")
def transplant_checks_too_late(network, state):
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    try:
        missing, unexpected = network.load_state_dict(body, strict=False)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if unexpected or any(not name.startswith("head.") for name in missing):
        raise ValueError("the state doesn't fit below the head")
    return network


@alternative("transplant")
def transplant_strictly(network, state):
    own = network.state_dict()
    mixed = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    mixed |= {name: tensor for name, tensor in own.items() if name.startswith("head.")}
    if mixed.keys() != own.keys() or any(mixed[name].shape != own[name].shape for name in own):
        raise ValueError("the state doesn't fit below the head")
    network.load_state_dict(mixed)
    return network


@alternative("transplant")
def transplant_by_copying(network, state):
    own = {k: v for k, v in network.state_dict().items() if k.split(".")[0] != "head"}
    given = {k: v for k, v in state.items() if k.split(".")[0] != "head"}
    if sorted(own) != sorted(given):
        raise ValueError(f"names differ: {set(own) ^ set(given)}")
    for name in own:
        if own[name].shape != given[name].shape:
            raise ValueError(f"the shape of {name} differs")
    with torch.no_grad():
        for name in own:
            own[name].copy_(given[name])
    return network


misconception("saves_most", "It makes each pass faster, but all 20 passes remain; some processors even become slower.",
              hint="How often must the body see a picture?", source='saves_most = "mixed precision"', name="saves_most_amp")
misconception("saves_most", "It makes each pass a little faster, but all 20 passes remain.",
              hint="How often must the body see a picture?", source='saves_most = "channels last"', name="saves_most_layout")
misconception("saves_most", "The number of pictures stays the same, and so does the work.",
              hint="How often must the body see a picture?", source='saves_most = "larger batches"', name="saves_most_batches")

misconception("better_below", "For the photographs the top is about as good as block 9: its features still fit.",
              hint="Compare the two points of each curve.", source='better_below = "both"', name="better_below_both")
misconception("better_below", "The photographs are near: what the top knows is of use to them.",
              hint="Compare the two points of each curve.", source='better_below = "the photographs"',
              name="better_below_photographs")
misconception("better_below", "The top has specialised in what ImageNet asks; digits are nothing of that kind.",
              hint="Compare the two points of each curve.", source='better_below = "neither"', name="better_below_neither")
misconception("digits_behind", "That is the difference between fine-tuning and training from scratch.",
              hint="Take the bar in the middle.", source="digits_behind = 1", name="digits_behind_fine_tuned")
misconception("digits_behind", "The sign is wrong: the features are behind, the question asks by how much.",
              hint="From scratch minus features.", source="digits_behind = -14.6", name="digits_behind_sign")
misconception("digits_behind", "That is the accuracy on the features, not a difference.", hint="Subtract.",
              source="digits_behind = 79", name="digits_behind_accuracy")
misconception("far_and_small", "A hundred digits teach a small network most of what these features know about strokes.",
              hint="Look at the upper right corner of the table.", source='far_and_small = "yes"', name="far_and_small_yes")
alternative("far_and_small", source='far_and_small = "NO".lower()', name="far_and_small_lower")
