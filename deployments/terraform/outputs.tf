output "gateway_url" {
  description = "Where the gateway is; MCP is at /mcp. Absent before there are images."
  value       = module.region.gateway_url
}

output "tool_server_url" {
  description = "Where the tool server is; MCP is at /mcp. Absent before there are images."
  value       = module.region.tool_server_url
}

output "repository" {
  description = "What the names of images begin with: _REPOSITORY of the build."
  value       = module.foundation.repository
}

output "build_account" {
  description = "The account of the build, in full, as `gcloud builds submit --service-account` takes it."
  value       = module.foundation.build_account.name
}

output "gateway_conf" {
  description = "The configuration that the gateway is started with. Secrets are only named in it."
  value       = module.region.gateway_conf
}
