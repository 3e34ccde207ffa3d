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
# # Meet the market
#
# Drugs and medicines are bought online and on the street, from pharmacies, dealers, friends and strangers. This notebook
# opens a simulated market of that kind and looks around: at a year of trade, at the people in it, at one buyer, at the
# sellers, and at last at a question of policy: **what happens when police close the largest cryptomarket?**
#
# **You will learn**
# - what a run of an agent-based model is, and how to look into it: days, people, places, orders;
# - that averages hide people, and that a few sellers make most of the sales;
# - what a paired comparison of two worlds is, and why it takes more than one pair;
# - what such a model cannot tell you.
#
# You need no more than to run the cells from top to bottom. It takes about half a minute; the very first time the
# program is also translated into machine code, which takes half a minute more.
#
# Everything here is invented in detail and realistic in outline: the numbers that drive the model come from published
# research where there is any, and from stated assumptions where there is none (`docs/evidence.md`). Nobody in it exists.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from sim import MarketModel, Scenario, compare
from sim.agents.codes import Channel, PlatformStatus, Segment, VendorKind
from sim.measures.structure import gini
from sim.report.figures.style import SERIES

CHANNELS = {
    "street": "street: dealers and friends",
    "licensed_pharmacy": "licensed pharmacies",
    "social_app": "social and messaging apps",
    "cryptomarket": "cryptomarkets",
    "direct": "direct deals",
    "illicit_pharmacy": "illicit pharmacies",
}
COLOUR = dict(zip(CHANNELS, (SERIES[3], SERIES[2], SERIES[5], SERIES[0], SERIES[4], SERIES[1]), strict=True))
plt.rcParams.update({"figure.figsize": (9, 3.6), "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## 1. A run
#
# A **scenario** says what a world is made of. The one called `baseline` is the world in which nothing new is done. We
# take a small copy of it: 5,000 consumers instead of 20,000. Two months of **burn-in** let habits and reputations settle;
# day 0 is the first day after that, and the year from day 0 on is what we look at.
#
# `rng=1` is the **seed**. The model is full of chance, but the same seed gives the same year, to the last cent.

# %%
scenario = Scenario.load("baseline").with_(consumers=5_000, burn_in=60, days=365)
market = MarketModel(scenario, rng=1, tables=("orders",))
market.run_for(scenario.burn_in + scenario.days)

daily = market.daily()
daily[["orders", "volume_usd", "share_street", "share_cryptomarket", "overdoses", "victims_of_fraud"]].head()

# %% [markdown]
# One row a day, one column for each of some eighty outcomes. A picture says more: how many orders went through each
# channel in the year, and how the online channels moved from week to week.

# %%
by_channel = daily[[f"orders_{name}" for name in CHANNELS]].set_axis(list(CHANNELS), axis=1)
weekly = by_channel.groupby(by_channel.index // 7).sum().iloc[:52]
online = [name for name in CHANNELS if name not in ("street", "licensed_pharmacy")]

figure, (left, right) = plt.subplots(1, 2, layout="constrained")
totals = by_channel.sum().sort_values()
left.barh([CHANNELS[name] for name in totals.index], totals, color=[COLOUR[name] for name in totals.index])
left.bar_label(left.containers[0], fmt="{:,.0f}", padding=3, fontsize=8)
left.set(title="Orders in the year", xlim=(0, 1.18 * totals.max()))
for name in online:
    right.plot(weekly.index, weekly[name], color=COLOUR[name], label=CHANNELS[name])
right.set(title="Orders a week, illicit online channels", xlabel="week", ylim=(0, None))
right.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0, 0.92))
plt.show()

# %% [markdown]
# Most trade never goes online: people who use drugs mostly buy from dealers and friends. And cryptomarkets do not grow
# smoothly. Each has an operator who may give up, be hacked, be raided, or run away with the money of the customers.
#
# **For the class**
# 1. Look at the largest jumps of the cryptomarket line. What could have happened? (Section 2 has the list of markets.)
# 2. Run the first cell of this section again with `rng=2`. Which features of the picture stay, which change?
# 3. One simulated consumer stands for `market.weight` real people. What does that make of the orders in a year?
#
# <details><summary>Answers</summary>
#
# 1. A market that closed, was robbed by its operator, or was raided; or one that grew because another ended.
# 2. Look whether the order of the channels stays: many orders stand behind it. When markets end, and how large the jumps are, is
#    luck of the run.
# 3. `daily["orders"].sum() * market.weight`. The weight depends on how many consumers are simulated, so that the product does
#    not: a smaller world is a coarser picture of the same population.
#
# </details>

# %% [markdown]
# ## 2. Who is in it
#
# The model is *agent-based*: nobody decides for the market as a whole; there are only agents, and what they do to each
# other. `market.consumers` is the set of all consumers. You can count them, pick them, group them.

# %%
consumers = market.consumers
somebody = consumers[42]
print(consumers)
print("consumer 42 is of the segment", Segment(somebody.segment).name.lower(), "and lives in", end=" ")
print(list(scenario.jurisdictions)[somebody.jurisdiction].replace("_", " "))
print(f"trust in police and services {somebody.trust_police:.2f}, harm-reduction practice {somebody.practice:.2f}")
print(len(consumers.select(lambda consumer: consumer.considering > 0)), "of all consider an illicit online source")

# %% [markdown]
# There are four kinds of consumers: patients who lack ready access to a medicine, recreational consumers, dependent
# ones, and those who also supply their friends. How many are they, and how much of the money is theirs?

# %%
groups = {Segment(code).name.lower().replace("_", " "): group for code, group in consumers.groupby("segment")}
people = pd.Series({name: len(group) for name, group in groups.items()})
money = pd.Series({name: group.agg("spent", np.sum) for name, group in groups.items()})

share = pd.DataFrame({"of consumers": people / people.sum(), "of money spent": money / money.sum()}).sort_values(
    "of consumers"
)
axes = share.plot.barh(color=["#BBBBBB", SERIES[0]], figsize=(7, 2.8))
axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
axes.set(title="Shares of the four segments")
axes.legend(frameon=False, loc="lower right")
plt.show()

# %% [markdown]
# **Platforms** are the places of trade. Here are the ten cryptomarkets that earned most commission, of all that were
# there at the start or opened later. Days are counted from day 0, so that a negative day lies before our year.

# %%
markets = [platform for platform in market.platforms if platform.channel == Channel.CRYPTOMARKET]
print(f"{len(markets)} cryptomarkets, {sum(platform.is_open for platform in markets)} of them open on the last day")
rows = [
    {
        "market": platform.name,
        "opened": platform.open_day,
        "ended": "" if platform.is_open else platform.close_day,
        "how": PlatformStatus(platform.status).name.lower().replace("_", " "),
        "vendors now": platform.vendors,
        "commission (USD)": round(platform.fees / 100),
    }
    for platform in markets
]
pd.DataFrame(rows).sort_values("commission (USD)", ascending=False).head(10).set_index("market")

# %% [markdown]
# **Vendors** sell. This is the cryptomarket vendor who took most money and is still in business. Around vendors there
# are more agents: suppliers upstream, police agencies, payment companies, services (`market.suppliers`,
# `market.agencies`, `market.processors`, `market.treatment`).

# %%
sellers = market.vendors.select(lambda vendor: vendor.channel == Channel.CRYPTOMARKET and vendor.alive == 1)
star = sellers.sort("income")[0]
substances = [name for bit, name in enumerate(scenario.substances) if star.carries >> bit & 1]
print(
    f"vendor {star.row}: {VendorKind(star.kind).name.lower().replace('_', ' ')}, in business since day {star.entry_day}"
)
print("sells", ", ".join(substances).replace("_", " "))
sold = market.table("orders").query("vendor == @star.row")
print(f"{len(sold):,} orders by {sold['consumer'].nunique():,} buyers, {star.income / 100:,.0f} USD received")
print(f"good ratings on each account (old ones fade): {star.positive.round(0)}, bad ones: {star.negative.round(0)}")
print(f"sends what was ordered with probability {star.ships:.2f}; evidence gathered by police: {star.evidence:.1f}")

# %% [markdown]
# **For the class**
# 1. A small group of consumers spends a large part of the money. Which interventions would reach them, which would not?
# 2. How long did the markets that ended live? Of the real ones of 2011-2015, about half were gone after four months.
# 3. `market.vendors.select(...)` with another condition: how many vendors left because they were arrested?
#    (`vendor.exit_cause == 2`; the codes are in `sim/agents/codes.py`.)
#
# <details><summary>Answers</summary>
#
# 1. What reaches dependent people (treatment, regulated supply, checking) reaches this money. A campaign for everybody mostly
#    reaches people who spend little.
# 2. Take `ended` less `opened` in the table; those that were there at the start have lived longer than the run shows.
# 3. `len(market.vendors.select(lambda vendor: vendor.exit_cause == 2))`.
#
# </details>

# %% [markdown]
# ## 3. One consumer's year
#
# Averages hide people. The table of orders lets us follow one of them. We look for somebody with twenty to sixty orders
# in the year who used as many channels as possible and for whom not everything went well.

# %%
orders = market.table("orders").query("day >= 0")
stories = orders.groupby("consumer").agg(
    orders=("order", "size"),
    channels=("channel", "nunique"),
    failed=("outcome", lambda outcome: (outcome.notna() & (outcome != "delivered")).sum()),
)
row = (
    stories.query("20 <= orders <= 60 and failed >= 1")
    .sort_values(["channels", "failed"], ascending=False, kind="stable")
    .index[0]
)
person, year = market.consumers[row], orders[orders["consumer"] == row].sort_values("day")
print(
    f"consumer {row}: {Segment(person.segment).name.lower()}, {len(year)} orders, {person.spent:,.0f} USD in the year"
)

# %%
used = [name for name in reversed(CHANNELS) if name in set(year["channel"])]
height = year["channel"].astype(str).map(used.index)
good, under_way = year["outcome"] == "delivered", year["outcome"].isna()
wrong = ~good & ~under_way

figure, (top, bottom) = plt.subplots(
    2, 1, figsize=(9, 5), sharex=True, layout="constrained", gridspec_kw={"height_ratios": [3, 2]}
)
area = 3 * np.sqrt(year["price_usd"]) + 6
top.scatter(
    year["day"][good], height[good], s=area[good], color=[COLOUR[name] for name in year["channel"][good]], alpha=0.75
)
top.scatter(year["day"][wrong], height[wrong], s=area[wrong] + 20, marker="x", color="black", linewidths=1.6)
top.scatter(year["day"][under_way], height[under_way], s=area[under_way], facecolors="none", edgecolors="black")
top.set_yticks(range(len(used)), [CHANNELS[name] for name in used])
top.set(
    title="Orders: the dot grows with the price; a cross went wrong, a ring is still under way",
    ylim=(-0.6, len(used) - 0.4),
)
bottom.step(year["day"], year["price_usd"].cumsum(), where="post", color="#444444")
bottom.set(title="Money spent since day 0 (USD)", xlabel="day", ylim=(0, None), xlim=(-3, 368))
plt.show()

# %% [markdown]
# What went wrong, and whom does this person remember at the end of the year? The memory holds at most four vendors. A
# **tie** means that the two can deal directly, without a platform: ties are what survives when a market is closed.

# %%
print(year.loc[wrong, ["day", "channel", "substance", "price_usd", "outcome"]].to_string(index=False))
memory = pd.DataFrame({"vendor": person.vendor, "good orders": person.bought, "direct tie": person.tie == 1})
memory.query("vendor >= 0").sort_values("good orders", ascending=False).set_index("vendor")

# %% [markdown]
# **For the class**
# 1. Tell this year as a story in five sentences. What does the story leave out that the model does not know?
# 2. The same person buys online *and* on the street. What does this mean for a count of "online drug users"?
# 3. Take another consumer: change the query above. Find one who never went online and one who stopped.
#
# <details><summary>Answers</summary>
#
# 1. Why this person uses, who they live with, what work they do: nothing of it is in the model.
# 2. That "online" and "offline" users are no two groups of people. A survey that asks where somebody bought *last* and one
#    that asks where they *ever* bought will disagree.
# 3. For example `channels == 1` in the query, and then those whose one channel is the street. `market.consumers[row].stage` says
#    whether somebody has stopped.
#
# </details>

# %% [markdown]
# ## 4. A few sell most
#
# In every online market that has been measured, a few vendors make most of the sales. The **Lorenz curve** shows how
# few: sort vendors from small to large, and draw which share of the money the smallest share of vendors has. If all sold
# the same, it would be the straight line. The **Gini coefficient** is twice the area between line and curve: 0 when all
# are equal, near 1 when one has everything.

# %%
vendors = market.table("vendors").assign(channel=market.vendors.get("channel"))
figure, axes = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="all equal: Gini 0")
for channel in (Channel.CRYPTOMARKET, Channel.STREET):
    revenue = np.sort(vendors.query(f"channel == {int(channel)} and orders > 0")["revenue_usd"].clip(lower=0))
    curve = np.concatenate([[0], np.cumsum(revenue) / revenue.sum()])
    name = channel.name.lower()
    label = f"{name}: {len(revenue)} vendors, Gini {gini(revenue):.2f}"
    axes.plot(np.linspace(0, 1, len(curve)), curve, color=COLOUR[name], linewidth=2, label=label)
axes.set(xlabel="share of vendors, smallest first", ylabel="share of revenue", title="Lorenz curves", aspect="equal")
axes.legend(frameon=False, fontsize=8, loc="upper left")
plt.show()

# %% [markdown]
# Nobody wrote this inequality into the model. Buyers go back to vendors who served them well, and find new ones in
# proportion to past sales, so the well-known become better known. The vendors differ as well: in how many offers they
# run, in care, in price.
#
# A warning that matters for every number of this kind: **concentration depends on the size of the world**. A town with
# forty vendors is less unequal than a continent with four thousand, for no deeper reason. Results about concentration
# are reported from 20,000 consumers on. (Measured on a large cryptomarket with 2,600 vendors: a Gini of 0.88.)
#
# **For the class**
# 1. Which of the two reasons for inequality could a regulator change? Which could an arrest?
# 2. Run the market with `consumers=1_000` and with `10_000`. What happens to the curve?
#
# <details><summary>Answers</summary>
#
# 1. Rules for platforms can change how newcomers are shown, which is the first. An arrest removes one large vendor, and
#    leaves the reasons.
# 2. Compare the Gini coefficients in the legend. The warning above says which way to expect.
#
# </details>

# %% [markdown]
# ## 5. What if? A paired comparison
#
# Now to the question of policy: police seize the largest cryptomarket on day 40, with publicity. We run the world with
# and without the seizure and subtract. Four seeds give four worlds, hence four answers; their mean is the estimate, and
# their spread says how sure it is.

# %%
without = Scenario.load("baseline").with_(consumers=5_000, burn_in=60, days=100)
closure = without.with_(
    name="closure", policies=[{"kind": "takedown", "channel": "cryptomarket", "rank": 1, "start": 40, "publicity": 1.0}]
)
result = compare(without, closure, runs=4, workers=1)
names = ["orders_cryptomarket", "orders_social_app", "orders_direct", "orders_street", "orders", "victims_of_fraud"]
table = result.effects.set_index("outcome").loc[names, ["baseline", "mean", "low", "high", "same_sign"]]
table.round(1)

# %% [markdown]
# `baseline` is the level without the seizure, `mean` the mean difference over the four pairs, `low` to `high` its 95 %
# interval, `same_sign` the share of pairs whose difference has the same sign as the mean. The picture shows the course:
# orders a day as a mean of seven days, the line the mean over seeds, the band from the lowest to the highest seed.

# %%
panels = {"orders_cryptomarket": "cryptomarkets", "orders_social_app": "apps", "orders_street": "street"}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
for panel, (name, title) in zip(axes, panels.items(), strict=True):
    for label, colour in (("baseline", "#6E6E6E"), ("closure", COLOUR[name.removeprefix("orders_")])):
        runs = result.daily.query("scenario == @label").pivot(index="day", columns="seed", values=name)
        smooth = runs.rolling(7).mean()
        panel.fill_between(smooth.index, smooth.min(axis=1), smooth.max(axis=1), color=colour, alpha=0.18, linewidth=0)
        panel.plot(smooth.mean(axis=1), color=colour, label=label)
    panel.axvline(40, color="black", linewidth=0.8, linestyle=":")
    panel.set(title=f"Orders a day: {title}", xlabel="day", ylim=(0, None))
    panel.legend(frameon=False, fontsize=8, loc="lower left")
plt.show()

# %% [markdown]
# Orders leave the cryptomarkets at once. Some of their buyers find another market within days, some turn to apps and to
# the street, and some deals go on directly between people who know each other. This is **displacement**, and nothing in
# the model says that it must happen: it follows from what each buyer has left to choose from.
#
# **For the class**
# 1. Before day 40 the lines lie exactly upon each other. Why? (The next section answers.)
# 2. How much of the trade is back on day 100? Is the closure a success? What would you have to know to say so?
# 3. Trade on cryptomarkets goes up and down in the world *without* a closure, for its size much more than street trade, which is
#    as good as flat: it is small, and markets open and close. Why does this hardly harm the difference between the two?
# 4. Close three markets instead of one (`"count": 3`). Does three times the force have three times the effect?
#
# <details><summary>Answers</summary>
#
# 1. Both sides of a pair have the same seed, and until day 40 nothing differs.
# 2. Read the last days of the picture. Whether it is a success depends on what was meant to fall: trade, harm, fraud, or the
#    number of markets; and for how long.
# 3. Both sides of the pair go up and down in the same way, and the difference removes what they share.
# 4. Compare `mean` in the table. The second and third market are smaller, and there are fewer left to go to: it could be either.
#
# </details>

# %% [markdown]
# ## 6. Why pairs
#
# Each world has its own luck: in one the largest market is very large, in another it is not. Compare a closure in one
# world with no closure in *another*, and this luck is part of the difference. A **pair** has one seed: every random draw
# that the closure does not touch is the same on both sides. Until day 40 the two worlds are one world.

# %%
by_run = result.outcomes.pivot(index="seed", columns="scenario", values="orders_social_app")
with_closure, without_it = by_run["closure"], by_run["baseline"]
paired = with_closure - without_it
crossed = [with_closure[one] - without_it[other] for one in by_run.index for other in by_run.index if one != other]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for colour, seed in zip(SERIES, by_run.index, strict=False):
    pair = [without_it[seed], with_closure[seed]]
    left.plot(["without", "with closure"], pair, marker="o", color=colour, label=f"seed {seed}")
left.set(title="Orders by app in 100 days", xlim=(-0.3, 1.7))
left.legend(frameon=False, fontsize=8, loc="center right")
right.axvline(0, color="black", linewidth=0.8)
right.plot(crossed, np.full(len(crossed), 0), "o", color="#999999", alpha=0.7)
right.plot(paired, np.full(len(paired), 1), "o", color=COLOUR["social_app"])
right.set_yticks([0, 1], ["different seeds", "same seed"])
right.set(title="Difference that the closure makes", xlabel="orders by app", ylim=(-0.6, 1.6))
plt.show()

# %% [markdown]
# The two intervals come from the same eight runs. The first knows which runs belong together; the second does not.

# %%
as_pairs = stats.ttest_rel(with_closure, without_it).confidence_interval()
as_two_groups = stats.ttest_ind(with_closure, without_it, equal_var=False).confidence_interval()
for name, interval in (("as pairs", as_pairs), ("as two groups", as_two_groups)):
    print(
        f"{name:14} mean {paired.mean():+.0f}, 95 % interval {interval.low:+.0f} to {interval.high:+.0f} orders by app"
    )

# %% [markdown]
# An interval shrinks with the square root of the number of runs: to make it ten times as narrow takes a hundred times
# as many. Pairs cost nothing.
#
# Pairing has a limit. It removes the luck that both sides share; the luck that the intervention itself sets free, such
# as who happens to be displaced where, stays. The longer ago the intervention, the more of it there is.
#
# **For the class**
# 1. What would you conclude from each of the two intervals? Why is the mean the same in both?
# 2. Make the right-hand picture for `deaths` and for `deaths_expected`. The second adds up the *chances* of dying
#    instead of counting deaths. What is gained by that?
#
# <details><summary>Answers</summary>
#
# 1. Look whether the interval holds zero. The mean is the same because the same eight numbers are added and subtracted; only
#    what counts as their luck differs.
# 2. Less luck: whether somebody at risk dies or not is chance, and the chances themselves are what a policy moves.
#
# </details>

# %% [markdown]
# ## 7. What this cannot tell you
#
# - It is a model of markets around 2014-2017, in four large regions, fitted to what was published about them. Many of its
#   values are assumptions; all are listed with their sources by `odm list parameters`.
# - An interval here says how much *luck* is left, not whether the model is right. Being wrong about a mechanism or a value
#   moves results further than luck does.
# - It knows nothing about any real vendor, market or person, and is of no use for finding, running or evading one.
#
# Next: `odm compare baseline takedown education harm-reduction` runs the full-size comparison with a report;
# `docs/model.md` describes the model, `docs/how-to-write-a-scenario.md` how to ask a question of your own.

# %% [markdown]
# ## Sources
#
# - [dnm2017-gini]: Gini of vendor revenue; of units sold: 0.889; 0.825 (2,615 drug vendors, 18,515 unique drug
#   listings, Apr-May 2017). computed from an open listing scrape by D. Denton (2017; site not named, AlphaBay by its
#   layout)
# - [agora2014-concentration]: Agora drug vendors: Gini of feedback counts; top 1/5/10/20% share; HHI; vendors with no
#   feedback: 0.757; 16/43/60/78%; 81; 26% (737 drug vendors, 8,527 drug listings, Jan-Mar 2014). computed from an
#   extraction of the Gwern archive of darknet markets (Agora)
# - [market-km-median]: Kaplan-Meier median lifetime of a market: 123 days (81 English-language drug markets opened
#   2011-2015, 61 closed, censored 21 May 2015). computed from the G. Branwen table of drug markets (version 7 May
#   2015), 'Black-market survival' page

# %% [markdown]
# ## For teachers
#
# **Time.** 90 minutes with all sections; 45 with sections 1, 3 and 5. Section 3 is the one that students remember.
#
# **What students get wrong.**
# - They ask whether consumer 42 "is real". Nobody in it exists; say so at the start and again at section 3.
# - They take one run for a forecast. Let every pair of students run section 1 with another seed and lay the pictures side by side.
# - They read the share of orders as a share of people. Section 3 shows one person in several channels.
# - They take inequality of sellers for a sign of organised crime. Section 4 says where it comes from in the model.
