# One region: the gateway with tool servers beside it, the tool server as a service of its own, and the Redis they share.
#
# Why tool servers run beside the gateway. A service on Cloud Run is called with an identity token, unless everybody may call
# it. The gateway sends no credentials to its backends, so it cannot call a service that demands one. Containers of one instance
# reach each other on localhost, in the clear and without tokens, and nobody else reaches them: each instance of the gateway's
# service has its own tool servers, and they grow together.
#
# Sessions are off in all tool servers. Calls of one client come to different instances, and an instance knows nothing of
# the sessions of another; without them every call stands alone, which clients of all revisions accept.

locals {
  is_deployed = var.images != null

  port       = 8080
  admin_port = 9090

  # Tool servers beside the gateway: their names and ports.
  beside = length(var.backends) > 0 ? {} : {
    for index in range(var.tool_server.beside_gateway) : "tools-${index + 1}" => 9001 + index
  }
  backends = length(var.backends) > 0 ? var.backends : [for port in values(local.beside) : "http://127.0.0.1:${port}/mcp"]

  gateway_conf = templatefile("${path.module}/gateway.conf.tftpl", {
    port            = local.port
    admin_port      = local.admin_port
    backends        = local.backends
    redis           = local.redis
    settings        = var.settings
    trusted_proxies = var.trusted_proxies
  })

  # What the gateway and a tool server are told by environment variables, each from a secret.
  gateway_secrets = merge(
    { GATEWAY_KEY = var.keys.sealing },
    { for index, secret in module.redis_password[*].secret : "REDIS_PASSWORD" => secret },
  )
  tool_server_secrets = merge(
    { STATE_KEY = var.keys.state },
    { for index, secret in module.redis_url[*].secret : "REDIS_URL" => secret },
  )
}

# Services take addresses of this subnetwork when they call private ones, Redis among them.
resource "google_compute_subnetwork" "this" {
  name                     = "${var.name}-${var.region}"
  region                   = var.region
  network                  = var.network
  ip_cidr_range            = var.subnetwork_range
  private_ip_google_access = true
}

# gateway.conf has no secret in it. It is kept as one because Cloud Run mounts nothing else as a file.
module "gateway_conf" {
  source = "../secret"

  name  = "${var.name}-gateway-conf-${var.region}"
  value = local.gateway_conf
  # Another content is another version.
  value_version = parseint(substr(sha256(local.gateway_conf), 0, 8), 16)
  readers       = { gateway = var.accounts.gateway.member }
}
