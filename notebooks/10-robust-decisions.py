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
# # Robust decisions: which package survives our ignorance?
#
# **You will learn**
# - the difference between **chance** (another run of the same world) and **ignorance** (another world that may be the true one);
# - why the best package *on average* may be a bad choice;
# - three ways to choose: best on average, least **regret**, good enough in most worlds;
# - that a choice of method is a choice of values, and has to be said.
#
# It takes about twenty seconds. You need notebooks 2 and 7.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sim import Scenario, run_study
from sim.report.figures.style import SERIES

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
scratch = tempfile.TemporaryDirectory()  # gone when the notebook is closed
folder = Path(scratch.name)

# %% [markdown]
# ## 1. Three packages, many worlds
#
# Three packages that ship with the project: **enforcement first**, **harm reduction first**, and a **coordinated** one with
# something of everything; raids and arrests are moved to day 20, so that four months show something of them. And nine
# numbers of the model that nobody knows exactly: how people weigh risk, how fast trade recovers, how often an overdose is
# fatal, ... Each of ten worlds is one combination of such numbers, drawn over their plausible ranges. Every package meets
# the same ten worlds.

# %%
PACKAGES = ["enforcement-first", "harm-reduction-first", "coordinated"]
for name in PACKAGES:
    package = Scenario.load(name)
    print(f"{name}: {', '.join(dict.fromkeys(policy.kind.replace('_', ' ') for policy in package.policies))}\n")

# %%
UNKNOWN = [
    "choice.legal_risk_weight",
    "choice.trust_weight",
    "supply.entry_rate",
    "migration.give_up",
    "learning.word_of_mouth",
    "demand.dependent_rate",
    "consumption.r50",
    "consumption.fatal_alone",
    "consumption.naloxone_works",
]
WORLDS = 10
study = {
    "name": "survive",
    "kind": "compare",
    "scenarios": ["baseline", *PACKAGES],
    "set": {"consumers": 1_200, "burn_in": 20, "days": 120},
    "uncertainties": UNKNOWN,
    "measures": [
        "deaths_expected",
        "consumers_criminalised",
        "victims_of_fraud",
        "privacy_intrusions",
        "policy_cost_usd",
    ],
    "daily": "none",
    "replications": WORLDS,
}
for kind in ("takedown", "vendor_arrests", "international_operation"):
    study["set"][f"policies.{kind}.start"] = 20

# %%
done = run_study(study, out=folder / "survive", executor="inline")
runs = done.results.outcomes(real=True)
print(
    f"{len(runs)} runs, {runs['seed'].nunique()} worlds; totals are those of the real people for whom the consumers stand"
)
runs.pivot(index="seed", columns="scenario", values="deaths_expected")[["baseline", *PACKAGES]].round(0)

# %% [markdown]
# Read a row: one world, four ways to live in it. Read down a column: how different the worlds are.
#
# **For the class**
# 1. How much do deaths *without any package* differ between the worlds? Compare with what packages change within a row.
# 2. Each world was run once, with a seed of its own. So rows differ in numbers *and* in luck. How could you tell the two apart?
#
# <details><summary>Answers</summary>
#
# 1. The next cell computes both.
# 2. Run each world with several seeds, and compare the spread within worlds with the spread between them.
#
# </details>

# %%
wide = runs.set_index(["seed", "scenario"]).unstack("scenario")
deaths = wide["deaths_expected"]
averted = deaths[PACKAGES].rsub(deaths["baseline"], axis=0)
print(
    f"Expected deaths without a package: {deaths['baseline'].min():,.0f} to {deaths['baseline'].max():,.0f}, from world to world."
)
for name in PACKAGES:
    print(
        f"{name} averts {averted[name].min():+,.0f} to {averted[name].max():+,.0f}, in {np.mean(averted[name] > 0):.0%} of the worlds more than none."
    )

figure, axes = plt.subplots(layout="constrained")
for k, name in enumerate(PACKAGES):
    axes.plot(
        averted[name],
        np.full(len(averted), k) + np.linspace(-0.15, 0.15, len(averted)),
        "o",
        color=SERIES[k],
        alpha=0.7,
    )
axes.axvline(0, color="black", linewidth=0.8)
axes.set_yticks(range(len(PACKAGES)), PACKAGES)
axes.set(xlabel="expected deaths averted; a dot is a world")
plt.show()

# %% [markdown]
# ## 2. Regret
#
# Choose a package, then learn which world you are in. Your **regret** is how much better the best package *for that world*
# would have been. Who wants to be safe from regret looks at the largest one.

# %%
nothing = averted.assign(**{"do nothing": 0.0})
regret = nothing.rsub(nothing.max(axis=1), axis=0)
summary = pd.DataFrame(
    {
        "mean averted": nothing.mean(),
        "worst world": nothing.min(),
        "mean regret": regret.mean(),
        "greatest regret": regret.max(),
        "best in worlds": nothing.idxmax(axis=1).value_counts().reindex(nothing.columns, fill_value=0),
    }
)
print(
    "Best on average:",
    summary["mean averted"].idxmax(),
    "- least greatest regret:",
    summary["greatest regret"].idxmin(),
)
summary.round(1)

# %% [markdown]
# Deaths are not all. Let us ask for "**good enough**": a package is good enough in a world if it averts deaths, criminalises
# not more people than today, makes not more victims of fraud, and stays within a budget. In which share of the worlds?

# %%
BUDGET = 1_000_000_000  # USD, over the whole time
change = {name: wide[name][PACKAGES].sub(wide[name]["baseline"], axis=0) for name in study["measures"]}
tests = {
    "averts deaths": change["deaths_expected"] < 0,
    "criminalises no more": change["consumers_criminalised"] <= 0,
    "no more victims of fraud": change["victims_of_fraud"] <= 0,
    "no more privacy lost": change["privacy_intrusions"] <= 0,
    "within the budget": change["policy_cost_usd"] <= BUDGET,
}
passed = pd.DataFrame({test: table.mean() for test, table in tests.items()})
passed["all of these"] = np.logical_and.reduce([table.to_numpy() for table in tests.values()]).mean(axis=0)

figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
picture = axes.imshow(passed.to_numpy(), cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
for (row, column), value in np.ndenumerate(passed.to_numpy()):
    axes.text(column, row, f"{value:.0%}", ha="center", va="center")
axes.set_yticks(range(len(passed)), passed.index)
axes.set_xticks(range(passed.shape[1]), [name.replace(" ", "\n", 1) for name in passed.columns], fontsize=8)
axes.set_title("Share of the worlds in which a package passes")
plt.show()
best = passed["all of these"]
print(
    "Mean cost in billions of USD:",
    ", ".join(f"{name} {usd / 1e9:.2f}" for name, usd in change["policy_cost_usd"].mean().items()),
)
print("; ".join(f"{name} passes all in {share:.0%} of the worlds" for name, share in best.items()) + ".")

# %% [markdown]
# **For the class**
# 1. Do the three ways (average, regret, good enough) choose the same package? If not, who would choose which?
# 2. Change `BUDGET`, or drop a test. Which single test decides most?
# 3. A package passes a test in 6 of 10 worlds. What do you know about the share in *all* worlds that are possible?
# 4. All ten worlds obey the same rules; only numbers differ. Which ignorance is missing here?
#
# <details><summary>Answers</summary>
#
# 1. The table and the last line say. Somebody who answers for the worst case looks at regret; somebody who has to win a vote
#    may look at "good enough".
# 2. Try one after the other: that is a sensitivity analysis of your values.
# 3. Not much: with ten worlds a share has an interval of about thirty points to either side. The worlds were also drawn
#    from ranges that are assumed.
# 4. Whether the *rules* are right: how people learn, what police do, what does not exist in the model at all.
#
# </details>

# %% [markdown]
# ## 3. Where does it fail?
#
# Where a package fails is often more useful than how often. Here, for the package that you choose: what do the worlds in which
# it averts least have in common?

# %%
CHOSEN = "enforcement-first"
worlds = runs[runs["scenario"] == "baseline"].set_index("seed")
values = worlds[[name for name in worlds.columns if name.split(".")[-1] in {u.split(".")[-1] for u in UNKNOWN}]].astype(
    float
)
rank = values.rank().corrwith(averted[CHOSEN].rank()).sort_values()
bound = 2 / np.sqrt(len(values))

axes = rank.plot.barh(figsize=(9, 3.2), color=np.where(rank.abs() > bound, SERIES[0], "#BBBBBB"))
axes.axvline(0, color="black", linewidth=0.8)
axes.axvspan(-bound, bound, color="#F0F0F0", zorder=0)
axes.set(
    xlim=(-1, 1),
    xlabel=f"rank correlation with deaths averted by {CHOSEN}; grey: what luck gives among {len(values)} worlds",
)
plt.show()
outside = rank[rank.abs() > bound]
print(
    f"{len(outside)} of {len(rank)} numbers lie outside the grey band"
    + (f": {', '.join(outside.index)}." if len(outside) else ".")
)
print(f"Of {len(rank)} numbers that do nothing, about {0.05 * len(rank):.1f} would lie outside by luck.")

# %% [markdown]
# The studies that ship do this with hundreds of worlds: `where-takedowns-fail` looks for boxes of failure, `budget-portfolio`
# for mixtures that are good in all of eight worlds.
#
# **For the class**
# 1. Write advice to a minister in five sentences: what survives, what does not, what you do not know.
# 2. Let somebody else attack it. Which sentence breaks first?
#
# <details><summary>Answers</summary>
#
# 1. A good text names the worlds in which the advice is wrong, and what one would see early if we live in such a world.
# 2. Mostly the one without "in most of the worlds that we looked at".
#
# </details>

# %% [markdown]
# ## Sources
#
# - [naloxone-oend]: Opioid overdose death rate by naloxone programme intensity: aRR 0.73 (1-100 enrolled/100k); 0.54
#   (&gt;100/100k); 327 rescues reported by 2,912 trained (19 Massachusetts communities 2002-09). Walley et al. 2013,
#   BMJ 346:f174
# - [onymous-vendor-drop]: change in unique vendor aliases across markets after Operation Onymous (police): -627
#   vendors (p=0.014), temporary, growth slope unchanged (39 markets, \~1,150 weekly snapshots, Oct 2013-Nov 2015). Van
#   Buskirk J. et al. (2017) Drug Alcohol Depend 173:159-162
# - [lead-arrest-6m]: Odds of arrest, 6 months: 60% lower (Seattle LEAD n=203 vs 115, 2011-2014). Collins, Lonczak,
#   Clifasefi 2017, Eval Program Plann 64:49, 10.1016/j.evalprogplan.2017.05.008
# - [cochrane-use]: Pooled RCT effect of mass media on drug use: SMD -0.02 (5 RCTs, n=5,470; review 19 studies,
#   n=184,811). Allara, Ferri et al. 2015, BMJ Open 5:e007449, 10.1136/bmjopen-2014-007449
# - [duxbury2020-result]: headline result: targeted attack best only at large scale; weak-link and signal attacks deter
#   more transactions and buyers when a small part of the network is hit; attacked users trade less often and only with
#   trustworthy partners (one active market). Duxbury & Haynie (2020) PLoS ONE e0238019
#
# What each package does, and which of its numbers are assumed, is in `docs/policies.md`.

# %% [markdown]
# ## For teachers
#
# **Time.** 90 minutes: 20 for section 1, 40 for section 2 in groups with different values, 30 for section 3 and the advice.
#
# **What students get wrong.**
# - They average over worlds and are done. Ask what the worst world looks like, and who lives there.
# - They take the share of worlds for a probability. It is one only if the ranges are beliefs, and somebody has to hold these.
# - They choose the test after seeing the result. Let groups write their tests down before they run the cell.
# - They think that more worlds cure ignorance of the rules. They do not.
