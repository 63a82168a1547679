# A secret: its value is written and forgotten, and each reader gets a role on this secret alone.

mock_provider "google" {}

variables {
  name          = "mcp-sealing-key"
  value         = "must-not-be-seen/&+"
  value_version = 3
  readers       = { gateway = "serviceAccount:mcp-gateway@p.iam.gserviceaccount.com" }
}

run "value_is_written_and_forgotten" {
  module {
    source = "./modules/secret"
  }

  assert {
    condition = (
      google_secret_manager_secret_version.this.secret_data == null
      && google_secret_manager_secret_version.this.secret_data_wo == null
      && google_secret_manager_secret_version.this.secret_data_wo_version == 3
    )
    error_message = "The value is in the state, or would not be written."
  }
  assert {
    condition     = google_secret_manager_secret_version.this.deletion_policy == "ABANDON"
    error_message = "An earlier revision could not start again: the version that it names would be gone."
  }
}

run "readers_get_this_secret_alone" {
  module {
    source = "./modules/secret"
  }

  assert {
    condition = [
      for grant in google_secret_manager_secret_iam_member.reader : [grant.secret_id == google_secret_manager_secret.this.id, grant.role, grant.member]
    ] == [[true, "roles/secretmanager.secretAccessor", "serviceAccount:mcp-gateway@p.iam.gserviceaccount.com"]]
    error_message = "Readers may do something else than read this secret."
  }
}
