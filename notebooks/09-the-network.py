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
# # The network: brokers, communities, attacks
#
# **You will learn**
# - to see a market as a **network** of buyers and vendors;
# - three words that are often confused: many contacts (**degree**), between others (**brokerage**), in a **community**;
# - why removing nodes from a picture is not the same as attacking a market that lives;
# - what a study with a similar model found, and how to look whether ours agrees.
#
# It takes about twenty seconds. You need notebook 2: effects come from pairs and have intervals. As in notebook 4 we look at a world
# in which cryptomarkets are popular: four numbers are at the upper end of what the project holds plausible, so that a small
# world has a network worth looking at.

# %%
import warnings

warnings.filterwarnings("ignore", message="IProgress not found")  # about progress bars, which we do not use

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd

from sim import MarketModel, Scenario, compare
from sim.measures.networks import betweenness, trade_network
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
# ## 1. Who bought from whom
#
# A buyer and a cryptomarket vendor are linked when the buyer remembers a good order from that vendor. (A memory holds at most
# four vendors, so a buyer has at most four links: that is an assumption of the model, and it shapes the picture.)

# %%
scenario = Scenario.load("baseline").with_(consumers=3_000, burn_in=90, days=30, parameters=POPULAR)
market = MarketModel(scenario, rng=6, tables=("networks",))
market.run_for(scenario.burn_in + scenario.days)

network, rows = trade_network(market)
graph = nx.from_scipy_sparse_array(network.graph)
buyers = graph.number_of_nodes() - network.sellers
is_vendor = np.arange(graph.number_of_nodes()) >= buyers
degree = np.array([count for _, count in graph.degree()])
print(f"{buyers} buyers, {network.sellers} vendors, {graph.number_of_edges()} links")
print(
    f"A vendor has between {degree[is_vendor].min()} and {degree[is_vendor].max()} buyers, the median vendor {np.median(degree[is_vendor]):.0f}."
)
top = np.sort(degree[is_vendor])[::-1]
print(f"The ten vendors with most buyers hold {top[:10].sum() / top.sum():.0%} of all links.")

# %%
between = betweenness(network.graph, np.arange(graph.number_of_nodes()))
communities = nx.community.louvain_communities(graph, seed=1)
group = np.empty(graph.number_of_nodes(), int)
for k, members in enumerate(sorted(communities, key=len, reverse=True)):
    group[list(members)] = k

part = graph.subgraph(max(nx.connected_components(graph), key=len))
place = nx.spring_layout(part, seed=2, iterations=40)
nodes = list(part.nodes)
colours = [SERIES[group[node]] if group[node] < len(SERIES) else "#BBBBBB" for node in nodes]
sizes = [6 if node < buyers else 12 + 4 * degree[node] for node in nodes]
figure, axes = plt.subplots(figsize=(9, 6), layout="constrained")
nx.draw_networkx_edges(part, place, ax=axes, edge_color="#DDDDDD", width=0.6)
nx.draw_networkx_nodes(part, place, nodelist=nodes, node_color=colours, node_size=sizes, ax=axes, linewidths=0)
axes.set_title("The largest connected part: large dots are vendors, colours are communities")
axes.set_axis_off()
plt.show()
print(
    f"The largest part holds {len(nodes) / graph.number_of_nodes():.0%} of the nodes; {sum(len(m) > 1 for m in communities)} communities of two or more were found."
)

# %% [markdown]
# **Degree** counts contacts. **Betweenness** asks: of all shortest ways between two others, how many lead through this node?
# Who has much of it is a **broker**: without the broker, parts fall apart. Are the vendors with most buyers the brokers?

# %%
vendor = pd.DataFrame({"buyers": degree[is_vendor], "between": between[is_vendor], "community": group[is_vendor]})
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
axes.scatter(vendor["buyers"], vendor["between"], color=SERIES[0], alpha=0.6)
axes.set(xlabel="buyers of a vendor", ylabel="shortest ways through the vendor")
plt.show()
rank = vendor["buyers"].corr(vendor["between"], method="spearman")
most = set(vendor["buyers"].nlargest(10, keep="first").index) & set(vendor["between"].nlargest(10, keep="first").index)
print(f"Rank correlation {rank:.2f}; {len(most)} of the ten with most buyers are among the ten with most betweenness.")

# %% [markdown]
# **For the class**
# 1. Find a vendor with few buyers and much betweenness in the figure. What must be true of the buyers of this vendor?
# 2. What could make a community here: a market, a place, a substance? How would you test it with `market.table("orders")`?
# 3. Police see seized servers and parcels. Which of the three words (degree, betweenness, community) can they compute?
#
# <details><summary>Answers</summary>
#
# 1. They buy from vendors of different parts of the network, so that ways between these parts lead through the vendor.
# 2. Group the orders of each vendor by substance or place and see whether communities differ more than chance has it.
# 3. Degree, roughly, for what they have seized. Betweenness needs the links of everybody else too, so a sample misleads.
#
# </details>

# %% [markdown]
# ## 2. Attacking a picture
#
# A classroom classic: remove nodes from the graph, and look how much of it still hangs together. We remove vendors at
# random, by number of buyers, and by betweenness.

# %%
sellers = np.flatnonzero(is_vendor)


def largest_part(removed):
    """Share of the buyers who are still in the largest connected part."""
    rest = graph.copy()
    rest.remove_nodes_from(removed)
    return sum(node < buyers for node in max(nx.connected_components(rest), key=len)) / buyers


orders_of_attack = {
    "at random": np.random.default_rng(3).permutation(sellers),
    "most buyers first": sellers[np.argsort(-degree[sellers], kind="stable")],
    "most betweenness first": sellers[np.argsort(-between[sellers], kind="stable")],
}
shares = np.linspace(0, 0.5, 11)
figure, axes = plt.subplots(layout="constrained")
curves = {}
for k, (name, order) in enumerate(orders_of_attack.items()):
    curves[name] = [largest_part(order[: round(share * len(order))]) for share in shares]
    axes.plot(100 * shares, curves[name], marker="o", markersize=3, color=SERIES[k], label=name)
axes.set(xlabel="vendors removed (%)", ylabel="buyers in the largest part (share)", ylim=(0, 1))
axes.legend(frameon=False)
plt.show()
for name, curve in curves.items():
    print(
        f"{name}: with a fifth of the vendors gone, {curve[4]:.0%} of the buyers are in the largest part (before: {curve[0]:.0%})"
    )

# %% [markdown]
# The picture suggests: arrest the best connected, and the market falls apart. But a picture does not answer. In a market,
# buyers look for new vendors, and others may grow into the gap. Whether they do, and how fast, is a question for a run.
#
# **For the class**
# 1. Do the two aimed attacks differ much here? Look at the second figure of section 1 and say why.
# 2. At random, most hits do little. What does that say about arresting whoever is easiest to arrest?
#
# <details><summary>Answers</summary>
#
# 1. As far as the same vendors come first in both orders, the two attacks are the same attack; the rank correlation says how far.
# 2. Most vendors hold few links. Who is easy to arrest is often small, and then the picture hardly changes.
#
# </details>

# %% [markdown]
# ## 3. Attacking a market
#
# A study with a similar model compared three attacks of equal share: on the **central** vendors (arrests), on **weak links**
# (buyers who bought once are warned), and on **signals** (false ratings); arrests of the central ones did best only at
# large scale ([duxbury2020-result]). The same three here: each month a share of the vendors is hit, from day 20 to day 90;
# then the attack ends, and we look on.

# %%
world = Scenario.load("baseline").with_(consumers=2_000, burn_in=40, days=150, parameters=POPULAR)
SHARE = 0.1


def attacked(mode):
    """A world in which a share of the vendors is attacked each month for ten weeks."""
    policy = {"kind": "network_attack", "mode": mode, "share": SHARE, "start": 20, "end": 90, "monthly": True}
    return world.with_(name=mode, policies=[policy])


MODES = ["targeted", "weak_link", "signal"]
result = compare(world, [attacked(mode) for mode in MODES], runs=PAIRS, workers=1)
print("\n".join(in_words(result, "orders_cryptomarket", "victims_of_fraud", "privacy_intrusions")))

# %%
daily = result.daily.groupby(["scenario", "day"])["orders_cryptomarket"].mean().unstack("scenario")
relative = daily.div(daily["baseline"], axis=0).rolling(14, center=True).mean()
figure, axes = plt.subplots(layout="constrained")
axes.axvspan(20, 90, color="#F0F0F0")
for k, mode in enumerate(MODES):
    axes.plot(relative.index, relative[mode], color=SERIES[k], label=mode.replace("_", " "))
axes.axhline(1, color="black", linewidth=0.8)
axes.set(xlabel="day (grey: under attack)", ylabel="orders on cryptomarkets,\nrelative to no attack", ylim=(0, 1.3))
axes.legend(frameon=False, loc="lower left")
plt.show()

after = result.daily.query("day >= 120").groupby(["scenario", "seed"])["orders_cryptomarket"].sum().unstack("scenario")
print("Orders on cryptomarkets in the last month, more than a month after the last wave, relative to no attack:")
for mode in MODES:
    ratio = after[mode] / after["baseline"]
    half = 2.78 * ratio.std(ddof=1) / np.sqrt(PAIRS)
    print(f"{mode}: {ratio.mean():.0%} ({ratio.mean() - half:.0%} to {ratio.mean() + half:.0%})")

# %% [markdown]
# Does the network itself change? The table `networks` of a run has its measures every two weeks; here those of the first run.

# %%
measures = market.table("networks").query("network == 'trade'").set_index("day")
measures[["nodes", "links", "centralisation", "communities", "modularity", "broker_share", "largest_share"]].round(2)

# %% [markdown]
# **For the class**
# 1. Compare the curve of section 2 at a tenth of the vendors with section 3. Which is nearer to what a police force would see?
# 2. An attack on weak links means letters to buyers. Which of the printed lines is its price?
# 3. The 2.78 in the code is the factor of a t interval for five pairs. What would 1.96 have done?
# 4. Set `SHARE` to 0.02 and to 0.4. Does the order of the three attacks change, as the study said? What do the intervals say?
#
# <details><summary>Answers</summary>
#
# 1. Section 3: the network goes on while it is attacked. Section 2 is a photograph.
# 2. Privacy: people's orders or post are read to find out whom to write to.
# 3. Made the intervals too short: with few pairs the spread itself is known badly.
# 4. It may or may not be told with so few pairs in so small a world. The study that ships (`network-attack-crossover`) looks at
#    six shares with more runs.
#
# </details>

# %% [markdown]
# ## Sources
#
# - [duxbury2020-abm]: design of the closest published ABM: ABM seeded with 16,847 exchanges / 7,295 users; targeted
#   (structurally central vertices), weak-link (many weakly tied vertices), signal (noise) attacks (one active market).
#   Duxbury & Haynie (2020) PLoS ONE e0238019
# - [duxbury2020-result]: headline result: targeted attack best only at large scale; weak-link and signal attacks deter
#   more transactions and buyers when a small part of the network is hit; attacked users trade less often and only with
#   trustworthy partners (one active market). Duxbury & Haynie (2020) PLoS ONE e0238019
# - [duxbury-2019-criminology]: ABM of criminal-network recovery: recovery time and best strategy differ by network
#   type (several criminal networks). Duxbury & Haynie (2019) Criminology 57(2):314-342
# - [trust-over-price-opioids]: what explains vendor choice: trustworthiness explains more than affordability or
#   diversity; a few vendors take most sales; price irrelevant at first purchase, slight at repeat (opioid network on
#   one market). Duxbury S., Haynie D. (2018) J Quant Criminol 34:921-941. DOI 10.1007/s10940-017-9359-4
# - [u2u-survive-closure]: do direct buyer-seller ties survive a market closure: stable pairs tend to persist through
#   closures and COVID-19 (40 markets, 2011-2021). Nadini M. et al. (2022) Emergence and structure of decentralised
#   trade networks around dark web marketplaces. Sci Rep 12. DOI 10.1038/s41598-022-07492-x

# %% [markdown]
# ## For teachers
#
# **Time.** 75 minutes: 25 each section. Section 2 can be done on a blackboard with a graph of ten nodes first.
#
# **What students get wrong.**
# - They take the network for something that exists and the market for something that happens on it. Links here *are* past trade.
# - They read betweenness as importance of any kind.
# - They take the static attack for a forecast. Ask what a buyer does on the day after.
# - They see colours and believe in communities. The method finds some in any network, also in a random one: let them shuffle
#   the links and look at `modularity` again.
