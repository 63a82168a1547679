# One region: who may call, what runs, how it is probed, what it may reach, and what is refused.

mock_provider "google" {
  mock_resource "google_redis_instance" {
    defaults = { host = "10.8.4.3", port = 6379 }
  }
  mock_resource "google_secret_manager_secret_version" {
    defaults = { version = "7" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults = { uri = "https://mcp-gateway-abc-ew.a.run.app" }
  }
}

variables {
  region  = "europe-west1"
  network = "projects/p/global/networks/mcp"
  images = {
    gateway     = "europe-west1-docker.pkg.dev/p/mcp/gateway:1"
    tool_server = "europe-west1-docker.pkg.dev/p/mcp/tool-server:1"
  }
  accounts = {
    gateway     = { email = "mcp-gateway@p.iam.gserviceaccount.com", member = "serviceAccount:mcp-gateway@p.iam.gserviceaccount.com" }
    tool_server = { email = "mcp-tool-server@p.iam.gserviceaccount.com", member = "serviceAccount:mcp-tool-server@p.iam.gserviceaccount.com" }
  }
  keys = {
    sealing = { name = "mcp-sealing-key", version = "1" }
    state   = { name = "mcp-state-key", version = "1" }
  }
  # Looked for in everything that Terraform keeps or shows; given even where no password is asked for.
  redis_password = "must-not-be-seen/&+"
}

run "nobody_may_call" {
  command = plan

  module {
    source = "./modules/region"
  }

  assert {
    condition = (
      length(google_cloud_run_v2_service_iam_member.gateway_invoker) == 0
      && length(google_cloud_run_v2_service_iam_member.tool_server_invoker) == 0
      && length(google_cloud_run_v2_service_iam_member.build) == 0
    )
    error_message = "Somebody may call or change the services although nobody is named."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.gateway[0].invoker_iam_disabled == false
      && google_cloud_run_v2_service.tool_server[0].invoker_iam_disabled == false
    )
    error_message = "The services do not ask who calls."
  }
}

run "who_is_named_may_call" {
  command = plan

  module {
    source = "./modules/region"
  }

  variables {
    gateway     = { invokers = ["group:agents@example.com"] }
    tool_server = { invokers = ["user:ann@example.com"] }
    build       = { member = "serviceAccount:mcp-build@p.iam.gserviceaccount.com" }
  }

  assert {
    condition     = [for grant in google_cloud_run_v2_service_iam_member.gateway_invoker : "${grant.role} ${grant.member}"] == ["roles/run.invoker group:agents@example.com"]
    error_message = "The gateway's callers are not those that are named."
  }
  assert {
    condition     = [for grant in google_cloud_run_v2_service_iam_member.tool_server_invoker : "${grant.role} ${grant.member}"] == ["roles/run.invoker user:ann@example.com"]
    error_message = "The tool server's callers are not those that are named."
  }
  assert {
    condition = { for key, grant in google_cloud_run_v2_service_iam_member.build : key => "${grant.name} ${grant.role}" } == {
      "gateway developer"     = "mcp-gateway roles/run.developer"
      "gateway invoker"       = "mcp-gateway roles/run.invoker"
      "tool_server developer" = "mcp-tool-server roles/run.developer"
      "tool_server invoker"   = "mcp-tool-server roles/run.invoker"
    }
    error_message = "The build may do something else than deploy and call these two services."
  }
}

run "tool_servers_run_beside_the_gateway" {
  module {
    source = "./modules/region"
  }

  assert {
    condition     = google_cloud_run_v2_service.gateway[0].template[0].containers[*].name == tolist(["gateway", "tools-1", "tools-2"])
    error_message = "The gateway is not the first of three containers."
  }
  assert {
    condition     = [for container in google_cloud_run_v2_service.gateway[0].template[0].containers : one(container.ports[*].container_port)] == [8080, tonumber(null), tonumber(null)]
    error_message = "Calls must go to the gateway's port, and to no other container."
  }
  assert {
    condition     = google_cloud_run_v2_service.gateway[0].template[0].containers[0].depends_on == tolist(["tools-1", "tools-2"])
    error_message = "The gateway does not wait for the tool servers."
  }
  assert {
    condition = google_cloud_run_v2_service.gateway[0].template[0].containers[2].args == tolist([
      "http", "--listen", "0.0.0.0:9002", "--name", "tools-2", "--sessions", "off", "--rate-limit", "0",
    ])
    error_message = "A tool server beside the gateway is started differently."
  }
  assert {
    condition     = contains(google_cloud_run_v2_service.tool_server[0].template[0].containers[0].args, "off")
    error_message = "Instances of the tool server's service know nothing of each other's sessions, so there must be none."
  }
  assert {
    condition = yamldecode(output.gateway_conf).pools.tools.backends == [
      "http://127.0.0.1:9001/mcp", "http://127.0.0.1:9002/mcp",
    ]
    error_message = "The gateway's backends are not the tool servers beside it."
  }
  assert {
    condition = (
      yamldecode(output.gateway_conf).listen == "0.0.0.0:8080" && yamldecode(output.gateway_conf).admin == "0.0.0.0:9090"
      && yamldecode(output.gateway_conf).sessions.key == "env:GATEWAY_KEY"
      && yamldecode(output.gateway_conf).redis == { url = "redis://10.8.4.3:6379" }
    )
    error_message = "gateway.conf says something else."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.gateway[0].template[0].containers[0].args == tolist(["run", "--config", "/etc/mcp-gateway/gateway.conf"])
      && google_cloud_run_v2_service.gateway[0].template[0].containers[0].volume_mounts[0].mount_path == "/etc/mcp-gateway"
      && google_cloud_run_v2_service.gateway[0].template[0].volumes[0].secret[0].secret == "mcp-gateway-conf-europe-west1"
      && google_cloud_run_v2_service.gateway[0].template[0].volumes[0].secret[0].items[0].path == "gateway.conf"
      && google_cloud_run_v2_service.gateway[0].template[0].volumes[0].secret[0].items[0].version == "7"
    )
    error_message = "The gateway is not started with the file that is mounted, in the version that was written."
  }
}

run "backends_with_tls" {
  module {
    source = "./modules/region"
  }

  variables {
    backends = ["https://tools.example.com/mcp", "http://10.9.0.2:9000/mcp"]
  }

  assert {
    condition = yamldecode(output.gateway_conf).pools.tools.backends == [
      "https://tools.example.com/mcp", "http://10.9.0.2:9000/mcp",
    ]
    error_message = "Backends with TLS are not taken as they are given."
  }
}

run "backends_elsewhere" {
  module {
    source = "./modules/region"
  }

  variables {
    backends = ["http://10.9.0.2:9000/mcp"]
  }

  assert {
    condition     = length(google_cloud_run_v2_service.gateway[0].template[0].containers) == 1
    error_message = "There are tool servers beside the gateway although its backends are elsewhere."
  }
  assert {
    condition     = yamldecode(output.gateway_conf).pools.tools.backends == ["http://10.9.0.2:9000/mcp"]
    error_message = "The gateway's backends are not those that are given."
  }
  assert {
    condition     = google_cloud_run_v2_service.gateway[0].template[0].containers[0].startup_probe[0].http_get[0].path == "/health"
    error_message = "A gateway whose backends are away would never start."
  }
}

run "every_container_is_probed" {
  command = plan

  module {
    source = "./modules/region"
  }

  assert {
    condition = [
      for container in google_cloud_run_v2_service.gateway[0].template[0].containers :
      "${container.startup_probe[0].http_get[0].path} ${container.startup_probe[0].http_get[0].port}"
    ] == ["/ready 9090", "/health 9001", "/health 9002"]
    error_message = "A container takes calls before it can."
  }
  assert {
    condition = [
      for container in google_cloud_run_v2_service.gateway[0].template[0].containers :
      "${container.liveness_probe[0].http_get[0].path} ${container.liveness_probe[0].http_get[0].port}"
    ] == ["/health 9090", "/health 9001", "/health 9002"]
    error_message = "A container that hangs is not replaced, or one that only lacks backends is."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.tool_server[0].template[0].containers[0].startup_probe[0].http_get[0].path == "/health"
      && google_cloud_run_v2_service.tool_server[0].template[0].containers[0].liveness_probe[0].http_get[0].port == 8080
    )
    error_message = "The tool server's service is not probed."
  }
}

run "size_and_growth" {
  command = plan

  module {
    source = "./modules/region"
  }

  variables {
    gateway     = { cpu = "2", memory = "1Gi", min_instances = 1, max_instances = 4, concurrency = 500 }
    tool_server = { beside_gateway = 1, min_instances = 2, max_instances = 3, concurrency = 40, rate_limit = 0 }
  }

  assert {
    condition = (
      google_cloud_run_v2_service.gateway[0].template[0].scaling[0].min_instance_count == 1
      && google_cloud_run_v2_service.gateway[0].template[0].scaling[0].max_instance_count == 4
      && google_cloud_run_v2_service.gateway[0].template[0].max_instance_request_concurrency == 500
      && google_cloud_run_v2_service.gateway[0].template[0].timeout == "3600s"
    )
    error_message = "The gateway grows differently."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.gateway[0].template[0].containers[0].resources[0].limits == tomap({ cpu = "2", memory = "1Gi" })
      && google_cloud_run_v2_service.gateway[0].template[0].containers[0].resources[0].cpu_idle == false
    )
    error_message = "The gateway has another size, or no CPU between calls, when it has to watch its backends."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.tool_server[0].template[0].scaling[0].min_instance_count == 2
      && google_cloud_run_v2_service.tool_server[0].template[0].scaling[0].max_instance_count == 3
      && google_cloud_run_v2_service.tool_server[0].template[0].max_instance_request_concurrency == 40
      && google_cloud_run_v2_service.tool_server[0].template[0].containers[0].resources[0].limits.memory == "512Mi"
    )
    error_message = "The tool server grows differently."
  }
}

run "nothing_is_kept_warm_by_default" {
  command = plan

  module {
    source = "./modules/region"
  }

  assert {
    condition = (
      google_cloud_run_v2_service.gateway[0].template[0].scaling[0].min_instance_count == 0
      && google_cloud_run_v2_service.tool_server[0].template[0].scaling[0].min_instance_count == 0
      && google_cloud_run_v2_service.gateway[0].template[0].scaling[0].max_instance_count == 10
    )
    error_message = "The default costs money while nobody calls, or grows without a bound."
  }
  assert {
    condition     = google_cloud_run_v2_service.gateway[0].deletion_protection && google_cloud_run_v2_service.tool_server[0].deletion_protection
    error_message = "The services can be deleted by mistake."
  }
}

run "private_addresses_by_the_network" {
  module {
    source = "./modules/region"
  }

  assert {
    condition = alltrue([
      for service in [google_cloud_run_v2_service.gateway[0], google_cloud_run_v2_service.tool_server[0]] :
      service.template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY"
      && service.template[0].vpc_access[0].network_interfaces[0].network == "projects/p/global/networks/mcp"
      && service.template[0].vpc_access[0].network_interfaces[0].subnetwork == google_compute_subnetwork.this.id
    ])
    error_message = "A service cannot reach Redis, or sends all of its traffic through the network."
  }
  assert {
    condition     = google_redis_instance.this[0].authorized_network == "projects/p/global/networks/mcp"
    error_message = "Redis is in another network."
  }
}

run "accounts_of_their_own" {
  command = plan

  module {
    source = "./modules/region"
  }

  assert {
    condition = (
      google_cloud_run_v2_service.gateway[0].template[0].service_account == "mcp-gateway@p.iam.gserviceaccount.com"
      && google_cloud_run_v2_service.tool_server[0].template[0].service_account == "mcp-tool-server@p.iam.gserviceaccount.com"
    )
    error_message = "A service runs as the project's default account, which may do everything."
  }
}

run "secrets_are_named_only" {
  module {
    source = "./modules/region"
  }

  variables {
    redis = { kind = "given", url = "rediss://redis.example.com:6380/2", user = "gateway", has_password = true }
  }

  assert {
    condition = {
      for variable in google_cloud_run_v2_service.gateway[0].template[0].containers[0].env :
      variable.name => variable.value_source[0].secret_key_ref[0].secret
    } == { GATEWAY_KEY = "mcp-sealing-key", REDIS_PASSWORD = "mcp-redis-password-europe-west1" }
    error_message = "The gateway gets its secrets in another way than from Secret Manager."
  }
  assert {
    condition = {
      for variable in google_cloud_run_v2_service.tool_server[0].template[0].containers[0].env :
      variable.name => join("", variable.value_source[*].secret_key_ref[0].secret)
    } == { ENVIRONMENT = "", STATE_KEY = "mcp-state-key", REDIS_URL = "mcp-redis-url-europe-west1" }
    error_message = "The tool server gets its secrets in another way than from Secret Manager."
  }
  assert {
    condition = yamldecode(output.gateway_conf).redis == {
      url = "rediss://redis.example.com:6380/2", user = "gateway", password = "env:REDIS_PASSWORD"
    }
    error_message = "gateway.conf says something else of Redis."
  }
  assert {
    condition     = length(google_redis_instance.this) == 0
    error_message = "There is a Memorystore beside the Redis that is given."
  }
}

run "without_redis" {
  module {
    source = "./modules/region"
  }

  variables {
    redis = { kind = "none" }
  }

  assert {
    condition     = length(google_redis_instance.this) == 0 && !can(yamldecode(output.gateway_conf).redis)
    error_message = "There is a Redis that nobody asked for."
  }
  assert {
    condition     = [for variable in google_cloud_run_v2_service.tool_server[0].template[0].containers[0].env : variable.name] == ["ENVIRONMENT", "STATE_KEY"]
    error_message = "The tool server is told of a Redis."
  }
}

run "settings_are_added" {
  module {
    source = "./modules/region"
  }

  variables {
    settings = <<-YAML
      rate_limits:
        - { name: per-client, key: identity, rate: 100/min, burst: 20 }
    YAML
  }

  assert {
    condition     = yamldecode(output.gateway_conf).rate_limits[0].burst == 20
    error_message = "gateway.conf lacks what was added."
  }
}

run "images_and_traffic_are_the_builds" {
  module {
    source = "./modules/region"
  }

  variables {
    images = {
      gateway     = "europe-west1-docker.pkg.dev/p/mcp/gateway:2"
      tool_server = "europe-west1-docker.pkg.dev/p/mcp/tool-server:2"
    }
  }

  # The services are there already, from the runs before this.
  assert {
    condition = [
      for container in google_cloud_run_v2_service.gateway[0].template[0].containers : split("/", container.image)[3]
    ] == ["gateway:1", "tool-server:1", "tool-server:1"]
    error_message = "Terraform would take back what the build has deployed."
  }
}

run "no_services_without_images" {
  command = plan

  module {
    source = "./modules/region"
  }

  variables {
    images  = null
    gateway = { invokers = ["group:agents@example.com"] }
  }

  assert {
    condition     = length(google_cloud_run_v2_service.gateway) == 0 && output.gateway_url == null
    error_message = "There is a service without an image."
  }
}

# What is refused, each for the reason that its name says.

run "refuses_zone_as_region" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
}

run "refuses_long_name" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    name = "a-name-that-is-too-long"
  }
  expect_failures = [var.name]
}

run "refuses_small_subnetwork" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    subnetwork_range = "10.8.0.0/28"
  }
  expect_failures = [var.subnetwork_range]
}

run "refuses_fewer_instances_at_most_than_at_least" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    gateway = { min_instances = 5, max_instances = 2 }
  }
  expect_failures = [var.gateway]
}

run "refuses_part_of_a_cpu" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    gateway     = { cpu = "500m" }
    tool_server = { cpu = "0.5" }
  }
  expect_failures = [var.gateway, var.tool_server]
}

run "refuses_streams_beyond_an_hour" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    gateway = { timeout_seconds = 7200 }
  }
  expect_failures = [var.gateway]
}

run "refuses_unknown_ingress" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    gateway = { ingress = "all" }
  }
  expect_failures = [var.gateway]
}

run "refuses_bare_address_as_invoker" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    gateway     = { invokers = ["ann@example.com"] }
    tool_server = { invokers = ["everybody"] }
  }
  expect_failures = [var.gateway, var.tool_server]
}

run "refuses_too_many_containers" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    tool_server = { beside_gateway = 9 }
  }
  expect_failures = [var.tool_server]
}

run "refuses_backends_that_are_no_urls" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    backends = ["tools.example.com:9000"]
  }
  expect_failures = [var.backends]
}

run "refuses_backends_of_another_scheme" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    backends = ["ftp://tools.example.com/mcp"]
  }
  expect_failures = [var.backends]
}

run "refuses_credentials_in_backends" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    backends = ["https://user:secret@tools.example.com/mcp"]
  }
  expect_failures = [var.backends]
}

run "refuses_password_in_redis_url" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    redis = { kind = "given", url = "redis://:secret@10.8.1.3:6379" }
  }
  expect_failures = [var.redis]
}

run "refuses_given_redis_without_url" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    redis = { kind = "given" }
  }
  expect_failures = [var.redis]
}

run "refuses_settings_that_are_decided" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    settings = "log: { level: debug }\nadmin: 0.0.0.0:8080"
  }
  expect_failures = [var.settings]
}

run "refuses_proxy_that_is_no_network" {
  command = plan
  module {
    source = "./modules/region"
  }
  variables {
    trusted_proxies = ["10.0.0.1"]
  }
  expect_failures = [var.trusted_proxies]
}
