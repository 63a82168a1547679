output "gateway_url" {
  description = "Where the gateway is; MCP is at /mcp. Absent before there are images."
  value       = one(google_cloud_run_v2_service.gateway[*].uri)
}

output "tool_server_url" {
  description = "Where the tool server is; MCP is at /mcp. Absent before there are images."
  value       = one(google_cloud_run_v2_service.tool_server[*].uri)
}

output "gateway_service" {
  description = "The name of the gateway's service. Absent before there are images."
  value       = one(google_cloud_run_v2_service.gateway[*].name)
}

output "gateway_conf" {
  description = "The configuration that the gateway is started with. Secrets are only named in it."
  value       = local.gateway_conf
}
