#!/bin/bash
# Treatment against baseline, from psgpipe's template slurm-after.sh.tmpl.
# psgpipe submit sends it to wait for the array (--dependency=afterany), however that ends.
#SBATCH --job-name=psgpipe-compare
#SBATCH --output="/data/study/out/cluster/logs/compare-%j.log"
#SBATCH --open-mode=append
#SBATCH --cpus-per-task=1
#SBATCH --mem=2049M
#SBATCH --time=00:30:00
#SBATCH --partition=long
#SBATCH --account=sleep

psgpipe compare /data/study/out --spec /data/study/spec.toml --no-figures
