"""The service: routers call services, and services call repositories."""
