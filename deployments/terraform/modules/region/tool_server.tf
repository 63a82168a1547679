# The tool server as a service of its own, for clients that call it without the gateway.
resource "google_cloud_run_v2_service" "tool_server" {
  count = local.is_deployed ? 1 : 0

  name                 = "${var.name}-tool-server"
  location             = var.region
  description          = "MCP tool server"
  ingress              = var.tool_server.ingress
  invoker_iam_disabled = false
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = var.accounts.tool_server.email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = var.tool_server.concurrency
    timeout                          = "${var.tool_server.timeout_seconds}s"

    scaling {
      min_instance_count = var.tool_server.min_instances
      max_instance_count = var.tool_server.max_instances
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = var.network
        subnetwork = google_compute_subnetwork.this.id
      }
    }

    containers {
      name  = "tool-server"
      image = var.images.tool_server
      args = [
        "http",
        "--listen", "0.0.0.0:${local.port}",
        "--sessions", "off",
        "--rate-limit", tostring(var.tool_server.rate_limit),
      ]

      ports {
        container_port = local.port
      }

      resources {
        # The least that the second generation of the execution environment takes is 512Mi in all of an instance.
        limits = { cpu = var.tool_server.cpu, memory = endswith(var.tool_server.memory, "Gi") ? var.tool_server.memory : "${max(512, tonumber(trimsuffix(var.tool_server.memory, "Mi")))}Mi" }
        # Between calls it has nothing to do.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60

        http_get {
          path = "/health"
          port = local.port
        }
      }

      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 2
        failure_threshold = 3

        http_get {
          path = "/health"
          port = local.port
        }
      }

      env {
        name  = "ENVIRONMENT"
        value = var.environment
      }

      dynamic "env" {
        for_each = local.tool_server_secrets

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = env.value.name
              version = env.value.version
            }
          }
        }
      }
    }
  }

  lifecycle {
    # These are the build's: it brings new images, and moves traffic to them when they have been probed.
    ignore_changes = [client, client_version, traffic, template[0].containers[0].image]
  }
}
