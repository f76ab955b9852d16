"""The programs that documents may name, and what of them.

A program that documents use for the first time, or another of its commands, is looked up in its
manual and added here.
"""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Of these, arguments are not known, but files among them are.
PLAIN = _set(
    "adduser apt base64 cat cd chmod chown cloud-sql-proxy cp createdb createuser curl cut"
    " dropdb echo export false find grep head install journalctl jq kill ls mkdir mv nohup openssl"
    " pg_dump pg_restore pgrep printf psql python python3 read rm rsync scp sed set sha256sum"
    " sleep sort source ssh ssh-add ssh-keygen ssh-keyscan systemd-analyze tail tar tee test"
    " touch tr true umask unset useradd wc"
)

# Of these, the next word is one of these; further down, so is the one after that.
COMMANDS = {
    name: _set(words)
    for name, words in {
        "alembic": "branches check current downgrade edit ensure_version heads history init"
        " list_templates merge revision show stamp upgrade",
        "aws": "acm cloudformation configure ec2 ecr ecs elasticache elbv2 iam logs rds s3"
        " secretsmanager sns ssm sso sts",
        "aws acm": "describe-certificate list-certificates request-certificate wait",
        "aws ecs": "describe-services describe-tasks list-tasks run-task update-service wait",
        "aws iam": "list-open-id-connect-providers",
        "aws logs": "filter-log-events get-log-events tail",
        "aws rds": "create-db-snapshot describe-db-instances modify-db-instance"
        " restore-db-instance-to-point-in-time wait",
        "aws secretsmanager": "get-random-password get-secret-value put-secret-value",
        "docker": "build buildx compose cp exec image images info inspect load login logs ps pull"
        " push rm rmi run save start stop system tag version volume",
        "docker compose": "build config cp create down events exec images kill logs ls pause port"
        " ps pull push restart rm run start stop top unpause up version wait watch",
        "docker image": "build history inspect load ls prune pull push rm save tag",
        "fly": "apps auth certs checks config console deploy doctor image info ips launch logs"
        " machine mpg open platform postgres proxy redis releases scale secrets services ssh"
        " status tokens version volumes",
        "fly apps": "create destroy list move open releases restart",
        "fly auth": "login logout signup token whoami",
        "fly certs": "add check list remove setup show",
        "fly checks": "list",
        "fly ips": "allocate-v4 allocate-v6 list private release",
        "fly mpg": "attach backup connect create databases destroy detach list proxy restore"
        " status users",
        "fly mpg backup": "create list",
        "fly mpg users": "create delete list rotate-password set-role",
        "fly platform": "regions status vm-sizes",
        "fly redis": "connect create dashboard destroy list plans proxy reset status update",
        "fly scale": "count memory show vm",
        "fly secrets": "deploy import list set sync unset",
        "fly ssh": "console establish issue log sftp",
        "fly tokens": "attenuate create debug list revoke",
        "fly tokens create": "deploy machine-exec org readonly ssh",
        "gcloud": "artifacts auth builds components compute config container iam init logging"
        " projects redis run secrets services sql storage version",
        "gcloud auth": "application-default configure-docker list login print-access-token"
        " print-identity-token revoke",
        "gcloud auth application-default": "login print-access-token revoke",
        "gcloud builds": "cancel describe list log submit",
        "gcloud components": "install list remove update",
        "gcloud config": "configurations get list set unset",
        "gcloud iam": "roles service-accounts workload-identity-pools",
        "gcloud iam service-accounts": "add-iam-policy-binding create describe list",
        "gcloud iam workload-identity-pools": "create describe list providers",
        "gcloud iam workload-identity-pools providers": "create-oidc describe list update-oidc",
        "gcloud projects": "add-iam-policy-binding describe list",
        "gcloud redis": "instances regions zones",
        "gcloud redis instances": "create describe get-auth-string list update upgrade",
        "gcloud run": "deploy jobs revisions services",
        "gcloud run jobs": "create delete deploy describe execute executions list logs update",
        "gcloud run jobs logs": "read tail",
        "gcloud run revisions": "delete describe list",
        "gcloud run services": "add-iam-policy-binding delete describe list logs proxy replace"
        " update update-traffic",
        "gcloud run services logs": "read tail",
        "gcloud secrets": "add-iam-policy-binding create delete describe list versions",
        "gcloud secrets versions": "access add describe destroy disable enable list",
        "gcloud services": "disable enable list",
        "gcloud sql": "backups connect databases export import instances operations users",
        "gcloud sql backups": "create delete describe list restore",
        "gcloud sql instances": "clone create delete describe list patch restart",
        "gcloud sql users": "create delete list set-password",
        "gh": "api auth browse issue pr release repo run secret variable workflow",
        "git": "add branch checkout clone commit config diff fetch init log ls-files merge pull"
        " push rebase remote reset restore rm show status switch tag",
        "kubectl": "annotate apply auth certificate cluster-info config cordon cp create debug"
        " delete describe diff drain edit events exec explain expose get kustomize label logs"
        " patch port-forward replace rollout run scale set top uncordon version wait",
        "kubectl config": "current-context get-contexts set-context use-context view",
        "kubectl create": "configmap deployment ingress job namespace role rolebinding secret"
        " service serviceaccount token",
        "kubectl create secret": "docker-registry generic tls",
        "kubectl rollout": "history pause restart resume status undo",
        "pre-commit": "autoupdate clean gc install install-hooks run sample-config uninstall",
        "ruff": "check clean format rule version",
        "skaffold": "build debug delete deploy dev diagnose render run",
        "systemctl": "cat daemon-reload disable edit enable is-active is-enabled kill list-timers"
        " list-units reload restart show start status stop",
        "uv": "add build cache export init lock pip publish python remove run self sync tool tree"
        " venv version",
    }.items()
}
COMMANDS["flyctl"] = COMMANDS["fly"]

# Options that take the next word, before a program's command or among its arguments.
VALUED = _set(
    "--app --env-file --file --filename --group --image --namespace --output --profile"
    " --project --project-name --python --region --since --tail --until --user --with"
    " --workdir -C -U -a -c -f -m -n -o -p -u"
)

# Programs that run another with the words after their options.
RUNNERS = frozenset({"env", "exec", "nohup", "sudo"})

# The tools that a development dependency brings, where they are not named after it.
TOOLS = {
    "coverage": "pytest-cov",
    "fastapi": "fastapi",
    "flask": "flask",
    "granian": "granian",
    "lint-imports": "import-linter",
    "py.test": "pytest",
}
# What a virtual environment has in any case.
INTERPRETERS = {"python", "python3"}

# Units of systemd's that the distribution brings.
UNITS = {"caddy", "postgresql", "redis-server", "docker", "ssh"}

# Variables that somebody else's programs read, and who.
PLATFORM = {
    "AWS_REGION": "AWS CLI",
    "AWS_PROFILE": "AWS CLI",
    "CLOUDSDK_CORE_PROJECT": "gcloud",
    "CLOUDSDK_RUN_REGION": "gcloud",
    "COMPOSE_ENV_FILES": "Docker Compose",
    "COMPOSE_FILE": "Docker Compose",
    "DOCKER_DEFAULT_PLATFORM": "Docker",
    "FLY_API_TOKEN": "flyctl",
    "HOME": "shell",
    "KUBECONFIG": "kubectl",
    "PATH": "shell",
    "PGPASSWORD": "PostgreSQL",
    "PGSSLMODE": "PostgreSQL",
    "PWD": "shell",
    "SSL_CERT_FILE": "OpenSSL",
    "USER": "shell",
    "UV_PYTHON": "uv",
}
