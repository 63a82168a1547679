# What all regions share: who the services run as, the keys that must be the same everywhere, the registry with the images,
# the account of the build, and the network.

locals {
  services = [
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "redis.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ]
}

resource "google_project_service" "needed" {
  for_each = toset(local.services)

  service = each.value
  # Others in the project may use them too.
  disable_on_destroy = false
}

resource "google_compute_network" "this" {
  count = var.network == null ? 1 : 0

  name                    = var.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.needed]
}

# The services run as accounts of their own, without any role on the project: each may read its own secrets, nothing else.
resource "google_service_account" "gateway" {
  account_id   = "${var.name}-gateway"
  display_name = "MCP gateway on Cloud Run"

  depends_on = [google_project_service.needed]
}

resource "google_service_account" "tool_server" {
  account_id   = "${var.name}-tool-server"
  display_name = "MCP tool server on Cloud Run"

  depends_on = [google_project_service.needed]
}

# Made at every run and written at the first, or when its version is raised: then all open sessions end.
ephemeral "random_password" "sealing_key" {
  length  = 64
  special = false
}

ephemeral "random_password" "state_key" {
  length  = 64
  special = false
}

# Seals the session ids that clients get. The same in all regions, so that any gateway can go on with any session.
module "sealing_key" {
  source = "../secret"

  name          = "${var.name}-sealing-key"
  value         = ephemeral.random_password.sealing_key.result
  value_version = var.sealing_key_version
  readers       = { gateway = google_service_account.gateway.member }

  depends_on = [google_project_service.needed]
}

# Seals what a call of a tool has asked its client, so that any tool server can take the reply. The gateway's service has
# tool servers beside it, which run as its account.
module "state_key" {
  source = "../secret"

  name          = "${var.name}-state-key"
  value         = ephemeral.random_password.state_key.result
  value_version = var.state_key_version
  readers = {
    gateway     = google_service_account.gateway.member
    tool_server = google_service_account.tool_server.member
  }

  depends_on = [google_project_service.needed]
}
