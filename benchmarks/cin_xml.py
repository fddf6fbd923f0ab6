"""Times the reader of the CIN Census against the floor, a bare streaming parse with lxml, on a large file.

Run: python benchmarks/cin_xml.py --mb 100
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from pathlib import Path

from lxml import etree

from helpers.sources.checking import run_rules
from helpers.sources.cin import read_cin

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<Message>
  <Header>
    <CollectionDetails><Collection>CIN</Collection><Year>2024</Year><ReferenceDate>2024-03-31</ReferenceDate></CollectionDetails>
    <Source><SourceLevel>L</SourceLevel><LEA>501</LEA></Source>
  </Header>
  <Children>
"""  # noqa: E501
TAIL = "  </Children>\n</Message>\n"


def write_file(path: Path, megabytes: int, seed: int = 1) -> int:
    """Write a census file of about so many megabytes; return the number of children."""
    rng = random.Random(seed)
    children = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        while file.tell() < megabytes * 1_000_000:
            children += 1
            file.write(child(rng, children))
        file.write(TAIL)
    return children


def child(rng: random.Random, number: int) -> str:
    """Return one Child with one or two referrals."""
    cases = "".join(case(rng) for _ in range(rng.choice([1, 1, 1, 2])))
    birth = f"{rng.randint(2006, 2022)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"
    return f"""    <Child>
      <ChildIdentifiers>
        <LAchildID>C{number:09d}</LAchildID>
        <UPN>A{rng.randint(10**11, 10**12 - 1)}</UPN>
        <PersonBirthDate>{birth}</PersonBirthDate>
        <GenderCurrent>{rng.randint(1, 2)}</GenderCurrent>
      </ChildIdentifiers>
      <ChildCharacteristics>
        <Ethnicity>WBRI</Ethnicity>
        <Disabilities>
          <Disability>NONE</Disability>
        </Disabilities>
      </ChildCharacteristics>
{cases}    </Child>
"""


def case(rng: random.Random) -> str:
    """Return one CINdetails with an assessment, sometimes an enquiry and a plan."""
    day = f"1{rng.randint(0, 9)}"
    factors = "".join(
        f"            <AssessmentFactors>{n}B</AssessmentFactors>\n" for n in range(1, rng.randint(2, 6))
    )
    plan = PLAN if rng.random() < 0.3 else "        <ReferralNFA>false</ReferralNFA>\n"
    return f"""      <CINdetails>
        <CINreferralDate>2023-0{rng.randint(4, 9)}-{day}</CINreferralDate>
        <ReferralSource>1A</ReferralSource>
        <PrimaryNeedCode>N1</PrimaryNeedCode>
        <CINclosureDate>2024-02-{day}</CINclosureDate>
        <ReasonForClosure>RC7</ReasonForClosure>
        <Assessments>
          <AssessmentActualStartDate>2023-10-{day}</AssessmentActualStartDate>
          <AssessmentAuthorisationDate>2023-11-{day}</AssessmentAuthorisationDate>
          <FactorsIdentifiedAtAssessment>
{factors}          </FactorsIdentifiedAtAssessment>
        </Assessments>
{plan}      </CINdetails>
"""


PLAN = """        <Section47>
          <S47ActualStartDate>2023-10-02</S47ActualStartDate>
          <InitialCPCtarget>2023-10-20</InitialCPCtarget>
          <DateOfInitialCPC>2023-10-20</DateOfInitialCPC>
          <ICPCnotRequired>false</ICPCnotRequired>
        </Section47>
        <ReferralNFA>false</ReferralNFA>
        <ChildProtectionPlans>
          <CPPstartDate>2023-10-20</CPPstartDate>
          <InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>
          <LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>
          <NumberOfPreviousCPP>0</NumberOfPreviousCPP>
          <Reviews>
            <CPPreviewDate>2024-01-20</CPPreviewDate>
          </Reviews>
        </ChildProtectionPlans>
"""


def floor(path: Path) -> float:
    """Return the seconds of a bare streaming parse."""
    begun = time.perf_counter()
    for _, element in etree.iterparse(str(path), events=("end",), tag="Child", huge_tree=True):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return time.perf_counter() - begun


def main() -> None:
    """Print floor, reader, ratio, rules and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=100)
    size = parser.parse_args().mb
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cin.xml"
        children = write_file(path, size)
        least = min(floor(path) for _ in range(3))
        begun = time.perf_counter()
        ret = read_cin(path)
        reading = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        begun = time.perf_counter()
        found = run_rules(ret)
        rules = time.perf_counter() - begun
    ratio = reading / least
    print(
        f"{size} MB, {children:,} children: floor {least:.2f} s, reader {reading:.2f} s ({ratio:.1f} times)"
    )
    print(f"peak memory after reading {peak:,.0f} MB; all rules {rules:.1f} s, {len(found):,} findings")


if __name__ == "__main__":
    main()
