"""Right answers written differently: loops, other library calls, single precision, other algebra. All must pass."""

ACCEPTED: dict[str, tuple[str, ...]] = {
    "exponential_inverse_cdf": (
        """
def exponential_inverse_cdf(uniform, rate):
    return np.log(1 / (1 - uniform)) / rate
""",
        """
def exponential_inverse_cdf(uniform, rate):
    result = np.empty_like(uniform)
    for index in np.ndindex(uniform.shape):
        result[index] = -(1 / rate) * np.log(1 - uniform[index])
    return result
""",
        """
def exponential_inverse_cdf(uniform, rate):
    return (-np.log1p(-uniform.astype(np.float32)) / np.float32(rate))
""",
    ),
    "cauchy_inverse_cdf": (
        # tan(π(u − ½)) = −cot(πu)
        """
def cauchy_inverse_cdf(uniform, location, scale):
    return location - scale / np.tan(np.pi * uniform)
""",
        """
def cauchy_inverse_cdf(uniform, location, scale):
    angle = np.pi * (uniform - 0.5)
    return location + scale * np.sin(angle) / np.cos(angle)
""",
    ),
    "empirical_inverse_cdf": (
        """
def empirical_inverse_cdf(uniform, data):
    ordered, n = sorted(data), len(data)
    result = np.empty(uniform.shape)
    for index in np.ndindex(uniform.shape):
        result[index] = next(y for i, y in enumerate(ordered, 1) if i / n >= uniform[index])
    return result
""",
        """
def empirical_inverse_cdf(uniform, data):
    return np.quantile(data, uniform, method="inverted_cdf")
""",
        # Distinct values and their heights.
        """
def empirical_inverse_cdf(uniform, data):
    values, counts = np.unique(data, return_counts=True)
    reaches = np.cumsum(counts) / len(data) >= uniform[..., None]
    return values[reaches.argmax(axis=-1)]
""",
    ),
    "inverse_cdf_proof": (
        """
def inverse_cdf_proof(uniform, y, cdf, inverse_cdf):
    samples, probability = inverse_cdf(uniform), cdf(y)
    return [np.array([s <= y for s in samples]), ~(uniform > probability), float(probability)]
""",
    ),
    "ks_distance": (
        """
def ks_distance(samples, cdf):
    ordered, n, largest = np.sort(samples), len(samples), 0.0
    for i, y in enumerate(ordered):
        law = float(cdf(np.array([y]))[0])
        largest = max(largest, abs((i + 1) / n - law), abs(law - i / n))
    return largest
""",
        # Half a step, and the distance from its middle.
        """
def ks_distance(samples, cdf):
    n = len(samples)
    middles = (np.arange(n) + 0.5) / n
    return np.abs(cdf(np.sort(samples)) - middles).max() + 0.5 / n
""",
    ),
    "Generator": (
        """
class Generator(nn.Module):
    def __init__(self, noise_size, hidden, outputs):
        super(Generator, self).__init__()
        self.first = nn.Linear(noise_size, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, outputs)
        self.activation = nn.ReLU()

    def forward(self, noise):
        for layer in (self.first, self.second):
            noise = self.activation(layer(noise))
        return self.output(noise)
""",
        """
class Generator(nn.Module):
    def __init__(self, noise_size, hidden, outputs):
        super().__init__()
        self.output = nn.Linear(hidden, outputs)
        self.second = nn.Linear(hidden, hidden)
        self.first = nn.Linear(noise_size, hidden)

    def forward(self, noise):
        h = functional.relu(noise @ self.first.weight.T + self.first.bias)
        return self.output(self.second(h).clamp(min=0))
""",
    ),
    "Discriminator": (
        """
class Discriminator(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, 1)
        self.leaky = nn.LeakyReLU(0.2)

    def forward(self, examples):
        return self.output(self.leaky(self.second(self.leaky(self.first(examples)))))[:, 0]
""",
        """
class Discriminator(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, examples):
        hidden = examples
        for layer in (self.first, self.second):
            z = layer(hidden)
            hidden = torch.where(z > 0, z, 0.2 * z)
        return self.output(hidden).flatten()
""",
    ),
    "discriminator_loss": (
        """
def discriminator_loss(real_logits, fake_logits):
    real = functional.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = functional.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake
""",
        """
def discriminator_loss(real_logits, fake_logits):
    return -functional.logsigmoid(real_logits).mean() - functional.logsigmoid(-fake_logits).mean()
""",
        """
def discriminator_loss(real_logits, fake_logits):
    zero = torch.zeros((), dtype=real_logits.dtype)
    return torch.logaddexp(zero, -real_logits).mean() + torch.logaddexp(zero, fake_logits).mean()
""",
        """
def discriminator_loss(real_logits, fake_logits):
    return functional.softplus(-real_logits.float()).mean() + functional.softplus(fake_logits.float()).mean()
""",
    ),
    "generator_loss_minimax": (
        """
def generator_loss_minimax(fake_logits):
    return functional.logsigmoid(-fake_logits).mean()
""",
        """
def generator_loss_minimax(fake_logits):
    return -functional.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
""",
    ),
    "generator_loss_non_saturating": (
        """
def generator_loss_non_saturating(fake_logits):
    return functional.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))
""",
        """
def generator_loss_non_saturating(fake_logits):
    return -functional.logsigmoid(fake_logits).sum() / len(fake_logits)
""",
        # softplus(−s) = softplus(s) − s
        """
def generator_loss_non_saturating(fake_logits):
    return (functional.softplus(fake_logits) - fake_logits).mean()
""",
    ),
    "optimal_discriminator": (
        """
def optimal_discriminator(p_data, p_generator):
    with np.errstate(invalid="ignore"):
        best = p_data / (p_data + p_generator)
    return np.where(np.isnan(best), 0.5, best)
""",
        """
def optimal_discriminator(p_data, p_generator):
    result = np.full(p_data.shape, 0.5)
    for index in np.ndindex(p_data.shape):
        if p_data[index] + p_generator[index] > 0:
            result[index] = p_data[index] / (p_data[index] + p_generator[index])
    return result
""",
    ),
    "game_value": (
        """
def game_value(p_data, p_generator, discriminator):
    value = 0.0
    for p, q, d in zip(p_data.flat, p_generator.flat, discriminator.flat):
        if p > 0:
            value += p * np.log(d)
        if q > 0:
            value += q * np.log1p(-d)
    return value
""",
        """
def game_value(p_data, p_generator, discriminator):
    d = torch.from_numpy(discriminator)
    real = torch.xlogy(torch.from_numpy(p_data), d).sum()
    terms = torch.where(torch.from_numpy(p_generator) > 0, torch.from_numpy(p_generator) * torch.log1p(-d), 0.0)
    logs = torch.where(torch.from_numpy(p_data) > 0, torch.from_numpy(p_data) * torch.log(d), 0.0)
    return (logs + terms).sum().item()
""",
    ),
    "jensen_shannon": (
        # H(m) − (H(p) + H(q))/2
        """
def jensen_shannon(p, q):
    def entropy(law):
        law = law[law > 0]
        return -np.sum(law * np.log(law))
    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
""",
        """
def jensen_shannon(p, q):
    total = 0.0
    for a, b in zip(p.ravel(), q.ravel()):
        if a > 0:
            total += a * np.log(2 * a / (a + b)) / 2
        if b > 0:
            total += b * np.log(2 * b / (a + b)) / 2
    return total
""",
    ),
    "discriminator_step": (
        """
def discriminator_step(generator, discriminator, optimizer, real, noise, penalty=None):
    with torch.no_grad():
        fake = generator(noise)
    optimizer.zero_grad()
    loss = discriminator_loss(discriminator(real), discriminator(fake))
    if penalty:
        loss += penalty(discriminator, real, fake)
    loss.backward()
    optimizer.step()
    return float(loss)
""",
        # Both heaps in one pass, gradients by hand.
        """
def discriminator_step(generator, discriminator, optimizer, real, noise, penalty=None):
    fake = generator(noise).detach()
    logits = discriminator(torch.cat([real, fake]))
    loss = functional.softplus(-logits[:len(real)]).mean() + functional.softplus(logits[len(real):]).mean()
    loss = loss + (penalty(discriminator, real, fake) if penalty is not None else 0)
    weights = list(discriminator.parameters())
    for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
        weight.grad = gradient
    optimizer.step()
    return loss.detach().numpy()
""",
    ),
    "generator_step": (
        """
def generator_step(generator, discriminator, optimizer, noise, loss):
    optimizer.zero_grad(set_to_none=False)
    value = loss(discriminator(generator(noise)))
    value.backward()
    optimizer.step()
    return float(value)
""",
        # D's parameters frozen meanwhile.
        """
def generator_step(generator, discriminator, optimizer, noise, loss):
    for p in discriminator.parameters():
        p.requires_grad_(False)
    generator.zero_grad()
    value = loss(discriminator(generator(noise)))
    value.backward()
    optimizer.step()
    for p in discriminator.parameters():
        p.requires_grad_(True)
    return value.item()
""",
    ),
    "train_gan": (
        """
def train_gan(generator, discriminator, generator_optimizer, discriminator_optimizer,
              real_batches, noise_batches, loss, steps, k=1, penalty=None):
    step = 0
    while step < steps:
        losses = [
            discriminator_step(generator, discriminator, discriminator_optimizer, x, z, penalty)
            for x, z in ((next(real_batches), next(noise_batches)) for _ in range(k))
        ]
        g = generator_step(generator, discriminator, generator_optimizer, next(noise_batches), loss)
        yield losses[-1], g
        step += 1
""",
        # Written out, without the two steps.
        """
def train_gan(generator, discriminator, generator_optimizer, discriminator_optimizer,
              real_batches, noise_batches, loss, steps, k=1, penalty=None):
    for _ in range(steps):
        for _ in range(k):
            real = next(real_batches)
            with torch.no_grad():
                fake = generator(next(noise_batches))
            d = discriminator_loss(discriminator(real), discriminator(fake))
            if penalty is not None:
                d = d + penalty(discriminator, real, fake)
            discriminator_optimizer.zero_grad()
            d.backward()
            discriminator_optimizer.step()
        g = loss(discriminator(generator(next(noise_batches))))
        generator_optimizer.zero_grad()
        g.backward()
        generator_optimizer.step()
        yield [d.item(), g.item()]
""",
    ),
    "mode_coverage": (
        """
def mode_coverage(samples, centers, radius, least=1):
    counts, good = [0] * len(centers), 0
    for x in samples:
        distances = [np.sqrt(np.sum((x - c) ** 2)) for c in centers]
        j = int(np.argmin(distances))
        if distances[j] <= radius:
            counts[j] += 1
            good += 1
    return sum(c >= least for c in counts), good / len(samples)
""",
        """
def mode_coverage(samples, centers, radius, least=1):
    distances = torch.cdist(torch.from_numpy(samples), torch.from_numpy(centers)).numpy()
    nearest, good = distances.argmin(1), distances.min(1) <= radius
    modes, counts = np.unique(nearest[good], return_counts=True)
    return int((counts >= least).sum()), good.mean()
""",
    ),
    "r1_penalty": (
        """
def r1_penalty(discriminator, real, weight):
    x = real.clone().detach()
    x.requires_grad = True
    logits = discriminator(x)
    gradient = torch.autograd.grad(logits, x, torch.ones_like(logits), create_graph=True)[0]
    return weight / 2 * (gradient.norm(dim=1) ** 2).mean()
""",
        """
def r1_penalty(discriminator, real, weight):
    gradients = torch.func.vmap(torch.func.grad(lambda x: discriminator(x[None]).sum()))(real)
    return weight * gradients.pow(2).sum() / (2 * len(real))
""",
    ),
    "wgan_gradient_penalty": (
        """
def wgan_gradient_penalty(discriminator, real, fake, mix, weight):
    x = torch.lerp(fake, real, mix).requires_grad_(True)
    logits = discriminator(x)
    gradient = torch.autograd.grad(logits, x, torch.ones_like(logits), create_graph=True)[0]
    return weight * ((gradient ** 2).sum(1).sqrt() - 1).pow(2).mean()
""",
    ),
    "frechet_distance": (
        # The root of the product itself, as the field's first implementations had it.
        """
def frechet_distance(mean, covariance, other_mean, other_covariance):
    import scipy.linalg
    values = scipy.linalg.eigvals(covariance @ other_covariance)
    cross = np.sqrt(np.maximum(values.real, 0)).sum()
    return np.sum((mean - other_mean) ** 2) + np.trace(covariance + other_covariance) - 2 * cross
""",
        # tr (Σ₁Σ₂)^½ is the nuclear norm of Σ₁^½ Σ₂^½.
        """
def frechet_distance(mean, covariance, other_mean, other_covariance):
    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return vectors @ np.diag(np.sqrt(values.clip(0))) @ vectors.T
    cross = np.linalg.svd(root(covariance) @ root(other_covariance), compute_uv=False).sum()
    shift = mean - other_mean
    return shift @ shift + np.trace(covariance) + np.trace(other_covariance) - 2 * cross
""",
    ),
}
