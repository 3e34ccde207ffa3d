# ruff: noqa: E501 - a claim is one line
"""What the texts of the notebooks claim, asked of their own variables at the end of a run.

Sentences with numbers are computed by the notebooks themselves; here stands what the text around them takes for granted.
"""

HELPERS = """
import ast as _ast

from scipy import stats as _stats

from sim import Scenario as _Scenario
from sim import ScenarioError as _ScenarioError
from sim.evidence.parameters import load_parameters as _load


def before_closure(label):
    # the days before the closure of the first notebook
    return result.daily.query("scenario == @label and day < 40").drop(columns="scenario").reset_index(drop=True)


def drift(name):
    # mean of the last quarter of the days over that of the first, in the world without a closure
    runs = result.daily.query("scenario == 'baseline'")
    return runs.query("day >= 75")[name].mean() / runs.query("day < 25")[name].mean()


def varies(name):
    # standard deviation over days of the mean of runs, against its mean, in the world without a closure
    days = result.daily.query("scenario == 'baseline'").groupby("day")[name].mean()
    return days.std() / days.mean()


def effect(found, scenario, name):
    return found.effects.set_index(["scenario", "outcome"]).loc[(scenario, name)]


def parameter(path, scenario=None):
    group, _, name = path.partition(".")
    return (scenario or _Scenario.load("baseline")).parameters[group][name]


def source(path):
    return _load().specs[path].source


def refused(**fields):
    try:
        _Scenario(policies=[fields])
    except _ScenarioError as error:
        return str(error)
    return ""


def lines_of(name):
    # of a class in a cell, without blank ones
    cell = next(text for text in In if f"class {name}(" in text)
    node = next(node for node in _ast.parse(cell).body if getattr(node, "name", "") == name)
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return len([line for line in cell.splitlines()[first - 1 : node.end_lineno] if line.strip()])


def t_factor(pairs):
    return _stats.t.ppf(0.975, pairs - 1)
"""

CLAIMS = {
    "01-meet-the-market": {
        "most trade is on the street": "totals.idxmax() == 'street'",
        "about eighty outcomes a day": "70 <= daily.shape[1] <= 90",
        "a year has so many days": "len(daily) == 365",
        "four segments, of whom a few spend much": "len(share) == 4 and (share['of money spent'] / share['of consumers']).max() > 2",
        "most people are not of the segment that spends most for its number": "share['of consumers'][(share['of money spent'] / share['of consumers']).idxmax()] < 0.5",
        "the star sends what was ordered": "star.ships > 0.5 and len(sold) > 0",
        "somebody with twenty to sixty orders tried several channels and lost some": "20 <= len(year) <= 60 and len(used) >= 3 and wrong.sum() >= 1",
        "what is under way did not go wrong": "not (wrong & year['outcome'].isna()).any() and len(year) == (good | wrong | under_way).sum()",
        "the memory holds at most four": "len(memory) == 4",
        "a few vendors sell most": "gini(revenue) > 0.5",
        "before the closure the two worlds are one": "before_closure('closure').equals(before_closure('baseline'))",
        "the closure cuts trade on cryptomarkets": "table.loc['orders_cryptomarket', 'high'] < 0",
        "apps and street gain": "(table.loc[['orders_social_app', 'orders_street'], 'mean'] > 0).all()",
        "trade on cryptomarkets is less even than on the street": "varies('orders_cryptomarket') > 2 * varies('orders_street')",
        "street trade is as good as flat": "abs(drift('orders_street') - 1) < 0.05",
        "buyers of the closed market are back within days, not all": "0 < -table.loc['orders_cryptomarket', 'mean'] < table.loc['orders_cryptomarket', 'baseline']",
        "both ways have the same mean": "abs(paired.mean() - (with_closure.mean() - without_it.mean())) < 1e-9",
        "the two intervals come from the same eight runs": "len(result.outcomes) == 8",
        "pairs narrow the interval": "(as_pairs.high - as_pairs.low) < as_two_groups.high - as_two_groups.low",
    },
    "02-chance-and-pairing": {
        "twelve pairs": "PAIRS == 12 == len(by_run) and len(crossed) == 12 * 11",
        "the policy at strength zero changes nothing": "null.abs().max() == 0",
        "some comparison with different seeds says the opposite": "(crossed > 0).any() and change.mean() < 0",
        "pairs lie nearer to each other": "change.std(ddof=1) < crossed.std(ddof=1)",
        "pairs have a spread too": "change.std(ddof=1) > 0",
        "pairs narrow the interval": "gain > 1",
        "adverse events are common, overdoses rarer, deaths rare": "table['baseline'].iloc[0] > 3 * table['baseline'].iloc[2] > 9 * table['baseline'].iloc[4]",
        "what is expected is surer than what is counted": "expected < counted",
        "one in twenty leaves zero out": "0.025 < found.mean() / varying.shape[1] < 0.08 and varying.shape[1] > 40",
        "the factors of the t distribution": "round(t_factor(3), 1) == 4.3 and round(t_factor(12), 1) == 2.2",
        "of forty about two by chance": "0.05 * 40 == 2",
        "nothing is told of nothing": "any(v.scenario == 'nothing' and v.short.startswith('No clear effect') for v in verdicts(of_pairs(result)))",
    },
    "03-takedown-and-displacement": {
        "the worlds differ in markets and target only": "onymous.parameters == monopoly.parameters and onymous.substances == monopoly.substances",
        "five are seized in one world, one in the other": "(onymous.policies[0].count, monopoly.policies[0].count) == (5, 1)",
        "two weeks after is day 42": "start + 14 == 42",
        "the near-monopoly falls deeper": "interval(early)[2] < 0",
        "after Onymous most of the trade is there in the end": "interval(shares['Onymous']['month 4'])[1] > 0.5",
        "violence comes mostly with dealers": "parameter('consumption.threat_dealer') > parameter('consumption.threat_crypto')",
    },
    "04-reputation-as-a-public-good": {
        "popular is the upper end of what is plausible": "all(value == _load().specs[f'{group}.{name}'].high for group, some in POPULAR.items() for name, value in some.items())",
        "nearly all ratings are good": "share.median() > 0.9",
        "there are cheats, and they get less than their share": "0 < vendors.loc[cheats, 'orders'].sum() / vendors['orders'].sum() < cheats.mean()",
        "cheats have fewer orders": "vendors.loc[cheats, 'orders'].median() < vendors.loc[~cheats, 'orders'].median()",
        "as many false ratings as true ones": "attack('x', 0.1).policies[0].noise == 1 and attack('x', 0.1).policies[0].posts == 0.5",
        "an operator who runs away pays nobody for a week": "parameter('platforms.scam_withholds') == 7",
        "the same market falls in all three ways": "len(ways) == 3 and {w.policies[0].rank for w in ways} == {1} and {w.policies[0].start for w in ways} == {30}",
        "as much is heard of all three": "{w.policies[0].publicity for w in ways} == {0.5}",
    },
    "05-patients-and-pharmacies": {
        "seven scenarios": "len(result.others) == 7",
        "patients buy from illicit pharmacies too": "0 < patients['illicit_pharmacy'] < 1 and patients['licensed_pharmacy'] > 0",
        "some patients go without": "unmet > 0",
        "regulated supply is meant for patients": "supply.policies[0].segments == ('patient',)",
        "the four measures are the four of the table": "[p.kind for p in together.policies] == ['verification_scheme', 'payment_block', 'search_demotion', 'safe_purchasing_information']",
        "each at its default": "all(p.model_dump() == type(p)(kind=p.kind).model_dump() for p in together.policies)",
    },
    "06-harm-reduction-and-deflection": {
        "being charged and being harmed go together": "harmed[charged].mean() > harmed[~charged].mean()",
        "both grow with how often somebody buys": "people['orders'][charged].mean() > people['orders'][~charged].mean() and people['orders'][harmed].mean() > people['orders'][~harmed].mean()",
        "a year": "scenario.days == 365",
        "half are offered services, with some more places": "(KINDS['deflection']['offer'], KINDS['deflection']['places']) == (0.5, 0.1)",
        "hardly any user is charged, a tenth is offered services": "result.scenarios['no-charges'].policies[0].dropped >= 0.9 and result.scenarios['no-charges'].policies[0].referred == 0.1",
        "naloxone prevents no overdose": "effect(result, 'naloxone', 'overdoses_expected')['low'] <= 0 <= effect(result, 'naloxone', 'overdoses_expected')['high']",
        "of the harms deaths are the rarest": "effect(result, 'naloxone', 'deaths_expected')['baseline'] < effect(result, 'naloxone', 'overdoses_expected')['baseline'] < effect(result, 'naloxone', 'adverse_events_expected')['baseline']",
        "the factor of five pairs": "PAIRS == 5 and round(t_factor(5), 2) == 2.78",
    },
    "07-sensitivity": {
        "few samples are worse": "off[0] > 5 * off[1]",
        "x3 works through interaction only": "known.loc['x3', 'first'] == 0 and known.loc['x3', 'total'] > 0.1",
        "x3 works together with x1": "known.loc['x1', 'total'] - known.loc['x1', 'first'] > 0.1 and abs(known.loc['x2', 'total'] - known.loc['x2', 'first']) < 1e-12",
        "first-order indices add up to less than one": "known['first'].sum() < 0.9",
        "what is worked out on paper is what is estimated": "off[1] < 0.05",
        "four numbers, two seeds": "len(FACTORS) == 4 and study['replications'] == 2",
        "something matters beyond noise": "(level['told'] == 'yes').any()",
        "N(k + 2) points": "shares.runs == 8 * (3 + 2)",
        "too few for an answer": "width > 0.2 and len(shares.answer.notes) > 0",
        "two of the numbers go back to the facts that are cited": "'trust-over-price-opioids' in source('choice.price_weight') and 'insite-od-per-visit' in source('consumption.r50')",
        "the others are assumed": "all(not source(p).startswith('[') for p in FACTORS if p not in ('choice.price_weight', 'consumption.r50'))",
    },
    "08-write-your-own-intervention": {
        "twenty lines": "lines_of('PeerOutreach') <= 20",
        "nothing is nothing": "nothing.all() and len(nothing) > 60",
        "not before its time": "daily['outreach'][before].equals(daily['baseline'][before]) and not daily['outreach'].equals(daily['baseline'])",
        "more is more": "0 < gained['half'] < gained['outreach']",
        "twice as much costs twice as much": "abs(price['outreach'] / price['half'] - 2) < 0.02",
        "eight dollars": "PRICE == 8",
        "levers are by jurisdiction, segment and hundredth": "{v.shape for v in levers.values()} == {(len(world.jurisdictions), 4, 100)}",
        "a reach of 3 is refused, with what is allowed": "'at least 0 and at most 1' in refused(kind='peer_outreach', reach=3) and 'reach' in refused(kind='peer_outreach', reach=3)",
        "less than no relief is refused, though another kind takes it": "refused(kind='peer_outreach', relief=-0.01) and not refused(kind='support_information', stigma_relief=-0.01)",
        "knowledge is told from zero": "effect(result, 'outreach', 'support_knowledge')['low'] > 0",
    },
    "09-the-network": {
        "popular is the upper end of what is plausible": "all(value == _load().specs[f'{group}.{name}'].high for group, some in POPULAR.items() for name, value in some.items())",
        "a buyer has at most four links": "degree[~is_vendor].max() <= 4",
        "everybody here has a link": "degree.min() >= 1",
        "aimed attacks break the picture sooner": "max(curves['most buyers first'][4], curves['most betweenness first'][4]) < curves['at random'][4]",
        "at random most hits do little": "curves['at random'][2] > 0.7",
        "most vendors hold few links": "np.median(degree[is_vendor]) < degree[is_vendor].mean()",
        "letters to buyers intrude on privacy": "effect(result, 'weak_link', 'privacy_intrusions')['mean'] > 0",
        "the factor of five pairs": "PAIRS == 5 and round(t_factor(5), 2) == 2.78",
        "a table every two weeks": "set(np.diff(measures.index)) == {14}",
        "the study that ships has six shares and more runs": "len(__import__('sim').Study.load('network-attack-crossover').levers[0].values) == 6 and len(__import__('sim').Study.load('network-attack-crossover').seeds) > PAIRS",
    },
    "10-robust-decisions": {
        "nine numbers, ten worlds, three packages": "len(UNKNOWN) == 9 == len(rank) and WORLDS == 10 and len(PACKAGES) == 3",
        "every package meets every world": "len(runs) == 40 and runs['seed'].nunique() == 10",
        "the worlds differ": "deaths['baseline'].max() > 2 * deaths['baseline'].min()",
        "nobody regrets the best": "(regret.min(axis=1) == 0).all() and (regret >= 0).all().all()",
        "a share of ten worlds is known to thirty points": "0.25 < (lambda i: (i.high - i.low) / 2)(_stats.binomtest(6, 10).proportion_ci()) < 0.35",
        "raids are on day 20": "study['set']['policies.takedown.start'] == 20",
    },
}
