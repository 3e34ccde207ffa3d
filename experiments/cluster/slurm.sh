#!/bin/bash
# A study on a SLURM cluster: one job holds the Dask scheduler, its workers, and the study itself.
#
#   sbatch experiments/cluster/slurm.sh experiments/studies/policy-ranking.yaml
#
# When the time limit comes first, hand in the same command again: the study goes on where it was. Change the number of
# tasks to taste; every task but two is a worker. ODM_ENV names the environment that has `odm` (with the extra
# `cluster`); the folder that the job is handed in from, and results/ in it, must be on a disk that all nodes share.

#SBATCH --job-name=odm-study
#SBATCH --ntasks=34
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=2G
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --output=odm-study-%j.log

set -euo pipefail

study=${1:?which study file}
environment=${ODM_ENV:-$PWD/.venv}
out=results/$(basename "${study%.*}")
work=results/.dask-${SLURM_JOB_ID:?run it with sbatch}
mkdir -p "$out" "$work"

export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1
export DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=10
export DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT=120s

srun --exact --ntasks=1 "$environment/bin/dask" scheduler \
    --scheduler-file "$work/scheduler.json" --no-dashboard &
scheduler=$!
srun --exact --ntasks=$((SLURM_NTASKS - 2)) "$environment/bin/dask" worker \
    --scheduler-file "$work/scheduler.json" --nthreads 1 --nworkers 1 \
    --no-dashboard --death-timeout 300 --local-directory "${TMPDIR:-/tmp}" &
workers=$!

for _ in $(seq 120); do
    [ -s "$work/scheduler.json" ] && break
    sleep 1
done

resume=()
[ -e "$out/study.json" ] && resume=(--resume)
status=0
"$environment/bin/odm" study "$study" --out "$out" "${resume[@]}" \
    --executor dask --scheduler "$work/scheduler.json" &
study_pid=$!
trap 'kill -TERM "$study_pid"' TERM
wait "$study_pid" || status=$?
wait "$study_pid" 2>/dev/null || true

kill "$workers" "$scheduler" 2>/dev/null || true
rm -rf "$work"
exit "$status"
