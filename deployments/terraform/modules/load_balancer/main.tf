# One address for the gateways of several regions: calls go to the nearest region that has room.
#
# A load balancer in front of Cloud Run takes no health checks of its own; Cloud Run itself keeps unhealthy instances out.

variable "name" {
  description = "What the names of everything begin with."
  type        = string
}

variable "domain" {
  description = "The host name of the gateway. Its address record has to name the load balancer before the certificate comes."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "The domain must be a host name such as mcp.example.com."
  }
}

variable "address" {
  description = "The name of a reserved global address."
  type        = string
}

variable "services" {
  description = "The name of the gateway's service in each region."
  type        = map(string)
}

resource "google_compute_region_network_endpoint_group" "gateway" {
  for_each = var.services

  name                  = "${var.name}-gateway-${each.key}"
  region                = each.key
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value
  }
}

resource "google_compute_backend_service" "gateway" {
  name                  = "${var.name}-gateway"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"

  dynamic "backend" {
    for_each = google_compute_region_network_endpoint_group.gateway

    content {
      group = backend.value.id
    }
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "gateway" {
  name            = "${var.name}-gateway"
  default_service = google_compute_backend_service.gateway.id
}

resource "google_compute_managed_ssl_certificate" "gateway" {
  # The name changes with the domain, so that the new certificate can be there before the old one goes.
  name = "${var.name}-gateway-${substr(sha256(var.domain), 0, 8)}"

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_target_https_proxy" "gateway" {
  name             = "${var.name}-gateway"
  url_map          = google_compute_url_map.gateway.id
  ssl_certificates = [google_compute_managed_ssl_certificate.gateway.id]
}

resource "google_compute_global_forwarding_rule" "gateway" {
  name                  = "${var.name}-gateway"
  target                = google_compute_target_https_proxy.gateway.id
  ip_address            = var.address
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
