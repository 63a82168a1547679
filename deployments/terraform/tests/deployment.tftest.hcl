# The whole of a deployment in one region, as `terraform apply` makes it.

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { email = "account@my-project.iam.gserviceaccount.com", member = "serviceAccount:account@my-project.iam.gserviceaccount.com" }
  }
  mock_resource "google_redis_instance" {
    defaults = { host = "10.8.4.3", port = 6379 }
  }
}

variables {
  project        = "my-project"
  redis_password = "must-not-be-seen/&+"
}

run "everything_but_the_services" {
  assert {
    condition     = output.gateway_url == null && output.tool_server_url == null
    error_message = "There are services before there are images."
  }
  assert {
    condition     = output.repository == "europe-west1-docker.pkg.dev/my-project/mcp"
    error_message = "The build does not know where to push."
  }
}

run "the_services" {
  variables {
    image_tag = "1bb83ad"
  }

  assert {
    condition     = output.gateway_url != null && output.tool_server_url != null
    error_message = "There are no services although there are images."
  }
}

run "the_build_may_do_little" {
  module {
    source = "./modules/foundation"
  }

  variables {
    name              = "mcp"
    registry_location = "europe-west1"
  }

  assert {
    condition     = google_project_iam_member.build_logs.role == "roles/logging.logWriter" && strcontains(google_project_iam_member.build_reads_source.condition[0].expression, "my-project_cloudbuild")
    error_message = "The build may do something else in the project than log and read its own source."
  }
  assert {
    condition     = alltrue([for grant in google_service_account_iam_member.build_deploys_as : grant.role == "roles/iam.serviceAccountUser"]) && length(google_service_account_iam_member.build_deploys_as) == 2
    error_message = "The build may act as others than the two services."
  }
  assert {
    condition     = google_artifact_registry_repository.images.docker_config[0].immutable_tags
    error_message = "What a tag names can be changed behind the back of those who deployed it."
  }
}

run "refuses_project_number" {
  command = plan
  variables {
    project = "123456789"
  }
  expect_failures = [var.project]
}

run "refuses_tag_that_is_an_image" {
  command = plan
  variables {
    image_tag = "gateway:1bb83ad"
  }
  expect_failures = [var.image_tag]
}
