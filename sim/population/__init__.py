"""Many agents as typed columns behind Mesa's AgentSet interface, few as slots of a table."""

from sim.population.columns import (
    RESERVED,
    Column,
    Schema,
    columns_type,
    describe,
    grown_columns,
    new_columns,
)
from sim.population.few import give, make_room, place_of
from sim.population.names import Named
from sim.population.own_columns import OwnColumns, labels, name_fault
from sim.population.population import Population
from sim.population.roster import register
from sim.population.row_agents import RowAgent
from sim.population.row_sets import RowSet
from sim.population.selection import Selection
from sim.population.slots import SlotAgent, SlotTable

__all__ = [
    "RESERVED",
    "Column",
    "Named",
    "OwnColumns",
    "Population",
    "RowAgent",
    "RowSet",
    "Schema",
    "Selection",
    "SlotAgent",
    "SlotTable",
    "columns_type",
    "describe",
    "give",
    "grown_columns",
    "labels",
    "make_room",
    "name_fault",
    "new_columns",
    "place_of",
    "register",
]
