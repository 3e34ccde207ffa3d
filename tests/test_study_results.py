"""What a finished study holds: its numbers, its record, and what can be asked of them."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sim import Results, run_study
from sim.studies import kinds
from sim.studies.errors import RequestError
from sim.studies.execution.dry_run import estimate
from sim.studies.execution.verify import verify
from sim.studies.methods.bootstrap import FEWEST, Resamples, expanded, pairing_gain, ranks
from sim.studies.methods.functions import FunctionDriver
from sim.studies.methods.paths import resolve
from sim.studies.store import parts
from sim.studies.store.digests import all_runs, table_digests
from sim.studies.store.parts import Row, shorten, to_bytes, to_table, write_part
from sim.studies.store.record import content_hash, file_hashes
from sim.studies.store.store import Store
from sim.studies.study_files import Study
from tests.study_market import MEASURES, PATH, StudyMarket, compare_study, sweep_study, undrawn


@pytest.fixture(autouse=True, scope="module")
def _undrawn():
    with undrawn():
        yield


def do(out, study, **options):
    return run_study(study, out, executor="inline", model_class=StudyMarket, **options)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return do(tmp_path_factory.mktemp("compare") / "out", compare_study(compare={"thresholds": [1e6]}))


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return do(tmp_path_factory.mktemp("sweep") / "out", sweep_study())


def row(table, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


class TestCompare:
    def test_planted_effects_are_found_with_n_and_kind_of_interval(self, comparison):
        effects = comparison.answer.tables["effects"]
        loud = row(effects, scenario="loud", outcome="deaths_expected")
        truth = -0.25 * 2.0 * 12
        assert loud["low"] < truth < loud["high"]
        assert loud["excludes_zero"]
        assert (loud["n"], loud["same_sign"]) == (8, 1.0)
        assert loud["interval"] == "expanded percentile bootstrap over pairs, 95 %"
        assert row(effects, scenario="quiet", outcome="orders")["mean"] < 0
        assert not row(effects, scenario="loud", outcome="policy_cost_usd")["excludes_zero"], "a price is no finding"

    def test_the_figures_of_an_answer_are_drawn_for_whoever_asks(self, comparison):
        titles = [axes.get_title("left") for axes in comparison.answer.figures["ranking"]().axes]
        assert titles == ["Deaths (expected)"], "a price is not ranked"

    def test_pairing_is_worth_many_unpaired_runs(self, comparison):
        gain = row(comparison.answer.tables["effects"], scenario="quiet", outcome="deaths_expected")["pairing_gain"]
        assert gain > 20

    def test_scenarios_are_ranked_with_how_sure_that_is(self, comparison):
        ranking = comparison.answer.tables["ranking"]
        assert [
            row(ranking, outcome="deaths_expected", scenario=name)["rank"] for name in ("loud", "quiet", "plain")
        ] == [1, 2, 3]
        assert row(ranking, outcome="deaths_expected", scenario="loud")["best"] == 1.0

    def test_cost_stands_against_what_it_buys(self, comparison):
        cost = row(comparison.answer.tables["cost_effectiveness"], scenario="loud")
        assert cost["cost"] == pytest.approx(12 * 100)
        assert cost["icer"] == pytest.approx(cost["cost"] / cost["gain"])
        assert (cost["better_dearer"], cost["worth_1e+06"]) == (1.0, 1.0)

    def test_replications_are_added_until_the_effect_is_known(self, tmp_path):
        asked = {"precision": {"measure": "deaths_expected", "half_width": 0.035}, "step": 8, "most": 400}
        done = do(tmp_path / "out", compare_study(replications=4, compare=asked))
        effects = done.answer.tables["effects"]
        loud = row(effects, scenario="loud", outcome="deaths_expected")
        assert 4 < loud["n"] < 400
        assert (loud["high"] - loud["low"]) / 2 <= 0.035 * loud["baseline"]
        assert "was reached" in " ".join(done.answer.notes)

    def test_replications_end_with_the_budget(self, tmp_path):
        asked = {"precision": {"measure": "deaths_expected", "half_width": 1e-6}, "step": 4}
        done = do(tmp_path / "out", compare_study(replications=4, budget={"runs": 30}, compare=asked))
        assert done.runs == 24
        assert "NOT reached: the budget ended" in " ".join(done.answer.notes)

    @pytest.mark.parametrize(("compare", "worlds"), [({}, 3), ({"members": 2}, 2), ({"members": 0}, 6)])
    def test_under_uncertainties_seeds_are_shared_out_over_worlds_that_all_scenarios_share(
        self, tmp_path, compare, worlds
    ):
        varied = [{"path": PATH, "low": 0, "high": 50}]
        done = do(tmp_path / "out", compare_study(uncertainties=varied, replications=6, compare=compare))
        seen = done.results.outcomes()[["scenario", "seed", PATH]]
        assert seen.groupby("seed")[PATH].nunique().eq(1).all()
        assert seen[PATH].nunique() == worlds


class TestSweep:
    def test_a_function_can_take_the_place_of_the_model(self, sweep):
        """Rows and columns are those that the driver gives for the market."""

        def market(point, scenario, seed):
            fields = sweep.study.scenarios[scenario]
            changes = [(path, value) for path, value in point.items() if sweep.study.applies(path, scenario)]
            return StudyMarket(resolve(fields, changes), rng=seed).outcomes()

        driver = FunctionDriver(market, list(sweep.study.scenarios), sweep.study.seeds)
        found = kinds.get("sweep").conduct(sweep.study, driver)
        for name, table in sweep.answer.tables.items():
            pd.testing.assert_frame_equal(found.tables[name], table.drop(columns="scale", errors="ignore"))

    def test_a_response_is_found_point_by_point(self, sweep):
        effects = sweep.answer.tables["effects"]
        loud = effects[(effects["scenario"] == "loud") & (effects["outcome"] == "orders")]
        assert list(loud["policies.takedown.publicity"]) == [0.0, 0.5, 1.0, 2.0]
        assert loud["mean"].iloc[0] == 0
        assert (np.diff(loud["mean"]) < 0).all()

    def test_nothing_is_run_twice(self, sweep):
        # three seeds: the baseline once each; two takedowns at four points, which a model of one's own may tell apart by their names
        assert sweep.runs == 3 * (1 + 2 * 4)
        assert len(sweep.results.runs()) == 27

    def test_samples_and_budgets(self, tmp_path):
        study = sweep_study(
            uncertainties=[{"path": PATH, "low": 0, "high": 50}], levers=[], sweep={"design": "lhs", "points": 9}
        )
        done = do(tmp_path / "out", {**study, "budget": {"runs": 45}})
        assert len(done.answer.tables["points"]) == 5
        assert "room for the first 5 points of 9" in " ".join(done.answer.notes)


class TestResults:
    def test_sql_reads_runs_outcomes_daily_and_plan(self, comparison):
        results = Results(comparison.folder)
        found = results.sql(
            "select scenario, count(*) as n, avg(orders) as orders from outcomes group by all order by all"
        )
        assert list(found["n"]) == [8, 8, 8]
        days = results.sql("select max(day) as last, sum(orders) as orders from daily where scenario = 'plain'")
        total = results.outcomes().query("scenario == 'plain'")["orders"].sum()
        assert days["last"][0] == 11
        assert days["orders"][0] == total, "whole numbers are kept as they are"
        assert results.sql("select count(*) as n from plan")["n"][0] == 24

    def test_outcomes_are_exact_and_daily_values_close(self, comparison):
        results = comparison.results
        first = results.outcomes().query("scenario == 'loud' and seed == 2").iloc[0]
        market = StudyMarket(resolve(comparison.study.scenarios["loud"], ()), rng=2)
        assert {name: first[name] for name in MEASURES} == market.outcomes()
        daily = results.daily("deaths_expected", where="scenario = 'loud' and seed = 2")["deaths_expected"].to_numpy()
        truth = market.daily()["deaths_expected"].to_numpy()
        assert np.abs(daily / truth - 1).max() < 2**-10
        assert not np.array_equal(daily, truth.astype("float32"))

    def test_a_wrong_query_or_folder_is_said_in_words(self, comparison, tmp_path):
        with pytest.raises(RequestError, match="nothing_of_that_name"):
            Results(comparison.folder).sql("select nothing_of_that_name from runs")
        with pytest.raises(RequestError, match="not the folder of a study"):
            Results(tmp_path)

    @pytest.mark.parametrize(
        "query",
        [
            "select * from read_text('{other}')",
            "select * from '{other}'",
            "select * from glob('/etc/*')",
            "copy (select 1) to '{new}'",
            "copy (select 1) to '{part}' (format csv, use_tmp_file false)",
            "explain analyze copy (select 1) to '{part}' (format csv, use_tmp_file false)",
            "attach '{new}'",
            "export database '{new}'",
            "install httpfs",
            "load httpfs",
            "set memory_limit = '1TB'",
            "create table mine as select 1",
            "select 1; copy (select 1) to '{new}'",
            "select * from secret",
            "",
            "-- nothing",
            "/* nothing */ ;",
        ],
    )
    def test_a_query_reads_the_study_and_touches_nothing_else(self, comparison, tmp_path, query):
        secret = pd.DataFrame({"word": ["hunter2"]})
        (part,) = (comparison.folder / "parts").iterdir()
        other, new = tmp_path / "other.csv", tmp_path / "new"
        secret.to_csv(other)
        before = part.read_bytes()
        with pytest.raises(RequestError, match="query: ") as error:
            Results(comparison.folder).sql(query.format(other=other, new=new, part=part))
        assert "hunter2" not in str(error.value)
        assert part.read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["other.csv"]
        assert secret.shape == (1, 1)

    def test_a_query_is_stopped_by_an_interruption(self, comparison):
        slow = "select count(*) from range(1000000000) a, range(1000000) b where a.range * b.range = 7"
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        begun = time.monotonic()
        threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            with pytest.raises(KeyboardInterrupt):
                Results(comparison.folder).sql(slow)
        finally:
            signal.signal(signal.SIGINT, before)
        assert time.monotonic() - begun < 20

    def test_a_query_that_takes_too_much_memory_is_said_in_words(self, comparison, monkeypatch):
        monkeypatch.setattr("sim.studies.store.query.MEMORY", "20MB")
        monkeypatch.setattr("sim.studies.store.query.SPILL", "0KB")
        with pytest.raises(RequestError, match="ask for fewer rows"):
            Results(comparison.folder).sql("select * from range(30000000) a order by hash(a.range)")

    def test_an_answer_that_no_memory_holds_is_refused_and_the_largest_that_may_be_is_whole(
        self, comparison, monkeypatch
    ):
        with pytest.raises(RequestError, match=r"more than 50,000,000 values; ask for fewer rows"):
            Results(comparison.folder).sql("select * from range(1000000000000)")
        monkeypatch.setattr("sim.studies.store.query.MOST_VALUES", 8192)
        assert len(Results(comparison.folder).sql("select range, range from range(4096)")) == 4096
        with pytest.raises(RequestError, match="more than 8,192 values"):
            Results(comparison.folder).sql("select range, range from range(4097)")

    def test_rounding_keeps_whole_numbers_and_what_is_no_number(self):
        values = np.array([np.nan, np.inf, 0.1, -3.14159, 1e-30, 2.5e9], dtype="float32")
        short = shorten(values, exact=False)
        assert np.isnan(short[0])
        assert short[1] == np.inf
        assert np.abs(short[2:] / values[2:] - 1).max() < 2**-10
        whole = np.array([16_777_215.0, 3.0, np.nan])
        assert np.array_equal(shorten(whole, exact=False), whole.astype("float32"), equal_nan=True)
        assert np.array_equal(shorten(values, exact=True), values, equal_nan=True)


class TestStore:
    def rows(self, number, days=60, names=52, seed=0):
        rng = np.random.default_rng(seed)
        daily = {f"o{k}": shorten(rng.lognormal(5, 0.2, days), exact=False) for k in range(names)}
        outcomes = {name: float(values.sum()) for name, values in daily.items()}
        return [Row(f"{seed:08x}{k:024x}", "s", k, "{}", "ok", outcomes=outcomes, daily=daily) for k in range(number)]

    def test_many_thousand_runs_are_found_in_a_moment(self, tmp_path):
        folder = tmp_path / "parts"
        folder.mkdir()
        names = [f"{k:032x}" for k in range(100_000)]
        for start in range(0, len(names), 256):
            chunk = names[start : start + 256]
            n = len(chunk)
            table = pa.table(
                {
                    "run": chunk,
                    "scenario": ["s"] * n,
                    "seed": pa.array(range(n), pa.uint64()),
                    **{name: [""] * n for name in ("inputs", "error", "trace")},
                    "status": ["ok"] * n,
                    "outcome.orders": np.arange(start, start + n, dtype=float),
                }
            )
            content = to_bytes(table)
            (folder / f"runs-{start // 256:06d}-{parts.digest(content)}.parquet").write_bytes(content)
        (tmp_path / "study.json").write_text(json.dumps({"hash": ""}))
        begun = time.process_time()
        store = Store(tmp_path)
        store.open()
        assert len(store) == 100_000
        some = store.outcomes(names[50_000:50_500], ["orders"])
        assert sorted(some["orders"]) == list(map(float, range(50_000, 50_500)))
        assert time.process_time() - begun < 10

    def test_putting_parts_together_depends_on_no_batches_and_keeps_every_bit(self, tmp_path):
        rows = self.rows(30)
        order = [row.run for row in rows]
        hashes = []
        for name, size in (("a", 1), ("b", 7)):
            store = Store(tmp_path / name)
            store.open()
            for start in range(0, 30, size):
                path = write_part(store.parts, f"batch-{start}", to_table(rows[start : start + size]))
                store.add(path, [(row.run, "ok") for row in rows[start : start + size]])
            store.consolidate(order)
            assert len(list(store.parts.iterdir())) == 1
            hashes.append(next(store.parts.iterdir()).name)
            kept = store.rows(order)
            assert np.array_equal(kept["daily.o7"][0], rows[0].daily["o7"])
        assert hashes[0] == hashes[1]

    def test_rounding_takes_a_run_below_its_size(self):
        noisy = [self.rows(1, days=365, seed=k)[0] for k in range(16)]
        few = [
            Row(r.run, r.scenario, r.seed, r.inputs, r.status, daily=dict(list(r.daily.items())[:26])) for r in noisy
        ]
        assert len(to_bytes(to_table(few))) / 16 < 20_000, "26 outcomes without any regularity"


class TestVerify:
    def test_a_finished_study_is_verified_and_its_runs_done_again(self, comparison):
        report = verify(comparison.folder, 3, StudyMarket)
        assert report["ok"]
        assert (report["runs"], len(report["runs_again"])) == (24, 3)

    def test_a_report_written_later_is_no_fault_and_a_file_more_keeps_no_run_from_being_checked(self, tmp_path):
        folder = do(tmp_path / "out", compare_study(replications=2)).folder
        (folder / "report.html").write_bytes((folder / "answer" / "report.html").read_bytes())
        report = verify(folder, 1, StudyMarket)
        assert report["ok"]
        assert report["notes"] == ["report.html was written after the record, which does not bind it"]
        (folder / "mine.txt").write_text("mine")
        report = verify(folder, 1, StudyMarket)
        assert report["problems"] == ["mine.txt is not in the record"]
        assert len(report["runs_again"]) == 1

    def test_which_runs_are_done_again_is_chance_that_a_seed_repeats(self, comparison):
        reports = [verify(comparison.folder, 3, StudyMarket) for _ in range(6)]
        assert len({tuple(report["runs_again"]) for report in reports}) > 1
        again = verify(comparison.folder, 3, StudyMarket, seed=reports[0]["sample_seed"])
        assert again["runs_again"] == reports[0]["runs_again"]

    @pytest.mark.parametrize("name", ["outcome.orders", "daily.orders", "seed"])
    def test_one_changed_number_of_one_run_is_found_with_no_run_done_again(self, tmp_path, name):
        do(tmp_path / "out", compare_study(replications=2))
        forge(tmp_path / "out", lambda table: with_first_changed(table, name))
        report = verify(tmp_path / "out", 0, StudyMarket)
        assert not report["ok"]
        assert "run with other numbers than when they were written" in report["problems"][0]

    def test_runs_whose_digests_were_taken_away_are_found(self, tmp_path):
        do(tmp_path / "out", compare_study(replications=2))
        forge(tmp_path / "out", lambda table: with_first_changed(table, "outcome.orders").drop_columns(["digest"]))
        assert "another hash over all of them" in verify(tmp_path / "out", 0, StudyMarket)["problems"][0]

    def test_a_record_of_a_study_that_describes_nothing_is_said_in_words(self, tmp_path):
        done = do(tmp_path / "out", compare_study(replications=2))
        described = json.loads((done.folder / "study.json").read_text())
        del described["hash"]
        described["scenarios"] = {"plain": 3}
        (done.folder / "study.json").write_text(json.dumps({**described, "hash": content_hash(described)}))
        forge(done.folder, lambda table: table)
        assert "cannot be followed" in verify(done.folder, 3, StudyMarket)["problems"][0]

    def test_one_changed_byte_is_found_wherever_it_is(self, tmp_path):
        do(tmp_path / "out", compare_study(replications=2))
        files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != ".lock"]
        assert len(files) > 8
        for path in files:
            before = path.read_bytes()
            place = len(before) // 3
            path.write_bytes(before[:place] + bytes([before[place] ^ 1]) + before[place + 1 :])
            try:
                report = verify(tmp_path / "out", 0, StudyMarket)
            except RequestError:
                assert path.name == "record.json", "no JSON any more"
            else:
                assert not report["ok"] or _only_notes(path, before), path
            path.write_bytes(before)
        assert verify(tmp_path / "out", 0, StudyMarket)["ok"]

    def test_numbers_that_somebody_made_up_with_a_fitting_record_are_found(self, tmp_path):
        do(tmp_path / "out", compare_study(replications=2))

        def made_up(table):
            place = table.column_names.index("outcome.orders")
            forged = table.set_column(place, "outcome.orders", pa.array([1.0] * table.num_rows))
            digests = pa.array(table_digests(forged))
            return forged.set_column(forged.column_names.index("digest"), "digest", digests)

        forge(tmp_path / "out", made_up)
        report = verify(tmp_path / "out", 2, StudyMarket)
        assert not report["ok"]
        assert "gives other numbers when it is done again: orders" in report["problems"][0]

    def test_a_study_that_has_not_ended_cannot_be_verified(self, comparison, tmp_path):
        (tmp_path / "study.json").write_bytes((comparison.folder / "study.json").read_bytes())
        with pytest.raises(RequestError, match="has not ended"):
            verify(tmp_path)

    def test_times_are_outside_the_hashes(self, tmp_path, comparison):
        again = do(tmp_path / "out", compare_study(compare={"thresholds": [1e6]}))
        first, second = (json.loads((Path(d.folder) / "record.json").read_text()) for d in (comparison, again))
        assert first["hash"] == second["hash"]
        assert {"lock_sha256", "environment", "libraries", "code", "files"} <= set(first["run"])


def forge(folder, change):
    """Change the only part of a study, and its record with it, as somebody would who knows how they are made."""
    (part,) = (folder / "parts").iterdir()
    forged = change(parts.read(part))
    part.unlink()
    write_part(folder / "parts", "runs-000000", forged)
    path = folder / "record.json"
    record = json.loads(path.read_text())
    record["run"]["files"] = file_hashes(folder, (".lock",))
    if "digest" in forged.column_names:
        record["run"]["runs"] = all_runs(
            dict(zip(forged["run"].to_pylist(), forged["digest"].to_pylist(), strict=True))
        )
    record["hash"] = content_hash(record["run"])
    path.write_text(json.dumps(record))


def with_first_changed(table, name):
    """A table whose first row has another number in a column."""
    values = table[name].to_pylist()
    values[0] = [value + 1 for value in values[0]] if isinstance(values[0], list) else values[0] + 1
    return table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type))


def _only_notes(path, before):
    """Whether the byte lies in the part of the record that holds times and places."""
    return path.name == "record.json" and before.index(b'"notes"') < len(before) // 3


class TestNumbers:
    def test_the_interval_covers_as_often_as_it_says_in_small_samples(self):
        rng = np.random.default_rng(1)
        resamples = Resamples(10)
        hits = 0
        for _ in range(400):
            _, low, high = resamples.interval(rng.normal(1.0, 1.0, 10))
            hits += low <= 1.0 <= high
        assert 0.92 < hits / 400 < 0.98

    def test_few_pairs_give_no_interval(self):
        mean, low, high = Resamples(3).interval(np.array([1.0, 2.0, 3.0]))
        assert mean == 2
        assert np.isnan([low, high]).all()
        assert FEWEST > 3

    def test_quantiles_tend_to_the_usual_ones(self):
        assert expanded(100_000) == pytest.approx((0.025, 0.975), abs=1e-4)
        assert expanded(6)[0] < 0.01

    def test_the_gain_of_pairing_is_the_ratio_of_variances(self):
        rng = np.random.default_rng(2)
        shared, own = rng.normal(size=(2, 20_000))
        assert pairing_gain(shared, shared + 0.1 * own) == pytest.approx((1 + 1.01) / 0.01, rel=0.1)
        assert np.isnan(pairing_gain(shared, shared))

    def test_ranks_share_ties_and_follow_the_direction(self):
        levels = np.array([[1.0, 2.0, 1.0]] * 8)
        lower = ranks(levels, True, Resamples(8))
        assert list(lower["rank"]) == [1.5, 3, 1.5]
        assert list(lower["best"]) == [0.5, 0, 0.5]
        assert list(ranks(levels, False, Resamples(8))["rank"]) == [2.5, 1, 2.5]


class TestDryRun:
    def test_it_says_runs_time_and_disk(self, monkeypatch):
        monkeypatch.setenv("STUDY_MARKET_SLEEP", "0.2")
        found = estimate(Study.load(compare_study()), workers=2, model_class=StudyMarket)
        assert found["runs"] == 24
        assert 0.2 <= found["seconds_a_run"] < 0.8
        assert found["hours"] == pytest.approx(24 * found["seconds_a_run"] / 2 / 3600, abs=1e-3)
        assert 0 < found["bytes_a_run"] < 20_000
        assert found["enough_disk"]

    def test_disk_is_about_what_the_study_then_takes(self, comparison):
        found = estimate(Study.load(compare_study(compare={"thresholds": [1e6]})), workers=1, model_class=StudyMarket)
        real = sum(path.stat().st_size for path in (comparison.folder / "parts").iterdir()) / comparison.runs
        assert real / 4 < found["bytes_a_run"] < real * 4


def test_tables_of_an_answer_are_read_back(comparison):
    effects = comparison.results.answer("effects")
    pd.testing.assert_frame_equal(effects, comparison.answer.tables["effects"], check_dtype=False)
    with pytest.raises(RequestError, match="known: cost_effectiveness, cost_per, effects"):
        comparison.results.answer("efects")
