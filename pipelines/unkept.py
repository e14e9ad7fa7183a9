"""What is not kept as a story -> its ending: a page that is no article, or an answer that did not come whole."""

from __future__ import annotations

from storage.records import Ending, Failure, Outcome, Page


def unkept(run: str, item: Page | Failure, sequence: int) -> Ending:
    """Id of the run, a page that is no article or a failure, and its number -> its ending: quarantined or failed."""
    if isinstance(item, Failure):
        return Ending(
            sequence=sequence,
            run=run,
            lead=item.lead,
            url=item.url,
            fetched_at=item.fetched_at,
            outcome=Outcome.FAILED,
            status=item.status,
            error=item.error,
            address=item.address,
        )
    capture = item.capture
    return Ending(
        sequence=sequence,
        run=run,
        lead=capture.lead,
        url=capture.url,
        fetched_at=capture.fetched_at,
        outcome=Outcome.QUARANTINED,
        status=capture.status,
        kind=item.kind,
        evidence=item.evidence,
        address=capture.address,
        headline=item.title,
        language=item.language,
        rights=capture.rights,
    )
