# The second region is the first again, with the same keys.

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { email = "account@my-project.iam.gserviceaccount.com", member = "serviceAccount:account@my-project.iam.gserviceaccount.com" }
  }
  mock_resource "google_redis_instance" {
    defaults = { host = "10.8.4.3", port = 6379 }
  }
  mock_resource "google_compute_global_address" {
    defaults = { address = "203.0.113.7" }
  }
}

variables {
  project   = "my-project"
  domain    = "mcp.example.com"
  image_tag = "1bb83ad"
}

run "a_service_in_each_region" {
  assert {
    condition = { for region, module in module.region : region => "${module.gateway.name} ${module.gateway.region}" } == {
      europe-west1 = "mcp-gateway europe-west1", us-central1 = "mcp-gateway us-central1"
    }
    error_message = "A region has no gateway."
  }
  assert {
    condition     = length(distinct([for module in module.region : module.gateway_conf])) == 1
    error_message = "The regions' gateways are configured differently."
  }
  assert {
    condition     = contains(yamldecode(module.region["us-central1"].gateway_conf).trusted_proxies, "203.0.113.7/32")
    error_message = "The gateway takes the load balancer for the client."
  }
  assert {
    condition     = output.address == "203.0.113.7" && output.endpoint == "https://mcp.example.com/mcp"
    error_message = "It is not said where clients call."
  }
}

run "the_load_balancer_leads_to_both" {
  module {
    source = "../../modules/load_balancer"
  }

  variables {
    name     = "mcp"
    address  = "projects/my-project/global/addresses/mcp-gateway"
    services = { europe-west1 = "mcp-gateway", us-central1 = "mcp-gateway" }
  }

  assert {
    condition     = length(google_compute_backend_service.gateway.backend) == 2 && google_compute_backend_service.gateway.load_balancing_scheme == "EXTERNAL_MANAGED"
    error_message = "Calls do not reach every region."
  }
  assert {
    condition     = google_compute_global_forwarding_rule.gateway.port_range == "443"
    error_message = "Calls come in the clear."
  }
}

run "refuses_url_as_domain" {
  command = plan
  module {
    source = "../../modules/load_balancer"
  }
  variables {
    name     = "mcp"
    domain   = "https://mcp.example.com"
    address  = "projects/my-project/global/addresses/mcp-gateway"
    services = {}
  }
  expect_failures = [var.domain]
}
