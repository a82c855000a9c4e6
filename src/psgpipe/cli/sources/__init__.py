"""Commands about other sources of the same nights: diary and actigraphy."""
