"""All rules of the SSDA903; importing this module registers them.

Left out, because they need what a return does not hold: the Ofsted register of providers (218 to 224, 227 to
230, 1008), distances and authorities of placement worked out from postcodes (164, 169, 179, 392a, 398, 406,
411, 420, 452 to 454, 503G to 503J, 1015).
"""

from helpers.sources.rules import ssda903_episodes, ssda903_fields, ssda903_other

__all__ = ["ssda903_episodes", "ssda903_fields", "ssda903_other"]
