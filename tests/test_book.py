import re
from collections import Counter

import pytest
import yaml
from pybtex.database import parse_file

from helpers.runner.book import BUILT, page_sources
from helpers.runner.project import NOTEBOOKS, ROOT

# What a browser fetches by itself; a link that a reader may follow is not among it.
FETCHED = re.compile(r"""(?:<(?:script|img|iframe|source)[^>]+src|<link[^>]+href)=["'](https?:)?//""")
STYLED = re.compile(r"""(?:@import\s+(?:url\()?|url\()["']?(https?:)?//""")


def test_every_page_of_the_contents_has_a_source():
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    listed = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    generated = {"agenda", "data_catalogue", "flagship_datasets", "how_right_how_fast", "run_times"}
    for name in set(listed) - generated:
        folder = NOTEBOOKS.parent if name.startswith("notebooks/") else ROOT / "book"
        assert list(folder.glob(f"{name}.*")), name


def test_every_notebook_is_in_the_contents():
    contents = (ROOT / "book" / "_toc.yml").read_text()
    assert all(path.stem in contents for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def test_the_book_depends_on_its_pages_and_its_style():
    names = {path.name for path in page_sources()}
    assert {"_config.yml", "_toc.yml", "glossary.md", "compendium.css", "agenda.yml"} <= names


@pytest.mark.skipif(not BUILT.is_dir(), reason="the book is not built")
def test_no_page_fetches_anything_from_elsewhere():
    for page in (BUILT / "_build" / "html").rglob("*.html"):
        assert not FETCHED.search(page.read_text(encoding="utf-8")), page.name
    for style in (BUILT / "_build" / "html").rglob("*.css"):
        assert not STYLED.search(style.read_text(encoding="utf-8")), style.name


def test_every_part_of_the_glossary_is_sorted_and_no_word_stands_twice():
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    parts = re.findall(r"^```\{glossary\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert parts and all(part.startswith(":sorted:\n") for part in parts)
    words = [word.lower() for part in parts for word in re.findall(r"^[^\s:].*$", part, re.MULTILINE)]
    assert max(Counter(words).values()) == 1


def test_no_work_is_listed_twice_and_no_two_are_cited_alike():
    works = parse_file(ROOT / "book" / "references.bib").entries.values()
    titles = Counter(re.sub(r"\W", "", work.fields["title"].lower()) for work in works)
    assert max(titles.values()) == 1
    people = [tuple(str(person) for person in work.persons["author"]) for work in works]
    firsts = [names if len(names) < 3 else names[:1] for names in people]
    cited = Counter(zip(firsts, [work.fields["year"] for work in works], strict=True))
    assert [words for words, n in cited.items() if n > 1] == []


def test_references_are_listed_by_author():
    assert ":style: plain" in (ROOT / "book" / "bibliography.md").read_text(encoding="utf-8")
