"""All rules of the CIN Census; importing this module registers them.

Left out: 100 (the reference date is what the collection year is taken from, so it cannot disagree with it).
"""

from helpers.sources.rules import cin_assessment, cin_child, cin_plans, cin_referral

__all__ = ["cin_assessment", "cin_child", "cin_plans", "cin_referral"]
