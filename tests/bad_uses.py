"""A hundred and more bad uses: what a person types or a machine does wrong, and the line that must come of it.

In a line {things} is a folder of files that are at hand (tests/bad_places.py), {archive} the archive. `where` names what is
the matter with that archive; `env` what stands in the environment. Exit statuses: docs/operations.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LONG = "x" * 5000
NOT_TEXT = "caf\udce9"  # Latin-1 where UTF-8 is expected, as Python hands it on


@dataclass(frozen=True)
class Use:
    """A command line (or its words), its exit status, and what the line says of it."""

    line: str | tuple[str, ...]
    status: int
    says: str
    where: str = "sound"
    env: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        line = self.line if isinstance(self.line, str) else " ".join(self.line)
        where = "" if self.where == "sound" else f" [{self.where}]"
        given = "".join(f"{name}={value} " for name, value in self.env.items())
        return ascii(f"{given}{line}{where}")[1:90]


# What is no option, no word and no number of these.
WORDS = (
    Use("crawl", 2, "Name one outlet, as in: scrapy crawl menafn"),
    Use("crawl menafn courier", 2, "Name one outlet"),
    Use("crawl menafn -a limit=0", 2, "limit=0 is not a number of pages; try -a limit=10"),
    Use("crawl menafn -a limit=many", 2, "limit=many is not a number of pages"),
    Use("crawl menafn -a since=2026-02-30", 2, "since=2026-02-30 is not a day; write it as 2026-01-31"),
    Use("crawl menafn -a url=javascript:alert(1)", 2, "is not the address of a page; it begins with https://"),
    Use("crawl menafn -a origin=menafn.com", 2, "origin=menafn.com is not the address of a site; it begins with https://"),
    Use("crawl menafn -a origin=ftp://menafn.com/", 2, "origin=ftp://menafn.com/ is not the address of a site"),
    Use("crawl menafn -a origin=http://[::1", 2, "origin=http://[::1 is not the address of a site"),
    Use("crawl menafn -a colour=red", 2, "colour=… is not known; a crawl takes url, limit, since and origin"),
    Use("fetch https://menafn.com/", 0, "Nothing is fetched but by a run, which keeps it: scrapy crawl OUTLET -a url=URL"),
    Use("crawl menafn --limit 3", 2, "There is no option '--limit'; is it -a limit=…?"),
    Use("crawl menafn -a limit", 2, "use -a NAME=VALUE"),
    Use("crawl menafn -o x.papyrus", 2, "Unrecognized output format 'papyrus'"),
    Use("crawl menafn -o x.json -O y.json", 2, "only one of -o/--output and -O"),
    Use("search", 2, "Say what to search for, as in: scrapy search harbour ferry"),
    Use("search --outlte gazette ferry", 2, "There is no option '--outlte'; is it --outlet?"),
    Use("search ferry --frobnicate=3", 2, "There is no option '--frobnicate'; -h shows all"),
    Use("search ferry --limit -5", 2, "--limit: '-5' is no whole number from 1 to"),
    Use("search ferry --limit ten", 2, "--limit: 'ten' is no whole number"),
    Use("search ferry --limit 1e9", 2, "--limit: '1e9' is no whole number"),
    Use("search ferry --limit 99999999999999999999", 2, "is no whole number from 1 to 1,000,000"),
    Use("search ferry --outlet", 2, "--outlet: expected one argument"),
    Use("search ferry --language ''", 2, "--language is empty; leave it away, or give it a value"),
    Use("search ferry --s 2026-01-31", 2, "ambiguous option: --s could match --set, --since"),
    Use("rebuild --chekc", 2, "There is no option '--chekc'; is it --check?"),
    Use("rebuild everything", 2, "It takes no words, only options, and was given 'everything'"),
    Use("refeed menafn", 2, "It takes no words, only options, and was given 'menafn'"),
    Use("refeed --dry-run", 2, "There is no option '--dry-run'"),
    Use("doctor please", 2, "It takes no words"),
    Use("archive", 2, "Write: scrapy archive sync SRC DST, or scrapy archive du"),
    Use("archive burn {archive}", 2, "Write: scrapy archive sync SRC DST"),
    Use("catalogue burn", 2, "Write: scrapy catalogue sync"),
    Use("ask papyrus", 2, "Name a kind of question: page, feed, sitemap"),
    Use("browse --port 99999", 2, "--port: '99999' is no whole number from 0 to 65,535"),
    Use("browse --host ''", 2, "--host is empty"),
    Use("diagnose gazette --days 0", 2, "--days: '0' is no whole number from 1 to"),
    Use("diagnose gazette --days 99999999", 2, "--days: '99999999' is no whole number"),
    Use("diagnose gazette --pages 99999999999999999999", 2, "is no whole number"),
    Use("explain", 2, "Name one page: a file, or a URL that the archive holds"),
    Use("explain {things}/empty --status ok", 2, "--status: 'ok' is no whole number from 100 to 999"),
    Use("export", 2, "Name a format (jsonl, csv, parquet, markdown, epub, atom, wacz)"),
    Use("fleet", 2, "Name outlets, or --all"),
    Use("fleet --all --every nan", 2, "--every: 'nan' is no number from 0 to 1,000,000"),
    Use("fleet --all --every 1e300", 2, "--every: '1e300' is no number"),
    Use("fleet menafn --scheduler localhost", 2, "'localhost' is no address of a scheduler; write it as tcp://host:8786"),
    Use("fleet menafn --scheduler tcp://localhost:99999", 2, "is no address of a scheduler"),
    Use("forget https://gazette.example/1", 2, "Name one URL, and the reason: scrapy forget URL --reason TEXT"),
    Use("forget https://gazette.example/1 --reason ' '", 2, "--reason is empty"),
    Use("forget javascript:alert(1) --reason x", 2, "'javascript:alert(1)' is no address of a page"),
    Use("ingest", 2, "Name WARC files, as in: scrapy ingest"),
    Use("ingest {things}/words.txt --workers 1e9", 2, "--workers: '1e9' is no whole number from 0 to 1,024"),
    Use("merge 69b0a3", 2, "Name two articles: scrapy merge ID ID"),
    Use("quarantine burn 6", 2, "scrapy quarantine show ID, or scrapy quarantine release ID"),
    Use("quarantine show -1", 2, "Write: scrapy quarantine"),
    Use("quarantine show 99999999999999999999", 2, "Write: scrapy quarantine"),
    Use("quarantine --limit 0", 2, "--limit: '0' is no whole number from 1 to"),
    Use("reextract --workers -1", 2, "--workers: '-1' is no whole number from 0 to 1,024"),
    Use("split", 2, "Name one article: scrapy split ID"),
    Use("story", 2, "Write: scrapy story ID, or scrapy story --diff ID ID"),
)

# Days that there are not, and what nobody has heard of.
NAMES = (
    Use("search ferry --since 2026-02-30", 2, "--since: '2026-02-30' is no day of the years 1970 to 2999; write it as 2026-01-31"),
    Use("export jsonl --until 9999-12-31", 2, "'9999-12-31' is no day of the years 1970 to 2999"),
    Use("search ferry --since 2026-12-31 --until 2026-01-01", 2, "--since 2026-12-31 is after --until 2026-01-01"),
    Use("quarantine --since yesterday", 2, "'yesterday' is no day"),
    Use("report --week 2026-W60", 2, "'2026-W60' is no week; write it as 2026-W05"),
    Use("report --week 9999-W52", 2, "'9999-W52' is no week"),
    Use("report --month 2026-13", 2, "'2026-13' is no month; write it as 2026-01"),
    Use("report --month 9999-12", 2, "'9999-12' is no month"),
    Use("report --since 2026-03-01 --until 2026-02-01", 2, "2026-03-01 is after 2026-02-01"),
    Use("report --since 1990-01-01", 2, "ten years are the most"),
    Use("crawl nowhere", 2, "There is no outlet 'nowhere'; there are: menafn."),
    Use("crawl menafm", 2, "There is no outlet 'menafm'; is it menafn?"),
    Use("crawl ../menafn", 2, "There is no outlet '../menafn'"),
    Use("discover nowhere", 2, "There is no outlet 'nowhere'"),
    Use("discover file:///etc/passwd", 2, "'file:///etc/passwd' is not the address of a page; it begins with https://"),
    Use("discover menafn --origin nowhere", 2, "origin=nowhere is not the address of a site"),
    Use("fleet nowhere", 2, "There is no outlet 'nowhere'"),
    Use("schedule nowhere", 2, "There is no outlet 'nowhere'"),
    Use("status gazete", 2, "There is no outlet 'gazete'; is it gazette?"),
    Use("diagnose nowhere", 2, "There is no outlet 'nowhere'; there are: courier, gazette, menafn."),
    Use("search ferry --outlet ../../etc", 2, "There is no outlet '../../etc'"),
    Use("export csv --outlet gazete", 2, "There is no outlet 'gazete'; is it gazette?"),
    Use("export wacz --outlet ../x --to {things}/new.wacz", 2, "There is no outlet '../x'"),
    Use("quarantine --outlet nowhere", 2, "There is no outlet 'nowhere'"),
    Use("refeed --outlet nowhere", 2, "There is no outlet 'nowhere'"),
    Use("reextract --outlet nowhere", 2, "There is no outlet 'nowhere'"),
    Use("ingest {things}/words.txt --outlet ../x", 2, "'../x' cannot be the name of an outlet: use a-z, 0-9 and hyphens"),
    Use("addoutlet ../x https://news.example/", 2, "'../x' is no name of an outlet: small letters"),
    Use("addoutlet menafn https://news.example/", 2, "There is an outlet 'menafn' already; it is not overwritten"),
    Use("addoutlet new news.example", 2, "'news.example' is not the address of a page"),
    Use("addoutlet new https://news.example/ --out {things}/none", 5, "none cannot be written: there is no such folder"),
    Use("search ferry --kind papyrus", 2, "--kind: invalid choice: 'papyrus' (choose from 'new', 'copy'"),
    Use("quarantine --kind papyrus", 2, "--kind: invalid choice: 'PAPYRUS' (choose from 'ARTICLE'"),
    Use("export papyrus", 2, "Name a format (jsonl, csv"),
    Use("export jsonl --permits resale", 2, "--permits: invalid choice: 'resale' (choose from 'ai'"),
    Use("reextract --engine spark", 2, "--engine: invalid choice: 'spark' (choose from 'local', 'dask')"),
    Use("story 42", 2, "There is no article '42' in the catalogue; give the id of an article, six digits of it at least, or its URL"),
    Use("story ../../etc/passwd", 2, "There is no article '../../etc/passwd'"),
    Use("story --diff https://gazette.example/1 nobody", 2, "There is no article 'nobody'"),
    Use("merge https://gazette.example/1 nobody", 2, "There is no article 'nobody'"),
    Use("split %", 2, "There is no article '%'"),
    Use("quarantine release 999", 2, "There is no capture 999 in the archive; `scrapy quarantine` lists"),
    Use("quarantine release 1", 2, "Capture 1 does not lie in quarantine: kept"),
    Use("explain https://news.example/9", 2, "no capture of https://news.example/9. Fetch it: scrapy crawl OUTLET -a url="),
    Use("explain http://[::1", 2, "'http://[::1' is no address of a page"),
    Use("search zeppelin", 1, "Nothing found for 'zeppelin'."),
)

# One against the other.
CONTRADICTIONS = (
    Use("export wacz --query ferry --to {things}/new.wacz", 2, "--query chooses articles; a WACZ file holds captures"),
    Use("export wacz --until 2026-01-31 --to {things}/new.wacz", 2, "--until chooses articles"),
    Use("export wacz --no-terms --to {things}/new.wacz", 2, "--no-terms chooses articles"),
    Use("report --week 2026-W05 --month 2026-01", 2, "Name days, a week or a month: one of them"),
    Use("report --html {things}/new.html --json", 2, "--html and --json: one of them"),
    Use("fleet menafn --all", 2, "Name outlets, or --all"),
    Use("fleet menafn --scheduler tcp://127.0.0.1:1 --workers 2", 2, "--workers is for a cluster on this machine"),
    Use("reextract --scheduler tcp://127.0.0.1:1", 2, "--scheduler is for --engine dask"),
    Use("schedule --out {things}/units", 2, "--out goes with --systemd"),
    Use("story --diff https://gazette.example/1", 2, "scrapy story --diff ID ID"),
    Use("verify --mend {things}/cut.warc.gz", 2, "--mend and --deep are for the whole archive"),
    Use("archive sync {archive} {archive}/", 2, "SRC and DST are the same place"),
    Use("archive sync {archive} file://{archive}/copy", 2, "one of SRC and DST lies in the other; name a place outside"),
)

# Files and folders that are not what they should be.
FILES = (
    Use("export jsonl --out {things}", 5, "cannot be written: it is no file; name one in it"),
    Use("export jsonl --out {things}/pipe", 5, "pipe cannot be written: it is no file; name one"),
    Use("export jsonl --out {things}/none/x.jsonl", 5, "cannot be written: there is no folder"),
    Use("export jsonl --out ''", 2, "--out/--to: it is empty; name a file or folder"),
    Use("export jsonl --out {things}/datapackage.json", 2, "is the description that is written beside an export"),
    Use("export csv --out {things}/folder/x.csv", 2, "datapackage.json is no data package"),
    Use(("export", "csv", "--out", LONG), 5, "cannot be written: File name too long"),
    Use("export wacz --to {things}/words.txt", 2, "words.txt exists and is not overwritten; name another with --to"),
    Use("export wacz --to {things}/none/x.wacz", 5, "cannot be written: there is no folder"),
    Use("report --html {things}/none/x.html", 5, "cannot be written: there is no folder"),
    Use("schedule --systemd --out {things}/words.txt", 5, "words.txt cannot be written (File exists); name another folder"),
    Use("explain {things}/none.html", 2, "cannot be read: No such file or directory. Name a file, or a URL"),
    Use("explain {things}", 2, "cannot be read: Is a directory"),
    Use("ingest {things}/none.warc.gz", 1, "none.warc.gz: No such file or directory"),
    Use("ingest {things}", 1, "Is a directory"),
    Use("ingest {things}/empty", 1, "empty: it is empty; was it downloaded whole?"),
    Use("ingest {things}/words.txt", 1, "it is no WARC file: it begins neither with WARC/ nor as gzip"),
    Use("ingest {things}/packed.warc.zst", 1, "it is compressed with zstd; unpack it first: zstd -d"),
    Use("ingest https://data.example/x.warc.gz", 2, "download it first; files and s3://bucket/key are read"),
    Use("ingest ftp://data.example/x.warc.gz", 2, "download it first"),
    Use("ingest s3://bucket", 1, "name an object as s3://bucket/key"),
    Use("verify {things}/none.warc.gz", 2, "none.warc.gz: No such file or directory"),
    Use("verify {things}", 2, "Is a directory"),
    Use("verify warc/none.warc.gz", 2, "warc/none.warc.gz is not in the archive"),
    Use("archive sync {things}/none {things}/copy", 5, "none holds no archive"),
    Use("archive sync '' {things}/copy", 5, "'' is no archive: set NEWS_ARCHIVE_URI to a path, file:///path or s3://bucket/prefix"),
    Use("archive sync {archive} {things}/words.txt", 5, "words.txt is not a folder"),
    Use("crawl menafn --logfile {things}/none/log", 2, "none/log cannot be written: there is no such folder"),
    Use("search ferry --pidfile {things}/none/pid", 2, "none/pid cannot be written: No such file or directory"),
)

# Letters that are none, and too many of them.
LETTERS = (
    Use(("search", NOT_TEXT), 2, "'caf\\udce9', an argument, is no text in UTF-8; rename the file, or set LANG=C.UTF-8"),
    Use(("search", "ferry", "--outlet", NOT_TEXT), 2, "--outlet, is no text in UTF-8"),
    Use(("forget", f"https://gazette.example/{NOT_TEXT}", "--reason", "x"), 2, "is no text in UTF-8"),
    Use(("export", "jsonl", "--out", f"{{things}}/{NOT_TEXT}.jsonl"), 2, "--out/--to, is no text in UTF-8"),
    Use(("explain", "a\nb\x1b[2J"), 2, "'a\\nb\\x1b[2J' cannot be read"),
    Use(("explain", "https://gazette.example/a\nb\x1b[2J"), 2, "no capture of https://gazette.example/a b\ufffd[2J"),
    Use(("ingest", "{things}/a\nb"), 1, "a b: No such file or directory"),
    Use(("forget", "x\x1b[2J\ny", "--reason", "x"), 2, "'x\\x1b[2J\\ny' is no address of a page"),
    Use(("search", LONG), 1, f"Nothing found for '{'x' * 60}…'."),
    Use(("search", "ferry", "--outlet", LONG), 2, f"There is no outlet '{'x' * 60}…'"),
    Use(("explain", LONG), 2, "cannot be read: File name too long"),
    Use(("ingest", LONG), 1, "x: File name too long"),
    Use(("search", '* OR "'), 1, "Nothing found for '* OR \"'."),
)

# Settings, given with -s or in the environment.
SETTINGS = (
    Use("crawl menafn -s NEWS_RETRIES=often", 2, "NEWS_RETRIES=often: a whole number is asked for; left away it is 2"),
    Use("crawl menafn -s NEWS_RETRIE=3", 2, "There is no setting 'NEWS_RETRIE'; is it NEWS_RETRIES?"),
    Use("crawl menafn -s NEWS_WORKERS=-1", 2, "NEWS_WORKERS=-1: a whole number from 0 to 1,024 is asked for"),
    Use("crawl menafn -s NEWS_OBEY_ROBOTS=maybe", 2, "NEWS_OBEY_ROBOTS=maybe: 1 or 0 is asked for; left away it is True"),
    Use("crawl menafn -s DOWNLOAD_DELAY=nan", 2, "DOWNLOAD_DELAY=nan: a number is asked for"),
    Use("crawl menafn -s NEWS_REVISITS=soon", 2, "NEWS_REVISITS: 'soon' is no age; write minutes, hours and days as 30m 3h 1d"),
    Use("crawl menafn -s NEWS_RETRIES", 2, "use -s NAME=VALUE"),
    Use("crawl menafn --loglevel LOUD", 2, "'LOUD' is no level of the log (NEWS_LOG_LEVEL, --loglevel); there are CRITICAL"),
    Use("search ferry", 2, "'LOUD' is no level of the log", env={"NEWS_LOG_LEVEL": "LOUD"}),
    Use("search ferry", 2, "NEWS_DELAY=abc: a number from 0 to 1,000,000 is asked for", env={"NEWS_DELAY": "abc"}),
    Use("search ferry", 2, "NEWS_DELAY=-1: a number from 0", env={"NEWS_DELAY": "-1"}),
    Use("search ferry", 2, "NEWS_REVISIT_SHARE=nan: a number from 0", env={"NEWS_REVISIT_SHARE": "nan"}),
    Use("search ferry", 2, "NEWS_WORKERS=1e999: a number from 0 to 1,024", env={"NEWS_WORKERS": "1e999"}),
    Use("crawl menafn", 2, "'1w' is no age", env={"NEWS_REVISITS": "1w"}),
    Use("crawl menafn", 2, "NEWS_ALLOW_ADDRESSES: '127.0.0.0/99'", env={"NEWS_ALLOW_ADDRESSES": "127.0.0.0/99"}),
    Use("discover menafn", 2, "NEWS_ALLOW_ADDRESSES: 'all'", env={"NEWS_ALLOW_ADDRESSES": "all"}),
    Use("addoutlet new https://news.example/", 2, "NEWS_ALLOW_ADDRESSES: 'all'", env={"NEWS_ALLOW_ADDRESSES": "all"}),
    Use("search ferry", 5, "is empty; `scrapy rebuild` makes it again", env={"NEWS_CATALOGUE": "{things}/empty"}),
    Use("search ferry", 5, "There is no catalogue", env={"NEWS_CATALOGUE": "{things}/none.sqlite"}),
    Use("crawl menafn", 5, "words.txt cannot be used (file is not a database)", env={"NEWS_CATALOGUE": "{things}/words.txt"}),
    Use("crawl menafn", 5, "words.txt is not a folder: name one with NEWS_SPOOL", env={"NEWS_SPOOL": "{things}/words.txt"}),
    Use("verify", 5, "'' is no archive: set NEWS_ARCHIVE_URI to a path", env={"NEWS_ARCHIVE_URI": ""}),
    Use("verify", 5, "'gs://bucket/news' is no archive", env={"NEWS_ARCHIVE_URI": "gs://bucket/news"}),
    Use("verify", 5, "'s3://[bucket' is no archive", env={"NEWS_ARCHIVE_URI": "s3://[bucket"}),
    Use("verify", 5, "is named by three slashes: file:///host/news", env={"NEWS_ARCHIVE_URI": "file://host/news"}),
    Use("verify", 2, "NEWS_ARCHIVE_URI, is no text in UTF-8", env={"NEWS_ARCHIVE_URI": NOT_TEXT}),
    Use("search ferry", 5, "is no archive", env={"NEWS_ARCHIVE_URI": "file:"}),
)

_S3 = {"NEWS_ARCHIVE_URI": "s3://bucket/news", "NEWS_CATALOGUE": "{things}/s3.sqlite", "NEWS_SPOOL": "{things}/s3-spool"}
_KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
_AWAY = {**_S3, **_KEYS, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
S3 = (
    Use("verify", 5, "no credentials: set AWS_ACCESS_KEY_ID", env={**_S3, "HOME": "/none", "AWS_EC2_METADATA_DISABLED": "true"}),
    Use("crawl menafn", 5, "the server cannot be reached: check AWS_ENDPOINT_URL_S3 and the network", env=_AWAY),
    Use("verify", 5, "Invalid endpoint: nowhere; the AWS_ variables", env={**_AWAY, "AWS_ENDPOINT_URL_S3": "nowhere"}),
    Use("verify", 5, 'Invalid bucket name "Bad!"', env={**_AWAY, "NEWS_ARCHIVE_URI": "s3://Bad!/news"}),
    Use("verify", 5, "needs a bucket: set NEWS_ARCHIVE_URI to s3://bucket/prefix", env={**_AWAY, "NEWS_ARCHIVE_URI": "s3:///x"}),
)

# What is the matter with the archive.
_NONE = ("story 69b0a3", "merge 69b0a3 424545", "split 69b0a3", "quarantine", "refeed", "reextract", "report", "status", "browse",
         "search x", "diagnose gazette", "export csv", "export wacz --to {things}/new.wacz",
         "explain https://gazette.example/1")  # fmt: skip
ARCHIVES = (
    *(Use(line, 5, "There is no catalogue", where="none") for line in _NONE),
    *(Use(line, 5, "holds no archive: check NEWS_ARCHIVE_URI", where="none") for line in (
        "rebuild", "rebuild --check", "catalogue sync", "verify", "archive du", "forget https://gazette.example/1 --reason x")),
    Use("crawl menafn", 5, "is not a folder: set NEWS_ARCHIVE_URI to a folder", where="a file"),
    Use("rebuild", 5, "holds no archive", where="a file"),
    Use("rebuild", 5, "holds no archive", where="another folder"),
    Use("forget https://gazette.example/1 --reason x", 5, "holds no archive", where="another folder"),
    Use("quarantine", 5, "There is no catalogue", where="another folder"),
    Use("crawl menafn", 5, "(file is not a database). If it is damaged, move it away", where="catalogue is text"),
    Use("explain https://gazette.example/1", 5, "(file is not a database)", where="catalogue is text"),
    Use("search ferry", 5, "(database disk image is malformed)", where="catalogue is cut"),
    Use("report", 5, "cannot be opened (unable to open database file)", where="catalogue is a folder"),
    Use("rebuild", 5, "catalogue.sqlite cannot be made (unable to open database file)", where="catalogue is a folder"),
    Use("story 69b0a3", 5, "is empty; `scrapy rebuild` makes it again", where="catalogue is empty"),
    Use("crawl menafn", 5, "has schema 99, this version of Cleancopy knows", where="catalogue of a newer version"),
    Use("browse", 5, "Update Cleancopy, or move the file away and run `scrapy rebuild`", where="catalogue of a newer version"),
    Use("crawl menafn", 5, "is a database of something else, and was left alone", where="another database"),
    Use("search ferry", 5, "is a database of something else", where="another database"),
    *(Use(line, 5, "malformed; `scrapy doctor` looks at it, `scrapy rebuild` makes it again", where="catalogue is damaged")
      for line in ("crawl menafn", "quarantine", "refeed", "reextract", "diagnose gazette", "search ferry")),
    Use("rebuild --check", 5, "cannot be made (database disk image is malformed)", where="catalogue is damaged"),
    Use("verify", 5, "cleancopy.json is damaged", where="marker is damaged"),
    Use("crawl menafn", 5, "has archive format 7, this version reads 1: upgrade Cleancopy", where="newer format"),
    Use("fleet --all", 5, "has archive format 7", where="newer format"),
    Use("archive sync {archive} {things}/copy", 5, "has archive format 7", where="newer format"),
    Use("explain https://gazette.example/5", 5, "record is cut; run `scrapy verify warc/", where="WARC is cut"),
    Use("quarantine show 6", 5, "record is cut; run `scrapy verify warc/", where="WARC is cut"),
    Use("export wacz --to {things}/new.wacz", 5, "cut off within this record; run `scrapy verify warc/", where="WARC is cut"),
    Use("rebuild", 5, "cut gzip; run `scrapy verify ledger/", where="ledger is cut"),
    Use("forget https://gazette.example/1 --reason x", 5, "cut gzip; run `scrapy verify ledger/", where="ledger is cut"),
    *(Use(line, 5, "Read-only file system", where="read-only disk") for line in (
        "crawl menafn", "ingest {things}/sound.warc.gz", "rebuild", "refeed", "forget https://gazette.example/1 --reason x",
        "merge https://gazette.example/1 https://gazette.example/2", "verify --mend", "export jsonl --out {archive}/x.jsonl",
        "report --html {archive}/x.html", "schedule --systemd --out {archive}/units", "archive sync {sound} {archive}/../copy",
    )),
    *(Use(line, 5, "the disk is full", where="full disk") for line in ("crawl menafn", "ingest {things}/sound.warc.gz")),
)  # fmt: skip

USES = WORDS + NAMES + CONTRADICTIONS + FILES + LETTERS + SETTINGS + S3 + ARCHIVES
