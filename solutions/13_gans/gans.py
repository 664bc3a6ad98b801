# %% [markdown]
# # 13 · Generative adversarial networks
#
# So far every network answered a question about a picture. This chapter turns the arrow around: you want a *new*
# picture, one that could have been in the data and is not. A forger and a judge will learn it from each other. The
# forger never sees a real picture. The judge never says what is wrong, only how sure it is.
#
# **You will be able to**
#
# - draw from any law of one number, prove that you did, and test it;
# - say what the best judge of real and fake knows, and which distance a forger shrinks against it;
# - choose a loss for the forger and explain why the obvious one stalls;
# - program algorithm 1 of the first GAN paper, step by step, in PyTorch;
# - provoke mode collapse, cure it, and keep training from going around in circles;
# - *score* a generator, beside what it has to beat.
#
# **You need** logits and binary cross-entropy (chapter 1), training steps in PyTorch, densities and CDFs.
#
# **It takes** about four hours with all exercises. The computer needs a minute, without a GPU or a network.

# %% role="setup"

# %%
from dl_helpers import gan_training
from dl_helpers.datasets import digits
from dl_helpers.plots import gans as plots
from dl_helpers.plotting import show, use_course_style

use_course_style()
clouds = {
    "what you have: noise": gan_training.noise_batches(600, 2, torch.Generator().manual_seed(0)),
    "what you want: this law": gan_training.ring_batches(600, torch.Generator().manual_seed(1)),
}
show(
    plots.ring_figure({name: next(batches).numpy() for name, batches in clouds.items()}),
    alt="Left: six hundred points of round noise around the middle. Right: six hundred points in eight tight "
    "clusters on a circle. The eight clusters are marked with small circles in both pictures.",
)

# %% [markdown]
# On the left are points that a computer can make as many of as you like. On the right is what you want: eight tight
# clusters on a circle, the *ring*, which will go with us through the chapter. Is there a function that turns the left
# picture into the right one?
#
# A **generative model** draws new examples from the law that the data came from, $p_\text{data}$. Some models write
# down a density and can say how probable an example is; others draw an example piece by piece, each piece given those
# before (**autoregressive**: a sentence word by word, a picture pixel by pixel). A GAN does neither. It makes the
# whole example **all at once**, $x=G(z)$ from noise $z$, and nobody can write down the density of what comes out. It is
# an **implicit density**: you can draw from it, not evaluate it.
#
# Start where one can see everything: with a single number.
#
# ## One number: the inverse of the CDF
#
# Your random generator gives $U$, uniform between 0 and 1. You want the waiting time $Y$ until the next bus, an
# *exponential* law with rate $\lambda$. Its **cumulative distribution function** (CDF) is
#
# $$F(y)=P(Y\le y)=1-e^{-\lambda y},\qquad y\ge 0 .$$
#
# $F$ turns a waiting time into a number between 0 and 1: the share of waiting times that are shorter. Go the other way.
# Pick a share at random, and ask which waiting time has it: $Y=F^{-1}(U)$. Where $F$ is steep, many values of $U$ end
# in a short stretch of $y$. That is where the density is high.
#
# **By hand.** Solve $u=1-e^{-\lambda y}$ for $y$: $e^{-\lambda y}=1-u$, so $y=-\log(1-u)/\lambda$. With $\lambda=2$,
# $u=0.5$ gives $y=0.3466$ and $u=0.75$ gives $0.6931$. The mean of the law is $1/\lambda=0.5$, its variance
# $1/\lambda^2=0.25$.

# %% exercise="exponential_inverse_cdf"

# %%
draws = yours(exponential_inverse_cdf)(np.random.default_rng(0).random(100_000), 2.0)
print(f"100,000 draws, rate 2: mean {draws.mean():.3f}, variance {draws.var():.3f}, shortest {draws.min():.1e}")
show(
    plots.inverse_cdf_figure(lambda u: yours(exponential_inverse_cdf)(u, 1.0)),
    alt="Left: 24 evenly spaced points on the vertical axis go across to a rising curve and down. On the horizontal "
    "axis they land close together near 0, where the curve is steep, and ever farther apart. Right: a histogram of "
    "many such draws lies exactly under the exponential density.",
)

# %% [markdown]
# > **Careful.** "Sample uniformly from the inverse CDF" is how some notes put it. Nothing is drawn *from* $F^{-1}$.
# > Uniform draws are fed *through* it.
#
# The recipe asks for nothing but a CDF that can be inverted. The **Cauchy** law with median $a$ and scale $b$ has
# $F(y)=\tfrac12+\tfrac1\pi\arctan\frac{y-a}{b}$. Its tails are so heavy that it has no mean. By hand: $u=\tfrac12$ must
# give $a$; $u=\tfrac34$ leaves $\arctan\frac{y-a}{b}=\tfrac\pi4$, so $y=a+b$.

# %% exercise="cauchy_inverse_cdf"

# %% [markdown]
# What if $F$ has steps? Then it is flat in between and has no inverse. The data themselves are such a case. Their
# **empirical CDF** $F(y)=\frac1n\#\{i: x_i\le y\}$ jumps by $1/n$ at each datum. The **generalized inverse** always
# exists:
#
# $$F^{-1}(u)=\min\{y : F(y)\ge u\}$$
#
# **By hand.** The data 1, 3, 3, 7 give $F=\tfrac14$ from 1 on, $\tfrac34$ from 3 on, 1 from 7 on. So
# $F^{-1}(0.25)=1$, $F^{-1}(0.26)=3$, $F^{-1}(0.75)=3$, $F^{-1}(0.76)=7$.

# %% exercise="empirical_inverse_cdf"

# %%
show(
    plots.staircase_figure(yours(empirical_inverse_cdf), np.array([1.0, 3.0, 3.0, 7.0])),
    alt="A staircase that rises at 1, 3 and 7. Dashed lines from three heights meet it and arrows go down: 0.15 "
    "leads to 1, both 0.5 and 0.6 lead to 3, because the step at 3 spans them.",
)

# %% [markdown]
# Look at what that sampler gives: the data again, each with probability $1/n$. Perfect samples, and nothing new. Keep
# it in mind when someone shows you a generator whose pictures look real.
#
# ### Is it true?
#
# You have a claim: $Y=F^{-1}(U)$ has the CDF $F$. What would prove such a claim?

# %% quiz="identify_a_law"

# %% [markdown]
# Take the CDF. The proof is one line with three equations:
#
# $$P(Y\le y)\;=\;P\bigl(F^{-1}(U)\le y\bigr)\;=\;P\bigl(U\le F(y)\bigr)\;=\;F(y)$$
#
# 1. The first puts in what $Y$ is.
# 2. The second is the heart. $F$ rises, so it may be applied on both sides of $\le$. It says more than that two
#    probabilities agree: the two **events** are one. Each single draw of $U$ is in both or in neither. For the
#    generalized inverse it holds too, and exactly with $\le$, not with $<$.
# 3. The third is the CDF of the uniform law: $P(U\le c)=c$ for $c$ between 0 and 1. No experiment is needed for it.
#
# Write the steps down as code, so that they can be checked draw by draw, for a smooth law and for a die.

# %% exercise="inverse_cdf_proof"

# %% [markdown]
# A proof is about the formula. Whether your *program* follows it is another question, and a picture of a histogram is
# a weak answer. The **Kolmogorov–Smirnov distance** is a strong one: the largest gap between the samples' staircase
# $F_n$ and the law,
#
# $$D_n=\sup_y|F_n(y)-F(y)|=\max_i\;\max\Bigl(\tfrac in-F(y_i),\;F(y_i)-\tfrac{i-1}n\Bigr),$$
#
# with the samples in order, $y_1\le\dots\le y_n$. $F$ is continuous and rises, the staircase is flat between samples:
# so the gap is largest at a jump, just after it (height $i/n$) or just before it (height $(i-1)/n$).
#
# **By hand.** Samples 0.5 and 0.9, law $F(y)=y^2$ on $[0,1]$: $F=0.25$ and $0.81$. Gaps after the jumps:
# $0.5-0.25=0.25$ and $1-0.81=0.19$. Before: $0.25-0=0.25$ and $0.81-0.5=0.31$. The distance is 0.31.

# %% exercise="ks_distance"

# %%
uniform = np.random.default_rng(5).random(60)
right = yours(exponential_inverse_cdf)(uniform, 2.0)
show(
    plots.ks_figure(
        {"rate 2": right, "rate 1.4 by mistake": right * 2 / 1.4},
        lambda y: 1 - np.exp(-2 * y),
        yours(ks_distance),
    ),
    alt="Two staircases of 60 samples against the exponential law with rate 2. The right sampler stays close to it; "
    "the one with the wrong rate lies below the law everywhere, and a thick line marks its largest gap.",
)
print(f"For 60 draws from the law itself the distance exceeds {1.36 / 60**0.5:.3f} in one of twenty cases.")

# %% [markdown]
# Done, for one number. Now a picture of 64 pixels. Its law lives in 64 dimensions, has no formula, and "$\le$" between
# two pictures means nothing: there is no CDF to invert. One idea survives. *There is a function that turns noise into
# examples.* If nobody can write it down, let a network learn it.
#
# ## Two networks
#
# The **generator** $G$ takes noise $z$, a batch of shape $(m, n_z)$, and gives **fakes** $G(z)$ of shape $(m, n)$:
#
# $$G(z)=W_3\,\mathrm{relu}\bigl(W_2\,\mathrm{relu}(W_1z+b_1)+b_2\bigr)+b_3$$
#
# Noise comes from a law $p_z$ that is easy to draw from: a standard Gaussian. (The first paper's algorithm calls it
# $p_g(z)$; that name is taken by the law of the fakes, so this chapter says $p_z$.) The output is linear: a
# coordinate may have any sign.

# %% exercise="Generator"

# %% [markdown]
# How should $G$ learn? There is no target: no noise vector belongs to any picture. What can be told is whether a whole
# heap of fakes looks like the heap of real examples. The **discriminator** $D$ learns to tell: it is a classifier of
# two classes, real and fake. As in chapter 1 the network gives a **logit** $s$, one number for each example, and
# $D(x)=\sigma(s)$ is the probability that $x$ is real.
#
# Its hidden units are **leaky**, $\max(0.2\,z, z)$. $G$ will learn from the gradient that runs *through* $D$; a unit
# that is off and passes nothing on tells it nothing.

# %% exercise="Discriminator"

# %% [markdown]
# ### What the judge wants
#
# $D$ is paid the log of the probability that it gave to the truth. The **value** of the game, for $D$, is
#
# $$V(D,G)=\mathbb E_{x\sim p_\text{data}}\log D(x)+\mathbb E_{z\sim p_z}\log\bigl(1-D(G(z))\bigr),$$
#
# and the game itself is $\min_G\max_D V(D,G)$, a **minimax** game. (Scanned slides of it can be adventurous: what looks
# like $p_{tan}$ is $p_\text{data}$, $p_x(z)$ is $p_z$, and where the gradient of $D$ repeats a term, the second
# belongs to the fakes.) $D$ *ascends* $V$. An optimizer descends, so it is given
# $-V$, on a batch with means in place of expectations:
#
# $$L_D=-\frac1m\sum_i\log\sigma(s_i^\text{real})-\frac1l\sum_j\log\bigl(1-\sigma(s_j^\text{fake})\bigr)$$
#
# Both logarithms overflow if you compute $\sigma$ first and its log after. In terms of
# $\mathrm{softplus}(s)=\log(1+e^s)$ nothing does: $-\log\sigma(s)=\mathrm{softplus}(-s)$ and
# $-\log(1-\sigma(s))=\mathrm{softplus}(s)$.
#
# **By hand.** $D=\tfrac12$ everywhere means $s=0$: the loss is $\log2+\log2=1.3863$. Real logits 2 and 0, one fake
# logit −1: $\tfrac12(0.1269+0.6931)+0.3133=0.7233$.
#
# > **Careful.** "Descend the classification error" and "ascend the value" are one and the same for $D$. If two texts
# > differ in the sign, look whether one of them says *loss*.

# %% exercise="discriminator_loss"

# %% [markdown]
# ### The best judge
#
# Hold $G$ still. Its fakes have some law $p_g$. What is the best that $D$ can do? At one point $x$ the value is
# $a\log D+b\log(1-D)$ with $a=p_\text{data}(x)$ and $b=p_g(x)$. Its derivative $\frac aD-\frac b{1-D}$ is 0 at
#
# $$D^*(x)=\frac{p_\text{data}(x)}{p_\text{data}(x)+p_g(x)} .$$
#
# The best judge says which share of what lands at $x$ is real. **By hand:** $p_\text{data}=0.3$ and $p_g=0.1$ give
# $D^*=0.75$. Where neither ever comes it does not matter; the course says $\tfrac12$.

# %% exercise="optimal_discriminator"

# %%
show(
    plots.optimal_discriminator_figure(yours(optimal_discriminator)),
    alt="Three panels with two bell curves and the optimal discriminator. With the fakes 3 away it falls steeply "
    "from 1 to 0 between them; with the fakes 1 away it falls gently; where both curves coincide it is one half "
    "everywhere.",
)

# %% [markdown]
# In the left panel look at the fakes' side: $D^*$ is flat and near 0. Whoever has to learn from its slope there learns
# little. That will come back.
#
# On a histogram the value is a sum over bins that you can compute: $V=\sum p_\text{data}\log D+\sum p_g\log(1-D)$. A
# bin of probability 0 adds nothing, whatever $D$ says.

# %% exercise="game_value"

# %% [markdown]
# Put $D^*$ into the value. With the middle $m=\tfrac12(p_\text{data}+p_g)$ we have $D^*=\frac{p_\text{data}}{2m}$ and
# $1-D^*=\frac{p_g}{2m}$, and
#
# $$V(D^*,G)=-\log4+\mathrm{KL}(p_\text{data}\|m)+\mathrm{KL}(p_g\|m)=-\log4+2\,\mathrm{JSD}(p_\text{data},p_g).$$
#
# $\mathrm{KL}(p\|m)=\sum p\log\frac pm$ in nats;
# $\mathrm{JSD}(p,q)=\tfrac12\mathrm{KL}(p\|m)+\tfrac12\mathrm{KL}(q\|m)$ is the **Jensen–Shannon divergence**. It is 0
# only for equal laws, and never more than $\log 2$. So a generator that plays against the best judge shrinks a
# distance between laws, without ever writing one down.
#
# **By hand.** $p=(0.5,0.5)$ and $q=(0.9,0.1)$ have the middle $(0.7,0.3)$.
# $\mathrm{KL}(p\|m)=0.5\log\frac{0.5}{0.7}+0.5\log\frac{0.5}{0.3}=0.0872$, $\mathrm{KL}(q\|m)=0.1163$; half of each
# makes 0.1017.

# %% exercise="jensen_shannon"

# %%
p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
best = yours(optimal_discriminator)(p, q)
print(f"value of the best judge     {yours(game_value)(p, q, best):.6f}")
print(f"−log 4 + 2 JSD              {-np.log(4) + 2 * yours(jensen_shannon)(p, q):.6f}")
print(f"value of a judge that is ½  {yours(game_value)(p, q, np.full(2, 0.5)):.6f}")

# %% [markdown]
# Where does the game end? The value is smallest for $G$ where the divergence is 0: $p_g=p_\text{data}$. Then
# $D^*=\tfrac12$ everywhere and the value is $\log\tfrac12+\log\tfrac12=-\log4=-1.3863$. This is a **Nash equilibrium**:
# neither player gains by a change of its own strategy alone.
#
# > **Careful.** "In equilibrium $D$ gives random predictions" is a loose way to say it. $D$ gives the *constant* ½. A
# > judge that answers at random, now 0.1 and now 0.9, earns less.

# %% quiz="equilibrium"

# %% [markdown]
# ## What the forger wants
#
# $G$ has no influence on the first expectation of $V$. In the minimax game it descends what is left:
#
# $$L_G^\text{minimax}=\frac1m\sum_i\log\bigl(1-D(G(z_i))\bigr)=-\frac1m\sum_i\mathrm{softplus}(s_i)$$
#
# **By hand.** An early fake does not fool anybody: $D(G(z))=0.00995$, a logit of $-4.6002$. The loss is
# $\log0.99005=-0.0100$. Its derivative with respect to the logit is $-\sigma(s)=-D(G(z))=-0.00995$.

# %% exercise="generator_loss_minimax"

# %% [markdown]
# Every gradient that $G$ gets is a multiple of that derivative: the chain rule runs through this logit. The remedy in
# Goodfellow's paper is another loss, which $G$ also descends:
#
# $$L_G^\text{non-saturating}=-\frac1m\sum_i\log D(G(z_i))=\frac1m\sum_i\mathrm{softplus}(-s_i)$$
#
# Before you compute its slope, guess how the two compare.

# %% quiz="saturation"

# %% [markdown]
# **By hand.** The derivative of $\mathrm{softplus}(-s)$ is $-\sigma(-s)=-(1-D)$. At $D(G(z))=0.00995$ that is
# $-0.99005$.

# %% exercise="generator_loss_non_saturating"

# %%
show(
    plots.saturation_figure(yours(generator_loss_minimax), yours(generator_loss_non_saturating)),
    alt="Left: both losses of the generator fall with D(G(z)); the minimax loss is flat near 0, the non-saturating "
    "loss is steep there. Right: the size of the gradient is D(G(z)) for the minimax loss, so nearly 0 where the "
    "fakes are bad, and one minus D(G(z)) for the non-saturating loss.",
)
for name, loss in (("minimax", generator_loss_minimax), ("non-saturating", generator_loss_non_saturating)):
    logit = torch.tensor([np.log(0.00995 / 0.99005)], requires_grad=True)
    yours(loss)(logit).backward()
    print(f"{name:15} gradient at D(G(z)) = 0.00995: {logit.grad.item():.5f}")

# %% reveal="saturation"

# %% [markdown]
# A generator is at its worst when training begins, and that is when the minimax loss tells it least: it **saturates**.
#
# > **Careful.** Some texts let both players *maximize*, $G$ the mean of $\log D(G(z))$. Others let $G$ *descend* the
# > mean of $\log(1-D(G(z)))$. These are not two signs of one thing. You have just programmed both, and one is a
# > hundred times stronger at the start. The sign of the gradient printed above is that of a loss to be descended.

# %% quiz="what_g_descends"

# %% [markdown]
# ## They play
#
# The players move in turn, each with an optimizer that knows its own parameters alone.
#
# **A step of $D$.** Draw noise, make fakes, compute $L_D$ on a real and a fake batch, step. The fakes are *detached*:
# the gradient has no business in $G$ here. (Some training adds a penalty to the loss; you will write one below. Until
# then it is `None`.)

# %% exercise="discriminator_step"

# %% [markdown]
# **A step of $G$.** Draw fresh noise, send the fakes through $D$, and descend the loss of the logits. Nothing is
# detached: the gradient runs back through $D$ into $G$. That is all that $G$ ever learns about real examples.

# %% exercise="generator_step"

# %% [markdown]
# **Algorithm 1** (Goodfellow et al. 2014) puts them together:
#
# > for each of the steps:
# > &nbsp;&nbsp;*k* times: a fresh real batch, a fresh noise batch, a step of $D$;
# > &nbsp;&nbsp;once: a fresh noise batch, a step of $G$.
#
# With large $k$, $D$ stays close to $D^*$ and $G$ descends the Jensen–Shannon divergence, as in the theorem. It is also
# dear, and a perfect judge has no slope to learn from. The paper takes $k=1$, and momentum for both players.
#
# Your function hands the losses out after each step of $G$ with `yield`. So whoever runs it can draw a progress bar,
# look at the networks meanwhile, or stop.

# %% exercise="train_gan"

# %% [markdown]
# Let it play on the ring. `fit_ring` makes two networks with 128 hidden units, hands your algorithm batches of 128 and
# Adam with learning rate $2\cdot10^{-3}$ for each player, and shows a progress bar. With `r1=0.0` there is no penalty;
# where one is added, its weight is $\gamma=0.3$ unless a cell says otherwise. The stop button of the notebook ends it
# early and keeps what is there. Every run is repeatable: first weights, data and noise come from its seed.

# %%
mine = {
    "kinds": (yours(Generator), yours(Discriminator)),
    "loss": yours(generator_loss_non_saturating),
    "train": yours(train_gan),
}
film = plots.Film()
plain = gan_training.fit_ring(0, steps=800, r1=0.0, watch=film.watch, every=100, **mine)
show(
    plots.film_strip(film, [0, 1, 2, 4, 8], "D is a landscape that moves under the fakes (800 steps, no penalty)"),
    alt="Five frames of training without a penalty, steps 0, 100, 200, 400 and 800. The plane is colored by what the "
    "discriminator says. The fakes start as a blob in the middle, spread toward the eight modes, and the colors "
    "around them change from frame to frame.",
)

# %% [markdown]
# Each frame is the plane seen by $D$: blue where it says *real*, vermillion where it says *fake*, white where it cannot
# tell. Crosses mark the modes, dots are fakes. Fakes climb toward the blue; then $D$ learns, and what was blue is so no
# more.
#
# Is that good? Say it with numbers. A sample is **good** if it lies within three standard deviations (0.15) of its
# nearest center. A mode is **kept** if enough good samples are its own.

# %% exercise="mode_coverage"


# %%
def ring_report(run):
    drawn = gan_training.samples(run.generator, 2000, gan_training.RING_NOISE, seed=1000)
    modes, good = yours(mode_coverage)(drawn, gan_training.ring_centers(), gan_training.GOOD_RADIUS, 50)
    return f"{modes} of 8 modes, {good:.0%} good samples"


print("after 800 steps without a penalty:", ring_report(plain))

# %% [markdown]
# ### Why games go around in circles
#
# Gradient descent on *one* cost goes downhill and stops. Two players have two costs, and each step of one tilts the
# ground under the other. The smallest GAN shows it (Mescheder, Geiger and Nowozin 2018): all real examples are the
# number 0, $G$ gives one number $\theta$, and $D(x)=\sigma(\psi x)$. The equilibrium is $\theta=\psi=0$.

# %%
show(
    plots.trap_figure(plots.rotation_paths()),
    alt="Two panels: the generator's parameter to the right, the discriminator's upward. A black dot marks the start "
    "at (1, 1), a star the equilibrium at (0, 0), a vermillion square the end after 300 steps. Left, without a "
    "penalty, the path circles around the star and does not come nearer; right, with R1, it spirals into it.",
)

# %% [markdown]
# On the left they chase each other: $D$ tilts toward the data, $G$ moves, overshoots, $D$ tilts the other way. The cure
# is to make $D$ pay for being steep *where the data are*:
#
# $$R_1=\frac\gamma2\,\mathbb E_{x\sim p_\text{data}}\bigl\|\nabla_xD(x)\bigr\|^2$$
#
# Here $D(x)$ is the logit, and $\nabla_x$ is the gradient with respect to the *example*, $n$ numbers whose squares are
# added. At the equilibrium $D$ is flat and $R_1=0$: the penalty does not move the goal, it only takes the energy out of
# the circling. To train with it, torch must differentiate a derivative: `create_graph=True`.
#
# **By hand.** A linear $D(x)=3x_1+4x_2$ has the gradient $(3,4)$ everywhere: $R_1=\frac\gamma2\cdot25$.

# %% exercise="r1_penalty"

# %%
film = plots.Film()
run = gan_training.fit_ring(0, steps=2000, watch=film.watch, every=100, r1_penalty=yours(r1_penalty), **mine)
print("after 2000 steps with R1:", ring_report(run))
show(
    plots.film_strip(film, [0, 2, 5, 10, 20], "With R1, γ = 0.3, D flattens and the fakes come to rest (2000 steps)"),
    alt="Five frames of training with R1, steps 0, 200, 500, 1000 and 2000. The fakes spread from the middle to all "
    "eight modes and settle there, while the colors of the discriminator fade toward white.",
)

# %% [markdown]
# The same frames as an animation, all twenty-one of them:

# %%
plots.show_film(
    film,
    alt="An animation of the discriminator's surface with the fakes on it, from step 0 to step 2000. The picture "
    "shows its last frame: fakes on all eight modes, on a surface that is nearly white around them.",
)

# %%
show(
    plots.losses_figure(run),
    alt="The losses of both players over the steps. After the first hundreds the discriminator's stays a little "
    "under 1.39 and the generator's a little over 0.69.",
)
print(f"value of the game over the last hundred steps: {plots.game_value_of(run):.3f}; at the equilibrium −1.386")
experiments = plots.results()
print(plots.source(experiments))
plots.show_table(
    "The ring, 3000 steps with R1, median of three seeds (range)",
    ["", "modes kept", "good samples"],
    [
        ["target, set by the course", "8", "80%"],
        [
            "measured",
            plots.median_and_range([found["modes"] for found in experiments["ring"]], ".0f"),
            plots.median_and_range([found["good"] for found in experiments["ring"]], ".0%"),
        ],
    ],
)

# %% [markdown]
# ## Mode collapse
#
# The loss never asks for variety. If $D$ is weak at one spot, the best answer of $G$ *right now* is to put all its
# fakes there. $D$ must then learn to close that spot before $G$ has run to the next. So it matters who is faster.

# %% quiz="collapse"

# %%
collapsed = gan_training.fit_ring(0, steps=1500, r1=0.0, generator_rate=1e-2, discriminator_rate=1e-3, **mine)
balanced = gan_training.fit_ring(0, steps=1500, r1=0.0, generator_rate=1e-3, discriminator_rate=1e-3, **mine)
print("G ten times as fast, no R1:", ring_report(collapsed))
print("equal rates, no R1:        ", ring_report(balanced))
panels = {
    "rate of G 0.01, of D 0.001": gan_training.samples(collapsed.generator, 600, gan_training.RING_NOISE, seed=3),
    "rate of G 0.001, of D 0.001": gan_training.samples(balanced.generator, 600, gan_training.RING_NOISE, seed=3),
}
show(
    plots.ring_figure(panels),
    alt="Both after 1500 steps without R1. Left: with a generator ten times as fast the samples crowd in one small "
    "region and miss nearly all of the eight circles. Right: with both rates at 0.001 they spread to most of the "
    "circles, with many samples between them.",
)

# %% reveal="collapse"

# %%
show(
    plots.collapse_figure(experiments["collapse"]),
    alt="Modes kept and share of good samples for six settings with three seeds each. With equal rates or a faster "
    "discriminator seven or eight modes are kept. With a generator ten times as fast at most one is, with R1 or "
    "without.",
)

# %% [markdown]
# Each run took 1500 steps; rates are $2\cdot10^{-3}$ and R1 has $\gamma=0.3$ where a row does not say otherwise ("ten
# times as fast" is $10^{-2}$ against $10^{-3}$). Read it row by row. A generator ten times as fast loses the modes, in
# every seed. Equal rates, or a faster $D$, keep them at these rates: that is the cure, and it is balance. Two things
# you may have expected are not there. R1 alone does *not* save a generator that is ten times as fast, and with equal
# rates it is not what keeps the modes of this easy ring; what it changed you saw in the frames. And the minimax loss is
# no disaster here, because fakes and data overlap early: it loses one mode in one of three seeds and has the fewest
# good samples of the settings with equal rates. Its silence hurts on harder data.
#
# ### You set the rates
#
# Below, 50 small GANs were trained beforehand (64 hidden units, no penalty, 1000 steps): every pair of five learning
# rates for $G$ and $D$, each with $k=1$ and $k=3$ steps of $D$. You start in a collapse. Find a setting that keeps all
# eight modes. Which way do you have to go, and what does $k$ change?

# %%
grid = experiments["grid"]
plots.rates_widget(grid)

# %% [markdown]
# The same grid, without sliders:

# %%
show(
    plots.grid_figure(grid),
    alt="Two tables of the modes kept for five learning rates of the generator and five of the discriminator, for k "
    "= 1 and k = 3. With k = 1 the most is seven modes, where both are fast. With k = 3 eight modes are kept at the "
    "highest rate of the generator and the two highest of the discriminator. In the upper left corner hardly any "
    "mode is kept.",
)

# %% [markdown]
# In the upper left corner, where $G$ is much faster than $D$, hardly anything is kept. Balance alone is not enough
# either: along the diagonal of equal rates $k=1$ keeps 0, 0, 0, 6 and 7 modes, from the slowest pair to the fastest. A
# 0 can mean two things, *collapsed* or *not arrived*: slow players need more than these 1000 steps, and the picture
# beside the sliders tells which it is. All eight modes, with $k=3$ only, are in two cells: both players fast. Where $G$
# is fast, three steps of $D$ for each of its own make up for a lower rate of $D$: more steps are another way to keep
# the judge ahead. One seed a cell: do not read more into a single number than that.

# %% [markdown]
# The other famous penalty belongs to the **Wasserstein GAN**. Its $D$ is a *critic* without a sigmoid that must not
# rise faster than 1; then the mean difference of its outputs on real and fake is a distance that does not go flat when
# the heaps are far apart, as the Jensen–Shannon divergence does. Gulrajani et al. (2017) enforce it softly on the lines
# between real and fake examples, $\hat x=t\,x+(1-t)\,G(z)$ with $t$ uniform:
#
# $$\lambda\;\mathbb E\bigl(\|\nabla D(\hat x)\|-1\bigr)^2$$
#
# **By hand.** The linear $D$ above has slope 5 everywhere: with $\lambda=10$ the penalty is $10\cdot(5-1)^2=160$.

# %% exercise="wgan_gradient_penalty"

# %% [markdown]
# ## Digits, and a score
#
# Now the handwritten digits: 64 pixels from −1 to 1, 16 numbers of noise, the same two networks with 256 hidden units,
# the same algorithm, and three things that practice adds. The learning rates fall to 0 along a line. R1 is worked out
# at every eighth step, eight times as strong (*lazy* regularization). And the samples are drawn from an average of
# $G$'s recent weights, which smooths the circling. (So the loss of $D$ in the progress bar jumps: at every eighth step
# it contains the penalty, eightfold.)
#
# Before you look at pictures, agree on a number. Let a classifier of digits look at both heaps, and compare what it
# sees: the activations under its scores, its **features**. Fit a Gaussian to the features of the real pictures,
# another to those of the fakes. The **Fréchet distance** between two Gaussians is
#
# $$d^2=\|\mu_1-\mu_2\|^2+\mathrm{tr}\Bigl(\Sigma_1+\Sigma_2-2\,(\Sigma_1\Sigma_2)^{1/2}\Bigr).$$
#
# $\mu$ has shape $(n,)$, $\Sigma$ is the covariance $(n,n)$. With the features of a large photo classifier it is called
# **FID** (Heusel et al. 2017).
#
# **By hand.** In one dimension it is $(\mu_1-\mu_2)^2+(\sigma_1-\sigma_2)^2$: means 0 and 2, variances 1 and 9 give
# $4+(1-3)^2=8$.
#
# The root of a matrix is a matrix $R$ with $RR=\Sigma_1\Sigma_2$, not the root of its entries. The product is not even
# symmetric. Use this: $\Sigma_1\Sigma_2$ has the same eigenvalues as the symmetric matrix
# $\Sigma_1^{1/2}\Sigma_2\Sigma_1^{1/2}$, none of them negative, and the trace of a root is the sum of the roots of the
# eigenvalues. Pixels and features that never vary make $\Sigma$ singular; then rounding turns an eigenvalue 0 into
# $-10^{-17}$, whose root is not a number. Raise it to 0 first.

# %% exercise="frechet_distance"

# %%
split = digits(seed=0)
features = gan_training.DigitFeatures(split)
print(f"the classifier is right on {features.accuracy:.1%} of the held-out digits")
painter = gan_training.fit_digits(split, 0, steps=2500, average=0.99, r1_penalty=yours(r1_penalty), **mine)
fakes = gan_training.digit_samples(painter.averaged, 1797, seed=1000)
real = features(split.train_inputs)
rows = {"this GAN after 2500 steps": gan_training.features_distance(features(fakes), real, yours(frechet_distance))}
rows |= gan_training.baselines(split, features)
plots.show_table(
    "Fréchet distance to the training digits, one seed", ["", "distance"], [[n, f"{d:.2f}"] for n, d in rows.items()]
)

# %%
full = plots.unpack_pictures(experiments["digits"]["runs"][0]["pictures"])
show(
    plots.digits_grid({"held-out digits": split.test_inputs, "2500 steps": fakes, "8000 steps (precomputed)": full}),
    alt="Three grids of 36 small pictures. The held-out digits are clear. After 2500 steps most of the fakes can be "
    "read as digits, under a gray veil. After 8000 steps the veil is nearly gone and most can be read.",
)

# %% [markdown]
# All fakes of one draw, none chosen. The table puts them in their place. Real pictures of the held-out part are not at
# 0 either, because 360 of them have not the same mean and covariance as the 1437 others: that is the floor. Mind the
# sample sizes: the floor is scored on 360 pictures, all other rows on 1797 samples. A smaller sample alone raises the
# distance, so 360 fakes would look a little worse than this table says. A mixture
# of 30 Gaussians, fitted in a second, is a serious rival, and after 2500 steps the GAN has not caught up with it. One
# Gaussian, which matches mean and variance of every pixel, is far off.
#
# The full budget is 8000 steps, here over three seeds:

# %%
scored = experiments["digits"]
show(
    plots.scores_figure(scored),
    alt="Fréchet distances on a logarithmic axis, a dot for each of three seeds: held-out real digits lowest, then "
    "the GAN with averaged weights, with its last weights, and the mixture of 30 Gaussians, all close together, and "
    "far to the right one Gaussian.",
)
plots.show_table(
    "Fréchet distance after 8000 steps, median of three seeds (range)",
    ["", "distance"],
    [
        ["target, set by the course", "10"],
        ["GAN, averaged weights", plots.median_and_range([found["averaged"] for found in scored["runs"]])],
        ["GAN, last weights", plots.median_and_range([found["last"] for found in scored["runs"]])],
        *([name, plots.median_and_range(found)] for name, found in scored["baselines"].items()),
    ],
)

# %% [markdown]
# Read the table honestly. The target of 10 is the course's own and generous: about five times the floor, which is 1.97.
# The GAN's median of 3.81 is 1.9 times the floor. Sample sizes differ here too: 360 held-out digits, 1797 samples in
# the other rows. Averaging the weights helps in every seed. And it is a *tie* with the mixture, 3.81 to 3.82, better in
# two seeds and worse in the third. Pictures of 64 pixels are the mixture's home ground. It has no way to grow to
# pictures of a million pixels; networks have.
#
# Two more questions that this score does not answer. Has the generator forgotten a class? And has it learned the
# training pictures by heart?

# %%
counts = np.bincount(features.classes(fakes), minlength=10)
print("digits the classifier sees in the fakes, 0 to 9:", counts)
show(
    plots.neighbors_figure(fakes, split.train_inputs),
    alt="Ten fakes in the upper row and, under each, the training digit that is nearest to it. They resemble each "
    "other, but strokes differ in place and weight.",
)
nearest = [
    np.median(np.linalg.norm(pictures[:360, None] - split.train_inputs[None], axis=2).min(axis=1))
    for pictures in (fakes, split.test_inputs)
]
print(f"median distance to the nearest training picture: fakes {nearest[0]:.2f}, held-out real digits {nearest[1]:.2f}")

# %% [markdown]
# If the fakes were copies, their distance would be near 0. If they were noise, it would be much larger than that of
# real digits. Where would the sampler of the empirical CDF from the beginning of the chapter stand? Its Fréchet
# distance is the best possible, its distance to the nearest training picture is 0.

# %% quiz="loss_curve"

# %% written="honest_score"

# %% [markdown]
# ## What you have
#
# - Uniform draws through $F^{-1}$ have the law $F$: three equations prove it, a Kolmogorov–Smirnov distance tests it.
# - A GAN learns such a function without a CDF: it gives samples all at once from an implicit density.
# - The best judge is $D^*=p_\text{data}/(p_\text{data}+p_g)$; against it $G$ shrinks the Jensen–Shannon divergence; at
#   the equilibrium $D=\tfrac12$ and the value is $-\log4$.
# - The minimax loss is silent where fakes are bad; the non-saturating loss is not.
# - Algorithm 1 alternates $k$ steps of $D$ with one of $G$. Without a penalty the game may circle; R1 lets it rest; if
#   $G$ is much faster than $D$, modes are lost.
# - Losses are no score. Measure samples with something that does not learn meanwhile, beside held-out real data and
#   simple rivals.
#
# **Words** · generative model · implicit density · inverse transform sampling · Kolmogorov–Smirnov distance ·
# generator · discriminator, critic · minimax · Nash equilibrium · Jensen–Shannon divergence · saturation · mode
# collapse · gradient penalty · Fréchet distance, FID.
#
# **Papers** · Goodfellow et al., *Generative Adversarial Nets* (2014) · Gulrajani et al., *Improved Training of
# Wasserstein GANs* (2017) · Heusel et al., *GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
# Equilibrium* (2017) · Mescheder, Geiger and Nowozin, *Which Training Methods for GANs do actually Converge?* (2018) ·
# Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2020), for the lazy penalty.
#
# Chapter 14 turns to an agent that gets neither targets nor a judge, only rewards.
