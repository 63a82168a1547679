# The MCP gateway and its tool server on Cloud Run, in one region. examples/two-regions has two behind one address.
#
#   terraform apply -var project=PROJECT                          everything but the services
#   gcloud builds submit … (deployments/cloudbuild.yaml)          the images
#   terraform apply -var project=PROJECT -var image_tag=BUILD     the services
#
# docs/deployment.md walks through it. From then on the build deploys new images; Terraform leaves images and traffic alone.

provider "google" {
  project = var.project
  region  = var.region
}

module "foundation" {
  source = "./modules/foundation"

  project             = var.project
  name                = var.name
  registry_location   = var.region
  network             = var.network
  sealing_key_version = var.sealing_key_version
}

module "region" {
  source = "./modules/region"

  region      = var.region
  name        = var.name
  environment = var.environment
  accounts    = module.foundation.accounts
  build       = module.foundation.build_account
  keys        = module.foundation.keys
  images = var.image_tag == null ? null : {
    gateway     = "${module.foundation.repository}/gateway:${var.image_tag}"
    tool_server = "${module.foundation.repository}/tool-server:${var.image_tag}"
  }

  network          = module.foundation.network
  subnetwork_range = var.subnetwork_range

  gateway             = var.gateway
  tool_server         = var.tool_server
  backends            = var.backends
  redis               = var.redis
  redis_password      = var.redis_password
  settings            = var.settings
  deletion_protection = var.deletion_protection

  # Not only what it refers to: the APIs have to be there too.
  depends_on = [module.foundation]
}
