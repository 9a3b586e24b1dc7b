"""`POST /schedules` makes a schedule and tells everybody."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from .bus import PUBLISHER
from .contracts import SCHEDULE_CREATED


@require_POST
def create_schedule(request: HttpRequest) -> JsonResponse:
    """Publishes the body, a `UserScheduleCreated`. The same schedule again is 200 and not published twice."""
    try:
        schedule = SCHEDULE_CREATED.read(request.body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        return JsonResponse({"problems": problems}, status=422)
    receipt = PUBLISHER.publish(SCHEDULE_CREATED, schedule)
    duplicate = bool(receipt.duplicate)
    return JsonResponse(
        {"scheduleId": str(schedule.schedule_id), "duplicate": duplicate}, status=200 if duplicate else 201
    )
