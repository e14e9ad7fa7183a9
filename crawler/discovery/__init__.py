"""Bytes that an outlet answered -> what it announces: feeds, sitemaps, listing pages. Pure: no network, no clock."""
