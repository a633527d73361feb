"""The list of events with a widget above it, and the address where the widget reads them."""

import csv
from itertools import chain

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.urls import path

from .models import Event

COLUMNS = ["session", "aid", "ts", "type"]


class Echo:
    """What csv writes to gives each line back, so that the answer is a stream."""

    def write(self, line):
        return line


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    list_display = COLUMNS
    list_filter = ["type"]

    def get_urls(self):
        export = path("export/", self.admin_site.admin_view(self.export), name="shop_event_export")
        return [export, *super().get_urls()]

    def export(self, request):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        events = self.get_changelist_instance(request).get_queryset(request)
        rows = chain([COLUMNS], events.values_list(*COLUMNS).iterator(chunk_size=10_000))
        return StreamingHttpResponse(map(csv.writer(Echo()).writerow, rows), content_type="text/csv")
