"""The events that this project publishes and handles: generated models, and where the contracts send them.

`setup.sh` generates `scheduling/events` from the contracts; the table below says what a JSON Schema cannot.
`event-contracts export asyncapi --service foobar` lists the same subjects, streams and durables.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from .events.profiles_ProfileViewed import ProfileViewed
from .events.profiles_UserInfoAvailed import UserInfoAvailed
from .events.scheduling_UserScheduleCreated import UserScheduleCreated
from .events.shop_orders_OrderPlaced import OrderPlaced

E = TypeVar("E", bound=BaseModel)


@dataclass(frozen=True)
class Contract(Generic[E]):
    """One event of the contracts. Without a stream it is ephemeral."""

    name: str
    model: type[E]
    subject: str
    stream: str | None = None
    id: str | None = None
    key: str | None = None
    partitions: int = 1

    def subject_of(self, event: E) -> str:
        """The subject of one event: a field's text for each placeholder."""
        fields = type(event).model_fields
        values = {name: token(getattr(event, name)) for name in fields if f"{{{name}}}" in self.subject}
        if self.key:
            values["partition"] = str(partition(token(getattr(event, self.key)), self.partitions))
        return self.subject.format_map(values)

    def message_id(self, event: E) -> str:
        """What the stream recognises a second copy by."""
        return f"{self.name}:{token(getattr(event, self.id))}"

    def read(self, payload: bytes) -> E:
        """Reads a body; fields that this model does not know are ignored."""
        return self.model.model_validate_json(payload)


def write(event: BaseModel) -> bytes:
    """The body: wire names, and nothing for what is absent."""
    return event.model_dump_json(by_alias=True, exclude_none=True).encode()


def token(value: object) -> str:
    """The text of a field in a subject or an id: of an open enum (a root model), a closed one, or a plain value."""
    value = getattr(value, "root", value)
    return str(getattr(value, "value", value))


def partition(key: str, partitions: int) -> int:
    """FNV-1a-32 of the key's text modulo the number of partitions: what every publisher of a keyed event computes."""
    value = 0x811C9DC5
    for byte in key.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value % partitions


SCHEDULE_CREATED = Contract(
    "scheduling.UserScheduleCreated", UserScheduleCreated, "userschedule:created", stream="SCHEDULING", id="schedule_id"
)
INFO_AVAILED = Contract(
    "profiles.UserInfoAvailed", UserInfoAvailed, "user:availed", stream="SCHEDULING", id="schedule_id"
)
PROFILE_VIEWED = Contract("profiles.ProfileViewed", ProfileViewed, "profile.{user_id}.viewed")
ORDER_PLACED = Contract(
    "shop.orders.OrderPlaced",
    OrderPlaced,
    "orders.{partition}.{region}.{order_id}.placed",
    stream="ORDERS",
    id="order_id",
    key="customer_id",
    partitions=4,
)
