SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

IMAGE ?= mastodon-migration-operator:0.1.0
ENGINE ?= $(firstword $(notdir $(shell command -v docker podman 2>/dev/null)))
REQUIREMENTS := . .ci/requirements
DEMO_NEEDS = $(if $(filter aws,$(TARGET)),aws,all)
MAVEN := mvn -B -ntp -Dstyle.color=never
# Silent unless it fails; some Mavens print escape codes even with -q.
QUIETLY := quietly() { out=$$("$$@" 2>&1) || { printf '%s\n' "$$out" >&2; exit 1; }; }; quietly
# The log manager is named, else two libraries race for it, and the one that loses prints every request; and it composes no debug lines that nobody reads. Newer JDKs warn about what protobuf does.
QUIET_JVM := -Djava.util.logging.manager=org.jboss.logmanager.LogManager -Dlogging.initial-configurator.min-level=WARNING -Dsun.misc.unsafe.memory.access=allow
JAVA_ON_TESTS = "$$JAVA_HOME/bin/java" $(QUIET_JVM) -cp "target/test-classes:target/classes:$$(cat target/test-classpath.txt)"
BENCHES := $(shell sed -n 's/^\(bench-[a-z]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

.PHONY: help demo test test-all test-one seeds bench crds image clean $(BENCHES)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: ## move a live instance from a stub Heroku, here and now: no cluster, no account, no argument; TARGET=aws moves it to RDS, ElastiCache and EC2, played too, and TOPOLOGY=Split to two machines; PLAN=data-first moves Postgres, Redis and compute by three migrations; EDGE=none has no edge in front
	@case "$${TARGET:-}/$${TOPOLOGY:-}" in \
		/|aws/|aws/Single|aws/Split) ;; \
		aws/*) echo "TOPOLOGY is '$$TOPOLOGY': it may be Single, which is the default, or Split." >&2; exit 1 ;; \
		/*) echo "TOPOLOGY goes with TARGET=aws alone: make demo TARGET=aws TOPOLOGY=Split." >&2; exit 1 ;; \
		*) echo "TARGET is '$$TARGET': it may be aws, or left out for databases of your own and Kubernetes." >&2; exit 1 ;; \
	esac
	@case "$${PLAN:-}/$${TARGET:-}" in \
		/*|data-first/) ;; \
		data-first/*) echo "PLAN=data-first goes without TARGET: it has databases of your own and Kubernetes." >&2; exit 1 ;; \
		*) echo "PLAN is '$$PLAN': it may be data-first, or left out for one migration of everything." >&2; exit 1 ;; \
	esac
	@$(REQUIREMENTS) $(DEMO_NEEDS)
	@echo "Building (the first time downloads the dependencies) ..."
	@$(REQUIREMENTS) $(DEMO_NEEDS); $(QUIETLY) $(MAVEN) -q -DskipTests package
	@$(REQUIREMENTS) $(DEMO_NEEDS); exec $(JAVA_ON_TESTS) dev.mastodonmigration.embedded.Demo

test: ## under twenty minutes on two cores: unit tests, real databases, the packaged operator, the chart
	@$(REQUIREMENTS) test; $(MAVEN) verify $(ARGS)

# A system property that is set but empty: no tag is left out.
THOROUGHLY := -Dtests.excluded=

test-all: ## everything, in an hour: also what takes long, such as random tests, AWS whole, and kills in every phase; ARGS="-Dlive.seeds=50 -Dredis.seeds=100" tries more seeds, ARGS=-Daws.kills=10 kills at every call to AWS
	@$(MAKE) --no-print-directory test ARGS="$(THOROUGHLY) $(ARGS)"

test-one: ## one test class, unit or end-to-end, or one method of it: T=FreezeFlowTest, T=BadInputIT, T='WriteGateTest#itsMethod'
	@[ -n "$${T:-}" ] || { echo "Say which test: make test-one T=FreezeFlowTest, or T='FreezeFlowTest#itsMethod'." >&2; exit 1; }
	@class=$${T%%#*}; method=$${T#"$$class"}; method=$${method#?}; file=$$(find src/test/java -name "$$class.java"); \
	if ! [[ $$T =~ ^[A-Za-z0-9_]+(Test|IT)(#[A-Za-z0-9_]+)?$$ && -n $$file ]] || ! grep -qE "$${method:+void }$${method:-class}[ (]" "$$file"; then \
		echo "There is no test $$T in src/test/java: give the simple name of a class that ends with Test or IT, and after a # the name of one of its methods." >&2; exit 1; \
	fi
	@$(REQUIREMENTS) test; if [[ $${T%%#*} == *IT ]]; then \
		$(QUIETLY) $(MAVEN) -q -DskipTests package; $(MAVEN) failsafe:integration-test failsafe:verify "-Dit.test=$$T" $(THOROUGHLY) $(ARGS); \
	else \
		$(MAVEN) test-compile surefire:test@default-test "-Dtest=$$T" $(THOROUGHLY) $(ARGS); \
	fi

seeds: ## more of the random tests on real databases: N=200 tries as many seeds on Postgres and on Redis
	@[[ $${N:-} =~ ^[1-9][0-9]*$$ ]] || { echo "Say how many seeds to try: make seeds N=200." >&2; exit 1; }
	@$(REQUIREMENTS); $(MAVEN) test-compile surefire:test@random-tests $(THOROUGHLY) "-Dlive.seeds=$$N" "-Dback.seeds=$$N" "-Dredis.seeds=$$N" "-Dredis.back.seeds=$$N"

bench: $(BENCHES) ## all of bench-*

bench-postgres: ## a live copy against pg_dump with pg_restore and pgcopydb; the freeze at two sizes; what capture costs the source
	@$(REQUIREMENTS); $(QUIETLY) $(MAVEN) -q -DskipTests package
	@$(REQUIREMENTS); "$$JAVA_HOME/bin/java" $(QUIET_JVM) -cp "target/test-classes:target/classes:$$(cat target/test-classpath.txt)" dev.mastodonmigration.bench.PostgresBench $${ROWS:-2000000}

bench-redis: ## a million keys: copy and verification against the most that one reading connection can do; the drain under 5,000 writes a second
	@$(REQUIREMENTS); $(QUIETLY) $(MAVEN) -q test-compile
	@$(REQUIREMENTS); $(JAVA_ON_TESTS) dev.mastodonmigration.bench.RedisBench

bench-edge: ## requests per second through the edge and through nginx before the same server; what a request takes longer; the memory of 2,000 websockets
	@$(REQUIREMENTS) bench; $(QUIETLY) $(MAVEN) -q -DskipTests package
	@$(REQUIREMENTS) bench; $(JAVA_ON_TESTS) dev.mastodonmigration.bench.EdgeBench

crds: ## write crds/ and the chart's copy from the Java types
	@$(REQUIREMENTS); $(QUIETLY) $(MAVEN) -q test-compile
	@$(REQUIREMENTS); $(JAVA_ON_TESTS) dev.mastodonmigration.api.CrdFile

image: ## build the image of operator and worker; IMAGE=… names it
	@$(if $(ENGINE),true,echo "Neither docker nor podman was found: install one to build an image." >&2; exit 1)
	@$(REQUIREMENTS) build; $(QUIETLY) $(MAVEN) -q -DskipTests package
	$(ENGINE) build -f src/main/docker/Dockerfile.jvm -t $(IMAGE) .

clean: ## remove what was built
	@rm -rf target
