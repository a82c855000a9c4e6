"""The sources of scorings: texts, rows, XML, and the numbers and times in them."""
