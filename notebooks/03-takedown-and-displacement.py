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
# # Takedown and displacement: Onymous, and a near-monopoly
#
# **You will learn**
# - what a **takedown** of markets does to trade, in the first days and in the months after;
# - what **displacement** means, how it is measured, and what the measurement cannot see;
# - why the same measure does different things in different markets;
# - how to say "it came back" as a number with an interval.
#
# In November 2014 police in many countries seized several cryptomarkets at once; the operation was called *Onymous*. Two
# large markets were left. Other times and places had one market with nearly all of the trade. We build a small copy of each
# world, close markets in both, and compare. It takes about half a minute.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from sim import Scenario, compare
from sim.report import figures
from sim.report.figures.style import SERIES
from sim.report.parts import flows
from sim.report.text.words import in_words

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
SIZE = {"consumers": 10_000, "burn_in": 30, "days": 140}
PAIRS = 6

# %% [markdown]
# ## 1. Two worlds
#
# Both ship with the project. They differ in the sizes of the markets and in which of them falls, in nothing else. The
# shares at the start are assumed, guided by what was published about that time (see the sources at the end).

# %%
onymous = Scenario.load("onymous-2014").with_(**SIZE)
monopoly = Scenario.load("near-monopoly").with_(**SIZE)
start = onymous.policies[0].start
for scenario in (onymous, monopoly):
    shares = scenario.platforms.cryptomarkets
    seized = scenario.policies[0]
    print(f"{scenario.name}: {len(shares)} markets, the largest with {max(shares):.0%} of the users;", end=" ")
    print(f"seized on day {seized.start}: {seized.count}, from the largest number {seized.rank} downwards")

# %%
several = compare(onymous.with_(name="several", policies=[]), onymous, runs=PAIRS, workers=1)
single = compare(monopoly.with_(name="single", policies=[]), monopoly, runs=PAIRS, workers=1)
several.plot_trade()

# %% [markdown]
# The figure has a column for each channel: grey without the takedown, in colour with it. The band holds the middle 80 % of
# the runs. The next one is the world of the near-monopoly.

# %%
single.plot_trade()

# %% [markdown]
# **For the class**
# 1. Cover the part of both figures after day 42. What headline would a newspaper write two weeks after each operation?
# 2. Now uncover it. What would the same newspaper write on the last day?
#
# <details><summary>Answers</summary>
#
# 1. Look how deep the first dip is in each figure. Where it is hardly deeper than the width of the band, an honest paper writes
#    that little is to be seen.
# 2. Look where the coloured line is on the last day, against the grey one. Section 2 turns both into numbers, with intervals.
#
# </details>

# %% [markdown]
# ## 2. Did it come back?
#
# "It came back" needs a definition. We take orders on cryptomarkets in a stretch of days, with the takedown, as a share of
# the same stretch **in the same world without it**. The comparison with the *same days* matters: markets grow and shrink by
# themselves. The share is computed pair by pair, which gives an interval. (It does not know that a share cannot be negative;
# where its lower end is, read "nearly nothing".)

# %%
STRETCHES = {"first week": (0, 7), "weeks 2 to 4": (7, 28), "months 2 and 3": (28, 84), "month 4": (84, 112)}


def left(result, world, seized):
    """Orders on cryptomarkets with the takedown over those without it, by seed and stretch."""
    daily = result.daily.pivot(index=["seed", "day"], columns="scenario", values="orders_cryptomarket").reset_index()
    found = {}
    for name, (first, end) in STRETCHES.items():
        days = daily[(daily["day"] >= start + first) & (daily["day"] < start + end)]
        sums = days.groupby("seed")[[world, seized]].sum()
        found[name] = sums[seized] / sums[world]
    return pd.DataFrame(found)


def interval(values):
    """Mean and the ends of a 95 % interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - half, values.mean() + half


shares = {"Onymous": left(several, "several", "onymous-2014"), "near-monopoly": left(single, "single", "near-monopoly")}
for name, table in shares.items():
    for stretch in STRETCHES:
        mean, low, high = interval(table[stretch])
        print(f"{name}, {stretch}: {mean:.0%} of the orders ({low:.0%} to {high:.0%})")

# %%
figure, axes = plt.subplots(layout="constrained")
for k, (name, table) in enumerate(shares.items()):
    means, lows, highs = np.array([interval(table[stretch]) for stretch in STRETCHES]).T
    place = np.arange(len(STRETCHES)) + 0.12 * (k - 0.5)
    axes.errorbar(place, means, [means - lows, highs - means], fmt="o", color=SERIES[k], capsize=4, label=name)
axes.axhline(1, color="black", linewidth=0.8)
axes.set_xticks(range(len(STRETCHES)), list(STRETCHES))
axes.set(ylim=(0, None), ylabel="share of the orders without the takedown")
axes.legend(frameon=False, loc="center left")
plt.show()

early = shares["near-monopoly"]["first week"] - shares["Onymous"]["first week"]
late = shares["near-monopoly"]["month 4"] - shares["Onymous"]["month 4"]
for stretch, gap in (("in the first week", early), ("in month 4", late)):
    mean, low, high = interval(gap)
    clear = "a clear difference" if low > 0 or high < 0 else "no clear difference"
    print(
        f"Near-monopoly less Onymous, {stretch}: {100 * mean:+.0f} percentage points ({100 * low:+.0f} to {100 * high:+.0f}): {clear}."
    )

# %% [markdown]
# Nobody wrote into the model that trade must come back, or how fast. A buyer whose market is gone looks for another one and
# asks others; some give up. Where large markets are left, they are easy to find and trusted already. Where the only large
# one is gone, what is left is small and unknown, and vendors and buyers have to find each other anew.
#
# **For the class**
# 1. After Onymous, a study counted fewer vendor names across markets, for a time, and the same growth afterwards
#    ([onymous-vendor-drop]). Which of our two worlds does that resemble?
# 2. Police seized *five* markets in one world and *one* in the other. Why is the number of seized markets a bad measure of
#    an operation?
# 3. Set `publicity` of the takedown to 2 in both worlds. What do you expect: deterrence, or advertisement? Run it.
#
# <details><summary>Answers</summary>
#
# 1. The one with several markets. The model was fitted so that both kinds of recovery can occur, so this is no proof of it.
# 2. What counts is the share of trade that they held and what is left to go to. The first cell of section 1 says how large
#    the largest market of each world was.
# 3. News does both: it frightens those who use such markets and tells others that they exist. Which is stronger here is
#    what your run says; look at `initiations` too.
#
# </details>

# %% [markdown]
# ## 3. Where does it go?
#
# Orders that are no longer made on cryptomarkets may be made elsewhere. The picture draws what has fewer orders on the
# left and what has more on the right; only changes that are told from zero are drawn, and in the few runs of a class that may be
# none: then the picture is empty, and more pairs are the way to fill it. The model counts orders and not who
# went where, so the bands are shared out in proportion.

# %%
for label, result in (("onymous-2014", several), ("near-monopoly", single)):
    moved = flows.flows(result.outcomes, result.baseline, label)["channels"]
    print(f"{label}: {flows.said(moved, 'channels')}")
moved = flows.flows(single.outcomes, "single", "near-monopoly")["channels"]
figures.flow_figure(moved, "near-monopoly", "single", "channels", "simulated consumers")

# %% [markdown]
# And who is hurt on the way? Each line below is an effect over the whole time, with its interval, or says that there is no
# clear effect.

# %%
LOOKED_AT = ("orders", "volume_usd", "victims_of_fraud", "violence_expected", "deaths_expected", "initiations")
for result in (several, single):
    print("\n".join(in_words(result, *LOOKED_AT)), end="\n\n")

# %% [markdown]
# **For the class**
# 1. "Displacement" sounds as if everything only moves. Compare the orders that cryptomarkets lose with those that other
#    channels gain. What became of the rest?
# 2. An order on the street has other risks than one by post. Which lines above speak of that? What would you look at
#    before calling displacement good or bad?
# 3. The model knows no market in another country that opens because of the seizure, and no new technology. Which way
#    would that bend the results?
#
# <details><summary>Answers</summary>
#
# 1. Some orders are not made at all, and some people are still looking when the run ends. The model counts orders, and the
#    sentence above names only changes that are told from zero.
# 2. Violence comes mostly with dealers whom one meets, fraud with strangers online. One would look at harm for each order
#    and at who bears it, not at the number of orders.
# 3. In the model, operators open new markets more often while buyers are without one, but nothing comes from outside. What does
#    would bring trade back sooner, so that the model may show too slow a recovery.
#
# </details>

# %% [markdown]
# ## Sources
#
# - [onymous-vendor-drop]: change in unique vendor aliases across markets after Operation Onymous (police): -627
#   vendors (p=0.014), temporary, growth slope unchanged (39 markets, \~1,150 weekly snapshots, Oct 2013-Nov 2015). Van
#   Buskirk J. et al. (2017) Drug Alcohol Depend 173:159-162
# - [onymous-scale]: Onymous direct effects: 17 arrests, &gt;USD 1M seized; Silk Road 2 had \~USD 8M monthly sales (Nov
#   2014). Decary-Hetu conference abstract; Benthall complaint via WIRED repost
# - [sr1-closure-displacement]: active retailers on substitutes after Silk Road 1 seizure: Black Market Reloaded x2,
#   Sheep x5; Silk Road 2 had 92 vendors on day 2 (Oct-Nov 2013). Van Buskirk J. et al. (2014) letter, Addiction
# - [hydra-share]: Hydra share of darknet market value; users; sellers: 75-93%; 17M customers; 19,000 sellers; \~USD
#   1.4-1.7bn in 2021 (2021-22). Chainalysis / BKA via press
# - [market-leader-share]: share of drug listings held by the leading market: Dream 80% (to Apr 2019); White House 87%
#   (Jan 2021); WHM+DarkMarket 91% (Sept 2020) (English-language). NDARC
# - [bayonet-user-survey]: darknet buyers reporting less frequent use of such markets / stopping / unaffected after
#   Bayonet: 15% / 9% / more than half (online survey Jan 2018). UNODC WDR 2018
# - [u2u-survive-closure]: do direct buyer-seller ties survive a market closure: stable pairs tend to persist through
#   closures and COVID-19 (40 markets, 2011-2021). Nadini M. et al. (2022) Emergence and structure of decentralised
#   trade networks around dark web marketplaces. Sci Rep 12. DOI 10.1038/s41598-022-07492-x
# - [market-closure-causes]: closures by cause: scam / voluntary / hacked / raided: 23 / 21 / 10 / 7 of 61 (38 / 34 /
#   16 / 11%); established markets 11 / 8 / 3 / 6 of 28 (81 English-language drug markets 2011-2015; 40 that survived
#   90 days). computed from the G. Branwen table of drug markets (version 7 May 2015), 'Black-market survival' page

# %% [markdown]
# ## For teachers
#
# **Time.** 75 minutes: 15 for section 1, 30 for section 2 (the definition is worth the time), 30 for section 3.
#
# **What students get wrong.**
# - They compare the days after with the days before. Let them look at the grey lines: the world without a takedown moves too.
# - They take the first week for the effect. Let two groups defend the first and the last stretch of section 2.
# - They conclude that takedowns are useless, or that they work. Both sentences need "in which market, for how long, and
#   compared with what".
# - They read the flow picture as a count of people who moved. It shares out net changes.
# - They forget that the two worlds are a reconstruction: the shares at the start are assumed.
