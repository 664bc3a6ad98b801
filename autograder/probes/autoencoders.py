"""Probes of chapter 12_autoencoders, and the functions that its cases pass by name."""

from typing import Any

import torch
from torch import nn


def value_and_gradients(answer: Any, *args: Any) -> dict[str, Any]:
    """The answer's result and the gradients of its sum for every tensor among the arguments, in their order."""
    arguments = [a.clone().requires_grad_() if isinstance(a, torch.Tensor) else a for a in args]
    result = answer(*arguments)
    if not isinstance(result, torch.Tensor):
        return {"value": result}
    if not result.requires_grad:
        raise ValueError("no gradient passes from the result to the arguments: keep it a tensor that torch can follow")
    tensors = [a for a in arguments if isinstance(a, torch.Tensor)]
    gradients = torch.autograd.grad(result.sum(), tensors, allow_unused=True)
    filled = [torch.zeros_like(t) if g is None else g for t, g in zip(tensors, gradients, strict=True)]
    return {"value": result, "gradients": filled}


def loaded(module: Any, parameters: dict[str, list[torch.Tensor]]) -> Any:
    """The module in double precision with given parameters: submodule's (or parameter's) name -> its tensors in order.

    Raises TypeError or ValueError that says which submodule or shape is not as it should be.
    """
    if not isinstance(module, nn.Module):
        raise TypeError("the class should be an nn.Module")
    module = module.double()
    with torch.no_grad():
        for name, given in parameters.items():
            part = getattr(module, name, None)
            if not isinstance(part, nn.Module | nn.Parameter):
                raise ValueError(f"the module should have a part called {name}, a submodule or nn.Parameter as given")
            own = [part] if isinstance(part, nn.Parameter) else list(part.parameters())
            if [p.shape for p in own] != [g.shape for g in given]:
                wanted, found = ([tuple(t.shape) for t in tensors] for tensors in (given, own))
                raise ValueError(f"{name} should hold parameters of shapes {wanted}, yours holds {found}")
            for parameter, value in zip(own, given, strict=True):
                parameter.copy_(value)
    count, expected = len(list(module.parameters())), sum(map(len, parameters.values()))
    if count != expected:
        raise ValueError(f"the module should hold {expected} parameters, yours holds {count}")
    return module


def code_and_reconstruction(
    answer: Any, arguments: tuple[Any, ...], parameters: dict[str, list[torch.Tensor]], inputs: torch.Tensor
) -> dict[str, Any]:
    """What a module made from ``arguments``, with given parameters, makes of the inputs."""
    module = loaded(answer(*arguments), parameters)
    return {"code": module.encoder(inputs), "reconstruction": module(inputs)}


def tied(answer: Any, weights: torch.Tensor, biases: dict[str, torch.Tensor], inputs: torch.Tensor) -> dict[str, Any]:
    """A tied module's first parameters and their dtypes, and its code and reconstruction after its biases were set.

    ``given weights`` are those that it was made from, after its own were moved: they should be as they came.
    """
    original = weights.clone()
    module = answer(weights)
    names = ("weight", "encoder_bias", "decoder_bias")
    first = [getattr(module, name, None) for name in names]
    first = [t.detach().clone() if isinstance(t, torch.Tensor) else t for t in first]
    # Taken before ``loaded`` makes them all double precision.
    precisions = [str(t.dtype) if isinstance(t, torch.Tensor) else t for t in first]
    module = loaded(module, {"weight": [original], **{name: [value] for name, value in biases.items()}})
    code = module.encode(inputs)
    result = {"first parameters": first, "precisions": precisions, "code": code}
    result |= {"drawn": module.decode(code), "reconstruction": module(inputs)}
    with torch.no_grad():
        module.weight.add_(1.0)
    return {**result, "given weights": weights}


def two_steps(
    answer: Any,
    weight: torch.Tensor,
    bias: torch.Tensor,
    batches: list[tuple[torch.Tensor, torch.Tensor]],
    rate: float,
    penalty: Any,
) -> dict[str, Any]:
    """The costs of one training step on each batch, and the parameters after the last.

    The model is one linear layer with a gradient left over from before; the optimizer is plain gradient descent.
    """
    model = nn.Linear(weight.shape[1], weight.shape[0]).double()
    model.load_state_dict({"weight": weight, "bias": bias})
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    costs = [answer(model, optimizer, inputs, targets, penalty) for inputs, targets in batches]
    return {"costs": costs, "weight": model.weight, "bias": model.bias}


def large_outputs(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """A penalty: 0.3 times the mean squared output."""
    return 0.3 * torch.mean(model(inputs) ** 2)


def large_weights(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """A penalty: 0.2 times the sum of the squares of all parameters."""
    return 0.2 * sum((torch.sum(p**2) for p in model.parameters()), torch.zeros((), dtype=inputs.dtype))


def unrolled(answer: Any, machines: list[tuple[torch.Tensor, ...]]) -> Any:
    """The layers of an unrolled stack; its second half again after the first was moved; and the machines after both."""
    machines = [tuple(machine) for machine in machines]
    layers = answer(machines)
    is_pairs = isinstance(layers, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(t, torch.Tensor) for t in pair)
        for pair in layers
    )
    if not is_pairs:
        return layers
    first = [(weight.clone(), bias.clone()) for weight, bias in layers]
    half = len(layers) // 2
    move(layers[:half])
    later = [(weight.clone(), bias.clone()) for weight, bias in layers[half:]]
    move(layers[half:])
    return {"layers": first, "way down after a change of the way up": later, "machines after it": machines}


def move(layers: Any) -> None:
    """Add 1 to all weights and biases, in place."""
    for weight, bias in layers:
        weight.add_(1.0)
        bias.add_(1.0)


def encoded_and_drawn(
    answer: Any,
    sizes: tuple[int, int, int],
    parameters: dict[str, list[torch.Tensor]],
    inputs: torch.Tensor,
    noise: torch.Tensor,
) -> Any:
    """(logits, mean, log_variance) of a variational autoencoder with given parameters, and its ``encode``'s result."""
    module = loaded(answer(*sizes), parameters)
    return {"forward": module(inputs, noise), "encode": module.encode(inputs)}
