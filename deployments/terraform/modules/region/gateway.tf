# The gateway's service: the gateway takes the calls, tool servers beside it answer them.
resource "google_cloud_run_v2_service" "gateway" {
  count = local.is_deployed ? 1 : 0

  name                 = "${var.name}-gateway"
  location             = var.region
  description          = "MCP gateway"
  ingress              = var.gateway.ingress
  invoker_iam_disabled = false
  custom_audiences     = var.audiences
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = var.accounts.gateway.email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = var.gateway.concurrency
    timeout                          = "${var.gateway.timeout_seconds}s"

    scaling {
      min_instance_count = var.gateway.min_instances
      max_instance_count = var.gateway.max_instances
    }

    vpc_access {
      # Only calls to private addresses go through the network; the others need no NAT then.
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = var.network
        subnetwork = google_compute_subnetwork.this.id
      }
    }

    containers {
      name       = "gateway"
      image      = var.images.gateway
      args       = ["run", "--config", "/etc/mcp-gateway/gateway.conf"]
      depends_on = keys(local.beside)

      ports {
        container_port = local.port
      }

      resources {
        limits = { cpu = var.gateway.cpu, memory = var.gateway.memory }
        # The gateway asks its backends whether they live when nobody calls, too.
        cpu_idle          = false
        startup_cpu_boost = true
      }

      # Beside the port for calls, which answers MCP only, the admin port is there for Cloud Run's probes. Ready means that a
      # backend is up. Of backends elsewhere that cannot be asked: while they are away, the gateway has to say so to clients.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60

        http_get {
          path = length(var.backends) > 0 ? "/health" : "/ready"
          port = local.admin_port
        }
      }

      # Only whether the process lives: no backend and no Redis gets better by a new gateway.
      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 2
        failure_threshold = 3

        http_get {
          path = "/health"
          port = local.admin_port
        }
      }

      dynamic "env" {
        for_each = local.gateway_secrets

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

      volume_mounts {
        name       = "conf"
        mount_path = "/etc/mcp-gateway"
      }
    }

    dynamic "containers" {
      for_each = local.beside

      content {
        name  = containers.key
        image = var.images.tool_server
        args = [
          "http",
          "--listen", "0.0.0.0:${containers.value}",
          "--name", containers.key,
          # Calls of one client come to different instances.
          "--sessions", "off",
          # To a tool server all calls come from the gateway, which has limits of its own.
          "--rate-limit", "0",
        ]

        resources {
          limits = { cpu = var.tool_server.cpu, memory = var.tool_server.memory }
          # The same for all containers of an instance.
          cpu_idle          = false
          startup_cpu_boost = true
        }

        startup_probe {
          period_seconds    = 1
          timeout_seconds   = 1
          failure_threshold = 60

          http_get {
            path = "/health"
            port = containers.value
          }
        }

        liveness_probe {
          period_seconds    = 10
          timeout_seconds   = 2
          failure_threshold = 3

          http_get {
            path = "/health"
            port = containers.value
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

    volumes {
      name = "conf"

      secret {
        secret = module.gateway_conf.secret.name

        items {
          path    = "gateway.conf"
          version = module.gateway_conf.secret.version
        }
      }
    }
  }

  lifecycle {
    # These are the build's: it brings new images, and moves traffic to them when they have been probed. Not the name of the
    # revision, which gcloud gives: with a name that is taken, a change made here would be refused.
    ignore_changes = [
      client,
      client_version,
      traffic,
      template[0].containers[0].image,
      template[0].containers[1].image,
      template[0].containers[2].image,
      template[0].containers[3].image,
      template[0].containers[4].image,
      template[0].containers[5].image,
      template[0].containers[6].image,
      template[0].containers[7].image,
      template[0].containers[8].image,
    ]
  }
}
