#!/bin/bash
# The nights of a study as an array of Grid Engine, from psgpipe's template sge.sh.tmpl.
# Element I does shard I of 3. The number is written here: the one that Grid Engine tells
# (SGE_TASK_LAST) is another where only some elements are sent again, and other nights would be done.
#$ -N psgpipe
#$ -S /bin/bash
#$ -t 1-3
#$ -tc 5
#$ -j y
#$ -o /data/study/out/cluster/logs/
#$ -pe smp 2
#$ -l mem_free=4096M
#$ -l s_rt=01:58:00,h_rt=02:00:00
#$ -r y
#$ -q long
#$ -P sleep

most_restarts=3
restarts=/data/study/out/cluster/logs/$JOB_ID.$SGE_TASK_ID.restarts

# At s_rt comes USR1: psgpipe finishes the nights in hand and ends with 75.
psgpipe=
trap '[ -n "$psgpipe" ] && kill -USR1 "$psgpipe"' USR1
trap '[ -n "$psgpipe" ] && kill -TERM "$psgpipe"' TERM

psgpipe batch \
  /data/study/study.tsv \
  -o /data/study/out \
  --shard "$SGE_TASK_ID/3" -j2 --pipeline=standard-night --timeout=3600 --no-figures &
psgpipe=$!

# A signal ends a wait, not psgpipe: the script waits until psgpipe has ended.
while wait "$psgpipe"; code=$?; kill -0 "$psgpipe" 2> /dev/null; do :; done

case $code in
  8) # Some nights failed, which is no fault of this job: psgpipe gather names them.
    exit 0 ;;
  75 | 138) # Try again: out of time, or the disk is full. Exit code 99 puts the element back.
    echo again >> "$restarts"
    if [ "$(wc -l < "$restarts")" -le "$most_restarts" ]; then exit 99; fi ;;
esac
exit "$code"
