"""Chapter 1: how answers are asked, and the functions that its cases pass by name."""

from typing import Any

import numpy as np


def cubic(theta: np.ndarray) -> float:
    """Σ θ_i³: its central difference is 3θ² + h², its one-sided difference 3θ² + 3θh + h²."""
    return float(np.sum(theta**3))


def coupled(theta: np.ndarray) -> float:
    """Σ i θ_i² + (Σ θ_i)²: no parameter's derivative can be found while another one is moved."""
    weights = np.arange(1, theta.size + 1).reshape(theta.shape)
    return float(np.sum(weights * theta**2) + np.sum(theta) ** 2)


def waves(theta: np.ndarray) -> float:
    """Σ sin θ_i · cos(Σ θ_i)."""
    return float(np.sum(np.sin(theta)) * np.cos(np.sum(theta)))


def constant(theta: np.ndarray) -> float:
    """1, whatever θ is."""
    return 1.0


def step_and_look(answer: Any, parameters: list[np.ndarray], gradients: list[np.ndarray], rate: float) -> Any:
    """What a step returns, and the parameters that it was given as they are after it."""
    return answer(parameters, gradients, rate), parameters


class GraphNode:
    """A node with a name and parents, and nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parents: tuple[GraphNode, ...] = ()


def sort_graph(answer: Any, graph: str = "", node: str = "1", chain: int = 0) -> Any:
    """The names in the order that the answer gives for the node of a graph.

    graph, chain: as in ``read_graph``. A long chain is made here: writing and reading it would take longer than all
                  else in grading.
    """
    parents = read_graph(graph, chain)
    nodes = {name: GraphNode(name) for name in parents}
    for name in parents:
        nodes[name].parents = tuple(nodes[parent] for parent in parents[name])
    order = answer(nodes[node])
    if not isinstance(order, list | tuple):
        return order
    return [found.name if isinstance(found, GraphNode) else found for found in order]


def read_graph(graph: str, chain: int = 0) -> dict[str, tuple[str, ...]]:
    """Every node's parents, by name.

    graph: nodes with their parents: ``"d: b c; b: a; c: a"``. A node that is only named as a parent has none.
    chain: so many more nodes, "1", "2" and on, each with the next as its only parent.
    """
    parents: dict[str, tuple[str, ...]] = {}
    for part in graph.split("; ") if graph else ():
        name, above = part.split(":")
        parents[name] = tuple(above.split())
    for name in [name for above in parents.values() for name in above]:
        parents.setdefault(name, ())
    for number in range(1, chain + 1):
        parents[str(number)] = (str(number + 1),) if number < chain else ()
    return parents


def differentiate(answer: Any, program: str, calls: int = 1, **inputs: float) -> dict[str, Any]:
    """Run a program on Values and go backward from ``out``.

    program: assignments such as ``"s = x * y; out = s * s"``, in which a name stands for a Value.
    calls:   how often ``out.backward()`` is called.
    inputs:  the numbers that the program starts from.

    Returns the number in ``out`` and the gradient of every other name.
    """
    names = {name: answer(number) for name, number in inputs.items()}
    # The program is the exercise's own text; it can reach nothing but the Values.
    exec(program, {"__builtins__": {}}, names)
    for _ in range(calls):
        names["out"].backward()
    gradients = {f"gradient of {name}": value.gradient for name, value in names.items() if name != "out"}
    return {"out": names["out"].data, **gradients}
