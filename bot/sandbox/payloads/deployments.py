"""Deployments and their statuses."""

from __future__ import annotations

from bot.sandbox.ci import Deployment, DeploymentStatus
from bot.sandbox.clock import stamp
from bot.sandbox.payloads.accounts import Site, integration_or_none, node_id, simple_user
from bot.sandbox.payloads.repos import repo_url
from bot.sandbox.state import Json


def deployment(site: Site, one: Deployment) -> Json:
    api = repo_url(site, one.repo)
    return {
        "url": f"{api}/deployments/{one.id}",
        "id": one.id,
        "node_id": node_id("Deployment", one.id),
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": one.payload,
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description,
        "creator": simple_user(site, one.creator),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "statuses_url": f"{api}/deployments/{one.id}/statuses",
        "repository_url": api,
        "transient_environment": one.transient,
        "production_environment": one.production,
        "performed_via_github_app": integration_or_none(site, one.via),
    }


def deployment_status(site: Site, parent: Deployment, one: DeploymentStatus) -> Json:
    api = repo_url(site, parent.repo)
    return {
        "url": f"{api}/deployments/{parent.id}/statuses/{one.id}",
        "id": one.id,
        "node_id": node_id("DeploymentStatus", one.id),
        "state": one.state,
        "creator": simple_user(site, one.creator),
        "description": one.description,
        "environment": one.environment,
        "target_url": one.log_url,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.created_at),
        "deployment_url": f"{api}/deployments/{parent.id}",
        "repository_url": api,
        "environment_url": one.environment_url,
        "log_url": one.log_url,
        "performed_via_github_app": integration_or_none(site, one.via),
    }
