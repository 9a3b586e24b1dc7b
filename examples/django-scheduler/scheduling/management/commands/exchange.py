"""`manage.py exchange`: this project's part of `examples/demo.sh --polyglot`. Not something to copy.

Every language says something to every other one, as a newer publisher would: with a field and a value that nobody
knows yet. The report says who was heard.
"""

import asyncio
import json
import os
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

from django.core.management.base import BaseCommand, CommandError
from nats.js.api import ConsumerConfig, DeliverPolicy
from pydantic import ValidationError

from scheduling import bus
from scheduling.contracts import ORDER_PLACED, PROFILE_VIEWED, SCHEDULE_CREATED, partition, write

# Whom an event is from is in its user id.
LANGUAGES = {1001: "rust", 1002: "python", 1003: "javascript", 1004: "java"}
ME = uuid.UUID(int=1002)
TIMES = 5
NEWER = "carrier-pigeon"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """Speaks and listens once."""

    help = "Takes part in the polyglot demo."

    def handle(self, **options: object) -> None:
        """Runs, and prints the report."""
        self.stdout.write(json.dumps(asyncio.run(exchange())))


async def exchange() -> dict:
    check_vectors()
    client = await bus.connect()
    stored: Counter[str] = Counter()
    ephemeral: Counter[str] = Counter()

    go = asyncio.Event()

    async def on_schedule(message) -> None:
        try:
            schedule = SCHEDULE_CREATED.read(message.data)
        except ValidationError:
            # The demo also sends bodies that are no schedules; the listeners bury them.
            return
        language = LANGUAGES.get(schedule.user_id.int)
        if language and NEWER in [getattr(channel, "root", channel) for channel in schedule.channels]:
            stored[language] += 1

    async def on_view(message) -> None:
        view = PROFILE_VIEWED.read(message.data)
        language = LANGUAGES.get(view.user_id.int)
        if language and view.viewed_at.year == LONG_AGO.year:
            ephemeral[language] += 1

    async def on_cue(message) -> None:
        await message.respond(b"")
        if message.data == b"go":
            go.set()

    await client.jetstream().subscribe(
        SCHEDULE_CREATED.subject,
        stream=SCHEDULE_CREATED.stream,
        ordered_consumer=True,
        config=ConsumerConfig(deliver_policy=DeliverPolicy.NEW),
        cb=on_schedule,
    )
    await client.subscribe("profile.*.viewed", cb=on_view)
    await client.flush()
    await client.subscribe("polyglot.python", cb=on_cue)
    await asyncio.wait_for(go.wait(), 120)
    for number in range(1, TIMES + 1):
        await speak(client, number)

    deadline = time.monotonic() + 30
    while any(heard[language] < TIMES for heard in (stored, ephemeral) for language in LANGUAGES.values()):
        if time.monotonic() > deadline:
            raise CommandError(f"heard only stored {dict(stored)}, ephemeral {dict(ephemeral)}")
        await asyncio.sleep(0.05)
    await client.close()
    return {
        "service": "python",
        "published": {SCHEDULE_CREATED.name: TIMES, ORDER_PLACED.name: TIMES},
        "handled": {},
        "repeated": 0,
        "deadLettered": 0,
        "retried": 0,
        "abandoned": 0,
        "outOfOrder": 0,
        "heard": {"stored": stored, "ephemeral": ephemeral},
    }


async def speak(client, number: int) -> None:
    schedule = SCHEDULE_CREATED.model(
        schedule_id=uuid.uuid4(),
        user_id=ME,
        starts_at=datetime(2027, 1, 15, 8, tzinfo=UTC) + timedelta(seconds=number),
        channels=["sms", NEWER],
        note="From Python",
    )
    # The same one twice: stored once.
    first = await bus.publish(client, SCHEDULE_CREATED, schedule, newer(schedule))
    second = await bus.publish(client, SCHEDULE_CREATED, schedule, newer(schedule))
    if first.duplicate or not second.duplicate:
        raise CommandError("a message id was not recognised")

    view = PROFILE_VIEWED.model(user_id=ME, viewed_at=LONG_AGO + timedelta(seconds=number))
    await bus.emit(client, PROFILE_VIEWED, view, newer(view))

    price = {"currency": "EUR", "amountMinor": 1999}
    order = ORDER_PLACED.model.model_validate(
        {
            "orderId": str(uuid.uuid4()),
            "customerId": str(ME),
            "region": "eu",
            "sequence": number,
            "placedAt": "2027-01-15T08:00:00Z",
            "lines": [{"sku": "SKU-PY", "quantity": 1, "price": price}],
            "taxByRegion": {"eu": price},
            "payment": {"kind": "cash"},
        }
    )
    await bus.publish(client, ORDER_PLACED, order, newer(order))


def newer(event) -> bytes:
    """The body as a publisher with a newer contract writes it."""
    return json.dumps({**json.loads(write(event)), "addedLater": {"by": "python"}}).encode()


def check_vectors() -> None:
    with open(os.environ["PARTITION_VECTORS"], encoding="utf-8") as file:
        for vector in json.load(file):
            found = partition(vector["key"], vector["partitions"])
            if found != vector["partition"]:
                raise CommandError(f"{vector}: computed {found}")
