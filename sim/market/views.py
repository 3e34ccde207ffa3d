"""Views: the columns that one phase needs, as a smaller tuple of the same arrays. Kernels compile in proportion to the arrays they are given."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def view(name: str, *fields: str) -> Any:
    """A NamedTuple class of some columns; bind it to a module-level name like its own."""
    return namedtuple(name, fields, module=__name__)


_LAST: dict[Any, tuple[Any, Any]] = {}


def narrow(columns: Any, kind: Any) -> Any:
    """The columns of ``kind`` out of ``columns``, the arrays themselves; the last answer of each kind is kept."""
    last = _LAST.get(kind)
    if last is None or last[0] is not columns:
        last = (columns, kind._make([getattr(columns, field) for field in kind._fields]))
        _LAST[kind] = last
    return last[1]


# substances
ChosenSubstances = view("ChosenSubstances", "dose_usd", "filled", "premium", "prescribed", "sold", "status")
NeededSubstances = view(
    "NeededSubstances",
    "deterred",
    "doses_per_day",
    "doses_per_order",
    "medical",
    "needs",
    "opioid",
    "substitutes",
    "unmet",
)
PricedSubstances = view("PricedSubstances", "dose_usd", "doses_per_order", "premium")
SentSubstances = view("SentSubstances", "contaminable", "opioid", "potency_sd", "sold", "synthetic")
ReceivedSubstances = view("ReceivedSubstances", "dependence", "doses_per_order", "novel", "opioid", "prescribed")
UsualSubstances = view("UsualSubstances", "dependence", "doses_per_day", "doses_per_order", "opioid")
UsedSubstances = view(
    "UsedSubstances", "adverse", "dependence", "disability", "doses_per_day", "medical", "novel", "opioid", "sedative", "sold", "unmet",
)  # fmt: skip

# people, vendors, orders, platforms, suppliers
ChoiceConsumers = view(
    "ChoiceConsumers", "access", "app_home", "bad", "bought", "caution", "considering", "danger", "declined", "dependence", "good", "habit", "home",
    "jurisdiction", "known", "legal_calm", "legal_hits", "loss_calm", "loss_hits", "market_hits", "memory", "market_state", "misbelief", "pharmacy_home",
    "price_sensitivity", "segment", "skill", "tie", "vendor", "verification", "turn",
)  # fmt: skip
ChoiceVendors = view("ChoiceVendors", "account", "jurisdiction", "log_price")
CheckoutConsumers = view("CheckoutConsumers", "jurisdiction", "next_day", "vendor")
CheckoutVendors = view("CheckoutVendors", "account", "log_price", "negative", "pack", "positive", "wholesale")
CheckoutPlatforms = view(
    "CheckoutPlatforms", "availability", "coin_offered", "escrow_share", "processor", "processor_day"
)
ShippingConsumers = view("ShippingConsumers", "jurisdiction")
ShippingVendors = view(
    "ShippingVendors", "covered", "key", "income", "jurisdiction", "leaving", "purity", "quality", "ships", "supplier", "withheld",
)  # fmt: skip
ShippingOrders = view(
    "ShippingOrders", "day", "channel", "consumer", "content", "dispatched", "due", "held", "late", "noticed", "outcome", "parcels", "seized", "settlement",
    "platform", "potency", "price", "processor", "purity", "rating", "share", "substance", "vendor",
)  # fmt: skip
ShippingPlatforms = view("ShippingPlatforms", "escrow", "fee", "fees", "moderation", "payouts")
ConsumptionConsumers = view(
    "ConsumptionConsumers", "access", "alive", "dependence", "harms", "jurisdiction", "practice", "segment", "stash", "stash_content", "stash_potency",
    "stash_substance", "stigma", "substance", "support_knowledge", "tolerance", "treatment_day", "treatment_days", "trust_police", "unmet_until", "waiting_day",
    "turn",
    "declined",
)  # fmt: skip
ConsumptionOrders = view(
    "ConsumptionOrders",
    "check",
    "day",
    "channel",
    "consumer",
    "content",
    "discarded",
    "outcome",
    "potency",
    "quantity",
    "share",
    "substance",
    "vendor",
)
LearningConsumers = view(
    "LearningConsumers", "alive", "app_home", "bad", "bought", "caution", "considering", "danger", "good", "home", "jurisdiction", "known", "legal_calm",
    "legal_hits", "loss_calm", "loss_hits", "market_hits", "memory", "market_state", "market_until", "pharmacy_home", "practice", "segment", "stigma",
    "support_knowledge", "tie", "trust_police", "vendor", "verification", "turn", "declined", "stage",
)  # fmt: skip
LearningVendors = view("LearningVendors", "account", "alive", "channel", "identity", "negative", "positive", "sales")
LearningOrders = view(
    "LearningOrders",
    "day",
    "channel",
    "consumer",
    "identity",
    "late",
    "noticed",
    "outcome",
    "platform",
    "rating",
    "vendor",
)
TalkedOfOrders = view("TalkedOfOrders", "channel", "consumer", "dispatched", "identity", "platform", "vendor")
MigrationConsumers = view(
    "MigrationConsumers",
    "bad",
    "bought",
    "caution",
    "considering",
    "danger",
    "good",
    "home",
    "jurisdiction",
    "known",
    "legal_calm",
    "legal_hits",
    "loss_calm",
    "loss_hits",
    "market_hits",
    "market_state",
    "market_until",
    "memory",
    "need_rate",
    "skill",
    "vendor",
)
MarketConditions = view("MarketConditions", "key", "market_value", "prior", "street_open")
MigrationVendors = view("MigrationVendors", "account", "alive")
ExitVendors = view(
    "ExitVendors", "key", "account", "account_day", "account_sales", "alive", "carries", "channel", "entry_day", "evidence", "exit_cause", "identity", "income",
    "kept", "kind", "last_sale", "leaving", "negative", "orders", "platforms_used", "positive", "recent", "relist_day", "sales", "stock", "withheld",
)  # fmt: skip
OfferVendors = view(
    "OfferVendors",
    "account",
    "alive",
    "breadth",
    "carries",
    "jurisdiction",
    "log_price",
    "main",
    "negative",
    "positive",
    "sales",
    "stock",
)
SupplyVendors = view(
    "SupplyVendors",
    "alive",
    "channel",
    "jurisdiction",
    "key",
    "kind",
    "main",
    "purity",
    "quality",
    "recent",
    "stock",
    "supplier",
    "unit_cost",
)
PricingVendors = view(
    "PricingVendors",
    "alive",
    "asks",
    "channel",
    "kind",
    "log_price",
    "negative",
    "positive",
    "purity",
    "recent",
    "stock",
    "unit_cost",
)
DemandConsumers = view(
    "DemandConsumers",
    "budget",
    "dependence",
    "jurisdiction",
    "need_rate",
    "next_day",
    "segment",
    "stash",
    "stash_substance",
    "substance",
    "treatment_day",
    "declined",
    "turn",
    "unmet_until",
)
NeedyConsumers = view(
    "NeedyConsumers", "alive", "dependence", "jurisdiction", "need_rate", "next_day", "segment", "stage", "substance", "treatment_day"
)  # fmt: skip
CarryingConsumers = view("CarryingConsumers", "alive", "declined", "jurisdiction", "segment", "stage", "turn")
SharingConsumers = view(
    "SharingConsumers",
    "alive",
    "from_friends",
    "jurisdiction",
    "stash",
    "stash_content",
    "stash_potency",
    "stash_substance",
)
ArrestVendors = view("ArrestVendors", "alive", "channel", "evidence", "jurisdiction", "key", "kind", "opsec", "recent")
StandingConsumers = view(
    "StandingConsumers",
    "alive", "born", "practice", "segment", "stage", "stigma", "support_knowledge", "trust_police",
)  # fmt: skip
ProgrammeConsumers = view(
    "ProgrammeConsumers", "alive", "declined", "jurisdiction", "quitted", "segment", "stigma", "support_knowledge", "trust_police", "turn",
)  # fmt: skip
MemoryConsumers = view(
    "MemoryConsumers", "bought", "home", "known", "legal_hits", "market_hits", "memory", "tie", "vendor"
)
FearConsumers = view(
    "FearConsumers", "bought", "considering", "home", "known", "legal_calm", "legal_hits", "loss_hits", "lost_day", "market_hits", "memory", "tie", "vendor",
)  # fmt: skip
ContactConsumers = view("ContactConsumers", "jurisdiction", "record", "segment", "turn")
BookingOrders = view(
    "BookingOrders", "channel", "consumer", "first", "held", "identity", "platform", "price", "processor", "vendor"
)
BookingConsumers = view("BookingConsumers", "considering", "habit", "orders", "spent", "vendors_used")
BookingVendors = view(
    "BookingVendors", "account", "account_sales", "buyers", "identity", "income", "last_sale", "orders", "sales", "stock", "supplier",
)  # fmt: skip
BookingPlatforms = view("BookingPlatforms", "escrow", "fee", "fees")
NewVendors = view(
    "NewVendors",
    "alive",
    "asks",
    "breadth",
    "carries",
    "channel",
    "entry_day",
    "jurisdiction",
    "key",
    "kind",
    "main",
    "opsec",
    "pack",
    "person",
    "platforms_used",
    "quality",
    "ships",
    "stock",
    "wholesale",
)
AccountVendors = view(
    "AccountVendors", "account", "alive", "exit_cause", "identity", "key", "negative", "positive", "sales"
)
RecruitVendors = view("RecruitVendors", "channel", "jurisdiction", "key", "kind", "supplier")
KnownSuppliers = view("KnownSuppliers", "added", "alive", "concentration", "mixes", "reliability")
SellingSuppliers = view("SellingSuppliers", "added", "alive", "mixes", "reach", "serves", "size")
RecruitingSuppliers = view(
    "RecruitingSuppliers", "organised", "alive", "size", "reach", "jurisdiction", "takings", "branches", "drive"
)
SendingSuppliers = view("SendingSuppliers", "alive", "belief", "jurisdiction", "reach", "routes", "source")
MakingSuppliers = view("MakingSuppliers", "alive", "jurisdiction", "serves", "size", "source")
TakingSuppliers = view("TakingSuppliers", "alive", "organised", "paid", "revenue", "source", "takings")
PayingVendors = view("PayingVendors", "income", "kind", "passed", "reckoned", "supplier")
OperatedPlatforms = view(
    "OperatedPlatforms", "escrow", "fee", "frail_quit", "frail_scam", "key", "open_day", "trade180", "trade60", "trade7"
)
PlacedOrders = view("PlacedOrders", "channel", "consumer", "day", "price", "quantity", "substance", "vendor")
ClosedOrders = view("ClosedOrders", "channel", "content", "dispatched", "outcome", "parcels", "purity")
SellingVendors = view("SellingVendors", "jurisdiction")
TalliedOrders = view(
    "TalliedOrders",
    "consumer",
    "content",
    "late",
    "outcome",
    "parcels",
    "price",
    "processor",
    "seized",
    "settlement",
    "vendor",
)
NewConsumers = view(
    "NewConsumers", "access", "born", "budget", "considering", "dependence", "jurisdiction", "misbelief", "need_rate", "next_day", "origin", "practice",
    "price_sensitivity", "segment", "sex", "skill", "stash_substance", "stigma", "substance", "support_knowledge", "tolerance", "trust_police",
    "verification",
)  # fmt: skip
SeekingConsumers = view("SeekingConsumers", "considering", "home", "market_state", "market_until")
LivingConsumers = view(
    "LivingConsumers", "alive", "born", "dependence", "jurisdiction", "origin", "segment", "sex", "stage", "substance"
)
RetiringVendors = view("RetiringVendors", "alive", "exit_cause", "person")
