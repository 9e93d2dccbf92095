# SPDX-License-Identifier: EUPL-1.2
"""What an installation found, for a notebook: every table as a pandas frame, a CSV or a Parquet file."""

from __future__ import annotations

from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from klantreis.errors import SettingsError
from klantreis.settings import Settings, load

if TYPE_CHECKING:
    import pandas as pd


WORDS = "words"


class Data:
    """The closed days of an installation, all by default; made by `klantreis.open_data`.

    Every frame is as it may leave the house: see `analysis.exports`.
    """

    def __init__(self, settings: Settings, first: date | None = None, last: date | None = None) -> None:
        from analysis.day_tables import closed_days

        self._settings = settings
        known = closed_days(settings.tables) if settings.tables.exists() else []
        self.days = [day for day in known if (first or day) <= day <= (last or day)]
        if not self.days:
            raise SettingsError(
                f"There is no closed day in {settings.data}"
                + (" between those dates" if first or last else "")
                + ". Close what was recorded with: klantreis close, or bring some with: klantreis demo --once"
            )

    def names(self) -> list[str]:
        """The names that `table` and `save` know."""
        from analysis.exports import NAMES

        return [*NAMES, WORDS]

    def table(self, name: str, *, reader: str = "pm4py") -> pd.DataFrame:
        """A table by its name; `reader` names the columns of the event log. Raises `TableError`."""
        from analysis.exports import EVENT_LOG, LOSTNESS, Reader, event_log, exported, lost_ways, needed

        if name == EVENT_LOG:
            return event_log(self._read("questions"), self._read("moves"), Reader(reader))
        if name == LOSTNESS:
            return lost_ways(self._read("questions"), self._read("moves"))
        if name == WORDS:
            return self.words()
        return exported(name, {each: self._read(each) for each in needed(name)})

    def sessions(self) -> pd.DataFrame:
        """One row per session; columns as in `analysis.tables.SESSIONS`."""
        return self.table("sessions")

    def questions(self) -> pd.DataFrame:
        """One row per question; columns as in `analysis.tables.QUESTIONS`."""
        return self.table("questions")

    def moves(self) -> pd.DataFrame:
        """One row per step within a question; columns as in `analysis.tables.MOVES`."""
        return self.table("moves")

    def event_log(self, reader: str = "pm4py") -> pd.DataFrame:
        """What was done in every question, as pm4py or retentioneering reads it."""
        return self.table("event-log", reader=reader)

    def lostness(self) -> pd.DataFrame:
        """How much further than needed each question that was answered went."""
        return self.table("lostness")

    def words(self) -> pd.DataFrame:
        """What at least five visitors typed or brought; only while the archive has the events."""
        from analysis.journeys import from_archive, words
        from tracker.archive_reader import days

        archived = days(self._settings.archive) if self._settings.archive.exists() else []
        wanted = [day for day in archived if day in self.days]
        if not wanted:
            raise SettingsError(
                f"The archive in {self._settings.data} has no events of those days any more, and day tables "
                "hold no words of residents."
            )
        return words(from_archive(self._settings.archive, wanted, sites=self._settings.registry()))

    def save(self, name: str, path: Path | str, *, form: str | None = None, reader: str = "pm4py") -> Path:
        """Write a table as CSV or Parquet, whichever `form` or else the end of the file's name says."""
        from analysis.exports import as_csv, as_parquet

        path = Path(path)
        form = form or path.suffix.removeprefix(".")
        if form not in ("csv", "parquet"):
            raise SettingsError(f"{path} ends in neither .csv nor .parquet. Give it one of those.")
        frame = self.table(name, reader=reader)
        content = as_csv(frame).encode() if form == "csv" else as_parquet(frame)
        try:
            path.write_bytes(content)
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be written ({error.strerror}). Give a file in a folder that you may write."
            ) from None
        return path

    def _read(self, name: str) -> pd.DataFrame:
        from analysis.day_tables import read

        return read(self._settings.tables, name, self.days)

    def __repr__(self) -> str:
        return f"klantreis data of {self._settings.data}: {len(self.days)} days to {self.days[-1]}"

    def _repr_html_(self) -> str:
        asked, names = self.questions(), ", ".join(f"<code>{name}</code>" for name in self.names())
        return (
            f"<p>{escape(repr(self))}. Tables: {names}.</p>"
            f"<p>{len(asked)} questions; the first of them:</p>{asked.head(5).to_html(index=False)}"
        )


def open_data(data: Path | str = "var", first: date | None = None, last: date | None = None) -> Data:
    """The closed days of the installation in a data folder. Raises `SettingsError` where there is none."""
    return Data(load(Path(data)), first, last)
