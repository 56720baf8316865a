"""Plays a simulation live: the story's days one after the other, at a rate or in the story's own rhythm."""

import asyncio
from collections.abc import Callable

from shared.kernel.clock import midnight_ms
from upswing.simulate.company import Company
from upswing.simulate.files import Tally
from upswing.simulate.request import Request
from upswing.simulate.send import Pace, Sender, Sent
from upswing.simulate.telling import accounts_of, simulation_of
from upswing.simulate.truth import encode

Told = Callable[[Sent], None]
TELL_EVERY = 500


async def play_live(
    request: Request,
    sender: Sender,
    *,
    rate: float,
    day_seconds: float | None,
    seconds: float | None,
    told: Told = lambda _sent: None,
) -> tuple[Sent, bytes]:
    """Send the story until it ends or the time is over; return what became of it, and the truth of the days begun."""
    company, tally = Company(request), Tally()
    pace = Pace(rate, day_seconds, midnight_ms(request.first_day))
    days = company.days()
    bad = []
    async with sender:
        while (arrivals := await asyncio.to_thread(next, days, None)) is not None:
            bad += [encode(row) for row in tally.add(arrivals)]
            for at_ms, _number, event, _bad in arrivals:
                if seconds is not None and sender.elapsed >= seconds:
                    break
                await sender.put(pace.due(at_ms), event)
                if sender.sent.sent % TELL_EVERY == 0:
                    told(sender.sent)
            else:
                continue
            break
    rows = [encode(simulation_of(request)), *bad, *(encode(row) for row in accounts_of(company))]
    return sender.sent, b"".join([*rows, encode(tally.totals(company))])
