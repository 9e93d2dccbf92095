# SPDX-License-Identifier: EUPL-1.2
"""Files that a team already has, read into the archive.

`opened` reads any file in bounded memory, `intake` and `side_table` write what came of it: once for each
content, and on from where an interrupted import stopped. Each kind of file has a module that knows what its
records mean; `account` says what became of every record.
"""
