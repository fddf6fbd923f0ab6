"""Canonical tables of places: authorities, their populations and neighbours, small areas and schools."""

from helpers.catalogue.base import Date, Flag, Number, Table, Text, Whole, code, field, key, key_code
from helpers.catalogue.children_in_need import AUTHORITY

NEIGHBOURHOOD = "small area (LSOA, about 1,500 people)"
YEAR = "year of the mid-year estimate, 30 June"


class Authorities(Table):
    """One row per authority with children's services.

    Source: Office for National Statistics and Department for Education lists. Boundaries and codes
    change: the row holds the authority as it is in the last year of the store.
    """

    authority: Text = key(AUTHORITY)
    name: Text = field("name")
    region: Text = code("region", "region of England")
    kind: Text = code("authority_kind", "kind of authority")
    ons_code: Text = field("nine-character code of the Office for National Statistics")


class Populations(Table):
    """One row per authority, year, age and sex: children living there.

    Source: Office for National Statistics, mid-year estimates; revised after each census.
    """

    authority: Text = key(AUTHORITY)
    year: Whole = key(YEAR)
    age: Whole = key("age in whole years, 0 to 24")
    sex: Text = key_code("sex", "M or F")
    people: Whole = field("people")


class NeighbourhoodPopulations(Table):
    """One row per small area, year and ethnic group: children under 18.

    Source: Office for National Statistics. By ethnic group there is a count in census years only; what
    lies between is modelled.
    """

    neighbourhood: Text = key(NEIGHBOURHOOD)
    year: Whole = key(YEAR)
    ethnicity: Text = key_code("ethnicity", "granular ethnicity code")
    children: Number = field("children under 18; not whole where modelled")


class Neighbourhoods(Table):
    """One row per small area.

    Source: English indices of deprivation 2019. Rank 1 and decile 1 = most deprived.
    """

    neighbourhood: Text = key(NEIGHBOURHOOD)
    authority: Text = field(AUTHORITY)
    imd_decile: Whole = field("decile of multiple deprivation, 1 = most deprived tenth of England")
    idaci_score: Number = field("share of children in income-deprived families, 0 to 1")
    idaci_decile: Whole = field("decile of that share, 1 = most deprived")
    rural: Flag = field("rural")


class Postcodes(Table):
    """One row per postcode.

    Source: Office for National Statistics postcode directory.
    """

    postcode: Text = key("postcode")
    neighbourhood: Text = field(NEIGHBOURHOOD)
    easting: Number = field("kilometres east of the grid's origin")
    northing: Number = field("kilometres north of it")


class StatisticalNeighbours(Table):
    """One row per authority and each of its ten statistical neighbours.

    Source: Department for Education's local authority interactive tool. The list was drawn anew in 2025.
    """

    authority: Text = key(AUTHORITY)
    rank: Whole = key("1 = the closest, to 10")
    neighbour: Text = field("authority that is the neighbour")
    closeness: Text = code("closeness", "how close")


class LowIncomeFamilies(Table):
    """One row per authority and financial year: children in families with low income.

    Source: Department for Work and Pensions, children in low income families, local area statistics.
    """

    authority: Text = key(AUTHORITY)
    year: Whole = key("financial year, named by the year it ends in")
    children: Whole = field("children under 16 in relatively low income, before housing costs")
    share: Number = field("of all children under 16, 0 to 1")


class PublishedIndicators(Table):
    """One row per authority, year and published indicator.

    Source: statistical releases of the Department for Education, and its local authority interactive
    tool. A value may be missing because it was suppressed.
    """

    authority: Text = key(AUTHORITY)
    year: Whole = key("year of the figure, named by the year it ends in")
    indicator: Text = key("name of the indicator")
    value: Number = field("value; empty where suppressed or not available")
    symbol: Text = code("statistics_symbol", "why there is no value")


class Schools(Table):
    """One row per school or college.

    Source: register of schools (GIAS). A school that becomes an academy gets a new number.
    """

    urn: Text = key("number of the school")
    authority: Text = field(AUTHORITY)
    kind: Text = code("school_kind", "kind of school")
    phase: Text = code("school_phase", "phase of education")
    opened: Date = field("day it opened under this number")
    closed: Date = field("day it closed; empty while open")
    predecessor: Text = field("number before it became an academy")
    judgement: Text = code("judgement", "latest overall judgement of Ofsted")
    pupils: Whole = field("pupils on roll")
