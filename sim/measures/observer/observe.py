"""The one call: a finished run in, what an observer records out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.measures.observer import abundance, crawler, registers, survey
from sim.measures.observer.draws import Chance
from sim.measures.observer.settings import Observer, read_settings
from sim.measures.observer.truth import Truth, truth_of
from sim.measures.observer.visits import closures, visits


def observe(
    run: Any, settings: Observer | Mapping[str, Any] | str | Path | None = None, seed: int | None = None
) -> dict[str, pd.DataFrame]:
    """What an observer records of a finished run; the run is only read.

    Equal tables, settings and seed give equal records, whatever ran before and however many threads there are; what is recorded up to a day does not change where
    the run goes on after it, but for summaries of the whole run.

    Parameters
    ----------
    run
        A mapping of the tables orders, platforms, accounts, consumers and events by name; what `sim.run` gave with these tables; or a model that kept them.
    settings
        How well the observer sees; see `read_settings`.
    seed
        Seed of the run; by default that of ``run`` where it has one, otherwise 0.

    Returns
    -------
    dict of str to DataFrame
        The tables that the data dictionary describes as observed: observed_crawls, observed_pages, observed_listings, observed_vendors, observed_sales,
        observed_closures, observed_survey, recorded_crime, recorded_health, and estimates, which has what is estimated from them beside the latent values.

    Raises
    ------
    ValueError
        When a table is missing.
    SettingsError
        When the settings cannot be used.

    Examples
    --------
    >>> from sim import run
    >>> tables = ("orders", "platforms", "accounts", "consumers", "events")
    >>> seen = observe(run("baseline", consumers=500, days=60, tables=tables), "perfect")  # doctest: +SKIP
    """
    ready, truth = read_settings(settings), truth_of(run)
    chance = Chance(int(getattr(run, "seed", 0) if seed is None else seed))
    found, lines = _crawled(truth, ready, chance)
    lived = survey.past(truth)
    parts = [survey.survey(truth, lived, k, *each, chance) for k, each in enumerate(ready.surveys.items())]
    found["observed_survey"] = _stacked([part for part, _ in parts])
    for _, told in parts:
        lines += told
    for name, each in (("recorded_crime", ready.police), ("recorded_health", ready.health)):
        found[name] = registers.recorded(truth, each, chance)
        lines += registers.statistics(truth, found[name], each, ready.crawler.window)
    found["estimates"] = _estimates(lines)
    return found


def _crawled(truth: Truth, ready: Observer, chance: Chance) -> tuple[dict[str, pd.DataFrame], list[abundance.Line]]:
    """The tables of the crawler, and what is estimated from them."""
    settings = ready.crawler
    seen = visits(truth, settings, chance)
    copies = crawler.crawl(truth, seen, settings, chance)
    pages = crawler.sightings(truth, seen, copies)
    sales = crawler.feedback(truth, seen, settings, chance)
    found = {
        "observed_crawls": crawler.crawls(seen, pages),
        "observed_pages": pages,
        "observed_listings": crawler.listings_seen(truth, seen, copies),
        "observed_vendors": crawler.vendors_seen(seen, pages, sales, settings),
        "observed_sales": sales,
        "observed_closures": closures(truth, seen, settings),
    }
    lines = [
        *abundance.abundance(truth, seen, copies, settings),
        *abundance.trade(truth, sales, settings),
        *abundance.lives(truth, found["observed_vendors"], found["observed_listings"], seen, settings),
        *abundance.market_lives(truth, found["observed_closures"]),
    ]
    return found, lines


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Surveys one below the other, by day; names stay categories."""
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    names = [column for column in ("survey", "segment", "sex", "jurisdiction") if column in frame]
    return frame.astype(dict.fromkeys(names, "category"))


def _estimates(lines: list[abundance.Line]) -> pd.DataFrame:
    """Lines as a table."""
    first, last, what, how, value = zip(*lines, strict=True) if lines else ((),) * 5
    return pd.DataFrame({
        "first_day": np.array(first, np.int32), "last_day": np.array(last, np.int32), "what": pd.Categorical(what), "estimator": pd.Categorical(how),
        "value": np.array(value, float),
    })  # fmt: skip
