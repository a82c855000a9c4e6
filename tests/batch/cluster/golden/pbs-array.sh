#!/bin/bash
# The nights of a study as an array of PBS, from psgpipe's template pbs.sh.tmpl.
# Element I does shard I of 3. The number is written here: where only some elements are
# sent again, it must stay the same, or other nights would be done.
#PBS -N psgpipe
#PBS -S /bin/bash
#PBS -J 1-3%5
#PBS -j oe
#PBS -o /data/study/out/cluster/logs/
#PBS -l select=1:ncpus=2:mem=4096mb
#PBS -l walltime=02:00:00
#PBS -r y
#PBS -q long
#PBS -A sleep

# Before the end of the wall time PBS sends TERM: psgpipe drops the nights in hand and ends.
psgpipe=
trap '[ -n "$psgpipe" ] && kill -USR1 "$psgpipe"' USR1
trap '[ -n "$psgpipe" ] && kill -TERM "$psgpipe"' TERM

psgpipe batch \
  /data/study/study.tsv \
  -o /data/study/out \
  --shard "${PBS_ARRAY_INDEX:-1}/3" -j2 --pipeline=standard-night --timeout=3600 --no-figures &
psgpipe=$!

# A signal ends a wait, not psgpipe: the script waits until psgpipe has ended.
while wait "$psgpipe"; code=$?; kill -0 "$psgpipe" 2> /dev/null; do :; done

# Some nights failed (8), which is no fault of this job: psgpipe gather names them.
[ "$code" -eq 8 ] && exit 0
exit "$code"
