"""AWS: ECS Fargate behind a load balancer, with RDS and ElastiCache, by CloudFormation."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from proof.formats.cloudformation import Templates, nodes
from proof.targets import Deployment, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proof.formats.cloudformation import Object, Resource

MARGIN_SECONDS = 2
# The most that Fargate waits between SIGTERM and SIGKILL.
LONGEST_KILL_SECONDS = 120
# How long /health/ready may take to say that the database is away, and how long it is away
# while its copy takes over.
READY_SECONDS = 2
FAILOVER_SECONDS = 60
BACKUP_DAYS = 7
SECRET_LENGTH = 32
# A template that comes from no bucket may be so long.
LONGEST_TEMPLATE = 51_200

ANYWHERE = {"0.0.0.0/0", "::/0"}
NOWHERE = "127.0.0.1/32"
PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
REFERENCE = "{{resolve:secretsmanager:"
ONE_RELEASER = re.compile(r"repo:[^*]+:environment:production|project_path:[^*]+:tag:ref:v\*")

# What is gone for good when its stack is deleted, or a change replaces it.
LASTING = (
    "AWS::ECR::Repository",
    "AWS::ECS::TaskDefinition",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBInstance",
    "AWS::SecretsManager::Secret",
)
# What else a resource must say, and what is wrong otherwise.
DATABASES, CACHES = "AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup"
REPOSITORIES, PARAMETER_GROUPS = "AWS::ECR::Repository", "AWS::RDS::DBParameterGroup"
WANTED: list[tuple[str, str, object, str]] = [
    (DATABASES, "StorageEncrypted", True, "StorageEncrypted is not true"),
    (DATABASES, "PubliclyAccessible", False, "PubliclyAccessible is not false"),
    (DATABASES, "DeletionProtection", True, "anybody with rights deletes it by mistake"),
    (DATABASES, "MultiAZ", "true", "fails with its zone"),
    (PARAMETER_GROUPS, "Parameters", {"rds.force_ssl": "1"}, "takes plain text"),
    (CACHES, "AtRestEncryptionEnabled", True, "AtRestEncryptionEnabled is not true"),
    (CACHES, "TransitEncryptionEnabled", True, "takes plain text"),
    ("AWS::Logs::LogGroup", "RetentionInDays", 90, "are not kept for 90 days"),
    (REPOSITORIES, "ImageTagMutability", "IMMUTABLE", "a version may become another"),
    (REPOSITORIES, "ImageScanningConfiguration", {"ScanOnPush": True}, "nobody scans images"),
]
KEEPING = {"Retain", "RetainExceptOnCreate", "Snapshot"}

BALANCING = "AWS::ElasticLoadBalancingV2"
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

DATA, NETWORK, PIPELINE, SERVICE, TASK = (
    f"deploy/{name}.yaml" for name in ("data", "network", "pipeline", "service", "task")
)
ACTIVATE, PARAMETERS, RUN = "deploy/activate", "deploy/parameters.conf", "deploy/run"
WORKFLOW = ".github/workflows/release.yml"

FIRST = "            - {Name: ENVIRONMENT, Value: production}\n"
LITERAL = "            - {Name: DATABASE__PASSWORD, Value: hunter2}\n"
KEY = "                  - !Ref AuthSecretKey\n"
ACCOUNT = 'StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}'
TO_DATABASE = "ToPort: 5432, SourceSecurityGroupId: !Ref AppGroup"
TO_COUNTERS = "ToPort: 6379, DestinationSecurityGroupId: !Ref CacheGroup"
PUBLIC, PRIVATE = (f"Subnets: [!Ref {kind}Subnet1, !Ref" for kind in ("Public", "Private"))
REDIRECT = "        - Type: redirect\n"
FORWARD = "        - Type: forward\n          TargetGroupArn: !Ref TargetGroup\n"
INVALID = 'drop_invalid_header_fields.enabled, Value: "'
DELAY = 'deregistration_delay.timeout_seconds, Value: "'
IDLE = 'idle_timeout.timeout_seconds, Value: "'
FARGATE = "LaunchType: FARGATE\n"

MUTATIONS = [
    Mutation(SERVICE, "LaunchType:", "LaunchKind:", r"E3002 .*LaunchKind"),
    Mutation(NETWORK, "Port: 443\n", "Port: https\n", r"E3012 .*https"),
    Mutation(TASK, "!Ref TaskCpu", "!Ref Cpu", r"E\d+ .*'Cpu'"),
    Mutation(DATA, 'EngineVersion: "18"', 'EngineVersion: "8"', r"E\d+ .*'8'"),
    Mutation(TASK, "Value: !Sub\n", "Value: &url !Sub\n", r"no anchors"),
    Mutation(TASK, "-database-secret", "-database-key", r"exports my-service-database-key"),
    Mutation(DATA, "  RepositoryUri:", "  Registry:", r"data.yaml tells no RepositoryUri"),
    Mutation(PARAMETERS, "CertificateArn=", "Certificate=", r"nobody sets CertificateArn"),
    Mutation(PARAMETERS, "AlarmEmail=", "Cpu=256\nAlarmEmail=", r"no parameter Cpu"),
    Mutation(TASK, FIRST, FIRST + LITERAL, r"DATABASE__PASSWORD is in a file"),
    Mutation(TASK, "//app@$", "//app:hunter2@$", r"DATABASE__URL holds a password"),
    Mutation(DATA, '!Sub "{{', '!Sub "hunter2{{', r"MasterUserPassword is in a file"),
    Mutation(TASK, ":password::", "", r"DATABASE__PASSWORD is \$\{DatabaseSecret\}"),
    Mutation(DATA, KEY, "", r"may not read \$\{AuthSecretKey\}"),
    Mutation(DATA, "PasswordLength: 64", "PasswordLength: 16", r"16 characters"),
    Mutation(DATA, "Action: ecs:RunTask", 'Action: "ecs:*"', r"allows ecs:\*"),
    Mutation(DATA, "!GetAtt ExecutionRole.Arn\n", '"*"\n', r"iam:PassRole on everything"),
    Mutation(DATA, ACCOUNT, "Bool: {}", r"ExecutionRole: .*other accounts"),
    Mutation(NETWORK, "Action: s3:GetObject", "Action: s3:PutObject", r"anybody s3:PutObject"),
    Mutation(PIPELINE, ":environment:production", ":*", r"stands for repo:.*:\*"),
    Mutation(PIPELINE, "com:aud", "com:actor", r"other audiences"),
    Mutation(WORKFLOW, "id-token: write", "id-token: none", r"cannot prove who it is"),
    Mutation(DATA, "StorageEncrypted: true", "StorageEncrypted: false", r"StorageEncrypted"),
    Mutation(DATA, 'force_ssl: "1"', 'force_ssl: "0"', r"Parameters: takes plain text"),
    Mutation(TASK, "?sslmode=require", "", r"DATABASE__URL allows plain text"),
    Mutation(TASK, "rediss://", "redis://", r"RATE_LIMIT__STORAGE_URL allows plain text"),
    Mutation(DATA, "PubliclyAccessible: false", "PubliclyAccessible: true", r"PubliclyAcc"),
    Mutation(DATA, "DeletionPolicy: Snapshot", "DeletionPolicy: Delete", r"Database is lost"),
    Mutation(TASK, "ReplacePolicy: Retain", "ReplacePolicy: Delete", r"TaskDefinition is lost"),
    Mutation(DATA, "      RetentionInDays: 90\n", "", r"Logs: are not kept"),
    Mutation(DATA, "IMMUTABLE", "MUTABLE", r"become another"),
    Mutation(NETWORK, TO_DATABASE, "ToPort: 5432, CidrIp: 0.0.0.0/0", r"0 may call .*Database"),
    Mutation(NETWORK, TO_COUNTERS, "ToPort: 6379, CidrIp: 0.0.0.0/0", r"App.* may call 0\.0"),
    Mutation(NETWORK, "8000, ToPort: 8000, Source", "0, ToPort: 65535, Source", r"on 0-65535"),
    Mutation(NETWORK, f"      {PUBLIC}", f"      {PRIVATE}", r"LoadBalancer is in a private"),
    Mutation(NETWORK, ".secretsmanager", ".ssm", r"no endpoint of secretsmanager"),
    Mutation(NETWORK, "TLS13-1-2-Res-PQ-2025-09", "2016-08", r"old versions of TLS"),
    Mutation(NETWORK, REDIRECT, FORWARD, r"HttpListener answers plain HTTP"),
    Mutation(NETWORK, "Path: /health/ready", "Path: /health/live", r"asks /health/live"),
    Mutation(NETWORK, f'{DELAY}30"', f'{DELAY}5"', r"cut off after 5 s"),
    Mutation(NETWORK, f'{IDLE}60"', f'{IDLE}90"', r"90 s, .* 75 s"),
    Mutation(NETWORK, f'{INVALID}true"', f'{INVALID}false"', r"drop_invalid"),
    Mutation(TASK, "StopTimeout: 60", "StopTimeout: 30", r"killed after 30 s"),
    Mutation(TASK, "/health/live", "/health", r"no check of /health/live"),
    Mutation(TASK, "RootFilesystem: true", "RootFilesystem: false", r"may write to its image"),
    Mutation(TASK, "Drop: [ALL]", "Drop: [NET_RAW]", r"keeps capabilities"),
    Mutation(TASK, '"10001:10001"', "root", r"runs as root"),
    Mutation(TASK, ".+@sha256:[0-9a-f]{64}", ".+", r"Image may be any"),
    Mutation(TASK, "-proxies", "-private-subnets", r"trusts \$\{PrivateSubnet1\}"),
    Mutation(SERVICE, FARGATE, f"{FARGATE}      DesiredCount: 2\n", r"DesiredCount"),
    Mutation(SERVICE, "t: 2\n    MinValue: 2", "t: 1\n    MinValue: 1", r"1 task"),
    Mutation(SERVICE, "Rollback: true", "Rollback: false", r"circuit breaker"),
    Mutation(SERVICE, "HealthyPercent: 100", "HealthyPercent: 50", r"before their successors"),
    Mutation(SERVICE, "PublicIp: DISABLED", "PublicIp: ENABLED", r"AssignPublicIp"),
    Mutation(ACTIVATE, "sh deploy/run app migrate", "true", r"does not migrate"),
    Mutation(RUN, "task/app/", "app/app/", r"looks for logs in app/app/"),
]


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    stacks = Templates(project / "deploy")
    refused = [f"deploy/{line}" for line in stacks.refused()]
    yield from refused
    if refused:
        return
    yield from _about_names(project, stacks)
    yield from _about_parameters(project, stacks)
    yield from _about_rights(stacks)
    yield from _about_data(stacks)
    yield from _about_groups(stacks)
    yield from _about_subnets(stacks)
    yield from _about_the_load_balancer(stacks)
    yield from _about_the_task(stacks)
    yield from _about_settings(project, stacks)
    yield from _about_stopping(stacks)
    yield from _about_the_service(stacks)
    yield from _about_scripts(project, stacks)
    yield from _about_the_pipeline(project, stacks)


def _about_names(project: Path, stacks: Templates) -> Iterator[str]:
    """Compare what templates and scripts expect of each other."""
    for name in sorted(stacks.imports() - stacks.exports().keys()):
        yield f"deploy: nobody exports {name}"
    for script, text in _scripts(project).items():
        for stack, key in re.findall(r"deploy/output ([a-z]+) (\w+)", text):
            if key not in stacks.outputs(f"{stack}.yaml"):
                yield f"{script}: deploy/{stack}.yaml tells no {key}"
    for stack, text in stacks.texts.items():
        if len(text) > LONGEST_TEMPLATE:
            yield f"deploy/{stack}: is longer than a template may be"


def _about_parameters(project: Path, stacks: Templates) -> Iterator[str]:
    given = set(re.findall(r"^(\w+)=", _text(project, PARAMETERS), re.MULTILINE))
    known = {name for stack in stacks.templates for name in stacks.parameters(stack)}
    for name in sorted(given - known):
        yield f"{PARAMETERS}: there is no parameter {name}"
    scripts = "\n".join(_scripts(project).values())
    given |= set(re.findall(r'deploy/stack \w+ "(\w+)=', scripts))
    for stack in stacks.templates:
        for name, parameter in stacks.parameters(stack).items():
            if "Default" not in parameter and name not in given:
                yield f"deploy/{stack}: nobody sets {name}"


def _about_rights(stacks: Templates) -> Iterator[str]:
    for resource in stacks.resources():
        for statement in nodes(resource.properties):
            if "Effect" in statement:
                yield from _about_a_statement(resource, statement)


def _about_a_statement(resource: Resource, statement: Object) -> Iterator[str]:
    actions, resources = _listed(statement["Action"]), _listed(statement.get("Resource", "-"))
    yield from (f"{resource} allows {action}" for action in actions if "*" in action)
    for action in actions:
        if "*" in resources and "*" not in action and _has_narrower(action):
            yield f"{resource} allows {action} on everything, which it need not"
    principal = statement.get("Principal")
    if principal in ("*", {"AWS": "*"}) and actions != ["s3:GetObject"]:
        yield f"{resource} allows anybody {', '.join(actions)}"
    if isinstance(principal, dict):
        conditions = dict(
            pair for test in statement.get("Condition", {}).values() for pair in test.items()
        )
        if "Service" in principal and "aws:SourceAccount" not in conditions:
            yield f"{resource}: the service may act for other accounts"
        if "Federated" in principal:
            yield from _about_a_federation(resource, conditions)


def _about_a_federation(resource: Resource, conditions: dict[str, str]) -> Iterator[str]:
    claims = {name.rpartition(":")[2]: value for name, value in conditions.items()}
    if "aud" not in claims:
        yield f"{resource}: takes tokens that are for other audiences"
    if not ONE_RELEASER.fullmatch(claims.get("sub", "*")):
        yield f"{resource}: stands for {claims.get('sub', 'everybody')}"


def _about_data(stacks: Templates) -> Iterator[str]:
    for kind, name, wanted, otherwise in WANTED:
        for resource in stacks.resources(kind):
            if resource.properties.get(name) != wanted:
                yield f"{resource}: {otherwise}"
    for database in stacks.resources("AWS::RDS::DBInstance"):
        if not database.properties["MasterUserPassword"].startswith(REFERENCE):
            yield f"{database}: MasterUserPassword is in a file"
        if database.properties.get("BackupRetentionPeriod", 1) < BACKUP_DAYS:
            yield f"{database}: backups are gone within a week"
    for resource in stacks.resources(*LASTING):
        policies = {"DeletionPolicy", "UpdateReplacePolicy"}
        if any(resource.attributes.get(policy) not in KEEPING for policy in policies):
            yield f"{resource} is lost when it is deleted or replaced"


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
        APP: _network(stacks)["SecurityGroups"],
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
        ("Service", _network(stacks)["Subnets"], False),
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
    if bool(out) != ("AUTH__ISSUER" in _settings(stacks)):
        yield f"{NETWORK}: there is a way out that nobody needs, or none that somebody needs"


def _about_the_load_balancer(stacks: Templates) -> Iterator[str]:
    balancer = _attributes(stacks.only(f"{BALANCING}::LoadBalancer")["LoadBalancerAttributes"])
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
    served = [_app(stacks)["PortMappings"][0]["ContainerPort"], CHAIN[LOAD_BALANCER, APP]]
    if served != [target["Port"]] * 2:
        yield f"{NETWORK}: nothing listens on port {target['Port']}"


def _about_the_task(stacks: Templates) -> Iterator[str]:
    for container in stacks.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]:
        name = f"{TASK}: {container['Name']}"
        if container.get("ReadonlyRootFilesystem") is not True:
            yield f"{name} may write to its image"
        if not re.match(r"[1-9]\d*", container.get("User", "")):
            yield f"{name} runs as root"
        capabilities = container.get("LinuxParameters", {}).get("Capabilities", {})
        if capabilities != {"Drop": ["ALL"]}:
            yield f"{name} keeps capabilities"
        if container["Image"] != "${Image}":
            yield f"{name} is not of the image that is released"
    if "@sha256:[0-9a-f]{64}" not in stacks.parameters("task.yaml")["Image"]["AllowedPattern"]:
        yield f"{TASK}: Image may be any that has the tag when a task starts"
    if "/health/live" not in " ".join(_app(stacks).get("HealthCheck", {}).get("Command", [])):
        yield f"{TASK}: there is no check of /health/live, so a process that hangs stays"


def _about_settings(project: Path, stacks: Templates) -> Iterator[str]:
    settings, secrets = _settings(stacks), _secrets(stacks)
    example = _text(project, ".env.example")
    needed = {"DATABASE__PASSWORD", *re.findall(r"^(AUTH__SECRET_KEY)=", example, re.MULTILINE)}
    for name in sorted(needed - secrets.keys()):
        yield f"{TASK}: the service does not get {name}"
    for name in sorted(needed & settings.keys()):
        yield f"{TASK}: {name} is in a file"
    for name, value in settings.items():
        if PASSWORD_IN_URL.search(value):
            yield f"{TASK}: {name} holds a password"
    if not re.search(r"sslmode=(require|verify-full)", settings["DATABASE__URL"]):
        yield f"{TASK}: DATABASE__URL allows plain text"
    if not settings["RATE_LIMIT__STORAGE_URL"].startswith("rediss://"):
        yield f"{TASK}: RATE_LIMIT__STORAGE_URL allows plain text"
    public = stacks.only(f"{BALANCING}::LoadBalancer")["Subnets"]
    proxies = {
        subnet.properties["CidrBlock"]
        for subnet in stacks.resources("AWS::EC2::Subnet")
        if f"${{{subnet.name}}}" in public
    }
    for network in sorted(set(settings["TRUSTED_PROXIES"].split(",")) ^ proxies):
        trusted = "does not trust" if network in proxies else "trusts"
        yield f"{TASK}: {trusted} {network}"
    yield from _about_secrets(stacks, secrets)


def _about_secrets(stacks: Templates, secrets: dict[str, str]) -> Iterator[str]:
    readable = {
        resource
        for role in stacks.resources("AWS::IAM::Role")
        if role.name == "ExecutionRole"
        for statement in nodes(role.properties)
        if "secretsmanager:GetSecretValue" in _listed(statement.get("Action", []))
        for resource in _listed(statement["Resource"])
    }
    references = {}
    for secret in stacks.resources("AWS::SecretsManager::Secret"):
        made = secret.properties.get("GenerateSecretString", {})
        key = made.get("GenerateStringKey")
        references[f"${{{secret.name}}}" + (f":{key}::" if key else "")] = f"${{{secret.name}}}"
        if made.get("PasswordLength", 0) < SECRET_LENGTH:
            yield f"{secret} has {made.get('PasswordLength', 0)} characters"
    for name, reference in secrets.items():
        if reference not in references:
            yield f"{TASK}: {name} is {reference}, which is no secret, or not the part that is"
        elif references[reference] not in readable:
            yield f"{DATA}: ECS may not read {references[reference]}"


def _about_stopping(stacks: Templates) -> Iterator[str]:
    settings = _settings(stacks)
    needed = int(settings["DRAIN_SECONDS"]) + int(settings["SHUTDOWN_SECONDS"])
    given = _app(stacks).get("StopTimeout", 30)
    if not needed + MARGIN_SECONDS <= given <= LONGEST_KILL_SECONDS:
        yield f"{TASK}: a task that needs {needed} s to stop is killed after {given} s"
    target = _attributes(stacks.only(f"{BALANCING}::TargetGroup")["TargetGroupAttributes"])
    delay = int(target.get("deregistration_delay.timeout_seconds", 300))
    if delay < needed:
        yield f"{NETWORK}: requests in progress have {needed} s, but are cut off after {delay} s"
    balancer = _attributes(stacks.only(f"{BALANCING}::LoadBalancer")["LoadBalancerAttributes"])
    idle = int(balancer.get("idle_timeout.timeout_seconds", 60))
    kept = int(settings["KEEP_ALIVE_SECONDS"])
    if not idle < kept:
        yield f"{NETWORK}: connections are used for {idle} s, which the app closes after {kept} s"


def _about_the_service(stacks: Templates) -> Iterator[str]:
    service = stacks.only("AWS::ECS::Service")
    if "DesiredCount" in service:
        yield f"{SERVICE}: DesiredCount undoes what scaling has decided"
    deployment = service.get("DeploymentConfiguration", {})
    if deployment.get("DeploymentCircuitBreaker") != {"Enable": True, "Rollback": True}:
        yield f"{SERVICE}: no circuit breaker brings the old version back"
    if deployment.get("MinimumHealthyPercent") != 100:  # noqa: PLR2004 -- all of them
        yield f"{SERVICE}: tasks end before their successors are ready"
    if _network(stacks).get("AssignPublicIp") != "DISABLED":
        yield f"{SERVICE}: AssignPublicIp is not DISABLED"
    (balanced,) = service["LoadBalancers"]
    if (balanced["ContainerName"], balanced["ContainerPort"]) != (
        _app(stacks)["Name"],
        _app(stacks)["PortMappings"][0]["ContainerPort"],
    ):
        yield f"{SERVICE}: there is no {balanced['ContainerName']}:{balanced['ContainerPort']}"
    scaling = stacks.only("AWS::ApplicationAutoScaling::ScalableTarget")
    if scaling["ResourceId"] != f"service/{service['Cluster']}/${{Service.Name}}":
        yield f"{SERVICE}: scales {scaling['ResourceId']}, which is not the service"
    least = min(
        scaling["MinCapacity"], stacks.parameters("service.yaml")["MinTasks"].get("MinValue", 0)
    )
    if least < 2:  # noqa: PLR2004 -- one may always be away
        yield f"{SERVICE}: {least} task is not enough: ECS moves tasks, and zones fail"


def _about_scripts(project: Path, stacks: Templates) -> Iterator[str]:
    activate, run = _text(project, ACTIVATE), _text(project, RUN)
    steps = ['stack task "Image=$repository@$digest"', "run app migrate", "stack service"]
    places = [activate.find(f"sh deploy/{step}") for step in steps]
    if (
        deployment(project).migrate != ["app", "migrate"]
        or -1 in places
        or places != sorted(places)
    ):
        yield f"{ACTIVATE}: does not migrate the database before the new version serves"
    options = _app(stacks)["LogConfiguration"]["Options"]
    stream = f"{options['awslogs-stream-prefix']}/{_app(stacks)['Name']}/"
    written = re.findall(r'--log-stream-name "([^$]+)', run)
    if written != [stream]:
        yield f"{RUN}: looks for logs in {', '.join(written)} instead of {stream}"
    groups = [logs.properties["LogGroupName"] for logs in stacks.resources("AWS::Logs::LogGroup")]
    if options["awslogs-group"] not in groups:
        yield f"{TASK}: logs to {options['awslogs-group']}, which nobody makes"


def _about_the_pipeline(project: Path, stacks: Templates) -> Iterator[str]:
    workflow, job = project / WORKFLOW, project / ".gitlab" / "release.yml"
    if workflow.exists() or job.exists():
        (role,) = (r for r in stacks.resources("AWS::IAM::Role") if r.name == "DeployRole")
        if role.properties.get("ManagedPolicyArns") != ["${ReleasePolicy}"]:
            yield f"{PIPELINE}: the pipeline may do more, or less, than release"
        provider = stacks.only("AWS::IAM::OIDCProvider")
    if workflow.exists() and "id-token: write" not in workflow.read_text(encoding="utf-8"):
        yield f"{WORKFLOW}: the pipeline cannot prove who it is"
    if job.exists():
        audience = re.search(r"aud: (\S+)", job.read_text(encoding="utf-8"))
        if not audience or provider["ClientIdList"] != [audience[1]]:
            yield f"{PIPELINE}: the pipeline's tokens are for somebody else"


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    stacks = Templates(project / "deploy")
    app = _app(stacks)
    migrate = re.search(r"sh deploy/run (.+?);", _text(project, ACTIVATE))
    check = " ".join(app.get("HealthCheck", {}).get("Command", []))
    ready = stacks.only(f"{BALANCING}::TargetGroup").get("HealthCheckPath", "/")
    return Deployment(
        serve=app["Command"],
        migrate=shlex.split(migrate[1]) if migrate else [],
        settings=_settings(stacks),
        secrets=set(_secrets(stacks)),
        probes={ready, *re.findall(r"/health/?\w*", check)},
        instances=stacks.only("AWS::ApplicationAutoScaling::ScalableTarget")["MinCapacity"],
        kill_seconds=app.get("StopTimeout", 30),
    )


def _app(stacks: Templates) -> Object:
    containers = stacks.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    app: Object = next(container for container in containers if container["Name"] == "app")
    return app


def _settings(stacks: Templates) -> dict[str, str]:
    return {pair["Name"]: str(pair["Value"]) for pair in _app(stacks)["Environment"]}


def _secrets(stacks: Templates) -> dict[str, str]:
    return {pair["Name"]: pair["ValueFrom"] for pair in _app(stacks)["Secrets"]}


def _network(stacks: Templates) -> Object:
    network: Object = stacks.only("AWS::ECS::Service")["NetworkConfiguration"]
    awsvpc: Object = network["AwsvpcConfiguration"]
    return awsvpc


def _attributes(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def _is_interface(endpoint: Resource) -> bool:
    return bool(endpoint.properties["VpcEndpointType"] == "Interface")


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


def _has_narrower(action: str) -> bool:
    """Return whether an action can be allowed on something less than everything."""
    service, _, name = action.partition(":")
    return "Resources" in _known_actions()[service]["Actions"][name.lower()]


@cache
def _known_actions() -> Object:
    actions: Object = load_resource(AdditionalSpecs, "Policies.json")
    return actions


def _text(project: Path, name: str) -> str:
    return (project / name).read_text(encoding="utf-8")


def _scripts(project: Path) -> dict[str, str]:
    paths = sorted(path for path in (project / "deploy").iterdir() if not path.suffix)
    page = project / "docs" / "deploy.md"
    return {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for path in [*paths, page]
        if path.exists()
    }
