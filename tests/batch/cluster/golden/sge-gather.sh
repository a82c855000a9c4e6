#!/bin/bash
# The table of all nights, nights.tsv, from psgpipe's template sge-after.sh.tmpl.
# psgpipe submit sends it to wait for the array (-hold_jid), however that ends.
#$ -N psgpipe-gather
#$ -S /bin/bash
#$ -j y
#$ -o /data/study/out/cluster/logs/
#$ -l mem_free=2049M
#$ -l h_rt=00:30:00
#$ -q long
#$ -P sleep

psgpipe gather /data/study/out --no-figures
