"""Right answers written differently: loops, other library calls, single precision, other algebra. All must pass."""

ACCEPTED: dict[str, tuple[str, ...]] = {
    "sgd_step": (
        """
def sgd_step(parameters, gradient, state, rate):
    new = np.empty_like(parameters)
    for index in np.ndindex(parameters.shape):
        new[index] = parameters[index] - rate * gradient[index]
    return new, state
""",
        """
def sgd_step(parameters, gradient, state, rate):
    return np.add(parameters, np.multiply(-rate, gradient)), state
""",
        """
def sgd_step(parameters, gradient, state, rate):
    return parameters.astype(np.float32) - np.float32(rate) * gradient.astype(np.float32), state
""",
        """
def sgd_step(parameters, gradient, state, rate):
    parameters = parameters.copy()
    parameters -= rate * gradient
    return [parameters, state]
""",
        # In place: right, and advised against.
        """
def sgd_step(parameters, gradient, state, rate):
    parameters -= rate * gradient
    return parameters, state
""",
    ),
    "minibatches": (
        # Shuffled in place, and returned as a list.
        """
def minibatches(X, y, batch_size, generator):
    rows = np.arange(len(X))
    generator.shuffle(rows)
    batches = []
    while len(rows):
        batches.append((X[rows[:batch_size]], y[rows[:batch_size]]))
        rows = rows[batch_size:]
    return batches
""",
        # Sorted by random keys; cut by NumPy.
        """
def minibatches(X, y, batch_size, generator):
    order = np.argsort(generator.random(len(X)))
    cuts = range(batch_size, len(X), batch_size)
    yield from zip(np.split(X[order], cuts), np.split(y[order], cuts))
""",
        # Row by row, in single precision.
        """
def minibatches(X, y, batch_size, generator):
    xs, ys = [], []
    for i in generator.permutation(len(X)):
        xs.append(X[i].astype(np.float32))
        ys.append(y[i])
        if len(xs) == batch_size:
            yield np.array(xs), np.array(ys)
            xs, ys = [], []
    if xs:
        yield np.array(xs), np.array(ys)
""",
        # Drawn one by one from a hat.
        """
def minibatches(X, y, batch_size, generator):
    hat = list(range(len(X)))
    while hat:
        rows = [hat.pop(generator.integers(len(hat))) for _ in range(min(batch_size, len(hat)))]
        yield np.take(X, rows, axis=0), np.take(y, rows, axis=0)
""",
    ),
    "momentum_step": (
        """
def momentum_step(parameters, gradient, velocity, rate, momentum=0.9):
    new, speed = parameters.copy(), velocity.copy()
    for i in np.ndindex(parameters.shape):
        speed[i] = momentum * speed[i] + rate * gradient[i]
        new[i] = new[i] - speed[i]
    return new, speed
""",
        # The averaged form, its rate and its velocity scaled.
        """
def momentum_step(parameters, gradient, velocity, rate, momentum=0.9):
    alpha = rate / (1 - momentum)
    average = momentum * velocity / alpha + (1 - momentum) * gradient
    return parameters - alpha * average, alpha * average
""",
        # A velocity that points downhill.
        """
def momentum_step(parameters, gradient, velocity, rate, momentum=0.9):
    downhill = -np.multiply(momentum, velocity) - np.multiply(rate, gradient)
    return parameters + downhill, -downhill
""",
        """
def momentum_step(parameters, gradient, velocity, rate, momentum=0.9):
    velocity = (momentum * velocity + rate * gradient).astype(np.float32)
    return parameters.astype(np.float32) - velocity, velocity
""",
    ),
    "train": (
        """
def train(parameters, loss_and_gradient, step, state, rate, X, y, batch_size, epochs, generator):
    losses, epoch = [], 0
    while epoch < epochs:
        eta = rate(epoch)
        for batch in minibatches(X, y, batch_size, generator):
            loss, g = loss_and_gradient(parameters, *batch)
            losses += [loss]
            parameters, state = step(parameters, g, state, eta)
        epoch += 1
    return parameters, losses
""",
        # Its own batches, drawn in the same way.
        """
def train(parameters, loss_and_gradient, step, state, rate, X, y, batch_size, epochs, generator):
    memory, losses = [parameters, state], []
    for epoch in range(epochs):
        order = generator.permutation(len(y))
        for part in np.split(order, range(batch_size, len(y), batch_size)):
            loss, g = loss_and_gradient(memory[0], X[part], y[part])
            memory = step(memory[0], g, memory[1], rate(epoch))
            losses.append(float(loss))
    return memory[0], losses
""",
        # Parameters and losses in single precision.
        """
def train(parameters, loss_and_gradient, step, state, rate, X, y, batch_size, epochs, generator):
    losses = []
    for epoch in range(epochs):
        for inputs, targets in minibatches(X, y, batch_size, generator):
            loss, gradient = loss_and_gradient(parameters, inputs, targets)
            parameters, state = step(parameters, gradient, state, rate(epoch))
            parameters = parameters.astype(np.float32)
            losses.append(np.float32(loss))
    return parameters, losses
""",
    ),
    "nesterov_step": (
        """
def nesterov_step(parameters, gradient, velocity, rate, momentum=0.9):
    look_ahead = parameters.copy()
    for i in np.ndindex(parameters.shape):
        look_ahead[i] -= momentum * velocity[i]
    slope = gradient(look_ahead)
    new_velocity = np.zeros_like(velocity)
    for i in np.ndindex(parameters.shape):
        new_velocity[i] = momentum * velocity[i] + rate * slope[i]
    return parameters - new_velocity, new_velocity
""",
        # From the look-ahead point, less the gradient's part.
        """
def nesterov_step(parameters, gradient, velocity, rate, momentum=0.9):
    ahead = np.subtract(parameters, momentum * velocity)
    new = ahead - rate * gradient(ahead)
    return new, parameters - new
""",
        """
def nesterov_step(parameters, gradient, velocity, rate, momentum=0.9):
    theta, v = parameters.astype(np.float32), velocity.astype(np.float32)
    v = np.float32(momentum) * v + np.float32(rate) * gradient(theta - np.float32(momentum) * v).astype(np.float32)
    return theta - v, v
""",
    ),
    "nesterov_look_ahead_step": (
        # Back to the parameters, a step, and ahead again.
        """
def nesterov_look_ahead_step(look_ahead, gradient, velocity, rate, momentum=0.9):
    parameters = look_ahead + momentum * velocity
    velocity = momentum * velocity + rate * gradient
    parameters = parameters - velocity
    return parameters - momentum * velocity, velocity
""",
        # As torch writes it: the gradient is changed, then a plain step.
        """
def nesterov_look_ahead_step(look_ahead, gradient, velocity, rate, momentum=0.9):
    buffer = momentum * velocity / rate + gradient
    return look_ahead - rate * (gradient + momentum * buffer), rate * buffer
""",
        """
def nesterov_look_ahead_step(look_ahead, gradient, velocity, rate, momentum=0.9):
    new, speed = np.zeros_like(look_ahead, dtype=np.float32), np.zeros_like(velocity, dtype=np.float32)
    for i in np.ndindex(look_ahead.shape):
        speed[i] = momentum * velocity[i] + rate * gradient[i]
        new[i] = look_ahead[i] - (1 + momentum) * speed[i] + momentum * velocity[i]
    return new, speed
""",
    ),
    "adagrad_step": (
        """
def adagrad_step(parameters, gradient, squares, rate=0.01, epsilon=1e-8):
    new, total = parameters.copy(), squares.copy()
    for i in np.ndindex(parameters.shape):
        total[i] += gradient[i] * gradient[i]
        new[i] -= rate * gradient[i] / math.sqrt(total[i] + epsilon)
    return new, total
""",
        """
def adagrad_step(parameters, gradient, squares, rate=0.01, epsilon=1e-8):
    squares = np.add(squares, np.square(gradient))
    return parameters - rate * np.power(squares + epsilon, -0.5) * gradient, squares
""",
        """
def adagrad_step(parameters, gradient, squares, rate=0.01, epsilon=1e-8):
    root = np.hypot(np.hypot(np.sqrt(squares), gradient), math.sqrt(epsilon))
    return parameters - rate / root * gradient, squares + gradient * gradient
""",
        """
def adagrad_step(parameters, gradient, squares, rate=0.01, epsilon=1e-8):
    g, G = gradient.astype(np.float32), squares.astype(np.float32)
    G = G + g**2
    return parameters.astype(np.float32) - rate * g / np.sqrt(G + np.float32(epsilon)), G
""",
    ),
    "exponentially_weighted_average": (
        # A filter of another library.
        """
def exponentially_weighted_average(values, decay, bias_correction=True):
    from scipy.signal import lfilter
    averages = lfilter([1 - decay], [1, -decay], values, axis=0)
    if bias_correction:
        powers = decay ** np.arange(1, len(values) + 1)
        averages = averages / (1 - powers).reshape(-1, *[1] * (values.ndim - 1))
    return averages
""",
        # Every average from scratch, as a weighted sum.
        """
def exponentially_weighted_average(values, decay, bias_correction=True):
    averages = []
    for t in range(1, len(values) + 1):
        weights = (1 - decay) * decay ** np.arange(t - 1, -1, -1.0)
        if bias_correction:
            weights = weights / weights.sum()
        averages.append(np.tensordot(weights, values[:t], axes=1))
    return np.array(averages)
""",
        # One matrix of weights.
        """
def exponentially_weighted_average(values, decay, bias_correction=True):
    ages = np.subtract.outer(np.arange(len(values)), np.arange(len(values)))
    weights = np.where(ages >= 0, (1 - decay) * decay ** np.abs(ages), 0)
    if bias_correction:
        weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("ts,s...->t...", weights, values)
""",
        # Toward the new value by a share of the distance; single precision.
        """
def exponentially_weighted_average(values, decay, bias_correction=True):
    averages = np.zeros(values.shape, dtype=np.float32)
    average, power = np.zeros(values.shape[1:], dtype=np.float32), 1.0
    for t in range(len(values)):
        average = average + (1 - decay) * (values[t].astype(np.float32) - average)
        power *= decay
        averages[t] = average / (1 - power) if bias_correction else average
    return averages
""",
    ),
    "rmsprop_step": (
        """
def rmsprop_step(parameters, gradient, squares, rate=0.001, decay=0.9, epsilon=1e-8):
    new, average = parameters.copy(), squares.copy()
    for i in np.ndindex(parameters.shape):
        average[i] = decay * average[i] + (1 - decay) * gradient[i] ** 2
        new[i] = new[i] - rate * gradient[i] / (average[i] + epsilon) ** 0.5
    return new, average
""",
        """
def rmsprop_step(parameters, gradient, squares, rate=0.001, decay=0.9, epsilon=1e-8):
    squares = squares - (1 - decay) * (squares - np.square(gradient))
    return np.subtract(parameters, np.divide(rate * gradient, np.sqrt(np.add(squares, epsilon)))), squares
""",
        """
def rmsprop_step(parameters, gradient, squares, rate=0.001, decay=0.9, epsilon=1e-8):
    g, s = np.float32(gradient), np.float32(squares)
    s = decay * s + (1 - decay) * g * g
    return np.float32(parameters) - rate * g / np.sqrt(s + epsilon), s
""",
        """
def rmsprop_step(parameters, gradient, squares, rate=0.001, decay=0.9, epsilon=1e-8):
    squares = np.average([squares, gradient**2], axis=0, weights=[decay, 1 - decay])
    return parameters - rate * gradient * (squares + epsilon) ** -0.5, squares
""",
    ),
    "adadelta_step": (
        """
def adadelta_step(parameters, gradient, averages, rate=1.0, decay=0.95, epsilon=1e-6):
    new, squares, steps = parameters.copy(), averages[0].copy(), averages[1].copy()
    for i in np.ndindex(parameters.shape):
        squares[i] = decay * squares[i] + (1 - decay) * gradient[i] ** 2
        delta = -math.sqrt(steps[i] + epsilon) / math.sqrt(squares[i] + epsilon) * gradient[i]
        steps[i] = decay * steps[i] + (1 - decay) * delta**2
        new[i] += rate * delta
    return new, (squares, steps)
""",
        # One root of the quotient; a positive step that is taken off; the averages as a list.
        """
def adadelta_step(parameters, gradient, averages, rate=1.0, decay=0.95, epsilon=1e-6):
    squares = decay * averages[0] + (1 - decay) * np.square(gradient)
    step = np.sqrt((averages[1] + epsilon) / (squares + epsilon)) * gradient
    return parameters - rate * step, [squares, decay * averages[1] + (1 - decay) * np.square(step)]
""",
        """
def adadelta_step(parameters, gradient, averages, rate=1.0, decay=0.95, epsilon=1e-6):
    def rms(average):
        return np.sqrt(average + np.float32(epsilon))

    g = gradient.astype(np.float32)
    squares, steps = (average.astype(np.float32) for average in averages)
    squares += (1 - decay) * (g * g - squares)
    step = -rms(steps) / rms(squares) * g
    steps += (1 - decay) * (step * step - steps)
    return parameters.astype(np.float32) + rate * step, (squares, steps)
""",
    ),
    "adam_step": (
        """
def adam_step(parameters, gradient, moments, rate=0.001, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
    new, mean, square, t = parameters.copy(), moments[0].copy(), moments[1].copy(), moments[2] + 1
    for i in np.ndindex(parameters.shape):
        mean[i] = mean_decay * mean[i] + (1 - mean_decay) * gradient[i]
        square[i] = square_decay * square[i] + (1 - square_decay) * gradient[i] ** 2
        first, second = mean[i] / (1 - mean_decay**t), square[i] / (1 - square_decay**t)
        new[i] -= rate * first / (math.sqrt(second) + epsilon)
    return new, (mean, square, t)
""",
        # The paper's shortened form, its epsilon scaled so that it is the same.
        """
def adam_step(parameters, gradient, moments, rate=0.001, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
    m, v, t = moments[0], moments[1], moments[2] + 1
    m = m + (1 - mean_decay) * (gradient - m)
    v = v + (1 - square_decay) * (np.square(gradient) - v)
    root = math.sqrt(1 - square_decay**t)
    alpha = rate * root / (1 - mean_decay**t)
    return parameters - alpha * m / (np.sqrt(v) + epsilon * root), (m, v, t)
""",
        # Corrections by logarithms and exponentials; single precision.
        """
def adam_step(parameters, gradient, moments, rate=0.001, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
    g = gradient.astype(np.float32)
    m = np.float32(mean_decay) * moments[0].astype(np.float32) + np.float32(1 - mean_decay) * g
    v = np.float32(square_decay) * moments[1].astype(np.float32) + np.float32(1 - square_decay) * g**2
    t = moments[2] + 1
    first = m / -np.float32(np.expm1(t * np.log(mean_decay)))
    second = v / -np.float32(np.expm1(t * np.log(square_decay)))
    return parameters.astype(np.float32) - rate * first / (np.sqrt(second) + np.float32(epsilon)), [m, v, t]
""",
        # One step of torch's own optimizer, put into the same state.
        """
def adam_step(parameters, gradient, moments, rate=0.001, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
    import torch
    theta = torch.tensor(parameters, requires_grad=True)
    theta.grad = torch.tensor(gradient)
    optimizer = torch.optim.Adam([theta], lr=rate, betas=(mean_decay, square_decay), eps=epsilon)
    optimizer.state[theta] = {
        "step": torch.tensor(float(moments[2])),
        "exp_avg": torch.tensor(moments[0]),
        "exp_avg_sq": torch.tensor(moments[1]),
    }
    optimizer.step()
    state = optimizer.state[theta]
    return theta.detach().numpy(), (state["exp_avg"].numpy(), state["exp_avg_sq"].numpy(), int(state["step"]))
""",
    ),
    "adamw_step": (
        # As torch orders it: first the decay, then the step.
        """
def adamw_step(parameters, gradient, moments, rate=0.001, weight_decay=0.01, mean_decay=0.9, square_decay=0.999,
               epsilon=1e-8):
    decayed = parameters * (1 - rate * weight_decay)
    return adam_step(decayed, gradient, moments, rate, mean_decay, square_decay, epsilon)
""",
        # All written out, without the exercise before.
        """
def adamw_step(parameters, gradient, moments, rate=0.001, weight_decay=0.01, mean_decay=0.9, square_decay=0.999,
               epsilon=1e-8):
    m = mean_decay * moments[0] + (1 - mean_decay) * gradient
    v = square_decay * moments[1] + (1 - square_decay) * gradient**2
    t = moments[2] + 1
    direction = m / (1 - mean_decay**t) / (np.sqrt(v / (1 - square_decay**t)) + epsilon)
    return parameters - rate * (direction + weight_decay * parameters), (m, v, t)
""",
        # Element by element, in single precision.
        """
def adamw_step(parameters, gradient, moments, rate=0.001, weight_decay=0.01, mean_decay=0.9, square_decay=0.999,
               epsilon=1e-8):
    change, moments = adam_step(np.zeros_like(parameters), gradient, moments, rate, mean_decay, square_decay, epsilon)
    new = np.empty(parameters.shape, np.float32)
    for i in np.ndindex(parameters.shape):
        new[i] = parameters[i] + change[i] - rate * weight_decay * parameters[i]
    return new, moments
""",
    ),
    "inverse_time_decay": (
        """
def inverse_time_decay(rate, epoch, decay):
    denominator = 1.0
    for _ in range(epoch):
        denominator += decay
    return rate / denominator
""",
        """
def inverse_time_decay(rate, epoch, decay):
    return (1 / rate + decay * epoch / rate) ** -1
""",
        """
def inverse_time_decay(rate, epoch, decay):
    return np.float32(rate) * np.reciprocal(np.float32(1 + decay * epoch))
""",
    ),
    "step_decay": (
        """
def step_decay(rate, epoch, factor, every):
    while epoch >= every:
        rate *= factor
        epoch -= every
    return rate
""",
        """
def step_decay(rate, epoch, factor, every):
    return rate * math.pow(factor, math.floor(epoch / every))
""",
        """
def step_decay(rate, epoch, factor, every):
    return np.float32(rate) * np.power(np.float32(factor), np.floor_divide(epoch, every), dtype=np.float32)
""",
        """
def step_decay(rate, epoch, factor, every):
    drops = sum(1 for t in range(1, epoch + 1) if t % every == 0)
    return np.exp(np.log(rate) + drops * np.log(factor))
""",
    ),
    "exponential_decay": (
        """
def exponential_decay(rate, epoch, factor):
    for _ in range(epoch):
        rate = rate * factor
    return rate
""",
        """
def exponential_decay(rate, epoch, factor):
    return rate * math.exp(epoch * math.log(factor))
""",
        """
def exponential_decay(rate, epoch, factor):
    return np.float32(rate) * np.prod(np.full(epoch, factor, dtype=np.float32))
""",
    ),
    "cosine_decay": (
        # A squared cosine of half the angle.
        """
def cosine_decay(rate, epoch, epochs, minimum=0.0):
    return minimum + (rate - minimum) * math.cos(math.pi * epoch / (2 * epochs)) ** 2
""",
        """
def cosine_decay(rate, epoch, epochs, minimum=0.0):
    share = (1 + np.cos(np.pi * epoch / epochs)) / 2
    return np.interp(share, [0, 1], [minimum, rate])
""",
        """
def cosine_decay(rate, epoch, epochs, minimum=0.0):
    share = np.float32(0.5) * (1 + np.cos(np.float32(np.pi) * np.float32(epoch) / np.float32(epochs)))
    return np.float32(rate) * share + np.float32(minimum) * (1 - share)
""",
        # The sum of what each epoch takes off.
        """
def cosine_decay(rate, epoch, epochs, minimum=0.0):
    fall = rate - minimum
    for t in range(epoch):
        now, then = math.cos(math.pi * t / epochs), math.cos(math.pi * (t + 1) / epochs)
        rate -= 0.5 * fall * (now - then)
    return rate
""",
    ),
}
