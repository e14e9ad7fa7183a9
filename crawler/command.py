"""What the commands have in common: what is asked for is looked at before anything begins, and what a person or a machine
does wrong ends in one line and an exit status (docs/operations.md)."""

from __future__ import annotations

import argparse
import difflib
import errno
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings, Settings

from crawler.arguments import ArgumentError, fault_of_setting, shown
from crawler.console import NoOutput, complain, flush, one_line, open_streams
from crawler.engine import EngineError
from crawler.interrupts import as_interrupts
from crawler.opening import catalogue_path
from storage.archive import ArchiveError
from storage.catalogue.rulings import UnknownArticle
from storage.catalogue.schema import CatalogueError, OutletBusy

Add = Callable[..., argparse.Action]
"""`add_argument` of a parser."""
_NUMBER = re.compile(r"-[0-9.]")
# What is wrong with a machine and not with the program.
_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EIO}


class CheckedCommand(ScrapyCommand):
    """A command that says what it does in `work`, and in `interrupted` what has become of it after Ctrl-C.

    `usage`, `short` and `long` are what -h says of it. `takes_words`: whether it has arguments that are no options. `meant`: what
    people write for an option, and what it is here.
    """

    usage = ""
    short = ""
    long = ""
    requires_project = True
    requires_crawler_process = False
    takes_words = True
    meant: ClassVar[Mapping[str, str]] = {}
    interrupted = "Interrupted."
    settings: Settings
    _parser: argparse.ArgumentParser

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        self._parser = parser
        self.options(parser.add_argument)

    def options(self, add: Add) -> None:
        """The options that it has of its own."""

    def syntax(self) -> str:
        return self.usage

    def short_desc(self) -> str:
        return self.short

    def long_desc(self) -> str:
        return self.long or self.short

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look at all that was given. UsageError."""
        open_streams()
        as_interrupts()
        try:
            self._check_words(args)
            _check_options(opts, self._parser)
            _check_settings(opts.set, self.settings)
            super().process_options(args, opts)
            _check_log(self.settings, opts)
        except UsageError as error:
            raise UsageError(one_line(str(error)), print_help=error.print_help) from None
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from error

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self.work(args, opts)
            flush()
        except UsageError as error:
            raise UsageError(one_line(str(error)), print_help=error.print_help) from None
        except (ArchiveError, CatalogueError, NoOutput) as error:
            self.fail(5, str(error))
        except (ArgumentError, UnknownArticle) as error:
            self.fail(2, str(error))
        except EngineError as error:
            self.fail(1, str(error))
        except OutletBusy as error:
            self.fail(6, str(error))
        except sqlite3.Error as error:
            self.fail(5, f"The catalogue {catalogue_path(self.settings)} cannot be used: {explained(error)}.")
        except OSError as error:
            if error.errno not in _OF_THE_MACHINE:
                raise
            self.fail(5, f"{error.filename or 'A file'} cannot be used: {error.strerror}.")
        except KeyboardInterrupt:
            self.fail(130, self.interrupted)

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        """What the command does; sets `exitcode` where it is not 0."""
        raise NotImplementedError

    def fail(self, status: int, line: str) -> None:
        """A line on standard error, and the exit status."""
        complain(line)
        self.exitcode = status

    def _check_words(self, args: list[str]) -> None:
        """Options that nobody knows come as words; those behind `--` are words, whatever they look like."""
        behind = args.index("--") if "--" in args else len(args)
        for word in args[:behind]:
            if word.startswith("-") and word != "-" and not _NUMBER.match(word):
                name = word.partition("=")[0]
                known = [option for action in self._parser._actions for option in action.option_strings]
                known += self.meant
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
                advice = f"is it {self.meant.get(near[0], near[0])}?" if near else "-h shows all"
                raise UsageError(f"There is no option {shown(name)}; {advice}")
        del args[behind : behind + 1]
        if args and not self.takes_words:
            raise UsageError(f"It takes no words, only options, and was given {shown(args[0])}; -h shows all")
        for word in args:
            _check_text(word, "an argument")


def explained(error: sqlite3.Error) -> str:
    """What SQLite says of a catalogue -> that, and what to do."""
    if getattr(error, "sqlite_errorname", "").startswith("SQLITE_FULL"):
        return f"{error}; make room, nothing is half written"
    return f"{error}; `scrapy doctor` looks at it, `scrapy rebuild` makes it again"


def _check_options(opts: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        value, name = getattr(opts, action.dest, None), "/".join(action.option_strings)
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str | Path):
                _check_text(str(text), name)
        if isinstance(value, str) and not value.strip() and value != action.default:
            raise UsageError(f"{name} is empty; leave it away, or give it a value")


def _check_text(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{shown(text)}, {name}, is no text in UTF-8; rename the file, or set LANG=C.UTF-8") from None


def _check_settings(given: list[str], settings: BaseSettings) -> None:
    """What -s gives, and what stands in the environment."""
    for each in given:
        name, equals, text = each.partition("=")
        if equals and (fault := fault_of_setting(name, text, settings)):
            raise UsageError(fault)
    for name in settings:
        if name.startswith("NEWS_") and isinstance(settings[name], str):
            _check_text(settings[name], name)


def _check_log(settings: BaseSettings, opts: argparse.Namespace) -> None:
    """Scrapy opens the log, and asks for its level, before a command begins."""
    level = settings["LOG_LEVEL"]
    known = logging.getLevelNamesMapping()
    if isinstance(level, str) and level not in known and not level.isdecimal():
        levels = ", ".join(name for name in known if name not in ("WARN", "FATAL", "NOTSET"))
        raise UsageError(f"{shown(level)} is no level of the log (NEWS_LOG_LEVEL, --loglevel); there are {levels}")
    for file in (settings["LOG_FILE"], opts.profile):
        if file and (Path(file).is_dir() or not os.access(Path(file).absolute().parent, os.W_OK)):
            raise UsageError(f"{file} cannot be written: there is no such folder, or it may not be written to")
