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
# # Write your own intervention in twenty lines
#
# **You will learn**
# - what an intervention *is* in this model: a class that moves **levers**, and never sets an outcome;
# - to write one, with a dose, a cost, and a way to fail;
# - the four tests that every intervention has to pass before its results mean anything;
# - to say what would make you believe that it does not work.
#
# It takes about ten seconds. A little Python helps; who has none can change numbers.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
from pydantic import Field

from sim import MarketModel, Scenario, compare
from sim.policies.base import AimedPolicy
from sim.registry import policy_kinds, register_policy
from sim.report.figures.style import SERIES
from sim.report.text.words import in_words

plt.rcParams.update({"figure.figsize": (9, 3.2), "axes.spines.top": False, "axes.spines.right": False})
PAIRS = 5

# %% [markdown]
# ## 1. Levers
#
# A **lever** is a number that agents let others move: how many people a message reaches, how many places there are in
# treatment, how hard search engines push a site down. Each has a neutral value, at which nothing is changed. What follows
# from a lever is not the intervention's business: that is what the market answers.

# %%
world = Scenario.load("baseline").with_(consumers=1_000, burn_in=40, days=120)
market = MarketModel(world, rng=1)
levers = {
    name: np.asarray(getattr(market.levers, name))
    for name in ("support_reach", "support_message", "stigma_message", "naloxone")
}
for name, value in levers.items():
    print(f"{name}: an array of shape {value.shape}, all {value.flat[0]:.0f} at the start")
print(f"\n{len(policy_kinds())} interventions ship with the project: {', '.join(sorted(policy_kinds()))}")

# %% [markdown]
# The three numbers of a shape are jurisdictions, segments, and hundredths of the people: a lever can be moved in one place,
# for one segment, for a third of them. All levers are listed in `docs/state-variables.md`.
#
# ## 2. The idea
#
# People who use drugs know more about each other's lives than any office does. Let **peers** go where people are: they tell of
# services that help, without blame, and they hand out kits with naloxone, the antidote to opioids. Some who hear of help ask
# for it; some who overdose are saved by a friend. What could go wrong? If no places are free, people wait; what was heard is
# forgotten; who uses alone has nobody to open the kit.
#
# In numbers: each week a share of people (`reach`) is met. A meeting closes a part of the gap in what somebody knows of
# services (`knowledge`), and takes away a part of the stigma that is felt (`relief`); a share of people carries a kit
# (`kits`). All four are assumed. A meeting costs money, here eight dollars.

# %%
PRICE = 8.0  # USD a meeting


@register_policy
class PeerOutreach(AimedPolicy):
    """Peers tell people of services that help, without blame, and hand out kits with the antidote to opioids."""

    purpose = "Let people who want help find it through people whom they trust."
    can_fail = "No places in treatment; what was heard is forgotten; nobody can use a kit on themselves."

    kind: Literal["peer_outreach"] = "peer_outreach"
    reach: float = Field(default=0.1, ge=0, le=1, description="people met in a week (share, assumed)")
    knowledge: float = Field(default=0.1, ge=0, le=1, description="part of what is not known that is told (assumed)")
    relief: float = Field(default=0.02, ge=0, le=0.2, description="part of the stigma that a meeting takes (assumed)")
    kits: float = Field(default=0.2, ge=0, le=1, description="people who carry a kit (share, assumed)")

    def move(self, state, levers):
        whom, share = self.whom(state), self.strength * self.reach
        levers.support_reach[whom] += share
        levers.support_message[whom] += share * self.knowledge
        levers.stigma_message[whom] += share * self.relief
        levers.naloxone[whom] += self.strength * self.kits

    def cost(self, state):
        return PRICE * self.reached(state, self.strength * self.reach / 7.0)


print("peer_outreach" in policy_kinds())

# %% [markdown]
# That is all: twenty lines. `kind` is the word by which scenarios call it. Each field has a range, so that nonsense is
# refused. `strength`, `start`, `end`, `jurisdictions`, `segments` and more come with `AimedPolicy`.
#
# **For the class**
# 1. The class moves four levers, and never sets deaths, entries into treatment, or what sellers earn. Why is this a rule?
# 2. Which line of the class would you change to make it worse than nothing?
# 3. Give it `reach: 3` below and read the message.
#
# <details><summary>Answers</summary>
#
# 1. A class that sets deaths would find what it was told. Outcomes have to *follow* from what people do.
# 2. A relief below zero is blame: stigma grows. The range of the field forbids it here; `support_information`, which ships,
#    allows it, because such campaigns exist.
# 3. The field allows 0 to 1, and the message says so, with the place in the scenario.
#
# </details>

# %% [markdown]
# ## 3. Four tests before any result
#
# 1. **Nothing is nothing**: at strength 0, every outcome is as without it, to the last bit.
# 2. **Not before its time**: until its first day, the world is the same.
# 3. **More is more**: what it moves grows with its strength.
# 4. **It costs something**, and twice as much costs about twice as much.

# %%
outreach = world.with_(name="outreach", policies=[{"kind": "peer_outreach", "start": 20}])
idle = world.with_(name="idle", policies=[{"kind": "peer_outreach", "start": 20, "strength": 0.0}])
half = world.with_(name="half", policies=[{"kind": "peer_outreach", "start": 20, "strength": 0.5}])
result = compare(world, [outreach, half, idle], runs=PAIRS, workers=1)

means = result.outcomes.drop(columns="seed").groupby("scenario").mean()
daily = {name: rows.drop(columns="scenario").reset_index(drop=True) for name, rows in result.daily.groupby("scenario")}
before = daily["baseline"]["day"] < 20
nothing = (means.loc["idle"] == means.loc["baseline"]) | means.loc["idle"].isna()
nothing = nothing[[name for name in nothing.index if not name.startswith("displacement")]]
print("1. nothing is nothing:  ", bool(nothing.all()), f"({len(nothing)} outcomes)")
print("2. not before its time: ", daily["outreach"][before].equals(daily["baseline"][before]))
gained = means["support_knowledge"] - means.loc["baseline", "support_knowledge"]
print(
    "3. more is more:        ",
    bool(0 < gained["half"] < gained["outreach"]),
    f"(knowledge {100 * gained['half']:+.1f} and {100 * gained['outreach']:+.1f} points)",
)
price = means["policy_cost_usd"]
print("4. it costs something:  ", bool(price["half"] > 0), f"(full over half: {price['outreach'] / price['half']:.2f})")

# %% [markdown]
# **For the class**
# 1. Take `self.strength` out of one line of `move`, run the cells from the class on, and see which test fails.
# 2. Test 3 looks at what the policy moves, not at deaths. Why would "more strength, fewer deaths" be a bad test?
#
# <details><summary>Answers</summary>
#
# 1. The first: at strength 0 the policy still moves that lever.
# 2. Whether there are fewer deaths is the question. A test that demands the answer would throw out every policy that fails.
#
# </details>

# %% [markdown]
# ## 4. Does it help?

# %%
print(
    "\n".join(
        in_words(result, "support_knowledge", "stigma", "treatment_entries", "overdoses_expected", "deaths_expected")
    )
)

# %%
curves = result.daily.groupby(["scenario", "day"])[["support_knowledge", "stigma"]].mean()
figure, panels = plt.subplots(1, 2, layout="constrained")
for axes, name in zip(panels, ["support_knowledge", "stigma"], strict=True):
    for label, colour in zip(["baseline", "half", "outreach"], ("#777777", SERIES[4], SERIES[0]), strict=True):
        axes.plot(curves.loc[label].index, curves.loc[label][name], color=colour, label=label)
    axes.axvline(20, color="#999999", linewidth=0.8)
    axes.set(title=name.replace("_", " "), xlabel="day")
panels[0].legend(frameon=False)
plt.show()

# %% [markdown]
# **For the class**
# 1. What people *know* can be told from zero sooner than what *happens* to them. Why is it tempting to report only the first?
# 2. Change the outreach: only dependent people (`"segments": ["dependent"]`), or with more places in treatment
#    (`{"kind": "treatment_capacity"}` as a second policy). Predict, then run.
# 3. Write what would convince you that peer outreach does *not* work. Which outcome, how far from zero, how many pairs?
#
# <details><summary>Answers</summary>
#
# 1. It comes early and looks good. But knowledge is a means: the sentences on treatment and deaths are those that count.
# 2. Aimed outreach costs less. Places let those who ask in; whether that is told from zero is what your run says.
# 3. For example: "the interval of treatment entries excludes any gain above 5 %". A result that nothing could contradict says
#    nothing.
#
# </details>

# %% [markdown]
# ## 5. A file of your own
#
# To keep it, put the class into a file `my_policy.py` beside a scenario that says `uses: [my_policy.py]`. Then `odm compare`
# knows it, and several processors can work on it at once. `docs/how-to-use-your-own-policy.md` shows this, and policies that
# **act** (a raid, an arrest) instead of moving levers.

# %% [markdown]
# ## Sources
#
# - [naloxone-oend]: Opioid overdose death rate by naloxone programme intensity: aRR 0.73 (1-100 enrolled/100k); 0.54
#   (&gt;100/100k); 327 rescues reported by 2,912 trained (19 Massachusetts communities 2002-09). Walley et al. 2013,
#   BMJ 346:f174
# - [angel-placement]: Police-led voluntary referral: placement offered: 94.5% (394/417); 376 people, 429 contacts; 4%
#   changed mind; 10% returned; hospital programmes 50-60% (Gloucester MA Jun 2015-May 2016). Schiff et al. 2016, NEJM
# - [treatment-coverage-2022]: Share of people with drug use disorders who received treatment in the year: 1 in 11
#   worldwide; Europe 26 %, Oceania 14 %, Asia 5.1 %, Africa 2.8 % (2022, by region). UNODC (2024) World Drug Report
#   2024, Key Findings and Conclusions
# - [snyder-1999-types]: Percentage-point change by campaign type: adoption 12, prevention 4, cessation 5 (r
#   .12/.06/.05) (US campaigns). Snyder 1999
# - [cochrane-use]: Pooled RCT effect of mass media on drug use: SMD -0.02 (5 RCTs, n=5,470; review 19 studies,
#   n=184,811). Allara, Ferri et al. 2015, BMJ Open 5:e007449, 10.1136/bmjopen-2014-007449
#
# Reach, knowledge, relief, kits and price of `PeerOutreach` are invented for this lesson.

# %% [markdown]
# ## For teachers
#
# **Time.** 60 minutes with the class as it is; 120 when groups write one of their own. Good subjects: a hotline, a warning about
# a bad batch, more staff in the post, a tax, a campaign that blames.
#
# **What students get wrong.**
# - They want to set the outcome ("deaths fall by 10 %"). Send them back to the levers: whom does it reach, and what do these
#   people do then?
# - They assign (`=`) instead of adding (`+=`), and overwrite another policy. Test 1 with a second policy beside it shows that.
# - They forget `self.strength`: test 1 fails.
# - They run the registration cell twice with a changed class and wonder about old results: make the scenarios anew afterwards.
