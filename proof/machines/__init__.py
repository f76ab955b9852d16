"""What a service runs on and beside: servers, proxies, containers, machines, or what stands in."""
