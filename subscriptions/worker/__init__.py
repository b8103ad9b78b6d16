"""The only code that speaks to django-q2: tasks, broker, schedules, heartbeat, stop flag; and the health checks."""
