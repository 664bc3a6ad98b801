# %% [markdown]
# # 12 · Autoencoders
#
# Show a network pictures of digits and never tell it what they are. Ask one thing: *draw what you saw, but through a
# door eight numbers wide.* It learns what handwriting has in common, because nothing else fits through the door. Then
# it takes noise off pictures, and in the end it writes digits that nobody wrote.
#
# **You will be able to**
#
# - build an autoencoder, train it, and say what its code keeps and loses, beside PCA;
# - keep a roomy network from copying: by sparsity, by noise, by a penalty on its Jacobian;
# - train restricted Boltzmann machines, stack them, unroll them into a deep net that does not train otherwise;
# - derive the variational autoencoder, train it in nats, and draw from it;
# - judge drawings by a number and not only by looking.
#
# **You need** chapters 1 and 2 (gradients, Adam), PyTorch's `nn.Module`, and what a mean and a variance are.
#
# **It takes** about four hours with all exercises. The computer needs under a minute, without a GPU or a network.

# %% role="setup"

# %%
import math
from functools import partial

import numpy as np

from dl_helpers import digit_codes as codes
from dl_helpers.plots import autoencoders as plots
from dl_helpers.plotting import show, use_course_style

use_course_style()
torch.set_num_threads(1)  # networks as small as these run fastest on one core
data = codes.pictures(seed=0)
digits, labels = data.test, data.test_labels
result = plots.experiments()
ten = torch.tensor([int((labels == label).argmax()) for label in range(10)])
show(
    plots.opening(data, ten),
    alt="Five rows of ten digits. Held-out digits; the same drawn from codes of 8 numbers, a little smoother; the same "
    "under heavy noise, hardly readable; the noise taken off, readable again; and ten digits that nobody wrote.",
)

# %% [markdown]
# No label was used for any of these rows. This chapter builds every one of them.
#
# ## Learning without labels
#
# **Unsupervised learning** looks for structure in data that nobody has labeled: to compress, to cluster, to retrieve
# what is alike, to see what there is before anything else is done (exploratory data analysis), to generate more of it.
#
# Why should there be structure? Count pictures. A black-and-white picture of 1024 × 1024 pixels is one of
# $2^{1024\cdot1024}$: a number of 315,653 digits. With 256 shades of gray there are $256^{1024^2}$, a number of
# 2,525,223 digits. Nearly all of them look like this:

# %%
noise = torch.rand(10, 64, generator=torch.Generator().manual_seed(0))
show(
    plots.rows({"random pixels": noise, "digits": digits[ten]}, "Almost every picture is noise"),
    alt="Ten pictures of random pixels, all alike and meaningless, above ten digits.",
)

# %% [markdown]
# Digits are a vanishing part of all pictures, but they are not scattered in it. Lean a 7 a little: still a 7. Make it
# thinner, move it: still a 7. From each digit there are a few directions in which you can go and stay among digits, and
# many in which you leave them. Such a thin, curved sheet in a huge space is a **manifold**. On it, a digit needs few
# numbers. An **autoencoder** looks for them:
#
# $$x \;\xrightarrow{\text{encoder}}\; h \;\xrightarrow{\text{decoder}}\; x'$$
#
# $x\in\mathbb R^n$ is the picture, $h\in\mathbb R^k$ its **code**, $x'\in\mathbb R^n$ the **reconstruction**. The
# target is the input itself, so no labels are needed. What is it good for?
#
# - **Dimension reduction** and **visualization**: $k=2$ can be plotted.
# - **Features**: give $h$ instead of $x$ to an SVM, a nearest-neighbor search or a random forest. It is done with
#   pictures, and with radio signals from which a phone learns where it is.
# - **Pre-training**: learn from many unlabeled examples first, fine-tune with few labels afterward.
# - **Generation**: decode a code that belongs to no picture.
#
# ## How far is the drawing from the picture
#
# The **reconstruction loss** of one example is the squared distance of drawing and picture, and over a batch of $m$
# examples we take the mean:
#
# $$L=\frac1m\sum_{i=1}^m\lVert x^{(i)}-x'^{(i)}\rVert_2^2,\qquad \lVert x-x'\rVert_2^2=\sum_{j}(x_j-x'_j)^2$$
#
# **By hand.** $x=\begin{pmatrix}1&0&2\\0&1&0\end{pmatrix}$, $x'=\begin{pmatrix}0&0&0\\0&1&2\end{pmatrix}$: the first
# picture is off by $1+0+4=5$, the second by $4$. $L=(5+4)/2=4.5$.
#
# > **Careful.** torch's `mse_loss` divides by the pixels too; here that would be $9/6=1.5$. The minimum is the same,
# > but a penalty added to the one weighs 64 times as much beside the other. In this chapter the *loss* sums over the
# > pixels; where we quote a "squared error a pixel", it is divided by 64.

# %% exercise="reconstruction_loss"

# %% [markdown]
# ## A narrow door
#
# The encoder is a stack of linear layers with ReLUs between them; the decoder is its mirror image. With `sizes`
# $=(n_0,\dots,n_L)$ the encoder has the layers $n_0\to n_1\to\dots\to n_L$, the decoder $n_L\to\dots\to n_0$. Between
# two linear layers stands a ReLU. The code itself and the drawing pass none: a code may be negative, and a ReLU would
# cut half of it away.
#
# Where $n_L<n_0$ the autoencoder is **under-complete**. It cannot copy. `Autoencoder((64, 128, 8))` has
# $64\cdot128+128 + 128\cdot8+8 + 8\cdot128+128 + 128\cdot64+64 = 18760$ parameters and a door of 8.

# %% exercise="Autoencoder"

# %% [markdown]
# A training step has five parts: forget the old gradients, go forward, compute the cost, go backward, let the
# optimizer step. Here the step is general enough for the whole chapter. What the model is *shown* and what it is *asked
# to draw* may differ, and a **penalty** may be added to the loss:
#
# $$J=\frac1m\sum_i\lVert \text{target}^{(i)}-\text{model}(\text{input}^{(i)})\rVert^2+\text{penalty(model, inputs)}$$

# %% exercise="training_step"

# %% [markdown]
# Now train. First `Autoencoder((64, 8))`: two matrices and no nonlinearity. What can a linear door of eight numbers let
# through? You know the best possible answer: **PCA**, the eight directions in which the digits spread most, is the
# linear map with the least squared error. So a linear autoencoder should end up as PCA. Beside it a deep one with the
# same door:

# %%
run_autoencoder, run_training_step = yours(Autoencoder), yours(training_step)


def train(model, steps, inputs=data.train, **options):
    return codes.train_autoencoder(model, inputs, seed=0, steps=steps, training_step=run_training_step, **options)


linear = codes.seeded(run_autoencoder((64, 8)), seed=0)
train(linear, 1500, rate=0.03, batch_size=256, description="linear")
deep = codes.seeded(run_autoencoder((64, 128, 8)), seed=0)
history = train(deep, 1500, rate=4e-3, description="deep")

components = codes.pca(data.train, 8)
errors = {
    "PCA, 8 components": codes.mean_squared_error(digits, components.decode(components.encode(digits))),
    "linear, code of 8": codes.mean_squared_error(digits, linear(digits)),
    "deep, code of 8": codes.mean_squared_error(digits, deep(digits)),
}
for name, error in errors.items():
    print(f"{name:18} squared error a pixel {error:.4f}   of PCA's {error / errors['PCA, 8 components']:.3f}")
angle = codes.largest_angle(linear.decoder[0].weight.T.detach(), components.directions)
print(f"largest angle between the linear decoder's directions and PCA's: {angle:.1f}°")
spread = torch.linalg.svdvals(data.train - data.train.mean(dim=0)) ** 2
print(f"variance along PCA's first direction is {spread[0] / spread[7]:.1f} times that along the 8th,")
print(f"and along the 8th {spread[7] / spread[8]:.2f} times that along the 9th")

# %%
show(
    plots.rows(
        {
            "held-out digits": digits[ten],
            "PCA, 8": components.decode(components.encode(digits[ten])),
            "linear, 8": linear(digits[ten]),
            "deep, 8": deep(digits[ten]),
        },
        "Through eight numbers: linear is PCA, deep is sharper",
    ),
    alt="Ten digits and their reconstructions. Those of PCA and of the linear autoencoder are equally blurred, those "
    "of "
    "the deep autoencoder are nearer to the digits.",
)

# %% [markdown]
# The linear autoencoder found PCA's error by gradient descent, and nearly its subspace. What is missing is an angle
# between two directions along which the digits spread almost equally, the 8th and the 9th: which of them is let
# through hardly matters for the error, so descent is slow to decide. PCA's *axes* it does not find at all: any eight
# independent directions that span the same subspace draw the same pictures. With a bend in each half, the deep one
# follows the manifold where PCA can only lay a flat sheet through it.
#
# A training can be stopped at any time, by the stop button or Ctrl-C: the model keeps what it has learned, and the
# history says that it was interrupted. The same seed gives the same training, because every random draw comes from a
# generator of its own. And all of it runs on a GPU if the pictures are there, `codes.pictures(0, "cuda")`, and the
# model too; networks as small as these do not need one.
#
# ## A wide door
#
# If a code of 8 is good, is a code of 64 better? It should reconstruct everything.

# %% quiz="predict_copy"

# %%
wide = codes.seeded(run_autoencoder((64, 64)), seed=0)
train(wide, 800, rate=5e-3, description="wide")
strange = codes.chimeras(digits, seed=0)
for name, model in (("code of 64, linear", wide), ("code of 8, deep", deep)):
    ordinary, odd = (codes.mean_squared_error(x, model(x)) for x in (digits, strange))
    print(f"{name:18} digits {ordinary:.5f}   chimeras {odd:.5f}")
show(
    plots.rows(
        {"chimeras": strange[ten], "code of 64": wide(strange[ten]), "code of 8": deep(strange[ten])},
        "The wide code copies what it never saw; the narrow one cannot",
    ),
    alt="Ten chimeras of two digits. The wide autoencoder draws them unchanged; the narrow one bends them toward "
    "digits.",
)

# %% reveal="predict_copy"

# %% [markdown]
# A perfect reconstruction is no success: it is **overfitting** to the task of copying. An autoencoder whose code has
# room for the whole input is **over-complete**, and needs something other than a narrow door to make it learn. Three
# ways follow: few active units, noise, and insensitivity. They share one network, so build that first.
#
# ## One matrix for both ways
#
# A hidden layer of $k$ sigmoid units reads the picture with a matrix $W\in\mathbb R^{k\times n}$. Write with the same
# matrix:
#
# $$h=\sigma(xW^{\mathsf T}+b),\qquad x'=hW+c$$
#
# $b\in\mathbb R^k$ and $c\in\mathbb R^n$ are biases. The weights are **tied**: one matrix, used from both sides.

# %% quiz="why_transpose"

# %%
wild = torch.randn(8, 64, generator=torch.Generator().manual_seed(0))
orthonormal = torch.linalg.qr(wild.T).Q.T
for name, matrix in (("any rows", wild), ("orthonormal rows", orthonormal)):
    in_plane = digits[:100, :8] @ matrix  # combinations of the rows
    off = (in_plane @ matrix.T @ matrix - in_plane).abs().max()
    print(f"{name:17} encode by W, decode by its transpose: off by at most {off:.6f}")

# %% reveal="why_transpose"

# %% [markdown]
# Row $j$ of $W$, written $W_j$, now has two roles. It is the picture that unit $j$ looks for, and the stroke that unit
# $j$ draws. As an `nn.Module` this needs no `nn.Linear`: keep a copy of the first weights as an `nn.Parameter`, and the
# two biases as zeros.

# %% exercise="TiedAutoencoder"

# %% [markdown]
# What does a unit look for? Ask for the input that excites it most. Unit $j$ computes $w\cdot x+b$ with $w=W_j$. If
# $\lVert x\rVert$ may grow there is no largest value; so fix $\lVert x\rVert=1$. Then, by Cauchy and Schwarz,
# $w\cdot x\le\lVert w\rVert\,\lVert x\rVert=\lVert w\rVert$, and equality holds for $x=w/\lVert w\rVert$.
#
# **By hand.** $w=(3,4)$: $x=(0.6,0.8)$ has length 1 and gives $w\cdot x=5$.
#
# > **Careful.** "The input $x=W$ gives the maximum activation $W^2+b$" is only half of the truth. $x=(3,4)$ gives 25,
# > but $x=(30,40)$ gives 250. The direction is right, the maximum needs a fixed length.

# %% exercise="max_activating_input"

# %% [markdown]
# ## Few units at a time
#
# The first cure for copying: let many units exist, but make activity dear. The **sparse** autoencoder adds a penalty.
# Two kinds are in use. The first charges every activation for its size:
#
# $$\text{L1:}\qquad \frac{\lambda}{m}\sum_{i=1}^m\sum_{j=1}^k\lvert h_{ij}\rvert$$
#
# The second looks at each unit's **mean activation** over the batch, $\hat\rho_j=\frac1m\sum_i h_{ij}$, and compares a
# coin that shows heads with probability $\hat\rho_j$ with one that does so with the wanted probability $\rho$:
#
# $$\text{KL:}\qquad
# \lambda\sum_{j=1}^k\Bigl[\rho\log\frac{\rho}{\hat\rho_j}+(1-\rho)\log\frac{1-\rho}{1-\hat\rho_j}\Bigr]$$
#
# $\lambda\ge0$ is the **strength**. The second kind lets a unit speak loudly for a few pictures if it is silent for the
# rest.
#
# **By hand.** $h=\begin{pmatrix}0.5&0.1\\0.3&0.3\end{pmatrix}$, $\lambda=0.1$. L1: the rows sum to 0.6 and 0.6, the
# mean is 0.6, the penalty $0.06$. KL with $\rho=0.05$: $\hat\rho=(0.4,0.2)$; the first unit costs
# $0.05\log\frac{0.05}{0.4}+0.95\log\frac{0.95}{0.6}=0.332584$, the second $0.093943$; the penalty is $0.042653$.
#
# > **Careful.** Formulas are often printed without $\lambda$, as if it were 1. The loss is a sum over 64 pixels: with
# > 128 units and $\lambda=1$ the penalty wins, and the network draws nothing.

# %% exercise="sparsity_penalty"

# %% [markdown]
# ## Taking noise off
#
# The second cure is the simplest. Show the network a spoiled picture and ask for the clean one. A copy is now wrong: to
# draw the clean picture the network must know what pictures look like. That is the **denoising** autoencoder (Vincent
# and others, 2008). Two ways to spoil a picture, with the noise given so that the result can be checked:
#
# - *mask*: a pixel is lost (0) where a uniform draw lies below the level, so the level is the share that is lost;
# - *Gaussian*: add level times a draw from $N(0,1)$. The level is the standard deviation $\sigma$, and the squared
#   error a pixel becomes $\sigma^2$: with $\sigma=0.4$ it is $0.16$.
#
# > **Careful.** "Dropout on the input" spoils in the first way, but a dropout layer also multiplies what is left by
# > $1/(1-\text{level})$. A spoiled picture should keep its other pixels as they are.

# %% exercise="corrupt"

# %%
run_corrupt = yours(corrupt)
denoiser = codes.seeded(run_autoencoder((64, 256, 128)), seed=0)
train(denoiser, 1200, rate=2e-3, spoil=codes.gaussian_noise(0.4, run_corrupt), description="denoising")
noisy = codes.gaussian_noise(0.4, run_corrupt)(digits, torch.Generator().manual_seed(1000))
flat = codes.pca(data.train, 10)
pca_draws = flat.decode(flat.encode(noisy))
for name, drawn in (("noisy", noisy), ("PCA, 10 components", pca_draws), ("denoising autoencoder", denoiser(noisy))):
    print(f"{name:22} squared error a pixel {codes.mean_squared_error(digits, drawn):.4f}")
show(
    plots.rows(
        {
            "clean": digits[ten],
            "noisy": noisy[ten],
            "PCA, 10": pca_draws[ten],
            "denoised": denoiser(noisy[ten]),
        },
        "The code has 128 numbers for 64 pixels, and still it does not copy",
    ),
    alt="Ten digits, the same under heavy noise, what PCA makes of them, blurred and gray, and what the denoising "
    "autoencoder draws: clear digits, the 4 turned into a 0.",
)

# %% [markdown]
# PCA takes some noise off too: what does not lie in its ten directions is lost. The denoiser leaves about half of
# PCA's error. Look for the digit that it turned into another one: it draws *a* likely digit, not always the right
# one.
#
# ## A code that keeps still
#
# The third cure says it outright: the code should hardly change when the picture changes a little. How much $h$ moves
# with $x$ is the **Jacobian** $\partial h/\partial x$, a matrix of $k\cdot n$ derivatives. The **contractive**
# autoencoder (Rifai and others, 2011) adds $\lambda$ times the sum of their squares:
#
# $$\frac1m\sum_i\Bigl\lVert\frac{\partial h}{\partial x}\Bigr\rVert_F^2=
# \frac1m\sum_i\sum_{j=1}^k\lVert\nabla_x h_j\rVert^2$$
#
# That looks like 128 · 64 derivatives for every picture. For a sigmoid layer you need none of them. By the chain rule
# through $z_j=\sum_i W_{ji}x_i+b_j$,
#
# $$\frac{\partial h_j}{\partial x_i}=\sigma'(z_j)\,W_{ji},\qquad \sigma'(z_j)=h_j(1-h_j)$$
#
# and the first factor does not depend on $i$. Square, sum over $i$, then over $j$.
#
# **By hand.** $W=\begin{pmatrix}1&-1\\0.5&2\end{pmatrix}$, $x=(0.2,0.4)$, $b=0$: $z=(-0.2,0.9)$,
# $h=(0.450166,0.710950)$, slopes $(0.247517,0.205500)$. The rows of $W$ have squared lengths 2 and 4.25. The penalty is
# $0.247517^2\cdot2+0.205500^2\cdot4.25=0.302008$.

# %% exercise="contractive_penalty"

# %% [markdown]
# Train the tied network of 128 sigmoid units three times from the same start: free, sparse, contractive.

# %%
run_tied, run_sparsity, run_contractive = yours(TiedAutoencoder), yours(sparsity_penalty), yours(contractive_penalty)
penalties = {
    "free": None,
    "sparse": lambda model, x: run_sparsity(model.encode(x), "l1", 0.1),
    "contractive": lambda model, x: run_contractive(model.encode(x), model.weight),
}
tied = {}
for name, penalty in penalties.items():
    tied[name] = run_tied(0.25 * codes.first_weights(128, 64, seed=0))
    train(tied[name], 900, rate=1e-2, penalty=penalty, description=name)
print(f"{'':12} {'mean activation':>15} {'‖∂h/∂x‖²':>10} {'squared error a pixel':>21}")
for name, model in tied.items():
    h = model.encode(digits).detach()
    jacobian = run_contractive(h, model.weight).item()
    print(f"{name:12} {h.mean().item():15.3f} {jacobian:10.2f} {codes.mean_squared_error(digits, model(digits)):21.4f}")

# %%
run_favorites = yours(max_activating_input)
show(
    plots.weights(
        {name: run_favorites(model.weight.detach()[:40]) for name, model in tied.items()},
        "What forty of the units look for: the rows of W, brought to length 1",
        8,
    ),
    alt="Three sheets of forty small pictures. Those of the free network look like noise; among those of the sparse "
    "network are smooth blobs and strokes; most of the contractive network's are smooth, one sign here, the other "
    "there.",
)

# %% [markdown]
# The rows of $W$, brought to length 1, are the units' favorite pictures. Blue pixels speak for the unit, vermillion
# ones against it. Without a penalty they look like the noise that they started from: for copying, any rows do. With
# one, neighboring pixels begin to agree, and units look for blobs and strokes.
#
# Nothing is free. Both penalties raise the error, and the contractive one most: a code that keeps still tells fewer
# pictures apart. Which strength is right depends on what the code is for.
#
# ## Pictures are not lists
#
# All networks so far could have been trained on shuffled pixels. A **convolutional** autoencoder knows what is beside
# what. Its encoder shrinks by strided convolutions. Its decoder has to enlarge. The plain way: **repeat** each pixel
# twice in both directions (nearest-neighbor upsampling), then **convolve**, so that the next layer smooths the
# blocks. A transposed convolution enlarges too, but where its kernels overlap unevenly it draws checkerboards (Odena,
# Dumoulin and Olah, 2016).
#
# Two strided convolutions take 8 × 8 to 4 × 4 to 2 × 2. With 2 code channels the code has $2\cdot2\cdot2=8$ numbers
# again.

# %% exercise="ConvAutoencoder"

# %%
convolutional = codes.seeded(yours(ConvAutoencoder)(16, 2), seed=0)
train(convolutional, 600, inputs=data.train.view(-1, 1, 8, 8), rate=5e-3, description="convolutional")
drawn = convolutional(digits.view(-1, 1, 8, 8)).flatten(1)
print("parameters   ", {name: sum(p.numel() for p in model.parameters())
                        for name, model in (("convolutional", convolutional), ("deep", deep))})  # fmt: skip
print(f"squared error a pixel: convolutional {codes.mean_squared_error(digits, drawn):.4f}")

# %% [markdown]
# The result is worse than PCA's. But the network has a twentieth of the deep network's parameters, and on 8 × 8
# pixels there is little to share: convolutions pay on larger pictures.
#
# ## Deep, before it was easy
#
# In 2006 nobody could train a sigmoid network of eight layers: the gradient of the first layers was next to nothing
# (chapter 3). Hinton and Salakhutdinov found a way in: train the layers one at a time, without labels, each as a small
# machine that models what the layer below gives it; then put them on each other.
#
# A **restricted Boltzmann machine** has visible units $v\in\{0,1\}^a$ and hidden units $h\in\{0,1\}^k$, every visible
# one joined to every hidden one by a weight, and none to its own kind. It gives every pair a probability,
#
# $$p(v,h)\propto e^{\,vWh^{\mathsf T}+b\cdot v+c\cdot h}$$
#
# with $W\in\mathbb R^{a\times k}$, visible biases $b\in\mathbb R^a$, hidden biases $c\in\mathbb R^k$. Because no two
# hidden units are joined, given $v$ each is an independent coin, and the other way round:
#
# $$p(h_j=1\mid v)=\sigma(vW+c)_j,\qquad p(v_i=1\mid h)=\sigma(hW^{\mathsf T}+b)_i$$
#
# > **Careful.** Here $W$ has the shape (visible, hidden), as in the papers. A layer of torch has the shape (out, in).
# > And $b$ and $c$ have swapped roles since the tied network, where $b$ belonged to the hidden units: here it is $c$.
#
# Both lines are one function: given the units of one layer, the matrix from there to the other layer and the other's
# biases, compute the probabilities $p$, then throw the coins: a unit is 1 where its uniform draw lies below $p$.

# %% exercise="rbm_sample"

# %% [markdown]
# How does it learn? Likely data should have more probability, everything else less. The gradient of $\log p(v)$ is a
# difference of two means of $v^{\mathsf T}h$: one with the data clamped, one when the machine runs freely, dreaming.
# The second one is hopeless to compute. **Contrastive divergence** (CD-1) lets the machine dream for one step only:
# up from the data, down, up again.
#
# $$h^0=\sigma(v^0W+c),\quad s\sim h^0,\qquad v^1=\sigma(sW^{\mathsf T}+b),\qquad h^1=\sigma(v^1W+c)$$
# $$\Delta W=\frac\eta m\bigl(v^{0\mathsf T}h^0-v^{1\mathsf T}h^1\bigr),\quad \Delta b=\frac\eta m\sum(v^0-v^1),\quad
# \Delta c=\frac\eta m\sum(h^0-h^1)$$
#
# Only the states $s$ are drawn, and only they go down: a unit may tell the layer below no more than one bit. In the
# products stand probabilities, because they carry less noise. $\eta$ is the rate, $m$ the examples of the batch.
#
# **By hand.** One visible and one hidden unit, all parameters 0, $v^0=1$, a uniform draw of 0.3. $h^0=0.5$, so $s=1$.
# $v^1=\sigma(0)=0.5$, $h^1=0.5$. $\Delta W=\eta(1\cdot0.5-0.5\cdot0.5)=0.25\,\eta$, $\Delta b=0.5\,\eta$, $\Delta c=0$.

# %% exercise="contrastive_divergence_step"

# %% [markdown]
# Train one machine on the digits, then the next on the first one's hidden probabilities, and so on: 64-128, 128-64,
# 64-32, 32-8. Then **unroll**: up through all of them, and down again by the same matrices, the last machine first.
# Up, a layer computes $\sigma(vW+c)$; in torch's orientation its weight is $W^{\mathsf T}$ and its bias $c$. Down,
# $\sigma(hW^{\mathsf T}+b)$: its weight is $W$ and its bias $b$. Then **untie** them: every layer gets a copy of its
# own, and gradient descent **fine-tunes** all of them together.
#
# For sizes 4-3-2 the layers are $4\to3\to2\to3\to4$, with weights of shapes (3, 4), (2, 3), (3, 2), (4, 3).

# %% exercise="unroll"

# %%
run_sample, run_divergence, run_unroll = yours(rbm_sample), yours(contrastive_divergence_step), yours(unroll)
machines = codes.train_stack(data.train, (128, 64, 32, 8), seed=0, steps=800, step=run_divergence)
pretrained = codes.sigmoid_network(run_unroll(machines))
random_start = codes.seeded(codes.sigmoid_network(run_unroll(machines)), seed=0)
print(f"unrolled, before fine-tuning:  {codes.mean_squared_error(digits, pretrained(digits)):.4f}")
curves = {}
for name, network in (("unrolled machines", pretrained), ("random start", random_start)):
    curves[name] = train(network, 1000, rate=0.1, momentum=0.9, description=name).losses
    print(f"{name:18} fine-tuned:  {codes.mean_squared_error(digits, network(digits)):.4f}")
mean_image = data.train.mean(dim=0).expand_as(digits)
print(f"the mean image of all digits:  {codes.mean_squared_error(digits, mean_image):.4f}")

# %%
show(
    plots.learning_curves(
        curves, "The same eight sigmoid layers: only one start leads anywhere", "reconstruction loss"
    ),
    alt="The loss from the unrolled machines falls steadily; the loss from the random start stays flat.",
)
show(
    plots.rows(
        {
            "held-out digits": digits[ten],
            "unrolled, tuned": pretrained(digits[ten]),
            "random, tuned": random_start(digits[ten]),
        },
        "From a random start the network draws the mean of all digits, whatever it sees",
    ),
    alt="Digits; the pre-trained network's drawings, which resemble them; and ten times the same gray blob.",
)

# %% [markdown]
# Gradient descent with momentum, the same for both. From the random start nothing of the picture gets through eight
# sigmoid layers, so the best that the last bias can do is the mean image. Adam, ReLUs and better starts came later and
# made this detour unnecessary (chapter 3): with Adam, the random start gets away from the mean image, as the table at
# the end shows. What stays is the idea: learn from data without labels first, then fine-tune.
#
# ## What are the codes worth
#
# Pre-training promises that few labels suffice afterward. Does it hold here? Logistic regression on pixels, on PCA, and
# on three kinds of code, from 2, 5 and 20 labels of each class:

# %%
show(
    plots.few_labels_figure(result),
    alt="Percent of held-out digits read right for five kinds of features, three seeds each. Denoising codes lie to "
    "the "
    "right of the pixels' median in all three panels; the other kinds scatter around it.",
)
print("points gained over pixels, seed by seed")
print("\n".join(plots.few_label_gains(result)))

# %% [markdown]
# *Precomputed, three seeds each (dots) and their median (line); the dotted line is the pixels' median.* The codes of
# the deep and of the sparse autoencoder, and PCA's, give no reliable gain: 1.7 points at best, and in some seeds a
# loss. Only the denoising code gains in every seed: 5.6 to 9.7 points with 2 labels of each class, less with more.
# Three seeds are few, and 1437 unlabeled digits beside 20 labeled ones are not the millions that the promise is
# about. Do not expect that an unsupervised code helps; measure it.
#
# ## Between the codes
#
# Back to the promise of generation. If $h$ is a digit's code, what is near it? Walk in a straight line from one code to
# another:
#
# $$z_t=(1-t)\,z_\text{start}+t\,z_\text{end},\qquad t\text{ evenly spaced from 0 to 1}$$
#
# **By hand.** From $(0,2)$ to $(4,0)$ in 5 codes: $(0,2),(1,1.5),(2,1),(3,0.5),(4,0)$.

# %% exercise="interpolate"

# %% quiz="predict_gaps"

# %%
plain = codes.seeded(run_autoencoder((64, 128, 2)), seed=0)
train(plain, 1500, rate=4e-3, description="code of 2")
with torch.no_grad():
    plain_codes = plain.encoder(digits)
    guesses = plain.decoder(codes.codes_like(plain.encoder(data.train), 10, seed=2))
    run_interpolate = yours(interpolate)
    start, end = (plain_codes[torch.from_numpy(labels == label)].mean(dim=0) for label in (0, 7))
    walk = plain.decoder(run_interpolate(start, end, 10))
show(
    plots.rows(
        {"decoded at random": guesses, "on the way 0 to 7": walk},
        "Random codes of a plain autoencoder, and a straight way from a 0 to a 7",
    ),
    alt="Ten drawings decoded from random codes, and below them ten drawings on a straight walk from a 0 to a 7.",
)
show(
    plots.latent_grids(
        {
            "decoded on a grid": (plain.decoder, plots.square_grid(plots.window(plain_codes), 12)),
            "twice as far out": (plain.decoder, plots.square_grid(plots.window(2 * plain_codes), 12)),
        },
        "A plain autoencoder's plane: smudges between the digits, blots outside",
    ),
    alt="Two mosaics of decoded codes. Within the cloud of codes digits change into each other through smudges; "
    "further "
    "out the drawings become large and meaningless.",
)

# %% reveal="predict_gaps"

# %% [markdown]
# Two things are missing. Nobody knows *where* the codes are: their cloud has a shape that no formula describes. And
# *between* them the decoder was never asked for anything. A generator needs codes that fill a known region without
# gaps. How could a loss ask for that?
#
# ## A price on information
#
# First a measure. Two distributions $p$ and $q$ over the same outcomes; the **Kullback–Leibler divergence** is the
# mean, under $p$, of how much more likely $p$ finds what happens than $q$ does:
#
# $$\mathrm{KL}(p\,\Vert\,q)=\sum_i p_i\,(\log p_i-\log q_i)$$
#
# We call it the divergence *of $q$ from $p$*; the first, $p$, weighs the terms. Books differ in these words, so go by
# the symbol. With the natural logarithm it is in **nats**. It is 0 where $q=p$ and positive elsewhere. An outcome with
# $p_i=0$ adds nothing.
#
# **By hand.** $p=(0.5,0.5)$, $q=(0.9,0.1)$:
# $0.5\log\frac{0.5}{0.9}+0.5\log\frac{0.5}{0.1}=-0.293893+0.804719=0.510826$. The other way, $\mathrm{KL}(q\Vert p)=
# 0.9\log1.8+0.1\log0.2=0.368064$. It is **not symmetric**: no distance.
#
# > **Careful.** In some notes the formula has lost its sense: "$\sum p=[\log p-\log q]$". The $p$ is a factor: it
# > weighs the terms. Without it the sum can be negative.

# %% exercise="kl_divergence"

# %% [markdown]
# Now let the encoder give, instead of a point, a small **cloud**: a Gaussian $N(\mu_j,\sigma_j^2)$ for every entry
# $j$ of the code. Fix where clouds should be: the **prior** $N(0,1)$. The price of a picture's code is the divergence
# of the prior from its cloud, KL(cloud ‖ prior): how much the code tells about the picture. For two
# Gaussians the sum becomes an integral, and it has a closed form:
#
# $$\mathrm{KL}\bigl(N(\mu,\sigma^2)\,\Vert\,N(0,1)\bigr)=
# \tfrac12\sum_{j=1}^k\bigl(\mu_j^2+\sigma_j^2-1-\log\sigma_j^2\bigr)$$
#
# Networks give $\log\sigma^2$, which may be any number, rather than $\sigma$, which must be positive.
#
# **By hand**, for a code of one number: $\mu=0,\sigma=1$ costs 0. $\mu=1,\sigma=1$: $\frac12$. $\mu=0,\sigma=\frac12$:
# $\frac12(0.25-1+1.386294)=0.318147$. $\mu=1,\sigma=2$: $\frac12(1+4-1-1.386294)=1.306853$.

# %% exercise="gaussian_kl"

# %% quiz="predict_kl"

# %%
show(
    plots.divergence_curve(yours(gaussian_kl)),
    alt="The divergence against σ for μ = 0 and μ = 2: both curves are least at σ = 1 and rise without end as σ goes "
    "to 0.",
)

# %% [markdown]
# Compare the curves with your answer. The network that can settle it needs one more part.
#
# ## A draw that gradients can pass
#
# The decoder is given a draw $z$ from the picture's cloud. But how does the encoder learn, when between it and the loss
# there is a throw of dice? Move the dice to the side. Draw $\varepsilon$ from $N(0,1)$, whatever the picture, and then
# compute
#
# $$z=\mu+\sigma\,\varepsilon,\qquad \varepsilon\sim N(0,1),\qquad \sigma=e^{\frac12\log\sigma^2}$$
#
# This is the **reparametrization**. $z$ has the distribution $N(\mu,\sigma^2)$, and given $\varepsilon$ it is linear in
# $\mu$ and $\sigma$: $\partial z/\partial\mu=1$, $\partial z/\partial\sigma=\varepsilon$.
#
# **By hand.** $\mu=2$, $\sigma=3$: $\varepsilon=1$ gives $z=5$, $\varepsilon=-1$ gives $z=-1$.

# %% exercise="reparameterize"

# %% [markdown]
# > **Careful.** Some notes write $z=\mu+\sigma\cdot\mathrm{sample}(N(\mu,\sigma^2))$. That shifts and stretches
# > twice. It has mean $\mu+\sigma\mu$ and variance $\sigma^4$. Try it:

# %%
run_reparameterize = yours(reparameterize)
epsilon = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))
mu, log_variance = torch.full_like(epsilon, 2.0), torch.full_like(epsilon, 2 * math.log(3.0))
right = run_reparameterize(mu, log_variance, epsilon)
twice = run_reparameterize(mu, log_variance, right)
print(f"μ + σε              mean {right.mean():.2f}   variance {right.var():.1f}")
print(f"μ + σ·N(μ, σ²)      mean {twice.mean():.2f}   variance {twice.var():.1f}")

# %% quiz="sampling_and_gradients"

# %% [markdown]
# ## The bound
#
# How likely does the model find a picture $x$? $p(x)=\int p(x|z)\,p(z)\,dz$ is an integral over all codes, out of
# reach. But for any cloud $q(z|x)$ that the encoder gives, multiply and divide by it. The integral becomes a mean over
# the cloud, and by Jensen's inequality the logarithm of a mean is at least the mean of the logarithms:
#
# $$\log p(x)=\log\,\mathbb E_{z\sim q(z|x)}\Bigl[\frac{p(x|z)\,p(z)}{q(z|x)}\Bigr]\;\ge\;
# \mathbb E_{z\sim q(z|x)}\bigl[\log p(x|z)+\log p(z)-\log q(z|x)\bigr]$$
#
# With the prior $p(z)=N(0,I)$ the last two terms are minus a divergence:
#
# $$\log p(x)\;\ge\;\underbrace{\mathbb E_{z\sim q(z|x)}\bigl[\log p(x|z)\bigr]}_{\text{reconstruction}}-
# \underbrace{\mathrm{KL}\bigl(q(z|x)\,\Vert\,N(0,I)\bigr)}_{\text{price of the code}}$$
#
# The right side is the **evidence lower bound**, ELBO. What it misses, put $p(x|z)\,p(z)=p(z|x)\,p(x)$ into the mean,
# is $\mathrm{KL}(q(z|x)\Vert p(z|x))$: nothing, where the cloud is what the model itself would infer. The ELBO is
# what a **variational autoencoder** maximizes (Kingma and Welling, 2014).
# For black-and-white pixels the decoder gives each pixel a probability $p_j=\sigma(\text{logit}_j)$ of
# being 1, and
#
# $$\log p(x|z)=\sum_j\bigl[x_j\log p_j+(1-x_j)\log(1-p_j)\bigr]$$
#
# minus the binary cross-entropy, *summed* over the pixels. One draw of $z$ a picture is enough for a batch. A weight
# $\beta$ on the price is 1 for the bound; $\beta\ne1$ trades reconstruction against price (Higgins and others, 2017).
#
# **By hand.** One pixel $x=1$ with logit 0 ($p=\frac12$), a code with $\mu=1,\sigma=1$:
# $\log\frac12-\frac12=-1.193147$.
#
# > **Careful.** The two terms must be in the same unit. Take the *mean* over the pixels in the first, and the price
# > weighs 64 times too much: the clouds collapse onto the prior and the decoder draws the mean image.

# %% exercise="elbo"

# %% [markdown]
# The network: an encoder with one hidden ReLU layer, two linear **heads** on it for $\mu$ and $\log\sigma^2$, and a
# decoder with one hidden ReLU layer that gives logits. `forward` takes the noise as an argument: the network stays a
# plain function.

# %% exercise="VAE"

# %% quiz="independence"

# %% [markdown]
# Now the prediction about the divergence alone. Train three VAEs with a code of two numbers: with both terms, with the
# divergence alone, with the reconstruction alone ($\beta=0$). A circle is a picture's cloud, with radius $\sigma$:

# %%
run_vae, run_elbo, run_gaussian_kl = yours(VAE), yours(elbo), yours(gaussian_kl)
black_white = data.binarized


def train_vae(code, steps, objective=run_elbo):
    model = codes.seeded(run_vae(64, 128, code), seed=0)
    codes.train_vae(model, black_white.train, seed=0, steps=steps, code=code, rate=3e-3, objective=objective)
    return model


objectives = {
    "both terms": run_elbo,
    "divergence alone": lambda x, logits, mean, log_variance: -run_gaussian_kl(mean, log_variance).mean(),
    "reconstruction alone": partial(run_elbo, kl_weight=0.0),
}
vaes = {name: train_vae(2, 1500 if name == "both terms" else 700, f) for name, f in objectives.items()}
with torch.no_grad():
    clouds = {name: model.encode(black_white.test) for name, model in vaes.items()}
for name, (mean, log_variance) in clouds.items():
    sigma = torch.exp(0.5 * log_variance).median()
    print(f"{name:21} spread of the μ {mean.std(dim=0).mean():5.2f}   median σ {sigma:.3f}")
show(
    plots.clouds(clouds, labels, "The divergence closes the gaps, the reconstruction spreads the codes"),
    alt="Three planes of circles. With both terms, overlapping circles fill the middle. With the divergence alone, all "
    "circles lie on each other with radius 1. With the reconstruction alone, tiny circles lie far apart.",
)

# %% reveal="predict_kl"

# %% [markdown]
# > **Careful.** "KL alone drives $\mu$ and $\sigma$ to 0", say some notes. It drives $\mu$ to 0 and $\sigma$ to
# > **1**: at $\sigma=0.001$ it costs 6.41 nats.
#
# > **Careful.** The entries of *one* picture's code are independent, by design of the encoder. The cloud of *all* codes
# > is only pulled toward $N(0,I)$. Look at the left panel: classes keep to their places.
#
# With both terms the plane is filled. Decode it where the prior puts its draws: a grid of quantiles, so that each tile
# stands for an equal share of draws.

# %%
two = vaes["both terms"]


def draw(model, z):
    return torch.sigmoid(model.decoder(z))


plain_black_white = codes.seeded(run_autoencoder((64, 128, 2)), seed=0)
train(plain_black_white, 1500, inputs=black_white.train, rate=4e-3, description="plain, code of 2")
with torch.no_grad():
    plain_plane = plain_black_white.encoder(black_white.test)
show(
    plots.planes(
        {"plain autoencoder": plain_plane, "VAE: the means μ": clouds["both terms"][0]},
        labels,
        "Codes of held-out digits: a shape that nobody chose, and the prior's disk",
    ),
    alt="Two planes of digits' codes. The plain autoencoder's lie on spokes with empty space between them; the VAE's "
    "fill "
    "a disk around the origin without large gaps.",
)
show(
    plots.latent_grids(
        {
            "plain: the rectangle of its codes": (
                plain_black_white.decoder,
                plots.square_grid(plots.window(plain_plane), 14),
            ),
            "VAE: quantiles of the prior": (partial(draw, two), plots.prior_grid(14)),
        },
        "Two planes: where to draw from is known for one of them",
    ),
    alt="Two mosaics of 14 by 14 drawings. The plain autoencoder's corners, far from all its codes, hold hard blots "
    "and "
    "broken shapes; the VAE's drawings are digits to the edge, blurred in the middle where many classes meet.",
)

# %% [markdown]
# ## A number for a drawing
#
# Looking is not enough: it favors what is pretty. Use an independent judge that gives real digits a likelihood. A
# **mixture** of 40 Bernoulli models, fitted to the training digits by expectation maximization, is simple and hard to
# beat here. Its surprise at a picture is $-\log p$ in nats, small for what looks like the data. Draw 2000 codes for
# each model: for the VAE from the prior, for a plain autoencoder from a Gaussian fitted to its codes. Both codes have
# 8 numbers.

# %%
eight = train_vae(8, 1500)
plain_eight = codes.seeded(run_autoencoder((64, 128, 8)), seed=0)
train(plain_eight, 1500, inputs=black_white.train, rate=4e-3, description="plain, code of 8")
judge = codes.bernoulli_mixture(black_white.train, 40, seed=0)
with torch.no_grad():
    plain_draws = plain_eight.decoder(codes.codes_like(plain_eight.encoder(black_white.train), 2000, seed=0))
    vae_draws = draw(eight, torch.randn(2000, 8, generator=torch.Generator().manual_seed(0)))
for name, drawn in (("real, held out", digits), ("VAE", vae_draws), ("plain autoencoder", plain_draws)):
    print(f"{name:18} surprise {codes.surprise(drawn, judge):5.2f} nats a picture")
bound = codes.negative_elbo(eight, black_white.test, 8)
print(f"the VAE's own bound on −log p(x) of held-out digits: {bound:.2f} nats")
show(
    plots.rows(
        {
            "real, held out": black_white.test[:12],
            "VAE": vae_draws[:12],
            "plain": plain_draws[:12].clamp(0, 1),
        },
        "Digits that somebody wrote, and digits that nobody wrote",
    ),
    alt="Twelve real digits, twelve draws of the VAE, and twelve draws of the plain autoencoder.",
)

# %% [markdown]
# In nats, that is the gap. One run is one draw, so take the three seeds of the longer trainings at the end: beyond its
# surprise at real digits, the judge's surprise at the plain autoencoder's draws is 3.7, 2.8 and 2.7 nats, and at the
# VAE's draws +0.5, −0.1 and +0.4. Two warnings belong to it. The judge sees black and white and likes
# what is typical; it does not ask for variety. And the judge itself is a generator: its surprise at held-out digits
# is less than the VAE's bound, by 0.5 to 0.6 nats there. On 1437 pictures of 64 pixels a mixture is hard to beat.
# On photographs nobody would try.
#
# Two numbers make a plane that can be drawn, eight make better digits. In eight dimensions, look at a slice.
#
# ## Turn a 4 into a 9
#
# A cut through the VAE's eight-number code: the flat plane through the mean codes of 4, 9 and 0. Two sliders choose a
# place, the VAE draws it and its four neighbors half a unit away, and logistic regression reads them. You start on a 0.

# %%
with torch.no_grad():
    held_out_codes = eight.encode(black_white.test)[0]
    plane = plots.plane_through(eight.encode(black_white.train)[0], data.train_labels, (4, 9, 0))
chosen = np.isin(labels, (4, 9, 0))
reader = plots.Reader(data)
plots.turning_point(partial(draw, eight), reader, plane, held_out_codes[torch.from_numpy(chosen)], labels[chosen])

# %%
with torch.no_grad():
    ways = {
        f"z₂ = {height:g}": draw(
            eight, plane.codes(run_interpolate(torch.tensor([-2.0, height]), torch.tensor([2.0, height]), 12))
        )
        for height in (1.5, 0.0, -1.5)
    }
show(
    plots.rows(ways, "Three straight walks in that plane, z₁ from −2 to 2"),
    alt="Three rows of twelve drawings. The middle one starts with 4s and ends with 9s, changing stroke by stroke; the "
    "upper one passes a 0 on the way.",
)

# %% [markdown]
# ## Over three seeds
#
# One run proves little. `make experiments` trains everything above for longer, on three seeds of split, start and
# noise:

# %%
print("Precomputed on", result["date"], "by", result["command"])
plots.show_bars(result)
plots.show_medians(
    result,
    "Beside what they have to beat",
    {
        "PCA, 8 components: squared error a pixel": ("compression", "pca_mse"),
        "convolutional, code of 8": ("compression", "convolutional_mse"),
        "PCA on noisy digits, at its best length": ("denoising", "pca_mse"),
        "sparse: squared error a pixel (free: 0.0004)": ("sparse", "l1_mse"),
        "contractive: squared error a pixel": ("contractive", "contractive_mse"),
        "sigmoid network from a random start": ("pretraining", "random_mse"),
        "the same, trained with Adam": ("pretraining", "random_adam_mse"),
        "mean image": ("pretraining", "mean_image_mse"),
        "mixture of 40 Bernoulli models, nats": ("generation", "mixture_nats"),
        "independent pixels, nats": ("generation", "independent_pixels_nats"),
        "surprise at the plain autoencoder's draws": ("generation", "surprise_plain_draws"),
        "surprise at the VAE's draws": ("generation", "surprise_vae_draws"),
    },
)

# %% [markdown]
# Every bar is reached, by the median of three seeds. Read the tables for what they do not praise, too:
#
# - the linear autoencoder draws as well as PCA, but in one seed it is still 10.6° away from PCA's subspace;
# - eight numbers from convolutions are worse than eight from PCA;
# - sparsity costs error, and contraction costs more: 0.018 beside 0.0004 for the free network;
# - with Adam the random start leaves the mean image, though it comes nowhere near the pre-trained network;
# - the mixture's 17.7 nats beat the VAE's 18.2.

# %% written="two_regularizers"

# %% [markdown]
# ## Summary
#
# - An **autoencoder** learns a code by drawing its input. Linear, it is PCA; deep, it follows the manifold.
# - Perfect reconstruction is no goal. An **over-complete** code needs a penalty (**sparse**, **contractive**) or a
#   harder task (**denoising**).
# - **Tied** weights read and write with one matrix; its rows are pictures.
# - **Restricted Boltzmann machines**, trained by **contrastive divergence** and **unrolled**, gave deep nets their
#   first good start.
# - A plain code has **gaps**. A **VAE** gives each picture a cloud, prices it by the **KL divergence** KL(cloud ‖
#   prior) and draws through the **reparametrization**; it maximizes the **ELBO**.
# - Judge generators by a number beside a baseline. Here a plain mixture is the better density.
#
# | term | in one line |
# |---|---|
# | code, latent | what the encoder gives; in a VAE a draw from $q(z\mid x)$ |
# | under-, over-complete | the code is shorter, or as long as the input or longer |
# | nat | unit of information with the natural logarithm; 1 nat is 1.4427 bits |
# | prior, posterior | $N(0,I)$; what the encoder says after it has seen $x$ |
# | aggregate posterior | the cloud of all pictures' codes together |
#
# **Papers.** Hinton, *Training products of experts by minimizing contrastive divergence* (2002). Hinton and
# Salakhutdinov, *Reducing the dimensionality of data with neural networks* (2006). Vincent and others, *Extracting
# and composing robust features with denoising autoencoders* (2008). Rifai and others, *Contractive auto-encoders*
# (2011). Kingma and Welling, *Auto-encoding variational Bayes* (2014). Odena, Dumoulin and Olah, *Deconvolution and
# checkerboard artifacts* (2016). Higgins and others, *beta-VAE* (2017).
