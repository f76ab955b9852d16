"""Servers, proxies, containers and machines for services, or their stand-ins."""
