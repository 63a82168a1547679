variable "region" {
  description = "Where the services run, such as europe-west1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "The region must be one of Google Cloud's, such as europe-west1."
  }
}

variable "name" {
  description = "What the names of everything begin with."
  type        = string
  default     = "mcp"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,16}[a-z0-9]$", var.name))
    error_message = "The name must have 3 to 18 small letters, digits and hyphens: names of accounts are made from it."
  }
}

variable "environment" {
  description = "What the tool server's health report calls the deployment."
  type        = string
  default     = "production"
}

variable "images" {
  description = "The first images of the services; later ones are deployed by the build. Absent: no services yet."
  type        = object({ gateway = string, tool_server = string })
  default     = null
}

variable "accounts" {
  description = "Who the services run as: e-mail address and IAM member, as the foundation puts them out."
  type = object({
    gateway     = object({ email = string, member = string })
    tool_server = object({ email = string, member = string })
  })
}

variable "build" {
  description = "The IAM member that deploys new revisions and probes them. Absent: nobody."
  type        = object({ member = string })
  default     = null
}

variable "keys" {
  description = "Names and versions of the keys in Secret Manager, as the foundation puts them out."
  type = object({
    sealing = object({ name = string, version = string })
    state   = object({ name = string, version = string })
  })
}

variable "network" {
  description = "The id of the network by which the services reach private addresses."
  type        = string
}

variable "subnetwork_range" {
  description = "Addresses for the services in that network, of which Cloud Run needs two for each instance."
  type        = string
  default     = "10.8.0.0/24"

  validation {
    condition     = can(cidrhost(var.subnetwork_range, 0)) && try(tonumber(split("/", var.subnetwork_range)[1]) <= 26, false)
    error_message = "The range must be one such as 10.8.0.0/24, and /26 or larger, which Cloud Run asks for."
  }
}

variable "gateway" {
  description = <<-TEXT
    The gateway's service.
      cpu, memory      of the gateway's own container
      min_instances    kept warm; 0 costs nothing while nobody calls, and the first call then waits for a start
      max_instances    how far it grows
      concurrency      calls and open streams that one instance holds at a time
      timeout_seconds  when Cloud Run cuts a stream, at most an hour
      ingress          from where it can be reached, for those who may call it
      invokers         who may call it; empty is nobody
  TEXT
  type = object({
    cpu             = optional(string, "1")
    memory          = optional(string, "512Mi")
    min_instances   = optional(number, 0)
    max_instances   = optional(number, 10)
    concurrency     = optional(number, 250)
    timeout_seconds = optional(number, 3600)
    ingress         = optional(string, "INGRESS_TRAFFIC_ALL")
    invokers        = optional(list(string), [])
  })
  default = {}

  validation {
    condition     = contains(["1", "2", "4", "6", "8"], var.gateway.cpu)
    error_message = "gateway.cpu must be 1, 2, 4, 6 or 8: with less than one CPU Cloud Run allows one call at a time."
  }
  validation {
    condition     = can(regex("^[1-9][0-9]*(Mi|Gi)$", var.gateway.memory))
    error_message = "gateway.memory must be a size such as 512Mi or 1Gi."
  }
  validation {
    condition     = var.gateway.min_instances >= 0 && var.gateway.min_instances <= var.gateway.max_instances && var.gateway.max_instances >= 1
    error_message = "gateway.min_instances must not be above gateway.max_instances, which must be 1 or more."
  }
  validation {
    condition     = var.gateway.concurrency >= 1 && var.gateway.concurrency <= 1000
    error_message = "gateway.concurrency must be 1 to 1000."
  }
  validation {
    condition     = var.gateway.timeout_seconds >= 60 && var.gateway.timeout_seconds <= 3600
    error_message = "gateway.timeout_seconds must be 60 to 3600; Cloud Run allows no more."
  }
  validation {
    condition = contains(
      ["INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"],
      var.gateway.ingress
    )
    error_message = "gateway.ingress must be INGRESS_TRAFFIC_ALL, _INTERNAL_ONLY or _INTERNAL_LOAD_BALANCER."
  }
  validation {
    condition = alltrue([
      for member in var.gateway.invokers : can(regex("^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain):.+|principal(Set)?://.+)$", member))
    ])
    error_message = "gateway.invokers must be IAM members, such as user:ann@example.com or serviceAccount:caller@project.iam.gserviceaccount.com."
  }
}

variable "tool_server" {
  description = <<-TEXT
    The tool server: the containers beside each gateway, and a service of its own for those who call it directly.
      beside_gateway   how many run in each instance of the gateway's service, 1 to 8; without effect when `backends` are given
      cpu, memory      of each of them, and of an instance of the service
      min_instances, max_instances, concurrency, timeout_seconds, ingress, invokers   of the service, as for the gateway
      rate_limit       requests a minute that the service takes from one caller; 0 for no limit
  TEXT
  type = object({
    beside_gateway  = optional(number, 2)
    cpu             = optional(string, "1")
    memory          = optional(string, "256Mi")
    min_instances   = optional(number, 0)
    max_instances   = optional(number, 10)
    concurrency     = optional(number, 80)
    timeout_seconds = optional(number, 300)
    ingress         = optional(string, "INGRESS_TRAFFIC_ALL")
    invokers        = optional(list(string), [])
    rate_limit      = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.tool_server.beside_gateway >= 1 && var.tool_server.beside_gateway <= 8
    error_message = "tool_server.beside_gateway must be 1 to 8: an instance has ten containers at most."
  }
  validation {
    condition     = contains(["1", "2", "4", "6", "8"], var.tool_server.cpu)
    error_message = "tool_server.cpu must be 1, 2, 4, 6 or 8: with less than one CPU Cloud Run allows one call at a time."
  }
  validation {
    condition     = can(regex("^[1-9][0-9]*(Mi|Gi)$", var.tool_server.memory))
    error_message = "tool_server.memory must be a size such as 256Mi or 1Gi."
  }
  validation {
    condition     = var.tool_server.min_instances >= 0 && var.tool_server.min_instances <= var.tool_server.max_instances && var.tool_server.max_instances >= 1
    error_message = "tool_server.min_instances must not be above tool_server.max_instances, which must be 1 or more."
  }
  validation {
    condition     = var.tool_server.concurrency >= 1 && var.tool_server.concurrency <= 1000
    error_message = "tool_server.concurrency must be 1 to 1000."
  }
  validation {
    condition     = var.tool_server.timeout_seconds >= 60 && var.tool_server.timeout_seconds <= 3600
    error_message = "tool_server.timeout_seconds must be 60 to 3600; Cloud Run allows no more."
  }
  validation {
    condition = contains(
      ["INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"],
      var.tool_server.ingress
    )
    error_message = "tool_server.ingress must be INGRESS_TRAFFIC_ALL, _INTERNAL_ONLY or _INTERNAL_LOAD_BALANCER."
  }
  validation {
    condition = alltrue([
      for member in var.tool_server.invokers : can(regex("^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain):.+|principal(Set)?://.+)$", member))
    ])
    error_message = "tool_server.invokers must be IAM members, such as user:ann@example.com."
  }
}

variable "backends" {
  description = <<-TEXT
    MCP servers for the gateway instead of the tool servers beside it, such as http://10.8.1.2:9000/mcp or
    https://tools.example.com/mcp: machines in the network, or a load balancer. Certificates are checked against the
    authorities that the gateway's image trusts. The gateway sends no credentials, so a service on Cloud Run that demands
    an identity token cannot be among them.
  TEXT
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for url in var.backends : can(regex("^https?://[^/?#@\\s]+/[^?#\\s]*$", url))])
    error_message = "Backends must be URLs such as http://10.8.1.2:9000/mcp or https://tools.example.com/mcp, without credentials, query and fragment."
  }
}

variable "redis" {
  description = <<-TEXT
    The Redis that all instances share, for rate limits and cached answers.
      kind              memorystore: one is made; given: `url` says where it is; none: each instance is on its own
      memory_gb, tier   of the one that is made; STANDARD_HA has a replica and costs twice as much
      url, user         of the one that is given: redis://10.8.1.3:6379, or rediss:// for TLS; without a password
      has_password      whether it asks for one, which then is in `redis_password`
      password_version  another number writes the password again
  TEXT
  type = object({
    kind             = optional(string, "memorystore")
    memory_gb        = optional(number, 1)
    tier             = optional(string, "BASIC")
    url              = optional(string)
    user             = optional(string)
    has_password     = optional(bool, false)
    password_version = optional(number, 1)
  })
  default = {}

  validation {
    condition     = contains(["memorystore", "given", "none"], var.redis.kind)
    error_message = "redis.kind must be memorystore, given or none."
  }
  validation {
    condition     = contains(["BASIC", "STANDARD_HA"], var.redis.tier)
    error_message = "redis.tier must be BASIC or STANDARD_HA."
  }
  validation {
    condition     = (var.redis.kind == "given") == (var.redis.url != null)
    error_message = "redis.url belongs to redis.kind = \"given\", and has to be there then."
  }
  validation {
    condition     = var.redis.url == null || can(regex("^rediss?://[^/?#@\\s]+(/[0-9]*)?$", var.redis.url))
    error_message = "redis.url must be redis://HOST:PORT or rediss://HOST:PORT, without user and password, which would be in the state."
  }
  validation {
    condition     = var.redis.kind == "given" || !(var.redis.has_password || var.redis.user != null)
    error_message = "redis.user and redis.has_password belong to redis.kind = \"given\"."
  }
  validation {
    condition     = var.redis.user == null || var.redis.has_password
    error_message = "redis.user needs a password too: redis.has_password."
  }
}

variable "redis_password" {
  description = "The password of the Redis that is given. In no state; written to Secret Manager at first and when redis.password_version changes."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null

  validation {
    condition     = !var.redis.has_password || var.redis_password != null
    error_message = "redis.has_password says that there is a password: set redis_password, best by the environment variable TF_VAR_redis_password."
  }
}

variable "settings" {
  description = "More keys of gateway.conf, as YAML: rate_limits, cache, allowed_origins and others that are not decided here."
  type        = string
  default     = ""

  validation {
    condition     = !can(regex("(?m)^(listen|admin|sessions|trusted_proxies|redis|pools|drain)[ \\t]*:", var.settings))
    error_message = "listen, admin, sessions, trusted_proxies, redis, pools and drain are written already."
  }
}

variable "trusted_proxies" {
  description = "Networks of proxies whose X-Forwarded-For is believed. Cloud Run's own hands requests over from a link-local address."
  type        = list(string)
  default     = ["169.254.0.0/16"]

  validation {
    condition     = alltrue([for network in var.trusted_proxies : can(cidrhost(network, 0))])
    error_message = "Trusted proxies must be networks such as 169.254.0.0/16."
  }
}

variable "audiences" {
  description = "More names under which callers may ask for tokens, such as the https:// URL of a load balancer."
  type        = list(string)
  default     = []
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the services."
  type        = bool
  default     = true
}
