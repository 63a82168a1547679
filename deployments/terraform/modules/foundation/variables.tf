variable "project" {
  description = "The project's id."
  type        = string
}

variable "name" {
  description = "What the names of everything begin with."
  type        = string
}

variable "registry_location" {
  description = "Where the images are kept: a region, or a multi-region such as europe."
  type        = string
}

variable "network" {
  description = "The id of a network for the services to reach private addresses by. Absent: one is made."
  type        = string
  default     = null
}

variable "sealing_key_version" {
  description = "Another number makes a new key that seals session ids, and ends all open sessions."
  type        = number
  default     = 1
}

variable "state_key_version" {
  description = "Another number makes a new key that seals what calls have asked their clients."
  type        = number
  default     = 1
}
