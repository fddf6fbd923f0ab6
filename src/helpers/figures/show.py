"""Show a figure with all that must go with it: caption, alt text, its data, and the synthetic mark."""

from __future__ import annotations

import base64
import re
from html import escape
from io import BytesIO

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from helpers.display import MARK, Formats, csv_link, emit, mark, table_html
from helpers.figures.style import FAINT, readable
from helpers.sources.store import Store

DPI = 200  # twice the pixels of a screen, so that it stays sharp when enlarged or printed


def show(
    fig: Figure,
    caption: str,
    alt: str,
    data: pd.DataFrame,
    store: Store | None,
    formats: Formats | None = None,
) -> None:
    """Show a figure as one output that stands on its own.

    Parameters
    ----------
    fig : matplotlib Figure
    caption : str
    alt : str
        What the figure shows, for people who can't see it; `alt_text` writes one from the data.
    data : pandas.DataFrame
        The numbers in the figure: shown one click away, with a link to save them as CSV.
    store : Store
        Where the numbers come from. On synthetic data the mark is shown, and burnt into the image.
    formats : dict of column name to format, optional
        For the table of data; see `helpers.display.format_frame`.
    """
    if store is not None and store.synthetic:
        _burn_in_mark(fig)
    image = f'<img src="{_image(fig)}" alt="{escape(alt)}" style="max-width: 100%">'
    details = (
        '<details class="csc-data"><summary>Data behind this figure</summary>\n'
        f"{table_html(data, formats)}\n{csv_link(data, _file_name(caption))}</details>"
    )
    html = (
        f'<figure class="csc-figure">{mark(store)}{image}\n'
        f"<figcaption>{escape(caption)}</figcaption>\n{details}</figure>"
    )
    emit(html, f"{caption}\n{alt}")


def _burn_in_mark(fig: Figure) -> None:
    """Write the mark below everything that is drawn, a legend or a key outside the axes among it."""
    FigureCanvasAgg(fig).draw()
    fig.set_layout_engine("none")  # all stays where it was laid out
    for legend in fig.legends:  # it would move down with the edge of the image, which grows by the mark
        legend.set_bbox_to_anchor((0, 0, 1, 1), fig.transFigure)
    below = (fig.get_tightbbox().y0 - 0.06) / fig.get_figheight()
    fig.text(1, below, MARK, ha="right", va="top", fontsize=7, color=readable(FAINT))


def _image(fig: Figure) -> str:
    """Return the figure as a data URI, and free it. With 256 colours it takes a quarter of the room."""
    drawn, file = BytesIO(), BytesIO()
    fig.savefig(drawn, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.1)
    plt.close(fig)
    few = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(file, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _file_name(caption: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", caption.lower()).strip("-")[:60].rstrip("-") or "data"
