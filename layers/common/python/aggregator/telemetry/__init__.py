"""Telemetry: what each request came to, told to whatever understands OpenTelemetry. No prompts, no answers, ever."""
