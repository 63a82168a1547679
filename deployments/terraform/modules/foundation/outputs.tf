output "network" {
  description = "The id of the network."
  value       = var.network == null ? google_compute_network.this[0].id : var.network
}

output "accounts" {
  description = "The services' accounts: their e-mail addresses, and how IAM calls them."
  value = {
    gateway     = { email = google_service_account.gateway.email, member = google_service_account.gateway.member }
    tool_server = { email = google_service_account.tool_server.email, member = google_service_account.tool_server.member }
  }
}

output "build_account" {
  description = "The account of the build: its e-mail address, how IAM calls it, and its name in full."
  value = {
    email  = google_service_account.build.email
    member = google_service_account.build.member
    name   = google_service_account.build.name
  }
}

output "keys" {
  description = "Names and versions of the keys in Secret Manager; not the keys."
  value = {
    sealing = module.sealing_key.secret
    state   = module.state_key.secret
  }
}

output "repository" {
  description = "What the names of images begin with."
  value = join("/", [
    "${google_artifact_registry_repository.images.location}-docker.pkg.dev",
    var.project,
    google_artifact_registry_repository.images.repository_id,
  ])
}
