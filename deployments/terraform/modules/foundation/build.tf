# Where images come from: a registry, and the account as which cloudbuild.yaml builds, tests and deploys them.

resource "google_artifact_registry_repository" "images" {
  location      = var.registry_location
  repository_id = var.name
  format        = "DOCKER"
  description   = "Images of the MCP gateway, tool server and monitor"

  docker_config {
    # A tag is a commit; what it names must never change.
    immutable_tags = true
  }

  depends_on = [google_project_service.needed]
}

# What builds begin from. Apart, because here a name is written over again and again.
resource "google_artifact_registry_repository" "cache" {
  location      = var.registry_location
  repository_id = "${var.name}-cache"
  format        = "DOCKER"
  description   = "Layers that the next build begins from"

  cleanup_policies {
    id     = "what-no-build-begins-from"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "86400s"
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_service_account" "build" {
  account_id   = "${var.name}-build"
  display_name = "Builds and deploys the MCP gateway"

  depends_on = [google_project_service.needed]
}

resource "google_artifact_registry_repository_iam_member" "build_pushes" {
  for_each = {
    images = google_artifact_registry_repository.images.repository_id
    cache  = google_artifact_registry_repository.cache.repository_id
  }

  location   = var.registry_location
  repository = each.value
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# A revision runs as a service's account, so whoever makes one must be allowed to act as it.
resource "google_service_account_iam_member" "build_deploys_as" {
  for_each = {
    gateway     = google_service_account.gateway.name
    tool_server = google_service_account.tool_server.name
  }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.build.member
}

# Services are closed to strangers, and the build is one: before it probes them it makes itself a token. gcloud does that by
# way of a second token, so the narrower role serviceAccountOpenIdTokenCreator is not enough.
resource "google_service_account_iam_member" "build_proves_itself" {
  service_account_id = google_service_account.build.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.build.member
}

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# `gcloud builds submit` puts the source into one of these buckets of the project, without or with a region in its name; no
# other is to be read.
resource "google_project_iam_member" "build_reads_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title = "source of builds"
    expression = join(" || ", [
      for bucket in ["${var.project}_cloudbuild", "${var.project}_${var.registry_location}_cloudbuild"] :
      "resource.name == \"projects/_/buckets/${bucket}\" || resource.name.startsWith(\"projects/_/buckets/${bucket}/\")"
    ])
  }
}
