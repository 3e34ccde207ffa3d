"""Columns are declared once; checks, attributes, documentation and slots of agents follow from the declaration."""

import copy
import pickle

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from sim.population import RESERVED, Column, SlotAgent, SlotTable, columns_type, describe, new_columns
from tests.toy_town import RESIDENT, SHOP, Resident, ResidentColumns, Shop, ShopColumns, Town


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        (("U5", "name", None, None, "Name"), "booleans, integers or floats"),
        (("u1", "code", 0, 3, " "), "one line of text"),
        (("u1", "", 0, 3, "Kind"), "needs a unit"),
        (("u1", "code", 0, 300, "Kind"), "300 does not fit in uint8"),
        (("u1", "code", -1, 3, "Kind"), "-1 does not fit in uint8"),
        (("i4", "count", 0, 1.5, "Count"), "1.5 does not fit in int32"),
        (("f4", "USD", 0, 1e39, "Money"), "does not fit in float32"),
        (("f8", "share", 1, 0, "Share"), "low 1 is above high 0"),
        (("f8", "share", 0.1, 1, "Share"), "default 0 is not in the range: 0.1 to 1"),
        (("i4", "day", None, None, "Day", float("nan")), "only a column of floats can default to NaN"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declaration, message):
    with pytest.raises(ValueError, match=message):
        Column(*declaration)


@pytest.mark.parametrize("name", ["unique_id", "model", "pos", "row", "step", "remove", "random"])
def test_a_column_cannot_hide_what_every_agent_has(name):
    assert name in RESERVED
    with pytest.raises(ValueError, match=f"every agent has an attribute '{name}'"):
        columns_type("Columns", {name: SHOP["fee"]}, module=__name__)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("segment", 4, ValueError, r"segment is 0 to 3 \(code\), not 4"),
        ("segment", -1, ValueError, "not -1"),
        ("segment", 1.5, TypeError, r"segment takes whole numbers \(uint8\), not 1.5"),
        ("segment", "one", TypeError, r"segment takes numbers \(uint8\), not <U3"),
        ("age", 40_000, ValueError, "age is 0 to 120"),
        ("wealth", float("nan"), ValueError, r"wealth is 0 to 1e\+06 \(USD\), not nan"),
        ("wealth", float("inf"), ValueError, "not inf"),
        ("friends", [0, -2, 3], ValueError, r"friends is at least -1 \(row\), not -2"),
    ],
)
def test_a_value_outside_the_declaration_is_refused_with_what_is_allowed(name, value, error, message):
    town = Town(3)
    before = getattr(town.residents.columns, name).copy()
    with pytest.raises(error, match=message):
        setattr(town.residents[0], name, value)
    with pytest.raises(error, match=message):
        town.residents.set(name, value)
    with pytest.raises(error, match=message):
        town.residents.add({name: [value]})
    assert np.array_equal(getattr(town.residents.columns, name), before)
    assert len(town.residents) == 3


def test_values_may_come_in_any_type_that_holds_them_exactly():
    assert Column("u1", "code", 0, 3, "Kind").checked("kind", [1.0, 2.0, True]).tolist() == [1, 2, 1]
    assert Column("?", "flag", None, None, "Flag").checked("flag", [0, 1]).dtype == bool
    assert Column("i8", "count", 0, 2**62, "Count").checked("count", 2**62) == 2**62


def test_a_column_without_bounds_takes_any_number_of_its_type():
    column = Column("f4", "logit", None, None, "Shift")
    assert column.interval == "any number"
    assert column.checked("shift", 1e300) == np.inf
    with pytest.raises(ValueError, match=r"count is any number .*, not 128"):
        Column("i1", "count", None, None, "Count").checked("count", 128)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_stored_value_can_be_stored_again(one, other):
    low, high = sorted([one, other])
    column = Column("f4", "share", low, high, "Share", default=low)
    for value in (low, high):
        stored = column.checked("share", value)
        assert column.checked("share", stored.item()) == stored


def outcome(write, read):
    """What a write leads to: the value that is stored, or the kind of error."""
    try:
        write()
    except (TypeError, ValueError) as error:
        return type(error)
    return repr(read())


@settings(deadline=None)
@given(
    st.sampled_from(["segment", "wealth", "age", "moved"]),
    st.one_of(st.integers(-5, 130), st.integers(), st.floats(), st.booleans(), st.just("one")),
)
def test_writing_to_one_agent_is_checked_as_writing_to_all_is(name, value):
    one, all_of_them = Town(1).residents, Town(1).residents
    assert outcome(lambda: setattr(one[0], name, value), lambda: getattr(one[0], name)) == outcome(
        lambda: all_of_them.set(name, value), lambda: getattr(all_of_them[0], name)
    )


def test_missing_is_a_value_only_where_it_is_the_default():
    assert np.isnan(RESIDENT["moved"].checked("moved", [1.0, float("nan")])[1])
    assert not RESIDENT["wealth"].holds(np.array([1.0, np.nan]))


def test_new_columns_stand_at_their_defaults():
    columns = new_columns(RESIDENT, ResidentColumns, 4)
    assert columns.wealth.tolist() == [10] * 4
    assert columns.friends.tolist() == [[-1] * 3] * 4
    assert np.isnan(columns.moved).all()
    assert [array.dtype for array in columns] == [np.dtype(column.dtype) for column in RESIDENT.values()]


def test_the_description_says_all_that_was_declared():
    records = describe(RESIDENT)
    assert [record["name"] for record in records] == list(RESIDENT)
    assert records[3] == {
        "name": "friends",
        "dtype": "int32",
        "unit": "row",
        "low": -1,
        "high": None,
        "default": -1,
        "shape": (3,),
        "bytes": 12,
        "text": "Three friends, -1 for none",
    }


def test_attributes_are_documented_and_visible():
    assert Resident.wealth.__doc__ == "Money owned (USD; 0 to 1e+06)"
    assert set(RESIDENT) <= set(dir(Resident))
    assert isinstance(Resident.wealth.column, Column)


@njit
def total(columns, n):
    sums = 0.0
    for i in range(n):
        sums += columns.wealth[i] + columns.friends[i, 0]
    return sums


def test_kernels_take_columns_by_name():
    assert total(Town(10).residents.columns, 10) == 90.0


def test_columns_pickle_as_what_they_are():
    again = pickle.loads(pickle.dumps(new_columns(RESIDENT, ResidentColumns, 2)))
    assert type(again) is ResidentColumns


def test_a_class_of_agents_has_one_schema():
    with pytest.raises(TypeError, match="Shop already has another schema"):
        Shop(mesa.Model(rng=1), SlotTable(RESIDENT, ResidentColumns))


def test_slots_are_given_in_order_and_arrays_grow():
    model, table = mesa.Model(rng=1), SlotTable(SHOP, ShopColumns, capacity=2)
    first = Shop(model, table, fee=0.01)
    before = table.columns
    shops = [first, *(Shop(model, table) for _ in range(4))]
    assert [shop.slot for shop in shops] == [0, 1, 2, 3, 4]
    assert (table.n, table.capacity) == (5, 8)
    assert table.columns is not before
    assert table.columns.fee[:5].tolist() == pytest.approx([0.01] + [0.05] * 4)


def test_a_slot_can_be_named_and_the_next_comes_after_it():
    model, table = mesa.Model(rng=1), SlotTable(SHOP, ShopColumns, capacity=1)
    assert Shop(model, table, 3).slot == 3
    assert Shop(model, table).slot == 4


def test_agents_of_slots_read_and_write_the_arrays():
    model, table = mesa.Model(rng=1), SlotTable(SHOP, ShopColumns)
    shop = Shop(model, table)
    shop.fee, shop.open = 0.02, False
    assert (table.columns.fee[0], table.columns.open[0]) == (np.float32(0.02), False)
    table.columns.fee[0] = 0.03
    assert shop.fee == np.float32(0.03)
    assert isinstance(shop.fee, float)
    assert shop.open is False


def test_agents_of_slots_are_ordinary_agents():
    town = Town()
    shops = town.agents_by_type[Shop]
    shop = shops.to_list()[1]
    shop.name = "corner shop"
    assert (shop.name, shop.unique_id, len(shops)) == ("corner shop", 12, 2)
    shop.remove()
    assert shop not in town.agents
    assert Shop(town, town.shops).slot == 2, "no slot is given twice"


def test_a_wrong_first_value_makes_no_agent():
    town = Town()
    with pytest.raises(TypeError, match="Shop has no attribute 'fees'; did you mean 'fee'"):
        Shop(town, town.shops, fees=0.1)
    with pytest.raises(ValueError, match=r"fee is 0 to 0\.1"):
        Shop(town, town.shops, fee=0.2)
    assert (town.shops.n, len(town.agents_by_type[Shop])) == (2, 2)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda town: pickle.loads(pickle.dumps(town))])
def test_copied_agents_of_slots_write_to_the_copied_arrays(again):
    town = Town()
    other = again(town)
    other.agents_by_type[Shop].set("fee", 0.07)
    assert other.shops.columns.fee[:2].tolist() == pytest.approx([0.07, 0.07])
    assert town.shops.columns.fee[:2].tolist() == pytest.approx([0.05, 0.1])


def test_values_that_kernels_wrote_out_of_range_are_found():
    town = Town()
    assert town.shops.problems() == town.residents.problems() == []
    town.shops.columns.fee[0] = -1
    town.residents.columns.wealth[:2] = [np.nan, -3]
    assert town.shops.problems() == ["fee is 0 to 0.1 (share), not -1 to 0.1"]
    assert town.residents.problems() == ["wealth is 0 to 1e+06 (USD), not -3 to 10 or nan"]


def test_an_agent_of_slots_without_a_declared_class_gets_the_schema_of_its_table():
    class Stall(SlotAgent):
        pass

    stall = Stall(mesa.Model(rng=1), SlotTable(SHOP, ShopColumns), fee=0.01)
    assert stall.fee == np.float32(0.01)
