# `make` lists what there is to do. Go, make and a shell are enough, except where a line says more.
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail

# One set of settings for every build: what one has compiled, the next need not.
export CGO_ENABLED := 0
export GOWORK := off
# An operator's cluster is for deploy, undeploy and e2e alone.
CLUSTER := $(or $(DEPLOY_KUBECONFIG),$(KUBECONFIG))
unexport KUBECONFIG

STATE ?= .onex
DEMO ?= on
RACE ?= auto
KO := bin/ko-v0.19.1
STATICCHECK := bin/staticcheck-v0.8.2

# The API server takes minutes to build: KUBEBUILDER_ASSETS (a folder with kube-apiserver and etcd) or ONEX_KUBE (the
# kubeconfig of a bare API server that runs) saves that.
API_SERVER := $(if $(ONEX_KUBE)$(KUBEBUILDER_ASSETS),,kube)
PROGRAMS = $(API_SERVER) toyblc onex $(if $(filter 1,$(ISOLATE)),functions)
ONEX = bin/onex -kube bin/kube -toyblc bin/toyblc -triggers triggers -crds knative/crds \
  $(if $(filter 1,$(ISOLATE)),-isolate -functions bin/functions) \
  $(if $(ONEX_KUBE),-kube-config '$(ONEX_KUBE)',$(if $(KUBEBUILDER_ASSETS),-kube-assets '$(KUBEBUILDER_ASSETS)'))

##@ Every day
.PHONY: run
run: $(PROGRAMS) ## the whole platform on this machine, played once and left up [STATE=.onex DEMO=on|off ISOLATE=1 ONEX_KUBE=FILE]
	@exec $(ONEX) -state $(STATE) -demo=$(DEMO)

.PHONY: demo
demo: ## the main job once more, on the platform at ONEX_ADDR and KUBECONFIG, or on one of its own
ifdef ONEX_ADDR
	@KUBECONFIG=$(CLUSTER) go run ./scripts/demo
else
	@$(MAKE) --no-print-directory $(PROGRAMS)
	@state=$$(mktemp -d) && trap 'rm -rf $$state' EXIT && $(ONEX) -state $$state -addr 127.0.0.1:0 -demo=only
endif

.PHONY: test
test: $(if $(KUBEBUILDER_ASSETS),,kube) toyblc functions ## every test; with the race detector where there is a C compiler [RACE=auto|on|off]
	@RACE=$(RACE) ONEX_KUBE_BIN=$(CURDIR)/bin/kube scripts/test

# What imports all of Kubernetes: staticcheck would read that first, for ten minutes. go vet does them too.
HUGE := /knative/local/(apiserver|cmd/kube)$$
.PHONY: lint
lint: $(STATICCHECK) ## gofmt, go vet and staticcheck, in both modules
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go -C knative/local vet ./...
	$(STATICCHECK) ./...
	cd knative/local && ../../$(STATICCHECK) $$(go list ./... | grep -Ev '$(HUGE)')

.PHONY: soak
soak: $(if $(KUBEBUILDER_ASSETS),,kube) toyblc functions ## the long runs, hours; the last output is docs/soak.txt [KUBECONFIG, SOAK_SEEDS, SOAK_CATCHUP, SOAK_FUZZ, SOAK_KILLS, SOAK_NODE_KILLS, SOAK_BLOCKS, SOAK_EVENTS, SOAK_LEDGER]
	@KUBECONFIG=$(CLUSTER) ONEX_KUBE_BIN=$(CURDIR)/bin/kube scripts/soak | tee docs/soak.txt

.PHONY: bench
bench: ## what the platform adds to net/http alone; the last output is docs/bench.txt
	@go run ./scripts/bench | tee docs/bench.txt

.PHONY: generate
generate: ## everything that derives: CRDs, deep copies, manifests, routes, OpenAPI
	go generate ./shared/api/...
	go run ./scripts/generate

.PHONY: weight
weight: ## agree to what the functions binary weighs now; scripts/check refuses one that has grown by a megabyte
	go run ./scripts/weigh > scripts/check/testdata/weight.tmp
	mv scripts/check/testdata/weight.tmp scripts/check/testdata/weight.txt

##@ With a cluster: kubectl and KUBECONFIG (or DEPLOY_KUBECONFIG), KO_DOCKER_REPO, ONEX_MONGO, ONEX_REDIS, ONEX_KAFKA
.PHONY: images
images: $(KO) ## build the three images and push them to KO_DOCKER_REPO
	$(KO) build --base-import-paths $(KO_FLAGS) ./functions ./functions/reconciler/cmd/reconciler ./toyblc/cmd/toyblc

.PHONY: release
release: $(KO) ## the images, and the platform with their digests in dist/onex, for `kubectl apply -k`
	@KO=$(KO) scripts/release

.PHONY: deploy
deploy: $(KO) ## bring the platform onto the cluster, or up to date there [DEPLOY_OVERLAYS, DEPLOY_WITH=kn]
	@KO=$(KO) KUBECONFIG=$(CLUSTER) scripts/deploy

.PHONY: undeploy
undeploy: ## remove the platform from the cluster, users and all
	@KUBECONFIG=$(CLUSTER) scripts/undeploy

.PHONY: e2e
e2e: $(KO) ## deploy, live a life there, undeploy
	@KO=$(KO) KUBECONFIG=$(CLUSTER) scripts/e2e/on-cluster

.PHONY: e2e-full
e2e-full: $(KO) ## e2e, and what takes an hour: faults, an upgrade under load, cold starts and other figures
	@E2E=full KO=$(KO) KUBECONFIG=$(CLUSTER) scripts/e2e/on-cluster

.PHONY: help
help:
	@awk -F ' *## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {sub(/:.*/, "", $$1); printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The programs of `make run`. The API server is a program apart, because it takes minutes to compile and never changes.
KUBE_VERSION = $(shell sed -n 's,.*k8s.io/kubernetes v,v,p' knative/local/go.mod)
VERSION_VARIABLE := k8s.io/component-base/version

.PHONY: kube toyblc functions onex
kube:
	@scripts/build kube knative/local ./cmd/kube -ldflags '-s -w -X $(VERSION_VARIABLE).gitVersion=$(KUBE_VERSION)'
toyblc:
	@scripts/build toyblc . ./toyblc/cmd/toyblc -tags grpcnotrace
functions:
	@scripts/build functions . ./functions -tags grpcnotrace -ldflags '-s -w'
onex:
	@scripts/build onex knative/local ./cmd/onex

# Tools are built from their modules, at the versions named above.
$(KO): PACKAGE := github.com/google/ko
$(STATICCHECK): PACKAGE := honnef.co/go/tools/cmd/staticcheck
$(KO) $(STATICCHECK):
	@echo "build $(@F)"
	@GOBIN=$(CURDIR)/bin/tools go install $(PACKAGE)@$(word 2,$(subst -v, v,$(@F)))
	@mv bin/tools/$(notdir $(PACKAGE)) $@
