"""Results on disk: the folder of a night, its manifest, and the files of a study."""
