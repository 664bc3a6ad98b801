"""Right answers to chapter 1 that are written differently from the references: loops, other calls, other algebra."""

ACCEPTED: dict[str, tuple[str, ...]] = {
    "sigmoid": (
        # The textbook's line: it warns of an overflow, and its result is right all the same.
        """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
""",
        """
def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))
""",
        """
def sigmoid(z):
    return (1 / (1 + np.exp(-np.clip(z, -700, 700)))).astype(np.float32)
""",
        """
def one(value):
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))

def sigmoid(z):
    return np.array([one(value) for value in z.ravel()]).reshape(z.shape)
""",
    ),
    "sigmoid_derivative": (
        """
def sigmoid_derivative(z):
    return sigmoid(z) * sigmoid(-z)
""",
        """
def sigmoid_derivative(z):
    return np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))) ** 2
""",
        """
def sigmoid_derivative(z):
    return 1 / (4 * np.cosh(z / 2) ** 2)
""",
    ),
    "squared_error": (
        """
def squared_error(outputs, targets):
    total = 0.0
    for a, y in zip(outputs.ravel(), targets.ravel()):
        total += (a - y) ** 2
    return total / 2 / outputs.shape[0]
""",
        """
def squared_error(outputs, targets):
    return 0.5 * np.linalg.norm(targets - outputs) ** 2 / len(targets)
""",
        """
def squared_error(outputs, targets):
    difference = (outputs - targets).astype(np.float32)
    return 0.5 * np.mean(np.sum((difference**2).reshape(len(outputs), -1), axis=1))
""",
    ),
    "binary_cross_entropy": (
        """
def binary_cross_entropy(logits, labels):
    return np.sum(np.logaddexp(0, logits) - labels * logits) / len(logits)
""",
        """
def binary_cross_entropy(logits, labels):
    total = 0.0
    for z, y in zip(logits.flatten(), labels.flatten()):
        signed = z if y == 1 else -z
        total += math.log1p(math.exp(-signed)) if signed > 0 else -signed + math.log1p(math.exp(signed))
    return total / logits.shape[0]
""",
        """
def binary_cross_entropy(logits, labels):
    losses = labels * np.logaddexp(0, -logits) + (1 - labels) * np.logaddexp(0, logits)
    return losses.reshape(len(logits), -1).sum(axis=1).mean()
""",
    ),
    "softmax_cross_entropy": (
        """
def softmax_cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    one_hot = np.eye(logits.shape[1])[labels]
    return -(one_hot * log_p).sum() / len(labels)
""",
        """
def softmax_cross_entropy(logits, labels):
    return np.mean(np.logaddexp.reduce(logits, axis=1) - np.take_along_axis(logits, labels[:, None], axis=1)[:, 0])
""",
        """
def softmax_cross_entropy(logits, labels):
    losses = []
    for z, y in zip(logits, labels):
        losses.append(math.log(sum(math.exp(v - max(z)) for v in z)) + max(z) - z[y])
    return sum(losses) / len(losses)
""",
        """
def softmax_cross_entropy(logits, labels):
    from scipy.special import log_softmax
    return -log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean()
""",
    ),
    "logistic_forward": (
        """
def logistic_forward(inputs, weights, bias):
    return np.array([sigmoid(np.dot(x, weights) + bias) for x in inputs])
""",
        """
def logistic_forward(inputs, weights, bias):
    return 1 / (1 + np.exp(-(np.sum(inputs * weights, axis=1) + bias)))
""",
        """
def logistic_forward(inputs, weights, bias):
    return sigmoid(inputs.astype(np.float32) @ weights.astype(np.float32) + np.float32(bias))
""",
    ),
    "logistic_gradients": (
        """
def logistic_gradients(inputs, weights, bias, labels):
    grad_w, grad_b = np.zeros(len(weights)), 0.0
    for x, y in zip(inputs, labels):
        error = sigmoid(x @ weights + bias) - y
        grad_w += error * x
        grad_b += error
    return grad_w / len(labels), grad_b / len(labels)
""",
        """
def logistic_gradients(inputs, weights, bias, labels):
    error = logistic_forward(inputs, weights, bias) - labels
    return np.mean(error[:, None] * inputs, axis=0), np.mean(error)
""",
        """
def logistic_gradients(inputs, weights, bias, labels):
    a = sigmoid(np.einsum("mn,n->m", inputs, weights) + bias)
    slopes = -labels / a + (1 - labels) / (1 - a)
    delta = slopes * a * (1 - a) / a.size
    return [delta @ inputs, delta.sum()]
""",
    ),
    "gradient_descent_step": (
        """
def gradient_descent_step(parameters, gradients, rate):
    result = []
    for i in range(len(parameters)):
        result.append(parameters[i] + -rate * gradients[i])
    return result
""",
        """
def gradient_descent_step(parameters, gradients, rate):
    return tuple(np.subtract(p, np.multiply(rate, g)).astype(np.float32) for p, g in zip(parameters, gradients))
""",
    ),
    "forward": (
        """
def forward(inputs, weights, biases):
    zs, activations = [], [inputs]
    a = inputs.T
    for w, b in zip(weights, biases):
        z = w @ a + b[:, np.newaxis]
        a = sigmoid(z)
        zs.append(z.T)
        activations.append(a.T)
    return zs, activations
""",
        """
def forward(inputs, weights, biases):
    a = inputs
    zs, activations = (), (a,)
    for l in range(len(weights)):
        z = np.array([[x @ row + shift for row, shift in zip(weights[l], biases[l])] for x in a])
        a = 1 / (1 + np.exp(-z))
        zs, activations = zs + (z,), activations + (a,)
    return zs, activations
""",
        """
def forward(inputs, weights, biases):
    zs, activations = [], [inputs.astype(np.float32)]
    for w, b in zip(weights, biases):
        zs.append(np.einsum("mi,oi->mo", activations[-1], w.astype(np.float32)) + b.astype(np.float32))
        activations.append(sigmoid(zs[-1]))
    return zs, activations
""",
    ),
    "output_delta": (
        """
def output_delta(pre_activations, targets, loss):
    m, k = targets.shape
    delta = np.zeros((m, k))
    for i in range(m):
        z, y = pre_activations[i], targets[i]
        if loss == "softmax_cross_entropy":
            e = np.exp(z - np.max(z))
            delta[i] = (e / e.sum() - y) / m
        else:
            a = sigmoid(z)
            delta[i] = (a - y) / m
            if loss == "squared_error":
                delta[i] *= a * (1 - a)
    return delta
""",
        """
def output_delta(pre_activations, targets, loss):
    from scipy.special import expit, softmax
    outputs = softmax(pre_activations, axis=1) if loss.startswith("softmax") else expit(pre_activations)
    slope = {"squared_error": outputs - outputs**2}.get(loss, 1)
    return slope * (outputs - targets) / targets.shape[0]
""",
        """
def output_delta(pre_activations, targets, loss):
    z = pre_activations.astype(np.float32)
    if loss == "squared_error":
        return (sigmoid(z) - targets.astype(np.float32)) * sigmoid_derivative(z) / np.float32(len(z))
    if loss == "binary_cross_entropy":
        return (sigmoid(z) - targets) / len(z)
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    return (np.exp(log_p) - targets) / len(z)
""",
    ),
    "hidden_delta": (
        """
def hidden_delta(delta, weights, pre_activations):
    result = np.zeros(pre_activations.shape)
    for i in range(len(delta)):
        for unit in range(weights.shape[1]):
            for j in range(weights.shape[0]):
                result[i, unit] += delta[i, j] * weights[j, unit]
            result[i, unit] *= sigmoid_derivative(pre_activations[i, unit])
    return result
""",
        """
def hidden_delta(delta, weights, pre_activations):
    a = sigmoid(pre_activations)
    return np.einsum("mk,kn,mn->mn", delta, weights, a * (1 - a))
""",
        """
def hidden_delta(delta, weights, pre_activations):
    return (weights.T @ delta.T).T * (1 / (2 + 2 * np.cosh(pre_activations)))
""",
    ),
    "weight_gradients": (
        """
def weight_gradients(delta, activations):
    grad_w = np.zeros((delta.shape[1], activations.shape[1]))
    grad_b = np.zeros(delta.shape[1])
    for d, a in zip(delta, activations):
        grad_w += np.outer(d, a)
        grad_b += d
    return grad_w, grad_b
""",
        """
def weight_gradients(delta, activations):
    return [np.tensordot(delta, activations, axes=(0, 0)), np.ones(len(delta)) @ delta]
""",
        """
def weight_gradients(delta, activations):
    d, a = np.float32(delta), np.float32(activations)
    return np.einsum("mo,mi->oi", d, a), d.sum(0)
""",
    ),
    "backward": (
        # Everything by itself, in a while loop.
        """
def backward(pre_activations, activations, weights, targets, loss):
    delta = output_delta(pre_activations[-1], targets, loss)
    grad_w = [None] * len(weights)
    grad_b = [None] * len(weights)
    l = len(weights) - 1
    while l >= 0:
        grad_w[l] = delta.T.dot(activations[l])
        grad_b[l] = delta.sum(axis=0)
        if l > 0:
            a = activations[l]
            delta = delta.dot(weights[l]) * a * (1 - a)
        l -= 1
    return grad_w, grad_b
""",
        # All deltas first, by recursion, then all gradients.
        """
def deltas(pre_activations, weights, last):
    if not weights:
        return [last]
    return deltas(pre_activations[:-1], weights[:-1], hidden_delta(last, weights[-1], pre_activations[-1])) + [last]

def backward(pre_activations, activations, weights, targets, loss):
    all_deltas = deltas(pre_activations[:-1], weights[1:], output_delta(pre_activations[-1], targets, loss))
    pairs = [weight_gradients(d, a) for d, a in zip(all_deltas, activations)]
    return tuple(zip(*pairs))
""",
        # One example at a time.
        """
def backward(pre_activations, activations, weights, targets, loss):
    m = len(targets)
    grad_w = [np.zeros(w.shape) for w in weights]
    grad_b = [np.zeros(len(w)) for w in weights]
    for i in range(m):
        delta = output_delta(pre_activations[-1][i : i + 1], targets[i : i + 1], loss)[0] / m
        for l in range(len(weights))[::-1]:
            grad_w[l] += np.outer(delta, activations[l][i])
            grad_b[l] += delta
            if l:
                delta = weights[l].T @ delta * sigmoid_derivative(pre_activations[l - 1][i])
    return grad_w, grad_b
""",
        # By torch's autograd.
        """
def backward(pre_activations, activations, weights, targets, loss):
    import torch
    delta = torch.tensor(output_delta(pre_activations[-1], targets, loss))
    a = torch.tensor(activations[0])
    ws = [torch.tensor(w, requires_grad=True) for w in weights]
    # the biases are not among the arguments: they are what z lacks
    bs = []
    for w, z, before in zip(weights, pre_activations, activations):
        bs.append(torch.tensor((z - before @ w.T)[0], requires_grad=True))
    for w, b in zip(ws, bs):
        z = a @ w.T + b
        a = torch.sigmoid(z)
    (z * delta).sum().backward()
    return [w.grad.numpy() for w in ws], [b.grad.numpy() for b in bs]
""",
    ),
    "numerical_gradient": (
        """
def numerical_gradient(function, parameters, step=1e-5):
    flat = parameters.ravel()
    gradient = []
    for i in range(flat.size):
        move = np.zeros(flat.size)
        move[i] = step
        move = move.reshape(parameters.shape)
        gradient.append((function(parameters + move) - function(parameters - move)) / (2 * step))
    return np.array(gradient).reshape(parameters.shape)
""",
        # In place, and put back.
        """
def numerical_gradient(function, parameters, step=1e-5):
    theta = parameters.copy()
    gradient = np.empty_like(theta)
    iterator = np.nditer(theta, flags=["multi_index"])
    for _ in iterator:
        i = iterator.multi_index
        kept = theta[i]
        theta[i] = kept + step
        above = function(theta)
        theta[i] = kept - step
        below = function(theta)
        theta[i] = kept
        gradient[i] = 0.5 * (above - below) / step
    return gradient
""",
    ),
    "gradient_check": (
        """
def gradient_check(function, parameters, gradient, step=1e-5):
    numeric = numerical_gradient(function, parameters, step)
    distance = math.sqrt(((gradient - numeric) ** 2).sum())
    scale = math.sqrt((gradient**2).sum()) + math.sqrt((numeric**2).sum())
    if scale == 0:
        return 0
    return distance / scale
""",
        """
def gradient_check(function, parameters, gradient, step=1e-5):
    g, n = gradient.ravel(), numerical_gradient(function, parameters, step).ravel()
    return np.linalg.norm(g - n) / max(np.linalg.norm(g) + np.linalg.norm(n), 1e-300)
""",
    ),
    "topological_sort": (
        # Kahn's algorithm: whoever waits for nobody comes next.
        """
def topological_sort(node):
    reachable, frontier = [node], [node]
    while frontier:
        for parent in frontier.pop().parents:
            if parent not in set(reachable[-1:]) and not hasattr(parent, "children"):
                parent.children = []
                reachable.append(parent)
                frontier.append(parent)
    node.children = []
    for current in reachable:
        for parent in current.parents:
            parent.children.append(current)
        current.waiting = len(current.parents)
    ready = [current for current in reachable if current.waiting == 0]
    order = []
    while ready:
        current = ready.pop()
        order.append(current)
        for child in current.children:
            child.waiting -= 1
            if child.waiting == 0:
                ready.append(child)
    return order
""",
        # Depth first with iterators on a stack, parents in their own order.
        """
def topological_sort(node):
    order, seen = [], {id(node)}
    stack = [(node, iter(node.parents))]
    while stack:
        current, waiting = stack[-1]
        for parent in waiting:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent.parents)))
                break
        else:
            order.append(current)
            stack.pop()
    return tuple(order)
""",
        # Recursion with the limit raised.
        """
import sys

def topological_sort(node):
    order, seen = [], set()

    def visit(current):
        if current not in seen:
            seen.add(current)
            for parent in current.parents:
                visit(parent)
            order.append(current)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        visit(node)
    finally:
        sys.setrecursionlimit(limit)
    return order
""",
    ),
    "Value": (
        # Closures in place of stored local gradients, everything rewritten.
        """
class Value:
    def __init__(self, data, parents=(), local_gradients=(), operation=""):
        self.data = float(data)
        self.gradient = 0.0
        self.parents = parents
        self.operation = operation
        self.give_back = lambda: None

    @staticmethod
    def of(number):
        return number if isinstance(number, Value) else Value(number)

    def __add__(self, other):
        other = Value.of(other)
        out = Value(self.data + other.data, (self, other))
        def give_back():
            self.gradient += out.gradient
            other.gradient += out.gradient
        out.give_back = give_back
        return out

    def __mul__(self, other):
        other = Value.of(other)
        out = Value(self.data * other.data, (self, other))
        def give_back():
            self.gradient += other.data * out.gradient
            other.gradient += self.data * out.gradient
        out.give_back = give_back
        return out

    def unary(self, data, slope):
        out = Value(data, (self,))
        def give_back():
            self.gradient += slope * out.gradient
        out.give_back = give_back
        return out

    def __pow__(self, exponent):
        slope = 0 if exponent == 0 else exponent * self.data ** (exponent - 1)
        return self.unary(self.data**exponent, slope)

    def tanh(self):
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        return self.unary(t, 1 - t * t)

    def exp(self):
        return self.unary(math.e**self.data, math.e**self.data)

    def relu(self):
        return self.unary(self.data if self.data > 0 else 0, float(self.data > 0))

    def backward(self):
        order = topological_sort(self)
        for node in order:
            node.gradient = 0
        self.gradient = 1
        for node in order[::-1]:
            node.give_back()

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * Value.of(other) ** -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1 * other
""",
        # Gradients gathered in a dictionary; NumPy scalars; parents not kept where they are numbers.
        """
class Value:
    def __init__(self, data, parents=(), local_gradients=(), operation=""):
        self.data, self.gradient = np.float64(data), np.float64(0)
        self.parents, self.local_gradients, self.operation = parents, local_gradients, operation

    @staticmethod
    def of(number):
        return number if isinstance(number, Value) else Value(number)

    def __add__(self, other):
        if not isinstance(other, Value):
            return Value(self.data + other, (self,), (1,))
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        if not isinstance(other, Value):
            return Value(self.data * other, (self,), (other,))
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent):
        slope = exponent * np.power(self.data, exponent - 1.0) if exponent else 0.0
        return Value(self.data ** exponent, (self,), (slope,))

    def tanh(self):
        return Value(np.tanh(self.data), (self,), (1 / np.cosh(self.data) ** 2,))

    def exp(self):
        return Value(np.exp(self.data), (self,), (np.exp(self.data),))

    def relu(self):
        return Value(np.maximum(self.data, 0), (self,), (np.heaviside(self.data, 0),))

    def backward(self):
        shares = {self: 1.0}
        for node in reversed(topological_sort(self)):
            node.gradient = shares[node]
            for parent, slope in zip(node.parents, node.local_gradients):
                shares[parent] = shares.get(parent, 0.0) + slope * shares[node]

    __neg__ = lambda self: self * -1.0
    __sub__ = lambda self, other: self + -other
    __truediv__ = lambda self, other: self * Value.of(other) ** -1
    __radd__ = lambda self, other: self + other
    __rmul__ = lambda self, other: self * other
    __rsub__ = lambda self, other: -self + other
    __rtruediv__ = lambda self, other: self**-1 * other
""",
    ),
}
