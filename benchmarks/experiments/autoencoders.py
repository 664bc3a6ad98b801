"""Chapter 12, the experiments: every kind of autoencoder on the digits, beside what it has to beat, over three seeds.

    python benchmarks/experiments/autoencoders.py

writes ``benchmarks/results/autoencoders.json``, which the chapter's notebook draws. A seed is of the split into
training and held-out digits, of the first weights, of the batches and of the noise. Runs are counted in steps. Every
figure is of held-out digits where nothing else is said.
"""

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import sklearn
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dl_helpers import digit_codes as codes  # noqa: E402
from dl_helpers.autoencoders import (  # noqa: E402
    VAE,
    Autoencoder,
    ConvAutoencoder,
    TiedAutoencoder,
    contractive_penalty,
    elbo,
    gaussian_kl,
    sparsity_penalty,
    unroll,
)

RESULT = ROOT / "benchmarks" / "results" / "autoencoders.json"
SEEDS = (0, 1, 2)
CODE = 8
LEVEL = 0.4
Figures = dict[str, float]


def autoencoder(
    sizes: tuple[int, ...], data: codes.Pictures, seed: int, steps: int, rate: float, batch_size: int = 64
) -> nn.Module:
    model = codes.seeded(Autoencoder(sizes), seed)
    codes.train_autoencoder(model, data.train, seed=seed, steps=steps, rate=rate, batch_size=batch_size, progress=False)
    return model


def pca_error(components: int, fit: torch.Tensor, shown: torch.Tensor, target: torch.Tensor) -> float:
    fitted = codes.pca(fit, components)
    return codes.mean_squared_error(target, fitted.decode(fitted.encode(shown)))


def compression(seed: int) -> Figures:
    """A linear autoencoder beside PCA, then a deep and a convolutional one with the same length of code."""
    data = codes.pictures(seed)
    linear = autoencoder((64, CODE), data, seed, 4000, 2e-2, batch_size=256)
    deep = autoencoder((64, 128, CODE), data, seed, 3000, 4e-3)
    images = codes.seeded(ConvAutoencoder(16, 2), seed)
    codes.train_autoencoder(images, data.train.view(-1, 1, 8, 8), seed=seed, steps=2000, rate=5e-3, progress=False)
    pca = pca_error(CODE, data.train, data.test, data.test)
    linear_mse = codes.mean_squared_error(data.test, linear(data.test))
    deep_mse = codes.mean_squared_error(data.test, deep(data.test))
    test_images = data.test.view(-1, 1, 8, 8)
    return {
        "pca_mse": pca,
        "linear_mse": linear_mse,
        "linear_over_pca": linear_mse / pca,
        "angle_to_pca_degrees": codes.largest_angle(
            linear.decoder[0].weight.T.detach(), codes.pca(data.train, CODE).directions
        ),
        "deep_mse": deep_mse,
        "deep_over_pca": deep_mse / pca,
        "convolutional_mse": codes.mean_squared_error(test_images, images(test_images)),
    }


def copying(seed: int) -> Figures:
    """Codes of 64 and of 8 numbers, asked to draw digits and chimeras of two digits."""
    data = codes.pictures(seed)
    strange = codes.chimeras(data.test, seed)
    figures = {}
    for name, model in (
        ("wide", autoencoder((64, 64), data, seed, 2000, 5e-3)),
        ("narrow", autoencoder((64, 128, CODE), data, seed, 2000, 5e-3)),
    ):
        figures[f"{name}_digits_mse"] = codes.mean_squared_error(data.test, model(data.test))
        figures[f"{name}_chimeras_mse"] = codes.mean_squared_error(strange, model(strange))
    return figures


def denoising(seed: int) -> Figures:
    """Gaussian noise of standard deviation 0.4, taken off by an autoencoder and by PCA at its best length of code."""
    data = codes.pictures(seed)
    model = codes.seeded(Autoencoder((64, 256, 128)), seed)
    codes.train_autoencoder(
        model, data.train, seed=seed, steps=3000, rate=2e-3, spoil=codes.gaussian_noise(LEVEL), progress=False
    )
    noisy = codes.gaussian_noise(LEVEL)(data.test, torch.Generator().manual_seed(1000 + seed))
    by_components = {k: pca_error(k, data.train, noisy, data.test) for k in (4, 6, 8, 10, 12, 16, 24)}
    return {
        "noisy_mse": codes.mean_squared_error(data.test, noisy),
        "denoised_mse": codes.mean_squared_error(data.test, model(noisy)),
        "pca_mse": min(by_components.values()),
        "pca_components": min(by_components, key=lambda k: by_components[k]),
    }


def sparse(seed: int) -> Figures:
    """A tied autoencoder of 128 sigmoid units without a penalty and with both kinds of sparsity penalty."""

    def price(kind: str, strength: float, model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        return sparsity_penalty(model.encode(inputs), kind, strength)

    figures = {}
    for name, penalty in (("free", None), ("l1", partial(price, "l1", 0.1)), ("kl", partial(price, "kl", 0.2))):
        model, data = tied(seed, penalty)
        figures[f"{name}_activation"] = float(model.encode(data.test).detach().mean())
        figures[f"{name}_mse"] = codes.mean_squared_error(data.test, model(data.test))
    return figures


def contractive(seed: int) -> Figures:
    """The same network with the contractive penalty."""

    def price(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        return contractive_penalty(model.encode(inputs), model.weight)

    figures = {}
    for name, penalty in (("free", None), ("contractive", price)):
        model, data = tied(seed, penalty)
        figures[f"{name}_jacobian"] = float(price(model, data.test).detach())
        figures[f"{name}_mse"] = codes.mean_squared_error(data.test, model(data.test))
    figures["ratio"] = figures["free_jacobian"] / figures["contractive_jacobian"]
    return figures


def tied(seed: int, penalty: Callable[..., torch.Tensor] | None) -> tuple[TiedAutoencoder, codes.Pictures]:
    data = codes.pictures(seed)
    model = TiedAutoencoder(codes.first_weights(128, 64, seed))
    codes.train_autoencoder(model, data.train, seed=seed, steps=2000, rate=5e-3, penalty=penalty, progress=False)
    return model, data


def pretraining(seed: int) -> Figures:
    """A 64-128-64-32-8 sigmoid network and its mirror image: from a stack of machines, and from a random start."""
    data = codes.pictures(seed)
    machines = codes.train_stack(data.train, (128, 64, 32, CODE), seed=seed, steps=1500, progress=False)
    unrolled = codes.sigmoid_network(unroll(machines))
    figures = {
        "mean_image_mse": codes.mean_squared_error(data.test, data.train.mean(dim=0).expand_as(data.test)),
        "pretrained_before_fine_tuning_mse": codes.mean_squared_error(data.test, unrolled(data.test)),
    }
    options = {"seed": seed, "steps": 2000, "progress": False}
    codes.train_autoencoder(unrolled, data.train, rate=0.1, momentum=0.9, **options)
    figures["pretrained_mse"] = codes.mean_squared_error(data.test, unrolled(data.test))
    for name, how in (("random", {"rate": 0.1, "momentum": 0.9}), ("random_adam", {"rate": 2e-3})):
        network = codes.seeded(codes.sigmoid_network(unroll(machines)), seed)
        codes.train_autoencoder(network, data.train, **how, **options)
        figures[f"{name}_mse"] = codes.mean_squared_error(data.test, network(data.test))
    return figures


def few_labels(seed: int) -> Figures:
    """Logistic regression on 2, 5 and 20 labels of each class, from pixels and from what was learned without labels."""
    data = codes.pictures(seed)
    pca = codes.pca(data.train, 32)
    sparse_model, _ = tied(seed, lambda model, x: sparsity_penalty(model.encode(x), "l1", 0.1))
    deep = autoencoder((64, 128, 32), data, seed, 2000, 4e-3)
    noisy = codes.seeded(Autoencoder((64, 256, 128)), seed)
    codes.train_autoencoder(
        noisy, data.train, seed=seed, steps=2000, rate=2e-3, spoil=codes.gaussian_noise(LEVEL), progress=False
    )
    features: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "pixels": lambda x: x,
        "pca": pca.encode,
        "deep": deep.encoder,
        "denoising": noisy.encoder,
        "sparse": sparse_model.encode,
    }
    return {
        f"{name}_{each}": codes.few_label_accuracy(
            encode(data.train), data.train_labels, encode(data.test), data.test_labels, each
        )
        for name, encode in features.items()
        for each in (2, 5, 20)
    }


def generation(seed: int) -> Figures:
    """A VAE on black-and-white digits beside a mixture, then what plain and variational codes draw at random."""
    data = codes.pictures(seed).binarized
    mixture = codes.bernoulli_mixture(data.train, 40, seed)
    pixels = data.train.double().mean(dim=0).clamp(1e-3, 1 - 1e-3)
    independent = codes.BernoulliMixture(torch.zeros(1).double(), pixels[None])
    model = vae(seed, CODE, 4000, elbo)
    plain = autoencoder((64, 128, CODE), data, seed, 3000, 4e-3)
    with torch.no_grad():
        from_plain = plain.decoder(codes.codes_like(plain.encoder(data.train), 2000, seed))
        prior = torch.randn(2000, CODE, generator=torch.Generator().manual_seed(seed))
        from_vae = torch.sigmoid(model.decoder(prior))
    return {
        "vae_nats": codes.negative_elbo(model, data.test, CODE),
        "vae_train_nats": codes.negative_elbo(model, data.train, CODE),
        "mixture_nats": codes.surprise(data.test, mixture),
        "independent_pixels_nats": codes.surprise(data.test, independent),
        "surprise_plain_draws": codes.surprise(from_plain, mixture),
        "surprise_vae_draws": codes.surprise(from_vae, mixture),
        "surprise_real": codes.surprise(data.test, mixture),
    }


def vae(seed: int, code: int, steps: int, objective: Callable[..., torch.Tensor]) -> VAE:
    data = codes.pictures(seed).binarized
    model = codes.seeded(VAE(64, 128, code), seed)
    codes.train_vae(
        model, data.train, seed=seed, steps=steps, code=code, rate=2e-3, objective=objective, progress=False
    )
    return model


def one_term(seed: int) -> Figures:
    """A VAE with a code of two, trained by both terms, by the divergence alone, by the reconstruction alone."""
    data = codes.pictures(seed).binarized
    figures = {}

    def divergence_alone(x: torch.Tensor, logits: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor):
        return -gaussian_kl(mean, log_variance).mean()

    for name, objective in (
        ("both", elbo),
        ("divergence_alone", divergence_alone),
        ("reconstruction_alone", partial(elbo, kl_weight=0.0)),
    ):
        model = vae(seed, 2, 1500, objective)
        with torch.no_grad():
            mean, log_variance = model.encode(data.test)
        figures[f"{name}_spread_of_means"] = float(mean.std(dim=0).mean())
        figures[f"{name}_sigma"] = float(torch.exp(0.5 * log_variance).median())
        figures[f"{name}_kl"] = float(gaussian_kl(mean, log_variance).mean())
        figures[f"{name}_nats"] = codes.negative_elbo(model, data.test, 2)
    return figures


# The bars, of the median over the seeds: experiment, figure, and the highest or lowest value that reaches it.
BARS = (
    ("compression", "linear_over_pca", "at most", 1.02),
    ("compression", "angle_to_pca_degrees", "at most", 5.0),
    ("compression", "deep_over_pca", "at most", 0.6),
    ("denoising", "denoised_mse", "at most", 0.025),
    ("sparse", "l1_activation", "at most", 0.10),
    ("contractive", "ratio", "at least", 10.0),
    ("pretraining", "pretrained_mse", "at most", 0.022),
    ("generation", "vae_nats", "at most", 18.6),
)
EXPERIMENTS = (
    compression, copying, denoising, sparse, contractive, pretraining, few_labels, generation, one_term,
)  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    results = {}
    for experiment in EXPERIMENTS:
        start = time.process_time()
        seeds = [experiment(seed) for seed in SEEDS]
        results[experiment.__name__] = {
            "what": (experiment.__doc__ or "").strip(),
            "cpu_seconds": round(time.process_time() - start, 1),
            "median": {name: statistics.median(figures[name] for figures in seeds) for name in seeds[0]},
            "seeds": seeds,
        }
        print(experiment.__name__, json.dumps(results[experiment.__name__]["median"]), flush=True)
    bars = []
    for experiment_name, figure, direction, limit in BARS:
        value = results[experiment_name]["median"][figure]
        met = value <= limit if direction == "at most" else value >= limit
        bars.append(
            {
                "experiment": experiment_name,
                "figure": figure,
                "value": value,
                "bar": f"{direction} {limit:g}",
                "met": met,
            }
        )
    document = {
        "command": "python benchmarks/experiments/autoencoders.py",
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__.partition("+")[0],
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "seeds": list(SEEDS),
        "bars": bars,
        "experiments": results,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{RESULT.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
