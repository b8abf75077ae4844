# The only things a fresh machine needs are Python 3.11 to 3.13 with venv, and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
COMPILED := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)

.PHONY: install demo bench papers pictures notebook wheel cluster test slurm-test cluster-test lint check clean kuberay-test

install: $(STAMP)

# Both files hold the hashes of what they pin, and another file under the same name and version is refused. ferray itself is
# built by the pinned hatchling among them: an isolated build would fetch one that nobody has looked at.
# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, all is compiled now: else every process would compile torch
# and its kin anew, for 5 s.
$(STAMP): installer.txt requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r installer.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(COMPILED) --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(if $(COMPILED),$(BIN)/python -m compileall -q cli.py ferray)
	touch $(STAMP)

# A sweep over faces that ferray draws itself; results in runs/demo. Running it again continues it.
demo: install
	$(BIN)/ferray sweep demo

# What ferray costs, each part against its floor, as rows of docs/benchmarks.md; wants a quiet machine.
bench: install
	$(BIN)/python -m bench --write

# Every paper's space, cut down, on synthetic data of the paper's shape; a line a paper.
papers: install
	$(BIN)/python -m bench.papers

# The pictures of the README, out of one real sweep of the demo: about three minutes.
pictures: install
	$(BIN)/python -m bench.pictures

# docs/notebooks/sweep.ipynb with its outputs, run for real; what runs notebooks is fetched for that alone.
notebook: install
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target build/jupyter --require-hashes -r docs/notebooks/requirements.txt
	PYTHONPATH=build/jupyter $(BIN)/python -m bench.notebook

# dist/ferray-VERSION-py3-none-any.whl, which the nodes of a cluster install: with the pins of all that it runs inside.
wheel: install
	$(BIN)/python -m hatchling build --target wheel

# cluster/ anew from the templates in ferray/cluster/, after a change of them.
cluster: install
	$(BIN)/ferray cluster render --to cluster --force

# The manifests of cluster/kuberay/ against the CRDs of a release of KubeRay, which no package brings: CRDS names a folder
# with those of its helm-chart/kuberay-operator/crds/.
kuberay-test: install
	test -n "$(CRDS)" || { echo "usage: make kuberay-test CRDS=FOLDER" >&2; exit 2; }
	FERRAY_KUBERAY_CRDS=$(CRDS) $(BIN)/python -m pytest -q tests/cluster/checks/test_kuberay_crds.py

# Files side by side on two cores; those that start Ray, whose workers mostly import and wait, afterwards and as they come.
test: install
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not ray"
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m ray

# cluster/slurm/sweep.sbatch on a real SLURM of two nodes, made of namespaces: root, slurm-wlm, munge, iproute2; minutes.
slurm-test: install
	$(BIN)/python -m pytest -q -m lab tests/labs/test_slurm.py

# A sweep over three hosts that share no folder, made of namespaces: a link cut and healed, a host killed. Root, iproute2; minutes.
cluster-test: install
	$(BIN)/python -m pytest -q -m lab tests/labs/test_hosts.py

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

# Pins with hashes for every supported Python and platform, and of uv, which installs them; run after changing the
# dependencies in pyproject.toml. A cluster's nodes have those of ferray without those that develop it or check files.
installer.txt requirements.txt: ;
ON_NODES := aws clean cluster dashboard faces gcp lite-weights postgres sheets tensorboard
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes --upgrade
.PHONY: pins
pins:
	echo uv | $(COMPILE) --no-annotate - -o installer.txt
	$(COMPILE) --all-extras --group dev pyproject.toml -o requirements.txt
	$(COMPILE) --no-annotate $(ON_NODES:%=--extra %) -c requirements.txt pyproject.toml -o cluster/node/requirements.txt
	printf 'ipykernel\nipywidgets\nnbclient\n' | $(COMPILE) --no-annotate -c requirements.txt - -o docs/notebooks/requirements.txt

clean:
	rm -rf .venv build dist *.egg-info
