"""Publishing: from coroutines with `publish` and `emit`, from ordinary views with `PUBLISHER`."""

import asyncio
import threading

import nats
from django.conf import settings
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import PubAck
from pydantic import BaseModel

from .contracts import Contract, write

ATTEMPTS = 4


async def connect() -> Client:
    """A connection that comes back by itself."""
    servers = settings.NATS_URL.split(",")
    return await nats.connect(servers, name="django-scheduler", max_reconnect_attempts=-1)


async def publish(client: Client, contract: Contract, event: BaseModel, body: bytes | None = None) -> PubAck:
    """Stores an event and returns the stream's receipt; its id makes a second try the same event."""
    headers = {"Nats-Msg-Id": contract.message_id(event)}
    attempt = 1
    while True:
        try:
            return await client.jetstream().publish(
                contract.subject_of(event),
                body or write(event),
                timeout=5,
                stream=contract.stream,
                headers=headers,
            )
        except (NatsTimeout, NoRespondersError):
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(0.2 * 2**attempt)
            attempt += 1


async def emit(client: Client, contract: Contract, event: BaseModel, body: bytes | None = None) -> None:
    """Sends an ephemeral event to whoever listens now."""
    await client.publish(contract.subject_of(event), body or write(event))


class Publisher:
    """One connection for all threads of a web worker, on an event loop in a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None

    def publish(self, contract: Contract, event: BaseModel, timeout: float = 30) -> PubAck:
        """Stores an event; returns once the stream has it."""
        loop, client = self._connected(timeout)
        return asyncio.run_coroutine_threadsafe(publish(client, contract, event), loop).result(timeout)

    def _connected(self, timeout: float) -> tuple[asyncio.AbstractEventLoop, Client]:
        # Not at import: a web server forks its workers after that, and threads do not survive a fork.
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="nats", daemon=True).start()
            if self._client is None:
                self._client = asyncio.run_coroutine_threadsafe(connect(), self._loop).result(timeout)
            return self._loop, self._client


PUBLISHER = Publisher()
