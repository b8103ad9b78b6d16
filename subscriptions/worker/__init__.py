"""Everything that knows django-q2: tasks, broker, schedules, heartbeat, wake-up, stop flag, health."""
