"""The published tables: file, first year, columns in their order, and which figures are shares of which."""

from __future__ import annotations

from typing import NamedTuple

from helpers.synth import export_published_sql as sql


class Published(NamedTuple):
    """A published table: its file, first year and query.

    names: columns that are the same in every row, with their value, or a text the query returns (None).
    counts: columns of counts, in the order of the file. shares: new column -> its count, the count it is a
    share of, factor (100 for per cent). columns: those that name the authority, in order. decimals: of
    shares. of_returns: whether it counts children in annual returns, so that an authority which made none is
    left out, and small counts are suppressed.
    """

    file: str
    first: int
    query: str
    names: dict[str, str | None]
    counts: list[str]
    shares: dict[str, tuple[str, str, int]]
    columns: list[str]
    decimals: int = 1
    of_returns: bool = True


_CODE_NAME = ["old_la_code", "new_la_code", "la_name"]
_NAME_CODE = ["old_la_code", "la_name", "new_la_code"]
_DURATIONS = ["3_months_or_less", "more_than_3_months_6_months", "more_than_6_months_less_than_1_year",
              "1_year_less_than_2_years", "2_years_or_more"]  # fmt: skip
_REFERRALS = ["referral_count", "rereferral_count", "no_further_action_count", "not_in_need_count",
              "referral_child_count", "rereferral_child_count"]  # fmt: skip
_IN_NEED = ["Anypoint_episodes", "Anypoint_child", "Started_episodes", "Started_child", "Ended_episodes",
            "Ended_child", "At31_episodes", "awaiting_assessment"]  # fmt: skip
_WORKFORCE = ["inpost_fte", "inpost_headcount", "starters_fte", "starters_headcount", "leavers_fte",
              "leavers_headcount", "turnover_rate_fte", "turnover_rate_headcount", "agency_fte",
              "agency_headcount", "agency_rate_fte", "agency_rate_headcount", "agency_cover_fte",
              "agency_cover_rate_fte", "vacancy_fte", "vacancy_rate_fte", "vacancy_agency_cover_rate_fte",
              "case_holders_fte", "cases", "caseload_fte", "working_days_lost_fte",
              "absence_rate_fte"]  # fmt: skip

TABLES = [
    Published("b1_children_in_need_2013_to_2025", 2013, sql.CHILDREN_IN_NEED,
              {"category": "Children in Need"}, _IN_NEED, {}, _CODE_NAME),
    Published("c1_children_in_need_referrals_and_rereferrals_2013_to_2025", 2013, sql.REFERRALS,
              {"category": "Referrals and Re-referrals"}, _REFERRALS,
              {"rereferral_percent": ("rereferral_count", "referral_count", 100),
               "no_further_action_percent": ("no_further_action_count", "referral_count", 100),
               "not_in_need_percent": ("not_in_need_count", "referral_count", 100),
               "rereferral_child_percent": ("rereferral_child_count", "referral_child_count", 100)},
              _CODE_NAME),
    Published("c3_factors_identified_at_end_of_assessment_2018_to_2025", 2018, sql.ASSESSED,
              {"category": "Factors identified at the end of assessment"},
              ["Episodes_with_assessment_factor", *sql.FACTOR_COLUMNS], {}, _CODE_NAME),
    Published("d3_cpps_subsequent_plan_2013_to_2025", 2013, sql.PLANS_STARTED,
              {"category": "Child Protection Plans which are a second or subsequent plan"},
              ["CPP_start", "CPP_subsequent"],
              {"CPP_subsequent_percent": ("CPP_subsequent", "CPP_start", 100)}, _CODE_NAME),
    Published("d5_cpps_at31march_by_duration_2013_to_2025", 2013, sql.PLANS_OPEN,
              {"category": "Child Protection Plans by length of time"}, ["CPP_At31", *_DURATIONS],
              {f"{name}_percent": (name, "CPP_At31", 100) for name in _DURATIONS}, _CODE_NAME),
    Published("cla_number_and_rate_per_10k_children", 2021, sql.LOOKED_AFTER, {"population_type": None},
              ["population_estimate", "children_count"],
              {"rate_per_10000": ("children_count", "population_estimate", 10_000)}, _NAME_CODE, decimals=0),
    Published("la_cla_placement_stability", 2021, sql.STABILITY,
              {"cla_group": None, "placement_stability": None}, ["children_count"],
              {"children_percent": ("children_count", "total", 100)}, _NAME_CODE, decimals=0),
    Published("la_cla_swcount", 2024, sql.SOCIAL_WORKERS_OF_CHILDREN,
              {"cla_group": None, "sw_stability": None}, ["number"],
              {"percentage": ("number", "total", 100)}, _NAME_CODE, decimals=0),
    Published("csww_indicators_2017_to_2025", 2017, sql.WORKFORCE, {}, _WORKFORCE,
              {"turnover_rate_fte": ("leavers_fte", "inpost_fte", 100),
               "turnover_rate_headcount": ("leavers_headcount", "inpost_headcount", 100),
               "agency_rate_fte": ("agency_fte", "workers_fte", 100),
               "agency_rate_headcount": ("agency_headcount", "workers_headcount", 100),
               "vacancy_rate_fte": ("vacancy_fte", "posts_fte", 100),
               "caseload_fte": ("cases", "case_holders_fte", 1),
               "absence_rate_fte": ("working_days_lost_fte", "days_fte", 100)}, _CODE_NAME, of_returns=False),
]  # fmt: skip
