"""Chapter 2, the sweeps: the best learning rate of each optimizer, on the landscapes and on the digits.

    python benchmarks/experiments/optimizers.py

writes ``benchmarks/results/optimizers.json``, which the chapter's notebook draws. On the digits a rate is judged by the
median accuracy of three seeds on the *training* examples; the test accuracy is only reported. On a landscape it is
judged by the steps to come within 1e-3 of the lowest value and stay there, from the slowest of nine starts 0.1 apart:
so a lucky leap from one of them does not win.
"""

import dataclasses
import json
import platform
import statistics
import sys
from datetime import date
from pathlib import Path

import numpy as np
import sklearn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dl_helpers.landscapes import beale, bowl, rosenbrock, saddle  # noqa: E402
from dl_helpers.optimizers import nesterov_look_ahead_step  # noqa: E402
from dl_helpers.races import METHODS, RULES, descend, digits_run, rotated, steps_to  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "optimizers.json"
SEEDS = (0, 1, 2)
EPOCHS, BATCH_SIZE = 2, 64
LANDSCAPES = {
    "bowl": bowl(100.0),
    "turned_bowl": rotated(bowl(100.0), 30.0),
    "rosenbrock": rosenbrock(),
    "beale": beale(),
    "saddle": saddle(),
}
STEPS = 3000
# Powers of ten in half decades: from far too small to far too large for every rule.
DIGITS_RATES = {
    "sgd": (-2.5, 0.5),
    "momentum": (-3.0, 0.5),
    "nesterov": (-3.0, 0.5),
    "adagrad": (-3.0, 0.0),
    "rmsprop": (-4.0, -1.0),
    "adadelta": (-1.0, 2.0),
    "adam": (-3.5, -0.5),
}
# One eighth of a decade: on a landscape a step is cheap.
LANDSCAPE_RATES = {
    "sgd": (-4.0, 0.5),
    "momentum": (-5.0, 0.0),
    "nesterov": (-5.0, 0.0),
    "adagrad": (-2.0, 1.0),
    "rmsprop": (-4.0, -0.5),
    "adadelta": (-0.5, 3.0),
    "adam": (-3.0, 0.5),
}


def rates(span: tuple[float, float], per_decade: int) -> list[float]:
    """Rates from 10^span[0] to 10^span[1], both included, rounded to three digits."""
    count = round((span[1] - span[0]) * per_decade) + 1
    return [float(f"{rate:.3g}") for rate in np.logspace(*span, count)]


def digits_sweep(method: str) -> dict[str, object]:
    step = nesterov_look_ahead_step if method == "nesterov" else RULES[method]
    tried = []
    for rate in rates(DIGITS_RATES[method], 2):
        runs = [digits_run(method, step, rate, seed=seed, epochs=EPOCHS, batch_size=BATCH_SIZE) for seed in SEEDS]
        tried.append(
            {
                "rate": rate,
                "train_accuracy": [run.train_accuracy for run in runs],
                "test_accuracy": [run.test_accuracy for run in runs],
            }
        )
    best = max(tried, key=lambda entry: statistics.median(entry["train_accuracy"]))
    return {
        "rate": best["rate"],
        "test_accuracy": statistics.median(best["test_accuracy"]),
        "sweep": tried,
    }


def landscape_sweep(name: str, method: str) -> dict[str, object]:
    landscape = LANDSCAPES[name]
    offsets = np.stack(np.meshgrid([-0.1, 0.0, 0.1], [-0.1, 0.0, 0.1]), axis=-1).reshape(-1, 2)
    starts = dataclasses.replace(landscape, start=landscape.start + offsets)
    candidates = []
    for rate in rates(LANDSCAPE_RATES[method], 8):
        with np.errstate(over="ignore", invalid="ignore"):
            paths = descend(starts, method, RULES[method], rate, STEPS)
        counts = [steps_to(landscape, paths[:, i], STEPS) for i in range(len(offsets))]
        slowest = max(STEPS + 1 if count is None else count for count in counts)
        # Where no rate brings all nine to the goal, the one that gets the worst of them lowest is kept.
        height = float(landscape.value(paths[-1]).max()) if len(paths) > STEPS else np.inf
        candidates.append((slowest, height, rate))
    slowest, _, rate = min(candidates)
    return {"rate": rate, "steps": slowest if slowest <= STEPS else None}


def main() -> None:
    result = {
        "command": "python benchmarks/experiments/optimizers.py",
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "digits": {
            "network": "64-64-10, ReLU",
            "epochs": EPOCHS,
            "batch_size": BATCH_SIZE,
            "seeds": list(SEEDS),
            "methods": {method: digits_sweep(method) for method in METHODS},
        },
        "landscapes": {
            "tolerance": 1e-3,
            "steps": STEPS,
            "methods": {name: {method: landscape_sweep(name, method) for method in METHODS} for name in LANDSCAPES},
        },
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{RESULT.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
