# A Redis that asks for a password does not go without.

mock_provider "google" {}

variables {
  region  = "europe-west1"
  network = "projects/p/global/networks/mcp"
  accounts = {
    gateway     = { email = "mcp-gateway@p.iam.gserviceaccount.com", member = "serviceAccount:mcp-gateway@p.iam.gserviceaccount.com" }
    tool_server = { email = "mcp-tool-server@p.iam.gserviceaccount.com", member = "serviceAccount:mcp-tool-server@p.iam.gserviceaccount.com" }
  }
  keys = {
    sealing = { name = "mcp-sealing-key", version = "1" }
    state   = { name = "mcp-state-key", version = "1" }
  }
}

run "refuses_to_go_without_password" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    redis = { kind = "given", url = "redis://10.8.1.3:6379", has_password = true }
  }
  expect_failures = [var.redis_password]
}
