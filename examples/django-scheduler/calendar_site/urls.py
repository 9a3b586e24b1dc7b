"""The web side: schedules are made here."""

from django.urls import path

from scheduling import views

urlpatterns = [path("schedules", views.create_schedule)]
