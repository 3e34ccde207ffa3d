"""Columns of one's own: declared, they are state like any other; runs and kernels do not notice them."""

import copy
import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

from sim import Column, MarketModel, Scenario, ScenarioError
from sim.agents.codes import Segment
from sim.measures.dictionary import tables
from sim.population import Population, SlotTable
from sim.registry import column_kinds
from sim.studies.store.output import write_frame
from tests.toy_town import RESIDENT, SHOP, Resident, ResidentColumns, Shop, ShopColumns, Town
from tests.worlds import fingerprint, model_of, ran, same_frames, world

MOOD = Column("f4", "share", 0, 1, "Mood, 1 is best", default=0.5)
GOALS = Column("i2", "points", -9, 9, "What is wanted of two things", shape=(2,))
HONEST = Column("bool", "flag", None, None, "Whether the vendor keeps promises", default=True)
FAME = Column("f8", "points", None, None, "What the press makes of it, nan for nothing yet", default=float("nan"))
RANK = Column("u1", "rank", 0, 200, "Rank among suppliers")
OWN = {
    "consumers": {"mood": MOOD, "goals": GOALS},
    "vendors": {"honest": HONEST},
    "platforms": {"fame": FAME},
    "suppliers": {"rank": RANK},
}
AS_TEXT = """
name: moody
extends: baseline
consumers: 600
days: 45
burn_in: 20
columns:
  consumers:
    mood: {dtype: f4, unit: share, low: 0, high: 1, default: 0.5, text: "Mood, 1 is best"}
    goals: {dtype: i2, unit: points, low: -9, high: 9, shape: [2], text: What is wanted of two things}
  vendors:
    honest: {dtype: bool, unit: flag, default: true, text: Whether the vendor keeps promises}
  platforms:
    fame: {dtype: f8, unit: points, default: none, text: "What the press makes of it, nan for nothing yet"}
  suppliers:
    rank: {dtype: u1, unit: rank, low: 0, high: 200, text: Rank among suppliers}
"""


@pytest.fixture
def model():
    """A market of people who have moods, at day 5."""
    return ran(world(columns=OWN), until=5)


# State ----------------------------------------------------------------------------------------------------------------
def test_agents_have_a_state_of_their_own(model):
    agent = model.consumers[7]
    assert (agent.mood, agent.goals.tolist()) == (0.5, [0, 0])
    agent.mood, agent.goals = 0.25, [3, -9]
    assert model.consumers[7].mood == 0.25
    assert model.consumers[7].goals.tolist() == [3, -9]
    assert model.consumers[8].mood == 0.5
    assert model.vendors[3].honest is True
    model.vendors[3].honest = False
    assert model.vendors.get("honest").tolist().count(False) == 1


def test_platforms_and_suppliers_have_one_too(model):
    platform = next(iter(model.platforms))
    assert np.isnan(platform.fame)
    platform.fame = 12.0
    assert model.platforms.get("fame")[0] == 12.0
    assert model.suppliers.get("rank") == [0] * len(model.suppliers)
    model.suppliers.set("rank", 7)
    assert model.suppliers.agg("rank", sum) == 7 * len(model.suppliers)
    with pytest.raises(ValueError, match=r"rank is 0 to 200 \(rank\), not 300"):
        model.suppliers.set("rank", 300)
    platform.nickname = "the old one"
    assert platform.nickname == "the old one", "platforms are ordinary agents: they take any attribute"


def test_sets_read_write_select_group_and_sort_them(model):
    people = model.consumers
    people.set("mood", np.linspace(0, 1, len(people)))
    assert people.select(lambda c: c.mood > 0.9).agg("mood", min) > 0.9
    assert people.select(people.get("mood") <= 0.5).agg("mood", max) <= 0.5
    assert people.sort("mood")[0].mood == 1.0
    assert people.get(["mood", "segment"]).shape == (len(people), 2)
    assert model.vendors.groupby("honest").count() == {True: len(model.vendors)}
    before = people.get("mood").copy()
    with pytest.raises(ValueError, match=r"mood is 0 to 1 \(share\), not 1.5"):
        people.set("mood", 1.5)
    assert np.array_equal(people.get("mood"), before)


def test_a_population_that_grows_takes_them_along(model):
    room, there = model.vendors.capacity, len(model.vendors)
    model.vendors.set("honest", False)
    rows = model.vendors.add({"honest": [False] * room})
    assert model.vendors.capacity > room
    assert not model.vendors.get("honest").any()
    new = model.vendors.add(2)
    assert [model.vendors[row].honest for row in new] == [True, True]
    assert len(rows) == len(model.vendors) - there - 2


def test_a_row_that_goes_to_a_new_agent_starts_anew():
    town = Town(0)
    people = Population(town, Resident, RESIDENT, ResidentColumns, 4, reuse=True, kind="residents", own={"mood": MOOD})
    people.set("mood", 0.9)
    people.remove([1])
    assert people.add(1).tolist() == [1]
    assert people.get("mood").tolist() == pytest.approx([0.9, 0.5, 0.9, 0.9])
    people.columns.age[2] = -1
    people.own["mood"][0] = 3.0
    assert people.problems() == ["age is 0 to 120 (years), not -1 to 30", "mood is 0 to 1 (share), not 0.5 to 3"]


def test_slots_are_made_with_own_values():
    town = Town(2)
    table = SlotTable(SHOP, ShopColumns, 1, "shops", {"mood": MOOD})
    shops = [Shop(town, table, mood=mood, fee=0.05) for mood in (0.1, 0.2, 0.3)]
    assert [shop.mood for shop in shops] == pytest.approx([0.1, 0.2, 0.3])
    with pytest.raises(TypeError, match="Shop has no attribute 'mod'; did you mean 'mood'"):
        Shop(town, table, mod=0.1)
    assert not hasattr(next(iter(town.agents)), "mood"), "a shop of another table has none"


def test_a_market_without_them_has_none():
    model = model_of(world())
    assert not hasattr(model.consumers[0], "mood")
    assert list(model.consumers.own.schema) == []


# Nobody notices -------------------------------------------------------------------------------------------------------
def test_a_run_is_the_same_to_the_last_bit_and_kernels_see_no_more(model):
    plain = ran(world(), until=5)
    assert fingerprint(model) == fingerprint(plain)
    assert type(model.consumers.columns) is type(plain.consumers.columns)
    assert model.consumers.columns._fields == plain.consumers.columns._fields


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copied_market_goes_on_with_them(model, again):
    model.consumers.set("mood", np.linspace(0, 1, len(model.consumers)))
    next(iter(model.platforms)).fame = 3.0
    held = model.consumers[3]
    other = again(model)
    held.mood = 0.0
    for market in (model, other):
        market.run_for(10)
    assert fingerprint(other) == fingerprint(model)
    assert other.consumers[3].mood > 0.0
    assert np.array_equal(other.consumers.get("mood")[4:], model.consumers.get("mood")[4:])
    assert other.platforms.get("fame")[0] == 3.0


# Tables and files -----------------------------------------------------------------------------------------------------
def test_tables_show_them_last():
    model = model_of(world(columns=OWN), tables=("platforms",))
    model.run_for(1)
    next(iter(model.platforms)).fame = 5.0
    model.run_for(1)
    model.consumers[2].goals = [4, 5]
    people = model.table("consumers")
    assert list(people)[-3:] == ["mood", "goals_0", "goals_1"]
    assert people.loc[2, ["goals_0", "goals_1"]].tolist() == [4, 5]
    assert (people["mood"] == 0.5).all()
    assert same_frames(people.drop(columns=["mood", "goals_0", "goals_1"]), ran(world(), until=-18).table("consumers"))
    assert model.table("vendors")["honest"].dtype == bool
    fame = model.table("platforms").groupby("day")["fame"].first()
    assert np.isnan(fame.iloc[0])
    assert fame.iloc[1] == 5.0


def test_one_that_is_called_as_an_outcome_is_not_taken_for_it(tmp_path):
    lost = Column("u1", "people", 0, 9, "Friends lost")
    model = model_of(world(columns={"consumers": {"deaths": lost}}))
    write_frame(model.table("consumers"), "consumers", tmp_path / "consumers.parquet")
    field = pq.read_schema(tmp_path / "consumers.parquet").field("deaths")
    assert (str(field.type), field.metadata) == ("uint8", None)
    write_frame(model.table("daily"), "daily", tmp_path / "daily.parquet")
    assert pq.read_schema(tmp_path / "daily.parquet").field("deaths").metadata[b"unit"] == b"deaths"


def test_a_scenario_file_declares_them(tmp_path):
    (tmp_path / "moody.yaml").write_text(AS_TEXT, encoding="utf-8")
    scenario = Scenario.load(tmp_path / "moody.yaml")
    model = MarketModel(scenario, rng=1)
    assert model.consumers[0].mood == 0.5
    assert np.isnan(next(iter(model.platforms)).fame)
    assert Scenario.load(scenario.resolved()) == scenario
    (tmp_path / "again.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
    again = Scenario.load(tmp_path / "again.yaml")
    assert again.digest == scenario.digest
    assert again.resolved()["columns"] == scenario.resolved()["columns"]
    lower = scenario.override(["columns.consumers.mood.default=0.1"])
    assert MarketModel(lower, rng=1).consumers[0].mood == pytest.approx(0.1)
    assert lower.digest != scenario.digest
    retold = scenario.with_(columns={"consumers": {"mood": {"text": "How one feels"}}})
    assert retold.columns["consumers"]["mood"].text == "How one feels"
    assert retold.digest == scenario.digest, "what is only told changes no run"


def test_those_given_to_the_model_join_those_of_the_scenario():
    scenario = world(columns={"vendors": {"honest": HONEST}})
    model = MarketModel(scenario, rng=1, columns={"consumers": {"mood": MOOD}})
    assert model.vendors[0].honest
    assert model.consumers[0].mood == 0.5
    assert set(model.scenario.columns) == {"consumers", "vendors"}
    assert world().digest == Scenario(world().resolved()).digest != model.scenario.digest


def test_odm_show_names_them(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from sim.cli import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "moody.yaml").write_text(AS_TEXT, encoding="utf-8")
    shown = " ".join(CliRunner().invoke(app, ["show", "moody.yaml"]).output.split())
    assert "consumers.mood: Mood, 1 is best (share; 0 to 1; 0.5 at first)" in shown
    assert (
        "platforms.fame: What the press makes of it, nan for nothing yet (points; any number; none at first)" in shown
    )
    assert "columns.consumers" not in shown
    full = CliRunner().invoke(app, ["show", "moody.yaml", "--full"]).output
    assert "mood: {dtype: float32, unit: share" in full


# What is refused ------------------------------------------------------------------------------------------------------
FIELDS = {"dtype": "f4", "unit": "share", "text": "Mood"}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"consumer": {}}, "columns.consumer: .*did you mean 'consumers'"),
        ({"agencies": {"mood": FIELDS}}, "columns.agencies: .*consumers, platforms, suppliers, vendors"),
        ({"consumers": {"stigma": FIELDS}}, "the model has a column 'stigma' for every Consumer .Stigma felt"),
        ({"consumers": {"step": FIELDS}}, "every Consumer has an attribute 'step'"),
        ({"platforms": {"is_open": FIELDS}}, "every Platform has an attribute 'is_open'"),
        ({"consumers": {"spent_usd": FIELDS}}, "its table has a column 'spent_usd'"),
        ({"consumers": {"my mood": FIELDS}}, "a name as of a Python variable"),
        ({"consumers": {"class": FIELDS}}, "a name as of a Python variable"),
        ({"consumers": {"_mood": FIELDS}}, "a name as of a Python variable"),
        ({"consumers": {"mood": {**FIELDS, "dtype": "object"}}}, "booleans, integers or floats, not object"),
        ({"consumers": {"mood": {**FIELDS, "dtype": "flaot"}}}, "booleans, integers or floats, not 'flaot'"),
        ({"consumers": {"mood": {**FIELDS, "dtype": "f2"}}}, "a column of float16, which tables cannot hold"),
        ({"consumers": {"mood": {**FIELDS, "shape": [1000]}}}, "columns.consumers.mood.shape.*1000"),
        ({"consumers": {"mood": {**FIELDS, "high": 1, "default": 2}}}, "default 2 is not in the range: at most 1"),
        ({"consumers": {"mood": {**FIELDS, "dtype": "u1", "default": -1}}}, "-1 does not fit in uint8"),
        ({"consumers": {"mood": {**FIELDS, "dtype": "i4", "default": "none"}}}, "only a column of floats can default"),
        ({"consumers": {"mood": {**FIELDS, "default": "sad"}}}, "columns.consumers.mood.default: given 'sad'"),
        ({"consumers": {"mood": {**FIELDS, "hihg": 1}}}, "columns.consumers.mood.hihg: .*did you mean 'high'"),
        ({"consumers": {"mood": {"dtype": "f4", "unit": "share"}}}, r"columns.consumers.mood.text"),
        ({"consumers": {"mood": 0.5}}, "columns.consumers.mood: given 0.5; allowed: a mapping of dtype, unit, text"),
        ({"consumers": {"goals": {**FIELDS, "shape": [2]}, "goals_1": FIELDS}}, "two columns 'goals_1'"),
        ({"consumers": {f"mood{k}": FIELDS for k in range(101)}}, "columns.consumers: given 101 columns"),
        ({"consumers": {"kind": Column("u1", "code", 0, 3, "x", codes=Segment)}}, "columns.consumers.kind.codes"),
        (["mood"], "columns: given .*a mapping"),
    ],
)
def test_a_declaration_that_will_not_do_is_refused_in_words(columns, message):
    with pytest.raises(ScenarioError, match=message):
        world(columns=columns)


def test_a_name_that_nobody_declared_is_refused_with_the_way_to_declare_it(model):
    declared = r"MarketModel\(..., columns={'consumers': {'zeal': Column\(...\)}}\)"
    for wrong in (lambda: setattr(model.consumers[0], "zeal", 1), lambda: model.consumers[0].zeal, lambda: model.consumers.set("zeal", 1)):  # fmt: skip
        with pytest.raises(AttributeError, match=declared):
            wrong()
    with pytest.raises(AttributeError, match="did you mean 'mood'"):
        model.consumers.get("mod")
    with pytest.raises(TypeError, match="did you mean 'honest'"):
        model.vendors.add({"honset": [True]})


def test_a_property_that_fails_says_why():
    class Faulty(Resident):
        @property
        def fortune(self):
            return self.welth

    town = Town(0)
    people = Population(town, Faulty, RESIDENT, ResidentColumns, 1)
    with pytest.raises(AttributeError, match="no attribute 'welth'; did you mean 'wealth'"):
        people[0].fortune  # noqa: B018


@pytest.mark.parametrize("kind", ["consumers", "vendors", "platforms"])
def test_every_column_of_a_table_is_a_name_that_is_taken(kind):
    of = column_kinds()[kind]
    assert set(tables()[kind]) <= {*of.agent.schema, *of.tabled}
