"""Digits written by hand, told apart by a network like LeNet: convolutions, pooling, two linear layers, and Adam.

Layers are functions and parameters plain Tensors; scikit-learn has the 1797 pictures of 8 by 8.  Y. LeCun et al.,
Gradient-based learning applied to document recognition, 1998; D. Kingma and J. Ba, Adam, 2015.
"""
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import autodiff
import autodiff.nn.functional as F

#: Sizes of the weights; each has a bias of its first size.
WEIGHTS = ((16, 1, 3, 3), (32, 16, 3, 3), (64, 128), (10, 64))


def pictures():
    """(pictures to learn from, their digits, pictures to be tested with, their digits)"""
    data = load_digits()
    x = data.images.astype(np.float32)[:, None] / 8 - 1
    learned, tested, digits, answers = train_test_split(x, data.target, test_size=0.2, random_state=0, stratify=data.target)
    return learned, digits, tested, answers


def start(random):
    """Parameters: weights drawn so that signals keep their size (He et al. 2015), biases of 0."""
    found = []
    for sizes in WEIGHTS:
        scale = np.sqrt(2 / np.prod(sizes[1:]))
        for array in (random.normal(0, scale, sizes), np.zeros(sizes[0])):
            found.append(autodiff.tensor(array.astype(np.float32), requires_grad=True))
    return found


def scores(parameters, x):
    """One number for each digit; the largest is the network's answer."""
    first, a, second, b, third, c, fourth, d = parameters
    x = F.max_pool2d(F.relu(F.conv2d(x, first, a, padding=1)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, second, b, padding=1)), 2)
    x = F.relu(F.linear(x.flatten(1), third, c))
    return F.linear(x, fourth, d)


def shifted(x, random):
    """Each picture moved by up to one element in each direction: the digits stay what they are."""
    room = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], constant_values=-1)
    return np.stack([picture[:, i:i + 8, j:j + 8] for picture, (i, j) in zip(room, random.integers(0, 3, (len(x), 2)))])


class Adam:
    """A step for each parameter in the size of its gradient's mean over the root of its square's."""

    def __init__(self, parameters):
        self.parameters, self.count = parameters, 0
        self.means = [(np.zeros(p.shape, np.float32), np.zeros(p.shape, np.float32)) for p in parameters]

    def step(self, rate):
        self.count += 1
        with autodiff.no_grad():
            for p, (mean, square) in zip(self.parameters, self.means):
                g = p.grad.numpy()
                mean += 0.1 * (g - mean)
                square += 0.001 * (g * g - square)
                whole = (1 - 0.9 ** self.count, 1 - 0.999 ** self.count)
                p.sub_(autodiff.tensor(rate * (mean / whole[0]) / (np.sqrt(square / whole[1]) + 1e-8)))
                p.grad = None


def told(parameters, x):
    """The digits that the network sees."""
    with autodiff.no_grad():
        return scores(parameters, autodiff.tensor(x)).argmax(1).numpy()


def progress(rounds):
    """range(rounds), with a bar where tqdm is installed and there is a terminal."""
    try:
        from tqdm import tqdm
    except ImportError:
        return range(rounds)
    return tqdm(range(rounds), desc="rounds", disable=None)


def learn(x, digits, rounds=60, size=32, rate=3e-3, seed=0):
    """(parameters, the loss of each round)"""
    random = np.random.default_rng(seed)
    parameters, losses = start(random), []
    adam = Adam(parameters)
    for k in progress(rounds):
        order, total = random.permutation(len(x)), 0.0
        for begin in range(0, len(x), size):
            batch = order[begin:begin + size]
            loss = F.cross_entropy(scores(parameters, autodiff.tensor(shifted(x[batch], random))),
                                   autodiff.tensor(digits[batch]))
            loss.backward()
            adam.step(rate * (1 - k / rounds))
            total += loss.item() * len(batch)
        losses.append(total / len(x))
    return parameters, losses


def draw(path, losses, parameters, x, digits):
    """The loss, what the first convolution looks for, and the pictures that are taken for another digit."""
    import matplotlib.pyplot as plt

    answers = told(parameters, x)
    wrong = np.flatnonzero(answers != digits)[:8]
    figure = plt.figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    axes.semilogy(np.arange(1, len(losses) + 1), losses)
    axes.set(xlabel="round", ylabel="cross entropy", title=f"{np.mean(answers == digits):.1%} of {len(digits)} are right")
    above, below = right.subfigures(2, 1)
    above.suptitle("filters of the first convolution")
    for axes, kernel in zip(above.subplots(2, 8).flat, parameters[0].detach().numpy()):
        axes.imshow(kernel[0], cmap="gray")
        axes.set_axis_off()
    below.suptitle("taken for another digit")
    for axes, i in zip(np.atleast_1d(below.subplots(1, max(len(wrong), 1), squeeze=False)).flat, wrong):
        axes.imshow(x[i, 0], cmap="gray_r")
        axes.set_title(f"{digits[i]} for {answers[i]}", fontsize=8)
    for axes in below.axes:
        axes.set_axis_off()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    learned, digits, tested, answers = pictures()
    parameters, losses = learn(learned, digits, rounds=int(sys.argv[2]) if len(sys.argv) > 2 else 60)
    right = np.mean(told(parameters, tested) == answers)
    print(f"{right:.1%} of {len(tested)} pictures that it has never seen are told right")
    try:
        draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"), losses, parameters, tested, answers)
    except ImportError:
        print("no picture without matplotlib")
