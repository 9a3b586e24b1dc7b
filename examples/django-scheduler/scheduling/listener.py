"""Listens on a durable consumer: reads, handles, acknowledges, tries again later, or buries in the dead letters."""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from pydantic import BaseModel, ValidationError

from .contracts import Contract

log = logging.getLogger(__name__)

# pydantic's words for a value of the right type that breaks a constraint; everything else is no such event at all.
CONSTRAINTS = ("string_too", "string_pattern", "greater_than", "less_than", "too_short", "too_long")


class Retry(Exception):
    """Not now: deliver it again."""


@dataclass
class Delivery:
    """An event and where it comes from."""

    event: BaseModel
    attempt: int
    sequence: int


@dataclass
class Report:
    """What became of the deliveries."""

    handled: int = 0
    retried: int = 0
    dead_lettered: int = 0


@dataclass
class Listener:
    """One event of one durable. Service, durable and retries are those of the contracts."""

    client: Client
    contract: Contract
    service: str
    durable: str
    handler: Callable[[Delivery], Awaitable[None]]
    max_attempts: int = 5
    first_delay: float = 1
    max_delay: float = 300
    concurrency: int = 8
    report: Report = field(default_factory=Report)

    async def run(self, stop: asyncio.Event) -> Report:
        """Handles deliveries until `stop`; what is at work then is finished first."""
        # Reads the durable, never makes it: operators own streams and durables (`event-contracts streams apply`).
        subscription = await self.client.jetstream().pull_subscribe_bind(self.durable, self.contract.stream)
        # Word for word as the server says it: part of the dead letters' ids, the same in every replica.
        about = await self.client.request(f"$JS.API.CONSUMER.INFO.{self.contract.stream}.{self.durable}", timeout=5)
        self.created = json.loads(about.data)["created"]
        while not stop.is_set():
            try:
                batch = await subscription.fetch(self.concurrency, timeout=1)
            except TimeoutError:
                # Nothing was there. nats-py's own error for it is one of these.
                continue
            except NoRespondersError:
                # A leader is being elected.
                await asyncio.sleep(0.5)
                continue
            async with asyncio.TaskGroup() as group:
                for message in batch:
                    group.create_task(self._process(message))
        await subscription.unsubscribe()
        # The acknowledgements are with the server now.
        await self.client.flush()
        return self.report

    async def _process(self, message: Msg) -> None:
        try:
            await self._decide(message)
        except Exception:
            # Nothing was settled (the connection went, say): after the durable's ack_wait it is delivered again.
            log.exception("%s: delivery was not settled", self.durable)

    async def _decide(self, message: Msg) -> None:
        attempt = message.metadata.num_delivered
        message_id = (message.headers or {}).get("Nats-Msg-Id")
        if message_id and message_id.partition(":")[0] != self.contract.name:
            return await self._bury(message, "contradiction", f"the message id names another event: {message_id}")
        try:
            event = self.contract.read(message.data)
        except ValidationError as error:
            return await self._bury(message, *cause_of(error))
        try:
            await self.handler(Delivery(event, attempt, message.metadata.sequence.stream))
        except Exception as error:
            if not isinstance(error, Retry):
                log.exception("%s: handler failed", self.durable)
            if attempt >= self.max_attempts:
                return await self._bury(message, "attempts", str(error))
            delay = min(self.max_delay, self.first_delay * 2 ** (attempt - 1)) * random.uniform(0.8, 1.2)
            self.report.retried += 1
            return await message.nak(delay=delay)
        await message.ack()
        self.report.handled += 1

    async def _bury(self, message: Msg, cause: str, detail: str) -> None:
        """Stored first, acknowledged then: a crash between the two buries it once more, and the id makes that one."""
        sequence = message.metadata.sequence.stream
        headers = {
            "Nats-Msg-Id": f"dead:{self.contract.stream}:{self.durable}:{self.created}:{sequence}",
            "Dead-Letter-Reason": cause,
            "Dead-Letter-Detail": " ".join(detail.split())[:512],
            "Dead-Letter-Stream": self.contract.stream,
            "Dead-Letter-Consumer": self.durable,
            "Dead-Letter-Sequence": str(sequence),
            "Dead-Letter-Attempts": str(message.metadata.num_delivered),
            "Dead-Letter-Time": message.metadata.timestamp.isoformat().replace("+00:00", "Z"),
        }
        if message_id := (message.headers or {}).get("Nats-Msg-Id"):
            headers["Dead-Letter-Msg-Id"] = message_id
        subject = f"dead_letters.{self.service}.{message.subject}"
        await self.client.jetstream().publish(subject, message.data, stream="DEAD_LETTERS", headers=headers)
        await message.ack()
        self.report.dead_lettered += 1


def cause_of(error: ValidationError) -> tuple[str, str]:
    """The word and the sentence of a dead letter. Never quotes what was sent."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    invalid = all(problem["type"].startswith(CONSTRAINTS) for problem in problems)
    detail = "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['type']}" for problem in problems)
    return ("invalid" if invalid else "undecodable", detail)
