"""Network: security groups, zones, and the load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from proof.targets.aws import reading
from proof.targets.aws.reading import BALANCING, NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.formats.cloudformation import Object, Resource, Templates

# How long /health/ready may take to say that the database is away, and how long it is away
# while its copy takes over.
READY_SECONDS = 2
FAILOVER_SECONDS = 60

ANYWHERE = {"0.0.0.0/0", "::/0"}
NOWHERE = "127.0.0.1/32"

LOAD_BALANCER, APP, DATABASE, CACHE, ENDPOINT = (
    f"${{{name}Group}}" for name in ("LoadBalancer", "App", "Database", "Cache", "Endpoint")
)
# Who may call whom, and on which port.
CHAIN = {
    (LOAD_BALANCER, APP): 8000,
    (APP, DATABASE): 5432,
    (APP, CACHE): 6379,
    (APP, ENDPOINT): 443,
}
# What a task without a way out gets its image and secrets from, and writes its logs to.
ENDPOINTS = {"ecr.api", "ecr.dkr", "logs", "secretsmanager"}


def complaints(stacks: Templates) -> Iterator[str]:
    """Yield a line for everything that is wrong with the network."""
    yield from _about_groups(stacks)
    yield from _about_subnets(stacks)
    yield from _about_the_load_balancer(stacks)


class Way(NamedTuple):
    """A rule of a security group: who may call whom, as one of the two groups has it."""

    end: str
    caller: str
    called: str
    ports: tuple[int | None, int | None]

    @property
    def is_wanted(self) -> bool:
        """Return whether that is how it should be."""
        if self.caller in ANYWHERE:
            return self.called == LOAD_BALANCER and self.ports in {(80, 80), (443, 443)}
        if self.called in ANYWHERE:
            return self.caller == APP and self.ports == (443, 443)
        port = CHAIN.get((self.caller, self.called))
        return self.called == NOWHERE or (port is not None and self.ports == (port, port))


def _ways(stacks: Templates) -> Iterator[Way]:
    for group in stacks.resources("AWS::EC2::SecurityGroup"):
        name = f"${{{group.name}}}"
        for rule in group.properties.get("SecurityGroupIngress", []):
            yield Way("called", _other(rule, "Source"), name, _ports(rule))
        for rule in group.properties.get("SecurityGroupEgress", []):
            yield Way("calling", name, _other(rule, "Destination"), _ports(rule))
    for ingress in stacks.resources("AWS::EC2::SecurityGroupIngress"):
        rule = ingress.properties
        yield Way("called", _other(rule, "Source"), rule["GroupId"], _ports(rule))


def _other(rule: Object, which: str) -> str:
    other: str = rule.get(f"{which}SecurityGroupId") or rule["CidrIp"]
    return other


def _ports(rule: Object) -> tuple[int | None, int | None]:
    return rule.get("FromPort"), rule.get("ToPort")


def _about_groups(stacks: Templates) -> Iterator[str]:
    """Compare who may call whom with who must."""
    groups = stacks.resources("AWS::EC2::SecurityGroup")
    for group in groups:
        if not group.properties.get("SecurityGroupEgress"):
            yield f"{group} may call everybody"
    ways = list(_ways(stacks))
    for way in ways:
        if not way.is_wanted:
            yield f"{NETWORK}: {way.caller} may call {way.called} on {way.ports[0]}-{way.ports[1]}"
    known = {(way.end, way.caller, way.called) for way in ways}
    names = {f"${{{group.name}}}" for group in groups}
    for caller, called in sorted(CHAIN):
        # The app calls endpoints as it calls all that has no group.
        ends = {"called"} if called == ENDPOINT else {"called", "calling"}
        for end in sorted(ends) if {caller, called} <= names else ():
            if (end, caller, called) not in known:
                yield f"{NETWORK}: {caller} cannot call {called}"
    for name, held in {
        LOAD_BALANCER: stacks.only(f"{BALANCING}::LoadBalancer")["SecurityGroups"],
        APP: reading.network(stacks)["SecurityGroups"],
        DATABASE: stacks.only("AWS::RDS::DBInstance")["VPCSecurityGroups"],
        CACHE: stacks.only("AWS::ElastiCache::ReplicationGroup")["SecurityGroupIds"],
    }.items():
        if held != [name]:
            yield f"deploy: something is in {', '.join(held)} instead of {name}"


def _about_subnets(stacks: Templates) -> Iterator[str]:
    """Find who is where, and which ways lead out."""
    routes = stacks.resources("AWS::EC2::Route")
    public = {r.properties["RouteTableId"] for r in routes if "GatewayId" in r.properties}
    out = {r.properties["RouteTableId"] for r in routes if "NatGatewayId" in r.properties}
    table_of = {
        association.properties["SubnetId"]: association.properties["RouteTableId"]
        for association in stacks.resources("AWS::EC2::SubnetRouteTableAssociation")
    }
    zone_of = {
        f"${{{subnet.name}}}": subnet.properties["AvailabilityZone"]
        for subnet in stacks.resources("AWS::EC2::Subnet")
    }
    endpoints = stacks.resources("AWS::EC2::VPCEndpoint")
    for name, subnets, is_public in [
        ("LoadBalancer", stacks.only(f"{BALANCING}::LoadBalancer")["Subnets"], True),
        ("Service", reading.network(stacks)["Subnets"], False),
        ("Database", stacks.only("AWS::RDS::DBSubnetGroup")["SubnetIds"], False),
        ("Cache", stacks.only("AWS::ElastiCache::SubnetGroup")["SubnetIds"], False),
        *((e.name, e.properties["SubnetIds"], False) for e in endpoints if _is_interface(e)),
    ]:
        if len({zone_of[subnet] for subnet in subnets}) < 2:  # noqa: PLR2004 -- one may fail
            yield f"{name} is in one zone only"
        for subnet in subnets:
            if (table_of[subnet] in public) != is_public:
                yield f"{name} is in a {'private' if is_public else 'public'} subnet"
    offered = {e.properties["ServiceName"].partition("${AWS::Region}.")[2] for e in endpoints}
    needed = {"s3"} if out else {"s3"} | ENDPOINTS
    for service in sorted(needed - offered):
        yield f"{NETWORK}: there is no way to, and no endpoint of {service}"
    if bool(out) != ("AUTH__ISSUER" in reading.settings(stacks)):
        yield f"{NETWORK}: there is a way out that nobody needs, or none that somebody needs"


def _is_interface(endpoint: Resource) -> bool:
    return bool(endpoint.properties["VpcEndpointType"] == "Interface")


def _about_the_load_balancer(stacks: Templates) -> Iterator[str]:
    balancer = reading.attributes(stacks, "LoadBalancer")
    for name in ("deletion_protection.enabled", "routing.http.drop_invalid_header_fields.enabled"):
        if balancer.get(name) != "true":
            yield f"{NETWORK}: {name} is not true"
    for listener in stacks.resources(f"{BALANCING}::Listener"):
        said = listener.properties
        if said["Protocol"] == "HTTPS" and "-TLS13-" not in said.get("SslPolicy", ""):
            yield f"{listener} speaks old versions of TLS"
        (action,) = said["DefaultActions"]
        redirects = action["Type"] == "redirect" and action["RedirectConfig"]["Protocol"] == "HTTPS"
        if said["Protocol"] == "HTTP" and not redirects:
            yield f"{listener} answers plain HTTP"
    target = stacks.only(f"{BALANCING}::TargetGroup")
    if target.get("HealthCheckPath") != "/health/ready":
        yield f"{NETWORK}: the load balancer asks {target.get('HealthCheckPath')}"
    if not target["HealthCheckTimeoutSeconds"] > READY_SECONDS:
        yield f"{NETWORK}: /health/ready may take {READY_SECONDS} s to say what is wrong"
    if target["HealthCheckIntervalSeconds"] * target["UnhealthyThresholdCount"] < FAILOVER_SECONDS:
        yield f"{NETWORK}: while the database changes over, all tasks are replaced"
    (mapping,) = reading.container(stacks)["PortMappings"]
    served = [mapping["ContainerPort"], CHAIN[LOAD_BALANCER, APP]]
    if served != [target["Port"]] * 2:
        yield f"{NETWORK}: nothing listens on port {target['Port']}"
