# One secret, its value, and who may read it. The value goes through a write-only argument: it is in no state and no plan.

variable "name" {
  description = "The secret's name in Secret Manager."
  type        = string
}

variable "value" {
  description = "What the secret holds. Written when `value_version` changes, and only then."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "value_version" {
  description = "Another number writes the value as a new version."
  type        = number
}

variable "readers" {
  description = "Who may read the secret: a name for each, and the IAM member."
  type        = map(string)
}

resource "google_secret_manager_secret" "this" {
  secret_id = var.name

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "this" {
  secret                 = google_secret_manager_secret.this.id
  secret_data_wo         = var.value
  secret_data_wo_version = var.value_version

  # An earlier revision of a service names the version that it was deployed with, and must still start after a roll-back.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

# For this secret alone: a role on the project would open every secret in it.
resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = var.readers

  secret_id = google_secret_manager_secret.this.id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}

output "secret" {
  description = "How a service refers to the secret: its name and the version of its value."
  value = {
    name    = google_secret_manager_secret.this.secret_id
    version = google_secret_manager_secret_version.this.version
  }

  # Cloud Run reads a secret when a revision is made, so that has to wait until it may.
  depends_on = [google_secret_manager_secret_iam_member.reader]
}
