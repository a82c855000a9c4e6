"""What travels through psgpipe: small frozen values, numpy only."""
