"""One foreign thing each; the only importers of mne, yasa, pandas, matplotlib and edfio."""
