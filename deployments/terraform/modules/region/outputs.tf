output "gateway_url" {
  description = "Where the gateway is; MCP is at /mcp. Absent before there are images."
  value       = one(google_cloud_run_v2_service.gateway[*].uri)
}

output "tool_server_url" {
  description = "Where the tool server is; MCP is at /mcp. Absent before there are images."
  value       = one(google_cloud_run_v2_service.tool_server[*].uri)
}

output "gateway" {
  description = "The gateway's service: its name and region. Absent before there are images."
  value       = one([for service in google_cloud_run_v2_service.gateway : { name = service.name, region = service.location }])
}

output "gateway_conf" {
  description = "The configuration that the gateway is started with. Secrets are only named in it."
  value       = local.gateway_conf
}
