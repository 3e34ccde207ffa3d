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
# # Reputation as a public good: exit scams, false ratings, trust
#
# **You will learn**
# - how strangers trade without a court: ratings, and money that is held until the goods arrive;
# - why a rating is a **public good**: who writes it pays, who reads it gains, and nobody can be kept from reading;
# - what an **exit scam** destroys besides money;
# - what happens to a market when its ratings are made worth less.
#
# It takes about twenty seconds. You need notebook 2: every effect below comes from pairs and has an interval.
#
# Few people buy on cryptomarkets, so a small world has few such orders. We look at one in which these markets are **popular**:
# more people consider and use them, and more vendors sell there. Each of these four numbers is at the upper end of what the
# project holds plausible (`odm list parameters` has the ranges).

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sim import MarketModel, Scenario, compare
from sim.agents.codes import Channel
from sim.report.figures.style import SERIES
from sim.report.text.words import in_words

plt.rcParams.update({"figure.figsize": (9, 3.4), "axes.spines.top": False, "axes.spines.right": False})
PAIRS = 5
POPULAR = {
    "world": {"considering": 0.7, "market_users": 0.5},
    "choice": {"crypto": 1.0},
    "supply": {"crypto_vendors": 0.009},
}

# %% [markdown]
# ## 1. What do ratings say?
#
# In the model every vendor has a habit that nobody sees: the chance that an order is sent at all (`ships`). Buyers see only
# ratings that others left. Do the ratings tell the honest from the cheats?

# %%
scenario = Scenario.load("baseline").with_(consumers=6_000, burn_in=60, days=120, parameters=POPULAR)
market = MarketModel(scenario, rng=3)
market.run_for(scenario.burn_in + scenario.days)

everybody = market.vendors.select(lambda vendor: vendor.channel == Channel.CRYPTOMARKET)
vendors = pd.DataFrame(
    {
        "ships": everybody.get("ships"),
        "orders": everybody.get("orders"),
        "in business": everybody.get("alive") == 1,
        "good": everybody.get("positive").sum(axis=1),
        "bad": everybody.get("negative").sum(axis=1),
    }
)
cheats = vendors["ships"] < 0.5
print(f"{cheats.mean():.0%} of all cryptomarket vendors of the run send fewer than half of what is ordered;")
print(f"they received {vendors.loc[cheats, 'orders'].sum() / vendors['orders'].sum():.1%} of the orders.")
print(
    f"Median orders of a cheat: {vendors.loc[cheats, 'orders'].median():.0f}, of the others: {vendors.loc[~cheats, 'orders'].median():.0f}."
)

# %%
here = vendors[vendors["in business"] & (vendors["good"] + vendors["bad"] > 0)]
figure, (left, right) = plt.subplots(1, 2, layout="constrained")
share = here["good"] / (here["good"] + here["bad"])
left.scatter(here["ships"], share, s=8 + 2 * np.sqrt(here["orders"]), color=SERIES[0], alpha=0.5)
left.set(
    xlabel="chance that an order is sent (hidden)",
    ylabel="share of good ratings (seen)",
    title="In business at the end",
)
bins = pd.cut(here["good"] + here["bad"], [0, 2, 10, 50, np.inf], labels=["up to 2", "to 10", "to 50", "more"])
spread = share.groupby(bins, observed=False).agg(["count", "mean", "std"])
right.bar(spread.index.astype(str), spread["count"], color=SERIES[2])
right.set(xlabel="ratings that a vendor has (old ones fade)", ylabel="vendors", title="How much is known of whom")
plt.show()
few = (bins == "up to 2").mean()
print(
    f"{share.gt(0.9).mean():.0%} of the vendors with ratings have more than nine tenths of good ones; {few:.0%} have at most two ratings in all."
)

# %% [markdown]
# Nearly all ratings are good, as on real markets: on the first large one, more than nine in ten were five stars of five
# ([rating-distribution-sr1]). Those who get bad ones sell less and leave ([bad-ratings-consequences]).
#
# **For the class**
# 1. If nearly all ratings are good, are they worthless?
# 2. Why would anybody write one? List what the writer gains and what the reader gains. Who should pay?
# 3. Which vendor is hurt most when ratings are lost: the one with two ratings, or the one with two hundred?
#
# <details><summary>Answers</summary>
#
# 1. No. The bad vendors are *gone*, or have few orders: the ratings that you see are those of the survivors. The first cell
#    of this section compares the orders of cheats and of others.
# 2. The writer gains little: perhaps thanks, or revenge. Every later reader gains. Too few are written when each looks to
#    their own gain; markets answer by asking for a rating, or by giving stars where nobody answers.
# 3. The one with two hundred loses more. That is why a vendor takes care of a good name, and why a closed market costs
#    honest vendors more than cheats.
#
# </details>

# %% [markdown]
# ## 2. False ratings
#
# Suppose somebody posts false ratings about the best known vendors, month after month, and false posts in forums. No one
# is arrested. Researchers call that a **signal attack** and compared it with arrests in a model of one market
# ([duxbury2020-abm], [duxbury2020-result]). We post as many false ratings as true ones (`noise: 1`) about the largest tenth or
# about half of the vendors, and take half of the forum posts.

# %%
small = Scenario.load("baseline").with_(consumers=2_500, burn_in=40, days=120, parameters=POPULAR)


def attack(name, share):
    """A world with false ratings about the largest share of vendors."""
    policy = {"kind": "network_attack", "mode": "signal", "share": share, "noise": 1.0, "posts": 0.5, "monthly": True}
    return small.with_(name=name, policies=[policy])


false = compare(small, [attack("a-tenth", 0.1), attack("half", 0.5)], runs=PAIRS, workers=1)
LOOKED_AT = ("orders_cryptomarket", "victims_of_fraud", "scam_rate", "orders_direct", "initiations")
print("\n".join(in_words(false, *LOOKED_AT)))

# %%
daily = false.daily.groupby(["scenario", "day"])["orders_cryptomarket"].mean().unstack("scenario")
weekly = daily.groupby(daily.index // 7).sum().iloc[:17]
figure, axes = plt.subplots(layout="constrained")
for name, colour in zip(["baseline", "a-tenth", "half"], ("#777777", SERIES[4], SERIES[1]), strict=True):
    axes.plot(weekly.index, weekly[name], color=colour, label=name if name == "baseline" else f"false ratings: {name}")
axes.set(xlabel="week", ylabel="orders on cryptomarkets a week", ylim=(0, None))
axes.legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# **For the class**
# 1. Read the lines that are computed above. Which are clear, which are not? What does the interval of an unclear one allow?
# 2. Who is hurt by false ratings: the police's target, or somebody else? Is it a measure that a police force should use?
# 3. Buyers can turn to vendors whom they know already. Which line would show that?
#
# <details><summary>Answers</summary>
#
# 1. Every line says it by itself. An unclear one allows all that lies between the ends of its interval.
# 2. Honest vendors lose the advantage that they earned, and buyers lose what protects them from fraud and from bad goods.
#    To make a market more dangerous for its customers is a harm that has to be counted, not a side effect.
# 3. `orders_direct`, deals without a platform. Read its sign above before you believe the story: who knows each other met on a
#    platform first. Repeat orders are in the table `orders`.
#
# </details>

# %% [markdown]
# ## 3. The end of a market, three ways
#
# The largest cryptomarket ends from day 30 on: its operator closes it and pays everybody (`voluntary`); its operator stops
# paying and is gone a week later, with the money that is held for the customers (`exit-scam`); or police seize it (`raid`).
# In all three cases the same ratings are gone. What differs is money, fear and trust.

# %%
END = {"start": 30, "rank": 1}
ways = [
    small.with_(name="voluntary", policies=[{"kind": "operator_exit", "mode": "voluntary", "publicity": 0.5, **END}]),
    small.with_(name="exit-scam", policies=[{"kind": "operator_exit", "mode": "exit_scam", "publicity": 0.5, **END}]),
    small.with_(name="raid", policies=[{"kind": "takedown", "publicity": 0.5, **END}]),
]
ends = compare(small, ways, runs=PAIRS, workers=1)
print("\n".join(in_words(ends, "victims_of_fraud", "orders_cryptomarket", "orders")))

# %%
course = ends.daily.groupby(["scenario", "day"])["orders_cryptomarket"].mean().unstack("scenario")
relative = course.div(course["baseline"], axis=0).rolling(7, center=True).mean()
figure, axes = plt.subplots(layout="constrained")
for k, name in enumerate(["voluntary", "exit-scam", "raid"]):
    axes.plot(relative.index, relative[name], color=SERIES[k], label=name)
axes.axhline(1, color="black", linewidth=0.8)
axes.axvline(30, color="#999999", linewidth=0.8)
axes.set(xlabel="day", ylabel="orders on cryptomarkets,\nrelative to no closure", ylim=(0, 1.3))
axes.legend(frameon=False, loc="lower right")
plt.show()

victims = ends.outcomes.pivot(index="seed", columns="scenario", values="victims_of_fraud")
stolen = victims["exit-scam"] - victims["voluntary"]
print(f"Victims of fraud, running away less closing in order: {stolen.mean():+.0f} on average,", end=" ")
print(f"{stolen.min():+.0f} to {stolen.max():+.0f} in the {PAIRS} pairs:", end=" ")
print("all have one sign." if abs(np.sign(stolen).sum()) == PAIRS else "they do not even agree on the sign.")

# %% [markdown]
# **For the class**
# 1. In the last week before an exit scam the operator still takes orders and pays nobody. Who can see it coming, and who not?
# 2. Is an honest operator's reputation a public good too? Who lives off it after an exit scam elsewhere?
# 3. After a real exit scam in 2015 a study missed more vendor names than after the raids of 2014 ([evolution-exit-vendor-drop],
#    [onymous-vendor-drop]). Does our picture agree? What would make you doubt such a comparison?
#
# <details><summary>Answers</summary>
#
# 1. Vendors wait for their money and may wonder; buyers get their goods as ever. Nothing else need change, which is the point: the
#    value that can be stolen grows with the trust that was built.
# 2. Yes: when one operator steals, customers doubt the others too, who did nothing.
# 3. Compare the lines for exit scam and raid. In reality the two events hit markets of different size in different years, and
#    names that vanish are not people who stop.
#
# </details>

# %% [markdown]
# ## Sources
#
# - [rating-distribution-sr1]: ratings 5/4/3/2/1: 96.5 / 1.3 / 0.8 / 0.3 / 1.1%; 97.8% positive, 1.4% negative (184,804
#   feedback, Silk Road 1, 2012). Christin N. (2013) Traveling the Silk Road. WWW'13. DOI 10.1145/2488388.2488408
# - [bad-ratings-consequences]: effect of bad ratings: only a small share of deals rated bad; bad ratings cut later
#   sales and raise exit (&gt;1.5M sales). Bhaskar V., Linacre R., Machin S. (2019; CEP DP 1490) The economic
#   functioning of online drugs markets
# - [reputation-price-speed]: do better-rated sellers charge more and sell faster: yes to both (Silk Road 1).
#   Przepiorka W., Norbutas L., Corten R. (2017) Order without Law. Eur Sociol Rev 33(6):752-764
# - [trust-over-price-opioids]: what explains vendor choice: trustworthiness explains more than affordability or
#   diversity; a few vendors take most sales; price irrelevant at first purchase, slight at repeat (opioid network on
#   one market). Duxbury S., Haynie D. (2018) J Quant Criminol 34:921-941. DOI 10.1007/s10940-017-9359-4
# - [reputation-transfer]: evidence base on portable reputation: &gt;7,500 seller accounts, 2.5M feedback; markets
#   rarely last beyond a year (Abraxas, Agora, AlphaBay linked via Grams). Norbutas L., Ruiter S., Corten R. (2020)
#   IJDP 76:102635
# - [duxbury2020-abm]: design of the closest published ABM: ABM seeded with 16,847 exchanges / 7,295 users; targeted
#   (structurally central vertices), weak-link (many weakly tied vertices), signal (noise) attacks (one active market).
#   Duxbury & Haynie (2020) PLoS ONE e0238019
# - [duxbury2020-result]: headline result: targeted attack best only at large scale; weak-link and signal attacks deter
#   more transactions and buyers when a small part of the network is hit; attacked users trade less often and only with
#   trustworthy partners (one active market). Duxbury & Haynie (2020) PLoS ONE e0238019
# - [evolution-exit-vendor-drop]: same after Evolution exit scam: -910 vendors (p&lt;0.001), temporary, growth slope
#   unchanged (39 markets, \~1,150 weekly snapshots, Oct 2013-Nov 2015). Van Buskirk et al. (2017)
# - [onymous-vendor-drop]: change in unique vendor aliases across markets after Operation Onymous (police): -627
#   vendors (p=0.014), temporary, growth slope unchanged (39 markets, \~1,150 weekly snapshots, Oct 2013-Nov 2015). Van
#   Buskirk J. et al. (2017) Drug Alcohol Depend 173:159-162
# - [exit-scam-losses]: user losses in exit scams: Sheep USD 100M (valuation varies; 96,000 BTC); Evolution \~USD
#   11.7-12M; (Silk Road escrow seized 3.6M) (2013; Mar 2015). ElBahrawy 2020; IBTimes 2015

# %% [markdown]
# ## For teachers
#
# **Time.** 75 minutes: 25 each section. Without time for three, leave out section 2.
#
# **What students get wrong.**
# - They take "97 % good ratings" for proof that ratings mean nothing. Ask who is missing from the picture.
# - They think that a reputation belongs to the vendor. It is stored with the platform and dies with it; a name that is taken
#   along has to be believed elsewhere.
# - They see the signal attack as clever and free. Let one group write the view of a buyer, one that of an honest vendor.
# - They compare the three ends by eye. The lines of the picture are means of few runs; the sentences above have intervals.
