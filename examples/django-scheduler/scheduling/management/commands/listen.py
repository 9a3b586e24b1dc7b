"""`manage.py listen`: handles schedules until SIGTERM, as a replica of the service `foobar`."""

import asyncio
import json
import signal

from django.core.management.base import BaseCommand

from scheduling import bus
from scheduling.contracts import SCHEDULE_CREATED
from scheduling.listener import Listener
from scheduling.profiles import Profiles


class Command(BaseCommand):
    """The listener as a process of its own."""

    help = "Handles UserScheduleCreated from the durable `foobar-service` until SIGTERM or SIGINT."

    def handle(self, **options: object) -> None:
        """Runs, and says at the end what became of the deliveries."""
        self.stdout.write(json.dumps(asyncio.run(listen())))


async def listen() -> dict:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await bus.connect()
    profiles = Profiles(client)
    listener = Listener(client, SCHEDULE_CREATED, "foobar", "foobar-service", profiles.schedule_created)
    report = await listener.run(stop)
    await client.close()
    return {
        "service": "django",
        "published": dict(profiles.published),
        "handled": {SCHEDULE_CREATED.name: len(profiles.handled)},
        "repeated": profiles.repeated,
        "deadLettered": report.dead_lettered,
        "retried": report.retried,
        "abandoned": 0,
        "outOfOrder": 0,
    }
