"""The service `foobar`, a replica beside the Rust one: answers each schedule with the profile behind it."""

from collections import Counter

from nats.aio.client import Client

from . import bus
from .contracts import INFO_AVAILED, PROFILE_VIEWED
from .events.profiles_ProfileViewed import ProfileViewed
from .events.profiles_UserInfoAvailed import MailContact, PhoneContact, UserInfoAvailed
from .listener import Delivery, Retry


class Profiles:
    """Looks profiles up. Counts what it publishes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.published: Counter[str] = Counter()
        self.handled: set[str] = set()
        self.repeated = 0

    async def schedule_created(self, delivery: Delivery) -> None:
        """The handler. It may see the same schedule twice; the answer's id makes the two answers one."""
        schedule = delivery.event
        number = schedule.user_id.int
        if number == 50 and delivery.attempt == 1:
            raise Retry("the profile is not there yet")
        contact = (
            PhoneContact(kind="phone", number=f"+4930{number:06}")
            if number % 2 == 0
            else MailContact(kind="mail", address=f"user{number}@example.org")
        )
        profile = UserInfoAvailed(
            schedule_id=schedule.schedule_id,
            user_id=schedule.user_id,
            display_name=f"User {number}",
            contact=contact,
        )
        receipt = await bus.publish(self.client, INFO_AVAILED, profile)
        if not receipt.duplicate:
            self.published[INFO_AVAILED.name] += 1
        viewed = ProfileViewed(user_id=schedule.user_id, viewed_at=schedule.starts_at)
        await bus.emit(self.client, PROFILE_VIEWED, viewed)
        self.repeated += str(schedule.schedule_id) in self.handled
        self.handled.add(str(schedule.schedule_id))
