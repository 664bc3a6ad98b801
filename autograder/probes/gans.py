"""Probes of chapter 13_gans, and the functions that its cases pass by name.

A network of the cases is a list of arrays: weights and biases of its layers, in turn. So a training step can be asked
for, and the parameters after it compared one by one.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

Arrays = list[np.ndarray]
RATE, MOMENTUM = 0.2, 0.5


# --- laws -------------------------------------------------------------------------------------------------------------


def exponential_cdf(y: Any) -> Any:
    """F of the exponential law with rate 2."""
    return 1 - np.exp(-2.0 * np.maximum(y, 0))


def exponential_inverse(uniform: np.ndarray) -> np.ndarray:
    """F⁻¹ of the exponential law with rate 2."""
    return -np.log1p(-uniform) / 2


def die_cdf(y: float) -> float:
    """F of a die with the faces 1 to 4: a staircase."""
    return min(max(float(np.floor(y)), 0.0), 4.0) / 4


def die_inverse(uniform: np.ndarray) -> np.ndarray:
    """The generalized inverse of ``die_cdf``: the first face whose CDF reaches the draw."""
    return np.ceil(4 * uniform)


def logistic_cdf(y: Any) -> Any:
    """F of the logistic law."""
    return 1 / (1 + np.exp(-np.asarray(y)))


def square_cdf(y: Any) -> Any:
    """F(y) = y² on [0, 1]: the larger of two uniform draws."""
    return np.clip(y, 0, 1) ** 2


# --- networks ---------------------------------------------------------------------------------------------------------


def toy(arrays: Arrays) -> nn.Sequential:
    """Linear layers with tanh between them, from weights and biases in turn."""
    layers: list[nn.Module] = []
    for weights, biases in zip(arrays[::2], arrays[1::2], strict=True):
        if layers:
            layers.append(nn.Tanh())
        layer = nn.Linear(weights.shape[1], weights.shape[0], dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights))
            layer.bias.copy_(torch.from_numpy(biases))
        layers.append(layer)
    return nn.Sequential(*layers)


def toy_discriminator(arrays: Arrays) -> nn.Sequential:
    """The same, with logits of shape (m,)."""
    return nn.Sequential(toy(arrays), nn.Flatten(0))


def parameters(network: nn.Module) -> list[torch.Tensor]:
    """Copies of a network's parameters, in order."""
    return [parameter.detach().clone() for parameter in network.parameters()]


def gradients(network: nn.Module) -> list[torch.Tensor | None]:
    """Copies of what stands in ``.grad`` of a network's parameters."""
    return [None if p.grad is None else p.grad.clone() for p in network.parameters()]


def module_outputs(
    answer: Any, sizes: dict[str, int], weights: dict[str, np.ndarray], inputs: np.ndarray
) -> torch.Tensor:
    """What a network answers whose weights are given by name: build it, load them, run it in float64."""
    network = answer(**sizes).double()
    found = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    wanted = {name: array.shape for name, array in weights.items()}
    if found != wanted:
        missing = ", ".join(f"{name} {wanted[name]}" for name in wanted if found.get(name) != wanted[name])
        more = ", ".join(f"{name} {found[name]}" for name in found if wanted.get(name) != found[name])
        raise ValueError(
            f"the network should have the parameters {missing or 'that it has'}; yours has {more or 'none of them'}: "
            "name and size the submodules as the docstring says"
        )
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    with torch.no_grad():
        return network(torch.from_numpy(inputs))


# --- losses and penalties ---------------------------------------------------------------------------------------------


def loss_and_gradients(answer: Any, *logits: torch.Tensor) -> tuple[Any, ...]:
    """A loss, and its gradient with respect to each of its arguments."""
    leaves = [tensor.clone().requires_grad_(True) for tensor in logits]
    loss = answer(*leaves)
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad or loss.ndim:
        return (loss, *([None] * len(leaves)))
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    return (loss, *found)


def sum_of_logits(logits: torch.Tensor) -> torch.Tensor:
    """A loss that G descends by making logits small: of no use but to see which loss is asked."""
    return (logits + 0.1 * logits**2).mean()


def minus_log_d(logits: torch.Tensor) -> torch.Tensor:
    """−mean log σ."""
    return nn.functional.softplus(-logits).mean()


def fake_distance_penalty(discriminator: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """A penalty that depends on all three of its arguments, and differently on real and fake."""
    return 0.3 * (discriminator(real).mean() - 2 * discriminator(fake).mean() - 0.5) ** 2


def penalty_and_gradients(answer: Any, network: Arrays, *arguments: Any) -> tuple[Any, list[torch.Tensor], bool]:
    """A gradient penalty, its gradients with respect to the discriminator's parameters but the last bias, and whether
    the examples that were handed in require a gradient afterwards.

    The last bias shifts all outputs alike, so no gradient at an input depends on it.
    """
    discriminator = toy_discriminator(network)
    penalty = answer(discriminator, *arguments)
    marked = any(isinstance(given, torch.Tensor) and given.requires_grad for given in arguments)
    if not isinstance(penalty, torch.Tensor) or not penalty.requires_grad:
        return penalty, [torch.zeros_like(p) for p in discriminator.parameters()][:-1], marked
    penalty.backward()
    found = [torch.zeros_like(p) if p.grad is None else p.grad for p in discriminator.parameters()]
    return penalty, list(found[:-1]), marked


# --- training steps ---------------------------------------------------------------------------------------------------


def after_discriminator_steps(
    answer: Any,
    generator_arrays: Arrays,
    discriminator_arrays: Arrays,
    batches: list[tuple[torch.Tensor, torch.Tensor]],
    penalty: Any,
) -> dict[str, Any]:
    """Take one step of D for each (real, noise), with gradients left from before; say where everything stands."""
    generator, discriminator = toy(generator_arrays), toy_discriminator(discriminator_arrays)
    for parameter in [*generator.parameters(), *discriminator.parameters()]:
        parameter.grad = torch.full_like(parameter, 0.25)
    optimizer = torch.optim.SGD(discriminator.parameters(), RATE, momentum=MOMENTUM)
    options = {} if penalty is None else {"penalty": penalty}
    losses = [answer(generator, discriminator, optimizer, real, noise, **options) for real, noise in batches]
    return {
        "losses": losses,
        "D after the steps": parameters(discriminator),
        "G after the steps": parameters(generator),
        "gradients left on G": gradients(generator),
    }


def after_generator_steps(
    answer: Any, generator_arrays: Arrays, discriminator_arrays: Arrays, batches: list[torch.Tensor], loss: Any
) -> dict[str, Any]:
    """Take one step of G for each batch of noise, with gradients left from before; say where everything stands."""
    generator, discriminator = toy(generator_arrays), toy_discriminator(discriminator_arrays)
    for parameter in [*generator.parameters(), *discriminator.parameters()]:
        parameter.grad = torch.full_like(parameter, 0.25)
    optimizer = torch.optim.SGD(generator.parameters(), RATE, momentum=MOMENTUM)
    losses = [answer(generator, discriminator, optimizer, noise, loss) for noise in batches]
    return {
        "losses": losses,
        "G after the steps": parameters(generator),
        "D after the steps": parameters(discriminator),
        # A D that is frozen and not released has nothing to learn from in its next step.
        "requires_grad on D": [parameter.requires_grad for parameter in discriminator.parameters()],
    }


def _endless(batches: list[torch.Tensor]) -> Iterator[torch.Tensor]:
    yield from batches
    raise ValueError("more batches were asked for than k steps of D and one step of G take")


def after_training(
    answer: Any,
    generator_arrays: Arrays,
    discriminator_arrays: Arrays,
    real: list[torch.Tensor],
    noise: list[torch.Tensor],
    loss: Any,
    steps: int,
    k: int,
    penalty: Any,
) -> dict[str, Any]:
    """Run algorithm 1 on given batches; say which losses it gave, where both networks stand, which batches are left."""
    generator, discriminator = toy(generator_arrays), toy_discriminator(discriminator_arrays)
    generator_optimizer = torch.optim.SGD(generator.parameters(), RATE, momentum=MOMENTUM)
    discriminator_optimizer = torch.optim.SGD(discriminator.parameters(), RATE, momentum=MOMENTUM)
    real_batches, noise_batches = _endless(real), _endless(noise)
    played = answer(
        generator,
        discriminator,
        generator_optimizer,
        discriminator_optimizer,
        real_batches,
        noise_batches,
        loss,
        steps,
        k,
        penalty,
    )
    losses, weights = [], []
    for pair in played:
        losses.append(pair)
        # The loop must stop after each step of G, so that one can look.
        weights.append(parameters(generator)[0])
    return {
        "losses": losses,
        "first weights of G at each yield": weights,
        "G at the end": parameters(generator),
        "D at the end": parameters(discriminator),
    }
