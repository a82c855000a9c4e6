#!/bin/bash
# Treatment against baseline, from psgpipe's template pbs-after.sh.tmpl.
# psgpipe submit sends it to wait for the array (-W depend=afterany), however that ends.
#PBS -N psgpipe-compare
#PBS -S /bin/bash
#PBS -j oe
#PBS -o /data/study/out/cluster/logs/
#PBS -l select=1:ncpus=1:mem=2049mb
#PBS -l walltime=00:30:00
#PBS -q long
#PBS -A sleep

psgpipe compare /data/study/out --spec /data/study/spec.toml --no-figures
