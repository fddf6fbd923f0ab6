"""Canonical tables on how the official files were received: what came, what was set aside, what disagreed.

A store made from official files holds them beside the data, so that every record read can be accounted for.
"""

from helpers.catalogue.base import Table, Text, Whole
from helpers.catalogue.base import field as item  # some columns here are themselves called field and key
from helpers.catalogue.base import key as identifier


class Returns(Table):
    """One row per return and official table: how many records were read, accepted and set aside.

    accepted + quarantined = read, and accepted - superseded of them stand in the store.
    """

    return_no: Whole = identifier("running number of the return in this store, in order of import")
    table: Text = identifier("table of the official file")
    collection: Text = item("cin or ssda903")
    authority: Text = item("three-digit code of the authority that made the return")
    year: Whole = item("collection year, named by the year it ends in")
    file: Text = item("file, or folder of files, the return was read from")
    checksum: Text = item("checksum of the files; the same return is not imported twice")
    read: Whole = item("records in the file")
    accepted: Whole = item("records that became rows")
    quarantined: Whole = item("records that could not become rows, each in `quarantine`")
    superseded: Whole = item("accepted records that a record of another return with the same key replaced")
    unread: Whole = item("pieces of the file that could not be made a record, each in `quarantine`")


class Quarantine(Table):
    """One row per record, value or piece of a file that was set aside.

    Kind "record": the record is in no table. Kind "value": the record is, with this value left empty.
    Kind "unread": a piece of the file that could not be made a record.
    """

    collection: Text = item("cin or ssda903")
    year: Whole = item("collection year, named by the year it ends in")
    authority: Text = item("three-digit code of the authority that made the return")
    file: Text = item("file it stands in")
    table: Text = item("table of the official file")
    record: Whole = item("line of a CSV file, or number of the record in an XML file")
    child: Text = item("the authority's own number for the child")
    kind: Text = identifier("record, value or unread")
    field: Text = item("field of the official file; several are separated by commas")
    value: Text = item("what stands there")
    rule: Text = identifier("short name of the reason")
    reason: Text = item("the reason in words")


class Conflicts(Table):
    """One row per value that another return gave differently, and which of the two is kept."""

    authority: Text = identifier("three-digit code of the authority that made the returns")
    child_id: Text = identifier("the authority's own number for the child")
    table: Text = identifier("canonical table")
    key: Text = item("what identifies the row within the child")
    field: Text = identifier("column of the canonical table")
    kept: Text = item("value in the store; empty when the later return leaves it empty")
    dropped: Text = item("value of the other return")
    kept_year: Whole = item("collection year of the return that gave the kept value")
    dropped_year: Whole = item("collection year of the return that gave the dropped value")
    rule: Text = item("later-year, later-file or cin-before-ssda903")
