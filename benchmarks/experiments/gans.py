"""Chapter 13, the experiments: the ring, mode collapse, a grid of learning rates, and the digits with their score.

    python benchmarks/experiments/gans.py

writes ``benchmarks/results/gans.json``, which the chapter's notebook draws. A seed is of the first weights, the data,
the noise and, for the digits, of the split into training and held-out pictures. Runs are counted in steps of G. With
names of parts (``ring collapse digits grid``) it works those out anew and keeps the others.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dl_helpers import gans  # noqa: E402
from dl_helpers.datasets import digits  # noqa: E402
from dl_helpers.gan_training import (  # noqa: E402
    GOOD_RADIUS,
    RING_NOISE,
    DigitFeatures,
    baselines,
    digit_samples,
    features_distance,
    fit_digits,
    fit_ring,
    ring_centers,
    samples,
)
from dl_helpers.plots.gans import grid_key, pack, pack_pictures  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "gans.json"
SEEDS = (0, 1, 2)
COUNT = 2000
# A mode is kept if it gets a fifth of its fair share of the samples: stray points do not count.
LEAST = COUNT // 8 // 5
RING_STEPS, COLLAPSE_STEPS, DIGITS_STEPS, GRID_STEPS = 3000, 1500, 8000, 1000

COLLAPSE: dict[str, dict[str, Any]] = {
    "equal rates, R1": {},
    "equal rates, no R1": {"r1": 0.0},
    "minimax loss, no R1": {"r1": 0.0, "loss": gans.generator_loss_minimax},
    "G ten times as fast, no R1": {"r1": 0.0, "generator_rate": 1e-2, "discriminator_rate": 1e-3},
    "G ten times as fast, R1": {"generator_rate": 1e-2, "discriminator_rate": 1e-3},
    "D three times as fast, R1": {"generator_rate": 2e-3, "discriminator_rate": 6e-3},
}
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
STEPS_OF_D = (1, 3)


def ring_score(generator: torch.nn.Module, seed: int) -> dict[str, float]:
    drawn = samples(generator, COUNT, RING_NOISE, seed + 1000)
    modes, good = gans.mode_coverage(drawn, ring_centers(), GOOD_RADIUS, LEAST)
    return {"modes": modes, "good": round(good, 4)}


def ring() -> list[dict[str, float]]:
    """The bar: 8 of 8 modes and at least 80 % good samples, non-saturating loss with R1."""
    runs = []
    for seed in SEEDS:
        started = time.process_time()
        run = fit_ring(seed, steps=RING_STEPS, progress=False)
        seconds = time.process_time() - started
        value = -float(np.mean([pair[0] for pair in run.losses[-200:]]))
        runs.append({"seed": seed, **ring_score(run.generator, seed), "value": round(value, 4), "cpu_seconds": seconds})
    return runs


def collapse() -> dict[str, list[dict[str, float]]]:
    """Half the steps, several settings: which keep eight modes?"""
    return {
        name: [
            {
                "seed": seed,
                **ring_score(fit_ring(seed, steps=COLLAPSE_STEPS, progress=False, **options).generator, seed),
            }
            for seed in SEEDS
        ]
        for name, options in COLLAPSE.items()
    }


def digits_runs() -> dict[str, Any]:
    """The bar: nearer to the training digits than samples of a mixture of 30 Gaussians, and within three times the
    distance of held-out real digits."""
    runs: list[dict[str, Any]] = []
    beside: dict[str, list[float]] = {}
    for seed in SEEDS:
        split = digits(seed)
        features = DigitFeatures(split, seed)
        for name, distance in baselines(split, features, seed=seed).items():
            beside.setdefault(name, []).append(round(distance, 4))
        started = time.process_time()
        run = fit_digits(split, seed, steps=DIGITS_STEPS, progress=False)
        seconds = time.process_time() - started
        real = features(split.train_inputs)
        entry: dict[str, Any] = {"seed": seed, "classifier_accuracy": features.accuracy, "cpu_seconds": seconds}
        for name, generator in (("averaged", run.averaged), ("last", run.generator)):
            drawn = digit_samples(generator, 1797, seed + 1000)
            entry[name] = round(features_distance(features(drawn), real), 4)
        drawn = digit_samples(run.averaged, 1797, seed + 1000)
        entry["classes"] = np.bincount(features.classes(drawn), minlength=10).tolist()
        # Copies? The distance of each sample to its nearest training picture, beside that of held-out real ones.
        for name, pictures in (("nearest_fake", drawn), ("nearest_held_out", split.test_inputs)):
            distances = np.linalg.norm(pictures[:360, None] - split.train_inputs[None], axis=2).min(axis=1)
            entry[name] = round(float(np.median(distances)), 4)
        if seed == SEEDS[0]:
            entry["pictures"] = pack_pictures(drawn[:36])
        runs.append(entry)
    return {"steps": DIGITS_STEPS, "runs": runs, "baselines": beside}


def grid() -> dict[str, Any]:
    """What the widget shows: small networks, no penalty, one seed, every pair of rates and two values of k."""
    runs = {}
    for generator_rate in RATES:
        for discriminator_rate in RATES:
            for k in STEPS_OF_D:
                run = fit_ring(
                    0, steps=GRID_STEPS, hidden=64, batch_size=64, r1=0.0, generator_rate=generator_rate,
                    discriminator_rate=discriminator_rate, k=k, progress=False,
                )  # fmt: skip
                points = pack(samples(run.generator, 400, RING_NOISE, 1000))
                score = ring_score(run.generator, 0)
                runs[grid_key(generator_rate, discriminator_rate, k)] = {**score, "points": points}
    return {"rates": RATES, "k": STEPS_OF_D, "steps": GRID_STEPS, "start": [1e-2, 1e-3, 1], "runs": runs}


PARTS: dict[str, Callable[[], Any]] = {"ring": ring, "collapse": collapse, "digits": digits_runs, "grid": grid}


def main(names: list[str]) -> None:
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        raise SystemExit(f"there is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    torch.set_num_threads(1)
    result = json.loads(RESULT.read_text(encoding="utf-8")) if names and RESULT.is_file() else {}
    result |= {
        "command": "python benchmarks/experiments/gans.py",
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__.partition("+")[0],
            "scikit-learn": sklearn.__version__,
        },
        "seeds": list(SEEDS),
    }
    for name in names or PARTS:
        result[name] = PARTS[name]()
        print(f"{name} done", flush=True)
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{RESULT.relative_to(ROOT)} written")


if __name__ == "__main__":
    main(sys.argv[1:])
