# %% [markdown]
# # 1 · Backpropagation
#
# A network with a few thousand numbers in it looks at a picture of 64 pixels and says which digit it shows. At first
# it says the same of every picture and is right one time in ten, as by guessing. After forty passes over fourteen
# hundred pictures it is right more than 97 times in a hundred. Nobody tells it what a seven looks like. This chapter
# is about what happens in between, and you write all of it.
#
# **You will be able to**
#
# - compute what a neuron, a layer and a network answer, for many examples at once;
# - choose a loss for a task and say how it differs from a cost;
# - derive and program the gradient of every weight, by hand on a small net and in NumPy on any;
# - prove a gradient right, or find the bug in it, without knowing what it should be;
# - train a network on real handwriting;
# - build an engine that differentiates any formula, as PyTorch does.
#
# **You need** Python, NumPy arrays, matrix products; derivatives, partial derivatives $\partial f/\partial x$ and the
# chain rule; and what $P(y=1\mid x)$ says: the probability that $y$ is 1 once $x$ is known.
#
# **It takes** about four hours with all exercises. The computer needs half a minute, without a GPU or a network.
# Symbols are explained where they first stand; `docs/notation.md` of the repository lists them for all chapters.

# %% role="setup"

# %% [markdown]
# The setup cell gives you five tools. `check(name)` judges an answer and says what is wrong with it, `hint(name)`
# gives one hint at a time, `quiz` and `reveal` belong to questions. `yours(name)` is your function once it passes its
# check and the course's own until then. So every figure below works from the start, and it becomes yours bit by bit.

# %%
from dl_helpers.datasets import digits
from dl_helpers.plots import backprop as plots
from dl_helpers.plotting import show, use_course_style

use_course_style()
data = digits(seed=0)
show(
    plots.opening(data, np.random.default_rng(0)),
    alt="Ten handwritten digits from 0 to 9. Before training the network spreads its probability over all classes, in "
    "much the same way for every digit, and says 0 ten times; after training nearly all probability stands on the "
    "right class of each.",
)

# %% [markdown]
# Each column is a digit that the network never saw in training. A bar is the probability of one class, the green bar
# is the right one, and the number below is what the network answers. Untrained, it answers 0 whatever it sees: no bar
# stands out, and the accident of its first weights puts class 0 a little ahead.
#
# ## Why now
#
# The idea is old. Rosenblatt's perceptron learned from examples in 1958. Minsky and Papert proved in 1969 what a
# single layer of it cannot do. Rumelhart, Hinton and Williams showed in 1986 how to train several layers: by the
# algorithm of this chapter. Convolutional networks read handwritten zip codes in 1989 and checks in the nineties, and
# networks with a long memory (LSTM) came in 1997. But nets stayed small, and most of the field turned to other
# methods, until in 2012 a deep network trained on 1.2 million photographs with two graphics cards won the ImageNet
# competition by a wide margin.
#
# **Deep learning** is the part of machine learning that uses neural networks with many layers. Three things made it
# work:
#
# | what changed | before | now |
# |---|---|---|
# | **data** | people invent features, a simple model weighs them | a universal learner finds its own features |
# | **compute** | a few fast cores | GPUs: thousands of simple cores, thousands of threads, made for matrix products |
# | **mathematics** | deep nets fail to train, or overfit | better activations, starts, optimizers; regularization |
#
# Why *deep*? A deep net often needs fewer units per layer and fewer parameters than a shallow one for the same
# function, and often generalizes better. It is also harder to optimize. Chapter 3 is about that price.

# %% quiz="why_now"

# %% [markdown]
# ## One neuron
#
# Start with a question that has two answers: *is this a 3, or not?* Cat or not cat, spam or not spam are of the same
# kind: **binary classification**.
#
# A picture enters as a list of numbers. An RGB picture of 64 × 64 pixels is $64\cdot64\cdot3 = 12288$ numbers; ours
# has 8 × 8 gray pixels, so $x\in\mathbb R^{64}$. *Flattening* lays the rows of the picture end to end. The neuron
# gives every pixel a **weight** $w_j$ (positive: speaks for a 3, negative: against), adds up, and adds a **bias** $b$
# that holds what it believes before it looks:
#
# $$z = x\cdot w + b = \sum_{j=1}^{n} x_j w_j + b$$
#
# $x$ and $w$ have the shape $(n,)$; $z$, the **pre-activation** or **logit**, is one number between $-\infty$ and
# $\infty$. A probability must lie between 0 and 1. The **logistic function** (also *sigmoid*) bends one into the
# other:
#
# $$\sigma(z)=\frac{1}{1+e^{-z}}, \qquad \hat y = \sigma(z) = P(y=1\mid x)$$
#
# **By hand.** $x=(1,2)$, $w=(0.5,-0.25)$, $b=0.1$ give $z = 0.5-0.5+0.1 = 0.1$ and
# $\hat y=1/(1+e^{-0.1}) = 0.524979$: slightly more yes than no.
#
# On paper, multiply above and below by $e^z$: $\sigma(z) = e^z/(1+e^z)$ is the same function. And on a computer?

# %%
with np.errstate(over="ignore", invalid="ignore"):
    for z in (1.0, 1000.0, -1000.0):
        first, second = 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z))
        print(f"z = {z:6.0f}:  1 / (1 + e^-z) = {first:.6f}   e^z / (1 + e^z) = {second:.6f}")

# %% [markdown]
# $e^{1000}$ is too large for a float and becomes infinite: it **overflows**. In the second form infinity is divided
# by infinity, which is not a number (`nan`). The first form overflows too, at $z=-1000$, and gets away with it: 1
# divided by infinity is the right 0. NumPy warns all the same (this cell has silenced it), and you would have to
# remember that this one warning means no harm. Each form is clean on one side, where its exponent is negative. Write
# a sigmoid that is right everywhere; the cleanest takes $e$ to no positive power, and nobody is warned of anything.

# %% exercise="sigmoid"

# %% [markdown]
# How fast does $\sigma$ change? Differentiate $1/(1+e^{-z})$ with the chain rule:
#
# $$\sigma'(z)=\frac{e^{-z}}{(1+e^{-z})^2}=\sigma(z)\,\bigl(1-\sigma(z)\bigr)$$
#
# **By hand.** At $z=0$: $\sigma=\tfrac12$, so $\sigma'=\tfrac12\cdot\tfrac12=\tfrac14$, the largest value that it
# takes. At $z=0.1$: $0.524979\cdot0.475021 = 0.249376$.
#
# > **Careful.** The derivative is taken at $z$. Some texts write $f'(a)$ where they mean $f'(z)$. If $a=\sigma(z)$ is
# > known, $\sigma'(z)=a(1-a)$ saves an exponential; but $\sigma'(a)$, the sigmoid's derivative at the number $a$, is
# > something else. The slip gives numbers that look right. You will meet it again as a culprit.

# %% exercise="sigmoid_derivative"

# %%
show(
    plots.sigmoid_and_slope(yours(sigmoid), yours(sigmoid_derivative)),
    alt="Left: the sigmoid rises from 0 to 1 and passes one half at z = 0. Right: its slope is one quarter at z = 0 "
    "and almost nothing beyond 5 on either side.",
)

# %% [markdown]
# The right panel shows trouble ahead: beyond $|z|=5$ the neuron is nearly deaf to changes of its weights. It
# **saturates**. Keep that in mind.
#
# ## All examples at once
#
# One example is a row of $n$ numbers. Stack $m$ of them, a **batch**, and you have the matrix $X$ of shape $(m, n)$.
# One product with $w$ of shape $(n,)$ gives all logits, $z = Xw+b$ of shape $(m,)$, and $\sigma$ acts on every entry:
#
# $$\hat y=\sigma(Xw+b)$$
#
# > **Careful.** Half of the literature puts examples in *columns*: $X$ of shape $(n,m)$, $z=w^{\mathsf T}X+b$.
# > Neither is wrong. This course, like PyTorch and scikit-learn, keeps examples in rows. Before you copy a formula,
# > find out which one it means.

# %% exercise="logistic_forward"

# %% [markdown]
# Is it worth the trouble to think in matrices? Below, the same neuron answers for all training pictures twice: with
# two Python loops, and with your function.

# %%
import time

w = np.random.default_rng(1).normal(size=64)


def with_loops(inputs, weights, bias):
    answers = []
    for row in inputs:
        z = bias
        for pixel, weight in zip(row, weights, strict=True):
            z += pixel * weight
        answers.append(1 / (1 + math.exp(-z)))
    return np.array(answers)


vectorized = yours(logistic_forward)
vectorized(data.train_inputs, w, 0.1)  # the first call of anything is slow
start = time.perf_counter()
slow = with_loops(data.train_inputs, w, 0.1)
middle = time.perf_counter()
for _ in range(20):
    fast = vectorized(data.train_inputs, w, 0.1)
end = time.perf_counter()

loop_seconds, vector_seconds = middle - start, (end - middle) / 20
print(f"{len(slow)} pictures of {len(w)} pixels, largest difference of the answers {np.abs(slow - fast).max():.0e}")
print(f"two loops      {1000 * loop_seconds:9.3f} ms")
print(f"matrix product {1000 * vector_seconds:9.3f} ms   {loop_seconds / vector_seconds:.0f} times as fast")

# %% [markdown]
# The numbers agree to the last bits, and the time does not. A matrix product is one call into compiled code that uses
# all that the processor has; a GPU widens the gap further. Write no loop over examples in this course.
#
# The neuron answers, fast. By what number do you tell it that it is wrong?
#
# ## How wrong?
#
# A **loss** $E(\hat y, y)$ measures how wrong one answer is ($E$ for error; many texts write $L$, which is kept here
# for the number of layers). The **cost** $J$ is the mean of the losses over the $m$
# examples; it is what training makes small:
#
# $$J = \frac1m\sum_{i=1}^{m} E\bigl(\hat y^{(i)}, y^{(i)}\bigr)$$
#
# $x^{(i)}, y^{(i)}$ is the $i$-th example. Many texts say "loss" for both; this course keeps the two words apart. The
# first loss that comes to mind is half the **squared error**, $E=\tfrac12(\hat y-y)^2$. The $\tfrac12$ cancels the 2
# of the derivative. With several outputs per example, an example's losses are added, and only the mean over
# *examples* is taken:
#
# $$J=\frac{1}{2m}\sum_{i=1}^{m}\sum_{j=1}^{k}\bigl(a_{ij}-y_{ij}\bigr)^2$$
#
# $a$ (outputs) and $y$ (targets) have the shape $(m,k)$: **one row per example**.
#
# **By hand.** Two examples with one output, $a=(0.9, 0.2)$, $y=(1,0)$: losses $\tfrac12\cdot0.01=0.005$ and
# $\tfrac12\cdot0.04=0.02$, cost $(0.005+0.02)/2=0.0125$.

# %% exercise="squared_error"

# %% [markdown]
# Squared error is right for **regression**, where $y$ is any number. For a probability it fails, and the failure is
# instructive. Let the right answer be 1 and the neuron be sure of the opposite, $z=-8$, $\hat y=0.000335$. The loss
# is $\tfrac12(\hat y-1)^2=0.499665$, close to the most it can ever be. To learn, the neuron follows the slope of the
# loss in $z$:
#
# $$\frac{\partial E}{\partial z}=(\hat y-y)\,\sigma'(z) = -0.999665\cdot 0.000335 = -0.000335$$
#
# The neuron could not be more wrong, and is told to move by three ten-thousandths. $\sigma'$ silences the message. We
# want a loss whose slope does not contain $\sigma'$. The **binary cross-entropy** charges the logarithm of the
# probability that was given to the truth:
#
# $$E=-\bigl[y\log \hat y+(1-y)\log(1-\hat y)\bigr]$$
#
# Its derivative in $\hat y$ is $(\hat y-y)/(\hat y(1-\hat y))$. Times $\sigma'(z)=\hat y(1-\hat y)$, everything
# cancels but
#
# $$\frac{\partial E}{\partial z}=\hat y-y$$
#
# At $z=-8$ that is $-0.999665$: three thousand times the pull.

# %%
show(
    plots.squared_error_saturates(yours(sigmoid), yours(sigmoid_derivative)),
    alt="For a right answer of 1: at logit −8 the squared error is flat at one half and its slope is zero, while "
    "cross-entropy costs 8 and its slope is −1.",
)

# %% [markdown]
# > **Careful.** Lecture notes often train a sigmoid with the squared error. It works on tame data; but even for one
# > neuron the cost then has plateaus and may have more than one valley, and confident mistakes do not teach. For
# > probabilities use cross-entropy.
#
# | task | output | loss of one example |
# |---|---|---|
# | regression: a number | $z$ itself | squared error |
# | binary: yes or no | $\sigma(z)$ | binary cross-entropy |
# | multi-class: one of $k$ | $\operatorname{softmax}(z)$ | cross-entropy |
#
# On a computer, $\log\hat y$ fails where $\hat y$ rounds to 0. So compute the loss from the logit, without $\hat y$.
# Put $\sigma$ into the loss, use $1-\sigma(z)=\sigma(-z)$, and collect:
#
# $$E=\log(1+e^{z})-y\,z=\max(z,0)+\log\bigl(1+e^{-|z|}\bigr)-y\,z$$
#
# The first form overflows for large $z$. The second is the same number and takes $e$ to no positive power.
# `np.log1p(t)` is $\log(1+t)$, exact also for tiny $t$.
#
# **By hand.** $\hat y=(0.9, 0.2)$, $y=(1,0)$: losses $-\log0.9=0.105361$ and $-\log0.8=0.223144$, cost $0.164252$.
# The confident mistake $z=-8$, $y=1$ costs $0+0.000335+8=8.000335$. (With the natural logarithm the unit of these
# numbers is called the *nat*, as the *bit* goes with the logarithm to base 2.)

# %% exercise="binary_cross_entropy"

# %% quiz="loss_or_cost"

# %% [markdown]
# ## Downhill
#
# The neuron answers, the cost says how badly. Which way to turn each weight? Ask of each: *if it grew a little, by
# how much would the cost grow?* That is the derivative $\partial J/\partial w_j$, and all of them together are the
# **gradient**. With $\partial E/\partial z=\hat y-y$ from above, write $\delta^{(i)}=(\hat y^{(i)}-y^{(i)})/m$ for
# $\partial J/\partial z^{(i)}$. Each $w_j$ enters every $z^{(i)}$ with the factor $x^{(i)}_j$, and $b$ with the
# factor 1. So
#
# $$\delta=\frac{\hat y-y}{m},\qquad \frac{\partial J}{\partial w}=X^{\mathsf T}\delta,\qquad
# \frac{\partial J}{\partial b}=\sum_{i=1}^m\delta^{(i)}$$
#
# with shapes $(m,)$, $(n,)$ and a number. Check the shapes: $X^{\mathsf T}$ is $(n,m)$, $\delta$ is $(m,)$.
#
# **By hand.** One example, $x=(1,2)$, $y=1$, the neuron of before with $\hat y=0.524979$: $\delta=-0.475021$,
# $\partial J/\partial w=(-0.475021, -0.950042)$, $\partial J/\partial b=-0.475021$. All negative: to lower the cost,
# all three must grow.

# %% exercise="logistic_gradients"

# %% [markdown]
# The gradient points uphill. **Gradient descent** goes the other way:
#
# $$w\leftarrow w-\alpha\,\frac{\partial J}{\partial w},\qquad b\leftarrow b-\alpha\,\frac{\partial J}{\partial b}$$
#
# $\alpha>0$ is the **learning rate**. (Some notes write $d(w)/dw$ for the derivative here; they mean
# $\partial J/\partial w$. Code often calls it `dw`.)
#
# **By hand.** With $\alpha=1$: $w=(0.5+0.475021, -0.25+0.950042)=(0.975021, 0.700042)$, $b=0.575021$. Now
# $z=0.975021+1.400083+0.575021=2.950125$ and $\hat y=0.950269$: from 52 % to 95 % sure in one step.

# %% exercise="gradient_descent_step"

# %% [markdown]
# You have a learner. Let it look at 1437 pictures and find out what a 3 is. Three learning rates: 0.01, 3 and 100.

# %%
is_three = (data.train_labels == 3).astype(float)
is_three_test = data.test_labels == 3

answer, gradients = yours(logistic_forward), yours(logistic_gradients)
step, cost = yours(gradient_descent_step), yours(binary_cross_entropy)
costs, detectors = {}, {}
for rate in (0.01, 3, 100):
    w, b = np.zeros(64), np.zeros(1)
    costs[rate] = []
    for _ in range(200):
        costs[rate].append(cost(data.train_inputs @ w + b[0], is_three))
        slope_w, slope_b = gradients(data.train_inputs, w, b[0], is_three)
        w, b = step([w, b], [slope_w, np.array([slope_b])], rate)
    detectors[rate] = w
    right = np.mean((answer(data.test_inputs, w, b[0]) > 0.5) == is_three_test)
    print(f"rate {rate:6g}: highest cost {max(costs[rate]):6.3f}, last cost {costs[rate][-1]:.3f}, test {right:.1%}")
show(
    plots.learning_rates(costs),
    alt="Cost over 200 steps for three learning rates. At 0.01 it sinks slowly to 0.30. At 3 it leaps from 0.69 to 1.3 "
    "and then sinks fast, with a few bumps, to 0.05. At 100 it leaps to 44, falls within ten steps and soon swings up "
    "and down, between about 0.1 and 0.3, to the end.",
)

# %% [markdown]
# A small rate is safe and slow: after 200 steps it calls nothing a 3, and since nine digits in ten are no 3, its
# accuracy of 89.7 % is worth nothing. A large rate steps over the valley and lands higher on the other side. Even
# rate 3 does so once, from 0.693 to 1.315, and then gets down to business. Rate 100 lands sixty times as high, at
# 43.8. It comes back, because the valley of one neuron is a simple one, and ends at 0.143 with 97.2 %: better than
# the rate that is too small, worse than rate 3, and still swinging. A network will not be so forgiving. There is no
# formula for the right rate; you try powers of ten, or you read chapter 2.
#
# What has the neuron learned? It has one weight per pixel, so its weights are a picture.

# %%
show(
    plots.weights_as_image(detectors[3], "What speaks for a 3"),
    alt="The 64 weights as a picture: blue where ink speaks for a 3, at the top, along the middle and at the "
    "lower right; vermillion where it speaks against, above all at the left where a 3 is open.",
)

# %% [markdown]
# Blue pixels speak for a 3, vermillion ones against: ink at the left, where a 3 is open, speaks for another digit, a
# 0 or an 8.
#
# ## What one neuron cannot do
#
# A neuron draws one straight line: $z=0$ is a line in the plane, a plane in space. Minsky and Papert's example has
# the two classes in opposite corners. No line separates them. Watch a neuron try. (Three neurons and a fourth that
# listens to them will do it, as soon as you know how to train them.)

# %%
points, classes = plots.checkerboard(np.random.default_rng(0))
w, b = np.zeros(2), 0.0
for _ in range(500):
    slope_w, slope_b = gradients(points, w, b, classes)
    w, b = w - slope_w, b - slope_b
line_cost = cost(points @ w + b, classes)
print(f"one neuron: cost {line_cost:.3f}; to answer 1/2 to everything costs log 2 = {math.log(2):.3f}")
line = (w, b)
show(
    plots.decision_regions(
        points, classes, {"No straight line separates opposite corners": lambda p: answer(p, *line)}
    ),
    alt="Orange points in two opposite corners, blue triangles in the other two, and one neuron's straight line, which "
    "cuts through the corners and separates nothing.",
)

# %% [markdown]
# Not a bad neuron: a bad question for one neuron. So let several neurons look at the same input, each with a line of
# its own, and let the next ones look at *them*.
#
# ## Layers
#
# A **layer** is several neurons side by side. Number the layers $l=1,\dots,L$; the input is layer 0, $a^{[0]}=X$.
# Layer $l$ has $n_l$ units. It does two things, always the same two:
#
# $$z^{[l]}=a^{[l-1]}\,W^{[l]\mathsf T}+b^{[l]}\qquad\text{(affine)},\qquad\qquad
# a^{[l]}=\sigma\bigl(z^{[l]}\bigr)\qquad\text{(activation)}$$
#
# | symbol | meaning | shape |
# |---|---|---|
# | $a^{[l-1]}$ | what the layer before says, one example per row | $(m, n_{l-1})$ |
# | $W^{[l]}$ | one **unit** per row: $W_{jk}$ leads from unit $k$ to unit $j$ of layer $l$ | $(n_l, n_{l-1})$ |
# | $b^{[l]}$ | biases, one per unit; NumPy adds them to every row | $(n_l,)$ |
# | $z^{[l]}, a^{[l]}$ | pre-activations and activations | $(m, n_l)$ |
#
# Round brackets count examples, $x^{(i)}$; square brackets count layers, $a^{[l]}$: each layer has its own $z^{[l]}$,
# one row per example and one column per unit. Without $\sigma$ in between, two affine steps would be one affine step,
# and the net would still draw a straight line.

# %% quiz="shape_of_weights"

# %% [markdown]
# **By hand.** The smallest net with everything in it has two inputs, two hidden units and two outputs. It will be
# with us through the chapter. No biases (zeros), one example:
#
# $$x=(1,2),\quad W^{[1]}=\begin{pmatrix}0.1&0.2\\0.3&0.4\end{pmatrix},\quad
# W^{[2]}=\begin{pmatrix}0.5&0.6\\0.7&0.8\end{pmatrix},\quad y=(0,1)$$
#
# | step | unit 1 | unit 2 |
# |---|---|---|
# | $z^{[1]}$ | $1\cdot0.1+2\cdot0.2=0.5$ | $1\cdot0.3+2\cdot0.4=1.1$ |
# | $a^{[1]}=\sigma(z^{[1]})$ | $0.622459331$ | $0.750260106$ |
# | $z^{[2]}$ | $0.5\,a_1+0.6\,a_2=0.761385729$ | $0.7\,a_1+0.8\,a_2=1.035929616$ |
# | $a^{[2]}=\sigma(z^{[2]})$ | $0.681654515$ | $0.738063860$ |
#
# $J=\tfrac12\bigl[(0.681654515-0)^2+(0.738063860-1)^2\bigr]=0.266631710$.
#
# The way back will need every $z$ and every $a$. So `forward` keeps them all.

# %% exercise="forward"

# %% [markdown]
# Ten digits are ten classes, and ten outputs. One $\sigma$ for each would let the net say "surely a 3 and surely an
# 8". Let the classes compete instead. An example has a row of logits $z=(z_1,\dots,z_k)$; the **softmax** turns it
# into probabilities that sum to 1, and the loss is again minus the logarithm of what the truth was given:
#
# $$p_j=\frac{e^{z_j}}{\sum_{q=1}^k e^{z_q}},\qquad E=-\log p_{c}=\log\sum_{q=1}^k e^{z_q}-z_{c}$$
#
# $j$ and $q$ run over the $k$ classes, and $c$ is the number of the right one. **By hand.** $z=(2,1,0)$, right class
# 0: the powers of $e$ are 7.389056, 2.718282 and 1, their sum is 11.107338, $p=(0.665241, 0.244728, 0.090031)$,
# $E=-\log 0.665241=0.407606$.
#
# Overflow again: $e^{1000}$. Adding the same number to all logits of a row changes no probability, because it
# multiplies above and below alike. So $\log\sum_q e^{z_q}=s+\log\sum_q e^{z_q-s}$ for every $s$. Choose $s$, row by
# row, so that no exponent is positive.

# %% exercise="softmax_cross_entropy"

# %% [markdown]
# ## Blame flows backward
#
# The 2-2-2 net wanted $(0,1)$ and said $(0.68, 0.74)$. It has eight weights. Who is to blame? You could wiggle each
# weight and run the net again: two runs per weight. For eight that is fine, for a billion it is not. Backpropagation
# finds *all* derivatives in the time of two or three runs. Its only tool is the chain rule, and its only trick is the
# order: **start at the end, and never compute anything twice.**
#
# Write $\delta^{[l]}=\partial J/\partial z^{[l]}$, of $z$'s shape $(m,n_l)$: by how much the cost grows if this
# pre-activation grows. It is the blame of one unit for one example. Four equations:
#
# **1. Start.** At the last layer $J$ depends on $z$ through $a$ alone. You have done this twice already:
#
# | cost | $\delta^{[L]}$ |
# |---|---|
# | squared error, $a=\sigma(z)$ | $\frac1m\,(a-y)\odot\sigma'(z)$ |
# | binary cross-entropy, $a=\sigma(z)$ | $\frac1m\,(a-y)$ |
# | softmax cross-entropy, $p=\operatorname{softmax}(z)$ | $\frac1m\,(p-y)$, each row of $y$ **one-hot** |
#
# $\odot$ multiplies entry by entry. A one-hot row holds 1 at the right class and 0 elsewhere. The third row is no
# accident: differentiate $E=\log\sum_q e^{z_q}-z_c$. The logarithm gives $e^{z_j}/\sum_q e^{z_q}=p_j$; the term $-z_c$
# gives $-1$ if $j$ is the right class $c$ and 0 if not, which is $-y_j$, an entry of the one-hot row. So
# $\partial E/\partial z_j=p_j-y_j$.
#
# **By hand.** Squared error, $m=1$. $\sigma'(z^{[2]})=a(1-a)=(0.217001637, 0.193325599)$:
#
# $$\delta^{[2]}=(0.681654515\cdot0.217001637,\; -0.261936140\cdot0.193325599)=(0.147920146,\,-0.050638961)$$
#
# Output 1 is too high, its $\delta$ is positive. Output 2 is too low, its $\delta$ is negative.
#
# > **Careful.** Many slides write $(y-a)$ here. That is *minus* the gradient of this cost, and the update must then
# > add. With $\delta=\frac1m(a-y)\dots$, updates subtract. Mix the two and the net climbs. The factor $\frac1m$ is
# > missing on some slides; here it enters once, in $\delta^{[L]}$, and nowhere else.

# %% exercise="output_delta"

# %% [markdown]
# **2. One layer back.** A hidden unit $k$ reaches the cost through *every* unit $j$ of the next layer: over the edge
# $W_{jk}$, and then through $z_j$, whose blame is known. Blame over different paths **adds**. Then it has to pass the
# unit's own activation:
#
# $$\delta^{[l]}_k=\Bigl(\sum_j\delta^{[l+1]}_j W^{[l+1]}_{jk}\Bigr)\,\sigma'\bigl(z^{[l]}_k\bigr),\qquad
# \delta^{[l]}=\bigl(\delta^{[l+1]}W^{[l+1]}\bigr)\odot\sigma'\bigl(z^{[l]}\bigr)$$
#
# Forward the weights are transposed, backward they are not. Shapes: $(m,n_{l+1})\cdot(n_{l+1},n_l)=(m,n_l)$.
#
# **By hand.** Hidden unit 1 collects over its two outgoing edges
# $0.147920146\cdot0.5+(-0.050638961)\cdot0.7=0.038512800$; unit 2 collects
# $0.147920146\cdot0.6+(-0.050638961)\cdot0.8=0.048240919$. With $\sigma'(z^{[1]})=(0.235003712, 0.187369880)$:
#
# $$\delta^{[1]}=(0.009050651,\;0.009038895)$$

# %% exercise="hidden_delta"

# %% [markdown]
# **3 and 4. From blame to gradients.** The weight $W_{jk}$ enters $z_j$ with the factor $a_k$; the bias enters with
# the factor 1. Both are used by all examples, and what the examples say adds up:
#
# $$\frac{\partial J}{\partial W^{[l]}}=\delta^{[l]\mathsf T}\,a^{[l-1]},\qquad
# \frac{\partial J}{\partial b^{[l]}}=\sum_{i=1}^m\delta^{[l](i)}$$
#
# Shapes: $(n_l,m)\cdot(m,n_{l-1})=(n_l,n_{l-1})$, that of $W^{[l]}$; and $(n_l,)$. For one example, in column form,
# this is the outer product $\delta\,a^{\mathsf T}$; for a batch in rows it is $\delta^{\mathsf T}a$. Texts that mix
# the two forms get a transposed gradient.
#
# **By hand.** Row $j$, column $k$ is $\delta_j$ times what unit $k$ sent:
#
# $$\frac{\partial J}{\partial W^{[2]}}=\begin{pmatrix}
# 0.092074275&0.110978584\\-0.031520694&-0.037992392\end{pmatrix},
# \quad\frac{\partial J}{\partial W^{[1]}}=
# \begin{pmatrix}0.009050651&0.018101302\\0.009038895&0.018077790\end{pmatrix}$$
#
# In the first, $0.092074275=0.147920146\cdot0.622459331$. In the second, the second column is twice the first,
# because $x_2=2x_1$. Look at $W^{[1]}_{11}$: it reaches the cost over two paths, through each of the two outputs. Its
# derivative is the sum $0.017380892-0.008330241=0.009050651$.

# %% exercise="weight_gradients"

# %% [markdown]
# Now put the four together. Start with $\delta^{[L]}$. At each layer, from the last to the first, take the gradients,
# then carry $\delta$ one layer back. The input has no $z$: stop there. Mind which $a$ and which $z$ belong to which
# layer: `activations` has one entry more than `weights`, because it starts with the input.

# %% exercise="backward"

# %%
inputs, targets = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])
net = [np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.6], [0.7, 0.8]])]
no_biases = [np.zeros(2), np.zeros(2)]

run_forward, run_backward = yours(forward), yours(backward)
z, a = run_forward(inputs, net, no_biases)
net_gradients, bias_gradients = run_backward(z, a, net, targets, "squared_error")
with np.printoptions(precision=9, suppress=True):
    print("cost", round(yours(squared_error)(a[-1], targets), 9))
    for layer, gradient in enumerate(net_gradients, start=1):
        print(f"gradient of the weights of layer {layer}\n{gradient}")
show(
    plots.worked_network(inputs[0], net, [a[1][0], a[2][0]], [d for d in bias_gradients]),
    alt="The 2-2-2 network. Inputs 1 and 2, hidden activations 0.622459331 and 0.750260106, outputs 0.681654515 and "
    "0.738063860; below each unit its δ: 0.009050651 and 0.009038895, then 0.147920146 and −0.050638961.",
)

# %% [markdown]
# The same digits as by hand. (For a single example $\partial J/\partial b=\delta$, which is where the figure has its
# $\delta$ from.) And the four corners that defeated the neuron? Three hidden units, one output, a thousand steps:

# %%
from dl_helpers.training import initial_network

run_step, run_cost = yours(gradient_descent_step), yours(binary_cross_entropy)
weights, biases = initial_network([2, 3, 1], np.random.default_rng(0))
for _ in range(1000):
    z, a = run_forward(points, weights, biases)
    by_weights, by_biases = run_backward(z, a, weights, classes[:, None], "binary_cross_entropy")
    weights, biases = run_step(weights, by_weights, 1.0), run_step(biases, by_biases, 1.0)
logits = run_forward(points, weights, biases)[0][-1]
print(
    f"three neurons and one: cost {run_cost(logits, classes[:, None]):.3f}, "
    f"{np.mean((logits[:, 0] > 0) == classes):.1%} right"
)
show(
    plots.decision_regions(
        points,
        classes,
        {
            "One neuron draws a line": lambda p: answer(p, *line),
            "Three and one bend it": lambda p: run_forward(p, weights, biases)[1][-1][:, 0],
        },
    ),
    alt="Orange points in two opposite corners, blue ones in the other two. Left: one neuron's straight line separates "
    "nothing. Right: a small network puts a bent boundary between the classes.",
)

# %% [markdown]
# ## Is it right?
#
# Your `backward` passed its check. The next one that you write, for a layer of your own, has no check. And a wrong
# gradient does not crash. Often it even learns. How can you test a derivative without knowing it?
#
# Go back to what a derivative means, and wiggle. Move one parameter by $h$ to both sides and look at the function:
#
# $$\frac{\partial f}{\partial\theta_i}\approx\frac{f(\theta+h\,e_i)-f(\theta-h\,e_i)}{2h}$$
#
# $e_i$ moves parameter $i$ alone. This is the **central difference**. **By hand.** $f(\theta)=\theta^3$ at $\theta=2$
# with $h=0.1$: $(2.1^3-1.9^3)/0.2=(9.261-6.859)/0.2=12.01$; the truth is $3\cdot2^2=12$. The one-sided difference
# $(9.261-8)/0.1=12.61$ is sixty times as wrong. It asks for two runs per parameter, far too slow to train with, and
# all you need for a test.

# %% exercise="numerical_gradient"

# %% [markdown]
# How small should $h$ be? Smaller is closer to the limit; but $f(\theta+h)$ and $f(\theta-h)$ then agree in more and
# more digits, and the difference of two nearly equal floats keeps only the noise. Here is the error for $\sigma$ at
# $z=1$.

# %%
steps = 10.0 ** np.arange(-12, 0)
at, truth = np.array([1.0]), yours(sigmoid_derivative)(np.array([1.0]))[0]
central_difference, run_sigmoid = yours(numerical_gradient), yours(sigmoid)
central = [abs(central_difference(lambda p: float(run_sigmoid(p)[0]), at, h)[0] - truth) for h in steps]
one_sided = [abs((run_sigmoid(at + h)[0] - run_sigmoid(at)[0]) / h - truth) for h in steps]
print(f"h = 1e-05: central {central[7]:.0e}, one-sided {one_sided[7]:.0e}")
show(
    plots.step_size_error(steps, np.array(central), np.array(one_sided)),
    alt="Error of the numerical derivative against the step h. The central difference is best near 1e-5 and grows to "
    "both sides; the one-sided one is far worse for every step above 1e-7.",
)

# %% [markdown]
# Near $h=10^{-5}$ the central difference has eleven right digits. That is the default of your function, in float64.
# In float32 rounding takes over much earlier: check gradients in float64.
#
# To compare two gradients $g$ and $n$ with many entries, ask how far apart they are *relative to their size*:
#
# $$\text{relative difference}=\frac{\lVert g-n\rVert}{\lVert g\rVert+\lVert n\rVert}$$
#
# $\lVert\cdot\rVert$ is the Euclidean norm over all entries. It is 0 where both agree, 1 where they are opposite or
# one is zero. Below $10^{-7}$ the gradient is right, above $10^{-3}$ it is wrong; in between, look for lost digits,
# or for a corner of the function within $h$, where the slope jumps. Two gradients that are both zero agree: do not
# divide by zero.
#
# **By hand.** $g=(3,4)$, $n=(3,3.9)$: $0.1/(5+4.920366)=0.010080$.

# %% exercise="gradient_check"

# %% [markdown]
# ## Find the bug
#
# Three colleagues each wrote a backward pass: A, B and C. Each has one slip; one of the slips is $\sigma'(a)$ for
# $\sigma'(z)$. Each will train the network that this chapter is about: 64 pixels in, 64 hidden units, 10 outputs. It
# goes forty times through the training pictures, and each time through is called an **epoch**.

# %% quiz="predict_bug"

# %%
from dl_helpers.training import train_network

run_softmax_cost = yours(softmax_cross_entropy)
passes = {"yours": run_backward, **{letter: plots.suspect(letter) for letter in "ABC"}}
accuracies = {}
for name, backward_pass in passes.items():
    start = np.random.default_rng(0)  # the same first weights and order of pictures for all
    history = train_network(
        data, run_forward, backward_pass, run_step, run_softmax_cost, generator=start, progress=False
    )
    accuracies[name] = history.test_accuracy
    first, last = history.test_accuracy[0], history.test_accuracy[-1]
    print(f"{name:5}  test accuracy after 1 epoch {first:.1%}, after 40 {last:.1%}")

# %% reveal="predict_bug"

# %% [markdown]
# All four read more than 94 % of the test pictures. B comes within one picture of yours. Had you nothing but a
# falling cost to go by, you would ship any of them. Now check the gradients: each parameter of a 64-12-10 net, on
# eight digits.

# %%
run_check = yours(gradient_check)
few, few_labels = data.train_inputs[:8], data.train_labels[:8]
weights, biases = initial_network([64, 12, 10], np.random.default_rng(3))


def relative_differences(backward_pass):
    z, a = run_forward(few, weights, biases)
    by_weights, by_biases = backward_pass(z, a, weights, np.eye(10)[few_labels], "softmax_cross_entropy")
    found = {}
    for layer in (0, 1):
        for name, parameters, gradients in (("W", weights, by_weights), ("b", biases, by_biases)):

            def cost_at(moved, layer=layer, name=name):
                w, b = list(weights), list(biases)
                (w if name == "W" else b)[layer] = moved
                return run_softmax_cost(run_forward(few, w, b)[0][-1], few_labels)

            found[f"{name}{layer + 1}"] = run_check(cost_at, parameters[layer], gradients[layer])
    return found


differences = {name: relative_differences(backward_pass) for name, backward_pass in passes.items()}
print("        " + "".join(f"{parameter:>10}" for parameter in differences["yours"]))
for name, found in differences.items():
    print(f"{name:8}" + "".join(f"{difference:10.0e}" for difference in found.values()))
show(
    plots.suspects(accuracies, differences),
    alt="Left: four learning curves that all rise above 94 %. Right: the relative difference of each gradient. "
    "Yours lies below 1e-7 everywhere; A and C fail in W1 and b1, A by more; B fails in b1 and b2.",
)

# %% [markdown]
# The table does more than convict. It says *where* to look. Before you read on, name the three slips:
#
# - A and C are right in the last layer ($W_2$, $b_2$) and wrong in the first. So the start is right and the step back
#   is wrong: equation 2. The number itself is a clue. If $g$ is $r$ times the truth, the relative difference is
#   $(r-1)/(r+1)$. A's 0.6 means $r=4$: A's gradients are about four times too large. Which factor did A forget that is
#   never above $\tfrac14$? C's 0.05 means $r\approx1.1$: a tenth too large.
# - B is right in both $W$ and wrong in both $b$. So every $\delta$ is right, and what is made of it for the biases is
#   wrong: equation 4.
#
# **A** forgets $\sigma'$, near $z=0$ about $\tfrac14$, on the way back. **B** takes the first example's $\delta$
# instead of the sum over the batch. **C** uses $\sigma'(a)$ for $\sigma'(z)$: since $a$ lies between 0 and 1,
# $\sigma'(a)$ lies between 0.197 and 0.25, close enough to the truth to learn. Gradient checking needs none of that
# insight to see that something is wrong. Check every new backward pass once, on a tiny net, and switch the check off
# to train.
#
# ## Do it for real
#
# The same network with your own backward pass: 4810 numbers to learn, 1437 pictures to learn from, 360 to be tested
# on. Each step looks at a batch of 32 pictures (chapter 2 says why not at all of them), at rate 2, for forty epochs.
# First, two predictions.

# %% quiz="predict_loss"

# %%
parts = data, run_forward, run_backward, run_step, run_softmax_cost
for loss in ("squared_error", "softmax_cross_entropy"):
    history = train_network(*parts, generator=np.random.default_rng(0), loss=loss, progress=False)
    first, last = history.test_accuracy[0], history.test_accuracy[-1]
    print(f"{loss:22} test accuracy after 1 epoch {first:.1%}, after 40 {last:.1%}")

# %% reveal="predict_loss"

# %% [markdown]
# The squared error gets there too, later: after one epoch it reads 34 % against 76 %. You saw why: $\sigma'$ holds it
# back. Stay with cross-entropy. Now the rate.

# %% quiz="predict_rate"

# %%
for rate in (2.0, 50.0):
    history = train_network(*parts, generator=np.random.default_rng(0), rate=rate, progress=False)
    costs_seen = ", ".join(f"{history.costs[epoch - 1]:.2f}" for epoch in (1, 10, 20, 40))
    print(
        f"rate {rate:4g}: cost after epochs 1, 10, 20, 40: {costs_seen}; test accuracy {history.test_accuracy[-1]:.1%}"
    )

# %% reveal="predict_rate"

# %% [markdown]
# At rate 50 the net knows one digit in ten, as it would by guessing, and pays far more than the $\log 10=2.30$ that
# an even guess costs: 13, then 25, and at last 51. It is wrong *and sure*, and it does not come back as the single
# neuron did. Too small a rate wastes your time; too large a rate wastes all of it.
#
# Here is the run that counts. Everything in it is yours: forward, backward, step, cost.

# %%
history = train_network(*parts, generator=np.random.default_rng(0))
print(f"test accuracy {history.test_accuracy[-1]:.1%}")
show(
    plots.training_curves(history),
    alt="Left: the training cost falls from 0.73 to 0.01 over 40 epochs. Right: training accuracy climbs to nearly "
    "100 %, test accuracy levels off near 98 %.",
)

# %% [markdown]
# 97.8 %, after a few seconds of computing. Two things are in the right panel. The two curves part: the net goes on
# getting better at pictures that it has seen, and no better at those it has not. That gap is **overfitting**, and
# chapter 3 fights it. And some digits stay wrong. Look at them before you blame the net:

# %%
test_logits = run_forward(data.test_inputs, history.weights, history.biases)[0][-1]
show(
    plots.mistakes(data.test_inputs, data.test_labels, test_logits),
    alt="The eight test digits that the network misreads, each with its true class and the network's answer. Several "
    "are smudged or squeezed beyond easy reading.",
)

# %% [markdown]
# And what did the hidden units find? Each has 64 weights, so each is a picture. Nobody told them to look for strokes.

# %%
show(
    plots.hidden_units(history.weights[0]),
    alt="The weights of 24 hidden units as 8 by 8 pictures. Many show a blue stroke or arc beside a vermillion one: "
    "the unit fires for ink here and against ink there.",
)

# %% [markdown]
# Blue is ink that excites the unit, vermillion is ink that silences it. Some units are strokes or arcs, some defy
# description. In *universal learning* the features come from the data; before, somebody had to think of them.
#
# ## A program that differentiates programs
#
# You derived four equations for one kind of network. Swap one activation, add a shortcut, share a weight, and you
# derive again. Must you? Look at what the derivation used: the chain rule, along every path, from the end to the
# start. A program can do that for *any* formula, if it knows how the formula was computed.
#
# The record of it is the **computation graph**. Take $J=\tfrac12(wx+b-y)^2$ with $w=0.5$, $x=2$, $b=-1$, $y=1$:

# %%
graph = plots.small_graph()
plots.show_graph(
    *graph,
    alt="Computation graph of one half of (w x + b − y) squared. Values go right: w x = 1, plus b gives 0, plus −y "
    "gives −1, squared 1, times one half 0.5. Derivatives come back left: 1 at J, 0.5 at the square, −1 at e, at both "
    "sums and at the product, −2 at w, −0.5 at x, −1 at b and −1 at −y.",
)

# %% [markdown]
# Each box is a **node**: a number, and the operation that made it. The shaded boxes are inputs. Each arrow is an
# **edge**: a value goes along it to the right, a derivative comes back to the left. Blue is the value, computed left
# to right, the *forward* pass. Orange, after ∂, is the derivative of the last node with respect to this one, computed
# right to left, the *backward* pass. The orange number on an edge is what comes back along it, and the wider the
# line, the more that is. (Some notes make the vertices operands and the edges operations; here operations and
# variables are nodes, and edges carry values.)
#
# **By hand.** The last node has the derivative 1. The square node: $J=\tfrac12 s$, so $\tfrac12$. The node
# $e=wx+b-y=-1$: $s=e^2$, so $\tfrac12\cdot2e=-1$. Sums hand on what they get: $b$ has $-1$. A product hands on what
# it gets, times the *other* factor: $w$ has $-1\cdot x=-2$. Each step needs one derivative of one simple operation,
# the **local** derivative.
#
# | operation | local derivatives |
# |---|---|
# | $u+v$ | $1$ for $u$, $1$ for $v$ |
# | $u\cdot v$ | $v$ for $u$, $u$ for $v$ |
# | $u^n$, constant $n$ | $n\,u^{n-1}$ |
# | $\tanh u$ | $1-\tanh^2u$ |
# | $e^u$ | $e^u$ |
# | $\operatorname{relu}u=\max(0,u)$ | $1$ if $u>0$, else $0$ |

# %% quiz="nodes_and_edges"

# %% [markdown]
# Now let one value be used twice: $f=(x+y)\cdot(x\,y)$ at $x=2$, $y=3$.

# %%
plots.show_graph(
    *plots.shared_graph(),
    alt="Computation graph of (x + y) times (x y) at x = 2, y = 3: sum 5, product 6, result 30. The derivative at the "
    "sum is 6, at the product 5; to x come 6 over the sum and 15 over the product, 21 together; to y 6 and 10, 16.",
)

# %% [markdown]
# Two edges leave $x$. Over the sum comes $6\cdot1$, over the product comes $5\cdot y=15$; the derivative is
# $6+15=21$. Check: $f=x^2y+xy^2$, $\partial f/\partial x=2xy+y^2=12+9=21$. **What comes back over several edges
# adds.** Whoever overwrites instead of adding gets one path only.
#
# And there is an order to keep. $x$ may pass nothing on, and its derivative may not be used, before *both* edges have
# delivered. So go through the nodes in an order in which each node stands behind all of its parents (what it was
# computed from), and walk it backward. That is a **topological order**. A node may be written down once all its
# parents have been, and no node is written twice.
#
# Recursion does that in four lines, and Python gives up at a depth of a thousand calls. Real graphs are deeper: keep
# the nodes that wait on a stack of your own, a list that you fill and empty at its end. A node is met there twice,
# before its parents and after them; what must you note beside it to know which?

# %% exercise="topological_sort"

# %% [markdown]
# The engine is a class whose objects are nodes. A `Value` holds its number (`data`), what it was computed from
# (`parents`), the local derivative for each parent (`local_gradients`), and the derivative of the output with respect
# to itself (`gradient`), which `backward` fills in. Python turns `u + v` into `u.__add__(v)`, `u * v` into
# `u.__mul__(v)` and `u**n` into `u.__pow__(n)`. Each method computes its number and returns a new `Value` that
# remembers both: for the product above, `data` is 6, the parents are $x$ and $y$, the local gradients 3 and 2. The
# operation's sign is for drawings alone and yours to choose.
# Subtraction and division are given; they use the others.
#
# `backward` is the rule that you found by hand. Sort. Set all gradients to 0 and the output's to 1. From the last
# node to the first, send to each parent the node's gradient times the local gradient, and **add** it there:
#
# $$\frac{\partial f}{\partial p}=\sum_{\text{children }c}\frac{\partial f}{\partial c}\,\frac{\partial c}{\partial p}$$

# %% exercise="Value"

# %% [markdown]
# Give it the 2-2-2 net. No $\delta$, no transposed matrices: only the formula, weight by weight.

# %%
Node = yours(Value)


def unit(weights, inputs):
    z = weights[0] * inputs[0] + weights[1] * inputs[1]
    return 1 / (1 + (-z).exp())


theta_1 = [[Node(0.1), Node(0.2)], [Node(0.3), Node(0.4)]]
theta_2 = [[Node(0.5), Node(0.6)], [Node(0.7), Node(0.8)]]
hidden = [unit(row, (1.0, 2.0)) for row in theta_1]
outputs = [unit(row, hidden) for row in theta_2]
cost_node = 0.5 * (outputs[0] - 0.0) ** 2 + 0.5 * (outputs[1] - 1.0) ** 2
cost_node.backward()

print(f"cost {cost_node.data:.9f}, {len(yours(topological_sort)(cost_node))} nodes")
for name, rows, by_hand in (("W1", theta_1, net_gradients[0]), ("W2", theta_2, net_gradients[1])):
    engine = np.array([[weight.gradient for weight in row] for row in rows])
    print(f"{name}: engine {engine.round(9).tolist()}, distance from backward {np.abs(engine - by_hand).max():.0e}")

# %% [markdown]
# The same numbers, and nobody derived anything. That is what PyTorch's `backward()` does, with arrays in its nodes
# instead of numbers. Train with it: four corners, three hidden tanh units, thirteen numbers.

# %%
corners = [((-1.0, -1.0), -1.0), ((-1.0, 1.0), 1.0), ((1.0, -1.0), 1.0), ((1.0, 1.0), -1.0)]
theta = np.random.default_rng(1).normal(size=13)
costs = []
for _ in range(200):
    p = [Node(number) for number in theta]
    total, answers = Node(0.0), []
    for (x1, x2), target in corners:
        h = [(p[3 * i] * x1 + p[3 * i + 1] * x2 + p[3 * i + 2]).tanh() for i in range(3)]
        said = (p[9] * h[0] + p[10] * h[1] + p[11] * h[2] + p[12]).tanh()
        answers.append(said.data)
        total = total + (said - target) ** 2 / 8
    total.backward()
    costs.append(total.data)
    theta = theta - 0.5 * np.array([node.gradient for node in p])
print("wanted", [target for _, target in corners])
print("said  ", [round(said, 3) for said in answers])
show(
    plots.cost_curve(costs, "The engine learns the four corners"),
    alt="The cost of a tiny network trained with the scalar engine falls from 0.6 to a few thousandths in 200 steps.",
)

# %% [markdown]
# The start matters. With seed 0 or 3 in the second line of that cell the net gets stuck at a cost of one half. Try
# it. Chapter 3 is about good starts.
#
# ## Turn the knobs yourself
#
# Here is one hidden unit with three weights: $\hat y=w_3\tanh(w_1x_1+w_2x_2)$ at $x=(0.4,-0.4)$, target $t=1.6$,
# $E=\tfrac12(\hat y-t)^2$. It starts at $w=(0.1, 0.1, 0.5)$.

# %%
scene = plots.three_weight_loss(Node, 0.1, 0.1, 0.5)
plots.show_graph(
    *scene[:2],
    alt="Computation graph of the loss at the start: z is 0, so tanh is 0 and the prediction is 0; the loss is 1.28. "
    "The gradient is −0.32 at w1, 0.32 at w2 and 0 at w3; a thin dashed edge shows that nothing comes back to w3.",
)

# %% [markdown]
# Read the figure before you touch anything. The loss is 1.28. Which weight should grow, which shrink? And why is
# there a thin dashed edge at $w_3$? The unit says $h=0$, and a weight that multiplies 0 changes nothing: **its
# gradient is 0, though the best $w_3$ is far away.** A gradient tells you about here, not about there.
#
# **Goal:** bring the loss below 0.01. Within the sliders' range, from −2 to 2, one weight alone cannot do it, nor can
# any two. Do it by hand first, following the numbers after ∂. Then press Reset, and let gradient descent do it: how
# many steps does it need?

# %%
explorer = plots.graph_explorer(Node)
explorer

# %% [markdown]
# (The sliders need a running notebook; what is printed here is the figure above.) By hand you probably moved one
# weight at a time. Gradient descent moves all three at once, each in proportion to its blame. With rate 0.3:

# %%
descent = plots.graph_explorer(Node)
while not descent.reached:
    descent.press("One step of gradient descent")
found = ", ".join(f"{value:.2f}" for value in descent.values.values())
print(f"gradient descent reaches the goal in {descent.moves} steps, at w = ({found})")
print(descent.current.message)

# %% written="why_backward"

# %% [markdown]
# ## What you have now
#
# - **Neuron, layer, network:** $z=aW^{\mathsf T}+b$, then $\sigma$; examples in rows, one unit per row of $W$.
# - **Loss** of one example, **cost** as the mean. Squared error for numbers, cross-entropy for probabilities,
#   computed from logits so that nothing overflows.
# - **Backpropagation:** $\delta^{[L]}=\frac1m(p-y)$; $\delta^{[l]}=(\delta^{[l+1]}W^{[l+1]})\odot\sigma'(z^{[l]})$;
#   $\partial J/\partial W^{[l]}=\delta^{[l]\mathsf T}a^{[l-1]}$; $\partial J/\partial b^{[l]}=\sum_i\delta^{[l](i)}$.
#   Updates subtract.
# - **Gradient check:** central differences, $h=10^{-5}$, float64, below $10^{-7}$. A net that learns proves nothing.
# - **Automatic differentiation:** a graph, local derivatives, topological order, and add over paths.
#
# Your network read 97.8 % of the digits with the plainest update there is, and a rate that you were handed. With 0.01
# it would still be crawling; with 50 it never learned. Is there an update that forgives the rate, and is faster too?
# That is chapter 2.
#
# **Words:** *logit*, pre-activation of an output · *epoch*, one pass over the training data · *batch*, the examples
# that are computed at once · *saturate*, to be where $\sigma'$ is nearly 0 · *one-hot*, a row of zeros with a single
# 1 · *gradient*, all partial derivatives together · *automatic differentiation*, also *autograd*; from the output
# back it is called *reverse mode*. All symbols: `docs/notation.md`.
#
# **Read on**
#
# - Rumelhart, Hinton, Williams, [Learning representations by back-propagating
#   errors](https://doi.org/10.1038/323533a0), Nature 323 (1986): four pages.
# - LeCun, Bengio, Hinton, [Deep learning](https://doi.org/10.1038/nature14539), Nature 521 (2015): data, compute, and
#   what came of it.
# - Krizhevsky, Sutskever, Hinton, *ImageNet classification with deep convolutional neural networks*, NeurIPS (2012).
# - Baydin et al., [Automatic differentiation in machine learning: a survey](https://arxiv.org/abs/1502.05767), JMLR
#   18 (2018).
# - Goodfellow, Bengio, Courville, [Deep Learning](https://www.deeplearningbook.org), chapter 6.
# - Jeremy Jordan, [Neural networks: training with
#   backpropagation](https://www.jeremyjordan.me/neural-networks-training/): another derivation on a 2-2-2 net.
#   Compare its signs and its $\frac1m$ with yours.
