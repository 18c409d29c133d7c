"""What operators see: objectives with their alarms, and dashboards, as data that the templates are made from."""
