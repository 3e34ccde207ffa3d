# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sensitivity: Morris and Sobol, and reading them
#
# **You will learn**
# - what **sensitivity analysis** asks: of all that is assumed, what decides the answer?
# - to read a **Morris** screening (cheap: what matters at all?) and **Sobol** indices (dear: how much of the variance?);
# - to tell a number that matters from a number that only looks so, because runs are noisy and samples are few;
# - why "sensitive" depends on the question: what decides how much is traded need not decide what a policy changes.
#
# It takes about half a minute. We practise on a formula whose indices are known, then look at the market.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from SALib.analyze import sobol as analyse
from SALib.sample import sobol as draw
from SALib.test_functions import Ishigami

from sim import run_study
from sim.report.figures.style import SERIES

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
scratch = tempfile.TemporaryDirectory()  # gone when the notebook is closed
folder = Path(scratch.name)

# %% [markdown]
# ## 1. A formula to practise on
#
# The Ishigami function takes three numbers, each anywhere from $-\pi$ to $\pi$ with equal chance, and is used everywhere to
# test methods, because its indices can be worked out on paper. Two indices for each number:
#
# - the **first-order** index: the share of the variance that goes if this number alone were known;
# - the **total** index: the share that stays if all *but* this one were known. It counts what the number does together with
#   others; total less first order is **interaction**.

# %%
problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}
a, b = 7.0, 0.1  # the two constants of the formula
parts = np.array([0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, 0.0])
both = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
known = pd.DataFrame(
    {"first": parts / (parts.sum() + both), "total": (parts + both * np.array([1, 0, 1])) / (parts.sum() + both)},
    index=problem["names"],
)

rows = []
for samples in (16, 64, 256, 1024, 4096):
    values = Ishigami.evaluate(draw.sample(problem, samples, calc_second_order=False, seed=1), a, b)
    found = analyse.analyze(problem, values, calc_second_order=False, seed=1)
    rows += [
        {
            "samples": samples,
            "factor": name,
            "first": found["S1"][k],
            "total": found["ST"][k],
            "half": found["S1_conf"][k],
        }
        for k, name in enumerate(problem["names"])
    ]
found = pd.DataFrame(rows)
known.round(2)

# %%
figure, axes = plt.subplots(layout="constrained")
for k, name in enumerate(problem["names"]):
    mine = found[found["factor"] == name]
    axes.errorbar(
        mine["samples"] * (1 + 0.06 * k), mine["first"], mine["half"], fmt="o", color=SERIES[k], capsize=3, label=name
    )
    axes.axhline(known.loc[name, "first"], color=SERIES[k], linewidth=0.8)
axes.set(
    xscale="log",
    xlabel="samples",
    ylabel="first-order index",
    title="Lines: worked out on paper. Points: estimated, with 95 % intervals",
)
axes.legend(frameon=False, loc="lower right")
plt.show()
few, many = found[found["samples"] == 16], found[found["samples"] == 4096]
off = [np.abs(part["first"].to_numpy() - known["first"].to_numpy()).max() for part in (few, many)]
print(f"With 16 samples an index is off by up to {off[0]:.2f}, with 4,096 by up to {off[1]:.3f}.")
print(
    f"x3 alone explains {known.loc['x3', 'first']:.0%}, and with others {known.loc['x3', 'total']:.0%}: it works only through interaction."
)

# %% [markdown]
# **For the class**
# 1. Somebody fixes x3, "since its first-order index is zero". What do they lose?
# 2. With few samples some indices come out below zero or above one. Is the program broken?
# 3. First-order indices may add up to less than one. What is the rest?
#
# <details><summary>Answers</summary>
#
# 1. All that x3 does together with x1. The *total* index says what may be fixed, the first-order index what is worth measuring.
# 2. No. They are estimates, and their intervals say how bad.
# 3. Interaction: what is due to two or more numbers together.
#
# </details>

# %% [markdown]
# ## 2. Morris: what matters at all?
#
# A market costs more than a formula: each point is a run. **Morris** walks through the space of assumptions: from a random
# point it moves one number at a time and looks what each step changes (an *elementary effect*). For each number: the mean
# size of its steps, $\mu^*$ (does it matter?), and their spread, $\sigma$ (does it matter the same everywhere?).
#
# Four assumed numbers, each over the range that the project thinks plausible; orders on cryptomarkets and expected deaths
# over forty days; and a takedown on day 10, so that there is also an *effect* to ask about. Two seeds a point show how much
# of what we see is luck.

# %%
FACTORS = [
    "demand.recreational_rate",
    "choice.price_weight",
    "choice.legal_risk_weight",
    "consumption.r50",
]
study = {
    "name": "screening",
    "kind": "sensitivity",
    "scenarios": [
        "baseline",
        {"name": "closed", "extends": "baseline", "policies": [{"kind": "takedown", "start": 10}]},
    ],
    "set": {"consumers": 600, "burn_in": 10, "days": 40},
    "uncertainties": FACTORS,
    "measures": ["orders_cryptomarket", "deaths_expected", "orders"],
    "daily": "none",
    "replications": 2,
    "sensitivity": {"method": "morris", "samples": 5, "resamples": 100},
}
screening = run_study(study, out=folder / "morris", executor="inline")
indices = screening.answer.tables["indices"]
screening.answer.figures["heatmap-level-baseline"]()

# %% [markdown]
# Darker is nearer to the largest of a column; numbers in brackets are not told from noise. Now the same for what the
# **takedown changes**:

# %%
screening.answer.figures["heatmap-effect-closed"]()

# %%
level = indices.query("of == 'level' and scenario == 'baseline' and index == 'mu_star'")
effect = indices.query("of == 'effect' and index == 'mu_star'")
for what, table in (("the level", level), ("the effect of the takedown", effect)):
    for outcome, mine in table.groupby("outcome"):
        told = mine[mine["told"] == "yes"].sort_values("value", ascending=False)
        names = ", ".join(told["factor"]) or "nothing"
        print(f"{outcome}, {what}: told from noise {len(told)} of {len(mine)}: {names}")

# %% [markdown]
# **For the class**
# 1. For each outcome: which numbers could be fixed without loss, as far as this screening can tell?
# 2. Does the same number decide how much is traded, and what the takedown does to it? Why should it not?
# 3. We moved each number over *its* range. What happens to the ranking when somebody doubles one of the ranges?
#
# <details><summary>Answers</summary>
#
# 1. Those in brackets or near zero. "Not told from noise" is no proof of "does not matter": more trajectories may tell it.
# 2. The printed lines compare them. A level can be driven by demand, and an effect by how people react to the raid.
# 3. It matters more. Sensitivity is a property of a model *and* of what one holds possible; that is why every range in
#    `odm list parameters` has a source or the word "assumed".
#
# </details>

# %% [markdown]
# ## 3. Sobol: how much?
#
# Sobol indices cost more: with N base points and k numbers N(k + 2) points. We can afford three numbers and a few points, which
# is **too few for an answer**, and just enough to see how such a result looks, and how it says that it is not good enough.

# %%
small = {
    **study,
    "name": "shares",
    "scenarios": ["baseline"],
    "uncertainties": ["demand.recreational_rate", "choice.price_weight", "consumption.r50"],
    "measures": ["orders", "deaths_expected"],
    "replications": 1,
    "sensitivity": {"method": "sobol_first", "samples": 8, "resamples": 100},
}
shares = run_study(small, out=folder / "sobol", executor="inline")
shares.answer.figures["bars-level-baseline"]()

# %%
table = shares.answer.tables["indices"]
table = table[table["index"].isin(["S1", "ST"])].set_index(["outcome", "factor", "index"])[["value", "low", "high"]]
width = (table["high"] - table["low"]).max()
print(f"The widest interval of an index is {width:.2f} long, for a number that lies between 0 and 1.")
print("\n".join(shares.answer.notes))
table.round(2)

# %% [markdown]
# The notes above are the program's own. A study that may be quoted needs hundreds of base points: `sobol-core`, which ships,
# takes hours. Where luck is loud, `method: emulator` learns the same shares from a few hundred points, luck apart. What you have
# learned is to look at the intervals *before* the bars.
#
# **For the class**
# 1. Which statements about shares can you make from this table? Which not?
# 2. There is one seed a point here. Where does the luck of the runs go in the indices?
# 3. A report says: "the model is robust, since all indices are small". What is wrong with the sentence?
#
# <details><summary>Answers</summary>
#
# 1. Only those that both ends of the interval support, such as "more than nothing".
# 2. All points share the seed, so luck that all share does no harm; what is left of it looks like interaction.
# 3. Indices are shares of the variance: they add up to about one. Whether the *result* stays the same over the ranges is
#    another question (notebook 10).
#
# </details>

# %% [markdown]
# ## Sources
#
# The methods are those of the library SALib. Of the four numbers, `choice.price_weight` and `consumption.r50` go back to these
# published facts; the others are assumed, as `odm list parameters` says for each.
#
# - [trust-over-price-opioids]: what explains vendor choice: trustworthiness explains more than affordability or
#   diversity; a few vendors take most sales; price irrelevant at first purchase, slight at repeat (opioid network on
#   one market). Duxbury S., Haynie D. (2018) J Quant Criminol 34:921-941. DOI 10.1007/s10940-017-9359-4
# - [insite-od-per-visit]: Overdoses per heroin visit: 2.7 -&gt; 13 per 1,000 visits (Insite 2010 -&gt; 2017). Notta et
#   al. 2019, Drug Alcohol Depend

# %% [markdown]
# ## For teachers
#
# **Time.** 75 minutes: 25 for section 1, 30 for section 2, 20 for section 3.
#
# **What students get wrong.**
# - They read a bar and not its interval. Show section 3 first to a group that is sure of itself.
# - They confuse "sensitive" with "uncertain" and with "important for people". Three different things.
# - They fix what has a small first-order index. The formula of section 1 is there to stop this.
# - They think that sensitivity analysis tests the model. It tests what follows from assumptions, among those that were varied.
