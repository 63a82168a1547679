# The Redis that instances share. The gateway is told where it is in gateway.conf, and the password by an environment
# variable; a tool server gets both in one URL. So the URL is a secret, whether there is a password in it or not.

locals {
  redis_url = {
    memorystore = one([for redis in google_redis_instance.this : "redis://${redis.host}:${redis.port}"])
    given       = var.redis.url
    none        = null
  }[var.redis.kind]

  redis = var.redis.kind == "none" ? null : {
    url          = local.redis_url
    user         = var.redis.user
    has_password = var.redis.has_password
  }

  redis_scheme = var.redis.kind == "none" ? "" : split("://", local.redis_url)[0]
  redis_place  = var.redis.kind == "none" ? "" : split("://", local.redis_url)[1]

  # A readers' list for each of the two secrets.
  redis_readers = {
    gateway     = var.accounts.gateway.member
    tool_server = var.accounts.tool_server.member
  }
}

# Reached from the network only. Neither password nor TLS: the password that Memorystore makes would be in Terraform's state,
# and its certificate is signed by an authority of its own, which a tool server cannot be told.
resource "google_redis_instance" "this" {
  count = var.redis.kind == "memorystore" ? 1 : 0

  name                    = "${var.name}-${var.region}"
  region                  = var.region
  display_name            = "Limits and answers that MCP gateways share"
  tier                    = var.redis.tier
  memory_size_gb          = var.redis.memory_gb
  redis_version           = "REDIS_7_2"
  authorized_network      = var.network
  connect_mode            = "DIRECT_PEERING"
  auth_enabled            = false
  transit_encryption_mode = "DISABLED"

  # Everything in it can be computed again.
  redis_configs = { "maxmemory-policy" = "allkeys-lru" }
}

module "redis_url" {
  source = "../secret"
  count  = var.redis.kind == "none" ? 0 : 1

  name = "${var.name}-redis-url-${var.region}"
  value = var.redis.has_password ? join("", [
    "${local.redis_scheme}://",
    var.redis.user == null ? "" : urlencode(var.redis.user),
    # A space is %20 in a URL; the + is what forms make of it.
    ":${replace(urlencode(var.redis_password == null ? "" : var.redis_password), "+", "%20")}@",
    local.redis_place,
  ]) : local.redis_url
  # Another place, user or password is another version.
  value_version = parseint(substr(sha256(jsonencode([local.redis_url, var.redis.user, var.redis.password_version])), 0, 8), 16)
  readers       = local.redis_readers
}

module "redis_password" {
  source = "../secret"
  count  = var.redis.has_password ? 1 : 0

  name          = "${var.name}-redis-password-${var.region}"
  value         = var.redis_password
  value_version = var.redis.password_version
  readers       = { gateway = var.accounts.gateway.member }
}
