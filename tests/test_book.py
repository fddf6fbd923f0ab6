import re

import pytest
import yaml

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
