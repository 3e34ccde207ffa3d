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
# # Chance and pairing: why one run proves nothing
#
# **You will learn**
# - why a single run, or one run of each of two worlds, says nothing about a policy;
# - what a **pair** is, and what it buys;
# - how many pairs it takes, and why "how many?" has no answer without "to tell what?";
# - why somebody who looks at forty outcomes always finds something, and what to do about it.
#
# You need the first notebook. This one runs in about ten seconds. Every sentence with a number below is computed by the
# cell that prints it, so it stays true when you change the cells above.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from sim import Scenario, compare
from sim.report.figures.style import SERIES
from sim.report.parts.headline import verdicts
from sim.report.parts.material import of_pairs
from sim.report.text.words import in_words

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
PAIRS = 12

# %% [markdown]
# ## 1. Twelve pairs
#
# The policy is drug checking for all consumers, made easy to use: people learn what they have before they take it. The
# world is small, 1,200 consumers for a hundred days, so that twelve pairs of runs take seconds. We look at **adverse
# events**: acute harm after use that needs attention and is no overdose.

# %%
without = Scenario.load("baseline").with_(consumers=1_200, burn_in=30, days=100)
checking = without.with_(name="checking", policies=[{"kind": "drug_checking", "reach": 1.0, "uptake": 4.0}])
nothing = without.with_(name="nothing", policies=[{"kind": "drug_checking", "strength": 0.0}])
result = compare(without, [checking, nothing], runs=PAIRS, workers=1)

by_run = result.outcomes.pivot(index="seed", columns="scenario", values="adverse_events")
by_run

# %% [markdown]
# One row a seed. The same seed is the same luck: the same people, the same needs, the same dealers, wherever the policy
# does not reach. The column `nothing` is the policy at strength zero.

# %%
change = by_run["checking"] - by_run["baseline"]
null = by_run["nothing"] - by_run["baseline"]
print(
    f"Without the policy, the twelve worlds have {by_run['baseline'].min():.0f} to {by_run['baseline'].max():.0f} adverse events."
)
print(f"The policy changes them by {change.min():+.0f} to {change.max():+.0f}, on average by {change.mean():+.1f}.")
print(f"The policy at strength zero changes them by {null.abs().max():.0f} in all twelve.")

# %% [markdown]
# **For the class**
# 1. A newspaper ran the model once without the policy and once with it, with two different seeds. Pick two cells of the
#    table that let it write "drug checking raises harm".
# 2. Why is it worth a column of a table that a policy at strength zero changes *nothing*, instead of "nearly nothing"?
#
# <details><summary>Answers</summary>
#
# 1. Any cell of `checking` that is larger than some cell of `baseline` in another row. Section 2 counts them.
# 2. Because then every difference between two columns is due to the policy. If an idle policy moved a single random number,
#    all that follows would differ too, and no difference could be read.
#
# </details>

# %% [markdown]
# ## 2. One run of each
#
# Take one run with the policy and one without. If the seeds differ, the luck of both is in the difference. There are
# 12 times 11 ways to do so; and 12 ways to take the same seed.

# %%
crossed = np.array(
    [by_run["checking"][a] - by_run["baseline"][b] for a in by_run.index for b in by_run.index if a != b]
)
wrong_crossed, wrong_paired = np.mean(crossed >= 0), np.mean(change >= 0)

figure, axes = plt.subplots(layout="constrained")
axes.axvline(0, color="black", linewidth=0.8)
axes.plot(crossed, np.zeros(len(crossed)) + np.linspace(-0.15, 0.15, len(crossed)), "o", color="#999999", alpha=0.5)
axes.plot(change, np.ones(len(change)), "o", color=SERIES[0])
axes.set_yticks([0, 1], ["one run of each,\ndifferent seeds", "one pair"])
axes.set(xlabel="adverse events, with drug checking less without", ylim=(-0.6, 1.5))
plt.show()
print(
    f"{wrong_crossed:.0%} of the comparisons with different seeds say that the policy does no good or harm; of the pairs {wrong_paired:.0%} do."
)
print(
    f"The spread (standard deviation) is {crossed.std(ddof=1):.1f} with different seeds and {change.std(ddof=1):.1f} in pairs."
)

# %% [markdown]
# Pairs have a spread too. The pair removes the luck that both sides share; what stays is the luck that the policy sets
# free: who throws something away buys again, from somebody else, and that has consequences of its own.
#
# **For the class**
# 1. A colleague says: "I ran it once with the same seed on both sides, so my result is exact." What is wrong?
# 2. Would pairing help in a trial with real towns? What do people who run such trials do instead?
#
# <details><summary>Answers</summary>
#
# 1. One pair is one draw of the luck that is left; the picture shows how far pairs lie apart. Only several pairs show that.
# 2. A town cannot live the same year twice. One matches towns that are alike, or looks at the same town before and after;
#    both remove a part of what differs, never all of it.
#
# </details>

# %% [markdown]
# ## 3. How many pairs?
#
# An interval of 95 % is made so that, over many studies, nineteen in twenty hold the true effect. It shrinks as pairs are
# added. Here it is drawn for the first 2, 3, ... 12 pairs, and beside it the interval of somebody who has the same
# runs and does not know which belong together.

# %%
rows = []
for n in range(2, PAIRS + 1):
    first = by_run.iloc[:n]
    pairs = stats.ttest_rel(first["checking"], first["baseline"]).confidence_interval()
    groups = stats.ttest_ind(first["checking"], first["baseline"], equal_var=False).confidence_interval()
    rows.append(
        {"pairs": n, "low": pairs.low, "high": pairs.high, "low_groups": groups.low, "high_groups": groups.high}
    )
growing = pd.DataFrame(rows).set_index("pairs")

figure, axes = plt.subplots(layout="constrained")
axes.axhline(0, color="black", linewidth=0.8)
axes.fill_between(growing.index, growing["low_groups"], growing["high_groups"], color="#CCCCCC", label="as two groups")
axes.fill_between(growing.index, growing["low"], growing["high"], color=SERIES[4], label="as pairs")
span = 1.3 * growing.loc[3, ["low_groups", "high_groups"]].abs().max()
axes.set(xlabel="pairs of runs", ylabel="change of adverse events", ylim=(-span, span), xlim=(2, PAIRS))
axes.legend(frameon=False, loc="upper right")
plt.show()

last = growing.loc[PAIRS]
gain = ((last["high_groups"] - last["low_groups"]) / (last["high"] - last["low"])) ** 2
print(
    f"After {PAIRS} pairs: {last['low']:+.0f} to {last['high']:+.0f} as pairs, {last['low_groups']:+.0f} to {last['high_groups']:+.0f} as two groups."
)
print(f"To get the interval of the pairs without pairing would take about {gain:.1f} times as many runs.")

# %% [markdown]
# How many pairs one needs depends on the size of what is to be told from nothing, and on how rare it is. Compare an
# outcome with its neighbours: adverse events are common, overdoses rarer, deaths rare. And compare what is **counted**
# with what is **expected**, where the model adds up the *chances* of an event instead of counting events.

# %%
names = ["adverse_events", "adverse_events_expected", "overdoses", "overdoses_expected", "deaths", "deaths_expected"]
table = result.effects.query("scenario == 'checking'").set_index("outcome").loc[names]
table = table[["baseline", "mean", "low", "high", "same_sign", "excludes_zero"]]
worlds = result.outcomes.query("scenario == 'baseline'")
counted, expected = worlds["adverse_events"].std(), worlds["adverse_events_expected"].std()
print(
    f"Without the policy, counted adverse events differ by {counted:.1f} between worlds (standard deviation), expected ones by {expected:.1f}."
)
table.round(2)

# %% [markdown]
# **For the class**
# 1. Halve the width of an interval: how many times as many pairs does that take?
# 2. `deaths` may have no clear effect here. Does this mean that drug checking saves nobody?
# 3. Why is the expected version of an outcome surer than the counted one, though both are about the same thing?
#
# <details><summary>Answers</summary>
#
# 1. About four times: the width falls with the square root of the number.
# 2. No. It means that twelve pairs of so small a world leave room for gain and for harm; the interval says how much.
# 3. Whether somebody who had a chance of one in a thousand dies or not is luck, and says nothing about the policy. The
#    expected version adds up the chances themselves, which is what the policy moves.
#
# </details>

# %% [markdown]
# ## 4. Who looks long enough finds something
#
# At 95 %, one interval in twenty leaves zero out although there is no effect. The model reports dozens of outcomes. So
# let us compare *nothing* with *nothing*: we split the twelve runs of the baseline into two groups of six, at random,
# two hundred times, and count "findings". By construction there is none.

# %%
shuffle = np.random.default_rng(5)
outcomes = result.outcomes.query("scenario == 'baseline'").set_index("seed").drop(columns="scenario")
varying = outcomes.loc[:, (outcomes.nunique() > 8) & (outcomes.std() > 1e-9 * outcomes.mean().abs())].dropna(axis=1)
found = []
for _ in range(200):
    order = shuffle.permutation(PAIRS)
    one, other = varying.iloc[order[: PAIRS // 2]], varying.iloc[order[PAIRS // 2 :]]
    found.append((stats.ttest_ind(one, other).pvalue < 0.05).sum())
found = np.array(found)

figure, axes = plt.subplots(layout="constrained")
axes.hist(found, bins=np.arange(-0.5, found.max() + 1.5), color=SERIES[1], rwidth=0.9)
axes.set(xlabel=f"outcomes of {varying.shape[1]} with an interval that leaves zero out", ylabel="splits of 200")
plt.show()
print(
    f"On average {found.mean():.1f} of {varying.shape[1]} outcomes look like a finding: {found.mean() / varying.shape[1]:.1%} of them."
)
print(f"{np.mean(found > 0):.0%} of the studies of nothing have something to report.")

# %% [markdown]
# The cure is to say how many outcomes were looked at, and to ask more of each the more there are. The project's reports
# do so for every claim (a rule by Benjamini and Hochberg), and they say "no clear effect" where nothing passes. These
# are the words for our two policies:

# %%
for verdict in verdicts(of_pairs(result)):
    print(f"{verdict.scenario}: {verdict.short}")
print()
print("\n".join(in_words(result, "adverse_events_expected", "overdoses_expected", "deaths_expected")))
result.plot()

# %% [markdown]
# **For the class**
# 1. Somebody ran forty outcomes, found two with an interval that leaves zero out, and reports these two. What should
#    they have written?
# 2. Write down, before you run it, one outcome and one direction for a policy of your choice. Then run it. Why is one
#    prediction that holds worth more than five findings that nobody predicted?
# 3. Change `PAIRS` to 3 and run the notebook again. Which of its sentences change, which stay?
#
# <details><summary>Answers</summary>
#
# 1. That they looked at forty, and that chance alone gives about two.
# 2. What is predicted is one test, not one of forty; there is nothing left to choose from afterwards.
# 3. The sentences are computed, so they say what three pairs say. Intervals are much wider (with three pairs the factor of
#    the t distribution is 4.3 instead of 2.2), and less is told from zero.
#
# </details>

# %% [markdown]
# ## Sources
#
# - [loop-2016]: UK festival drug checking outcomes: 1 in 5 samples not as sold; 1 in 5 users used disposal; 1 in 6
#   moderated dose; two thirds of mis-sold vs &lt;1 in 10 of as-sold users disposed; \~900 people (1 in 5 drug-using
#   attendees), 247 samples (Jul 2016). Measham 2019, IJDP 67, 10.1016/j.drugpo.2018.11.001
# - [fts-ri-uptake]: FTS uptake after hand-out: 77% used &gt;=1 of 10 strips; 50% of users had a positive; positive
#   associated with safer behaviour (p&lt;=0.01) (93 young adults, Rhode Island 2017). Krieger et al. 2018, IJDP
# - [insite-check]: Fentanyl check at supervised site: 79.8% of 1,411 checks positive; after pre-use positive 36.3%
#   plan smaller dose, 11.4% plan disposal; dose reduction OR 9.36; disposal OR 1.60 (ns); reduction -&gt; overdose OR
#   0.41; \~1% of visits used checking (Vancouver Jul 2016-Jun 2017). Karamouzian et al. 2018, Harm Reduct J,
#   10.1186/s12954-018-0252-8
#
# How well checking works here rests on these and on assumptions: see `drug_checking` in `docs/policies.md`.

# %% [markdown]
# ## For teachers
#
# **Time.** 60 minutes: 10 to read section 1 together, 15 each for sections 2 and 3, 20 for section 4 with the discussion.
#
# **What students get wrong.**
# - They read "no clear effect" as "no effect". Let them say aloud what the ends of an interval would mean.
# - They take the same seed for "no chance left". The picture of section 2 is the answer.
# - They take an interval for the range of what may happen in one run. It is about the mean over worlds.
# - They think that many consumers replace many runs. A larger world has less luck of single people, but one closed market
#   stays one closed market: let them try `consumers=5_000`.
# - They take chance for the whole doubt. What is assumed may be wrong too, and no number of pairs shows that (notebooks 7
#   and 10).
