#!/bin/bash
# Treatment against baseline, from psgpipe's template sge-after.sh.tmpl.
# psgpipe submit sends it to wait for the array (-hold_jid), however that ends.
#$ -N psgpipe-compare
#$ -S /bin/bash
#$ -j y
#$ -o /data/study/out/cluster/logs/
#$ -l mem_free=2049M
#$ -l h_rt=00:30:00
#$ -q long
#$ -P sleep

psgpipe compare /data/study/out --spec /data/study/spec.toml --no-figures
