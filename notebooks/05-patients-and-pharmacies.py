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
# # Patients and pharmacies: verification, payments, search, unmet need
#
# **You will learn**
# - who buys medicines online, and why some of them buy from an illicit pharmacy without knowing it;
# - four places at which one can step in: the **register**, the **payment**, the **search**, and what people know;
# - to ask of each: do people end at a licensed pharmacy, at another illicit one, or **without a medicine**?
# - how a rule about prescriptions and a rule about sellers are parts of the same question.
#
# It takes about twenty seconds. You need notebook 2: effects come from pairs and have intervals.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import pandas as pd

from sim import MarketModel, Scenario, compare
from sim.agents.codes import Segment
from sim.report.figures.groups import effects_by_group
from sim.report.figures.style import SERIES
from sim.report.text.words import in_words

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
SIZE = {"consumers": 3_000, "burn_in": 40, "days": 100}
PAIRS = 4

# %% [markdown]
# ## 1. Patients
#
# A **patient** here is somebody who needs a medicine and has no ready access to it. Some have a valid prescription, many do
# not. Let us look at one world: where do patients buy, and what do they know?

# %%
scenario = Scenario.load("baseline").with_(**SIZE)
market = MarketModel(scenario, rng=2, tables=("orders",))
market.run_for(scenario.burn_in + scenario.days)

consumers = market.consumers
segments = pd.Series(consumers.get("segment")).map(lambda code: Segment(code).name.lower().replace("_", " "))
orders = market.table("orders").query("day >= 0")
orders = orders.assign(segment=segments.loc[orders["consumer"]].to_numpy())
where = orders.groupby(["segment", "channel"], observed=True).size().unstack(fill_value=0)
share = where.div(where.sum(axis=1), axis=0)

axes = share.plot.barh(stacked=True, figsize=(9, 3), color=[SERIES[k] for k in (2, 1, 5, 0, 4, 3)][: share.shape[1]])
axes.set(xlabel="share of the orders of a segment", ylabel="")
axes.legend(frameon=False, fontsize=8, bbox_to_anchor=(1, 1))
plt.show()
patients = share.loc["patient"]
print(
    f"Of the orders of patients, {patients['licensed_pharmacy']:.0%} went to licensed pharmacies and {patients['illicit_pharmacy']:.0%} to illicit ones."
)
unmet = market.outcomes()["unmet_need_days"] / (segments == "patient").sum()
print(f"A patient was on average {unmet:.1f} of the {scenario.days} days without a medicine that was needed.")

# %% [markdown]
# Many who buy at an illicit pharmacy do not know it. In a survey in the United States nearly all did not know how to check
# an online pharmacy ([us-verify-awareness]); among students, many judged a clearly illicit site favourably
# ([student-rogue-detection]); and most approval stamps on such sites were forged ([pharm-quality-eaasm]).
#
# **For the class**
# 1. "Patients who buy from illicit pharmacies are victims of fraud." "They are customers who know what they do." Which is it?
# 2. The model counts **days of unmet need**. Who suffers from them, and why are they missing in most statistics?
#
# <details><summary>Answers</summary>
#
# 1. Both exist. In the model some believe that a seller is licensed, others know and do not care, because they have no
#    prescription. A measure that informs helps the first and does nothing for the second.
# 2. People who did *not* get what they needed. They buy nothing, so no register of sales, seizures or sites knows of them.
#
# </details>

# %% [markdown]
# ## 2. Four places to step in
#
# | measure | what it does |
# |---|---|
# | `verification_scheme` | a register and a seal, so that people can look a pharmacy up |
# | `payment_block` | test purchases and complaints end the card accounts of illicit pharmacies |
# | `search_demotion` | search engines show illicit pharmacies less |
# | `safe_purchasing_information` | patients are taught to look a pharmacy up |
#
# Each is tried alone, then all together, each against the same worlds without it. The last two scenarios, `stricter` and
# `regulated-supply`, are those of section 3: they are run here, so that all share the same worlds.

# %%
KINDS = {
    "register": {"kind": "verification_scheme"},
    "payments": {"kind": "payment_block", "mode": "acquirers", "purchases": 4, "target": "largest"},
    "search": {"kind": "search_demotion", "demotion": 0.5},
    "information": {"kind": "safe_purchasing_information"},
}
single = [scenario.with_(name=name, policies=[policy]) for name, policy in KINDS.items()]
together = scenario.with_(name="together", policies=list(KINDS.values()))
stricter = scenario.with_(
    name="stricter", policies=[{"kind": "scheduling", "substance": "opioid_analgesic", "steps": 1}]
)
supply = scenario.with_(name="regulated-supply", policies=[{"kind": "regulated_supply", "segments": ["patient"]}])
result = compare(scenario, [*single, together, stricter, supply], runs=PAIRS, workers=1, by=["segment"])
names = ("orders_illicit_pharmacy", "orders_licensed_pharmacy", "unmet_need_days", "adverse_events_expected")
lines = in_words(result, *names)
print("\n".join(line for line in lines if not line.startswith((stricter.name, supply.name))))

# %%
tried = [name for name in result.others if name not in (stricter.name, supply.name)]
effects = result.effects[result.effects["outcome"].isin(names) & result.effects["scenario"].isin(tried)]
figure, panels = plt.subplots(1, len(names), figsize=(10, 3), sharey=True, layout="constrained")
for axes, name in zip(panels, names, strict=True):
    rows = effects[effects["outcome"] == name].reset_index(drop=True)
    clear = rows["excludes_zero"]
    scale = 100 / rows["baseline"]
    axes.hlines(rows.index, rows["low"] * scale, rows["high"] * scale, color="#999999")
    axes.plot(rows["percent"][clear], rows.index[clear], "o", color=SERIES[0])
    axes.plot(rows["percent"][~clear], rows.index[~clear], "o", color=SERIES[0], markerfacecolor="white")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(name.replace("_", " "), fontsize=9)
    axes.set_xlabel("change (%)")
panels[0].set_yticks(range(len(tried)), tried)
panels[0].invert_yaxis()
plt.show()

# %% [markdown]
# A filled dot has an interval that leaves zero out, a hollow one has not. Now the same for patients alone, as the project's
# figure for groups draws it.

# %%
groups = result.effects_by_group.query("key == 'segment' and member == 'patient' and scenario in @tried")
effects_by_group(groups, "segment", result.baseline)

# %%
shown = groups[groups["outcome"].isin(names)].set_index(["scenario", "outcome"])
shown[["baseline", "mean", "low", "high", "excludes_zero"]].round(1)

# %% [markdown]
# **For the class**
# 1. Which measure moves orders away from illicit pharmacies most? Do licensed ones gain as much as illicit ones lose?
# 2. Does any measure lengthen the days of unmet need? If its interval holds zero: what can you say, and what not?
# 3. Is "all together" the sum of the four? Add up the means and compare. Why should it not be?
# 4. Ending card accounts is aimed at a bottleneck: three banks handled most of the trade ([bank-concentration-2011]). What could
#    sellers do? Which line of the model's answer would show it?
#
# <details><summary>Answers</summary>
#
# 1. Read it off the printed lines; where one says "no clear effect", do not rank it.
# 2. You can say how many days it could be at most. You cannot say that it does no harm. Where an interval goes from nothing to
#    nothing, nothing happened in any of these few pairs; in a larger world or over years something rare may.
# 3. Somebody who is kept from a seller by search cannot be kept from the same seller again by a register: measures that reach
#    the same people overlap. They can also help each other, when each stops those whom the other misses.
# 4. Take another bank, or take coins. Orders would not fall although accounts are ended; `odm run` with the table `events`
#    has the accounts.
#
# </details>

# %% [markdown]
# ## 3. The other side: who may have it
#
# A medicine that is harder to get by prescription does not remove the need for it. In 2014 a group of opioid medicines was
# moved to a stricter schedule in the United States; the share of such medicines in the sales of cryptomarkets there was
# about twice what was expected ([martin-2018-rescheduling]). Two scenarios: stricter rules for opioid medicines everywhere,
# and **regulated supply**, which covers more needs by licensed sources.

# %%
more = (*names, "orders_street", "dalys")
print("\n".join(line for line in in_words(result, *more) if line.startswith((stricter.name, supply.name))))

# %%
rules = result.effects[result.effects["scenario"].isin([stricter.name, supply.name])]
table = rules[rules["outcome"].isin(more)].set_index(["outcome", "scenario"])["percent"].unstack()
axes = table.loc[list(more)].plot.barh(figsize=(9, 3.4), color=[SERIES[0], SERIES[1]])
axes.axvline(0, color="black", linewidth=0.8)
axes.set(xlabel="mean change (%); the lines above say which of these are told from zero", ylabel="")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# **For the class**
# 1. How can these rules change who buys from illicit pharmacies, though neither does anything to a seller?
# 2. A minister wants one number for the success of a law on prescriptions. Which of the lines would you refuse to leave out?
# 3. The class is asked for a package against illicit pharmacies with a duty to do no harm to patients. Which of the seven
#    scenarios would you combine? Write down what you expect, then run it.
#
# <details><summary>Answers</summary>
#
# 1. Through demand: what people may have by prescription decides how many look elsewhere.
# 2. Unmet need, because nobody else counts it, and harm (`adverse_events_expected`, `dalys`) beside orders.
# 3. There is no answer to copy. A good one names the people whom each part reaches and what would show that it fails.
#
# </details>

# %% [markdown]
# ## Sources
#
# - [us-verify-awareness]: Unaware of tools to verify an online pharmacy: 95% unaware; 91% never discussed with
#   clinician; 1 in 5 buyers typed drug name and picked a site at random (n=500, 2017). ASOP Global
# - [student-rogue-detection]: Students rating a clearly rogue pharmacy favourably: 50% (site A, US\$37.99) and 37%
#   (site B, US\$57.60) above scale midpoint vs neighbourhood price US\$165 (n=1,914 US undergraduates 2005-08).
#   Ivanitskaya et al. 2010, JMIR 12(2):e11
# - [pharm-quality-eaasm]: Share of medicines bought online fake or substandard: 62%; 95.6% of sites illegal; &gt;90%
#   no Rx; 94% no named pharmacist; 86% of approval stamps fake (&gt;100 sites, &gt;30 POMs, 2008). EAASM 2008, The
#   Counterfeiting Superhighway
# - [bank-concentration-2011]: Card acquiring concentration for spam pharma/herbal: 3 banks = 95% of transactions; one
#   \~60% (\~1bn spam messages, \~120 purchases, 3 months 2010). Levchenko et al. 2011, Click Trajectories, IEEE S&P,
#   10.1109/SP.2011.24
# - [search-redirect-share]: Share of drug-query search results being hacked redirectors: \~1/3 of results; &gt;7,000
#   infected hosts; 218 queries over 9 months; redirecting to a few hundred pharmacies; 96% of infected domains
#   connected by redirect chains (2010-2011). Leontiadis, Moore, Christin 2011, Measuring and analyzing
#   search-redirection attacks, USENIX Security
# - [opioid-search-illegal]: Share of first-page results for opioid purchase leading to illegal sellers: \~91% across
#   three engines (\~2017-18). cited by ASOP Global key-data page
# - [us-motives]: Stated drivers: convenience 60-62%, cost 56% (2020-21); would use unapproved source for convenience
#   60%, cost 55%, access 47% (2023) (n\~1,500). ASOP Global
# - [martin-2018-rescheduling]: Rescheduling of hydrocodone combination products (Oct 2014) and prescription opioids on
#   US cryptomarkets: 13.7 % of drug sales of US cryptomarkets in Jul 2016 against 6.7 % expected without it; no change
#   for other prescription drugs or elsewhere; fentanyl from least to second most bought (31 cryptomarkets, Oct 2013 -
#   Jul 2016, interrupted time series). Martin, Cunliffe, Decary-Hetu, Aldridge 2018, BMJ 361:k2270

# %% [markdown]
# ## For teachers
#
# **Time.** 75 minutes: 15 for section 1, 35 for section 2, 25 for section 3.
#
# **What students get wrong.**
# - They measure success by orders at illicit pharmacies alone. Ask each time where the person is now.
# - They rank measures whose intervals overlap. Let them say "not told apart" aloud.
# - They hold unmet need for zero because nothing is seen of it.
# - They take the strength of a measure for its cost or effort. Each runs at its default here; `policy_cost_usd` says what it
#   costs, and the strengths are assumed.
