"""Stored data: encrypted, backed up, and protected from deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.formats.cloudformation import Templates

BACKUP_DAYS = 7
REFERENCE = "{{resolve:secretsmanager:"

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


def complaints(stacks: Templates) -> Iterator[str]:
    """Yield a line for everything that is wrong with what is kept."""
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
