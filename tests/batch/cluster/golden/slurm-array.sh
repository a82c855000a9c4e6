#!/bin/bash
# The nights of a study as an array of Slurm, from psgpipe's template slurm.sh.tmpl.
# Element I does shard I of 3. The number is written here: the one that Slurm tells is
# another where only some elements are sent again, and other nights would be done.
#SBATCH --job-name=psgpipe
#SBATCH --array=1-3%5
#SBATCH --output="/data/study/out/cluster/logs/%A_%a.log"
#SBATCH --open-mode=append
#SBATCH --cpus-per-task=2
#SBATCH --mem=4096M
#SBATCH --time=02:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --partition=long
#SBATCH --account=sleep

most_requeues=3

# Two minutes before the end comes USR1: psgpipe finishes the nights in hand and ends with 75.
psgpipe=
trap '[ -n "$psgpipe" ] && kill -USR1 "$psgpipe"' USR1
trap '[ -n "$psgpipe" ] && kill -TERM "$psgpipe"' TERM

psgpipe batch \
  /data/study/study.tsv \
  -o /data/study/out \
  --shard "$SLURM_ARRAY_TASK_ID/3" -j2 --pipeline=standard-night --timeout=3600 --no-figures &
psgpipe=$!

# A signal ends a wait, not psgpipe: the script waits until psgpipe has ended.
while wait "$psgpipe"; code=$?; kill -0 "$psgpipe" 2> /dev/null; do :; done

case $code in
  8) # Some nights failed, which is no fault of this job: psgpipe gather names them.
    exit 0 ;;
  75 | 138) # Try again: out of time, or the disk is full. (138: USR1 came before psgpipe had begun.)
    if [ "${SLURM_RESTART_COUNT:-0}" -lt "$most_requeues" ]; then
      scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && exit 0
    fi ;;
esac
exit "$code"
