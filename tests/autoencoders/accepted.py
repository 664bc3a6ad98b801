"""Right answers written differently: loops, other library calls, single precision, other algebra. All must pass."""

ACCEPTED: dict[str, tuple[str, ...]] = {
    "reconstruction_loss": (
        """
def reconstruction_loss(inputs, reconstructions):
    return functional.mse_loss(reconstructions, inputs, reduction="sum") / inputs.shape[0]
""",
        """
def reconstruction_loss(inputs, reconstructions):
    errors = (reconstructions - inputs).flatten(1)
    return torch.stack([e @ e for e in errors]).mean()
""",
    ),
    "Autoencoder": (
        """
class Autoencoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder = self.stack(list(sizes))
        self.decoder = self.stack(list(reversed(sizes)))

    @staticmethod
    def stack(widths):
        layers = [nn.Linear(widths[0], widths[1])]
        for i in range(1, len(widths) - 1):
            layers += [nn.ReLU(), nn.Linear(widths[i], widths[i + 1])]
        return nn.Sequential(*layers)

    def forward(self, inputs):
        code = self.encoder(inputs)
        return self.decoder(code)
""",
        # In single precision, whatever comes in.
        """
class Autoencoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder, self.decoder = nn.Sequential(), nn.Sequential()
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            if i:
                self.encoder.append(nn.ReLU())
            self.encoder.append(nn.Linear(a, b))
        backward = sizes[::-1]
        for i, (a, b) in enumerate(zip(backward, backward[1:])):
            if i:
                self.decoder.append(nn.ReLU())
            self.decoder.append(nn.Linear(a, b))

    def forward(self, inputs):
        return self.decoder(self.encoder(inputs)).float()
""",
    ),
    "training_step": (
        """
def training_step(model, optimizer, inputs, targets, penalty=None):
    cost = reconstruction_loss(model(inputs), targets)
    if penalty:
        cost += penalty(model, inputs)
    model.zero_grad()
    cost.backward()
    optimizer.step()
    return float(cost.detach())
""",
        # The optimizer asks for the cost itself.
        """
def training_step(model, optimizer, inputs, targets, penalty=None):
    def closure():
        optimizer.zero_grad(set_to_none=False)
        cost = ((targets - model(inputs)) ** 2).sum() / len(targets)
        if penalty is not None:
            cost = cost + penalty(model, inputs)
        cost.backward()
        return cost
    return optimizer.step(closure).item()
""",
    ),
    "TiedAutoencoder": (
        """
class TiedAutoencoder(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.weight = nn.Parameter(weights.detach().clone())
        self.encoder_bias = nn.Parameter(torch.zeros(len(weights), dtype=weights.dtype))
        self.decoder_bias = nn.Parameter(torch.zeros_like(weights[0]))

    def encode(self, inputs):
        return functional.linear(inputs, self.weight, self.encoder_bias).sigmoid()

    def decode(self, codes):
        return functional.linear(codes, self.weight.t(), self.decoder_bias)

    def forward(self, inputs):
        return self.decode(self.encode(inputs))
""",
    ),
    "max_activating_input": (
        """
def max_activating_input(weights):
    return functional.normalize(weights, dim=1)
""",
        """
def max_activating_input(weights):
    return torch.stack([w / (w @ w).sqrt() for w in weights]).float()
""",
    ),
    "sparsity_penalty": (
        """
def sparsity_penalty(activations, kind, strength, target=0.05):
    if kind == "l1":
        return strength * activations.abs().mean(dim=0).sum()
    total = 0
    for column in activations.T:
        r = column.mean()
        total = total + target * (math_log(target) - r.log()) + (1 - target) * (math_log(1 - target) - (1 - r).log())
    return strength * total

def math_log(x):
    return torch.log(torch.tensor(x, dtype=torch.float64))
""",
        # The divergence of two coins, by the library.
        """
def sparsity_penalty(activations, kind, strength, target=0.05):
    if kind == "l1":
        return strength * torch.linalg.vector_norm(activations, ord=1, dim=1).mean()
    mean = activations.mean(0)
    coin = torch.distributions.Bernoulli(torch.full_like(mean, target))
    return strength * torch.distributions.kl_divergence(coin, torch.distributions.Bernoulli(mean)).sum()
""",
    ),
    "corrupt": (
        """
def corrupt(inputs, kind, level, noise):
    return inputs * (noise >= level) if kind == "mask" else torch.add(inputs, noise, alpha=level)
""",
        """
def corrupt(inputs, kind, level, noise):
    worse = inputs.clone()
    if kind == "mask":
        worse[noise < level] = 0
    else:
        worse += level * noise
    return worse.float()
""",
    ),
    "contractive_penalty": (
        # The whole Jacobian, entry by entry.
        """
def contractive_penalty(activations, weights):
    total = 0
    for h in activations:
        jacobian = torch.diag(h * (1 - h)) @ weights
        total = total + torch.linalg.matrix_norm(jacobian) ** 2
    return total / len(activations)
""",
        """
def contractive_penalty(activations, weights):
    return torch.einsum("mk,kn->", (activations - activations**2) ** 2, weights**2) / activations.shape[0]
""",
    ),
    "ConvAutoencoder": (
        """
class ConvAutoencoder(nn.Module):
    def __init__(self, channels, code_channels):
        super().__init__()
        def convolution(a, b, **options):
            return nn.Conv2d(a, b, kernel_size=(3, 3), padding="same" if not options else 1, **options)
        self.encoder = nn.Sequential(
            convolution(1, channels, stride=2), nn.ReLU(), convolution(channels, code_channels, stride=2)
        )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2), convolution(code_channels, channels), nn.ReLU(),
            nn.UpsamplingNearest2d(scale_factor=2), convolution(channels, 1),
        )

    def forward(self, inputs):
        return self.decoder(self.encoder(inputs))
""",
        # Pixels repeated by hand.
        """
class ConvAutoencoder(nn.Module):
    def __init__(self, channels, code_channels):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, channels, 3, 2, 1), nn.ReLU(), nn.Conv2d(channels, code_channels, 3, 2, 1)
        )
        self.decoder = nn.ModuleList([nn.Conv2d(code_channels, channels, 3, 1, 1), nn.Conv2d(channels, 1, 3, 1, 1)])

    def forward(self, inputs):
        larger = self.encoder(inputs).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        larger = torch.relu(self.decoder[0](larger)).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        return self.decoder[1](larger)
""",
    ),
    "rbm_sample": (
        """
def rbm_sample(units, weights, biases, uniform):
    probabilities = 1 / (1 + torch.exp(-(torch.addmm(biases, units, weights))))
    return probabilities, torch.where(uniform < probabilities, 1.0, 0.0).double()
""",
        """
def rbm_sample(units, weights, biases, uniform):
    p = torch.stack([torch.sigmoid(s @ weights + biases) for s in units])
    return [p.float(), torch.ceil(p - uniform).float()]
""",
    ),
    "contrastive_divergence_step": (
        """
def contrastive_divergence_step(visible, weights, visible_biases, hidden_biases, uniform, rate):
    zeros = torch.zeros_like(visible)
    h0, states = rbm_sample(visible, weights, hidden_biases, uniform)
    v1 = rbm_sample(states, weights.T, visible_biases, zeros)[0]
    h1 = rbm_sample(v1, weights, hidden_biases, uniform)[0]
    m = visible.shape[0]
    weights = weights + rate * torch.einsum("ma,mk->ak", visible, h0) / m - rate * torch.einsum("ma,mk->ak", v1, h1) / m
    return weights, visible_biases + rate * (visible - v1).mean(0), hidden_biases + rate * (h0 - h1).sum(0) / m
""",
        # Without rbm_sample, an example at a time.
        """
def contrastive_divergence_step(visible, weights, visible_biases, hidden_biases, uniform, rate):
    new = [weights.clone(), visible_biases.clone(), hidden_biases.clone()]
    for v, u in zip(visible, uniform):
        h = torch.sigmoid(v @ weights + hidden_biases)
        dream = torch.sigmoid((u < h).double() @ weights.T + visible_biases)
        again = torch.sigmoid(dream @ weights + hidden_biases)
        new[0] += rate / len(visible) * (torch.outer(v, h) - torch.outer(dream, again))
        new[1] += rate / len(visible) * (v - dream)
        new[2] += rate / len(visible) * (h - again)
    return tuple(new)
""",
    ),
    "unroll": (
        """
def unroll(machines):
    layers = []
    for w, b, c in machines:
        layers.append((w.t().contiguous().clone(), c.clone()))
    for i in range(len(machines) - 1, -1, -1):
        layers.append([machines[i][0].clone(), machines[i][1].clone()])
    return layers
""",
        """
def unroll(machines):
    up, down = [], []
    for w, b, c in machines:
        up.append((torch.tensor(w.T.tolist()).double(), c + 0))
        down.insert(0, (w * 1.0, b * 1.0))
    return tuple(up + down)
""",
    ),
    "interpolate": (
        """
def interpolate(start, end, steps):
    return torch.stack([start + (end - start) * i / (steps - 1) for i in range(steps)])
""",
        """
def interpolate(start, end, steps):
    return torch.lerp(start.expand(steps, -1), end.expand(steps, -1), torch.linspace(0, 1, steps).double()[:, None])
""",
    ),
    "kl_divergence": (
        """
def kl_divergence(p, q):
    total = 0.0
    for a, b in zip(p, q):
        if a > 0:
            total = total + a * (torch.log(a) - torch.log(b))
    return total
""",
        """
def kl_divergence(p, q):
    return functional.kl_div(q.log(), p, reduction="sum")
""",
    ),
    "gaussian_kl": (
        """
def gaussian_kl(mean, log_variance):
    return -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(-1)
""",
        """
def gaussian_kl(mean, log_variance):
    code = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return torch.distributions.kl_divergence(code, prior).sum(dim=1)
""",
    ),
    "reparameterize": (
        """
def reparameterize(mean, log_variance, noise):
    return torch.addcmul(mean, log_variance.exp().sqrt(), noise)
""",
        """
def reparameterize(mean, log_variance, noise):
    sigma = torch.exp(log_variance / 2)
    return sigma * (noise + mean / sigma)
""",
    ),
    "elbo": (
        """
def elbo(inputs, logits, mean, log_variance, kl_weight=1.0):
    log_p = inputs * functional.logsigmoid(logits) + (1 - inputs) * functional.logsigmoid(-logits)
    return log_p.sum() / len(inputs) - kl_weight * gaussian_kl(mean, log_variance).mean()
""",
        # x z − log(1 + e^z)
        """
def elbo(inputs, logits, mean, log_variance, kl_weight=1.0):
    likelihood = (inputs * logits - functional.softplus(logits)).sum(1)
    price = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
    return (likelihood - kl_weight * price).mean()
""",
    ),
    "VAE": (
        """
class VAE(nn.Module):
    def __init__(self, inputs, hidden, code):
        super().__init__()
        self.encoder = nn.Linear(inputs, hidden)
        self.mean, self.log_variance = nn.Linear(hidden, code), nn.Linear(hidden, code)
        self.decoder = nn.ModuleList([nn.Linear(code, hidden), nn.Linear(hidden, inputs)])

    def encode(self, inputs):
        features = torch.relu(self.encoder(inputs))
        return self.mean(features), self.log_variance(features)

    def forward(self, inputs, noise):
        mean, log_variance = self.encode(inputs)
        z = mean + noise * (log_variance / 2).exp()
        return self.decoder[1](torch.relu(self.decoder[0](z))), mean, log_variance
""",
        """
class VAE(nn.Module):
    def __init__(self, inputs, hidden, code):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU())
        self.mean = nn.Linear(hidden, code)
        self.log_variance = nn.Linear(hidden, code)
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, inputs))

    def encode(self, inputs):
        features = self.encoder(inputs)
        return [self.mean(features), self.log_variance(features)]

    def forward(self, inputs, noise):
        mean, log_variance = self.encode(inputs)
        return [self.decoder(reparameterize(mean, log_variance, noise)), mean, log_variance]
""",
    ),
}
