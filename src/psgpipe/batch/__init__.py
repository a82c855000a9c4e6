"""Many nights: worker pool, resources, stop signals."""
