# Two regions behind one address: the regional module twice, what they share once.
#
#   terraform apply -var project=PROJECT -var domain=mcp.example.com
#
# Both regions open each other's sessions, since they have one sealing key. Each has a Redis of its own, so a rate limit
# holds in each. The build deploys to both, one after the other: --substitutions '_REGIONS=europe-west1 us-central1'.

variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
}

variable "domain" {
  description = "The host name of the gateway."
  type        = string
}

variable "regions" {
  description = "The regions, and the addresses of each in the network: apart from each other, /26 or larger."
  type        = map(string)
  default = {
    europe-west1 = "10.8.0.0/24"
    us-central1  = "10.8.1.0/24"
  }
}

variable "image_tag" {
  description = "The tag of the first images. Absent: all but services and load balancer."
  type        = string
  default     = null
}

variable "invokers" {
  description = "Who may call the gateway, as IAM members; empty is nobody."
  type        = list(string)
  default     = []
}

provider "google" {
  project = var.project
}

module "foundation" {
  source = "../../modules/foundation"

  project           = var.project
  name              = "mcp"
  registry_location = keys(var.regions)[0]
}

# Its name is what the regions must know of the load balancer, which in turn must know their services.
resource "google_compute_global_address" "gateway" {
  name = "mcp-gateway"

  depends_on = [module.foundation]
}

module "region" {
  source   = "../../modules/region"
  for_each = var.regions

  region           = each.key
  name             = "mcp"
  subnetwork_range = each.value
  network          = module.foundation.network
  accounts         = module.foundation.accounts
  build            = module.foundation.build_account
  keys             = module.foundation.keys
  images = var.image_tag == null ? null : {
    gateway     = "${module.foundation.repository}/gateway:${var.image_tag}"
    tool_server = "${module.foundation.repository}/tool-server:${var.image_tag}"
  }

  # One instance kept warm in each region. Beside the load balancer the services can be reached under their own names, by
  # the same callers, so that the build can probe what it deploys. Where it runs in a private pool of the network,
  # ingress = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" closes that way.
  gateway = {
    min_instances = 1
    invokers      = var.invokers
  }

  # Callers ask for tokens for the name that they call.
  audiences = ["https://${var.domain}"]

  # The load balancer and Cloud Run's own proxy each say in X-Forwarded-For whom they had it from.
  trusted_proxies = ["169.254.0.0/16", "35.191.0.0/16", "130.211.0.0/22", "${google_compute_global_address.gateway.address}/32"]

  depends_on = [module.foundation]
}

module "load_balancer" {
  source = "../../modules/load_balancer"
  count  = var.image_tag == null ? 0 : 1

  name     = "mcp"
  domain   = var.domain
  address  = google_compute_global_address.gateway.id
  services = { for region, module in module.region : region => module.gateway.name }
}

output "address" {
  description = "What the domain's address record has to name."
  value       = google_compute_global_address.gateway.address
}

output "endpoint" {
  description = "Where clients call."
  value       = "https://${var.domain}/mcp"
}
