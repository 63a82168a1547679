# Who may do what with the services. Without these nobody but the project's administrators may call them.

locals {
  services = local.is_deployed ? {
    gateway     = google_cloud_run_v2_service.gateway[0].name
    tool_server = google_cloud_run_v2_service.tool_server[0].name
  } : {}

  # The build makes revisions, moves traffic, and calls what it has made.
  build_roles = var.build == null ? {} : merge([
    for key, service in local.services : {
      "${key} developer" = { service = service, role = "roles/run.developer" }
      "${key} invoker"   = { service = service, role = "roles/run.invoker" }
    }
  ]...)
}

resource "google_cloud_run_v2_service_iam_member" "gateway_invoker" {
  for_each = toset(local.is_deployed ? var.gateway.invokers : [])

  name     = google_cloud_run_v2_service.gateway[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "tool_server_invoker" {
  for_each = toset(local.is_deployed ? var.tool_server.invokers : [])

  name     = google_cloud_run_v2_service.tool_server[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "build" {
  for_each = local.build_roles

  name     = each.value.service
  location = var.region
  role     = each.value.role
  member   = var.build.member
}
