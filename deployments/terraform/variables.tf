variable "project" {
  description = "The id of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The project must be a project's id, such as my-project-123; not its name or number."
  }
}

variable "region" {
  description = "Where everything runs, such as europe-west1."
  type        = string
  default     = "europe-west1"
}

variable "name" {
  description = "What the names of everything begin with."
  type        = string
  default     = "mcp"
}

variable "environment" {
  description = "What the tool server's health report calls the deployment."
  type        = string
  default     = "production"
}

variable "image_tag" {
  description = "The tag of the first images: the id of the build that pushed them. Absent: all but the services is made, so that there is a registry to push to. Later images are deployed by the build; changes of this have no effect then."
  type        = string
  default     = null

  validation {
    condition     = var.image_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "The tag must be that of an image, such as the id of a build."
  }
}

variable "network" {
  description = "The id of a network, projects/PROJECT/global/networks/NAME. Absent: one is made."
  type        = string
  default     = null
}

variable "subnetwork_range" {
  description = "Addresses for the services in the network; /26 or larger."
  type        = string
  default     = "10.8.0.0/24"
}

variable "sealing_key_version" {
  description = "Another number makes a new key that seals session ids, and ends all open sessions."
  type        = number
  default     = 1
}

# What follows goes to modules/region as it is: there it is described in full, checked, and given its defaults.

variable "gateway" {
  description = "The gateway's service: size, growth, and who may call it (`invokers`, IAM members; empty is nobody)."
  type = object({
    cpu             = optional(string)
    memory          = optional(string)
    min_instances   = optional(number)
    max_instances   = optional(number)
    concurrency     = optional(number)
    timeout_seconds = optional(number)
    ingress         = optional(string)
    invokers        = optional(list(string))
  })
  default = {}
}

variable "tool_server" {
  description = "The tool servers: how many beside each gateway, their size, and growth and callers of the service of their own."
  type = object({
    beside_gateway  = optional(number)
    cpu             = optional(string)
    memory          = optional(string)
    min_instances   = optional(number)
    max_instances   = optional(number)
    concurrency     = optional(number)
    timeout_seconds = optional(number)
    ingress         = optional(string)
    invokers        = optional(list(string))
    rate_limit      = optional(number)
  })
  default = {}
}

variable "backends" {
  description = "MCP servers for the gateway instead of the tool servers beside it: http:// or https:// URLs."
  type        = list(string)
  default     = []
}

variable "redis" {
  description = "The Redis that instances share: `kind` is memorystore, given (with `url`), or none."
  type = object({
    kind             = optional(string)
    memory_gb        = optional(number)
    tier             = optional(string)
    url              = optional(string)
    user             = optional(string)
    has_password     = optional(bool)
    password_version = optional(number)
  })
  default = {}
}

variable "redis_password" {
  description = "The password of the Redis that is given; best by TF_VAR_redis_password. It is in no state."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null
}

variable "settings" {
  description = "More keys of gateway.conf, as YAML, such as rate_limits and cache."
  type        = string
  default     = ""
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the services."
  type        = bool
  default     = true
}
