"""Errors to seed in the files for AWS, each with what must then be said of it."""

from __future__ import annotations

from proof.targets import Mutation
from proof.targets.aws.reading import (
    ACTIVATE,
    DATA,
    NETWORK,
    PARAMETERS,
    PIPELINE,
    RUN,
    SERVICE,
    TASK,
    WORKFLOW,
)

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
