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
# # Harm reduction and deflection: who is a criminal, who a victim
#
# **You will learn**
# - that "offender", "patient" and "victim" are often names for the same person in different files;
# - what **harm reduction** and **deflection** do, and what each of them leaves alone;
# - to read effects for those who are meant, and for everybody else;
# - to compare unlike goods (a death, a criminal record, a dollar) without hiding how you weigh them.
#
# It takes about twenty seconds. You need notebook 2: effects come from pairs and have intervals.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sim import MarketModel, Scenario, compare
from sim.report.figures.style import SERIES
from sim.report.text.words import in_words

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
SIZE = {"consumers": 3_000, "burn_in": 40, "days": 120}
PAIRS = 5

# %% [markdown]
# ## 1. The same people in several files
#
# One world, one year. For every consumer the model knows whether police charged them (`criminalised`), what harm they
# suffered (`harms`: adverse events, overdoses, violence), and whether they were treated. We cross the files.

# %%
scenario = Scenario.load("baseline").with_(consumers=5_000, burn_in=60, days=365)
market = MarketModel(scenario, rng=4)
market.run_for(scenario.burn_in + scenario.days)
people = market.table("consumers")
people = people[people["gone_day"].isna() & people["segment"].ne("patient")]

charged, harmed = people["criminalised"], people["harms"] > 0
crossed = pd.crosstab(
    charged.map({True: "charged", False: "not charged"}), harmed.map({True: "harmed", False: "not harmed"})
)
print(crossed)
print(
    f"\nOf those who were charged, {harmed[charged].mean():.0%} were harmed as well; of the others, {harmed[~charged].mean():.0%}."
)

# %%
share = pd.DataFrame(
    {
        "of people": people["segment"].value_counts(normalize=True),
        "of those charged": people["segment"][charged].value_counts(normalize=True),
        "of harm suffered": people.groupby("segment", observed=True)["harms"].sum() / people["harms"].sum(),
    }
).loc[["recreational", "social_supplier", "dependent"]]
axes = share.plot.barh(figsize=(9, 3), color=["#BBBBBB", SERIES[1], SERIES[0]])
axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
axes.set(ylabel="", title="Three segments in three files")
axes.legend(frameon=False)
plt.show()
dependent = share.loc["dependent"]
print(
    f"Dependent people are {dependent.iloc[0]:.0%} of these people, {dependent.iloc[1]:.0%} of those charged, and suffer {dependent.iloc[2]:.0%} of the harm."
)

# %% [markdown]
# **For the class**
# 1. Being charged and being harmed go together here. Does one cause the other? Name a third thing that leads to both.
# 2. The table `consumers` counts violence against consumers. Which victims does no column know?
# 3. A social supplier passes drugs on to friends. Is this person a criminal, a friend, or a patient of tomorrow? Which of your
#    reasons could be measured?
#
# <details><summary>Answers</summary>
#
# 1. Both grow with how often somebody buys. Who buys often meets police, bad goods and violent sellers more often. That the
#    charge itself does harm (trust, stigma) is in the model too, but a table of who has what cannot separate the two.
# 2. Families, neighbours, people in the countries of production, people who were killed over the trade, people of whom
#    nobody learned. The model has consumers only.
# 3. Who is charged, who is harmed, who enters treatment, who got goods from a friend: the tables have these. What one
#    *ought* to call somebody cannot be measured.
#
# </details>

# %% [markdown]
# ## 2. Four measures
#
# | scenario | what is done |
# |---|---|
# | `checking` | drug checking within everybody's reach, made easy to use |
# | `naloxone` | kits with the antidote to opioids around those who use |
# | `deflection` | half of the users whom police stop are offered services instead of a charge; some more places in treatment |
# | `no-charges` | decriminalisation: hardly any user is charged, a tenth is offered services |

# %%
base = Scenario.load("baseline").with_(**SIZE)
KINDS = {
    "checking": {"kind": "drug_checking", "reach": 1.0, "uptake": 4.0},
    "naloxone": {"kind": "naloxone", "carriage": 0.6},
    "deflection": {"kind": "deflection", "offer": 0.5, "places": 0.1},
    "no-charges": {"kind": "decriminalisation"},
}
result = compare(
    base,
    [base.with_(name=name, policies=[policy]) for name, policy in KINDS.items()],
    runs=PAIRS,
    workers=1,
    by=["segment"],
)
NAMES = (
    "consumers_criminalised",
    "adverse_events_expected",
    "overdoses_expected",
    "deaths_expected",
    "treatment_entries",
    "trust_in_police",
)
print("\n".join(in_words(result, *NAMES)))

# %%
result.plot()

# %% [markdown]
# Colour says whether most people would call a change better or worse; a hollow mark is not told from zero. And for whom? The
# next figure shows dependent people and all others, for the measure that you choose.

# %%
CHOSEN = "deflection"
rows = result.effects_by_group.query("scenario == @CHOSEN and key == 'segment'")
rows = rows[rows["outcome"].isin(["consumers_criminalised", "treatment_entries", "deaths_expected"])]
rows.set_index(["outcome", "member"])[["baseline", "mean", "low", "high", "excludes_zero"]].round(2)

# %%
shown = rows.pivot(index="member", columns="outcome", values="percent").replace([np.inf, -np.inf], np.nan)
axes = shown.plot.barh(figsize=(9, 3.2), color=SERIES[:3])
axes.axvline(0, color="black", linewidth=0.8)
axes.set(xlabel="mean change (%); the table says which are told from zero", ylabel="", title=f"{CHOSEN}: by segment")
axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# **For the class**
# 1. For each of the four measures: what does it change for sure, what stays open?
# 2. Deflection needs places in treatment. Set `places` to 0, then to 1. Which lines move?
# 3. Naloxone prevents deaths and no overdoses. Find this in the lines above; if it is not told from zero, say what the
#    interval allows and how you would find out.
# 4. A trial of deflection found less later arrest ([lead-arrest-6m]). Why is that not the same as `consumers_criminalised` here?
#
# <details><summary>Answers</summary>
#
# 1. The printed lines say so, one by one.
# 2. Offers without places end on a waiting list: the charge is spared, and health changes little.
# 3. Compare `overdoses_expected` with `deaths_expected`. Deaths are rare in so small a world: take more consumers or more pairs.
# 4. The trial compared later arrests of people in a programme with those of others like them. The model counts all who are
#    charged in the whole population, in the programme or not.
#
# </details>

# %% [markdown]
# ## 3. Weighing unlike things
#
# What is a measure worth? Each has a cost, and changes things that have no common unit. The cell makes the weights visible:
# change them and see whether your ranking changes. **The weights are yours**; the numbers below are only a start. Totals are
# those of the people for whom the simulated consumers stand.

# %%
WEIGHTS = {
    "deaths_expected": -3_000_000,
    "consumers_criminalised": -5_000,
    "adverse_events_expected": -1_000,
    "policy_cost_usd": -1,
}
outcomes = result.real().outcomes.set_index(["scenario", "seed"])[list(WEIGHTS)]
gain = (
    (outcomes - outcomes.loc[base.name].reindex(outcomes.index, level="seed"))
    .mul(pd.Series(WEIGHTS))
    .drop(index=base.name, level="scenario")
)
by_part = gain.groupby(level="scenario", sort=False).mean() / 1e6
axes = by_part.plot.barh(stacked=True, figsize=(9, 3), color=SERIES[:4])
axes.axvline(0, color="black", linewidth=0.8)
axes.set(xlabel="millions of your units: to the right is better", ylabel="")
axes.legend(frameon=False, fontsize=8)
plt.show()

# %%
total = gain.sum(axis=1).unstack("scenario") / 1e6
first = total.idxmax(axis=1).value_counts()
print(
    "Comes first in how many of the pairs:",
    ", ".join(f"{name} {count} of {len(total)}" for name, count in first.items()),
)
spread = total.std(ddof=1) / np.sqrt(len(total))
print(
    "\n".join(
        f"{name}: {total[name].mean():+,.0f} million, give or take {2.78 * spread[name]:,.0f} (95 %, {PAIRS} pairs)"
        for name in total
    )
)

# %% [markdown]
# **For the class**
# 1. Find weights for which another measure comes first. What would somebody have to believe to hold them?
# 2. Which of your weights does a law, a court or a health service use without saying so?
# 3. The weight of a criminal record is a guess. What would you have to know about people's lives to do better?
#
# <details><summary>Answers</summary>
#
# 1. To find such weights is the exercise; write a sentence in the voice of somebody who holds them.
# 2. A budget that pays for one life saved and not for another has weights; so has a rule of which offence is worth a trial.
# 3. What a record does to work, housing, health and trust over years. Studies of diversion look at later offending
#    ([youth-diversion-campbell]); that is one part of it.
#
# </details>

# %% [markdown]
# ## Sources
#
# - [lead-arrest-6m]: Odds of arrest, 6 months: 60% lower (Seattle LEAD n=203 vs 115, 2011-2014). Collins, Lonczak,
#   Clifasefi 2017, Eval Program Plann 64:49, 10.1016/j.evalprogplan.2017.05.008
# - [lead-arrest-long]: Odds of arrest / felony charge, longer term: 58% lower / 39% lower (as above). Collins et al.
#   2017
# - [youth-diversion-campbell]: Reoffending, police-initiated youth diversion: 50% -&gt; \~44% (19 evaluations (13 RCT)
#   1973-2011). Wilson, Brennan, Olaghere 2018, Campbell, 10.4073/csr.2018.5
# - [angel-placement]: Police-led voluntary referral: placement offered: 94.5% (394/417); 376 people, 429 contacts; 4%
#   changed mind; 10% returned; hospital programmes 50-60% (Gloucester MA Jun 2015-May 2016). Schiff et al. 2016, NEJM
# - [portugal-decriminalisation]: Decriminalisation of possession for use with dissuasion commissions (Jul 2001): more
#   treatment, fewer HIV diagnoses; no causal effect of the law alone established; stigma persists (Portugal). Rego,
#   Oliveira, Lameira, Cruz 2021, Subst Abuse Treat Prev Policy 16:59
# - [naloxone-oend]: Opioid overdose death rate by naloxone programme intensity: aRR 0.73 (1-100 enrolled/100k); 0.54
#   (&gt;100/100k); 327 rescues reported by 2,912 trained (19 Massachusetts communities 2002-09). Walley et al. 2013,
#   BMJ 346:f174
# - [loop-2016]: UK festival drug checking outcomes: 1 in 5 samples not as sold; 1 in 5 users used disposal; 1 in 6
#   moderated dose; two thirds of mis-sold vs &lt;1 in 10 of as-sold users disposed; \~900 people (1 in 5 drug-using
#   attendees), 247 samples (Jul 2016). Measham 2019, IJDP 67, 10.1016/j.drugpo.2018.11.001
# - [fts-ri-uptake]: FTS uptake after hand-out: 77% used &gt;=1 of 10 strips; 50% of users had a positive; positive
#   associated with safer behaviour (p&lt;=0.01) (93 young adults, Rhode Island 2017). Krieger et al. 2018, IJDP
# - [insite-check]: Fentanyl check at supervised site: 79.8% of 1,411 checks positive; after pre-use positive 36.3%
#   plan smaller dose, 11.4% plan disposal; dose reduction OR 9.36; disposal OR 1.60 (ns); reduction -&gt; overdose OR
#   0.41; \~1% of visits used checking (Vancouver Jul 2016-Jun 2017). Karamouzian et al. 2018, Harm Reduct J,
#   10.1186/s12954-018-0252-8
# - [treatment-coverage-2022]: Share of people with drug use disorders who received treatment in the year: 1 in 11
#   worldwide; Europe 26 %, Oceania 14 %, Asia 5.1 %, Africa 2.8 % (2022, by region). UNODC (2024) World Drug Report
#   2024, Key Findings and Conclusions

# %% [markdown]
# ## For teachers
#
# **Time.** 90 minutes: 30 for section 1 with a discussion, 35 for section 2, 25 for section 3 in small groups.
#
# **With care.** Somebody in the room may have been charged, harmed, or have lost a friend. Say at the start that nobody has to
# tell, and speak of "people who use drugs".
#
# **What students get wrong.**
# - They read the crossed table as cause and effect.
# - They take a measure that spares charges for one that improves health, or the other way round.
# - They hide a value judgement in a weight and argue about the number. Let them argue about the sentence behind it.
# - They take "no clear effect on deaths" for "saves nobody". Of the harms counted here, deaths are the rarest.
